//! Loading networks from a folder of `model.safetensors` and `config.json`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;
use slipstream_kernels::{BuildError, Filter, Quantisation};

use crate::integers;

/// A network that could not be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file of the model is missing or unreadable.
    #[error("cannot read {path}: {source}; point --models at a folder with the model set")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file of the model has the wrong content.
    #[error("{path} is not a model of this version: {reason}")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The weights do not fit the structure that the configuration describes.
    #[error("the weights do not fit the network: {0}")]
    Build(#[from] BuildError),
    /// A tensor is missing or has another shape.
    #[error("tensor {name}: {reason}")]
    Tensor {
        /// The tensor.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The device cannot run the network.
    #[error(transparent)]
    Device(#[from] slipstream_kernels::DeviceError),
    /// The computation failed.
    #[error("the network could not be run: {0}")]
    Run(#[from] candle_core::Error),
}

/// Named tensors in f32, whatever precision the file has.
pub struct Weights {
    tensors: HashMap<String, (Vec<usize>, Vec<f32>)>,
    /// How inputs of filters are rounded to integers, where the network was calibrated.
    roundings: HashMap<String, Quantisation>,
}

impl Weights {
    /// Decodes the content of a safetensors file with f16 or f32 tensors.
    ///
    /// # Errors
    /// [`ModelError::Tensor`] when the file is damaged or holds another type.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let tensor_error = |name: &str, reason: String| ModelError::Tensor { name: name.into(), reason };
        let file = SafeTensors::deserialize(bytes).map_err(|e| tensor_error("(file)", e.to_string()))?;
        let mut tensors = HashMap::new();
        for (name, view) in file.iter() {
            let values = match view.dtype() {
                Dtype::F32 => {
                    view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
                }
                Dtype::F16 => view
                    .data()
                    .chunks_exact(2)
                    .map(|b| half::f16::from_bits(u16::from_le_bytes([b[0], b[1]])).to_f32())
                    .collect(),
                other => return Err(tensor_error(name, format!("type {other:?}, expected F16 or F32"))),
            };
            tensors.insert(name.to_string(), (view.shape().to_vec(), values));
        }
        Ok(Self { tensors, roundings: HashMap::new() })
    }

    /// All tensors, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[f32])> {
        self.tensors.iter().map(|(name, (_, values))| (name.as_str(), values.as_slice()))
    }

    /// The tensor `name` as shape and values.
    ///
    /// # Errors
    /// [`ModelError::Tensor`] when there is none of this name.
    pub fn get(&self, name: &str) -> Result<(&[usize], &[f32]), ModelError> {
        match self.tensors.get(name) {
            Some((shape, values)) => Ok((shape, values)),
            None => Err(ModelError::Tensor { name: name.into(), reason: "not in the file".into() }),
        }
    }

    /// `name.weight` (`[out, in, height, width]`) with `name.bias` as a filter.
    ///
    /// # Errors
    /// [`ModelError::Tensor`] when one is missing or the weight has not four dimensions.
    pub fn filter(&self, name: &str) -> Result<Filter, ModelError> {
        let weight = format!("{name}.weight");
        let (shape, weights) = self.get(&weight)?;
        let Ok(shape) = <[usize; 4]>::try_from(shape) else {
            return Err(ModelError::Tensor { name: weight, reason: format!("shape {shape:?}, expected 4 dimensions") });
        };
        let (_, bias) = self.get(&format!("{name}.bias"))?;
        let input = self.roundings.get(name).cloned();
        Ok(Filter { name: name.to_owned(), weights: weights.to_vec(), bias: bias.to_vec(), shape, input })
    }
}

/// Reads `folder`'s `model.safetensors` and `config.json`, and its roundings where it has any.
///
/// # Errors
/// [`ModelError`] when a file is missing, damaged or of another kind.
pub fn load<C: DeserializeOwned>(folder: &Path) -> Result<(Weights, C), ModelError> {
    let (mut weights, config, bytes) = read(folder)?;
    weights.roundings = integers::load(folder, &bytes)?;
    Ok((weights, config))
}

/// The same without the roundings, whatever state they are in.
///
/// # Errors
/// As [`load`].
pub fn load_uncalibrated<C: DeserializeOwned>(folder: &Path) -> Result<(Weights, C), ModelError> {
    let (weights, config, _) = read(folder)?;
    Ok((weights, config))
}

/// The weights, the configuration, and the bytes that the weights were read from.
fn read<C: DeserializeOwned>(folder: &Path) -> Result<(Weights, C, Vec<u8>), ModelError> {
    let config = read_config(folder)?;
    let (_, bytes) = read_weights(folder)?;
    Ok((Weights::from_bytes(&bytes)?, config, bytes))
}

/// What `folder`'s `config.json` says.
pub(crate) fn read_config<C: DeserializeOwned>(folder: &Path) -> Result<C, ModelError> {
    let (path, config) = read_file(folder, "config.json")?;
    serde_json::from_slice(&config).map_err(|e| ModelError::Invalid { path, reason: e.to_string() })
}

/// The path and the content of `folder`'s `model.safetensors`.
pub(crate) fn read_weights(folder: &Path) -> Result<(PathBuf, Vec<u8>), ModelError> {
    read_file(folder, "model.safetensors")
}

fn read_file(folder: &Path, name: &str) -> Result<(PathBuf, Vec<u8>), ModelError> {
    let path = folder.join(name);
    match std::fs::read(&path) {
        Ok(bytes) => Ok((path, bytes)),
        Err(source) => Err(ModelError::Read { path, source }),
    }
}
