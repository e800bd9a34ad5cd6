//! German scans whose names say what is on them, with the lines and words that Textract read.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;

use super::{Found, IMAGES, ImportError, blank, files, line, locate, read_json, read_text, stem};
use crate::format::plain;
use crate::truth::{Field, Fields, Line, PageSize, Purpose, Source, Word};

/// "Tanke" is any filling station, and no merchant's name.
const NO_NAMES: [&str; 1] = ["tanke"];

fn source() -> Source {
    Source {
        name: "softmatic/vision-data".to_string(),
        licence: "CC BY 4.0".to_string(),
        purpose: Purpose::Training,
        note: "merchant (a brand), date and total are from the file's name; lines and words were read by a machine and hold errors"
            .to_string(),
    }
}

/// A line or word of Textract; lengths relative to the page's.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Block {
    block_type: String,
    id: String,
    text: Option<String>,
    geometry: Geometry,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Geometry {
    polygon: [Corner; 4],
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "PascalCase")]
struct Corner {
    x: f32,
    y: f32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Relationship {
    ids: Vec<String>,
}

/// The scans in `data/scans`, or in `data`. Photographs beside them say nothing and are left out.
pub(super) fn read(data: &Path) -> Result<Vec<Found>, ImportError> {
    let folder = Some(data.join("scans")).filter(|f| f.is_dir()).unwrap_or_else(|| data.to_path_buf());
    let mut all = Vec::new();
    for image in files(&folder, &IMAGES)? {
        let name = stem(&image);
        let fields = fields(&name)
            .ok_or_else(|| ImportError::Misnamed { path: image.clone(), expected: "merchant_DDMMYYYY_items_cents" })?;
        let mut truth = blank(&image, Vec::new(), source(), None)?;
        let blocks = folder.join(format!("{name}_blocks.json"));
        if blocks.is_file() {
            truth.lines = lines(&read_json::<Vec<Block>>(&read_text(&blocks)?, &blocks, 1)?, truth.page);
        }
        let iso = fields.date.as_deref().unwrap_or_default();
        if let (Some(y), Some(m), Some(d)) = (iso.get(..4), iso.get(5..7), iso.get(8..)) {
            let short = y.get(2..).unwrap_or_default();
            for printed in [format!("{d}.{m}.{y}"), format!("{d}.{m}.{short}"), iso.to_string()] {
                locate::characters(&mut truth.lines, Field::Date, &printed);
            }
        }
        locate::total(&mut truth.lines, fields.total.as_deref().unwrap_or_default());
        truth.language = "de".to_string();
        (truth.country, truth.currency) = (Some("DE".to_string()), Some("EUR".to_string()));
        truth.fields = Fields { currency: truth.currency.clone(), ..fields };
        all.push(Found { image, truth });
    }
    Ok(all)
}

/// What follows the cents distinguishes repetitions.
fn fields(name: &str) -> Option<Fields> {
    let mut parts = name.split('_');
    let (merchant, date, _items, cents) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let digits = date.len() == 8 && date.chars().all(|c| c.is_ascii_digit());
    let (day, month, year) = (date.get(..2)?, date.get(2..4)?, date.get(4..).filter(|_| digits)?);
    Some(Fields {
        merchant_name: (!NO_NAMES.contains(&merchant)).then(|| merchant.to_string()),
        date: Some(format!("{year}-{month}-{day}")),
        total: Some(plain(cents.parse().ok().filter(|c: &i64| *c >= 0)?, 2)),
        ..Fields::default()
    })
}

fn lines(blocks: &[Block], page: PageSize) -> Vec<Line> {
    let by_id: HashMap<&str, &Block> = blocks.iter().map(|b| (b.id.as_str(), b)).collect();
    let quad = |b: &Block| b.geometry.polygon.map(|c| [c.x * page.width as f32, c.y * page.height as f32]);
    let read = |b: &Block| Some(line(b.text.clone().filter(|t| !t.trim().is_empty())?, quad(b)));
    let whole = |b: &&Block| b.block_type == "LINE";
    blocks
        .iter()
        .filter(whole)
        .filter_map(|b| {
            let words = b.relationships.iter().flat_map(|r| &r.ids).filter_map(|id| by_id.get(id.as_str()));
            let words = words.filter(|w| w.block_type == "WORD").filter_map(|w| read(w));
            let words = words.map(|w| Word { text: w.text, bounds: w.bounds }).collect();
            Some(Line { words, ..read(b)? })
        })
        .collect()
}
