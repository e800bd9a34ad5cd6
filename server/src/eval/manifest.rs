//! The manifests of the receipt synthesiser: one JSON object a receipt and line, canonical values.

mod labels;

use std::path::{Path, PathBuf};

use serde::Deserialize;

use slipstream_models::{Point, Quad};

use super::lines::{LinePage, TrueLine};
use super::score::Compare;
use super::truth::{About, Bag, BagName, Expected, FieldName, PageKind, Sample, Split, Tables, TrueRow};
use super::{EvalError, read_text};
use labels::{Label, Labels};

/// The manifest's name in its folder.
const MANIFEST: &str = "manifest.jsonl";

/// Where the images of a manifest are, seen from its folder.
const IMAGE_FOLDERS: [&str; 3] = ["images", "img", ""];

#[derive(Deserialize)]
struct Record {
    id: String,
    image: Option<String>,
    #[serde(default)]
    kind: PageKind,
    language: Option<String>,
    country: Option<String>,
    currency: Option<String>,
    fields: Fields,
    #[serde(default)]
    lines: Vec<Line>,
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    taxes: Vec<Tax>,
    #[serde(default)]
    payments: Vec<Payment>,
    serial_numbers: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(rename = "box", default)]
    bounds: [f32; 4],
    /// The corners where they are not those of the box.
    quad: Option<[[f32; 2]; 4]>,
    #[serde(default)]
    labels: Vec<Label>,
}

impl Line {
    fn quad(&self) -> Quad {
        let [left, top, right, bottom] = self.bounds;
        let corners = |quad: [[f32; 2]; 4]| Quad(quad.map(|[x, y]| Point::new(x, y)));
        self.quad.map_or_else(|| Quad::from_bounds(left, top, right, bottom), corners)
    }
}

/// Canonical single values; text as printed.
#[derive(Deserialize)]
struct Fields {
    merchant_name: Option<String>,
    merchant_address: Option<String>,
    merchant_phone: Option<String>,
    merchant_tax_id: Option<String>,
    date: Option<String>,
    time: Option<String>,
    receipt_number: Option<String>,
    subtotal: Option<String>,
    tax_total: Option<String>,
    total: Option<String>,
    tip: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    kind: String,
    /// The item that a reduction or a deposit belongs to.
    of: Option<usize>,
    description: Option<String>,
    quantity: Option<String>,
    unit_price: Option<String>,
    amount: Option<String>,
    code: Option<String>,
}

#[derive(Deserialize)]
struct Tax {
    rate: Option<String>,
    net: Option<String>,
    amount: Option<String>,
}

#[derive(Deserialize)]
struct Payment {
    method: Option<String>,
    amount: Option<String>,
}

/// The receipts of `split` in the manifest `data`, or in `data/manifest.jsonl`
/// when it is a folder, with images beside it or in `images/` or `img/`.
/// Receipts without an image are left out.
///
/// # Errors
/// When the manifest cannot be read or is not in this format.
pub fn load(data: &Path, split: Split) -> Result<Vec<Sample>, EvalError> {
    Ok(records(data, split)?.into_iter().map(|(record, image)| sample(record, image)).collect())
}

/// The lines of the same receipts.
///
/// # Errors
/// As [`load`].
pub fn load_lines(data: &Path, split: Split) -> Result<Vec<LinePage>, EvalError> {
    let page = |(record, image): (Record, PathBuf)| {
        let lines = record.lines.into_iter().map(|line| TrueLine { quad: line.quad(), text: line.text }).collect();
        LinePage { id: record.id, image, language: record.language.unwrap_or_default(), lines }
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

fn sample(record: Record, image: PathBuf) -> Sample {
    let labels = Labels::of(&record.lines);
    let truth = truth(&record.fields, &record.taxes, &labels);
    let row = |kind: Option<&str>, of, group, cells: Vec<(&str, &Option<String>)>| TrueRow {
        kind: kind.map(str::to_owned),
        of,
        cells: cells.into_iter().map(|(field, value)| labels.cell(value.as_deref(), field, group)).collect(),
    };
    // Labels of the words and the amount of a row are named by its kind, the others by `item`.
    let item = |(i, item): (usize, &Item)| {
        let (description, amount) = (format!("{}_description", item.kind), format!("{}_amount", item.kind));
        let cells = vec![
            (description.as_str(), &item.description),
            ("item_quantity", &item.quantity),
            ("item_unit_price", &item.unit_price),
            (amount.as_str(), &item.amount),
            ("item_code", &item.code),
        ];
        row(Some(&item.kind), item.of, i, cells)
    };
    let tax = |(i, tax): (usize, &Tax)| {
        row(None, None, i, vec![("tax_rate", &tax.rate), ("tax_net", &tax.net), ("tax_amount", &tax.amount)])
    };
    let payment = |(i, payment): (usize, &Payment)| {
        row(None, None, i, vec![("payment_method", &payment.method), ("payment_amount", &payment.amount)])
    };
    let tables = Tables {
        items: record.items.iter().enumerate().map(item).collect(),
        taxes: record.taxes.iter().enumerate().map(tax).collect(),
        payments: record.payments.iter().enumerate().map(payment).collect(),
    };
    let bag = |values: &Vec<String>| Bag {
        name: BagName::SerialNumber,
        values: values.iter().map(|value| (value.clone(), None)).collect(),
        compare: Compare::TextWithoutSpaces,
    };
    let bags = record.serial_numbers.iter().map(bag).collect();
    let Record { id, kind, language, country, currency, .. } = record;
    let about = About { kind, language: language.filter(|code| !code.is_empty()), country, currency };
    Sample { id, image, about, truth, tables: Some(tables), bags }
}

fn truth(fields: &Fields, taxes: &[Tax], labels: &Labels) -> Vec<Expected> {
    // The only tax of a receipt is its tax in total, whether or not it is printed a second time.
    let tax = match (&fields.tax_total, taxes) {
        (None, [only]) => &only.amount,
        (total, _) => total,
    };
    let list = [
        (FieldName::Company, "merchant_name", &fields.merchant_name, Compare::Text),
        (FieldName::Address, "merchant_address", &fields.merchant_address, Compare::Text),
        (FieldName::Phone, "merchant_phone", &fields.merchant_phone, Compare::Text),
        (FieldName::TaxId, "merchant_tax_id", &fields.merchant_tax_id, Compare::Text),
        (FieldName::Date, "date", &fields.date, Compare::Value),
        // A till that prints seconds is not wrong.
        (FieldName::Time, "time", &fields.time, Compare::Minute),
        (FieldName::ReceiptNumber, "receipt_number", &fields.receipt_number, Compare::Text),
        (FieldName::Subtotal, "subtotal", &fields.subtotal, Compare::Amount),
        (FieldName::Tax, "tax_total", tax, Compare::Amount),
        (FieldName::Total, "total", &fields.total, Compare::Amount),
        (FieldName::Tip, "tip", &fields.tip, Compare::Amount),
    ];
    list.into_iter()
        .map(|(field, label, value, compare)| {
            let values = value.clone().into_iter().collect();
            Expected { field, values, compare, places: labels.places(label, None) }
        })
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
        assert_eq!(samples[0].about.kind, PageKind::Receipt);
    }

    #[test]
    fn rows_know_their_values_their_places_and_whose_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let record = r#"{"id": "de-1", "image": "a.png", "kind": "invoice", "fields": {}, "serial_numbers": ["X 1"],
            "items": [{"kind": "item", "description": "Tee rot", "amount": "2.00"},
                {"kind": "discount", "of": 0, "description": "Rabatt", "amount": "-0.50"}],
            "taxes": [{"rate": "19", "net": "1.00", "amount": "0.19"}], "payments": [{"method": "Bar"}],
            "lines": [{"text": "Tee  2,00", "box": [0, 0, 90, 10], "labels": [
                    {"field": "item_description", "start": 0, "end": 3, "group": 0},
                    {"field": "item_amount", "start": 5, "end": 9, "group": 0}]},
                {"text": "rot", "box": [0, 20, 30, 30], "labels": [
                    {"field": "item_description", "start": 0, "end": 3, "group": 0}]}]}"#;
        fs::write(dir.path().join("a.png"), "").unwrap();
        fs::write(dir.path().join(MANIFEST), record.replace('\n', "")).unwrap();
        let sample = load(dir.path(), Split::All).unwrap().remove(0);
        assert_eq!((sample.about.kind, sample.bags[0].values[0].0.as_str()), (PageKind::Invoice, "X 1"));
        let tables = sample.tables.unwrap();
        let description = tables.items[0].cells[0].as_ref().unwrap();
        assert_eq!(
            (description.value.as_str(), description.pieces.as_slice()),
            ("Tee rot", &["Tee", "rot"].map(str::to_owned)[..])
        );
        let bounds: Vec<_> = description.places.iter().map(Quad::bounds).collect();
        assert_eq!(bounds, [(0.0, 0.0, 30.0, 10.0), (0.0, 20.0, 30.0, 30.0)]);
        assert_eq!((tables.items[1].of, tables.items[1].kind.as_deref()), (Some(0), Some("discount")));
        assert_eq!((tables.taxes[0].cells.len(), tables.payments[0].cells[1].as_ref()), (3, None));
    }
}
