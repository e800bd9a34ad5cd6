//! A set of models with the queues that feed it: lines of all requests share one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use slipstream_api::ModelInfo;
use slipstream_batcher::{Executed, Limits, Queue, TokioClock};
use slipstream_models::crop::LineCrop;
use slipstream_models::detect::TextRegions;
use slipstream_models::{Entities, Raster, TextLine, TextLines};

use super::{ModelFailure, ModelSet, RecogniseModel, SecondReader};
use crate::compute::Compute;
use crate::telemetry::queues::QueueMetrics;

/// How the queues before the models work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueSettings {
    /// Predicted work that each queue holds at most.
    pub max_waiting: Duration,
    /// Predicted time of a batch: what urgent work and hang-ups may have to wait for.
    pub max_batch: Duration,
    /// Batches of lines that are read at the same time, on one thread each.
    pub lanes: usize,
}

impl QueueSettings {
    /// For models that run on `threads` threads of the CPU. Lines gain nothing
    /// from each other's company there, so batches are short: the lanes end
    /// together, and a page that waits for a thread waits for one batch.
    pub fn for_cpu(threads: usize, max_waiting: Duration) -> Self {
        Self { max_waiting, max_batch: Duration::from_millis(25), lanes: threads }
    }
}

/// A queue of lines before a recogniser; units: pixels of width.
pub type LineQueue = Queue<Arc<LineCrop>, Result<TextLine, ModelFailure>>;

/// The second reader of lines.
pub struct Reread {
    /// Its queue.
    pub queue: LineQueue,
    /// Lines whose certainty lies below are read again, 0 (none) to 1.
    pub below: f32,
}

/// One set of models and its queues; lives as long as a request uses it.
pub struct Serving {
    id: String,
    models: Vec<ModelInfo>,
    /// Units: pixels that the network sees.
    pub detect: Queue<Arc<Raster>, Result<TextRegions, ModelFailure>>,
    /// Units: pixels of width.
    pub recognise: LineQueue,
    /// Reads again what the first reader doubts, if the set has a second one.
    pub reread: Option<Reread>,
    /// Units: characters.
    pub extract: Queue<Arc<TextLines>, Result<Entities, ModelFailure>>,
}

impl Serving {
    /// Starts the queues of `set` on the current runtime; batches compute on `compute`.
    pub fn start(set: ModelSet, compute: &Compute, settings: QueueSettings) -> Self {
        let ModelSet { id, models, detect, recognise, reread, extract } = set;
        let limits = |time_per_unit, max_batch_items, max_running| Limits {
            max_waiting: settings.max_waiting,
            max_batch: settings.max_batch,
            max_batch_items,
            max_running,
            initial_time_per_unit: time_per_unit,
        };
        // First guesses; each queue learns its own rate from its first batches.
        let per_pixel = Duration::from_nanos(200);
        let per_column = Duration::from_micros(60);
        let per_character = Duration::from_micros(10);
        Self {
            id,
            models,
            // One page at a time, on all threads: a second one would delay the first one's lines.
            detect: start("detect", limits(per_pixel, 1, 1), compute, move |pages: Vec<Arc<Raster>>| {
                pages.iter().map(|page| detect.detect(page)).collect()
            }),
            recognise: lines("recognise", recognise, limits(per_column, 512, settings.lanes), compute),
            reread: reread.map(|SecondReader { model, below }| {
                // Several times slower than the first reader, or it would be the first.
                let queue = lines("reread", model, limits(4 * per_column, 512, settings.lanes), compute);
                Reread { queue, below }
            }),
            extract: start("extract", limits(per_character, 16, 1), compute, move |pages: Vec<Arc<TextLines>>| {
                let pages: Vec<&TextLines> = pages.iter().map(Arc::as_ref).collect();
                spread(pages.len(), extract.extract(&pages))
            }),
        }
    }

    /// The set's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it consists of.
    pub fn models(&self) -> &[ModelInfo] {
        &self.models
    }
}

/// A queue of lines for `model`.
fn lines(name: &'static str, model: Arc<dyn RecogniseModel>, limits: Limits, compute: &Compute) -> LineQueue {
    start(name, limits, compute, move |crops: Vec<Arc<LineCrop>>| {
        let crops: Vec<&LineCrop> = crops.iter().map(Arc::as_ref).collect();
        spread(crops.len(), model.recognise(&crops))
    })
}

/// A queue named after its stage, whose batches go through `work` on the compute threads.
fn start<P, R>(
    name: &'static str,
    limits: Limits,
    compute: &Compute,
    work: impl Fn(Vec<P>) -> Vec<R> + Send + Sync + 'static,
) -> Queue<P, R>
where
    P: Send + 'static,
    R: Send + 'static,
{
    let (compute, work) = (compute.clone(), Arc::new(work));
    Queue::start(limits, TokioClock, QueueMetrics { queue: name }, move |batch| {
        let (compute, work) = (compute.clone(), Arc::clone(&work));
        let timed = move || {
            let started = Instant::now();
            let results = work(batch);
            Executed { results, busy: started.elapsed() }
        };
        async move { compute.run(timed).await }
    })
}

/// One result for each item of a batch, whose failure is a failure of each item.
fn spread<T>(items: usize, outcome: Result<Vec<T>, ModelFailure>) -> Vec<Result<T, ModelFailure>> {
    match outcome {
        Ok(results) => results.into_iter().map(Ok).collect(),
        Err(failure) => (0..items).map(|_| Err(failure.clone())).collect(),
    }
}
