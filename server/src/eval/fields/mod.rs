//! Reads the receipts of a data set and scores their fields.
//!
//! | module | what it knows |
//! |---|---|
//! | [`outcome`] | one receipt: every value that there is or that was read, compared |
//! | [`rows`], [`align`], [`tables`], [`items`], [`purchases`] | rows, which of them are the same, and what that scores |
//! | [`bags`] | values that are known to be there, but not in which row |
//! | [`ceiling`], [`reached`] | what a perfect tagger reaches on the same reading |
//! | [`calibration`] | whether confidences mean what they say |
//! | [`coverage`], [`payable`] | how many receipts may be paid without a human |
//! | [`proof`] | amounts that the receipt's arithmetic proves |
//! | [`failures`] | what went wrong, value by value |
//! | [`report`], [`mod@table`], [`html`] | the JSON, the table, the page that shows failures with their pixels |

pub mod align;
pub mod bags;
pub mod calibration;
pub mod ceiling;
pub mod coverage;
pub mod failures;
pub mod html;
pub mod items;
pub mod outcome;
pub mod payable;
pub mod proof;
pub mod purchases;
pub mod reached;
pub mod report;
mod row_failures;
pub mod rows;
pub mod table;
pub mod tables;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(in crate::eval) mod testing;

use std::path::Path;

use indicatif::ProgressBar;
use slipstream_api::{Include, ReceiptResponse};
use slipstream_batcher::Priority;

use super::truth::{Sample, Split};
use super::{EvalError, Format, dataset_name, e_invoice, german, manifest, read_ahead, sroie, wildreceipt};
use crate::cli::Engine;
use crate::pipeline::{Job, Pipeline, Upload};
use outcome::Outcome;
use report::FieldsReport;

/// What to read, and where the results go.
#[derive(Debug, Clone, Copy)]
pub struct FieldsJob<'a> {
    /// The folder.
    pub data: &'a Path,
    /// Its layout.
    pub format: Format,
    /// Which part of it.
    pub split: Split,
    /// Where the scores go.
    pub report: &'a Path,
    /// Where the page with the failures goes, if anywhere.
    pub html: Option<&'a Path>,
    /// How many failures it shows with their pixels at most.
    pub html_failures: usize,
}

/// Reads the receipts of `job` and writes their scores, and as a table to
/// standard output. A receipt that cannot be read counts as one that gave no
/// values.
///
/// # Errors
/// When the data set cannot be loaded or a file not be written.
pub async fn run(
    engine: &Engine,
    job: &FieldsJob<'_>,
    progress: impl Fn(usize) -> ProgressBar,
) -> Result<(), EvalError> {
    let samples = match job.format {
        Format::Sroie => sroie::load(job.data, job.split)?,
        Format::Wildreceipt => wildreceipt::load(job.data)?,
        Format::German => german::load(job.data)?,
        Format::Manifest => manifest::load(job.data, job.split)?,
        Format::EInvoice => e_invoice::load(job.data)?,
    };
    if samples.is_empty() {
        return Err(EvalError::Empty { path: job.data.to_owned() });
    }
    let bar = progress(samples.len());
    let outcomes = read_all(engine, &samples, &bar).await;
    bar.finish_and_clear();

    let report = FieldsReport::new(dataset_name(job.data), &outcomes);
    let json = serde_json::to_vec_pretty(&report).map_err(|error| EvalError::format(job.report, error))?;
    std::fs::write(job.report, json).map_err(EvalError::file(job.report))?;
    if let Some(path) = job.html {
        html::write(path, &report, &outcomes, job.html_failures).map_err(EvalError::file(path))?;
    }
    table::print(&report).map_err(EvalError::file(Path::new("standard output")))
}

async fn read_all(engine: &Engine, samples: &[Sample], bar: &ProgressBar) -> Vec<Outcome> {
    let mut outcomes = Vec::with_capacity(samples.len());
    let one = |sample| compared(engine.pipeline.clone(), sample);
    read_ahead(samples, engine.threads() * 2, one, |sample: &Sample, outcome| {
        let unread = |reason: String| {
            tracing::warn!(receipt = sample.id, reason, "cannot read a receipt, it counts as empty");
            Outcome::new(sample, None)
        };
        outcomes.push(outcome.unwrap_or_else(unread));
        bar.inc(1);
    })
    .await;
    outcomes
}

/// Reads a receipt and compares it beside the runtime, which never computes.
async fn compared(pipeline: Pipeline, sample: Sample) -> Result<Outcome, String> {
    let answer = read(&pipeline, &sample).await?;
    let compare = move || Outcome::new(&sample, Some(&answer));
    tokio::task::spawn_blocking(compare).await.map_err(|error| error.to_string())
}

async fn read(pipeline: &Pipeline, sample: &Sample) -> Result<ReceiptResponse, String> {
    let bytes = std::fs::read(&sample.image).map_err(|error| error.to_string())?;
    let serving = pipeline.registry().current().ok_or("no models are loaded")?;
    let job = Job::unhurried(sample.id.clone(), serving, Priority::Interactive);
    let upload = Upload { bytes: bytes.into(), declared: None };
    let include = Include { lines: true, ..Include::NONE };
    let reading = pipeline.read(upload, &job, include).await.map_err(|error| error.to_string())?;
    Ok(reading.response)
}
