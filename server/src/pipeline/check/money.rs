//! Currencies and exact amounts of money.

use std::fmt;

use super::number::{Decimal, format_units};

/// A currency of ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: &'static str,
    minor_digits: u8,
}

/// Code and number of decimals (ISO 4217) of every currency that is told apart here.
const CURRENCIES: [(&str, u8); 48] = [
    ("AED", 2),
    ("ARS", 2),
    ("AUD", 2),
    ("BGN", 2),
    ("BHD", 3),
    ("BRL", 2),
    ("CAD", 2),
    ("CHF", 2),
    ("CLP", 0),
    ("CNY", 2),
    ("COP", 2),
    ("CZK", 2),
    ("DKK", 2),
    ("EGP", 2),
    ("EUR", 2),
    ("GBP", 2),
    ("HKD", 2),
    ("HUF", 2),
    ("IDR", 2),
    ("ILS", 2),
    ("INR", 2),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("MAD", 2),
    ("MXN", 2),
    ("MYR", 2),
    ("NOK", 2),
    ("NZD", 2),
    ("PEN", 2),
    ("PHP", 2),
    ("PLN", 2),
    ("QAR", 2),
    ("RON", 2),
    ("RSD", 2),
    ("RUB", 2),
    ("SAR", 2),
    ("SEK", 2),
    ("SGD", 2),
    ("THB", 2),
    ("TRY", 2),
    ("TWD", 2),
    ("UAH", 2),
    ("USD", 2),
    ("VND", 0),
    ("ZAR", 2),
];

impl Currency {
    /// The currency with this upper-case ISO 4217 code, if it is one that is told apart here.
    pub fn from_code(code: &str) -> Option<Self> {
        let at = CURRENCIES.binary_search_by_key(&code, |(c, _)| c).ok()?;
        CURRENCIES.get(at).map(|&(code, minor_digits)| Self { code, minor_digits })
    }

    /// The ISO 4217 code.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// Decimals of an amount.
    pub fn minor_digits(self) -> u8 {
        self.minor_digits
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// Decimals where the currency is not known: what most of the world's tills print.
pub const DEFAULT_MINOR_DIGITS: u8 = 2;

/// An exact amount: a whole number of the currency's smallest unit.
///
/// Where a receipt gives no evidence of its currency the unit is a hundredth
/// of an unknown currency; two such amounts of one receipt share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Smallest units (cents, yen).
    pub minor: i64,
    /// The currency, where it is known.
    pub currency: Option<Currency>,
}

impl Money {
    /// `amount` in `currency`; `None` if it has more decimals than the currency or does not fit.
    pub fn from_decimal(amount: Decimal, currency: Option<Currency>) -> Option<Self> {
        amount.to_units(digits(currency)).map(|minor| Self { minor, currency })
    }

    /// The sum, or `None` for different currencies or an overflow.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self { minor: self.minor.checked_add(other.minor)?, ..self })
    }

    /// The difference, or `None` for different currencies or an overflow.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self { minor: self.minor.checked_sub(other.minor)?, ..self })
    }

    /// The sum of all; `None` for none, for different currencies or an overflow.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let mut amounts = amounts.into_iter();
        let first = amounts.next()?;
        amounts.try_fold(first, Self::checked_add)
    }

    /// The same amount below zero.
    #[must_use]
    pub fn as_reduction(self) -> Self {
        Self { minor: self.minor.saturating_abs().saturating_neg(), ..self }
    }

    /// The decimals of this amount's currency.
    pub fn minor_digits(self) -> u8 {
        digits(self.currency)
    }
}

fn digits(currency: Option<Currency>) -> u8 {
    currency.map_or(DEFAULT_MINOR_DIGITS, Currency::minor_digits)
}

/// The decimal string of the HTTP contract, without the currency: `9.00`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&format_units(self.minor, self.minor_digits()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pipeline::check::number::parse_amount;

    #[test]
    fn every_currency_is_found_by_its_code() {
        let lost: Vec<_> = CURRENCIES.iter().filter(|(code, _)| Currency::from_code(code).is_none()).collect();
        assert!(lost.is_empty(), "the table is not sorted at {lost:?}");
        assert_eq!(Currency::from_code("XXX"), None);
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        for (code, minor, printed) in
            [("EUR", 900, "9.00"), ("JPY", 1200, "1200"), ("KWD", -5, "-0.005"), ("EUR", -5, "-0.05")]
        {
            let money = Money { minor, currency: Currency::from_code(code) };
            assert_eq!(money.to_string(), printed, "{code}");
        }
    }

    #[test]
    fn a_yen_has_no_hundredths() {
        let half = Decimal::new(5, 1);
        assert_eq!(Money::from_decimal(half, Currency::from_code("JPY")), None);
        assert_eq!(Money::from_decimal(half, None).unwrap().minor, 50);
    }

    #[test]
    fn different_currencies_do_not_mix() {
        let euro = Money { minor: 1, currency: Currency::from_code("EUR") };
        let krona = Money { minor: 1, currency: Currency::from_code("SEK") };
        assert_eq!(euro.checked_add(krona), None);
        assert_eq!(euro.checked_sub(krona), None);
        assert_eq!(Money::checked_sum([euro, euro]).unwrap().minor, 2);
    }

    proptest! {
        #[test]
        fn formatting_reads_back(minor in -1_000_000_000_000_i64..1_000_000_000_000, which in 0..CURRENCIES.len()) {
            let money = Money { minor, currency: Currency::from_code(CURRENCIES[which].0) };
            let mark = Some(crate::pipeline::check::number::DecimalMark::Point);
            let read = parse_amount(&money.to_string(), mark).and_then(|d| Money::from_decimal(d, money.currency));
            prop_assert_eq!(read, Some(money));
        }

        #[test]
        fn a_sum_is_exact_or_refused(a in any::<i64>(), b in any::<i64>()) {
            let (x, y) = (Money { minor: a, currency: None }, Money { minor: b, currency: None });
            prop_assert_eq!(x.checked_add(y).map(|m| m.minor), a.checked_add(b));
            prop_assert_eq!(x.checked_add(y).and_then(|s| s.checked_sub(y)), x.checked_add(y).map(|_| x));
        }
    }
}
