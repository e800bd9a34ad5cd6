//! Scans whose file names say what is on them: `merchant_DDMMYYYY_items_cents.jpg`.
//!
//! The name says nothing of lines, rows and other fields, and the merchant is a
//! brand: it counts when its letters are in the name that was read.

use std::path::{Path, PathBuf};

use super::EvalError;
use super::score::Compare;
use super::truth::{About, Expected, FieldName, Sample};

/// Where the images are, seen from the folder.
const FOLDERS: [&str; 2] = ["scans", ""];

/// Endings of images.
const IMAGE_ENDINGS: [&str; 4] = ["jpg", "jpeg", "png", "webp"];

/// "Tanke" is any filling station, and no merchant's name.
const NO_NAMES: [&str; 1] = ["tanke"];

/// The receipts in `data`, or in `data/scans`, by name.
///
/// # Errors
/// When the folder cannot be read, or an image's name says nothing.
pub fn load(data: &Path) -> Result<Vec<Sample>, EvalError> {
    let folder = FOLDERS.map(|name| data.join(name)).into_iter().find(|path| path.is_dir());
    let folder = folder.unwrap_or_else(|| data.to_owned());
    let entries = std::fs::read_dir(&folder).map_err(EvalError::file(&folder))?;
    let mut images: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    images.retain(|path| path.extension().and_then(|e| e.to_str()).is_some_and(|e| IMAGE_ENDINGS.contains(&e)));
    images.sort();
    let sample = |image: PathBuf| {
        let id = image.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let truth = truth(&id)
            .ok_or_else(|| EvalError::format(&image, "the file's name is not merchant_DDMMYYYY_items_cents"))?;
        let german = |text: &str| Some(text.to_owned());
        let about =
            About { language: german("de"), country: german("DE"), currency: german("EUR"), ..About::default() };
        Ok(Sample { id, image, about, truth, tables: None, bags: Vec::new() })
    };
    images.into_iter().map(sample).collect()
}

/// What the name of a file says; what follows the cents distinguishes repetitions.
fn truth(name: &str) -> Option<Vec<Expected>> {
    let mut parts = name.split('_');
    let (merchant, date, _items, cents) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (day, month, year) = (date.get(..2)?, date.get(2..4)?, date.get(4..8)?);
    let cents: u64 = cents.parse().ok()?;
    let merchant = (!NO_NAMES.contains(&merchant)).then(|| merchant.to_owned());
    let fields = [
        (FieldName::Company, merchant, Compare::Contains),
        (FieldName::Date, Some(format!("{year}-{month}-{day}")), Compare::Value),
        (FieldName::Total, Some(format!("{}.{:02}", cents / 100, cents % 100)), Compare::Amount),
    ];
    let known = fields.into_iter().filter_map(|(field, value, compare)| Some((field, value?, compare)));
    let places = Vec::new;
    Some(
        known
            .map(|(field, value, compare)| Expected { field, values: vec![value], compare, places: places() })
            .collect(),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_is_its_truth() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("scans")).unwrap();
        for name in ["laden_24122020_11_00805.jpg", "tanke_01022020_01_03400_B.jpg", "laden_24122020_11_00805.json"] {
            std::fs::write(dir.path().join("scans").join(name), "").unwrap();
        }
        let samples = load(dir.path()).unwrap();
        let values = |i: usize| samples[i].truth.iter().map(|e| (e.field, e.values[0].as_str())).collect::<Vec<_>>();
        let (date, total) = ((FieldName::Date, "2020-12-24"), (FieldName::Total, "8.05"));
        assert_eq!(values(0), [(FieldName::Company, "laden"), date, total]);
        assert_eq!(values(1), [(FieldName::Date, "2020-02-01"), (FieldName::Total, "34.00")], "no name, no merchant");
        assert_eq!(load(&dir.path().join("scans")).unwrap().len(), 2, "the folder of the images will do");

        std::fs::write(dir.path().join("scans/note.jpg"), "").unwrap();
        assert!(load(dir.path()).unwrap_err().to_string().contains("merchant_DDMMYYYY"));
    }
}
