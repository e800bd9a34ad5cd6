//! `slipstream eval fields` with the models of the repository: rendered receipts in, scores out.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use slipstream_training_data::manifest::write_line;
use slipstream_training_data::samples;

/// Writes two rendered receipts and a page of lines with their manifest; gives the number of rows of their lists.
fn write_set(folder: &Path) -> usize {
    let mut manifest = Vec::new();
    let mut rows = 0;
    for (i, rendered) in samples().into_iter().enumerate().take(3) {
        let mut truth = rendered.truth;
        let name = format!("{}.png", truth.id);
        rendered.image.save(folder.join(&name)).unwrap();
        truth.image = Some(name);
        if i == 2 {
            truth.kind = Some(slipstream_training_data::truth::Kind::Lines);
        } else {
            rows += truth.items.len();
        }
        write_line(&mut manifest, &truth).unwrap();
    }
    std::fs::write(folder.join("manifest.jsonl"), manifest).unwrap();
    rows
}

#[test]
fn rendered_receipts_are_scored_into_a_table_a_json_and_a_page() {
    let dir = tempfile::tempdir().unwrap();
    let rows = write_set(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_slipstream"))
        .args(["eval", "fields", "--format", "manifest", "--split", "all", "--preset", "tiny", "--threads", "1"])
        .args([
            "--data",
            &path(""),
            "--json",
            &path("scores.json"),
            "--html",
            &path("page.html"),
            "--html-failures",
            "5",
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("2 receipts") && table.contains("pages without fields: 1"), "{table}");

    let scores: Value = serde_json::from_slice(&std::fs::read(path("scores.json")).unwrap()).unwrap();
    assert_eq!((&scores["n"], &scores["line_items"]["rows_expected"]), (&2.into(), &rows.into()));
    assert_eq!(scores["by_language"].as_object().unwrap().len(), 2);
    // Flat prints without a fault: what is wrong here is wrong with the measurement.
    let f1 = |scores: &Value| scores["f1"].as_f64().unwrap();
    assert_eq!((f1(&scores["fields"]["total"]), f1(&scores["fields"]["date"])), (1.0, 1.0), "{scores:#}");
    assert!(f1(&scores["micro"]) > 0.8 && f1(&scores["line_items"]) > 0.8, "{scores:#}");
    let ceiling = scores["ceiling_f1"].as_f64().unwrap();
    assert!(ceiling >= scores["micro"]["recall"].as_f64().unwrap(), "{scores:#}");

    let page = std::fs::read_to_string(path("page.html")).unwrap();
    assert!(page.contains("data:image/jpeg;base64,") || page.contains(" 0 of 0 "), "failures come with pixels");
}
