//! Shingles: short pieces of rows that hold digits, hashed; the smallest hashes stand for all of them.
//!
//! Digits tell receipts apart, words tell shops apart. Pieces of rows survive a crop, and a wrong character spoils only
//! those that it is in. Which are kept depends on the hashes alone (bottom-k sketches: Cohen and Kaplan, Summarizing data
//! using bottom-k sketches, PODC 2007), so that two readings of one receipt keep the same ones, and so does a reading of
//! a part of it.

use super::rows::Row;
use crate::key::{Role, TenantKey};

/// Characters of a shingle, after folding.
const LENGTH: usize = 7;

/// Shingles with fewer digits say little.
const MIN_DIGITS: usize = 4;

/// Hashes that are kept of a page.
pub(crate) const KEPT: usize = 48;

/// Bits of a hash that are kept: accidents among a billion of them are rare, and six bytes are small.
pub(crate) const HASH_BITS: u32 = 48;

/// The smallest hashes of the shingles of `rows`, ascending, none twice.
pub(super) fn sketch(rows: &[Row], key: &TenantKey) -> Vec<u64> {
    let mut hashes: Vec<u64> = rows.iter().flat_map(|row| telling(&row.text)).map(|s| hash(&s, key)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes.truncate(KEPT);
    hashes
}

fn hash(shingle: &str, key: &TenantKey) -> u64 {
    key.hash(Role::Shingle, &[shingle.as_bytes()]) >> (64 - HASH_BITS)
}

fn telling(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let tells = |piece: &&[char]| piece.iter().filter(|c| c.is_ascii_digit()).count() >= MIN_DIGITS;
    chars.windows(LENGTH).filter(tells).map(|piece| piece.iter().collect()).collect()
}

/// How much of the smaller of two sets is in the other one, 0 to 1, estimated from their sketches, and from how many
/// hashes that is known; nothing where a set is empty.
pub(crate) fn containment(a: &[u64], b: &[u64]) -> Option<(f32, usize)> {
    // A sketch that is full knows nothing of larger hashes.
    let known = |sketch: &[u64]| if sketch.len() < KEPT { u64::MAX } else { sketch.last().copied().unwrap_or(0) };
    let until = known(a).min(known(b));
    let within = |sketch: &[u64]| sketch.partition_point(|hash| *hash <= until);
    let smaller = within(a).min(within(b));
    let shared = a.iter().take(within(a)).filter(|hash| b.binary_search(hash).is_ok()).count();
    (smaller > 0).then(|| (shared as f32 / smaller as f32, smaller))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::key::Secret;

    fn rows(texts: &[String]) -> Vec<Row> {
        let row = |text: &String| Row { text: text.clone(), left: 0.0, right: 1.0, y: 0.0, height: 1.0 };
        texts.iter().map(row).collect()
    }

    fn page(seed: u64) -> Vec<String> {
        (0..40).map(|row| format!("1TEM{}", seed.wrapping_mul(7_919 * (row + 3)) % 1_000_000_007)).collect()
    }

    #[test]
    fn a_part_is_contained_in_the_whole_and_strangers_are_not() {
        let key = Secret::new("0123456789abcdef").unwrap().tenant("shop");
        let whole = sketch(&rows(&page(11)), &key);
        assert_eq!(whole.len(), KEPT);
        let part = sketch(&rows(&page(11)[8..34]), &key);
        let other = sketch(&rows(&page(12)), &key);
        let share = |a, b| containment(a, b).unwrap().0;
        assert_eq!(share(&whole, &whole), 1.0);
        assert!(share(&whole, &part) > 0.9 && share(&part, &whole) > 0.9);
        assert!(share(&whole, &other) < 0.1);
        assert_eq!(containment(&whole, &[]), None);
    }

    #[test]
    fn rows_without_digits_have_no_shingles() {
        let key = Secret::new("0123456789abcdef").unwrap().tenant("shop");
        assert!(sketch(&rows(&["THANKY0UC0MEAGA1N".to_owned(), "12".to_owned()]), &key).is_empty());
    }
}
