//! `slipstream calibrate`, with real networks and rendered receipts.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use slipstream_models::Backend;
use slipstream_training_data::samples;

const WEIGHTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/weights");
const INTEGERS: &str = "int8.safetensors";

fn slipstream(arguments: &[&str], files: &[String], models: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_slipstream"));
    command.args(arguments).args(files).arg("--models").arg(models).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The networks of the smallest pair, without what they were calibrated to.
fn copy_models(to: &Path) {
    for network in ["detect/tiny", "recognise/tiny", "extract"] {
        fs::create_dir_all(to.join(network)).unwrap();
        for entry in fs::read_dir(Path::new(WEIGHTS).join(network)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_name() != INTEGERS {
                fs::copy(entry.path(), to.join(network).join(entry.file_name())).unwrap();
            }
        }
    }
}

/// Whether calibration can run here; says so where it cannot.
fn integers_can_be_measured() -> bool {
    let present = Backend::available().iter().any(|backend| backend.multiplies_integers());
    if !present {
        println!("SKIPPED: this processor has no AVX512_VNNI, which calibration measures");
    }
    present
}

#[test]
fn a_calibrated_network_reads_and_its_calibration_does_not_outlive_its_weights() {
    if !integers_can_be_measured() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let models = dir.path().join("models");
    copy_models(&models);
    let files: Vec<String> = samples()
        .into_iter()
        .take(2)
        .map(|page| {
            let path = dir.path().join(format!("{}.png", page.truth.id));
            page.image.save(&path).unwrap();
            path.display().to_string()
        })
        .collect();

    let output = slipstream(&["calibrate", "recognise/tiny", "--dry-run"], &files, &models);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!models.join("recognise/tiny").join(INTEGERS).exists(), "a dry run writes nothing");
    let output = slipstream(&["calibrate", "recognise/tiny", "--limit", "0.05"], &files, &models);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(table.contains("blocks.8.project") && table.contains("output changed by"), "{table}");

    let read = ["read", "--preset", "tiny", "--recogniser", "tiny", "--text", "--threads", "1"];
    let output = slipstream(&read, &files[..1], &models);
    assert!(
        text(&output.stderr).contains("--language-model off"),
        "without a language model: {}",
        text(&output.stderr)
    );
    let read = [&read[..], &["--language-model", "off"]].concat();
    let output = slipstream(&read, &files[..1], &models);
    assert!(text(&output.stderr).contains("--forgery off"), "a folder without a classifier: {}", text(&output.stderr));
    let read = [&read[..], &["--forgery", "off"]].concat();
    let output = slipstream(&read, &files[..1], &models);
    assert!(output.status.success() && text(&output.stdout).contains("67,06"), "{}", text(&output.stdout));

    let weights = models.join("recognise/tiny/model.safetensors");
    let mut other = fs::read(&weights).unwrap();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&weights, other).unwrap();
    let output = slipstream(&read, &files[..1], &models);
    let refusal = text(&output.stderr);
    assert!(!output.status.success() && refusal.contains("slipstream calibrate"), "{refusal}");
    let output = slipstream(&["calibrate", "recognise/tiny", "--limit", "0.05"], &files, &models);
    assert!(output.status.success(), "doing what the refusal says: {}", text(&output.stderr));
    assert!(slipstream(&read, &files[..1], &models).status.success());

    let output = slipstream(&["calibrate", "detect/tiny"], &files, &models);
    assert!(text(&output.stderr).contains("2 lines or pages were found"), "{}", text(&output.stderr));
}

#[test]
fn what_cannot_be_calibrated_is_named() {
    if !integers_can_be_measured() {
        return;
    }
    let output = slipstream(&["calibrate", "recognise/huge"], &["a.png".to_owned()], Path::new(WEIGHTS));
    assert!(!output.status.success() && text(&output.stderr).contains("recognise/huge"), "{}", text(&output.stderr));
    let output = slipstream(&["calibrate", "recognise/tiny"], &["missing.png".to_owned()], Path::new(WEIGHTS));
    assert!(!output.status.success() && text(&output.stderr).contains("missing.png"), "{}", text(&output.stderr));
}
