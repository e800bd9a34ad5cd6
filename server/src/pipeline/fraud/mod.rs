//! The fraud stage: what the pixels, the file and the printed values give away.
//!
//! | file | signals |
//! |---|---|
//! | `pixels.rs` | `edited_pixels`: places that the forgery classifier finds |
//! | `software.rs` | `editing_software` |
//! | `generated.rs` | `generated_picture`, `c2pa_manifest` |
//! | `screenshot.rs` | `screenshot` |
//! | `thumbnail.rs` | `thumbnail_differs` |
//! | `recompressed.rs` | `recompressed` |
//! | `dates.rs` | `date_in_future`, `date_after_photo` |
//! | `amounts.rs` | `arithmetic_contradiction`, `digits_in_conflict`, `impossible_tax_rate` |
//! | `print/` | `type_break`, `ink_break`: characters unlike the others of their line |
//! | `fusion.rs` | all of them → the score |
//! | `threshold.rs` | from which score a tenant's uploads are suspicious |
//!
//! Each signal has a strength that says how rarely honest receipts show it, and an explanation for a reviewer.

mod amounts;
mod dates;
mod fusion;
mod generated;
pub mod pixels;
mod print;
mod recompressed;
mod screenshot;
mod software;
pub mod threshold;
mod thumbnail;

use slipstream_models::entities::Span;
use slipstream_models::{Quad, Raster, TextLines};

use super::check::Findings;
use super::decode::Metadata;
pub use fusion::evidence;
use pixels::Pixels;

/// Where a sign was noticed.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// Nowhere on the page: in the file, or all over it.
    Nowhere,
    /// On characters.
    Characters(Vec<Span>),
    /// On pixels of the upload, upright by its EXIF orientation.
    Upload(Quad),
}

/// One sign of fraud.
#[derive(Debug, Clone, PartialEq)]
pub struct FraudSignal {
    /// Stable name.
    pub code: &'static str,
    /// Strength, 0 to 1.
    pub score: f32,
    /// Where it was noticed.
    pub place: Place,
    /// What was noticed, in a sentence for a reviewer.
    pub explanation: String,
}

/// All signs of fraud.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FraudReport {
    /// 0 (nothing suspicious) to 1.
    pub score: f32,
    /// Whether the pixels were looked at.
    pub pixels: slipstream_api::PixelCheck,
    /// What was noticed, strongest first.
    pub signals: Vec<FraudSignal>,
}

/// What signs are looked for in.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// What the file says about itself.
    pub metadata: &'a Metadata,
    /// The values, held against each other.
    pub findings: &'a Findings,
    /// What the classifier made of the pixels.
    pub pixels: &'a Pixels,
    /// The upload's pixels; none of documents in several pages.
    pub upload: Option<&'a Raster>,
    /// The text with the pixels that it stands on, turned as it was read; none of documents in several pages.
    pub page: Option<(&'a TextLines, &'a Raster)>,
}

/// Looks for signs of fraud.
pub fn fraud(evidence: &Evidence<'_>) -> FraudReport {
    let Evidence { metadata, findings, pixels, upload, page } = *evidence;
    let alone = [
        software::editing_software(metadata),
        generated::generated_picture(metadata),
        generated::manifest(metadata),
        screenshot::screenshot(metadata),
        upload.and_then(|upload| thumbnail::thumbnail_differs(metadata, upload)),
        upload.and_then(|upload| recompressed::recompressed(metadata, upload)),
        dates::date_in_future(findings),
        dates::date_after_photo(metadata, findings),
        amounts::arithmetic_contradiction(findings),
        amounts::digits_in_conflict(findings),
        amounts::impossible_tax_rate(findings),
    ];
    let mut signals: Vec<FraudSignal> = alone.into_iter().flatten().collect();
    signals.extend(pixels.signals());
    // Breaks in the print show on genuine receipts nearly as often as on forged ones: they help a reviewer who has another
    // reason to look, and are none themselves.
    if !signals.is_empty()
        && let Some((lines, raster)) = page
    {
        signals.extend(print::breaks(lines, raster));
    }
    signals.sort_by(|a, b| b.score.total_cmp(&a.score));
    FraudReport { score: fusion::score(&signals), pixels: pixels.check(), signals }
}

#[cfg(test)]
mod tests;
