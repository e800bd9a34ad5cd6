//! Pins the JSON of contract version 1: a change here breaks clients.
#![allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]

use serde_json::{Value, json};
use slipstream_api::*;
use utoipa::PartialSchema;

const POLYGON: Polygon = Polygon([[1.0, 2.0], [3.5, 2.0], [3.5, 4.0], [1.0, 4.0]]);

fn polygon_json() -> Value {
    json!([[1.0, 2.0], [3.5, 2.0], [3.5, 4.0], [1.0, 4.0]])
}

fn field(value: &str, text: &str) -> Option<Field> {
    Some(Field {
        value: Some(value.into()),
        text: text.into(),
        confidence: 0.5,
        polygon: Some(POLYGON),
        ..Field::default()
    })
}

fn field_json(value: &str, text: &str) -> Value {
    json!({"value": value, "text": text, "confidence": 0.5, "polygon": polygon_json(), "alternatives": []})
}

fn response() -> ReceiptResponse {
    let total = Field {
        alternatives: vec![Alternative {
            value: Some("8.00".into()),
            text: "8,00".into(),
            confidence: 0.25,
            polygon: POLYGON,
            page: None,
        }],
        ..field("9.00", "9,00").unwrap()
    };
    ReceiptResponse {
        id: "r-1".into(),
        model_set: "default".into(),
        status: Status::Extracted,
        pages: None,
        document: Document {
            kind: DocumentKind::Receipt,
            country: Some("DE".into()),
            language: Some("de".into()),
            merchant: Merchant { name: field("Backhaus", "Backhaus"), ..Merchant::default() },
            date: field("2026-03-01", "01.03.2026"),
            total: Some(total),
            taxes: vec![Tax { rate: field("19", "19 %"), net: None, amount: field("1.44", "1,44") }],
            payments: vec![Payment { method: field("BAR", "BAR"), amount: None }],
            line_items: vec![LineItem {
                kind: LineItemKind::Deposit,
                amount: field("0.25", "0,25"),
                ..LineItem::default()
            }],
            barcodes: vec![Barcode {
                symbology: "ean_13".into(),
                value: "4006381333931".into(),
                polygon: POLYGON,
                page: None,
            }],
            ..Document::default()
        },
        text: Some("Backhaus\n9,00".into()),
        lines: Some(vec![Line { text: "9,00".into(), confidence: 0.5, polygon: POLYGON, page: None }]),
        duplicates: None,
        quality: Some(Quality {
            usable: true,
            issues: vec![QualityIssue {
                code: "blur".into(),
                severity: 0.5,
                advice: "hold still".into(),
                polygon: None,
            }],
        }),
        fraud: Some(Fraud {
            score: 0.25,
            suspicious: Some(false),
            pixels: PixelCheck::TooLarge,
            signals: vec![Signal {
                code: "date_in_future".into(),
                score: 0.25,
                polygon: Some(POLYGON),
                page: None,
                explanation: "dated tomorrow".into(),
            }],
        }),
        checks: vec![Check {
            code: "items_sum_to_total".into(),
            outcome: Outcome::Contradicted,
            detail: "0.25 is not 9.00".into(),
        }],
        timings_ms: Some([("decode".to_owned(), 3.5)].into()),
    }
}

#[test]
fn a_full_answer_has_exactly_these_members() {
    let mut total = field_json("9.00", "9,00");
    total["alternatives"] = json!([{"value": "8.00", "text": "8,00", "confidence": 0.25, "polygon": polygon_json()}]);
    let expected = json!({
        "id": "r-1",
        "model_set": "default",
        "status": "extracted",
        "document": {
            "source": "image", "kind": "receipt", "country": "DE", "language": "de",
            "merchant": {"name": field_json("Backhaus", "Backhaus"), "address": null, "phone": null, "tax_id": null},
            "date": field_json("2026-03-01", "01.03.2026"),
            "time": null, "currency": null, "receipt_number": null,
            "subtotal": null, "tax_total": null, "total": total, "tip": null,
            "taxes": [{"rate": field_json("19", "19 %"), "net": null, "amount": field_json("1.44", "1,44")}],
            "payments": [{"method": field_json("BAR", "BAR"), "amount": null}],
            "line_items": [{
                "kind": "deposit", "description": null, "quantity": null, "unit_price": null,
                "amount": field_json("0.25", "0,25"), "code": null
            }],
            "serial_numbers": [],
            "barcodes": [{"symbology": "ean_13", "value": "4006381333931", "polygon": polygon_json()}]
        },
        "text": "Backhaus\n9,00",
        "lines": [{"text": "9,00", "confidence": 0.5, "polygon": polygon_json()}],
        "quality": {"usable": true, "issues": [{"code": "blur", "severity": 0.5, "advice": "hold still"}]},
        "fraud": {"score": 0.25, "suspicious": false, "pixels": "too_large", "signals": [{
            "code": "date_in_future", "score": 0.25, "polygon": polygon_json(), "explanation": "dated tomorrow"
        }]},
        "checks": [{"code": "items_sum_to_total", "outcome": "contradicted", "detail": "0.25 is not 9.00"}],
        "timings_ms": {"decode": 3.5}
    });
    assert_eq!(serde_json::to_value(response()).unwrap(), expected);
}

#[test]
fn what_was_not_asked_for_is_absent_and_what_is_not_shown_is_null() {
    let bare = ReceiptResponse {
        status: Status::NotADocument,
        document: Document::default(),
        text: None,
        lines: None,
        quality: None,
        fraud: None,
        checks: vec![],
        timings_ms: None,
        ..response()
    };
    let expected = json!({
        "id": "r-1", "model_set": "default", "status": "not_a_document",
        "document": {
            "source": "image", "kind": "other", "country": null, "language": null,
            "merchant": {"name": null, "address": null, "phone": null, "tax_id": null},
            "date": null, "time": null, "currency": null, "receipt_number": null,
            "subtotal": null, "tax_total": null, "total": null, "tip": null,
            "taxes": [], "payments": [], "line_items": [], "serial_numbers": [], "barcodes": []
        },
        "checks": []
    });
    assert_eq!(serde_json::to_value(bare).unwrap(), expected);
}

#[test]
fn an_answer_reads_back_as_it_was_written() {
    let text = serde_json::to_string(&response()).unwrap();
    assert_eq!(serde_json::from_str::<ReceiptResponse>(&text).unwrap(), response());
}

#[test]
fn an_error_is_a_problem_document() {
    let problem = Problem::new(ErrorCode::TooLarge, "send at most 20 MB").with_instance("r-1");
    assert_eq!(
        serde_json::to_value(problem).unwrap(),
        json!({
            "type": "urn:slipstream:problem:too_large", "title": "the image is too large", "status": 413,
            "detail": "send at most 20 MB", "instance": "r-1", "code": "too_large"
        })
    );
}

#[test]
fn health_names_the_model_set_once_there_is_one() {
    let starting = Health { status: HealthState::Starting, model_set: None };
    assert_eq!(serde_json::to_value(starting).unwrap(), json!({"status": "starting"}));
    let ready = Health { status: HealthState::Ready, model_set: Some("default".into()) };
    assert_eq!(serde_json::to_value(ready).unwrap(), json!({"status": "ready", "model_set": "default"}));
}

#[test]
fn a_pdf_adds_its_pages_and_the_page_of_every_polygon() {
    let placed = Field { page: Some(2), ..field("9.00", "9,00").unwrap() };
    let unplaced = Field { polygon: None, ..field("R-7", "R-7").unwrap() };
    let document = Document {
        source: Source::EInvoice,
        kind: DocumentKind::CreditNote,
        total: Some(placed),
        receipt_number: Some(unplaced),
        ..Document::default()
    };
    let pages = Some(vec![Page { width: 1654, height: 2339 }; 2]);
    let json = serde_json::to_value(ReceiptResponse { document, pages, ..response() }).unwrap();
    assert_eq!(json["pages"][1], json!({"width": 1654, "height": 2339}));
    let document = &json["document"];
    assert_eq!((&document["source"], &document["kind"]), (&json!("e_invoice"), &json!("credit_note")));
    assert_eq!((&document["total"]["page"], &document["total"]["polygon"]), (&json!(2), &polygon_json()));
    assert_eq!(document["receipt_number"]["polygon"], Value::Null);
    assert!(document["receipt_number"].get("page").is_none());
}

#[test]
fn the_schema_of_a_polygon_is_an_array_of_points() {
    let schema = serde_json::to_value(Polygon::schema()).unwrap();
    assert_eq!(schema["type"], "array");
    assert_eq!(schema["items"]["items"]["type"], "number");
}

#[test]
fn optional_members_are_not_required_by_the_schema() {
    let schema = serde_json::to_value(ReceiptResponse::schema()).unwrap();
    let required: Vec<_> = schema["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(required, ["id", "model_set", "status", "document", "checks"]);
}

#[test]
fn a_receipt_that_came_again_has_exactly_these_members() {
    let again = Duplicates {
        verdict: DuplicateVerdict::SameReceiptAgain,
        score: 0.5,
        id: Some("00ff".into()),
        earlier: Some(EarlierReceipt { id: "00ee".into(), seen: "2026-11-26T09:30:00Z".into() }),
        evidence: Some(DuplicateEvidence {
            agreed: vec!["date".into(), "total".into()],
            nearly_agreed: vec!["time".into()],
            differed: vec![],
            text_shared: Some(0.75),
            numbers_only_earlier: 3,
            numbers_only_here: 0,
            rows_same: 20,
            rows_different: 1,
            rows_moved: Some(0.25),
            rows_look_different: None,
        }),
    };
    let expected = json!({
        "verdict": "same_receipt_again", "score": 0.5, "id": "00ff",
        "earlier": {"id": "00ee", "seen": "2026-11-26T09:30:00Z"},
        "evidence": {
            "agreed": ["date", "total"], "nearly_agreed": ["time"], "differed": [],
            "text_shared": 0.75, "numbers_only_earlier": 3, "numbers_only_here": 0, "rows_same": 20, "rows_different": 1, "rows_moved": 0.25
        }
    });
    assert_eq!(serde_json::to_value(again).unwrap(), expected);
    let first = Duplicates { verdict: DuplicateVerdict::Distinct, score: 0.0, id: None, earlier: None, evidence: None };
    assert_eq!(serde_json::to_value(first).unwrap(), json!({"verdict": "distinct", "score": 0.0}));
    assert_eq!(serde_json::to_value(Erased { erased: 2 }).unwrap(), json!({"erased": 2}));
}
