//! Which models read receipts: loading, naming, handing out.
//!
//! A request takes the current [`Serving`] once, at admission, and keeps it
//! until its answer, so it sees one set of models whatever is loaded meanwhile.

mod describe;
pub mod load;
pub mod locate;
pub mod model;
pub mod preset;
pub mod serving;

use std::sync::Arc;

use slipstream_api::{ModelInfo, ModelSetInfo, ModelsResponse};
use tokio::sync::watch;

use crate::telemetry::metrics;
pub use load::LoadError;
pub use model::{DetectModel, ExtractModel, ForgeryModel, ModelFailure, RecogniseModel};
pub use preset::{Networks, Preset};
pub use serving::{QueueSettings, Serving};

/// Models that belong together.
#[derive(Clone)]
pub struct ModelSet {
    /// The set's name, in every answer that it gave.
    pub id: String,
    /// What `GET /v1/models` says about its models, in the order of the stages.
    pub models: Vec<ModelInfo>,
    /// Finds lines of text.
    pub detect: Arc<dyn DetectModel>,
    /// Reads lines of text.
    pub recognise: Arc<dyn RecogniseModel>,
    /// Reads lines again that the first reader doubts; none in sets of one reader.
    pub reread: Option<SecondReader>,
    /// Finds fields among lines.
    pub extract: Arc<dyn ExtractModel>,
    /// Finds edited pixels; none in sets that do not look for them.
    pub forgery: Option<Arc<dyn ForgeryModel>>,
}

/// A slower and more accurate reader for the lines that need it.
#[derive(Clone)]
pub struct SecondReader {
    /// Reads them.
    pub model: Arc<dyn RecogniseModel>,
    /// Lines are read again whose least sure character is less sure than this, 0 to 1.
    pub below: f32,
}

/// Hands out the current set of models; empty until the first is loaded.
#[derive(Clone)]
pub struct Registry {
    current: Arc<watch::Sender<Option<Arc<Serving>>>>,
}

impl Default for Registry {
    fn default() -> Self {
        Self { current: Arc::new(watch::Sender::new(None)) }
    }
}

impl Registry {
    /// The set that reads new receipts.
    pub fn current(&self) -> Option<Arc<Serving>> {
        self.current.borrow().clone()
    }

    /// Makes `serving` the set that reads new receipts. Receipts that are being
    /// read stay with the set they began with.
    pub fn publish(&self, serving: Arc<Serving>) {
        let id = serving.id().to_owned();
        let before = self.current.send_replace(Some(serving));
        // A set that is loaded again under its own name is still the one that serves.
        let before = before.as_ref().map(|serving| serving.id()).filter(|before| *before != id);
        metrics::serving(before, &id);
        metrics::ready(true);
    }

    /// What is loaded.
    pub fn list(&self) -> ModelsResponse {
        let current = self.current();
        let serving = current.as_ref().map(|s| s.id().to_owned()).unwrap_or_default();
        let sets = current.iter().map(|s| ModelSetInfo { name: s.id().to_owned(), models: s.models().to_vec() });
        ModelsResponse { serving, sets: sets.collect() }
    }
}
