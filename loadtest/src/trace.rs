//! Traces: arrivals that were recorded, to be sent again.
//!
//! A text file with one arrival a line: seconds from the beginning, then, behind tabs, the tenant's name (`-` or nothing
//! for the first) and the priority (`interactive` or `bulk`). Lines that are empty or begin with `#` are passed over. The
//! order does not matter.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use crate::error::LoadError;
use crate::tenants::Tenant;

/// Length of a trace in seconds at most.
pub const MAX_OFFSET_S: f64 = 3600.0;

/// Size of the file in bytes at most.
const MAX_BYTES: u64 = 16 << 20;

/// A recorded arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traced {
    /// When, from the beginning.
    pub at: Duration,
    /// Index of the tenant.
    pub tenant: usize,
    /// Nobody waits for it.
    pub bulk: bool,
}

/// Reads the trace at `path`, in order of time.
///
/// # Errors
/// When the file cannot be read, is too large, a line is wrong, or there are more than `max_requests`.
pub fn read(path: &Path, tenants: &[Tenant], max_requests: usize) -> Result<Vec<Traced>, LoadError> {
    let failed = |source| LoadError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text)).map_err(failed)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(failed(std::io::Error::other("it has more than 16 MiB, cut it")));
    }
    let trace = parse(&text, tenants, max_requests);
    trace.map_err(|(line, reason)| LoadError::Trace { path: path.to_owned(), line, reason })
}

/// The arrivals of `text`, in order of time; of the first wrong line its number, counted from 1, and what is wrong.
///
/// # Errors
/// When a line is wrong or there are more than `max_requests`.
pub fn parse(text: &str, tenants: &[Tenant], max_requests: usize) -> Result<Vec<Traced>, (usize, String)> {
    let mut trace = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        trace.push(arrival(line, tenants).map_err(|reason| (index + 1, reason))?);
        if trace.len() > max_requests {
            return Err((index + 1, format!("more than {max_requests} arrivals, cut it or raise --max-requests")));
        }
    }
    if trace.is_empty() {
        return Err((1, "there is no arrival, write one a line".to_owned()));
    }
    trace.sort_by_key(|arrival: &Traced| arrival.at);
    Ok(trace)
}

fn arrival(line: &str, tenants: &[Tenant]) -> Result<Traced, String> {
    let mut columns = line.split('\t').map(str::trim);
    let offset = columns.next().unwrap_or_default();
    let at_s = offset.parse::<f64>().ok().filter(|s| (0.0..=MAX_OFFSET_S).contains(s));
    let at_s = at_s.ok_or_else(|| format!("the first column must be seconds from 0 to {MAX_OFFSET_S}"))?;
    let tenant = match columns.next() {
        None | Some("" | "-") => 0,
        Some(name) => tenants
            .iter()
            .position(|tenant| tenant.name == name)
            .ok_or("the second column must be a tenant of --keys, or - for the first")?,
    };
    let bulk = match columns.next() {
        None | Some("" | "interactive") => false,
        Some("bulk") => true,
        Some(_) => return Err("the third column must be interactive or bulk".to_owned()),
    };
    match columns.next() {
        None => Ok(Traced { at: Duration::from_secs_f64(at_s), tenant, bulk }),
        Some(_) => Err("there are more than three columns".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tenants() -> Vec<Tenant> {
        ["shop:a", "app:b"].map(|text| Tenant::parse(text).unwrap()).to_vec()
    }

    #[test]
    fn arrivals_are_read_and_put_in_order() {
        let text = "# seconds, tenant, priority\n2.5\tapp\tbulk\r\n\n0\n1\t-\tinteractive\n";
        let expected = [(0, 0, false), (1_000, 0, false), (2_500, 1, true)];
        let expected = expected.map(|(ms, tenant, bulk)| Traced { at: Duration::from_millis(ms), tenant, bulk });
        assert_eq!(parse(text, &tenants(), 10).unwrap(), expected);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let cases = [
            ("0\nsoon\n", 2, "seconds"),
            ("-1\n", 1, "seconds"),
            ("1e9\n", 1, "seconds"),
            ("NaN\n", 1, "seconds"),
            ("0\n\n0\tnobody\n", 3, "--keys"),
            ("0\tshop\turgent\n", 1, "bulk"),
            ("0\tshop\tbulk\tx\n", 1, "columns"),
            ("0\n0\n0\n0\n", 4, "--max-requests"),
            ("# nothing\n", 1, "no arrival"),
        ];
        for (text, line, named) in cases {
            let (number, reason) = parse(text, &tenants(), 3).unwrap_err();
            assert!(number == line && reason.contains(named), "{text:?}: {number} {reason}");
        }
    }

    #[test]
    fn an_error_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.tsv");
        std::fs::write(&path, "0\n?\n").unwrap();
        let error = read(&path, &tenants(), 3).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("trace.tsv"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[0-9.\\-\\t\\n #a-z]{0,200}") {
            if let Ok(trace) = parse(&text, &tenants(), 50) {
                prop_assert!(trace.len() <= 50 && trace.is_sorted_by_key(|a| a.at));
            }
        }
    }
}
