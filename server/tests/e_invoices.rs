//! Real e-invoices over HTTP, with fake models and the real worker: none ends in an error, and all say what their XML says.
//!
//! They are looked for in `e_invoices/` of the folder `SLIPSTREAM_TEST_DATA`, or else of `shared/data` beside the
//! repository; without them there is nothing to test.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

mod common;

use std::path::{Path, PathBuf};

use common::{Setup, upload};
use serde_json::Value;
use slipstream_pdf::invoice::Number;
use slipstream_pdf::{Decimal, Document, Invoice, Limits};

fn folder() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    std::env::var_os("SLIPSTREAM_TEST_DATA").map_or_else(beside, PathBuf::from).join("e_invoices")
}

/// The fields of which the answer says something else than the XML.
fn differences(invoice: &Invoice, document: &Value) -> Vec<&'static str> {
    let value = |field: &str| document[field]["value"].as_str();
    let number = |field: &str| value(field).and_then(Decimal::parse);
    let stated = |number: &Option<Number>| number.as_ref().and_then(|number| number.value);
    let day = invoice.date.as_ref().and_then(|day| day.ymd).map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"));
    let rows = invoice.lines.len() + invoice.adjustments.len();
    let same = [
        ("source", document["source"] == "e_invoice"),
        ("date", value("date") == day.as_deref()),
        ("receipt_number", value("receipt_number") == invoice.number.as_deref()),
        ("currency", value("currency") == invoice.currency.as_deref()),
        ("merchant", document["merchant"]["name"]["value"].as_str() == invoice.seller.name.as_deref()),
        ("subtotal", number("subtotal") == stated(&invoice.net)),
        ("tax_total", number("tax_total") == stated(&invoice.tax_total)),
        ("total", number("total") == stated(&invoice.total).or(stated(&invoice.due))),
        ("line_items", document["line_items"].as_array().map(Vec::len) == Some(rows)),
    ];
    same.into_iter().filter(|(_, same)| !same).map(|(field, _)| field).collect()
}

#[tokio::test]
async fn every_e_invoice_says_what_its_xml_says() {
    let folder = folder();
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("SKIPPED: there are no e-invoices in {}; name a folder with SLIPSTREAM_TEST_DATA", folder.display());
        return;
    };
    let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "pdf"));
    let server = Setup::default().start();
    let (mut wrong, mut stated) = (Vec::new(), 0);
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let answer = server.send(upload("application/pdf", bytes.clone())).await;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if answer.status != 200 {
            wrong.push((name, vec![answer.problem()]));
            continue;
        }
        let embedded = Document::open(bytes, &Limits::default()).unwrap().invoice();
        let Some(invoice) = embedded.and_then(|embedded| embedded.invoice.ok()) else { continue };
        stated += 1;
        let differences = differences(&invoice, &answer.json()["document"]);
        if !differences.is_empty() {
            wrong.push((name, differences.into_iter().map(str::to_owned).collect()));
        }
    }
    println!("{stated} files with an e-invoice");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
