//! The layout of WildReceipt (Sun et al., arXiv 2103.14470): `labels.jsonl` and `class_list.txt`.
//!
//! Its texts have no blanks, so they are compared without. One field can have
//! several boxes: words of one value, or the value printed more than once. Of
//! purchases it says which values there are, but not which of them are a row.

use std::path::Path;

use serde::Deserialize;

use slipstream_models::{Point, Quad};

use super::lines::{LinePage, TrueLine};
use super::score::Compare;
use super::truth::{About, Bag, BagName, Expected, FieldName, Sample};
use super::{EvalError, read_text};

/// Field, the class of its values, and whether its boxes are words of one value
/// rather than repetitions of it.
const FIELDS: [(FieldName, &str, Compare, bool); 9] = [
    (FieldName::Company, "Store_name_value", Compare::TextWithoutSpaces, true),
    (FieldName::Address, "Store_addr_value", Compare::TextWithoutSpaces, true),
    (FieldName::Phone, "Tel_value", Compare::TextWithoutSpaces, false),
    (FieldName::Date, "Date_value", Compare::TextWithoutSpaces, false),
    (FieldName::Time, "Time_value", Compare::TextWithoutSpaces, false),
    (FieldName::Subtotal, "Subtotal_value", Compare::Amount, false),
    (FieldName::Tax, "Tax_value", Compare::Amount, false),
    (FieldName::Tip, "Tips_value", Compare::Amount, false),
    (FieldName::Total, "Total_value", Compare::Amount, false),
];

/// Values of purchases, and the class of their boxes.
const BAGS: [(BagName, &str, Compare); 3] = [
    (BagName::Description, "Prod_item_value", Compare::TextWithoutSpaces),
    (BagName::Quantity, "Prod_quantity_value", Compare::Amount),
    (BagName::Amount, "Prod_price_value", Compare::Amount),
];

#[derive(Deserialize)]
struct Record {
    file_name: String,
    annotations: Vec<Annotation>,
}

#[derive(Deserialize)]
struct Annotation {
    /// x and y of the corners: bottom left, bottom right, top right, top left.
    #[serde(rename = "box", default)]
    corners: [f32; 8],
    text: String,
    label: usize,
}

impl Annotation {
    /// Its corners, from the top left.
    fn quad(&self) -> Quad {
        let [x0, y0, x1, y1, x2, y2, x3, y3] = self.corners;
        Quad([Point::new(x3, y3), Point::new(x2, y2), Point::new(x1, y1), Point::new(x0, y0)])
    }
}

/// All labelled receipts under `data`; none of them is used for training.
///
/// # Errors
/// When a file cannot be read or is not in this format.
pub fn load(data: &Path) -> Result<Vec<Sample>, EvalError> {
    let classes = read_text(&data.join("class_list.txt"))?;
    let classes: Vec<&str> = classes.lines().map(class_name).collect();
    let mut samples = Vec::new();
    for record in records(data)? {
        let of = |class: &str| {
            let here = |a: &&Annotation| classes.get(a.label).is_some_and(|name| *name == class);
            record.annotations.iter().filter(here).collect::<Vec<_>>()
        };
        let truth = FIELDS.map(|(field, class, compare, words)| {
            let boxes = of(class);
            let places = boxes.iter().map(|a| a.quad()).collect();
            Expected { field, values: values(boxes.iter().map(|a| a.text.as_str()).collect(), words), compare, places }
        });
        let bags = BAGS.map(|(name, class, compare)| {
            let values = of(class).into_iter().map(|a| (a.text.clone(), Some(a.quad())));
            Bag { name, values: values.collect(), compare }
        });
        let image = data.join(&record.file_name);
        // Most are American, but the labels do not say which.
        let about = About::default();
        let (truth, bags) = (truth.into(), bags.into());
        samples.push(Sample { id: record.file_name, image, about, truth, tables: None, bags });
    }
    Ok(samples)
}

/// The lines of all labelled receipts under `data`, whatever their class.
///
/// # Errors
/// When a file cannot be read or is not in this format.
pub fn load_lines(data: &Path) -> Result<Vec<LinePage>, EvalError> {
    let page = |record: Record| {
        let lines = record.annotations.into_iter().filter(|a| !a.text.trim().is_empty());
        let lines = lines.map(|a| TrueLine { quad: a.quad(), text: a.text });
        let (id, image) = (record.file_name.clone(), data.join(&record.file_name));
        LinePage { id, image, language: "en".to_owned(), lines: lines.collect() }
    };
    Ok(records(data)?.into_iter().map(page).collect())
}

fn records(data: &Path) -> Result<Vec<Record>, EvalError> {
    let path = data.join("labels.jsonl");
    let rows = read_text(&path)?;
    let rows = rows.lines().filter(|line| !line.trim().is_empty());
    rows.map(|line| serde_json::from_str(line).map_err(|error| EvalError::format(&path, error))).collect()
}

/// Lines are `NAME` or `INDEX NAME`.
fn class_name(line: &str) -> &str {
    line.split_whitespace().last().unwrap_or_default()
}

/// The values that are right: all boxes joined, and each alone unless they are words.
fn values(boxes: Vec<&str>, words: bool) -> Vec<String> {
    let mut values = vec![boxes.concat()];
    if !words && boxes.len() > 1 {
        values.extend(boxes.into_iter().map(str::to_owned));
    }
    values
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn boxes_of_a_class_become_the_values_of_its_field() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("class_list.txt"), "Ignore\nStore_name_value\nTotal_value\nProd_item_value\n")
            .unwrap();
        let record = r#"{"file_name": "img/a.jpeg", "annotations": [
            {"box": [1, 9, 30, 9, 30, 2, 1, 2], "text": "Café", "label": 1}, {"text": "Aurora", "label": 1}, {"text": "x", "label": 0},
            {"text": "9.00", "label": 2}, {"text": "$9", "label": 2},
            {"text": "Tea", "label": 3}, {"text": "Tea", "label": 3}]}"#;
        fs::write(dir.path().join("labels.jsonl"), record.replace('\n', "")).unwrap();
        let samples = load(dir.path()).unwrap();
        assert_eq!(samples[0].image, dir.path().join("img/a.jpeg"));
        let of = |field| &samples[0].truth.iter().find(|e| e.field == field).unwrap().values;
        assert_eq!(of(FieldName::Company), &["CaféAurora"]);
        assert!(of(FieldName::Total).contains(&"$9".to_owned()));
        assert_eq!(of(FieldName::Phone), &[""]);
        let teas = &samples[0].bags.iter().find(|bag| bag.name == BagName::Description).unwrap().values;
        assert_eq!(teas.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), ["Tea", "Tea"]);
        let lines = &load_lines(dir.path()).unwrap()[0].lines;
        assert_eq!((lines.len(), lines[0].text.as_str(), lines[0].quad.bounds()), (7, "Café", (1.0, 2.0, 30.0, 9.0)));
        assert_eq!(lines[0].quad.0[0], Point::new(1.0, 2.0), "the top left comes first");
    }
}
