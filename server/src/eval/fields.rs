//! Reads the receipts of a data set and scores their fields.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use indicatif::ProgressBar;
use serde::Serialize;
use slipstream_api::{Document, Include};
use slipstream_batcher::Priority;

use super::score::{Scoreboard, Scores};
use super::truth::{Sample, Split};
use super::{EvalError, Format, dataset_name, manifest, read_ahead, sroie, wildreceipt};
use crate::cli::Engine;
use crate::pipeline::{Job, Pipeline, Upload};

/// The scores of a data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldsReport {
    /// The folder's name.
    pub dataset: String,
    /// Receipts that were read.
    pub n: usize,
    /// Over all values of all fields.
    pub micro: Scores,
    /// By field.
    pub fields: BTreeMap<&'static str, Scores>,
}

/// Reads the receipts of `data` and writes their scores to `report`, and as a
/// table to standard output. A receipt that cannot be read counts as one that
/// gave no values.
///
/// # Errors
/// When the data set cannot be loaded or the report not be written.
pub async fn run(
    engine: &Engine,
    data: &Path,
    format: Format,
    split: Split,
    report: &Path,
    progress: impl Fn(usize) -> ProgressBar,
) -> Result<(), EvalError> {
    let samples = match format {
        Format::Sroie => sroie::load(data, split)?,
        Format::Wildreceipt => wildreceipt::load(data)?,
        Format::Manifest => manifest::load(data, split)?,
    };
    if samples.is_empty() {
        return Err(EvalError::Empty { path: data.to_owned() });
    }
    let bar = progress(samples.len());
    let board = score(engine, &samples, &bar).await;
    bar.finish_and_clear();

    let dataset = dataset_name(data);
    let fields = board.fields().map(|(name, scores)| (name.name(), scores)).collect();
    let scores = FieldsReport { dataset, n: samples.len(), micro: board.micro(), fields };
    let json = serde_json::to_vec_pretty(&scores).map_err(|error| EvalError::format(report, error))?;
    std::fs::write(report, json).map_err(EvalError::file(report))?;
    print_table(&scores).map_err(EvalError::file(Path::new("standard output")))
}

async fn score(engine: &Engine, samples: &[Sample], bar: &ProgressBar) -> Scoreboard {
    let mut board = Scoreboard::default();
    let one = |sample| read(engine.pipeline.clone(), sample);
    read_ahead(samples, engine.threads() * 2, one, |sample: &Sample, document| {
        if let Err(reason) = &document {
            tracing::warn!(receipt = sample.id, reason, "cannot read a receipt, it counts as empty");
        }
        for expected in &sample.truth {
            board.add(expected, document.as_ref().ok().and_then(|document| expected.field.of(document)));
        }
        bar.inc(1);
    })
    .await;
    board
}

async fn read(pipeline: Pipeline, sample: Sample) -> Result<Document, String> {
    let bytes = std::fs::read(&sample.image).map_err(|error| error.to_string())?;
    let serving = pipeline.registry().current().ok_or("no models are loaded")?;
    let job = Job::unhurried(sample.id, serving, Priority::Interactive);
    let upload = Upload { bytes: bytes.into(), declared: None };
    let reading = pipeline.read(upload, &job, Include::NONE).await.map_err(|error| error.to_string())?;
    Ok(reading.response.document)
}

fn print_table(report: &FieldsReport) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}: {} receipts", report.dataset, report.n)?;
    writeln!(out, "{:16}{:>11}{:>8}{:>8}{:>22}", "", "precision", "recall", "f1", "letters and digits")?;
    let rows = report.fields.iter().map(|(name, scores)| (*name, scores));
    for (name, s) in rows.chain([("micro", &report.micro)]) {
        let Scores { precision, recall, f1, f1_letters_and_digits } = s;
        writeln!(out, "{name:16}{precision:>11.3}{recall:>8.3}{f1:>8.3}{f1_letters_and_digits:>22.3}")?;
    }
    Ok(())
}
