//! What the pipeline asks of models, as traits small enough for tests to fake.

use slipstream_models::crop::LineCrop;
use slipstream_models::detect::TextRegions;
use slipstream_models::forgery::ForgeryVerdict;
use slipstream_models::{Entities, Raster, TextLine, TextLines};

/// A model that failed on valid input: damaged weights or a fault in the code.
///
/// The reason goes to the log, so it must not quote what was being read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ModelFailure(String);

impl ModelFailure {
    /// A failure with the given reason.
    pub fn new(reason: impl ToString) -> Self {
        Self(reason.to_string())
    }
}

/// Finds lines of text. Computes on the rayon pool it is called from.
pub trait DetectModel: Send + Sync {
    /// The regions of an upright page that hold a line of text each.
    ///
    /// # Errors
    /// See [`ModelFailure`].
    fn detect(&self, page: &Raster) -> Result<TextRegions, ModelFailure>;
}

/// Reads lines of text. On a CPU it computes on the thread it is called from:
/// the queue calls it on several.
pub trait RecogniseModel: Send + Sync {
    /// What stands in each crop, in the order of `crops`; they come from
    /// different pages and have any mix of widths.
    ///
    /// # Errors
    /// See [`ModelFailure`].
    fn recognise(&self, crops: &[&LineCrop]) -> Result<Vec<TextLine>, ModelFailure>;
}

/// Finds edited pixels. Computes on the rayon pool it is called from.
pub trait ForgeryModel: Send + Sync {
    /// What the pixels of a page say, as they were uploaded but for the EXIF rotation.
    ///
    /// # Errors
    /// See [`ModelFailure`].
    fn classify(&self, page: &Raster) -> Result<ForgeryVerdict, ModelFailure>;

    /// Pixels up to which it sees a page as it is, and not reduced.
    fn max_pixels(&self) -> usize;
}

/// Finds fields among lines. Computes on the rayon pool it is called from.
pub trait ExtractModel: Send + Sync {
    /// The entities of each page, in the order of `pages`.
    ///
    /// # Errors
    /// See [`ModelFailure`].
    fn extract(&self, pages: &[&TextLines]) -> Result<Vec<Entities>, ModelFailure>;
}
