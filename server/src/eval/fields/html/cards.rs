//! Failures, each with its pixels and what should have been read.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::Path;

use rayon::prelude::*;
use slipstream_models::Raster;

use super::{Escaped, crops};
use crate::eval::fields::failures::Failure;
use crate::pipeline::decode::{DecodeLimits, decode};

/// Longer texts are shown without marks.
const MOST_COMPARED: usize = 400;

/// Writes at most `most` failures, so many of each field as there is room for:
/// first those that the reading was surest of, since nobody would have noticed.
pub(super) fn write(out: &mut String, failures: &[Failure<'_>], most: usize) {
    let chosen = choose(failures, most);
    let pictures = pictures(failures, &chosen);
    let _ = write!(
        out,
        "<h2 id=\"failures\">Failures with their pixels</h2><p>{} of {} are shown, the surest first. Red is what was read, \
         green where the truth stands, as far as that is known.</p>",
        chosen.values().map(Vec::len).sum::<usize>(),
        failures.len()
    );
    for (field, indices) in &chosen {
        let all = failures.iter().filter(|failure| failure.field == *field).count();
        let _ = write!(
            out,
            "<details open id=\"{0}\"><summary>{0} <span>{1} of {all}</span></summary><div class=\"cards\">",
            Escaped(field),
            indices.len()
        );
        for index in indices {
            if let Some(failure) = failures.get(*index) {
                card(out, failure, pictures.get(index).map_or("", String::as_str));
            }
        }
        out.push_str("</div></details>\n");
    }
}

/// Indices of the failures to show, by field: each field gets one in turn until there is no more room.
fn choose<'a>(failures: &'a [Failure<'_>], most: usize) -> BTreeMap<&'a str, Vec<usize>> {
    let mut by_field: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, failure) in failures.iter().enumerate() {
        by_field.entry(failure.field.as_str()).or_default().push(index);
    }
    let sure = |index: &usize| failures.get(*index).and_then(|failure| failure.confidence).unwrap_or(-1.0);
    by_field.values_mut().for_each(|indices| indices.sort_by(|a, b| sure(b).total_cmp(&sure(a))));
    let mut room = most;
    let mut shown: BTreeMap<&str, usize> = BTreeMap::new();
    let longest = by_field.values().map(Vec::len).max().unwrap_or(0);
    for turn in 0..longest {
        for (field, indices) in &by_field {
            if room > 0 && turn < indices.len() {
                room -= 1;
                *shown.entry(field).or_default() += 1;
            }
        }
    }
    by_field.retain(|field, indices| {
        indices.truncate(shown.get(field).copied().unwrap_or(0));
        !indices.is_empty()
    });
    by_field
}

/// The cut-outs of the chosen failures, by index; each photo is decoded once.
fn pictures(failures: &[Failure<'_>], chosen: &BTreeMap<&str, Vec<usize>>) -> HashMap<usize, String> {
    let mut by_photo: BTreeMap<&Path, Vec<usize>> = BTreeMap::new();
    for index in chosen.values().flatten() {
        if let Some(failure) = failures.get(*index) {
            by_photo.entry(&failure.outcome.image).or_default().push(*index);
        }
    }
    let by_photo: Vec<(&Path, Vec<usize>)> = by_photo.into_iter().collect();
    let cut = |(path, indices): &(&Path, Vec<usize>)| {
        let photo = photo(path);
        let one = |index: &usize| {
            let failure = failures.get(*index)?;
            let mut out = String::new();
            crops::write(&mut out, photo.as_ref()?, &failure.read_places, &failure.truth_places);
            Some((*index, out))
        };
        indices.iter().filter_map(one).collect::<Vec<_>>()
    };
    by_photo.par_iter().flat_map_iter(cut).collect()
}

fn photo(path: &Path) -> Option<Raster> {
    let limits = DecodeLimits { max_bytes: usize::MAX, ..DecodeLimits::default() };
    let decoded = decode(&std::fs::read(path).ok()?, None, &limits);
    decoded.map(|decoded| decoded.raster).map_err(|error| tracing::warn!(%error, "cannot show a photo")).ok()
}

fn card(out: &mut String, failure: &Failure<'_>, picture: &str) {
    out.push_str("<article class=\"card\">");
    if !picture.is_empty() {
        let _ = write!(out, "<div class=\"pixels\">{picture}</div>");
    }
    out.push_str("<dl>");
    for (name, text, other) in [("truth", &failure.truth, &failure.read), ("read", &failure.read, &failure.truth)] {
        let class = if text.is_empty() { "nothing" } else { name };
        let _ = write!(out, "<dt>{name}</dt><dd class=\"{class}\">");
        if text.is_empty() {
            out.push_str("nothing");
        } else {
            marked(out, text, other);
        }
        out.push_str("</dd>");
    }
    out.push_str("</dl><footer>");
    let confidence = failure.confidence.map_or(String::new(), |confidence| format!(" · confidence {confidence:.3}"));
    let _ = write!(
        out,
        "<span title=\"{0}\">{0}{confidence}</span><span class=\"chip\">{1}</span></footer></article>",
        Escaped(&failure.outcome.id),
        failure.kind.name().replace('_', " ")
    );
}

/// `text`, with the characters marked that `other` does not have in the same order.
fn marked(out: &mut String, text: &str, other: &str) {
    let shared = shared(text, other);
    let parts: Vec<(char, bool)> = text.chars().zip(shared).collect();
    for part in parts.chunk_by(|a, b| a.1 == b.1) {
        let letters: String = part.iter().map(|(c, _)| *c).collect();
        let same = part.first().is_none_or(|(_, same)| *same);
        let _ =
            if same { write!(out, "{}", Escaped(&letters)) } else { write!(out, "<mark>{}</mark>", Escaped(&letters)) };
    }
}

/// Which characters of `text` are in its longest common subsequence with
/// `other`, whatever their case. All, where there is nothing to compare with or too much.
fn shared(text: &str, other: &str) -> Vec<bool> {
    let lower = |text: &str| text.chars().map(|c| c.to_lowercase().next().unwrap_or(c)).collect::<Vec<char>>();
    let (a, b) = (lower(text), lower(other));
    if b.is_empty() || a.len().max(b.len()) > MOST_COMPARED {
        return vec![true; a.len()];
    }
    // Lengths of the longest common subsequences of what follows.
    let mut longest = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] =
                if a[i] == b[j] { longest[i + 1][j + 1] + 1 } else { longest[i + 1][j].max(longest[i][j + 1]) };
        }
    }
    let (mut shared, mut j) = (vec![false; a.len()], 0);
    for i in 0..a.len() {
        while j < b.len()
            && a[i] != b[j]
            && longest[i][j + 1] >= longest[i + 1][j]
            && longest[i][j + 1] == longest[i][j]
        {
            j += 1;
        }
        if j < b.len() && a[i] == b[j] {
            shared[i] = true;
            j += 1;
        }
    }
    shared
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::eval::fields::testing::failure;

    #[test]
    fn what_differs_is_marked() {
        let marked = |text: &str, other: &str| {
            let mut out = String::new();
            super::marked(&mut out, text, other);
            out
        };
        assert_eq!(marked("Sh0p & Son", "SHOP + SON"), "Sh<mark>0</mark>p <mark>&amp;</mark> Son");
        assert_eq!(marked("abc", ""), "abc");
        assert_eq!(marked("ab", "xy"), "<mark>ab</mark>");
    }

    proptest! {
        #[test]
        fn what_is_shared_is_shared_by_both(a in "[abc]{0,12}", b in "[abc]{1,12}") {
            let common = |text: &str, other: &str| {
                let shared = shared(text, other);
                text.chars().zip(shared).filter(|(_, shared)| *shared).map(|(c, _)| c).collect::<String>()
            };
            let ours = common(&a, &b);
            let mut rest = b.chars();
            prop_assert!(ours.chars().all(|c| rest.any(|other| other == c)), "{} is in {}", ours, b);
            prop_assert_eq!(ours.len(), if a.is_empty() { 0 } else { common(&b, &a).len() });
        }
    }

    #[test]
    fn every_field_gets_a_share_of_the_room_and_the_surest_come_first() {
        let outcome = crate::eval::fields::testing::outcome();
        let mut failures: Vec<Failure> = (0..10).map(|i| failure(&outcome, "total", Some(0.1 * i as f32))).collect();
        failures.push(failure(&outcome, "date", None));
        failures.push(failure(&outcome, "date", Some(0.2)));
        let chosen = choose(&failures, 5);
        assert_eq!(chosen["date"], [11, 10], "what was left out has no confidence");
        assert_eq!(chosen["total"], [9, 8, 7]);
        assert_eq!(choose(&failures, 100)["total"].len(), 10);
        assert!(choose(&failures, 0).is_empty());
    }
}
