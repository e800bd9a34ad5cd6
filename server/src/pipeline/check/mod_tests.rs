//! The check stage as a whole.

use jiff::civil::date;
use slipstream_models::entities::{ItemEntities, PaymentEntities, Reading, TaxEntities};

use super::{page::lines_of, *};

fn settings() -> CheckSettings {
    CheckSettings::on(date(2026, 11, 22))
}

fn reading(text: &str, confidence: f32) -> Reading {
    Reading { text: text.to_owned(), spans: vec![Span { line: 0, start: 0, end: 1 }], confidence }
}

fn entity(text: &str) -> Option<Entity> {
    Some(Entity { best: reading(text, 0.9), alternatives: vec![] })
}

fn printed<T: ToString>(field: &Option<Found<T>>) -> Option<String> {
    field.as_ref().and_then(|f| f.value()).map(ToString::to_string)
}

#[test]
fn a_german_receipt_becomes_values() {
    let lines = lines_of(&["Backhaus Beispiel GmbH", "Tel. +49 30 1234567", "Summe EUR 1.234,50", "MwSt 19% 197,10"]);
    let entities = Entities {
        merchant_name: entity("Backhaus  Beispiel GmbH"),
        date: entity("03.04.25"),
        time: entity("14:05 Uhr"),
        total: entity("1.234,50"),
        items: vec![
            ItemEntities { amount: entity("1.235,00"), ..ItemEntities::default() },
            ItemEntities { kind: ItemKind::Discount, amount: entity("0,50"), ..ItemEntities::default() },
        ],
        taxes: vec![TaxEntities { rate: entity("19%"), net: None, amount: entity("197,10") }],
        ..Entities::default()
    };
    let found = check(&entities, &lines, &settings());
    assert_eq!(printed(&found.merchant_name).as_deref(), Some("Backhaus Beispiel GmbH"));
    assert_eq!(printed(&found.date).as_deref(), Some("2025-04-03"));
    assert_eq!(printed(&found.time).as_deref(), Some("14:05"));
    assert_eq!(printed(&found.total).as_deref(), Some("1234.50"));
    assert_eq!(found.currency.as_ref().map(|e| (e.value.code(), e.text.as_str())), Some(("EUR", "EUR")));
    assert_eq!(found.country.as_ref().map(|e| e.value), Some("DE"));
    let outcome = |code: &str| found.checks.iter().find(|c| c.code == code).map(|c| c.outcome);
    assert_eq!(outcome("items_sum_to_total"), Some(Outcome::Proved));
    assert_eq!(outcome("tax_matches_rate"), Some(Outcome::Proved));
}

#[test]
fn the_country_decides_between_day_and_month() {
    let date_on = |line: &str| {
        let entities = Entities { date: entity("03/04/2025"), ..Entities::default() };
        check(&entities, &lines_of(&[line]), &settings()).date
    };
    let american = date_on("Springfield, IL 62701");
    assert_eq!(printed(&american).as_deref(), Some("2025-03-04"));
    let unknown = date_on("TOTAL 9.00");
    assert_eq!(printed(&unknown).as_deref(), Some("2025-04-03"));
    let share = |f: &Option<Found<Date>>| f.as_ref().and_then(|f| f.alternatives.first()).map(|a| a.confidence);
    assert!(share(&american) < share(&unknown), "{american:?} {unknown:?}");
    assert_eq!(printed(&date_on("Printed 12/31/2024")).as_deref(), Some("2025-03-04"));
}

#[test]
fn amounts_follow_the_decimal_mark_of_the_receipt() {
    let entities = Entities { total: entity("1.234"), subtotal: entity("9,99"), ..Entities::default() };
    let found = check(&entities, &lines_of(&["x"]), &settings());
    assert_eq!(printed(&found.total).as_deref(), Some("1234.00"));
}

#[test]
fn a_total_that_adds_up_is_preferred() {
    let with_tax = |tax: &str| Entities {
        subtotal: entity("9.00"),
        tax_total: entity(tax),
        total: Some(Entity {
            best: reading("9.84", 0.6),
            alternatives: vec![reading("9.54", 0.3), reading("9.00", 0.1)],
        }),
        ..Entities::default()
    };
    let total_of = |e: &Entities| printed(&check(e, &lines_of(&["x"]), &settings()).total);
    assert_eq!(total_of(&with_tax("0.54")).as_deref(), Some("9.54"));
    assert_eq!(total_of(&with_tax("0.84")).as_deref(), Some("9.84"), "the best reading adds up");
    assert_eq!(total_of(&with_tax("0.33")).as_deref(), Some("9.84"), "only the subtotal itself would add up");
}

#[test]
fn two_sums_that_agree_overrule_a_total_that_is_hardly_believed() {
    let item =
        |amount| ItemEntities { description: entity("BREAD"), amount: entity(amount), ..ItemEntities::default() };
    let receipt = |confidence| Entities {
        items: vec![item("5.83"), item("3.00")],
        tax_total: entity("8.83"),
        payments: vec![PaymentEntities { method: entity("CASH"), amount: entity("20.03") }],
        total: Some(Entity { best: reading("20.03", confidence), alternatives: vec![reading("8.83", 0.001)] }),
        ..Entities::default()
    };
    let total_of = |e: &Entities, lines: &[&str]| printed(&check(e, &lines_of(lines), &settings()).total);
    let change = ["CASH 20.03", "CHANGE 11.20"];
    assert_eq!(total_of(&receipt(0.2), &change).as_deref(), Some("8.83"));
    assert_eq!(total_of(&receipt(0.9), &change).as_deref(), Some("20.03"), "the total is believed");
    assert_eq!(total_of(&receipt(0.2), &["CASH 20.03"]).as_deref(), Some("20.03"), "one sum agrees with none");
    let tax = |net, tax| TaxEntities { net: entity(net), amount: entity(tax), ..TaxEntities::default() };
    let table = |rows: Vec<TaxEntities>| Entities { taxes: rows, ..receipt(0.2) };
    let both = table(vec![tax("6.59", "0.46"), tax("1.50", "0.28")]);
    assert_eq!(total_of(&both, &["CASH 20.03"]).as_deref(), Some("8.83"), "purchases and tax table");
    let lacking = table(vec![tax("6.59", "0.46"), TaxEntities { amount: entity("0.28"), ..TaxEntities::default() }]);
    assert_eq!(total_of(&lacking, &["CASH 20.03"]).as_deref(), Some("20.03"), "a row is not whole");
}

#[test]
fn the_amount_before_tax_is_not_the_total() {
    let receipt = |other: &str| Entities {
        subtotal: entity("106.10"),
        tax_total: entity("6.37"),
        total: Some(Entity { best: reading("106.10", 0.6), alternatives: vec![reading(other, 0.3)] }),
        ..Entities::default()
    };
    let total_of = |e: &Entities, lines: &[&str]| printed(&check(e, &lines_of(lines), &settings()).total);
    assert_eq!(total_of(&receipt("112.45"), &["x"]).as_deref(), Some("112.45"), "rounded by two cents");
    assert_eq!(total_of(&receipt("112.55"), &["x"]).as_deref(), Some("106.10"), "not the tax apart");
    let cash = PaymentEntities { method: entity("CASH"), amount: entity("110.00") };
    let paid = Entities { payments: vec![cash], ..receipt("112.45") };
    let lines = ["CASH 110.00", "CHANGE 3.90"];
    assert_eq!(total_of(&paid, &lines).as_deref(), Some("106.10"), "that is what was paid");
}

#[test]
fn nothing_on_the_page_gives_nothing() {
    let found = check(&Entities::default(), &TextLines::default(), &settings());
    assert!(found.currency.is_none() && found.country.is_none() && found.total.is_none());
    assert!(found.checks.iter().all(|c| c.outcome == Outcome::Unproved));
}
