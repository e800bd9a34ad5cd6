//! A set of models with the queues that feed it: lines of all requests share one.

use std::sync::Arc;
use std::time::Duration;

use slipstream_api::ModelInfo;
use slipstream_batcher::{Bucket, Executed, Item, Limits, Order, Padding, Queue, TokioClock};
use slipstream_models::crop::LineCrop;
use slipstream_models::detect::TextRegions;
use slipstream_models::forgery::ForgeryVerdict;
use slipstream_models::{Entities, Raster, TextLine, TextLines};

use super::{ModelFailure, ModelSet, RecogniseModel, SecondReader};
use crate::compute::Compute;
use crate::pipeline::Stage;
use crate::telemetry::queues::QueueMetrics;

/// More than the door lets in, whatever its settings.
const MAX_WAITING: Duration = Duration::from_secs(24 * 3600);

/// How the queues before the models work.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueSettings {
    /// Predicted work that a queue holds at most: a last bound, since the door decides who comes in.
    pub max_waiting: Duration,
    /// Predicted time of a batch: what urgent work and hang-ups may have to wait for.
    pub max_batch: Duration,
    /// Batches of lines that are read at the same time, on one thread each.
    pub lanes: usize,
    /// In which order work goes.
    pub order: Order,
}

impl QueueSettings {
    /// For models that run on `threads` threads of the CPU. Lines gain nothing
    /// from each other's company there, so batches are short: the lanes end
    /// together, and a page that waits for a thread waits for one batch.
    pub fn for_cpu(threads: usize, order: Order) -> Self {
        Self { max_waiting: MAX_WAITING, max_batch: Duration::from_millis(25), lanes: threads, order }
    }
}

/// Sizes that are computed together: the upper ends of all buckets but the last, in units.
#[derive(Debug, Clone, Copy)]
pub struct Buckets(&'static [u64]);

impl Buckets {
    /// The bucket of an item.
    pub fn of(self, units: u64) -> Bucket {
        self.0.partition_point(|end| *end < units) as Bucket
    }

    /// How many buckets there are.
    pub fn count(self) -> usize {
        self.0.len() + 1
    }

    /// What metrics call a bucket: its upper end.
    pub fn label(self, bucket: Bucket) -> String {
        self.0.get(bucket as usize).map_or_else(|| "inf".to_owned(), u64::to_string)
    }
}

/// Pixels of a page as the detector sees it.
const PAGES: Buckets = Buckets(&[100_000, 200_000, 400_000, 600_000]);
/// Pixels of a line's width. All lines are one bucket on a CPU, which reads each at
/// its own width: five buckets made one receipt 3 % slower, with more and smaller batches.
const LINES: Buckets = Buckets(&[]);
/// Characters of a page.
const TEXTS: Buckets = Buckets(&[256, 512, 1_024, 2_048, 4_096]);
/// Pixels of a page as it was uploaded, which the forgery classifier looks at one by one.
const UPLOADS: Buckets = Buckets(&[300_000, 600_000, 1_200_000, 2_400_000]);

/// A model behind its queue.
pub struct ModelQueue<P, R> {
    /// The queue.
    pub queue: Queue<P, Result<R, ModelFailure>>,
    /// Threads that a batch runs on.
    pub threads: usize,
    buckets: Buckets,
}

impl<P, R> ModelQueue<P, R> {
    /// An item of `units` in its bucket.
    pub fn item(&self, payload: P, units: u64) -> Item<P> {
        Item { payload, units, bucket: self.buckets.of(units) }
    }
}

/// A queue of lines before a recogniser; units: pixels of width.
pub type LineQueue = ModelQueue<Arc<LineCrop>, TextLine>;

/// The second reader of lines.
pub struct Reread {
    /// Its queue.
    pub model: LineQueue,
    /// Words with a character less sure than this are read again, 0 (none) to 1.
    pub below: f32,
}

/// The classifier of edited pixels.
pub struct Forgery {
    /// Its queue; units: pixels of the upload.
    pub model: ModelQueue<Arc<Raster>, ForgeryVerdict>,
    /// Pixels up to which it sees an upload as it is.
    pub max_pixels: usize,
}

/// One set of models and its queues; lives as long as a request uses it.
pub struct Serving {
    id: String,
    models: Vec<ModelInfo>,
    /// Units: pixels that the network sees.
    pub detect: ModelQueue<Arc<Raster>, TextRegions>,
    /// Units: pixels of width.
    pub recognise: LineQueue,
    /// Reads again what the first reader doubts, if the set has a second one.
    pub reread: Option<Reread>,
    /// Units: characters.
    pub extract: ModelQueue<Arc<TextLines>, Entities>,
    /// Looks for edited pixels, in sets that do.
    pub forgery: Option<Forgery>,
}

/// What the queues of a set have in common.
struct Starter<'a> {
    id: &'a str,
    models: &'a [ModelInfo],
    compute: &'a Compute,
    settings: &'a QueueSettings,
}

/// How one queue differs from the others.
struct Shape {
    /// The stage, and what `GET /v1/models` calls the model's part in it.
    stage: Stage,
    part: &'static str,
    buckets: Buckets,
    /// Threads that a batch runs on.
    threads: usize,
    max_batch_items: usize,
    max_running: usize,
    /// A first guess; each queue learns the time of its own buckets from its first batches.
    time_per_unit: Duration,
}

impl Serving {
    /// Starts the queues of `set` on the current runtime; batches compute on `compute`.
    pub fn start(set: ModelSet, compute: &Compute, settings: &QueueSettings) -> Self {
        let ModelSet { id, models, detect, recognise, reread, extract, forgery } = set;
        let starter = Starter { id: &id, models: &models, compute, settings };
        let threads = compute.threads();
        // One page at a time, on all threads: a second one would delay the first one's lines.
        let pages = Shape {
            stage: Stage::Detect,
            part: "detect",
            buckets: PAGES,
            threads,
            max_batch_items: 1,
            max_running: 1,
            time_per_unit: Duration::from_nanos(200),
        };
        let lines = Shape {
            stage: Stage::Recognise,
            part: "recognise",
            buckets: LINES,
            threads: 1,
            max_batch_items: 512,
            max_running: settings.lanes,
            time_per_unit: Duration::from_micros(60),
        };
        // Several times slower than the first reader, or it would be the first.
        let doubtful = Shape { part: "reread", time_per_unit: Duration::from_micros(240), ..lines };
        let texts = Shape {
            stage: Stage::Extract,
            part: "extract",
            buckets: TEXTS,
            threads: 1,
            max_batch_items: 16,
            max_running: 1,
            time_per_unit: Duration::from_micros(10),
        };
        // As large a piece of work as a page for the detector, and shared out like it.
        let uploads = Shape {
            stage: Stage::Fraud,
            part: "forgery",
            buckets: UPLOADS,
            threads,
            max_batch_items: 1,
            max_running: 1,
            time_per_unit: Duration::from_nanos(60),
        };
        Self {
            detect: starter
                .start(pages, move |pages: Vec<Arc<Raster>>| pages.iter().map(|page| detect.detect(page)).collect()),
            recognise: starter.lines(lines, recognise),
            reread: reread.map(|SecondReader { model, below }| Reread { model: starter.lines(doubtful, model), below }),
            extract: starter.start(texts, move |pages: Vec<Arc<TextLines>>| {
                let pages: Vec<&TextLines> = pages.iter().map(Arc::as_ref).collect();
                spread(pages.len(), extract.extract(&pages))
            }),
            forgery: forgery.map(|model| Forgery {
                max_pixels: model.max_pixels(),
                model: starter.start(uploads, move |pages: Vec<Arc<Raster>>| {
                    pages.iter().map(|page| model.classify(page)).collect()
                }),
            }),
            id,
            models,
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

impl Starter<'_> {
    /// A queue of lines for `model`.
    fn lines(&self, shape: Shape, model: Arc<dyn RecogniseModel>) -> LineQueue {
        self.start(shape, move |crops: Vec<Arc<LineCrop>>| {
            let crops: Vec<&LineCrop> = crops.iter().map(Arc::as_ref).collect();
            spread(crops.len(), model.recognise(&crops))
        })
    }

    /// A queue whose batches go through `work` on the compute threads.
    fn start<P, R>(
        &self,
        shape: Shape,
        work: impl Fn(Vec<P>) -> Vec<Result<R, ModelFailure>> + Send + Sync + 'static,
    ) -> ModelQueue<P, R>
    where
        P: Send + 'static,
        R: Send + 'static,
    {
        let name = self.models.iter().find(|model| model.stage == shape.part).map_or(shape.part, |model| &model.name);
        let observer = QueueMetrics::new(shape.stage, name, self.id, shape.buckets);
        let limits = Limits {
            max_waiting: self.settings.max_waiting,
            max_batch: self.settings.max_batch,
            max_batch_items: shape.max_batch_items,
            max_running: shape.max_running,
            max_urgent: 0,
            padding: Padding::None,
            order: self.settings.order.clone(),
            initial_time_per_unit: shape.time_per_unit,
        };
        let (compute, work) = (self.compute.clone(), Arc::new(work));
        let queue = Queue::start(limits, TokioClock, observer, compute.lanes(), move |batch, turn| {
            let (compute, work) = (compute.clone(), Arc::clone(&work));
            async move {
                let (results, busy) = compute.run_on(Some(turn), move || work(batch)).await;
                Executed { results, busy }
            }
        });
        ModelQueue { queue, threads: shape.threads, buckets: shape.buckets }
    }
}

/// One result for each item of a batch, whose failure is a failure of each item.
fn spread<T>(items: usize, outcome: Result<Vec<T>, ModelFailure>) -> Vec<Result<T, ModelFailure>> {
    match outcome {
        Ok(results) => results.into_iter().map(Ok).collect(),
        Err(failure) => (0..items).map(|_| Err(failure.clone())).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_sizes_up_to_its_label() {
        let labelled = [1, 256, 257, 4_096, 9_999].map(|characters| TEXTS.label(TEXTS.of(characters)));
        assert_eq!(labelled, ["256", "256", "512", "4096", "inf"]);
        assert_eq!((LINES.count(), LINES.label(LINES.of(77))), (1, "inf".to_owned()));
    }
}
