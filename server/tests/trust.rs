//! `slipstream eval trust` with the models of the repository: rendered receipts in, one report on quality, forgery and duplicates out.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use slipstream_training_data::samples;

/// Writes two rendered receipts in the layout of SROIE.
fn write_set(folder: &Path) {
    for part in ["img", "key", "box"] {
        fs::create_dir(folder.join(part)).unwrap();
    }
    for (i, rendered) in samples().into_iter().enumerate().take(2) {
        rendered.image.save(folder.join(format!("img/{i}.png"))).unwrap();
        let key = json!({"company": format!("<Shop> {i}"), "date": "", "address": "", "total": "1.00"});
        fs::write(folder.join(format!("key/{i}.json")), key.to_string()).unwrap();
        let row = |line: &slipstream_training_data::truth::Line| {
            let [left, top, right, bottom] = line.bounds;
            format!("{left},{top},{right},{top},{right},{bottom},{left},{bottom},{}\n", line.text)
        };
        fs::write(folder.join(format!("box/{i}.csv")), rendered.truth.lines.iter().map(row).collect::<String>())
            .unwrap();
    }
}

#[test]
fn everything_about_trust_is_in_one_report() {
    let dir = tempfile::tempdir().unwrap();
    write_set(dir.path());
    let path = |name: &str| dir.path().join(name).display().to_string();
    let edits = r#"{"receipt": "0", "forged": true, "regions": [{"box": [60, 60, 120, 90], "edit": ["PIX"]}]}"#;
    fs::write(path("edits.jsonl"), edits).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_slipstream"))
        .args([
            "eval",
            "trust",
            "--split",
            "all",
            "--preset",
            "tiny",
            "--threads",
            "1",
            "--altered",
            "1",
            "--forged",
            "1",
        ])
        .args(["--data", &path(""), "--edits", &path("edits.jsonl")])
        .args(["--json", &path("trust.json"), "--html", &path("trust.html")])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = String::from_utf8_lossy(&output.stdout);
    assert!(table.contains("copy_move/none") && table.contains("false_match_rate"), "{table}");

    let report: Value = serde_json::from_slice(&fs::read(path("trust.json")).unwrap()).unwrap();
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    assert_eq!(names(&report), set(&["quality", "forgery", "duplicates"]));
    assert_eq!(names(&report["quality"]), set(&["stopped_unreadable", "stopped_readable"]));
    let duplicates = ["recall_resubmitted", "recall_second_photo", "equal_purchase_accuracy", "false_match_rate"];
    assert_eq!(names(&report["duplicates"]), set(&duplicates));
    for edit in ["copy_move", "splice", "remove", "retype", "brush", "where_people_edited"] {
        for treatment in ["none", "jpeg95", "jpeg50", "resize075", "screenshot"] {
            let row = &report["forgery"][format!("{edit}/{treatment}")];
            assert_eq!(names(row), set(&["auc", "recall_at_2_percent", "localisation_f1"]), "{edit}/{treatment}");
        }
    }
    let page = fs::read_to_string(path("trust.html")).unwrap();
    assert!(page.contains("data:image/jpeg;base64,") && page.contains("data:image/png;base64,"));
    assert!(!page.contains("src=") && !page.contains("url("), "nothing is fetched");
}
