//! Loads a set of models from a folder and puts it behind the pipeline's traits.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use slipstream_models::crop::LineCrop;
use slipstream_models::detect::{Detector, TextRegions};
use slipstream_models::extract::{ExtractError, Extractor};
use slipstream_models::recognise::Recogniser;
use slipstream_models::{Entities, ModelError, Raster, TextLine, TextLines};

use super::describe::describe;
use super::{DetectModel, ExtractModel, ModelFailure, ModelSet, RecogniseModel};
use crate::hash::fnv1a;

/// Which detector and recogniser read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Preset {
    /// Tiny detection and recognition: the fastest.
    Tiny,
    /// Tiny detection, small recognition: nearly as accurate as the next, and faster.
    #[default]
    Balanced,
    /// Small detection and recognition.
    Accurate,
}

impl Preset {
    /// Sizes of the detector and of the recogniser: the names of their folders.
    fn sizes(self) -> (&'static str, &'static str) {
        match self {
            Self::Tiny => ("tiny", "tiny"),
            Self::Balanced => ("tiny", "small"),
            Self::Accurate => ("small", "small"),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tiny => "tiny",
            Self::Balanced => "balanced",
            Self::Accurate => "accurate",
        })
    }
}

/// Why a set could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A model's files are missing or damaged.
    #[error("cannot load the model in {folder}: {source}")]
    Files {
        /// The model's folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A network that reads does not fit.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The network that extracts does not fit.
    #[error(transparent)]
    Extract(#[from] ExtractError),
}

/// Loads the models of `preset` from `dir`: `detect/SIZE`, `recognise/SIZE` and
/// `extract`. The set's name holds the preset and a fingerprint of all weights.
///
/// # Errors
/// When files are missing or do not fit.
pub fn load(dir: &Path, preset: Preset) -> Result<ModelSet, LoadError> {
    let (detect_size, recognise_size) = preset.sizes();
    let folders = [
        ("detect", dir.join("detect").join(detect_size)),
        ("recognise", dir.join("recognise").join(recognise_size)),
        ("extract", dir.join("extract")),
    ];
    let mut models = Vec::new();
    let mut fingerprints = Vec::new();
    for (stage, folder) in &folders {
        let failed = |source| LoadError::Files { folder: folder.clone(), source };
        let description = describe(stage, folder).map_err(failed)?;
        models.push(description.info);
        fingerprints.extend(description.fingerprint.to_le_bytes());
    }
    let [(_, detect), (_, recognise), (_, extract)] = &folders;
    Ok(ModelSet {
        id: format!("{preset}-{:08x}", fnv1a(fingerprints) as u32),
        models,
        detect: Arc::new(Detector::load(detect)?),
        recognise: Arc::new(Recogniser::load(recognise)?),
        reread: None,
        extract: Arc::new(Extractor::load(extract)?),
    })
}

impl DetectModel for Detector {
    fn detect(&self, page: &Raster) -> Result<TextRegions, ModelFailure> {
        Self::detect(self, page).map_err(ModelFailure::new)
    }
}

impl RecogniseModel for Recogniser {
    fn recognise(&self, crops: &[&LineCrop]) -> Result<Vec<TextLine>, ModelFailure> {
        // One by one on this thread: the queue's lanes use the other threads, and
        // a batch that spread over them would wait for theirs.
        let read = |crop: &&LineCrop| Self::recognise(self, &[*crop]);
        let lines: Vec<_> = crops.iter().map(read).collect::<Result<_, _>>().map_err(ModelFailure::new)?;
        Ok(lines.into_iter().flatten().collect())
    }
}

impl ExtractModel for Extractor {
    fn extract(&self, pages: &[&TextLines]) -> Result<Vec<Entities>, ModelFailure> {
        Self::extract(self, pages).map_err(ModelFailure::new)
    }
}
