//! Which companies validate: a rule on the name, so that no list has to be kept and no company is on both sides.

use crate::truth::Split;

/// Legal forms of Malaysian companies, which the same company is written with and without.
const LEGAL_FORMS: [&str; 2] = ["sdnbhd", "bhd"];

/// The part of receipts of `company`: a fifth of all companies validates.
pub(super) fn of(company: &str) -> Split {
    if validates(company) { Split::Validation } else { Split::Train }
}

/// Whether receipts of `company` validate: the FNV-1a hash of its name's letters and digits without its legal form, in
/// lower case, is divisible by 5. `slipstream eval --split validation` and the trainers have the same rule.
pub fn validates(company: &str) -> bool {
    let letters: String = company.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let stem = LEGAL_FORMS.iter().find_map(|form| letters.strip_suffix(form)).unwrap_or(&letters);
    fnv1a(stem.as_bytes()).is_multiple_of(5)
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923).
fn fnv1a(bytes: &[u8]) -> u64 {
    let mix = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_test_vectors_of_the_hash_hold() {
        assert_eq!([fnv1a(b""), fnv1a(b"a")], [0xcbf2_9ce4_8422_2325, 0xaf63_dc4c_8601_ec8c]);
    }

    #[test]
    fn spellings_of_a_company_are_in_the_same_part() {
        for number in 0..50 {
            let company = format!("Kedai {number}");
            let spellings = [company.to_uppercase(), format!("{company} Sdn. Bhd."), format!("KEDAI-{number} BHD")];
            assert!(spellings.iter().all(|spelling| of(spelling) == of(&company)), "{spellings:?}");
        }
    }
}
