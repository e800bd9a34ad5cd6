//! How far the photo and the receipt can be trusted: quality, fraud signals, checks.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::document::Polygon;

/// Whether the photo can be read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Quality {
    /// False when a better photo is needed.
    pub usable: bool,
    /// What is wrong with the photo, worst first.
    pub issues: Vec<QualityIssue>,
}

/// Something wrong with the photo.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct QualityIssue {
    /// Stable name: `blur`, `glare`, `too_dark`, `low_contrast`, `too_small`, `compressed`, `blank`.
    #[schema(example = "blur")]
    pub code: String,
    /// 0 (hardly noticeable) to 1 (unreadable).
    pub severity: f32,
    /// What the person with the camera can do about it.
    pub advice: String,
    /// Where it is, in pixels of the photo; left out where all of it is meant, and in PDFs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polygon: Option<Polygon>,
}

/// Signs that the receipt is not what it claims to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fraud {
    /// 0 (nothing suspicious) to 1; combines the signals.
    pub score: f32,
    /// Whether the score reaches the tenant's threshold; left out where the server has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspicious: Option<bool>,
    /// Whether the pixels were looked at for edits; without that, `signals` say nothing about them.
    pub pixels: PixelCheck,
    /// What was noticed, strongest first.
    pub signals: Vec<Signal>,
}

/// Whether a network looked for edited pixels, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PixelCheck {
    /// It did.
    Judged,
    /// The upload was compressed too strongly for edits to leave traces.
    Compressed,
    /// The upload has more pixels than the network sees one by one.
    TooLarge,
    /// The pages of a PDF are drawn by the server, and have no traces.
    Rendered,
    /// The photo cannot be read, so nothing looked at it any further.
    Unreadable,
    /// The server does not look.
    #[default]
    Off,
}

/// One sign of fraud.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Signal {
    /// Stable name, for example `editing_software`.
    #[schema(example = "editing_software")]
    pub code: String,
    /// Strength, 0 to 1.
    pub score: f32,
    /// Where it was noticed, where it has a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub polygon: Option<Polygon>,
    /// The page of the PDF, from 1; left out for images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// What was noticed, in a sentence for a reviewer.
    pub explanation: String,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The values that were read agree.
    Proved,
    /// The values that were read disagree.
    Contradicted,
    /// A value that the check needs is not on the page or could not be read.
    Unproved,
}

/// One rule that the values were held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// Stable name of the rule.
    #[schema(example = "items_sum_to_total")]
    pub code: String,
    /// What it came to.
    pub outcome: Outcome,
    /// The figures behind the outcome.
    pub detail: String,
}
