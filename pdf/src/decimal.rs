//! Exact decimal numbers, as e-invoices write them (`xs:decimal`).

use std::fmt;

use serde::{Deserialize, Serialize};

/// `mantissa / 10^scale`, kept without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Decimal {
    mantissa: i64,
    scale: u8,
}

/// Digits that are taken: more than any invoice states, and every one fits.
const MAX_DIGITS: usize = 15;

impl Decimal {
    /// Reads `-12.50`: an optional sign, digits, and decimals behind a point.
    /// `None` for anything else, and for more than 15 digits that count.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, text.get(1..)?),
            b'+' => (false, text.get(1..)?),
            _ => (false, text),
        };
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() && decimals.is_empty()
            || !(whole.bytes().chain(decimals.bytes())).all(|b| b.is_ascii_digit())
        {
            return None;
        }
        let (whole, decimals) = (whole.trim_start_matches('0'), decimals.trim_end_matches('0'));
        if whole.len() + decimals.len() > MAX_DIGITS {
            return None;
        }
        // At most 15 digits fit any i64.
        let mantissa = whole.bytes().chain(decimals.bytes()).fold(0_i64, |m, b| m * 10 + i64::from(b - b'0'));
        let scale = u8::try_from(decimals.len()).ok()?;
        Some(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }

    /// The digits without a point.
    pub fn mantissa(self) -> i64 {
        self.mantissa
    }

    /// How many of them are decimals.
    pub fn scale(self) -> u8 {
        self.scale
    }

    /// The number with its sign turned.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, ..self }
    }

    /// `self / divisor` where that has an exact decimal form of at most 15 digits.
    pub fn divided_exactly(self, divisor: Self) -> Option<Self> {
        if divisor.mantissa == 0 {
            return None;
        }
        // A fraction of integers; ten powers up to 10^18 make it whole where it ever gets whole.
        let (mut dividend, divider) = (i128::from(self.mantissa), i128::from(divisor.mantissa));
        let mut scale = i32::from(self.scale) - i32::from(divisor.scale);
        while dividend % divider != 0 || scale < 0 {
            dividend = dividend.checked_mul(10)?;
            scale += 1;
            if scale > 18 {
                return None;
            }
        }
        let mut quotient = dividend / divider;
        while scale > 0 && quotient % 10 == 0 {
            quotient /= 10;
            scale -= 1;
        }
        let fits = quotient.unsigned_abs() < 10_u128.pow(MAX_DIGITS as u32);
        fits.then_some(Self { mantissa: i64::try_from(quotient).ok()?, scale: u8::try_from(scale).ok()? })
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", self.mantissa.unsigned_abs(), width = scale + 1);
        let (whole, decimals) = digits.split_at(digits.len().saturating_sub(scale));
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let point = if decimals.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{decimals}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<String> {
        Decimal::parse(text).map(|d| d.to_string())
    }

    #[test]
    fn numbers_are_exact_and_anything_else_is_none() {
        let cases = [
            ("473.0000", Some("473")),
            ("-0.05", Some("-0.05")),
            ("+7", Some("7")),
            (".5", Some("0.5")),
            ("5.", Some("5")),
            ("000123456789012.345", Some("123456789012.345")),
            ("0.000000000000000000", Some("0")),
            ("1234567890123456", None),
            ("1,50", None),
            ("1e3", None),
            ("-", None),
            (".", None),
            ("", None),
            ("١", None),
            ("1.2.3", None),
        ];
        let wrong: Vec<_> = cases.iter().filter(|(t, e)| read(t).as_deref() != *e).map(|(t, _)| (t, read(t))).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn a_price_for_many_becomes_the_price_of_one_where_that_is_exact() {
        let cases = [
            ("12.50", "1", Some("12.5")),
            ("12.5", "100", Some("0.125")),
            ("3", "4", Some("0.75")),
            ("10", "3", None),
            ("1", "0", None),
            ("-20", "0.5", Some("-40")),
        ];
        for (price, basis, each) in cases {
            let quotient = Decimal::parse(price).and_then(|p| p.divided_exactly(Decimal::parse(basis)?));
            assert_eq!(quotient.map(|q| q.to_string()).as_deref(), each, "{price} / {basis}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(mantissa in -999_999_999_999_999_i64..=999_999_999_999_999, scale in 0_usize..10) {
            let sign = if mantissa < 0 { "-" } else { "" };
            let digits = format!("{:0>width$}", mantissa.unsigned_abs(), width = scale + 1);
            let (whole, decimals) = digits.split_at(digits.len() - scale);
            let number = Decimal::parse(&format!("{sign}{whole}.{decimals}"));
            prop_assert!(number.is_some());
            prop_assert_eq!(number.and_then(|n| Decimal::parse(&n.to_string())), number);
        }

        #[test]
        fn a_quotient_times_its_divisor_is_the_dividend(a in -1_000_000_i64..1_000_000, b in 1_i64..10_000, sa in 0_u8..4, sb in 0_u8..4) {
            let exact = |m: i64, s: u8| Decimal::parse(&format!("{m}e").replace('e', "")).map(|d| Decimal { scale: s, ..d });
            let (Some(x), Some(y)) = (exact(a, sa), exact(b, sb)) else { return Ok(()) };
            if let Some(q) = x.divided_exactly(y) {
                let left = i128::from(q.mantissa) * i128::from(y.mantissa) * 10_i128.pow(u32::from(x.scale));
                let right = i128::from(x.mantissa) * 10_i128.pow(u32::from(q.scale) + u32::from(y.scale));
                prop_assert_eq!(left, right);
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = Decimal::parse(&text);
        }
    }
}
