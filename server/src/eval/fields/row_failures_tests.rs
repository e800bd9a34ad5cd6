use slipstream_api::{Document, Field, LineItem, LineItemKind, Polygon};

use super::super::failures::of as failures_of;
use super::super::testing::{Purchase, answer, field, true_row};
use super::*;
use crate::eval::truth::{About, Bag, Sample, Tables};

fn sample(tables: Option<Tables>, bags: Vec<Bag>) -> Sample {
    Sample { id: "r".to_owned(), image: "r.jpg".into(), about: About::default(), truth: vec![], tables, bags }
}

fn item((kind, description, quantity, unit_price, amount): Purchase) -> LineItem {
    let cell = |text: &str| (text != "-").then(|| field(text, Some(text), 0.9));
    let kind = match kind {
        "discount" => LineItemKind::Discount,
        "deposit" => LineItemKind::Deposit,
        _ => LineItemKind::Item,
    };
    LineItem {
        kind,
        description: cell(description),
        quantity: cell(quantity),
        unit_price: cell(unit_price),
        amount: cell(amount),
        ..LineItem::default()
    }
}

/// A field, and what went wrong with it.
type What = (String, &'static str);

fn failures(truth: &[Purchase], read: &[Purchase]) -> Vec<What> {
    let tables = Tables { items: truth.iter().map(|row| true_row(*row)).collect(), ..Tables::default() };
    let document = Document { line_items: read.iter().map(|row| item(*row)).collect(), ..Document::default() };
    let outcome = Outcome::new(&sample(Some(tables), vec![]), Some(&answer(document, vec![])));
    failures_of(&outcome).into_iter().map(|f| (f.field, f.kind.name())).collect()
}

const TEA: Purchase = ("item", "TEA GREEN LEAF", "2", "1.50", "3.00");
const MILK: Purchase = ("item", "MILK", "-", "-", "1.09");
const DEPOSIT: Purchase = ("deposit", "DEPOSIT", "-", "-", "0.25");

#[test]
fn rows_fail_in_different_ways() {
    let row = |kind: &'static str| vec![("items: row".to_owned(), kind)];
    let merged = ("item", "TEA GREEN LEAF MILK", "2", "1.50", "3.00");
    let cases: [(&[Purchase], Vec<What>); 7] = [
        (&[TEA, MILK], vec![]),
        (&[MILK], row("row_missed")),
        (&[TEA, MILK, ("item", "SOAP", "-", "-", "9.00")], row("row_invented")),
        (&[TEA, TEA, MILK], row("repeated")),
        (&[TEA, ("item", "GREEN LEAF", "-", "-", "-"), MILK], row("split")),
        (&[TEA, ("item", "-", "-", "-", "1.09"), MILK], row("split")),
        (&[merged], vec![("items: description".to_owned(), "too_long"), row("merged").remove(0)]),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .map(|(read, expected)| (read, failures(&[TEA, MILK], read), expected))
        .filter(|(_, found, expected)| found != *expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn parts_of_a_row_fail_one_by_one() {
    let found = failures(
        &[TEA, DEPOSIT],
        &[("item", "TEA GREEN LEAF", "-", "1.60", "3.00"), ("item", "DEPOSIT", "1", "-", "0.25")],
    );
    let found: Vec<_> = found.iter().map(|(field, kind)| (field.as_str(), *kind)).collect();
    // Nothing was read of the page, so that what is missing could not be read.
    let expected = [
        ("items: quantity", "unreadable"),
        ("items: unit_price", "misread"),
        ("items: quantity", "invented"),
        ("items: kind", "wrong_kind"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_cell_that_is_neither_there_nor_understood_is_no_failure() {
    let tables = Tables { items: vec![true_row(MILK)], ..Tables::default() };
    let read = LineItem { quantity: Some(field("x", None, 0.9)), ..item(MILK) };
    let document = Document { line_items: vec![read], ..Document::default() };
    let outcome = Outcome::new(&sample(Some(tables), vec![]), Some(&answer(document, vec![])));
    assert_eq!(failures_of(&outcome), []);
}

#[test]
fn values_of_a_bag_are_known_by_their_place_or_their_letters() {
    let place = |x: f32| Quad::from_bounds(x, 0.0, x + 50.0, 10.0);
    let values =
        vec![("8.50".to_owned(), Some(place(0.0))), ("9.50".to_owned(), Some(place(100.0))), ("7.00".to_owned(), None)];
    let bag = Bag { name: BagName::Amount, values, compare: Compare::Amount };
    let amount = |text: &str, x: f32| Field {
        polygon: Some(Polygon([[x, 0.0], [x + 50.0, 0.0], [x + 50.0, 10.0], [x, 10.0]])),
        page: None,
        ..field(text, Some(text), 0.9)
    };
    let item = |amount: Field| LineItem { amount: Some(amount), ..LineItem::default() };
    let read = [amount("9.50", 100.0), amount("98.50", 2.0), amount("4.00", 300.0)];
    let document = Document { line_items: read.map(item).into(), ..Document::default() };
    let outcome = Outcome::new(&sample(None, vec![bag]), Some(&answer(document, vec![])));
    let found: Vec<_> = failures_of(&outcome).into_iter().map(|f| (f.kind, f.truth, f.read)).collect();
    let text = |text: &str| text.to_owned();
    let expected = [
        (FailureKind::Misread, text("8.50"), text("98.50")),
        (FailureKind::Unreadable, text("7.00"), text("")),
        (FailureKind::Invented, text(""), text("4.00")),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_wrong_link_names_both_items() {
    let mut deposit = true_row(DEPOSIT);
    deposit.of = Some(1);
    let tables = Tables { items: vec![true_row(TEA), true_row(MILK), deposit], ..Tables::default() };
    let document = Document { line_items: [TEA, MILK, DEPOSIT].map(item).into(), ..Document::default() };
    let mut outcome = Outcome::new(&sample(Some(tables), vec![]), Some(&answer(document, vec![])));
    let mut links = |of: Option<usize>| {
        if let Some(row) = outcome.tables.as_mut().and_then(|tables| tables.items.read.last_mut()) {
            row.of = of;
        }
        failures_of(&outcome).into_iter().map(|f| (f.field, f.truth, f.read)).collect::<Vec<_>>()
    };
    assert_eq!(links(Some(1)), []);
    let whose = |item: &str| format!("DEPOSIT | 0.25 ⟶ {item}");
    let tea = "TEA GREEN LEAF | 2 | 1.50 | 3.00";
    assert_eq!(links(Some(0)), [("items: link".to_owned(), whose("MILK | 1.09"), whose(tea))]);
    assert_eq!(links(None), [("items: link".to_owned(), whose("MILK | 1.09"), whose("nothing"))]);
}
