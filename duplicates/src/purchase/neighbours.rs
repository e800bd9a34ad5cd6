//! What is near a value, so that values can be compared for likeness by hashes alone.

use crate::fold::folded;

/// Neighbours that are kept of a value.
pub(crate) const MAX_NEIGHBOURS: usize = 24;

/// Longer numbers are compared by their end, which is what differs from receipt to receipt.
const MAX_CHARACTERS: usize = MAX_NEIGHBOURS - 1;

/// The folded value, and the value with each of its characters left out. Two values that differ by a character, more,
/// less or another, have one of these in common (symmetric deletion).
pub(super) fn deletions(value: &str) -> Vec<String> {
    let chars: Vec<char> = folded(value).chars().collect();
    let chars = chars.get(chars.len().saturating_sub(MAX_CHARACTERS)..).unwrap_or_default();
    let without = |left_out: usize| chars.iter().enumerate().filter(|(i, _)| *i != left_out).map(|(_, c)| *c).collect();
    (0..=chars.len()).map(without).collect()
}

/// Words of a name that say nothing of whose it is.
const LEGAL: [&str; 16] =
    ["SDN", "BHD", "GMBH", "CO", "KG", "AG", "LTD", "LLC", "INC", "PLC", "BV", "NV", "SA", "SAS", "SRL", "THE"];

/// The folded words of a name, without its legal form.
pub(super) fn words(value: &str) -> Vec<String> {
    let legal = |word: &String| LEGAL.iter().any(|form| folded(form) == *word);
    let split = value.split(|c: char| !c.is_alphanumeric());
    split.map(folded).filter(|word| word.chars().count() >= 2 && !legal(word)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(a: &str, b: &str) -> bool {
        let b = deletions(b);
        deletions(a).iter().any(|one| b.contains(one))
    }

    proptest! {
        #[test]
        fn values_that_differ_by_a_character_are_near(
            value in "[0-9]{2,20}", place in 0_usize..20, other in "[0-9]", kind in 0..3
        ) {
            let mut chars: Vec<char> = value.chars().collect();
            let place = place % chars.len();
            let other = other.chars().next().unwrap_or('0');
            match kind {
                0 => chars[place] = other,
                1 => chars.insert(place, other),
                _ => { chars.remove(place); }
            }
            let changed: String = chars.into_iter().collect();
            prop_assert!(near(&value, &changed), "{value} {changed}");
        }
    }

    #[test]
    fn other_numbers_are_far() {
        let cases = [("2018", "1945"), ("000123", "000456"), ("A-1001", "B-2002")];
        let wrong: Vec<_> = cases.iter().filter(|(a, b)| near(a, b)).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn the_legal_form_is_no_part_of_a_name() {
        assert_eq!(words("The Book-Shop Sdn. Bhd."), words("BOOK SHOP (SDN BHD)"));
    }
}
