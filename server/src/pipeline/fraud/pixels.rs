//! What the pixels say: the forgery classifier, through the queue that all requests share, beside the reading of the text.
//!
//! The classifier knows pages whose pixels nothing has touched since they were edited: it sees what an edit does to the
//! traces of the JPEG compression before. Strong compression, scaling and screens wipe these out
//! (`models/weights/forgery/CARD.md`), and a look costs as much as a third of the reading. So it looks by default only
//! where it can see, and the answer says whether it looked.

use std::sync::Arc;

use clap::ValueEnum;
use slipstream_api::{Include, PixelCheck};
use slipstream_models::Raster;
use slipstream_models::forgery::{EditedRegion, ForgeryVerdict};
use slipstream_provenance::Compression;

use super::{FraudSignal, Place};
use crate::pipeline::decode::Metadata;
use crate::pipeline::error::only;
use crate::pipeline::{Job, ReadError};
use crate::telemetry::metrics;

/// When pixels are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ForgeryMode {
    /// Never; the classifier is not loaded.
    Off,
    /// Where edits leave traces: PNG, lossless WebP, JPEG of the highest quality, not larger than the classifier sees one by one.
    #[default]
    Lossless,
    /// Always, though little is seen in most photos.
    Always,
}

/// The mean quantisation step up to which a JPEG is looked at, in grey levels: quality 95 of the standard's tables. There AUC is
/// 0.71 to 0.94 by kind of edit, against 0.83 to 0.99 without loss and about a half at quality 50 (`eval trust`).
const COARSEST_STEP: f32 = 6.0;

/// Scores from which a page is reported: 3 of 26 genuine receipts that keep traces reach it, and 15 of 26 forged ones (`eval
/// fusion`, companies that training never saw).
const REPORTED: f32 = 0.63;

/// Places that are reported at most.
const MOST_PLACES: usize = 8;

/// What the classifier made of an upload.
#[derive(Debug, Clone, PartialEq)]
pub enum Pixels {
    /// It looked.
    Judged(ForgeryVerdict),
    /// It did not, for this reason.
    NotJudged(PixelCheck),
}

impl Pixels {
    /// Whether it looked.
    pub fn check(&self) -> PixelCheck {
        match self {
            Self::Judged(_) => PixelCheck::Judged,
            Self::NotJudged(reason) => *reason,
        }
    }

    /// The places that look edited; the whole page where none stands out.
    pub(super) fn signals(&self) -> Vec<FraudSignal> {
        let Self::Judged(ForgeryVerdict { score, regions, .. }) = self else { return Vec::new() };
        if *score < REPORTED {
            return Vec::new();
        }
        let signal = |score, place, explanation: &str| FraudSignal {
            code: "edited_pixels",
            score,
            place,
            explanation: explanation.to_owned(),
        };
        if regions.is_empty() {
            return vec![signal(*score, Place::Nowhere, "the pixels of the page do not all have the same history")];
        }
        let at = |region: &EditedRegion| {
            let text = "the pixels here have another history than those around them";
            signal(score * region.score, Place::Upload(region.quad), text)
        };
        regions.iter().take(MOST_PLACES).map(at).collect()
    }
}

/// Looks for edited pixels in an upload where `mode` wants it.
///
/// # Errors
/// When the queue is full, the deadline cannot be kept or the model fails.
pub async fn pixels(
    job: &Job,
    mode: ForgeryMode,
    metadata: &Metadata,
    upload: Arc<Raster>,
) -> Result<Pixels, ReadError> {
    let pixels = upload.width() * upload.height();
    let (Some(forgery), false) = (&job.serving.forgery, mode == ForgeryMode::Off) else {
        return Ok(left(PixelCheck::Off));
    };
    if mode == ForgeryMode::Lossless {
        if !keeps_traces(&metadata.provenance.compression) {
            return Ok(left(PixelCheck::Compressed));
        }
        if pixels > forgery.max_pixels {
            return Ok(left(PixelCheck::TooLarge));
        }
    }
    metrics::pixels(PixelCheck::Judged);
    let item = forgery.model.item(upload, pixels as u64);
    Ok(Pixels::Judged(only(job.ask(&forgery.model, vec![item]).await?)?))
}

/// An upload that is not looked at.
fn left(reason: PixelCheck) -> Pixels {
    metrics::pixels(reason);
    Pixels::NotJudged(reason)
}

/// An upload that the pipeline does not look at; counted where the answer speaks of fraud.
pub fn left_for(include: Include, reason: PixelCheck) -> Pixels {
    if include.fraud { left(reason) } else { Pixels::NotJudged(reason) }
}

/// Whether an edit that was made before pixels were kept like this can be seen.
fn keeps_traces(compression: &Compression) -> bool {
    match compression {
        Compression::Lossless => true,
        Compression::Jpeg(tables) => tables.mean_step() <= COARSEST_STEP,
        Compression::Lossy | Compression::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use slipstream_models::Quad;

    use super::*;

    fn judged(score: f32, regions: usize) -> Vec<FraudSignal> {
        let quad = |i: usize| Quad::from_bounds(i as f32, 0.0, i as f32 + 8.0, 8.0);
        let regions = (0..regions).map(|i| EditedRegion { quad: quad(i), score: 0.9 }).collect();
        Pixels::Judged(ForgeryVerdict { score, regions, ..ForgeryVerdict::default() }).signals()
    }

    #[test]
    fn a_high_score_points_to_its_places() {
        let signals = judged(0.8, 20);
        assert_eq!(signals.len(), MOST_PLACES);
        assert_eq!(signals[1].place, Place::Upload(Quad::from_bounds(1.0, 0.0, 9.0, 8.0)));
        assert!(signals.iter().all(|signal| (signal.score - 0.72).abs() < 1e-6));
        assert_eq!(judged(0.8, 0)[0].place, Place::Nowhere);
    }

    #[test]
    fn a_low_score_and_a_page_that_was_not_looked_at_say_nothing() {
        assert!(judged(REPORTED - 0.01, 3).is_empty());
        assert!(Pixels::NotJudged(PixelCheck::Compressed).signals().is_empty());
    }
}
