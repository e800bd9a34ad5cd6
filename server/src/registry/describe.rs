//! What the files of a model say about it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Deserialize;
use slipstream_api::ModelInfo;
use slipstream_models::integers;

use crate::hash::fnv1a;

/// A model's description, and a number that changes with its files.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Description {
    pub(super) info: ModelInfo,
    pub(super) fingerprint: u64,
}

/// What `config.json` may say beside the network's structure.
#[derive(Deserialize)]
struct Config {
    name: Option<String>,
    licence: Option<String>,
}

/// An entry of a safetensors header; the entry `__metadata__` has no shape.
#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    shape: Option<Vec<u64>>,
}

/// Describes the model of `stage` in `folder`.
///
/// # Errors
/// When its files cannot be read or are damaged.
pub(super) fn describe(stage: &str, folder: &Path) -> io::Result<Description> {
    let config_file = std::fs::read(folder.join("config.json"))?;
    let config: Config = serde_json::from_slice(&config_file)?;
    let weights = std::fs::read(folder.join("model.safetensors"))?;
    let parameters = parameters(&weights).ok_or(io::ErrorKind::InvalidData)?;
    let info = ModelInfo {
        stage: stage.to_owned(),
        name: config.name.unwrap_or_else(|| stage.to_owned()),
        parameters,
        licence: config.licence.unwrap_or_else(|| "see the model's CARD.md".to_owned()),
    };
    // Answers depend on how numbers are rounded, too, and on thresholds and temperatures.
    let integers = match std::fs::read(folder.join(integers::FILE)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        file => file?,
    };
    let parts = [config_file, weights, integers].map(|file| fnv1a(file).to_le_bytes());
    Ok(Description { info, fingerprint: fnv1a(parts.into_iter().flatten()) })
}

/// Numbers in a safetensors file: eight bytes with the length of a JSON header,
/// the header with the shape of each tensor, then the data.
fn parameters(file: &[u8]) -> Option<u64> {
    let (length, rest) = file.split_first_chunk()?;
    let header = rest.get(..usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let entries: BTreeMap<String, Entry> = serde_json::from_slice(header).ok()?;
    Some(entries.values().filter_map(|entry| entry.shape.as_ref()).map(|shape| shape.iter().product::<u64>()).sum())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_model_is_described_by_its_files() {
        let dir = tempfile::tempdir().unwrap();
        let header = br#"{"__metadata__": {"format": "pt"},
            "a": {"dtype": "F16", "shape": [2, 3], "data_offsets": [0, 12]},
            "b": {"dtype": "F16", "shape": [], "data_offsets": [12, 14]}}"#;
        let mut weights = (header.len() as u64).to_le_bytes().to_vec();
        weights.extend_from_slice(header);
        weights.extend_from_slice(&[0; 14]);
        fs::write(dir.path().join("model.safetensors"), &weights).unwrap();
        fs::write(dir.path().join("config.json"), r#"{"name": "reader", "licence": "Apache-2.0", "layers": 3}"#)
            .unwrap();
        let first = describe("recognise", dir.path()).unwrap();
        let expected = ("recognise", "reader", 7, "Apache-2.0");
        let ModelInfo { stage, name, parameters, licence } = &first.info;
        assert_eq!((stage.as_str(), name.as_str(), *parameters, licence.as_str()), expected);

        *weights.last_mut().unwrap() = 1;
        fs::write(dir.path().join("model.safetensors"), &weights).unwrap();
        assert_ne!(describe("recognise", dir.path()).unwrap().fingerprint, first.fingerprint);
        let changed = describe("recognise", dir.path()).unwrap().fingerprint;
        fs::write(dir.path().join(integers::FILE), b"steps").unwrap();
        assert_ne!(describe("recognise", dir.path()).unwrap().fingerprint, changed);
        let changed = describe("recognise", dir.path()).unwrap().fingerprint;
        fs::write(dir.path().join("config.json"), r#"{"name": "reader", "weight": 0.2}"#).unwrap();
        assert_ne!(describe("recognise", dir.path()).unwrap().fingerprint, changed);
        fs::write(dir.path().join("model.safetensors"), &weights[..20]).unwrap();
        assert!(describe("recognise", dir.path()).is_err());
    }
}
