//! The names of the stages, and how long each took for one receipt.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::field::Empty;
use tracing::{Instrument, Span, info_span};

use crate::telemetry::metrics;

/// A stage; its name is also its span, its metric label and its `Server-Timing` entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Bytes to pixels.
    Decode,
    /// Whether the photo can be read.
    Quality,
    /// Bar codes and QR codes.
    Barcodes,
    /// Which way is up.
    Orient,
    /// Where lines of text are.
    Detect,
    /// Lines as small upright images.
    Crop,
    /// What the lines say.
    Recognise,
    /// Which field each value is.
    Extract,
    /// Signs of forgery.
    Fraud,
    /// Values, and whether they agree.
    Check,
    /// Whether the receipt was seen before.
    Duplicates,
    /// The answer.
    Document,
}

impl Stage {
    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Quality => "quality",
            Self::Barcodes => "barcodes",
            Self::Orient => "orient",
            Self::Detect => "detect",
            Self::Crop => "crop",
            Self::Recognise => "recognise",
            Self::Extract => "extract",
            Self::Fraud => "fraud",
            Self::Check => "check",
            Self::Duplicates => "duplicates",
            Self::Document => "document",
        }
    }

    /// A span of that name, with room for how much of it was computing; the names of spans have to be literals.
    fn span(self) -> Span {
        match self {
            Self::Decode => info_span!("decode", compute_ms = Empty),
            Self::Quality => info_span!("quality", compute_ms = Empty),
            Self::Barcodes => info_span!("barcodes", compute_ms = Empty),
            Self::Orient => info_span!("orient", compute_ms = Empty),
            Self::Detect => info_span!("detect", compute_ms = Empty),
            Self::Crop => info_span!("crop", compute_ms = Empty),
            Self::Recognise => info_span!("recognise", compute_ms = Empty),
            Self::Extract => info_span!("extract", compute_ms = Empty),
            Self::Fraud => info_span!("fraud", compute_ms = Empty),
            Self::Check => info_span!("check", compute_ms = Empty),
            Self::Duplicates => info_span!("duplicates", compute_ms = Empty),
            Self::Document => info_span!("document", compute_ms = Empty),
        }
    }
}

/// The stages that a receipt went through, with their times.
#[derive(Debug, Default)]
pub struct StageTimes {
    // A lock because two stages of one receipt can run beside each other; it is
    // the receipt's own, so nobody else waits for it.
    times: Mutex<Vec<(Stage, Duration)>>,
}

impl StageTimes {
    /// Runs `work` as the stage: in its span, timed, in the metrics.
    pub(super) async fn run<T>(&self, stage: Stage, work: impl Future<Output = T>) -> T {
        let started = Instant::now();
        let value = work.instrument(stage.span()).await;
        let took = started.elapsed();
        metrics::stage(stage.name(), took);
        self.times.lock().unwrap_or_else(PoisonError::into_inner).push((stage, took));
        value
    }

    /// The stages in the order in which they first ended; a stage that ran
    /// again (on a page that had to be turned) counts once, with all its time.
    pub fn list(&self) -> Vec<(Stage, Duration)> {
        let mut total: Vec<(Stage, Duration)> = Vec::new();
        for (stage, took) in self.times.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            match total.iter_mut().find(|(seen, _)| seen == stage) {
                Some((_, sum)) => *sum += *took,
                None => total.push((*stage, *took)),
            }
        }
        total
    }
}
