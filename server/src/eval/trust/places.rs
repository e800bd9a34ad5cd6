//! Where people edited receipts, from a file with one JSON object a receipt and line.
//!
//! `{"receipt": NAME, "forged": true, "regions": [{"box": [left, top, right, bottom], "edit": ["CPI"]}]}`; the kinds are those
//! of the data set Find it again! (copied inside, copied from outside, cut, imitated, painted).

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use slipstream_forger::{Area, Edit};

use crate::eval::{EvalError, read_text};

#[derive(Deserialize)]
struct Record {
    receipt: String,
    regions: Vec<Region>,
}

#[derive(Deserialize)]
struct Region {
    #[serde(rename = "box")]
    bounds: [f64; 4],
    edit: Kinds,
}

/// A list, or in few places one kind alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kinds {
    One(String),
    Several(Vec<String>),
}

/// The edits of each receipt that has any, by its name.
///
/// # Errors
/// When the file cannot be read or is not in this format.
pub(super) fn load(path: &Path) -> Result<BTreeMap<String, Vec<(Edit, Area)>>, EvalError> {
    let mut all = BTreeMap::new();
    for line in read_text(path)?.lines().filter(|line| !line.trim().is_empty()) {
        let record: Record = serde_json::from_str(line).map_err(|error| EvalError::format(path, error))?;
        let edits: Vec<_> = record.regions.iter().flat_map(edits).collect();
        if !edits.is_empty() {
            all.insert(record.receipt, edits);
        }
    }
    Ok(all)
}

/// The edits of a place; places from where something was only copied have none.
fn edits(region: &Region) -> impl Iterator<Item = (Edit, Area)> + '_ {
    let [left, top, right, bottom] = region.bounds.map(|value| value.clamp(0.0, f64::from(u32::MAX)) as u32);
    let area = Area { left, top, right, bottom };
    let kinds = match &region.edit {
        Kinds::One(kind) => std::slice::from_ref(kind),
        Kinds::Several(kinds) => kinds,
    };
    kinds.iter().filter_map(move |kind| Some((edit(kind)?, area)))
}

fn edit(kind: &str) -> Option<Edit> {
    Some(match kind {
        "CPI" => Edit::CopyMove,
        "CPO" => Edit::Splice,
        "CUT" => Edit::Remove,
        "IMI" => Edit::Retype,
        "PIX" => Edit::Brush,
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_read_and_sources_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("edits.jsonl");
        let forged = r#"{"receipt": "a", "forged": true, "regions": [{"box": [1, 2, 30, 40.5], "edit": ["CPI", "CUT"]},
            {"box": [5, 5, 9, 9], "edit": ["None"]}, {"box": [5, 5, 9, 9], "edit": "PIX"}]}"#;
        let genuine = r#"{"receipt": "b", "forged": false, "regions": []}"#;
        std::fs::write(&path, format!("{}\n\n{genuine}\n", forged.replace('\n', ""))).unwrap();
        let area = Area { left: 1, top: 2, right: 30, bottom: 40 };
        let small = Area { left: 5, top: 5, right: 9, bottom: 9 };
        let expected = vec![(Edit::CopyMove, area), (Edit::Remove, area), (Edit::Brush, small)];
        assert_eq!(load(&path).unwrap().into_iter().collect::<Vec<_>>(), [("a".to_owned(), expected)]);
        std::fs::write(&path, "no JSON").unwrap();
        assert!(load(&path).unwrap_err().to_string().contains("edits.jsonl"));
    }
}
