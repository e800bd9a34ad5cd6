//! Places, values and status of the answer.
#![allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]

use jiff::civil::date;
use slipstream_models::{
    TextLine,
    entities::{Entities, Entity, ItemEntities, Reading},
};

use super::*;
use crate::pipeline::{
    check::{CheckSettings, check},
    quality::{Issue, IssueKind},
};

const GOOD: QualityReport = QualityReport { usable: true, issues: vec![] };

/// Lines of ten pixels a character, thirty pixels apart, on a page of 400×300.
fn page(texts: &[&str], confidence: f32) -> TextLines {
    let line = |(i, t): (usize, &&str)| {
        let top = 30.0 * i as f32;
        let quad = Quad::from_bounds(0.0, top, 10.0 * t.chars().count() as f32, top + 20.0);
        TextLine::evenly_spaced(t, confidence, quad)
    };
    TextLines { lines: texts.iter().enumerate().map(line).collect(), page_width: 400, page_height: 300 }
}

fn entity(text: &str, spans: &[(usize, usize, usize)]) -> Option<Entity> {
    let spans = spans.iter().map(|&(line, start, end)| Span { line, start, end }).collect();
    Some(Entity { best: Reading { text: text.into(), spans, confidence: 0.87654 }, alternatives: vec![] })
}

fn documented(entities: &Entities, lines: &TextLines, turn: Turn) -> api::Document {
    let findings = check(entities, lines, &CheckSettings::on(date(2026, 11, 22)));
    document(&findings, &Placement::new(lines, turn))
}

#[test]
fn values_point_to_their_characters() {
    let lines = page(&["TOTAL RM 9.00", "1 Example Road", "Sample Town"], 0.9);
    let entities = Entities {
        total: entity("9.00", &[(0, 9, 13)]),
        merchant_address: entity("1 Example Road Sample Town", &[(1, 0, 14), (2, 0, 11)]),
        ..Entities::default()
    };
    let document = documented(&entities, &lines, Turn::None);
    let total = document.total.unwrap();
    assert_eq!((total.value.as_deref(), total.text.as_str(), total.confidence), (Some("9.00"), "9.00", 0.703));
    assert_eq!(total.polygon.unwrap().0, [[90.0, 0.0], [130.0, 0.0], [130.0, 20.0], [90.0, 20.0]]);
    let currency = document.currency.unwrap();
    assert_eq!((currency.value.as_deref(), currency.text.as_str()), (Some("MYR"), "RM"));
    assert_eq!(currency.polygon.unwrap().0[0], [60.0, 0.0]);
    let address = document.merchant.address.unwrap();
    assert_eq!(address.polygon.unwrap().0, [[0.0, 30.0], [140.0, 30.0], [140.0, 80.0], [0.0, 80.0]]);
}

#[test]
fn places_are_those_of_the_image_before_the_turn() {
    let lines = page(&["TOTAL 9.00"], 0.9);
    let entities = Entities { total: entity("9.00", &[(0, 6, 10)]), ..Entities::default() };
    let half = documented(&entities, &lines, Turn::Half).total.unwrap();
    assert_eq!(half.polygon.unwrap().0, [[340.0, 300.0], [300.0, 300.0], [300.0, 280.0], [340.0, 280.0]]);
    // A quarter clockwise: the text's left is the image's bottom.
    let quarter = documented(&entities, &lines, Turn::Quarter).total.unwrap();
    assert_eq!(quarter.polygon.unwrap().0[0], [0.0, 340.0]);
}

#[test]
fn unit_prices_keep_their_decimals() {
    let lines = page(&["DIESEL 10 x 1.789"], 0.9);
    let item = |price: &str| ItemEntities { unit_price: entity(price, &[(0, 12, 17)]), ..ItemEntities::default() };
    let entities = Entities { items: vec![item("0.789"), item("1.5")], ..Entities::default() };
    let document = documented(&entities, &lines, Turn::None);
    let prices: Vec<_> = document.line_items.iter().map(|i| i.unit_price.clone().unwrap().value.unwrap()).collect();
    assert_eq!(prices, ["0.789", "1.50"]);
}

#[test]
fn a_value_that_no_line_holds_does_not_exist() {
    let lines = page(&["TOTAL 9.00"], 0.9);
    let entities = Entities { total: entity("9.00", &[(7, 0, 4)]), ..Entities::default() };
    assert_eq!(documented(&entities, &lines, Turn::None).total, None);
}

#[test]
fn what_is_printed_and_not_understood_has_no_value() {
    let lines = page(&["DATE ??"], 0.9);
    let entities = Entities { date: entity("??", &[(0, 5, 7)]), ..Entities::default() };
    let date = documented(&entities, &lines, Turn::None).date.unwrap();
    assert_eq!((date.value, date.text.as_str()), (None, "??"));
}

#[test]
fn the_text_and_the_photo_decide_the_status() {
    let receipt = ["EXAMPLE BAKERY", "2026-03-01 10:00", "TOTAL 9.00"];
    let poor = |kind| QualityReport { usable: false, issues: vec![Issue { kind, severity: 1.0, place: None }] };
    let cases = [
        ("a receipt", page(&receipt, 0.9), GOOD, api::Status::Extracted),
        ("a receipt, badly lit", page(&receipt, 0.9), poor(IssueKind::TooDark), api::Status::NeedsBetterPhoto),
        ("nothing", page(&[], 0.9), GOOD, api::Status::NotADocument),
        ("a blank page", page(&[], 0.9), poor(IssueKind::Blank), api::Status::NotADocument),
        ("a blur", page(&[], 0.9), poor(IssueKind::Blur), api::Status::NeedsBetterPhoto),
        ("texture read as text", page(&receipt, 0.3), GOOD, api::Status::NotADocument),
        ("a shop sign", page(&["EXAMPLE BAKERY", "OPEN", "24H"], 0.9), GOOD, api::Status::NotADocument),
        ("a poster", page(&["EXAMPLE BAKERY", "FRESH BREAD", "EVERY DAY"], 0.9), GOOD, api::Status::NotADocument),
    ];
    let settings = DocumentSettings::default();
    let wrong: Vec<_> = cases
        .iter()
        .map(|(name, lines, quality, expected)| (name, status(lines, quality, &settings), expected))
        .filter(|(_, got, expected)| got != *expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn the_text_is_one_line_a_line() {
    assert_eq!(text(&page(&["a", "b c"], 0.5)), "a\nb c");
    let lines_out = page(&["a"], 0.55555);
    assert_eq!(lines(&Placement::new(&lines_out, Turn::None))[0].confidence, 0.556);
}

#[test]
fn nothing_read_is_a_document_without_fields() {
    let nothing = page(&[], 0.9);
    assert_eq!(document(&Findings::default(), &Placement::new(&nothing, Turn::None)), api::Document::default());
}

#[test]
fn a_page_without_a_sale_and_a_seller_is_prose() {
    let settings = DocumentSettings::default();
    let sure = || entity("EXAMPLE BAKERY", &[(0, 0, 14)]);
    let mut guess = sure();
    guess.iter_mut().for_each(|e| e.best.confidence = 0.05);
    for (what, entities, other) in [
        ("nothing", Entities::default(), true),
        ("a name that is a guess", Entities { merchant_name: guess.clone(), ..Entities::default() }, true),
        ("a name", Entities { merchant_name: sure(), ..Entities::default() }, false),
        ("a day", Entities { merchant_name: guess.clone(), date: sure(), ..Entities::default() }, false),
        (
            "a total",
            Entities { total: guess, kind: DocumentKind::Other, kind_confidence: 1.0, ..Entities::default() },
            false,
        ),
        (
            "prose",
            Entities { date: sure(), kind: DocumentKind::Other, kind_confidence: 0.9, ..Entities::default() },
            true,
        ),
    ] {
        assert_eq!(is_other(&entities, &settings), other, "{what}");
    }
}
