//! The part that all commands share: compute threads, models, pipeline.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Instant;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use slipstream_batcher::Priority;
use slipstream_models::{Accelerator, Backend, Device, DeviceError};
use slipstream_pdf::Limits;

use super::args::{on_or_off, share};
use crate::compute::{Compute, unhurried};
use crate::pipeline::check::merchants::{Directory, DirectoryError};
use crate::pipeline::decode::DecodeLimits;
use crate::pipeline::document::DocumentSettings;
use crate::pipeline::fraud::pixels::ForgeryMode;
use crate::pipeline::quality::QualitySettings;
use crate::pipeline::{PdfSettings, Pipeline, PipelineSettings, ReadError};
use crate::registry::load::load;
use crate::registry::locate::{NotFound, locate};
use crate::registry::{LoadError, Networks, Preset, QueueSettings, Registry, Serving};
use crate::scheduling::Scheduling;
use crate::telemetry::metrics;

/// Which models read, and on how many threads.
#[derive(Debug, Clone, Args)]
pub struct EngineArgs {
    /// Folder with the model weights [default: models/weights, looked for in the working directory and beside the program]
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_MODELS")]
    pub models: Option<PathBuf>,
    /// Which models read: the larger, the slower and the more accurate.
    #[arg(long, value_name = "PRESET", env = "SLIPSTREAM_PRESET", default_value = "balanced")]
    pub preset: Preset,
    /// Another detector than the preset's: its folder in detect/ of the model folder.
    #[arg(long, value_name = "NAME", env = "SLIPSTREAM_DETECTOR")]
    pub detector: Option<String>,
    /// Another recogniser than the preset's: its folder in recognise/ of the model folder.
    #[arg(long, value_name = "NAME", env = "SLIPSTREAM_RECOGNISER")]
    pub recogniser: Option<String>,
    /// Another second reader of doubtful lines than the preset's, or none.
    #[arg(long, value_name = "NAME", env = "SLIPSTREAM_SECOND_RECOGNISER")]
    pub second_recogniser: Option<String>,
    /// Words go to the second reader with a character less sure than this, 0 (none) to 1 [default: the preset's]
    #[arg(long, value_name = "CONFIDENCE", env = "SLIPSTREAM_REREAD_BELOW", value_parser = share)]
    pub reread_below: Option<f32>,
    /// Whether a language model helps with doubtful lines: it knows how receipts are spelt, and takes all digits for alike.
    #[arg(long, value_name = "on|off", env = "SLIPSTREAM_LANGUAGE_MODEL", default_value = "on", value_parser = on_or_off, action = clap::ArgAction::Set)]
    pub language_model: bool,
    /// Where networks find and read text: cpu, cuda, or cuda:N for the card with this number.
    #[arg(long, value_name = "DEVICE", env = "SLIPSTREAM_DEVICE", default_value_t)]
    pub device: Device,
    /// Compute threads [default: one for each CPU]
    #[arg(long, value_name = "N", env = "SLIPSTREAM_THREADS", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub threads: Option<usize>,
    /// Largest image, in million pixels, counted before it is decoded; for a PDF, all its pages together.
    #[arg(long, value_name = "MEGAPIXELS", env = "SLIPSTREAM_MAX_MEGAPIXELS", default_value = "50", value_parser = RangedU64ValueParser::<u64>::new().range(1..=1000))]
    pub max_megapixels: u64,
    /// Whether bar codes and QR codes are read.
    #[arg(long, value_name = "on|off", env = "SLIPSTREAM_BARCODES", default_value = "on", value_parser = on_or_off, action = clap::ArgAction::Set)]
    pub barcodes: bool,
    /// When pixels are looked at for edits: never, where edits leave traces (PNG, lossless WebP, JPEG of the highest quality, 3 million pixels), or always.
    #[arg(long, value_name = "WHEN", env = "SLIPSTREAM_FORGERY", default_value = "lossless")]
    pub forgery: ForgeryMode,
    /// Probability of being unreadable from which a photo is answered with `needs_better_photo` instead of being read, 0 to 1;
    /// with 1 only what is blank or has hardly any pixels.
    #[arg(long, value_name = "PROBABILITY", env = "SLIPSTREAM_STOP_UNREADABLE", default_value = "0.75", value_parser = share)]
    pub stop_unreadable: f32,
    /// Read what the pages of a PDF show also where it holds an e-invoice.
    #[arg(long, env = "SLIPSTREAM_IGNORE_E_INVOICES")]
    pub ignore_e_invoices: bool,
    /// Merchants that you know: a text file with a name and, after a tab, an address on each line. Readings that
    /// are as good as the same are written as it says.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_MERCHANTS")]
    pub merchants: Option<PathBuf>,
}

impl EngineArgs {
    /// The networks that read: the preset's, but for what is named on its own.
    pub fn networks(&self) -> Networks {
        let preset = self.preset.networks();
        let recognise = self.recogniser.clone().unwrap_or(preset.recognise);
        let reread = match self.second_recogniser.as_deref() {
            None => preset.reread,
            Some("none") => None,
            Some(name) => Some(name.to_owned()),
        };
        Networks {
            detect: self.detector.clone().unwrap_or(preset.detect),
            // A network has nothing to add to its own reading.
            reread: reread.filter(|second| *second != recognise),
            recognise,
            reread_below: self.reread_below.unwrap_or(preset.reread_below),
            language: self.language_model,
            forgery: self.forgery != ForgeryMode::Off,
        }
    }

    /// Compute threads: as many as asked for, or one for each CPU.
    pub fn threads(&self) -> usize {
        self.threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from))
    }

    /// What reports call these networks: the preset, or each network by its name.
    pub fn label(&self) -> String {
        let networks = self.networks();
        // What reads, that is: the classifier of pixels reads nothing.
        if networks == (Networks { forgery: networks.forgery, ..self.preset.networks() }) {
            return self.preset.to_string();
        }
        let second = networks.reread.map(|name| format!("/{name}<{}", networks.reread_below)).unwrap_or_default();
        let alone = if networks.language { "" } else { " without language" };
        format!("{}/{}{second}{alone}", networks.detect, networks.recognise)
    }
}

/// Why reading could not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The threads could not be started.
    #[error("cannot start the compute threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// The directory of merchants cannot be used.
    #[error(transparent)]
    Merchants(#[from] DirectoryError),
    /// The device cannot be used.
    #[error("--device: {0}")]
    Device(#[from] DeviceError),
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
    accelerator: Accelerator,
    compute: Compute,
    scheduling: Scheduling,
}

impl Engine {
    /// Starts the compute threads, on the current tokio runtime; the models follow with [`Engine::load`].
    ///
    /// # Errors
    /// When the device or the directory of merchants cannot be used, or the threads cannot be started.
    pub fn start(args: EngineArgs, scheduling: Scheduling) -> Result<Self, EngineError> {
        let accelerator = Accelerator::open(args.device)?;
        let threads = args.threads();
        let compute = Compute::start(threads, &scheduling)?;
        let settings = PipelineSettings {
            // The upload limit belongs to whoever takes uploads.
            decode: DecodeLimits {
                max_bytes: usize::MAX,
                max_pixels: args.max_megapixels * 1_000_000,
                ..DecodeLimits::default()
            },
            quality: QualitySettings { stop: args.stop_unreadable, ..QualitySettings::default() },
            document: DocumentSettings::default(),
            pages: scheduling.pages(threads),
            pdf: PdfSettings {
                e_invoices: !args.ignore_e_invoices,
                limits: Limits { max_pixels: args.max_megapixels * 1_000_000, ..Limits::default() },
                ..PdfSettings::default()
            },
            barcodes: args.barcodes,
            forgery: args.forgery,
            merchants: Arc::new(args.merchants.as_deref().map(Directory::open).transpose()?.unwrap_or_default()),
        };
        let pipeline = Pipeline::new(settings, compute.clone(), Registry::default());
        metrics::compute_threads(threads);
        Ok(Self { pipeline, args, accelerator, compute, scheduling })
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
        self.load_set(true).await
    }

    /// The same without warming up, which takes longer than reading a receipt:
    /// for whoever reads only a few.
    ///
    /// # Errors
    /// When there are none that fit.
    pub async fn load_cold(&self) -> Result<(), EngineError> {
        self.load_set(false).await
    }

    async fn load_set(&self, warm: bool) -> Result<(), EngineError> {
        let started = Instant::now();
        let dir = locate(self.args.models.as_deref())?;
        let (label, networks) = (self.args.preset.to_string(), self.args.networks());
        let set = {
            let dir = dir.clone();
            let accelerator = self.accelerator.clone();
            let loading = move || load(&dir, &label, &networks, &accelerator);
            self.compute.run(unhurried(Priority::Interactive), loading).await.value?
        };
        let queues = QueueSettings::for_cpu(self.threads(), self.scheduling.order());
        let serving = Arc::new(Serving::start(set, &self.compute, &queues));
        if warm {
            self.pipeline.warm(&serving).await.map_err(EngineError::WarmUp)?;
        }
        let took_ms = started.elapsed().as_millis() as u64;
        let kernels = Backend::current().name();
        metrics::kernels(kernels);
        let model_set = serving.id().to_owned();
        self.pipeline.registry().publish(serving);
        // Whoever reads this line may send receipts at once.
        let (device, card) = (self.accelerator.device(), self.accelerator.name());
        let threads = self.threads();
        tracing::info!(model_set, dir = %dir.display(), %device, card, threads, kernels, took_ms, "models are ready");
        Ok(())
    }
}
