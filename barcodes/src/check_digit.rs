//! Check digits of EAN and UPC codes.
//!
//! Source: GS1 General Specifications, "Standard check digit calculations for GS1 data structures": from the right,
//! without the check digit, digits count three times and once in turn; the check digit fills the sum up to a
//! multiple of ten. UPC-E leaves out zeros of a UPC-A, by the rules of the same document ("UPC-E barcodes").

/// The check digit (0 to 9) that belongs behind `digits`, or `None` where `digits` holds anything but ASCII digits or nothing.
pub fn check_digit(digits: &str) -> Option<u8> {
    if digits.is_empty() {
        return None;
    }
    let mut sum = 0_u32;
    for (i, c) in digits.chars().rev().enumerate() {
        let weight = if i % 2 == 0 { 3 } else { 1 };
        // Kept below 10, so that no length overflows.
        sum = (sum + weight * c.to_digit(10)?) % 10;
    }
    Some(((10 - sum) % 10) as u8)
}

/// Whether `code` is a GTIN-8, GTIN-12 (UPC-A), GTIN-13 (EAN-13) or GTIN-14 whose last digit is its check digit.
pub fn is_gtin(code: &str) -> bool {
    matches!(code.len(), 8 | 12 | 13 | 14) && has_check_digit(code)
}

/// Whether `code` is the eight digits of a UPC-E whose last is the check digit of the UPC-A it stands for.
pub fn is_upc_e(code: &str) -> bool {
    upc_e_to_upc_a(code).is_some_and(|code| is_gtin(&code))
}

/// The UPC-A (12 digits) that a UPC-E (8 digits, number system 0 or 1) stands for; its check digit is copied and not
/// checked. `None` where `code` is not that.
pub fn upc_e_to_upc_a(code: &str) -> Option<String> {
    if code.len() != 8 || !code.bytes().all(|b| b.is_ascii_digit()) || !code.starts_with(['0', '1']) {
        return None;
    }
    let (system, digits, check) = (code.get(..1)?, code.get(1..7)?, code.get(7..)?);
    let (a, rest) = (digits.get(..2)?, digits.get(2..5)?);
    let number = match digits.get(5..)? {
        zeros @ ("0" | "1" | "2") => format!("{a}{zeros}0000{rest}"),
        "3" => format!("{}00000{}", digits.get(..3)?, digits.get(3..5)?),
        "4" => format!("{}00000{}", digits.get(..4)?, digits.get(4..5)?),
        last => format!("{}0000{last}", digits.get(..5)?),
    };
    Some(format!("{system}{number}{check}"))
}

fn has_check_digit(code: &str) -> bool {
    let Some((at, last)) = code.char_indices().next_back() else { return false };
    last.is_ascii_digit() && code.get(..at).and_then(check_digit).map(u32::from) == last.to_digit(10)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        // The worked example of the GS1 General Specifications and others printed in public documents.
        for (digits, check) in [("629104150021", 3), ("4006381333931".get(..12).unwrap(), 1), ("9638507", 4)] {
            assert_eq!(check_digit(digits), Some(check), "{digits}");
        }
        assert_eq!(check_digit(""), None);
        assert_eq!(check_digit("12a"), None);
        assert_eq!(check_digit("12٣"), None);
    }

    #[test]
    fn upc_e_grows_by_its_last_digit() {
        for (short, long) in [
            ("01234505", "012000003455"),
            ("01234514", "012100003454"),
            ("01234523", "012200003453"),
            ("01234531", "012300000451"),
            ("01234543", "012340000053"),
            ("01234558", "012345000058"),
            ("01234597", "012345000097"),
        ] {
            assert_eq!(upc_e_to_upc_a(short).as_deref(), Some(long));
            assert_eq!(is_upc_e(short), is_gtin(long), "{short}");
        }
        assert!(is_upc_e("04252614"));
        for bad in ["21234505", "0123450", "012345055", "0123450x", "é23450"] {
            assert_eq!(upc_e_to_upc_a(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_code_with_its_check_digit_is_valid(length in prop::sample::select(vec![7_usize, 11, 12, 13]), number: u64) {
            let digits: String = format!("{number:020}").chars().take(length).collect();
            let code = format!("{digits}{}", check_digit(&digits).unwrap());
            prop_assert!(is_gtin(&code));
        }

        #[test]
        fn one_wrong_digit_is_always_seen(number in 0..10_u64.pow(12), place in 0..13_usize, change in 1..10_u32) {
            let digits = format!("{number:012}");
            let code = format!("{digits}{}", check_digit(&digits).unwrap());
            let wrong: String = code.chars().enumerate().map(|(i, c)| match c.to_digit(10) {
                Some(digit) if i == place => char::from_digit((digit + change) % 10, 10).unwrap(),
                _ => c,
            }).collect();
            prop_assert!(!is_gtin(&wrong));
        }

        #[test]
        fn no_text_breaks_it(text in ".{0,16}") {
            let _ = (check_digit(&text), is_gtin(&text), is_upc_e(&text));
        }
    }
}
