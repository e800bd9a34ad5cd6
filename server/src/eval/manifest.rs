//! The manifests of the receipt synthesiser: one JSON object a receipt and line, canonical values.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use slipstream_models::{Point, Quad};

use super::lines::{LinePage, TrueLine};
use super::score::Compare;
use super::truth::{Expected, FieldName, Sample, Split};
use super::{EvalError, read_text};

/// The manifest's name in its folder.
const MANIFEST: &str = "manifest.jsonl";

/// Where the images of a manifest are, seen from its folder.
const IMAGE_FOLDERS: [&str; 3] = ["images", "img", ""];

#[derive(Deserialize)]
struct Record {
    id: String,
    image: Option<String>,
    fields: Fields,
    #[serde(default)]
    language: String,
    #[serde(default)]
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(rename = "box", default)]
    bounds: [f32; 4],
    /// The corners where they are not those of the box.
    quad: Option<[[f32; 2]; 4]>,
}

/// Canonical single values; text as printed.
#[derive(Deserialize)]
struct Fields {
    merchant_name: Option<String>,
    merchant_address: Option<String>,
    merchant_phone: Option<String>,
    date: Option<String>,
    time: Option<String>,
    receipt_number: Option<String>,
    subtotal: Option<String>,
    tax_total: Option<String>,
    total: Option<String>,
    tip: Option<String>,
}

/// The receipts of `split` in the manifest `data`, or in `data/manifest.jsonl`
/// when it is a folder, with images beside it or in `images/` or `img/`.
/// Receipts without an image are left out.
///
/// # Errors
/// When the manifest cannot be read or is not in this format.
pub fn load(data: &Path, split: Split) -> Result<Vec<Sample>, EvalError> {
    let sample = |(record, image): (Record, PathBuf)| Sample { id: record.id, image, truth: truth(record.fields) };
    Ok(records(data, split)?.into_iter().map(sample).collect())
}

/// The lines of the same receipts.
///
/// # Errors
/// As [`load`].
pub fn load_lines(data: &Path, split: Split) -> Result<Vec<LinePage>, EvalError> {
    let line = |line: Line| {
        let [left, top, right, bottom] = line.bounds;
        let corners = |quad: [[f32; 2]; 4]| Quad(quad.map(|[x, y]| Point::new(x, y)));
        let quad = line.quad.map_or_else(|| Quad::from_bounds(left, top, right, bottom), corners);
        TrueLine { quad, text: line.text }
    };
    let page = |(record, image): (Record, PathBuf)| {
        let lines = record.lines.into_iter().map(line).collect();
        LinePage { id: record.id, image, language: record.language, lines }
    };
    Ok(records(data, split)?.into_iter().map(page).collect())
}

/// The records of `split` that have an image, with its path.
fn records(data: &Path, split: Split) -> Result<Vec<(Record, PathBuf)>, EvalError> {
    let path = if data.is_dir() { data.join(MANIFEST) } else { data.to_owned() };
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut records = Vec::new();
    for line in read_text(&path)?.lines().filter(|line| !line.trim().is_empty()) {
        let record: Record = serde_json::from_str(line).map_err(|error| EvalError::format(&path, error))?;
        let Some(image) = &record.image else { continue };
        if split.holds(record.fields.merchant_name.as_deref().unwrap_or_default()) {
            let found = IMAGE_FOLDERS.map(|f| folder.join(f).join(image)).into_iter().find(|path| path.is_file());
            let image =
                found.ok_or_else(|| EvalError::format(&path, format!("there is no image {image} beside it")))?;
            records.push((record, image));
        }
    }
    Ok(records)
}

fn truth(fields: Fields) -> Vec<Expected> {
    let list = [
        (FieldName::Company, fields.merchant_name, Compare::Text),
        (FieldName::Address, fields.merchant_address, Compare::Text),
        (FieldName::Phone, fields.merchant_phone, Compare::Text),
        (FieldName::Date, fields.date, Compare::Value),
        // A till that prints seconds is not wrong.
        (FieldName::Time, fields.time, Compare::Minute),
        (FieldName::ReceiptNumber, fields.receipt_number, Compare::Text),
        (FieldName::Subtotal, fields.subtotal, Compare::Amount),
        (FieldName::Tax, fields.tax_total, Compare::Amount),
        (FieldName::Total, fields.total, Compare::Amount),
        (FieldName::Tip, fields.tip, Compare::Amount),
    ];
    list.into_iter()
        .map(|(field, value, compare)| Expected { field, values: value.into_iter().collect(), compare })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn rendered_receipts_are_loaded_with_canonical_values() {
        let dir = tempfile::tempdir().unwrap();
        let with_image = r#"{"id": "de-1", "image": "de-1.png", "fields": {"merchant_name": "Hofladen Sonnig",
            "date": "2024-02-28", "total": "9.00", "currency": "EUR"}, "language": "de",
            "lines": [{"text": "Summe", "box": [1, 2, 30, 9], "labels": []},
                {"text": "9,00", "box": [40, 2, 60, 9], "quad": [[40, 3], [60, 2], [60, 8], [40, 9]], "labels": []}]}"#;
        let without = r#"{"id": "de-2", "fields": {"currency": "EUR"}}"#;
        let manifest = format!("{}\n{without}\n", with_image.replace('\n', ""));
        fs::write(dir.path().join(MANIFEST), manifest).unwrap();
        assert!(load(dir.path(), Split::All).unwrap_err().to_string().contains("de-1.png"));
        fs::create_dir(dir.path().join("images")).unwrap();
        fs::write(dir.path().join("images/de-1.png"), "").unwrap();
        let samples = load(dir.path(), Split::All).unwrap();
        assert_eq!(samples.len(), 1);
        assert_eq!(samples[0].image, dir.path().join("images/de-1.png"));
        let date = samples[0].truth.iter().find(|e| e.field == FieldName::Date).unwrap();
        let page = &load_lines(dir.path(), Split::All).unwrap()[0];
        assert_eq!((page.language.as_str(), page.lines[0].quad), ("de", Quad::from_bounds(1.0, 2.0, 30.0, 9.0)));
        assert_eq!(page.lines[1].quad.0[0], Point::new(40.0, 3.0));
        assert_eq!((date.values.as_slice(), date.compare), (&["2024-02-28".to_owned()][..], Compare::Value));
    }
}
