//! The `server-timing` header: what the server says about where the time went.

/// Entries of a header that are taken at most; a server has a dozen stages.
const MAX_ENTRIES: usize = 64;

/// The time of one stage.
#[derive(Debug, Clone, PartialEq)]
pub struct StageTime {
    /// The stage, as the server calls it.
    pub name: String,
    /// In milliseconds, 0 or more.
    pub took_ms: f64,
}

/// The entries of a `Server-Timing` header (W3C Server Timing, section 4) that have a duration: `name;dur=ms, …`.
/// Entries without one, and parameters other than `dur`, are passed over.
pub fn parse(header: &str) -> Vec<StageTime> {
    header.split(',').filter_map(entry).take(MAX_ENTRIES).collect()
}

fn entry(text: &str) -> Option<StageTime> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let took_ms = parts.find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case("dur").then(|| value.trim().trim_matches('"').parse::<f64>().ok())?
    })?;
    (took_ms.is_finite() && took_ms >= 0.0).then(|| StageTime { name: name.to_owned(), took_ms })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(header: &str) -> Vec<(String, f64)> {
        parse(header).into_iter().map(|stage| (stage.name, stage.took_ms)).collect()
    }

    #[test]
    fn durations_are_read_and_the_rest_is_passed_over() {
        let cases = [
            ("", &[][..]),
            ("decode;dur=3.1, total;dur=12", &[("decode", 3.1), ("total", 12.0)]),
            ("decode;dur=3.1,total;dur=12", &[("decode", 3.1), ("total", 12.0)]),
            ("a;desc=\"x\";dur=1.5", &[("a", 1.5)]),
            ("a; DUR = \"2\" ", &[("a", 2.0)]),
            ("cached, miss;desc=x, b;dur=4", &[("b", 4.0)]),
            ("a;dur=, b;dur=x, c;dur=-1, d;dur=NaN, e;dur=inf, ;dur=3", &[]),
        ];
        for (header, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|(name, ms)| ((*name).to_owned(), *ms)).collect();
            assert_eq!(pairs(header), expected, "{header}");
        }
    }

    proptest! {
        #[test]
        fn what_a_server_writes_is_read_back(stages in prop::collection::vec(("[a-z]{1,12}", 0u32..100_000), 0..20)) {
            let list: Vec<_> = stages.iter().map(|(name, tenths)| format!("{name};dur={:.1}", f64::from(*tenths) / 10.0)).collect();
            let expected: Vec<_> = stages.iter().map(|(name, tenths)| (name.clone(), f64::from(*tenths) / 10.0)).collect();
            prop_assert_eq!(pairs(&list.join(", ")), expected);
        }

        #[test]
        fn no_header_is_too_strange(header in "\\PC{0,200}") {
            prop_assert!(parse(&header).iter().all(|stage| stage.took_ms >= 0.0));
        }
    }
}
