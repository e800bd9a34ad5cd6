//! Everything about trust in one report: photo quality, forgery, duplicates.
//!
//! | file | what it knows |
//! |---|---|
//! | `forged.rs` | receipts that are forged and treated here, and what the classifier makes of them |
//! | `tally.rs` | scores and found places, by edit and treatment |
//! | `places.rs` | where people edited receipts |
//! | `html.rs` | the page with heat maps over the receipts |
//!
//! Quality and duplicates are measured by [`super::quality`] and [`super::duplicates`]. Receipts are those of companies that
//! no training saw; the forger is `slipstream-forger`, which shares nothing with the one that the classifier learnt from.

mod forged;
mod html;
mod places;
mod tally;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};

use super::duplicates::{self, DuplicatesJob, DuplicatesReport};
use super::quality::{self, QualityJob};
use super::truth::Split;
use super::{EvalError, Format, read_text};
use crate::cli::Engine;
pub(super) use forged::page;
pub use tally::ForgeryFigures;

/// What to measure with, and where the figures go.
#[derive(Debug, Clone, Copy)]
pub struct TrustJob<'a> {
    /// A folder in the layout of SROIE.
    pub data: &'a Path,
    /// Which receipts are made worse and forged; duplicates are sought among all.
    pub split: Split,
    /// Receipts that are forged at most.
    pub forged: usize,
    /// Receipts that are altered and sent again.
    pub altered: usize,
    /// The folder of the classifier.
    pub classifier: &'a Path,
    /// Where people edited receipts of the folder, if that is known.
    pub edits: Option<&'a Path>,
    /// Where the figures go.
    pub report: &'a Path,
    /// Where the page goes, if anywhere.
    pub html: Option<&'a Path>,
}

/// All figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrustReport {
    /// Photos that cannot be read, and those that can.
    pub quality: QualityFigures,
    /// By edit and treatment, as `EDIT/TREATMENT`.
    pub forgery: BTreeMap<String, ForgeryFigures>,
    /// Receipts that come again, and those that only look like it.
    pub duplicates: DuplicatesFigures,
}

/// How many photos were stopped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QualityFigures {
    /// Share of the unreadable photos that were stopped.
    pub stopped_unreadable: f64,
    /// Share of the readable photos that were stopped.
    pub stopped_readable: f64,
}

/// How many receipts were recognised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct DuplicatesFigures {
    /// Share of images sent again that were found, however they were altered.
    pub recall_resubmitted: f64,
    /// Share of second photos that were found.
    pub recall_second_photo: f64,
    /// Share of equal purchases that were not taken for the same receipt.
    pub equal_purchase_accuracy: f64,
    /// Share of look-ups that named a wrong receipt as the same one.
    pub false_match_rate: f64,
}

impl From<&DuplicatesReport> for DuplicatesFigures {
    fn from(report: &DuplicatesReport) -> Self {
        let DuplicatesReport {
            recall_resubmitted, recall_second_photo, equal_purchase_accuracy, false_match_rate, ..
        } = *report;
        Self { recall_resubmitted, recall_second_photo, equal_purchase_accuracy, false_match_rate }
    }
}

/// Measures, and writes the report, the page and a table.
///
/// # Errors
/// When a file cannot be read or written, or a model not be loaded.
pub async fn run(
    engine: &Engine,
    job: &TrustJob<'_>,
    progress: impl Fn(usize) -> ProgressBar,
) -> Result<(), EvalError> {
    let standard_output = Path::new("standard output");
    let forgeries = forged::measure(job, &progress)?;
    // At once: what follows takes far longer.
    print_forgery(&forgeries.figures()).map_err(EvalError::file(standard_output))?;
    let quality = quality(engine, job, &progress).await?;
    let seen = DuplicatesJob { data: job.data, altered: job.altered, receipts: usize::MAX, report: job.report };
    let duplicates = duplicates::measure(engine, &seen, &progress).await?;
    let report = TrustReport { quality, forgery: forgeries.figures(), duplicates: (&duplicates).into() };
    let json = serde_json::to_vec_pretty(&report).map_err(|error| EvalError::format(job.report, error))?;
    std::fs::write(job.report, json).map_err(EvalError::file(job.report))?;
    if let Some(path) = job.html {
        std::fs::write(path, html::page(&report, &forgeries)).map_err(EvalError::file(path))?;
    }
    print(&report).map_err(EvalError::file(standard_output))
}

/// The quality part, from the report that its own evaluation writes.
async fn quality(
    engine: &Engine,
    job: &TrustJob<'_>,
    progress: impl Fn(usize) -> ProgressBar,
) -> Result<QualityFigures, EvalError> {
    let folder = tempfile::tempdir().map_err(EvalError::file(&std::env::temp_dir()))?;
    let report = folder.path().join("quality.json");
    let own = QualityJob { data: job.data, format: Format::Sroie, split: job.split, rounds: 1, report: &report };
    quality::run(engine, &own, progress).await?;
    serde_json::from_str(&read_text(&report)?).map_err(|error| EvalError::format(&report, error))
}

fn print_forgery(rows: &BTreeMap<String, ForgeryFigures>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{:<36} {:>7} {:>17} {:>16}", "edit/treatment", "AUC", "recall at 2 % FA", "localisation F1")?;
    rows.iter().try_for_each(|(name, figures)| {
        let ForgeryFigures { auc, recall_at_2_percent, localisation_f1 } = figures;
        writeln!(out, "{name:<36} {auc:>7.3} {recall_at_2_percent:>17.3} {localisation_f1:>16.3}")
    })
}

fn print(report: &TrustReport) -> io::Result<()> {
    let mut out = io::stdout().lock();
    figures(report).iter().try_for_each(|(name, figure)| writeln!(out, "{name:<36} {figure:>7.4}"))
}

/// The figures that stand alone, by their names.
fn figures(report: &TrustReport) -> [(&'static str, f64); 6] {
    let TrustReport { quality, duplicates, .. } = report;
    [
        ("stopped_unreadable", quality.stopped_unreadable),
        ("stopped_readable", quality.stopped_readable),
        ("recall_resubmitted", duplicates.recall_resubmitted),
        ("recall_second_photo", duplicates.recall_second_photo),
        ("equal_purchase_accuracy", duplicates.equal_purchase_accuracy),
        ("false_match_rate", duplicates.false_match_rate),
    ]
}
