use super::super::ceiling::Reading;
use super::super::testing::{Purchase, read_row, true_row};
use super::*;

fn table(truth: &[Purchase], read: &[Purchase]) -> TableOutcome {
    let truth: Vec<_> = truth.iter().map(|row| true_row(*row)).collect();
    TableOutcome::new(&ITEMS, &truth, read.iter().map(|row| read_row(*row)).collect(), &Reading::default())
}

fn score(truth: &[Purchase], read: &[Purchase]) -> ItemsReport {
    report([table(truth, read)].iter()).unwrap()
}

const TEA: Purchase = ("item", "TEA GREEN LEAF", "2", "1.50", "3.00");
const MILK: Purchase = ("item", "MILK", "-", "-", "1.09");
const DEPOSIT: Purchase = ("deposit", "DEPOSIT", "-", "-", "0.25");

#[test]
fn a_list_read_as_it_is_has_no_faults() {
    let s = score(&[TEA, MILK, DEPOSIT, MILK], &[TEA, MILK, DEPOSIT, MILK]);
    assert_eq!((s.table.f1, s.table.rows.f1, s.priced.f1, s.kind.f1, s.grouping), (1.0, 1.0, 1.0, 1.0, 1.0));
    assert_eq!((s.table.rows_expected, s.table.columns.len(), s.linked), (4, 4, None));
    assert_eq!(s.table.columns["quantity"].recall, 1.0);
}

#[test]
fn split_merged_dropped_and_repeated_rows_are_wrong_groups() {
    let cases: [(&str, &[Purchase], f64); 6] = [
        ("as it is", &[TEA, MILK], 1.0),
        ("a slip of reading", &[("item", "TEA GREFN LEAF", "2", "1.50", "3.00"), MILK], 1.0),
        ("split", &[("item", "TEA", "-", "-", "-"), ("item", "GREEN LEAF", "2", "1.50", "3.00"), MILK], 0.5),
        ("merged", &[("item", "TEA GREEN LEAF MILK", "2", "1.50", "3.00")], 0.0),
        ("dropped", &[MILK], 0.5),
        ("repeated", &[TEA, MILK, MILK], 0.5),
    ];
    let wrong: Vec<_> = cases.iter().filter(|(_, read, share)| score(&[TEA, MILK], read).grouping != *share).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(score(&[MILK, MILK], &[MILK]).grouping, 0.5, "one of two identical rows was dropped");
}

#[test]
fn parts_are_counted_over_rows_that_are_the_same() {
    let read = [("item", "TEA GREEN LEAF.", "2", "1.50", "3.90"), MILK, ("item", "SOAP", "-", "-", "9.00")];
    let s = score(&[TEA, MILK], &read);
    let description = s.table.columns["description"];
    assert_eq!((description.precision, description.recall), (1.0 / 3.0, 0.5));
    assert!((description.f1_letters_and_digits - 0.8).abs() < 1e-9, "{description:?}");
    assert_eq!(s.table.columns["amount"].recall, 0.5);
    assert_eq!(s.table.rows.recall, 0.5, "the row of the milk");
    assert_eq!(s.table.columns["unit_price"].f1, 1.0);
}

#[test]
fn kinds_count_for_whoever_claims_them() {
    let s = score(&[MILK, DEPOSIT], &[MILK, ("item", "DEPOSIT", "-", "-", "0.25")]);
    assert_eq!(s.by_kind["deposit"].recall, 0.0);
    assert_eq!((s.by_kind["item"].precision, s.by_kind["item"].recall), (0.5, 1.0));
    assert_eq!(s.kind.recall, 0.5);
}

#[test]
fn links_are_right_when_they_point_to_the_row_that_the_truth_means() {
    let mut outcome = table(&[TEA, MILK, DEPOSIT], &[("item", "SOAP", "-", "-", "9.00"), TEA, MILK, DEPOSIT]);
    outcome.truth[2].of = Some(1);
    let linked = |of: Option<usize>| {
        let mut outcome = outcome.clone();
        outcome.read[3].of = of;
        report([outcome].iter()).and_then(|s| s.linked).map(|links| links.right)
    };
    assert_eq!(linked(Some(2)), Some(1), "the milk is the third row that was read");
    assert_eq!(linked(Some(1)), Some(0));
    assert_eq!(linked(None), Some(0));
    outcome.truth[2].of = None;
    outcome.read[3].of = Some(2);
    let s = report([outcome].iter()).unwrap();
    assert_eq!((s.linked, s.linked_by_kind["deposit"].invented), (None, 1));
}
