//! The part that all commands share: compute threads, models, pipeline.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use clap::Args;
use clap::builder::RangedU64ValueParser;

use crate::compute::Compute;
use crate::pipeline::decode::DecodeLimits;
use crate::pipeline::document::DocumentSettings;
use crate::pipeline::quality::QualitySettings;
use crate::pipeline::{Pipeline, PipelineSettings, ReadError};
use crate::registry::load::load;
use crate::registry::locate::{NotFound, locate};
use crate::registry::{LoadError, Preset, QueueSettings, Registry, Serving};

/// Which models read, and on how many threads.
#[derive(Debug, Clone, Args)]
pub struct EngineArgs {
    /// Folder with the model weights [default: models/weights, looked for in the working directory and beside the program]
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_MODELS")]
    pub models: Option<PathBuf>,
    /// Which models read: the larger, the slower and the more accurate.
    #[arg(long, value_name = "PRESET", env = "SLIPSTREAM_PRESET", default_value = "balanced")]
    pub preset: Preset,
    /// Compute threads [default: one for each CPU]
    #[arg(long, value_name = "N", env = "SLIPSTREAM_THREADS", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub threads: Option<usize>,
    /// Largest image, in million pixels, counted before it is decoded.
    #[arg(long, value_name = "MEGAPIXELS", env = "SLIPSTREAM_MAX_MEGAPIXELS", default_value = "50", value_parser = RangedU64ValueParser::<u64>::new().range(1..=1000))]
    pub max_megapixels: u64,
}

/// Why reading could not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The threads could not be started.
    #[error("cannot start the compute threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// There are no weights.
    #[error(transparent)]
    NoModels(#[from] NotFound),
    /// The weights are there but unusable.
    #[error(transparent)]
    Models(#[from] LoadError),
    /// The models were loaded but do not work.
    #[error("the models do not work on this machine: {0}")]
    WarmUp(ReadError),
}

/// Compute threads and a pipeline that waits for its models.
pub struct Engine {
    /// Reads receipts.
    pub pipeline: Pipeline,
    args: EngineArgs,
    compute: Compute,
    /// Predicted work that each queue holds at most.
    max_waiting: Duration,
}

impl Engine {
    /// Starts the compute threads; the models follow with [`Engine::load`].
    ///
    /// # Errors
    /// When the threads cannot be started.
    pub fn start(args: EngineArgs, max_waiting: Duration) -> Result<Self, EngineError> {
        let threads = args.threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from));
        let compute = Compute::start(threads)?;
        let settings = PipelineSettings {
            // The upload limit belongs to whoever takes uploads.
            decode: DecodeLimits {
                max_bytes: usize::MAX,
                max_pixels: args.max_megapixels * 1_000_000,
                ..DecodeLimits::default()
            },
            quality: QualitySettings::default(),
            document: DocumentSettings::default(),
            // Enough to keep every queue filled while pages are decoded ahead.
            max_pages: 4 * threads,
        };
        let pipeline = Pipeline::new(settings, compute.clone(), Registry::default());
        Ok(Self { pipeline, args, compute, max_waiting })
    }

    /// Number of compute threads.
    pub fn threads(&self) -> usize {
        self.compute.threads()
    }

    /// Loads the models, warms them up and lets them read.
    ///
    /// # Errors
    /// When there are none, or none that work.
    pub async fn load(&self) -> Result<(), EngineError> {
        let started = Instant::now();
        let dir = locate(self.args.models.as_deref())?;
        let preset = self.args.preset;
        let set = {
            let dir = dir.clone();
            self.compute.run(move || load(&dir, preset)).await?
        };
        let serving =
            Arc::new(Serving::start(set, &self.compute, QueueSettings::for_cpu(self.threads(), self.max_waiting)));
        self.pipeline.warm(&serving).await.map_err(EngineError::WarmUp)?;
        let took_ms = started.elapsed().as_millis() as u64;
        tracing::info!(model_set = serving.id(), dir = %dir.display(), threads = self.threads(), took_ms, "models are ready");
        self.pipeline.registry().publish(serving);
        Ok(())
    }
}
