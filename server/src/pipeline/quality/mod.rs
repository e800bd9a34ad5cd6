//! The quality stage: [`Raster`] → [`QualityReport`].
//!
//! Says before any model runs whether a photo can be read, and what the person
//! with the camera can do about it. The page is looked at in small tiles of a
//! reduced grey picture (`measures`): print makes tiles with detail in every
//! direction, and only those tell whether the photo is sharp. What the measures
//! mean was learnt from receipts that were made worse (`judge`).

mod blocks;
mod grey;
mod judge;
mod measures;
mod tiles;

use slipstream_models::{Quad, Raster};

pub use blocks::Blocks;
pub use judge::{QualitySettings, judge};
pub use measures::{Measures, measure};

/// Something wrong with a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IssueKind {
    /// Nothing on the page.
    Blank,
    /// Out of focus or shaken.
    Blur,
    /// Light reflected by the paper.
    Glare,
    /// Too little light.
    TooDark,
    /// Print that is hardly darker than the paper.
    LowContrast,
    /// Too few pixels.
    TooSmall,
    /// Saved with too few bytes.
    Compressed,
}

impl IssueKind {
    /// The stable name on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Blur => "blur",
            Self::Glare => "glare",
            Self::TooDark => "too_dark",
            Self::LowContrast => "low_contrast",
            Self::TooSmall => "too_small",
            Self::Compressed => "compressed",
        }
    }

    /// What the person with the camera can do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Blank => "the picture shows nothing, place the receipt in front of the camera",
            Self::Blur => "hold the camera still and tap the receipt to focus",
            Self::Glare => "turn off the flash or tilt the receipt away from the light",
            Self::TooDark => "take the photo in more light",
            Self::LowContrast => "lay the receipt on a dark surface in even light",
            Self::TooSmall => "move closer so that the receipt fills the picture, and send the original size",
            Self::Compressed => "send the photo itself, not a copy from a messenger or a preview",
        }
    }
}

/// An issue and how bad it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Issue {
    /// What is wrong.
    pub kind: IssueKind,
    /// 0 (hardly noticeable) to 1 (unreadable).
    pub severity: f32,
    /// Where, in pixels of the photo; `None` where all of it is meant.
    pub place: Option<Quad>,
}

/// What the quality stage says about a photo.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityReport {
    /// False when an issue makes reading pointless.
    pub usable: bool,
    /// What is wrong, worst first.
    pub issues: Vec<Issue>,
}

impl QualityReport {
    /// Whether the picture shows nothing at all.
    pub fn is_blank(&self) -> bool {
        self.issues.iter().any(|i| i.kind == IssueKind::Blank)
    }
}

/// Looks at a photo; a few milliseconds, hardly more for a large one.
pub fn quality(raster: &Raster, settings: &QualitySettings) -> QualityReport {
    judge(&measure(raster), settings)
}

#[cfg(test)]
#[path = "quality_tests.rs"]
mod tests;
