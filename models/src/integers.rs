//! `int8.safetensors`: how the inputs of a network's convolutions are rounded to
//! integers. The file is optional; without it, or on a processor without
//! AVX512_VNNI, the network multiplies floats.
//!
//! Two f32 tensors a filter: `NAME.steps` (`[input channels]`) and `NAME.zero` (`[1]`).

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use slipstream_kernels::Quantisation;

use crate::weights::{ModelError, Weights};

/// The file's name in a network's folder.
pub const FILE: &str = "int8.safetensors";

/// Reads the file of `folder`; empty when there is none.
///
/// # Errors
/// [`ModelError`] when it cannot be read or is damaged.
pub(crate) fn load(folder: &Path) -> Result<HashMap<String, Quantisation>, ModelError> {
    let path = folder.join(FILE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(source) => return Err(ModelError::Read { path, source }),
    };
    let tensors = Weights::from_bytes(&bytes)?;
    let mut roundings = HashMap::new();
    for (name, steps) in tensors.iter() {
        let Some(name) = name.strip_suffix(".steps") else { continue };
        let zero = match tensors.get(&format!("{name}.zero"))?.1 {
            [zero] if (0.0..=255.0).contains(zero) && zero.fract() == 0.0 => *zero as u8,
            _ => {
                let reason = format!("{name}.zero is not one whole number from 0 to 255");
                return Err(ModelError::Invalid { path, reason });
            }
        };
        roundings.insert(name.to_owned(), Quantisation { steps: steps.to_vec(), zero });
    }
    Ok(roundings)
}

/// Writes the file of `folder`, in place of one that is there.
///
/// # Errors
/// When it cannot be written.
pub fn save(folder: &Path, roundings: &BTreeMap<String, Quantisation>) -> io::Result<()> {
    let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let mut tensors = Vec::new();
    for (name, rounding) in roundings {
        tensors.push((format!("{name}.steps"), rounding.steps.len(), bytes(&rounding.steps)));
        tensors.push((format!("{name}.zero"), 1, bytes(&[f32::from(rounding.zero)])));
    }
    let views = tensors
        .iter()
        .map(|(name, length, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, vec![*length], bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
    let file = views.and_then(|views| safetensors::serialize(views, None)).map_err(io::Error::other)?;
    std::fs::write(folder.join(FILE), file)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_damage_is_named() {
        let dir = tempfile::tempdir().unwrap();
        assert!(load(dir.path()).unwrap().is_empty(), "a network need not be calibrated");
        let rounding = Quantisation { steps: vec![0.5, 0.25], zero: 17 };
        save(dir.path(), &BTreeMap::from([("head".to_owned(), rounding.clone())])).unwrap();
        assert_eq!(load(dir.path()).unwrap(), HashMap::from([("head".to_owned(), rounding)]));
        std::fs::write(dir.path().join(FILE), b"no tensors").unwrap();
        assert!(load(dir.path()).is_err());
    }
}
