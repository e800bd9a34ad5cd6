//! Rows and fields for tests.

use serde_json::json;
use slipstream_api::{Document, Field, Line, Merchant, ReceiptResponse};

use super::failures::{Failure, FailureKind};
use super::outcome::Outcome;
use super::rows::ReadRow;
use crate::eval::score::Compare;
use crate::eval::truth::{About, Expected, FieldName, Sample, TrueCell, TrueRow};

/// A field that stands at the origin.
pub(in crate::eval) fn field(text: &str, value: Option<&str>, confidence: f32) -> Field {
    let polygon = json!([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]);
    let field = json!({
        "value": value, "text": text, "confidence": confidence, "polygon": polygon, "alternatives": []
    });
    serde_json::from_value(field).unwrap()
}

/// A row of the list of purchases: kind, description, quantity, unit price, amount; `-` is nothing.
pub(super) type Purchase<'a> = (&'a str, &'a str, &'a str, &'a str, &'a str);

fn cells<'a>((_, description, quantity, unit_price, amount): Purchase<'a>) -> [Option<&'a str>; 5] {
    [description, quantity, unit_price, amount, "-"].map(|text| (text != "-").then_some(text))
}

pub(super) fn true_row(row: Purchase<'_>) -> TrueRow {
    let cell = |text: &str| TrueCell { value: text.to_owned(), ..TrueCell::default() };
    TrueRow { kind: Some(row.0.to_owned()), of: None, cells: cells(row).map(|text| text.map(cell)).into() }
}

pub(super) fn read_row(row: Purchase<'_>) -> ReadRow {
    let kind = ["item", "discount", "deposit", "return"].into_iter().find(|kind| *kind == row.0);
    let cell = |text: &str| field(text, Some(text), 0.9);
    ReadRow { kind, of: None, cells: cells(row).map(|text| text.map(cell)).into() }
}

/// A receipt of one line, `read` by name of the merchant, whose name is `truth`.
pub(super) fn outcome_of(id: &str, truth: &str, read: &str) -> Outcome {
    let name = field(read, Some(read), 0.9);
    let line = Line { text: read.to_owned(), confidence: 0.9, polygon: name.polygon.unwrap(), page: None };
    let expected =
        Expected { field: FieldName::Company, values: vec![truth.to_owned()], compare: Compare::Text, places: vec![] };
    let sample = Sample {
        id: id.to_owned(),
        image: "missing.jpg".into(),
        about: About { language: Some("de".to_owned()), ..About::default() },
        truth: vec![expected],
        tables: None,
        bags: vec![],
    };
    Outcome::new(&sample, Some(&answer(document(name), vec![line])))
}

/// A receipt whose merchant's name was read with another mark.
pub(super) fn outcome() -> Outcome {
    outcome_of("receipt-1", "SHOP & SON", "SHOP + SON")
}

fn document(name: Field) -> Document {
    Document { merchant: Merchant { name: Some(name), ..Merchant::default() }, ..Document::default() }
}

/// An answer with this document and these lines.
pub(super) fn answer(document: Document, lines: Vec<Line>) -> ReceiptResponse {
    let answer = json!({
        "id": "", "model_set": "", "status": "extracted", "document": document, "lines": lines, "checks": []
    });
    serde_json::from_value(answer).unwrap()
}

/// A failure of `field`.
pub(super) fn failure<'a>(outcome: &'a Outcome, field: &str, confidence: Option<f32>) -> Failure<'a> {
    Failure {
        outcome,
        field: field.to_owned(),
        kind: FailureKind::Elsewhere,
        truth: String::new(),
        read: String::new(),
        confidence,
        read_places: vec![],
        truth_places: vec![],
    }
}
