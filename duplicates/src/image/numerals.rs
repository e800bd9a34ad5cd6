//! Numerals of a page: what two readings of one page share, and what only one of two till slips has.
//!
//! Runs of digits instead of words, because readers lose blanks and confuse the letters beside a number.

use std::ops::Range;

use crate::key::{Role, TenantKey};
use crate::page::Line;

/// Numerals that are kept of a page.
pub(crate) const KEPT: usize = 96;

/// Shorter ones are on every receipt.
const MIN_DIGITS: usize = 4;

/// What may stand between the digits of a numeral.
const SEPARATORS: [char; 5] = ['.', ',', ':', '/', '-'];

/// Readings that are less sure of a character may be wrong about a numeral.
const SURE: f32 = 0.95;

/// Marks a hash as one of a numeral that the reading is sure of; the hash itself is even.
const SURE_BIT: u32 = 1;

/// Hashes of the numerals of a page, ascending, none twice; odd ones are sure.
pub(super) fn kept(lines: &[Line], key: &TenantKey) -> Vec<u32> {
    let mut hashes: Vec<u32> = Vec::new();
    for line in lines {
        let sure = |places: &Range<usize>| {
            let read = line.certainties.get(places.clone());
            read.is_some_and(|certainties| certainties.iter().all(|certainty| *certainty >= SURE))
        };
        let marked =
            |(numeral, places): &(String, Range<usize>)| hash(numeral, key) | if sure(places) { SURE_BIT } else { 0 };
        hashes.extend(numerals(&line.text).iter().map(marked));
    }
    // Of equal ones the sure one first, which stays.
    hashes.sort_unstable_by_key(|hash| hash ^ SURE_BIT);
    hashes.dedup_by_key(|hash| *hash & !SURE_BIT);
    hashes.truncate(KEPT);
    hashes
}

/// The hash that a value has among the numerals of a page: that of its longest one.
pub(crate) fn of_value(printed: &str, key: &TenantKey) -> Option<u32> {
    numerals(printed).iter().max_by_key(|(numeral, _)| numeral.len()).map(|(numeral, _)| hash(numeral, key))
}

/// Whether `hash` is among those of a page.
pub(crate) fn holds(page: &[u32], hash: u32) -> bool {
    page.binary_search_by_key(&(hash & !SURE_BIT), |held| held & !SURE_BIT).is_ok()
}

/// How many numerals a page is sure of that the other one does not show.
pub(crate) fn only_in(page: &[u32], other: &[u32]) -> usize {
    page.iter().filter(|hash| *hash & SURE_BIT != 0 && !holds(other, **hash)).count()
}

fn hash(numeral: &str, key: &TenantKey) -> u32 {
    (key.hash(Role::Word, &[numeral.as_bytes()]) >> 32) as u32 & !SURE_BIT
}

/// The digits of each run of digits and what separates them, and the places of its characters. A colon stays, since 16:25
/// is no price.
fn numerals(text: &str) -> Vec<(String, Range<usize>)> {
    let chars: Vec<char> = text.chars().collect();
    let part = |c: &char| c.is_ascii_digit() || SEPARATORS.contains(c);
    let mut found = Vec::new();
    let mut at = 0;
    for run in chars.chunk_by(|a, b| part(a) == part(b)) {
        let places = at..at + run.len();
        at = places.end;
        let digits = run.iter().filter(|c| c.is_ascii_digit()).count();
        if digits >= MIN_DIGITS {
            let run: String = run.iter().collect();
            let kept = run.trim_matches(SEPARATORS).chars().filter(|c| c.is_ascii_digit() || *c == ':').collect();
            found.push((kept, places));
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::key::Secret;

    fn line(text: &str, certainty: f32) -> Line {
        Line { text: text.to_owned(), certainties: vec![certainty; text.len()], quad: [[0.0; 2]; 4] }
    }

    #[test]
    fn blanks_and_letters_beside_a_number_do_not_matter_and_a_time_is_no_price() {
        let texts = |text: &str| -> Vec<String> { numerals(text).into_iter().map(|(numeral, _)| numeral).collect() };
        assert_eq!(texts("RM1,250.00 NO:0041872-"), ["125000", "0041872"]);
        assert_eq!(texts("12/03/2018 16:25 16.25"), ["12032018", "16:25", "1625"]);
        assert!(numerals("QTY 3 x 1.50").is_empty());
    }

    #[test]
    fn only_what_a_reading_is_sure_of_can_be_missing_from_another() {
        let key = Secret::new("0123456789abcdef").unwrap().tenant("shop");
        let one = kept(&[line("NO 00123 AT 16:25", 0.99), line("TOTAL 12.50", 0.99)], &key);
        let other = kept(&[line("NO 00124 AT 16:25", 0.99), line("TOTAL 72.50", 0.5)], &key);
        assert_eq!((only_in(&one, &other), only_in(&other, &one)), (2, 1));
        assert_eq!(only_in(&one, &one), 0);
        assert!(holds(&one, of_value("No. 00123", &key).unwrap()));
        assert!(!holds(&other, of_value("No. 00123", &key).unwrap()));
    }
}
