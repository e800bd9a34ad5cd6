//! Loads a set of models from a folder and puts it behind the pipeline's traits.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use slipstream_api::ModelInfo;
use slipstream_models::crop::LineCrop;
use slipstream_models::detect::{Detector, TextRegions};
use slipstream_models::extract::{ExtractError, Extractor};
use slipstream_models::forgery::{ForgeryClassifier, ForgeryVerdict};
use slipstream_models::recognise::Recogniser;
use slipstream_models::recognise::language::LanguageModel;
use slipstream_models::{Accelerator, Entities, ModelError, Raster, TextLine, TextLines};

use super::describe::describe;
use super::preset::Networks;
use super::{DetectModel, ExtractModel, ForgeryModel, ModelFailure, ModelSet, RecogniseModel, SecondReader};
use crate::hash::fnv1a;

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
    /// The classifier of edited pixels is not there; folders from before it existed have none.
    #[error("{0}; put the classifier there, or do without it: --forgery off")]
    Forgery(#[source] Box<LoadError>),
    /// The language model is not there; folders from before it existed have none.
    #[error("{0}; put the language model there, or do without it: --language-model off")]
    Language(#[source] Box<LoadError>),
    /// A network that reads does not fit.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The network that extracts does not fit.
    #[error(transparent)]
    Extract(#[from] ExtractError),
}

/// Loads `networks` from `dir`: `detect/NAME`, `recognise/NAME`, `extract` and, where they are part of them, `language`
/// and `forgery`;
/// detection and recognition run on `accelerator`, the others on the CPU.
/// The set's name is `label` and a fingerprint of everything that its answers
/// depend on.
///
/// # Errors
/// When files are missing or do not fit.
pub fn load(dir: &Path, label: &str, networks: &Networks, accelerator: &Accelerator) -> Result<ModelSet, LoadError> {
    let mut set = Description::default();
    let detect = set.add("detect", dir.join("detect").join(&networks.detect))?;
    let recognise = set.add("recognise", dir.join("recognise").join(&networks.recognise))?;
    let reread = match &networks.reread {
        Some(name) => Some(set.add("reread", dir.join("recognise").join(name))?),
        None => None,
    };
    let language = networks.language.then(|| set.add("language", dir.join("language"))).transpose();
    let language = language.map_err(|error| LoadError::Language(Box::new(error)))?;
    let language = language.map(|folder| LanguageModel::load(&folder)).transpose()?.map(Arc::new);
    let reader = |folder: &Path| -> Result<Arc<dyn RecogniseModel>, ModelError> {
        let reader = Recogniser::load_on(folder, accelerator)?;
        Ok(Arc::new(match &language {
            Some(language) => reader.with_language(Arc::clone(language)),
            None => reader,
        }))
    };
    let extract = set.add("extract", dir.join("extract"))?;
    let forgery = networks.forgery.then(|| set.add("forgery", dir.join("forgery"))).transpose();
    let forgery = forgery.map_err(|error| LoadError::Forgery(Box::new(error)))?;
    let classifier = |folder: PathBuf| -> Result<Arc<dyn ForgeryModel>, LoadError> {
        Ok(Arc::new(ForgeryClassifier::load(&folder)?))
    };
    let second = |folder: PathBuf| -> Result<SecondReader, LoadError> {
        Ok(SecondReader { model: reader(&folder)?, below: networks.reread_below })
    };
    if reread.is_some() {
        set.fingerprints.extend(networks.reread_below.to_le_bytes());
    }
    Ok(ModelSet {
        id: format!("{label}-{:08x}", fnv1a(set.fingerprints) as u32),
        models: set.models,
        detect: Arc::new(Detector::load_on(&detect, accelerator)?),
        recognise: reader(&recognise)?,
        reread: reread.map(second).transpose()?,
        extract: Arc::new(Extractor::load(&extract)?),
        forgery: forgery.map(classifier).transpose()?,
    })
}

/// What the files of a set say about it.
#[derive(Default)]
struct Description {
    models: Vec<ModelInfo>,
    fingerprints: Vec<u8>,
}

impl Description {
    /// Adds the model of `stage` in `folder`, and gives the folder back.
    fn add(&mut self, stage: &str, folder: PathBuf) -> Result<PathBuf, LoadError> {
        let model = describe(stage, &folder).map_err(|source| LoadError::Files { folder: folder.clone(), source })?;
        self.models.push(model.info);
        self.fingerprints.extend(model.fingerprint.to_le_bytes());
        Ok(folder)
    }
}

impl DetectModel for Detector {
    fn detect(&self, page: &Raster) -> Result<TextRegions, ModelFailure> {
        Self::detect(self, page).map_err(ModelFailure::new)
    }
}

impl RecogniseModel for Recogniser {
    fn recognise(&self, crops: &[&LineCrop]) -> Result<Vec<TextLine>, ModelFailure> {
        if self.reads_together() {
            return Self::recognise(self, crops).map_err(ModelFailure::new);
        }
        // One by one on this thread: the queue's lanes use the other threads, and
        // a batch that spread over them would wait for theirs.
        let read = |crop: &&LineCrop| Self::recognise(self, &[*crop]);
        let lines: Vec<_> = crops.iter().map(read).collect::<Result<_, _>>().map_err(ModelFailure::new)?;
        Ok(lines.into_iter().flatten().collect())
    }
}

impl ForgeryModel for ForgeryClassifier {
    fn classify(&self, page: &Raster) -> Result<ForgeryVerdict, ModelFailure> {
        Self::classify(self, page).map_err(ModelFailure::new)
    }

    fn max_pixels(&self) -> usize {
        Self::max_pixels(self)
    }
}

impl ExtractModel for Extractor {
    fn extract(&self, pages: &[&TextLines]) -> Result<Vec<Entities>, ModelFailure> {
        Self::extract(self, pages).map_err(ModelFailure::new)
    }
}
