use super::super::testing::{field, outcome, outcome_of};
use super::*;

#[test]
fn failures_are_told_apart() {
    use FailureKind::{Elsewhere, Misread, NotUnderstood, Punctuation, Swapped, TooLong, TooShort};
    let cases = [
        (Compare::Text, "SHOP & SON", field("SHOP + SON", None, 0.9), true, Punctuation),
        (Compare::Text, "SHOP", field("SHOP BRANCH 3", None, 0.9), true, TooLong),
        (Compare::Text, "1 MAIN ST CITY", field("MAIN ST", None, 0.9), true, TooShort),
        (Compare::Text, "SHOP & SON", field("SH0P & SON", None, 0.9), false, Misread),
        (Compare::Text, "SHOP & SON", field("HOP & SON LT", None, 0.9), true, TooLong),
        (Compare::Text, "SHOP & SON", field("THANK YOU", None, 0.9), true, Elsewhere),
        (Compare::Amount, "12.00", field("12,00", None, 0.9), true, NotUnderstood),
        (Compare::Amount, "12.50", field("12.60", Some("12.60"), 0.9), false, Misread),
        (Compare::Amount, "12.50", field("12.60", Some("12.60"), 0.9), true, Elsewhere),
        (Compare::Value, "2024-03-04", field("04/03/24", Some("2024-04-03"), 0.9), true, Swapped),
        (Compare::Value, "2024-03-04", field("05/03/24", Some("2024-03-05"), 0.9), true, Elsewhere),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .filter(|(compare, truth, read, reachable, kind)| difference(*compare, truth, read, *reachable, false) != *kind)
        .map(|(compare, truth, read, reachable, _)| (truth, difference(*compare, truth, read, *reachable, false)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let other = field("98.95", Some("98.95"), 0.9);
    let kind = |reachable, same_place| difference(Compare::Amount, "8.50", &other, reachable, same_place);
    assert_eq!([kind(false, true), kind(false, false), kind(true, true)], [Misread, Elsewhere, Elsewhere]);
}

#[test]
fn what_is_missing_was_left_out_or_could_not_be_read() {
    let kind = |truth: &str, read: Option<&str>| {
        let mut outcome = outcome_of("r", truth, "SHOP");
        let field = outcome.fields.first_mut()?;
        field.read = read.and(field.read.take());
        field.verdict =
            field.expected.compare.judge(field.expected.values.iter().map(String::as_str), field.read.as_ref());
        of(&outcome).first().map(|failure| failure.kind)
    };
    assert_eq!(kind("SHOP", Some("SHOP")), None);
    assert_eq!(kind("SHOP", None), Some(FailureKind::LeftOut));
    assert_eq!(kind("STORE", None), Some(FailureKind::Unreadable));
    assert_eq!(kind("", Some("SHOP")), Some(FailureKind::Invented));
}

#[test]
fn what_is_neither_there_nor_understood_is_no_failure() {
    let mut outcome = outcome_of("r", "", "TODAY");
    for field in &mut outcome.fields {
        field.expected.compare = Compare::Value;
        field.read.iter_mut().for_each(|read| read.value = None);
        field.verdict = field.expected.compare.judge([], field.read.as_ref());
    }
    assert_eq!(of(&outcome), []);
}

#[test]
fn a_failure_says_what_was_read_and_where() {
    let outcome = outcome();
    let found = of(&outcome);
    assert_eq!(
        (found[0].field.as_str(), found[0].truth.as_str(), found[0].read.as_str()),
        ("company", "SHOP & SON", "SHOP + SON")
    );
    assert_eq!(
        (found[0].kind, found[0].confidence, found[0].read_places.len()),
        (FailureKind::Punctuation, Some(0.9), 1)
    );
}
