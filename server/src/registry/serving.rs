//! A set of models with the queues that feed it: lines of all requests share one.

use std::sync::Arc;
use std::time::Duration;

use rayon::prelude::*;
use slipstream_api::ModelInfo;
use slipstream_batcher::{Limits, Queue, TokioClock};
use slipstream_models::crop::LineCrop;
use slipstream_models::detect::TextRegions;
use slipstream_models::{Entities, Raster, TextLine, TextLines};

use super::{ModelFailure, ModelSet, OrientModel};
use crate::compute::Compute;
use crate::telemetry::queues::QueueMetrics;

/// Longest batch that other work may have to wait for. Short enough that an
/// urgent line or a hang-up takes effect soon, long enough that the threads'
/// idle time at its end does not count.
const MAX_BATCH: Duration = Duration::from_millis(250);

/// One set of models and its queues; lives as long as a request uses it.
pub struct Serving {
    id: String,
    models: Vec<ModelInfo>,
    /// Called directly, page by page: it is far cheaper than its own decoding.
    pub orient: Option<Arc<dyn OrientModel>>,
    /// Units: pixels that the network sees.
    pub detect: Queue<Arc<Raster>, Result<TextRegions, ModelFailure>>,
    /// Units: pixels of width.
    pub recognise: Queue<LineCrop, Result<TextLine, ModelFailure>>,
    /// Units: characters.
    pub extract: Queue<Arc<TextLines>, Result<Entities, ModelFailure>>,
}

impl Serving {
    /// Starts the queues of `set` on the current runtime; batches compute on
    /// `compute`, and each queue holds at most `max_waiting` of predicted work.
    pub fn start(set: ModelSet, compute: &Compute, max_waiting: Duration) -> Self {
        let ModelSet { id, models, orient, detect, recognise, extract } = set;
        let threads = compute.threads();
        let limits = |time_per_unit, max_batch_items, max_running| Limits {
            max_waiting,
            max_batch: MAX_BATCH,
            max_batch_items,
            max_running,
            initial_time_per_unit: time_per_unit,
        };
        // First guesses for one core of 2020s; each queue learns its own rate
        // from its first batches.
        let per_pixel = Duration::from_nanos(200) / threads as u32;
        let per_column = Duration::from_micros(60) / threads as u32;
        let per_character = Duration::from_micros(10);
        Self {
            id,
            models,
            orient,
            // A page more than threads gains nothing and delays the first page's lines.
            detect: start("detect", limits(per_pixel, threads, 1), compute, move |pages: Vec<Arc<Raster>>| {
                pages.par_iter().map(|page| detect.detect(page)).collect()
            }),
            // Two at a time: the second fills the threads that the first leaves
            // idle when it runs out of lines.
            recognise: start("recognise", limits(per_column, 512, 2), compute, move |crops: Vec<LineCrop>| {
                spread(crops.len(), recognise.recognise(&crops.iter().collect::<Vec<_>>()))
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
        async move { compute.run(move || work(batch)).await }
    })
}

/// One result for each item of a batch, whose failure is a failure of each item.
fn spread<T>(items: usize, outcome: Result<Vec<T>, ModelFailure>) -> Vec<Result<T, ModelFailure>> {
    match outcome {
        Ok(results) => results.into_iter().map(Ok).collect(),
        Err(failure) => (0..items).map(|_| Err(failure.clone())).collect(),
    }
}
