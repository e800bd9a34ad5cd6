//! SROIE (ICDAR 2019): lines with boxes, and four values a receipt.

use std::collections::BTreeMap;
use std::path::Path;

use super::values::{DateOrder, amount, date};
use super::{Found, IMAGES, ImportError, blank, files, line, locate, read_json, read_text, split, stem};
use crate::truth::{Field, Fields, Line, Purpose, Source};

/// Endings of key files: the data set's own is `.txt`, its content is JSON.
const KEYS: [&str; 2] = ["json", "txt"];

fn source() -> Source {
    Source {
        name: "SROIE (ICDAR 2019)".to_string(),
        licence: "CC BY 4.0".to_string(),
        purpose: Purpose::Training,
        note: "lines and four values are the data set's; labels were found by comparing texts, rows are not known"
            .to_string(),
    }
}

/// All receipts below `data` that have a key.
pub(super) fn read(data: &Path) -> Result<Vec<Found>, ImportError> {
    let images = files(&data.join("img"), &IMAGES)?;
    let mut all = Vec::new();
    for path in files(&data.join("key"), &KEYS)? {
        let name = stem(&path);
        let Some(image) = images.iter().find(|i| stem(i) == name).cloned() else {
            let reason = format!("there is no image {name} in img; add it, or remove the key");
            return Err(ImportError::Malformed { path, line: 1, reason });
        };
        let key: BTreeMap<String, String> = read_json(&read_text(&path)?, &path, 1)?;
        let value = |name: &str| key.get(name).map(|v| v.trim()).filter(|v| !v.is_empty());
        let mut lines = lines(&data.join("box").join(format!("{name}.csv")))?;
        let total = value("total").and_then(amount);
        for (field, name) in [(Field::MerchantName, "company"), (Field::MerchantAddress, "address")] {
            locate::words(&mut lines, field, value(name).unwrap_or_default());
        }
        locate::characters(&mut lines, Field::Date, value("date").unwrap_or_default());
        locate::total(&mut lines, total.as_deref().unwrap_or_default());
        let mut truth = blank(&image, lines, source(), Some(split::of(value("company").unwrap_or_default())))?;
        (truth.language, truth.country, truth.currency) =
            ("en".to_string(), Some("MY".to_string()), Some("MYR".to_string()));
        truth.fields = Fields {
            merchant_name: value("company").map(str::to_string),
            merchant_address: value("address").map(str::to_string),
            date: value("date").and_then(|v| date(v, DateOrder::DayFirst)),
            total,
            currency: truth.currency.clone(),
            ..Fields::default()
        };
        all.push(Found { image, truth });
    }
    Ok(all)
}

/// Rows of `x1,y1,…,x4,y4,text`, clockwise from the top left.
fn lines(path: &Path) -> Result<Vec<Line>, ImportError> {
    let text = read_text(path)?;
    let rows = text.lines().enumerate().filter(|(_, row)| !row.trim().is_empty());
    let mut all = Vec::new();
    for (i, row) in rows {
        let wrong = || ImportError::Malformed {
            path: path.to_path_buf(),
            line: i + 1,
            reason: "expected eight numbers and a text between commas".to_string(),
        };
        let mut parts = row.trim_end().splitn(9, ',');
        let mut quad = [[0.0_f32; 2]; 4];
        for corner in quad.iter_mut().flatten() {
            let number = parts.next().and_then(|p| p.trim().parse().ok());
            *corner = number.filter(|n: &f32| n.is_finite()).ok_or_else(wrong)?;
        }
        let text = parts.next().ok_or_else(wrong)?.trim().to_string();
        if !text.is_empty() {
            all.push(line(text, quad));
        }
    }
    Ok(all)
}
