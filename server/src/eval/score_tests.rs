use super::super::fields::testing;
use super::*;

fn field(text: &str, value: Option<&str>) -> Field {
    testing::field(text, value, 1.0)
}

#[test]
fn amounts_are_decimals() {
    let cases = [
        ("9.00", Some("9")),
        ("RM9.00", Some("9")),
        ("$ 1,234.50", Some("1234.5")),
        ("1.234,50", Some("1234.5")),
        ("1,234", Some("1234")),
        ("0.125", Some("0.125")),
        (".50", Some("0.5")),
        ("0.00", Some("0")),
        ("-5.10", Some("-5.1")),
        ("5.10-", Some("-5.1")),
        ("10,5", Some("10.5")),
        ("total", None),
        ("", None),
    ];
    let wrong: Vec<_> = cases
        .into_iter()
        .filter(|(text, expected)| amount(text).as_deref() != *expected)
        .map(|(text, _)| (text, amount(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn values_are_compared_as_their_kind_asks() {
    let cases = [
        (Compare::Text, "BOOK  Corner ", field("book corner", None), (true, true)),
        (Compare::Text, "NO. 53, JALAN", field("NO.53,JALAN", None), (false, true)),
        (Compare::Text, "25/12/2018", field("25/12/2018", Some("2018-12-25")), (true, true)),
        (Compare::TextWithoutSpaces, "BookCorner", field("Book Corner", None), (true, true)),
        (Compare::Contains, "media markt", field("Media-Markt TV-HiFi GmbH", None), (true, true)),
        (Compare::Contains, "media markt", field("Media TV", None), (false, false)),
        (Compare::Amount, "RM9.00", field("9,00", Some("9.00")), (true, true)),
        (Compare::Amount, "9", field("9.00", None), (true, true)),
        // Without the point it would be another amount, also for the lenient count.
        (Compare::Amount, "9.00", field("900", Some("900")), (false, false)),
        (Compare::Decimal, "1.500", field("1,5", Some("1.5")), (true, true)),
        (Compare::Decimal, "1.234", field("1234", Some("1234")), (false, false)),
        (Compare::Decimal, "-0.00", field("0", Some("0")), (true, true)),
        (Compare::Value, "2018-12-25", field("25/12/2018", Some("2018-12-25")), (true, true)),
        (Compare::Value, "2018-12-25", field("2018-12-25", None), (false, false)),
        (Compare::Minute, "20:13", field("8:13:39 PM", Some("20:13:39")), (true, true)),
    ];
    let verdict = |compare: Compare, truth: &str, read: &Field| {
        let verdict = compare.judge([truth], Some(read));
        (verdict.same, verdict.same_letters)
    };
    let wrong: Vec<_> =
        cases.iter().filter(|(compare, truth, read, right)| verdict(*compare, truth, read) != *right).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn precision_counts_what_was_read_and_recall_what_there_is() {
    let amount = |text: &str| Some(field(text, None));
    let values: [(&[&str], Option<Field>); 6] = [
        (&["1.00"], amount("1.00")),
        (&["2.00"], amount("3.00")),
        (&["4.00", "5.00"], amount("5.00")),
        (&["6.00"], None),
        (&[], amount("7.00")),
        (&[""], None),
    ];
    let tally: Tally =
        values.iter().map(|(truths, read)| Compare::Amount.judge(truths.iter().copied(), read.as_ref())).collect();
    assert_eq!(tally, Tally { read: 4, expected: 4, same: 2, same_letters: 2 });
    let scores = tally.scores();
    assert_eq!((scores.precision, scores.recall, scores.f1), (0.5, 0.5, 0.5));
}
