//! Table and property tests of number parsing.

use proptest::prelude::*;

use super::*;

type Case = (&'static str, Option<DecimalMark>, Option<&'static str>);

fn failures(cases: &[Case], parse: impl Fn(&str, Option<DecimalMark>) -> Option<Decimal>) -> Vec<String> {
    cases
        .iter()
        .filter_map(|(text, mark, expected)| {
            let got = parse(text, *mark).map(|d| d.to_string());
            (got.as_deref() != *expected).then(|| format!("{text:?} with {mark:?}: {got:?}, expected {expected:?}"))
        })
        .collect()
}

#[test]
fn amounts_as_printed() {
    use DecimalMark::{Comma, Point};
    let cases: &[Case] = &[
        ("9.00", None, Some("9")),
        ("9,05", None, Some("9.05")),
        ("RM 9.50", None, Some("9.5")),
        ("RM9.50", None, Some("9.5")),
        ("$1,234.50", None, Some("1234.5")),
        ("1.234,50 €", None, Some("1234.5")),
        ("1 234,50", None, Some("1234.5")),
        ("1\u{a0}234,50", None, Some("1234.5")),
        ("1'234.50", None, Some("1234.5")),
        ("1’234’567.50", None, Some("1234567.5")),
        ("12 345 678,90", None, Some("12345678.9")),
        ("1.234.567", None, Some("1234567")),
        ("1.234.50", None, Some("1234.5")),
        ("1.234", None, Some("1234")),
        ("1.234", Some(Comma), Some("1234")),
        ("1.234", Some(Point), Some("1.234")),
        ("0.234", None, Some("0.234")),
        ("9€50", None, Some("9.5")),
        ("9.-", None, Some("9")),
        ("25,-", None, Some("25")),
        ("-9.00", None, Some("-9")),
        ("- 9.00", None, Some("-9")),
        ("−0,25", None, Some("-0.25")),
        ("9.00-", None, Some("-9")),
        ("-RM 5.00", None, Some("-5")),
        ("RM-5.00", None, Some("-5")),
        ("(5.00)", None, Some("-5")),
        ("9,99 A", None, Some("9.99")),
        ("9,99-A", None, Some("-9.99")),
        (".50", None, Some("0.5")),
        ("12. 50", None, Some("12.5")),
        ("12 .50", None, Some("12.5")),
        ("12", None, Some("12")),
        ("2 x 3.00", None, Some("3")),
        ("6% 1.20", None, Some("1.2")),
        ("1O.50", None, Some("10.5")),
        ("I2.5O", None, Some("12.5")),
        ("1S.00", None, Some("15")),
        ("S1.00", None, Some("1")),
        ("O.OO", None, None),
        ("B2.00", None, Some("2")),
        ("3.00 4.00", None, None),
        ("12 34", None, None),
        ("1,2345,67", None, None),
        ("", None, None),
        ("TOTAL", None, None),
        ("9999999999999999", None, None),
    ];
    let wrong = failures(cases, parse_amount);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn quantities_and_rates_as_printed() {
    let cases: &[Case] = &[
        ("1.234", None, Some("1.234")),
        ("0,532 kg", None, Some("0.532")),
        ("2 x", None, Some("2")),
        ("3", None, Some("3")),
        ("1,000", Some(DecimalMark::Point), Some("1000")),
        ("1,000", None, Some("1")),
    ];
    let wrong = failures(cases, parse_quantity);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let cases: &[Case] = &[
        ("19 %", None, Some("19")),
        ("A 19,00%", None, Some("19")),
        ("7.7%", None, Some("7.7")),
        ("5,5", None, Some("5.5")),
        ("GST 6% 1.20", None, Some("6")),
        ("190 %", None, None),
        ("A", None, None),
    ];
    let wrong = failures(cases, |text, _| parse_rate(text));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_decimal_mark_is_what_most_amounts_use() {
    assert_eq!(decimal_mark(["1,99", "2,49", "1.000"]), Some(DecimalMark::Comma));
    assert_eq!(decimal_mark(["1.99 A", "RM2.49"]), Some(DecimalMark::Point));
    assert_eq!(decimal_mark(["1,99", "2.49"]), None);
    assert_eq!(decimal_mark(["12", "x"]), None);
}

#[test]
fn products_round_half_away_from_zero() {
    let product = |a, b| Decimal::mul_to_units(a, b, 2);
    assert_eq!(product(Decimal::new(532, 3), Decimal::new(199, 2)), Some(106));
    assert_eq!(product(Decimal::new(5, 1), Decimal::new(1, 2)), Some(1));
    assert_eq!(product(Decimal::new(-5, 1), Decimal::new(1, 2)), Some(-1));
    assert_eq!(product(Decimal::new(3, 0), Decimal::new(4, 0)), Some(1200));
}

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,24}") {
        for mark in [None, Some(DecimalMark::Point), Some(DecimalMark::Comma)] {
            let _ = parse_amount(&text, mark);
            let _ = parse_quantity(&text, mark);
        }
        let _ = parse_rate(&text);
        let _ = decimal_mark([text.as_str()]);
    }

    #[test]
    fn parsing_never_panics_on_things_like_amounts(text in "[-0-9OIlS.,' €$RM%()]{0,20}") {
        for mark in [None, Some(DecimalMark::Point), Some(DecimalMark::Comma)] {
            let _ = parse_amount(&text, mark);
        }
        let _ = parse_rate(&text);
    }

    #[test]
    fn what_is_printed_reads_back(units in -99_999_999_999_i64..=99_999_999_999) {
        let printed = format_units(units, 2);
        let read = parse_amount(&printed, None).and_then(|d| d.to_units(2));
        prop_assert_eq!(read, Some(units), "{}", printed);
    }

    #[test]
    fn grouping_does_not_change_an_amount(whole in 0_i64..=999_999_999, cents in 0_i64..100, style in 0_usize..4) {
        let (group, mark) = [(',', '.'), ('.', ','), (' ', ','), ('\'', '.')][style];
        let digits = whole.to_string();
        let mut printed = String::new();
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i) % 3 == 0 {
                printed.push(group);
            }
            printed.push(c);
        }
        let printed = format!("{printed}{mark}{cents:02}");
        let read = parse_amount(&printed, None).and_then(|d| d.to_units(2));
        prop_assert_eq!(read, Some(whole * 100 + cents), "{}", printed);
    }
}
