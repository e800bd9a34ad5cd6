//! The layout of SROIE (ICDAR 2019): `img/NAME.jpg` with `key/NAME.json`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use slipstream_models::{Point, Quad};

use super::lines::{LinePage, TrueLine};
use super::score::{Compare, alphanumeric, amount, folded};
use super::truth::{About, Expected, FieldName, Sample, Split};
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

/// The values of a key file, by the names of its fields.
type Key = BTreeMap<String, String>;

/// Fewer letters and digits than this say nothing of where a value stands.
const MIN_TELLING: usize = 4;

/// The receipts of `split` under `data`, by name.
///
/// # Errors
/// When the folder or one of its keys cannot be read.
pub fn load(data: &Path, split: Split) -> Result<Vec<Sample>, EvalError> {
    keys(data, split)?.iter().map(|(key, values)| sample(data, key, values)).collect()
}

/// The lines of the same receipts, from `box/NAME.csv`.
///
/// # Errors
/// When a file is missing or cannot be read.
pub fn load_lines(data: &Path, split: Split) -> Result<Vec<LinePage>, EvalError> {
    let page = |(key, values): &(PathBuf, Key)| {
        let Sample { id, image, .. } = sample(data, key, values)?;
        let lines = lines(&boxes(data, &id))?;
        Ok(LinePage { id, image, language: "en".to_owned(), lines })
    };
    keys(data, split)?.iter().map(page).collect()
}

/// The file with the lines of receipt `id`.
fn boxes(data: &Path, id: &str) -> PathBuf {
    data.join("box").join(format!("{id}.csv"))
}

fn lines(path: &Path) -> Result<Vec<TrueLine>, EvalError> {
    Ok(read_text(path)?.lines().filter_map(line).collect())
}

/// `x1,y1,…,x4,y4,text` clockwise from the top left; nothing for rows without text.
fn line(row: &str) -> Option<TrueLine> {
    let mut parts = row.trim_end().splitn(9, ',');
    let mut corners = [Point::new(0.0, 0.0); 4];
    for corner in &mut corners {
        *corner = Point::new(parts.next()?.trim().parse().ok()?, parts.next()?.trim().parse().ok()?);
    }
    let text = parts.next()?.trim().to_owned();
    (!text.is_empty()).then_some(TrueLine { quad: Quad(corners), text })
}

/// The key files of `split` with their values, by name.
fn keys(data: &Path, split: Split) -> Result<Vec<(PathBuf, Key)>, EvalError> {
    let folder = data.join("key");
    let entries = std::fs::read_dir(&folder).map_err(EvalError::file(&folder))?;
    let mut keys: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    keys.retain(|path| path.extension().and_then(|e| e.to_str()).is_some_and(|e| KEY_ENDINGS.contains(&e)));
    keys.sort();
    let mut chosen = Vec::new();
    for key in keys {
        let values: Key = serde_json::from_str(&read_text(&key)?).map_err(|error| EvalError::format(&key, error))?;
        if split.holds(values.get("company").map_or("", String::as_str)) {
            chosen.push((key, values));
        }
    }
    Ok(chosen)
}

fn sample(data: &Path, key: &Path, values: &Key) -> Result<Sample, EvalError> {
    let id = key.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let images = IMAGE_ENDINGS.map(|ending| data.join("img").join(format!("{id}.{ending}")));
    let Some(image) = images.into_iter().find(|path| path.is_file()) else {
        return Err(EvalError::format(key, "there is no image of this name in img"));
    };
    // The lines show where values stand, which is not needed to score them.
    let lines = lines(&boxes(data, &id)).unwrap_or_default();
    let truth = FIELDS.map(|(field, compare)| {
        let values: Vec<String> = values.get(field.name()).cloned().into_iter().collect();
        let places = values.iter().flat_map(|value| places(value, compare, &lines)).collect();
        Expected { field, values, compare, places }
    });
    let about = About { language: Some("en".to_owned()), country: None, currency: None, ..About::default() };
    Ok(Sample { id, image, about, truth: truth.into(), tables: None, bags: Vec::new() })
}

/// The lines that hold `value`, or a telling part of it. Keys do not say where
/// their values stand, so an amount may be found where it stands for something else.
fn places(value: &str, compare: Compare, lines: &[TrueLine]) -> Vec<Quad> {
    let letters = |text: &str| alphanumeric(&folded(text));
    let whole = letters(value);
    let holds = |line: &&TrueLine| {
        if compare == Compare::Amount {
            let wanted = amount(value);
            return wanted.is_some() && line.text.split_whitespace().any(|word| amount(word) == wanted);
        }
        let part = letters(&line.text);
        part.len() >= MIN_TELLING && (whole.contains(&part) || (whole.len() >= MIN_TELLING && part.contains(&whole)))
    };
    lines.iter().filter(holds).map(|line| line.quad).collect()
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

        fs::create_dir(dir.path().join("box")).unwrap();
        for i in 0..20 {
            let rows = "1,2,30,2,30,9,1,9,TOTAL, RM\n\n1,2,3\n5,5,6,5,6,6,5,6,\n";
            fs::write(dir.path().join(format!("box/{i:03}.csv")), rows).unwrap();
        }
        let pages = load_lines(dir.path(), Split::All).unwrap();
        assert_eq!((pages.len(), pages[3].lines.len(), pages[3].lines[0].text.as_str()), (20, 1, "TOTAL, RM"));
        assert_eq!(pages[3].lines[0].quad, Quad::from_bounds(1.0, 2.0, 30.0, 9.0));

        let rows = "1,2,30,2,30,9,1,9,SHOP 3\n1,12,30,12,30,19,1,19,9.00\n1,22,30,22,30,29,1,29,CASH\n";
        fs::write(dir.path().join("box/003.csv"), rows).unwrap();
        let truth = &load(dir.path(), Split::All).unwrap()[3].truth;
        assert_eq!(truth[0].places, [Quad::from_bounds(1.0, 2.0, 30.0, 9.0)]);
        assert_eq!(truth[3].places, [Quad::from_bounds(1.0, 12.0, 30.0, 19.0)]);

        fs::remove_file(dir.path().join("img/007.jpg")).unwrap();
        assert!(load(dir.path(), Split::All).unwrap_err().to_string().contains("007"));
    }
}
