use super::super::table;
use super::super::testing::{outcome, outcome_of};
use super::*;

fn report() -> FieldsReport {
    let mut lines = outcome_of("lines", "", "INVENTED");
    lines.about.kind = PageKind::Lines;
    let mut english = outcome_of("en-1", "Book Corner", "BOOK CORNER");
    english.about.language = Some("en".to_owned());
    english.about.kind = PageKind::Invoice;
    let mut unknown = outcome_of("x-1", "Café", "Cafe");
    unknown.about.language = None;
    FieldsReport::new("set".to_owned(), &[lines, english, unknown, outcome()])
}

#[test]
fn parts_add_up_to_the_whole_and_pages_of_lines_count_nowhere() {
    let report = report();
    assert_eq!((report.all.n, report.pages_of_lines), (3, Some(PagesOfLines { n: 1, with_values: 1, values: 1 })));
    let n =
        |parts: &BTreeMap<String, Summary>| parts.iter().map(|(name, part)| (name.clone(), part.n)).collect::<Vec<_>>();
    assert_eq!(n(&report.by_language), [("de", 1), ("en", 1), ("unknown", 1)].map(|(name, n)| (name.to_owned(), n)));
    assert_eq!(n(&report.by_kind), [("invoice", 1), ("receipt", 2)].map(|(name, n)| (name.to_owned(), n)));
    assert_eq!(report.by_language["en"].micro.f1, 1.0);
    let (all, third) = (&report.all, 1.0 / 3.0);
    assert_eq!((all.micro.f1, all.micro.f1_letters_and_digits, all.ceiling_f1), (third, 2.0 * third, third));
    assert_eq!((all.ceiling.reached, all.ceiling.f1_without_misread), (1.0, 0.5));
    let kinds: Vec<_> = all.failures["company"].iter().map(|(kind, n)| (*kind, *n)).collect();
    assert_eq!(kinds, [("misread", 1), ("punctuation", 1)]);
}

#[test]
fn what_a_payment_goes_by_is_none_where_the_truth_is_silent() {
    let coverage = report().all.coverage_at_half_percent_error;
    assert_eq!((coverage.date, coverage.total, coverage.all_three), (None, None, None));
    assert_eq!(coverage.merchant, Some(0.0), "all are equally sure, and one is wrong");
    let sure = FieldsReport::new("set".to_owned(), &[outcome()]).all.coverage;
    assert_eq!(sure.letters_and_digits.merchant.map(|c| (c.share, c.threshold)), Some((1.0, Some(0.9))));
    assert_eq!(sure.strict.merchant.map(|c| c.share), Some(0.0));
}

#[test]
fn the_json_has_the_members_that_others_read() {
    let json = serde_json::to_value(report()).unwrap_or_default();
    let members = [
        "dataset",
        "n",
        "micro",
        "fields",
        "ceiling_f1",
        "line_items",
        "proved_share",
        "calibration_error",
        "coverage_at_half_percent_error",
        "by_language",
    ];
    let missing: Vec<_> = members.iter().filter(|name| json.get(**name).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(json["by_language"]["en"]["micro"]["f1"].is_f64() && json["fields"]["company"]["precision"].is_f64());
    assert!(json["ceiling_f1"].is_f64() && json["calibration_error"].is_f64() && json["proved_share"].is_null());
}

#[test]
fn the_table_shows_every_part() {
    let text = table::text(&report());
    let parts = [
        "set: 3 receipts",
        "company",
        "micro",
        "ceiling",
        "calibration error",
        "invoice",
        "unknown",
        "pages without fields: 1",
    ];
    let missing: Vec<_> = parts.into_iter().filter(|part| !text.contains(part)).collect();
    assert!(missing.is_empty(), "{missing:?} in\n{text}");
    assert!(text.lines().all(|line| line == line.trim_end()));
}
