//! `int8.safetensors`: how the inputs of a network's convolutions are rounded to
//! integers. The file is optional; without it, or on a processor without
//! AVX512_VNNI, the network multiplies floats.
//!
//! Two f32 tensors a filter, `NAME.steps` (`[input channels]`) and `NAME.zero` (`[1]`), and mostly a third,
//! `NAME.means` (`[input channels][2]`): what each channel is on average, and what it is once rounded.
//! The metadata say which weights they were fitted to (CRC-32 of
//! `model.safetensors`): with other weights they would be wrong without a sign of it.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use slipstream_kernels::Quantisation;

use crate::weights::{ModelError, Weights};

/// The file's name in a network's folder.
pub const FILE: &str = "int8.safetensors";

/// The key of the checksum in the metadata.
const WEIGHTS: &str = "weights_crc32";

fn checksum(weights: &[u8]) -> String {
    format!("{:08x}", crc32fast::hash(weights))
}

/// Reads the file of `folder`, whose `model.safetensors` holds `weights`; empty
/// when there is none.
///
/// # Errors
/// [`ModelError`] when it cannot be read, is damaged, or was fitted to other weights.
pub(crate) fn load(folder: &Path, weights: &[u8]) -> Result<HashMap<String, Quantisation>, ModelError> {
    let path = folder.join(FILE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(source) => return Err(ModelError::Read { path, source }),
    };
    let invalid = |reason: String| ModelError::Invalid { path: path.clone(), reason };
    let tensors = Weights::from_bytes(&bytes).map_err(|error| invalid(error.to_string()))?;
    let fitted_to =
        SafeTensors::read_metadata(&bytes).ok().and_then(|(_, m)| m.metadata().as_ref()?.get(WEIGHTS).cloned());
    if fitted_to != Some(checksum(weights)) {
        return Err(invalid(
            "it was fitted to other weights; run `slipstream calibrate` again, or delete it".to_owned(),
        ));
    }
    let mut roundings = HashMap::new();
    for (name, steps) in tensors.iter() {
        let Some(name) = name.strip_suffix(".steps") else { continue };
        let zero = match tensors.get(&format!("{name}.zero")) {
            Ok((_, [zero])) if (0.0..=255.0).contains(zero) && zero.fract() == 0.0 => *zero as u8,
            _ => return Err(invalid(format!("{name}.zero is not one whole number from 0 to 255"))),
        };
        let means = tensors.get(&format!("{name}.means")).map_or(&[][..], |(_, means)| means);
        let rounding = Quantisation { steps: steps.to_vec(), zero, means: means.as_chunks().0.to_vec() };
        if !rounding.fits(steps.len()) {
            return Err(invalid(format!("{name}.steps are not all numbers above zero, with finite means")));
        }
        roundings.insert(name.to_owned(), rounding);
    }
    Ok(roundings)
}

/// Writes the file of `folder`, in place of one that is there.
///
/// # Errors
/// When it cannot be written, or the weights beside it not be read.
pub fn save(folder: &Path, roundings: &BTreeMap<String, Quantisation>) -> io::Result<()> {
    let bytes = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let mut tensors = Vec::new();
    for (name, rounding) in roundings {
        tensors.push((format!("{name}.steps"), vec![rounding.steps.len()], bytes(&rounding.steps)));
        tensors.push((format!("{name}.zero"), vec![1], bytes(&[f32::from(rounding.zero)])));
        if !rounding.means.is_empty() {
            let means = bytes(rounding.means.as_flattened());
            tensors.push((format!("{name}.means"), vec![rounding.means.len(), 2], means));
        }
    }
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>();
    let weights = std::fs::read(folder.join("model.safetensors"))?;
    let metadata = Some(HashMap::from([(WEIGHTS.to_owned(), checksum(&weights))]));
    let file = views.and_then(|views| safetensors::serialize(views, metadata)).map_err(io::Error::other)?;
    // Whoever loads the network meanwhile finds the old file or the new one, never half of it.
    let unfinished = folder.join(format!("{FILE}.new"));
    std::fs::write(&unfinished, file)?;
    std::fs::rename(unfinished, folder.join(FILE))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_loaded_and_damage_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let weights = b"weights";
        std::fs::write(dir.path().join("model.safetensors"), weights).unwrap();
        assert!(load(dir.path(), weights).unwrap().is_empty(), "a network need not be calibrated");
        let rounding = Quantisation { steps: vec![0.5, 0.25], zero: 17, means: vec![[0.1, 0.2], [-3.0, -2.5]] };
        save(dir.path(), &BTreeMap::from([("head".to_owned(), rounding.clone())])).unwrap();
        assert_eq!(load(dir.path(), weights).unwrap(), HashMap::from([("head".to_owned(), rounding)]));
        let other = load(dir.path(), b"fine-tuned").unwrap_err().to_string();
        assert!(other.contains("slipstream calibrate"), "{other}");
        save(
            dir.path(),
            &BTreeMap::from([("head".to_owned(), Quantisation { steps: vec![f32::NAN], ..Quantisation::default() })]),
        )
        .unwrap();
        let error = load(dir.path(), weights).unwrap_err().to_string();
        assert!(error.contains(FILE) && error.contains("head.steps"), "{error}");
        std::fs::write(dir.path().join(FILE), b"no tensors").unwrap();
        assert!(load(dir.path(), weights).unwrap_err().to_string().contains(FILE));
    }
}
