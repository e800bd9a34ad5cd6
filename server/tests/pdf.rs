//! PDFs and e-invoices over HTTP, with fake models and the real worker.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "../../pdf/tests/common/mod.rs"]
mod pdfs;

use std::time::{Duration, Instant};

use common::{Answer, Setup, until, upload};
use pdfs::*;
use serde_json::{Value, json};
use slipstream::pipeline::PdfSettings;
use slipstream_pdf::confine::Confinement;

/// An invoice in UBL with this total.
fn invoice(total: &str) -> Vec<u8> {
    format!(
        "<Invoice><ID>R-7</ID><IssueDate>2024-02-28</IssueDate><DocumentCurrencyCode>EUR</DocumentCurrencyCode>\
         <AccountingSupplierParty><Party><PartyName><Name>Hofladen Sonnig</Name></PartyName></Party></AccountingSupplierParty>\
         <LegalMonetaryTotal><TaxInclusiveAmount>{total}</TaxInclusiveAmount></LegalMonetaryTotal></Invoice>"
    )
    .into_bytes()
}

/// Bars where the fake models see lines; without text, so that the page is read like a scan.
const BARS: &[u8] = b"0 g 10 380 200 8 re f 10 340 200 8 re f 10 300 200 8 re f 10 260 200 8 re f";

async fn post(pdf: PdfSettings, media: &str, body: Vec<u8>) -> Answer {
    Setup { pdf, ..Setup::default() }.start().send(upload(media, body)).await
}

fn settings() -> PdfSettings {
    PdfSettings { program: env!("CARGO_BIN_EXE_slipstream").into(), ..PdfSettings::default() }
}

async fn read(body: Vec<u8>) -> Value {
    let answer = post(settings(), "application/pdf", body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

fn check<'a>(json: &'a Value, code: &str) -> &'a Value {
    let found = json["checks"].as_array().unwrap().iter().find(|check| check["code"] == code);
    &found.unwrap()["outcome"]
}

#[tokio::test]
async fn pages_are_read_one_after_the_other_as_one_document() {
    let answer = Setup::default()
        .start()
        .send({
            let mut request = upload("application/pdf", document(Builder::default(), &[("", BARS), ("", BARS)], ""));
            *request.uri_mut() = "/v1/receipts?include=lines,text".parse().unwrap();
            request
        })
        .await;
    let json = answer.json();
    assert_eq!(answer.status, 200, "{json}");
    assert_eq!(json["pages"], json!([{"width": 834, "height": 1112}, {"width": 834, "height": 1112}]));
    assert_eq!((&json["document"]["source"], &json["status"]), (&json!("pdf"), &json!("extracted")));
    assert_eq!((&json["document"]["total"]["value"], &json["document"]["total"]["page"]), (&json!("9.00"), &json!(1)));
    let lines = json["lines"].as_array().unwrap();
    let places: Vec<_> =
        lines.iter().map(|l| (l["page"].as_u64().unwrap(), l["polygon"][0][1].as_f64().unwrap())).collect();
    let page = |number: u64| [0.0, 40.0, 80.0, 120.0].map(|top| (number, top));
    assert_eq!(places, [page(1), page(2)].concat());
}

#[tokio::test]
async fn text_that_the_pixels_do_not_bear_out_is_not_believed() {
    // The fake reader sees none of this print, wherever it is cut out.
    let json = read(printed(&["Something else entirely", "Total 1.000,00 EUR"])).await;
    let text = json["text"].as_str().unwrap();
    assert!(!text.contains("1.000,00"), "{text}");
}

#[tokio::test]
async fn an_e_invoice_is_the_truth_and_is_held_against_the_pages() {
    let json = read(with_file("factur-x.xml", &invoice("9.00"), &[("", BARS)])).await;
    let document = &json["document"];
    assert_eq!((&document["source"], &document["kind"]), (&json!("e_invoice"), &json!("invoice")));
    let total = &document["total"];
    assert_eq!((&total["value"], &total["text"], &total["confidence"]), (&json!("9.00"), &json!("9.00"), &json!(1.0)));
    assert_eq!((&total["page"], total["polygon"].is_array()), (&json!(1), true));
    assert_eq!((&document["date"]["value"], &document["date"]["page"]), (&json!("2024-02-28"), &json!(1)));
    assert_eq!((&document["currency"]["value"], &document["merchant"]["name"]["page"]), (&json!("EUR"), &json!(1)));
    // Stated and not printed.
    assert_eq!(
        (&document["receipt_number"]["value"], &document["receipt_number"]["polygon"]),
        (&json!("R-7"), &Value::Null)
    );
    assert_eq!(check(&json, "e_invoice_matches_page"), "proved");

    let forged = read(with_file("factur-x.xml", &invoice("900.00"), &[("", BARS)])).await;
    assert_eq!(forged["document"]["total"]["value"], "900.00");
    assert_eq!(check(&forged, "e_invoice_matches_page"), "contradicted");

    let broken = read(with_file("factur-x.xml", b"<Invoice><ID>", &[("", BARS)])).await;
    assert_eq!((&broken["document"]["source"], &broken["document"]["total"]["value"]), (&json!("pdf"), &json!("9.00")));
    assert_eq!(check(&broken, "e_invoice_matches_page"), "unproved");

    let ignored = PdfSettings { e_invoices: false, ..settings() };
    let answer = post(ignored, "application/pdf", with_file("factur-x.xml", &invoice("900.00"), &[("", BARS)])).await;
    assert_eq!(answer.json()["document"]["source"], "pdf");
}

#[tokio::test]
async fn an_e_invoice_needs_no_pdf() {
    for media in ["application/xml", "text/xml", "application/octet-stream"] {
        let answer = post(settings(), media, invoice("9.00")).await;
        let json = answer.json();
        assert_eq!((answer.status.as_u16(), &json["status"]), (200, &json!("extracted")), "{json}");
        assert_eq!((&json["pages"], &json["document"]["total"]["value"]), (&json!([]), &json!("9.00")));
        assert_eq!(json["document"]["total"]["polygon"], Value::Null);
        assert_eq!(check(&json, "e_invoice_matches_page"), "unproved");
    }
    let answer = post(settings(), "application/xml", b"<?xml version='1.0'?><html/>".to_vec()).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (422, "undecodable"));
}

#[tokio::test]
async fn what_cannot_be_read_is_a_problem_with_a_reason() {
    let whole = printed(&["Invoice 471102"]);
    let cases: [(&str, Vec<u8>, u16, &str); 8] = [
        ("encrypted", encrypted(), 422, "encrypted"),
        ("a header alone", b"%PDF-1.7\n".to_vec(), 422, "damaged"),
        ("truncated", whole[..60].to_vec(), 422, "damaged"),
        ("no pages", empty_pages(0), 422, "no pages"),
        ("a circle of pages", circular(), 422, "no pages"),
        ("ten thousand pages", empty_pages(10_000), 413, "10000 pages"),
        // Four gibibytes in a few megabytes.
        ("a bomb", bomb(4096), 422, "memory or time"),
        ("declared and not begun", b"\x01\x02\x03".to_vec(), 422, "damaged"),
    ];
    for (name, body, status, reason) in cases {
        let bytes = body.len();
        let answer = post(settings(), "application/pdf", body).await;
        let json = answer.json();
        assert_eq!(answer.status, status, "{name} ({bytes} bytes): {json}");
        assert!(json["detail"].as_str().unwrap().contains(reason), "{name}: {json}");
    }
    // Brackets that are opened and never closed: an empty page, or no page.
    let answer = post(settings(), "application/pdf", nested(5_000_000)).await;
    assert!([200, 422].contains(&answer.status.as_u16()), "{}", answer.status);
}

#[tokio::test]
async fn a_worker_gets_no_more_processor_time_than_it_may() {
    // Eight hundred mebibytes to unfold fit the memory; the time they take does not fit a second.
    let confinement = Confinement { memory_bytes: 4 << 30, cpu_s: 1 };
    let answer = post(PdfSettings { confinement, ..settings() }, "application/pdf", bomb(3000)).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (422, "undecodable"), "{}", answer.json());
}

#[tokio::test]
async fn a_deadline_ends_the_worker() {
    let confinement = Confinement { memory_bytes: 8 << 30, cpu_s: 600 };
    let server = Setup { pdf: PdfSettings { confinement, ..settings() }, ..Setup::default() }.start();
    let mut request = upload("application/pdf", bomb(4096));
    request.headers_mut().insert("x-deadline-ms", "400".parse().unwrap());
    let asked = Instant::now();
    let answer = server.send(request).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (504, "deadline_exceeded"));
    // Far from what the worker would have taken, however busy the machine is.
    assert!(asked.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn without_its_program_a_pdf_is_the_server_s_fault() {
    let missing = PdfSettings { program: "/nowhere/slipstream".into(), ..settings() };
    let answer = post(missing, "application/pdf", printed(&["x"])).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (500, "internal"));
    assert!(!answer.json()["detail"].as_str().unwrap().contains("nowhere"));
}

/// Workers of this test's own program, told apart by the folder of their program.
fn workers(program: &std::path::Path) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let lines = processes.filter_map(|process| std::fs::read(process.path().join("cmdline")).ok());
    lines.filter(|line| line.starts_with(program.as_os_str().as_encoded_bytes())).count()
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_worker_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("slipstream");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_slipstream"), &program).unwrap();
    let confinement = Confinement { memory_bytes: 8 << 30, cpu_s: 600 };
    let pdf = PdfSettings { confinement, program: program.clone(), ..settings() };
    let server = Setup { pdf, ..Setup::default() }.start();
    let router = server.router();
    let request = upload("application/pdf", bomb(4096));
    let asking = tokio::spawn(tower::ServiceExt::oneshot(router, request));
    until("no worker started", async || workers(&program) == 1).await;
    asking.abort();
    until("the worker lives on", async || workers(&program) == 0).await;
}
