//! The layout of SROIE (ICDAR 2019): `img/NAME.jpg` with `key/NAME.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::score::Compare;
use super::truth::{Expected, FieldName, Sample, Split};
use super::{EvalError, read_text};

/// Endings of key files: the data set's own is `.txt`, its content is JSON.
const KEY_ENDINGS: [&str; 2] = ["json", "txt"];

/// Endings of images.
const IMAGE_ENDINGS: [&str; 4] = ["jpg", "jpeg", "png", "webp"];

const FIELDS: [(FieldName, Compare); 4] = [
    (FieldName::Company, Compare::Text),
    (FieldName::Date, Compare::Text),
    (FieldName::Address, Compare::Text),
    (FieldName::Total, Compare::Amount),
];

/// The receipts of `split` under `data`, by name.
///
/// # Errors
/// When the folder or one of its keys cannot be read.
pub fn load(data: &Path, split: Split) -> Result<Vec<Sample>, EvalError> {
    let folder = data.join("key");
    let entries = std::fs::read_dir(&folder).map_err(EvalError::file(&folder))?;
    let mut keys: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    keys.retain(|path| path.extension().and_then(|e| e.to_str()).is_some_and(|e| KEY_ENDINGS.contains(&e)));
    keys.sort();
    let mut samples = Vec::new();
    for key in keys {
        let values: BTreeMap<String, String> =
            serde_json::from_str(&read_text(&key)?).map_err(|error| EvalError::format(&key, error))?;
        if split.holds(values.get("company").map_or("", String::as_str)) {
            samples.push(sample(data, &key, &values)?);
        }
    }
    Ok(samples)
}

fn sample(data: &Path, key: &Path, values: &BTreeMap<String, String>) -> Result<Sample, EvalError> {
    let id = key.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let images = IMAGE_ENDINGS.map(|ending| data.join("img").join(format!("{id}.{ending}")));
    let Some(image) = images.into_iter().find(|path| path.is_file()) else {
        return Err(EvalError::format(key, "there is no image of this name in img"));
    };
    let truth = FIELDS.map(|(field, compare)| Expected {
        field,
        values: values.get(field.name()).cloned().into_iter().collect(),
        compare,
    });
    Ok(Sample { id, image, truth: truth.into() })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn keys_are_paired_with_images_and_split_by_company() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("key")).unwrap();
        fs::create_dir(dir.path().join("img")).unwrap();
        for i in 0..20 {
            let key = format!(r#"{{"company": "Shop {i}", "date": "01/02/2020", "total": "9.00"}}"#);
            fs::write(dir.path().join(format!("key/{i:03}.json")), key).unwrap();
            fs::write(dir.path().join(format!("img/{i:03}.jpg")), "").unwrap();
        }
        let all = load(dir.path(), Split::All).unwrap();
        assert_eq!(all.len(), 20);
        assert_eq!(all[3].id, "003");
        assert_eq!(all[3].truth[0].values, ["Shop 3"]);
        assert_eq!(all[3].truth[2].values, Vec::<String>::new());
        let validation = load(dir.path(), Split::Validation).unwrap();
        assert!(!validation.is_empty() && validation.len() < 20, "{}", validation.len());

        fs::remove_file(dir.path().join("img/007.jpg")).unwrap();
        assert!(load(dir.path(), Split::All).unwrap_err().to_string().contains("007"));
    }
}
