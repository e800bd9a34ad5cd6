//! Reads the text of receipts and writes down what was read and how long it took.

use std::path::Path;
use std::time::Instant;

use indicatif::ProgressBar;
use serde::Serialize;
use slipstream_batcher::Priority;
use slipstream_models::TextLines;

use super::{EvalError, read_text};
use crate::cli::Engine;
use crate::pipeline::{Job, Pipeline, Upload};
use crate::telemetry::usage::Usage;

/// What to read, and how.
#[derive(Debug, Clone, Copy)]
pub struct OcrJob<'a> {
    /// The images are `img/ID.jpg` in it.
    pub data: &'a Path,
    /// File with the ids.
    pub ids: &'a Path,
    /// All receipts together instead of one after another.
    pub batch: bool,
}

/// One run over a list of receipts. Times are from encoded image to lines.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OcrReport {
    /// Who read.
    pub peer: String,
    /// Compute threads.
    pub threads: usize,
    /// Receipts.
    pub n: usize,
    /// From the first image to the last line.
    pub wall_s: f64,
    /// Processor time in that span.
    pub cpu_s: f64,
    /// Median of the receipts' times.
    pub median_s: f64,
    /// Receipts a second.
    pub receipts_per_s: f64,
    /// Largest resident memory of the process, loading included.
    pub peak_rss_mib: f64,
    /// What was read.
    pub results: Vec<OcrResult>,
}

/// One receipt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OcrResult {
    /// Its id.
    pub id: String,
    /// How long it took; the mean when all were read together.
    pub sec: f64,
    /// Its lines; none where it could not be read.
    pub lines: Vec<OcrLine>,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OcrLine {
    /// Corners `[x, y]` in pixels, clockwise from the text's top left.
    pub quad: [[f32; 2]; 4],
    /// What it says.
    pub text: String,
    /// Mean confidence of its characters, 0 to 1.
    pub score: f32,
}

/// Reads the receipts of `job` as `peer` and writes the [`OcrReport`] to `report`.
///
/// # Errors
/// When a file cannot be read or written, or the first receipt cannot be read. Of the others the report says which could not.
pub async fn run(
    engine: &Engine,
    job: &OcrJob<'_>,
    peer: &str,
    report: &Path,
    progress: impl Fn(usize) -> ProgressBar,
) -> Result<(), EvalError> {
    let images = load(job)?;
    let Some(first) = images.first() else { return Err(EvalError::Empty { path: job.ids.to_owned() }) };
    // Not measured: memory and threads warm up on the first receipt.
    read(&engine.pipeline, first).await?;

    let bar = progress(images.len());
    let (wall, cpu) = (Instant::now(), Usage::now().cpu);
    let results = if job.batch { together(engine, &images).await? } else { in_turn(engine, &images, &bar).await? };
    let (wall_s, cpu_s) = (wall.elapsed().as_secs_f64(), (Usage::now().cpu - cpu).as_secs_f64());
    bar.finish_and_clear();

    let n = results.len();
    let outcome = OcrReport {
        peer: peer.to_owned(),
        threads: engine.threads(),
        n,
        wall_s,
        cpu_s,
        median_s: median(results.iter().map(|result| result.sec).collect()),
        receipts_per_s: n as f64 / wall_s,
        peak_rss_mib: Usage::now().peak_rss_mib,
        results,
    };
    let json = serde_json::to_vec(&outcome).map_err(|error| EvalError::format(report, error))?;
    std::fs::write(report, json).map_err(EvalError::file(report))
}

/// An id and the bytes of its image.
type Image = (String, Upload);

fn load(job: &OcrJob<'_>) -> Result<Vec<Image>, EvalError> {
    let ids = read_text(job.ids)?;
    ids.split_whitespace()
        .map(|id| {
            let path = job.data.join("img").join(format!("{id}.jpg"));
            let bytes = std::fs::read(&path).map_err(EvalError::file(&path))?;
            Ok((id.to_owned(), Upload { bytes: bytes.into(), declared: None }))
        })
        .collect()
}

async fn in_turn(engine: &Engine, images: &[Image], bar: &ProgressBar) -> Result<Vec<OcrResult>, EvalError> {
    let mut results = Vec::with_capacity(images.len());
    for image in images {
        let started = Instant::now();
        let lines = read(&engine.pipeline, image).await;
        results.push(result(&image.0, started.elapsed().as_secs_f64(), lines));
        bar.inc(1);
    }
    Ok(results)
}

async fn together(engine: &Engine, images: &[Image]) -> Result<Vec<OcrResult>, EvalError> {
    let started = Instant::now();
    let coming: Vec<_> = images
        .iter()
        .map(|image| {
            let (pipeline, image) = (engine.pipeline.clone(), image.clone());
            tokio::spawn(async move { read(&pipeline, &image).await })
        })
        .collect();
    let mut pages = Vec::with_capacity(images.len());
    for (page, (id, _)) in coming.into_iter().zip(images) {
        let unread = |error: tokio::task::JoinError| EvalError::Unread { id: id.clone(), reason: error.to_string() };
        pages.push(page.await.map_err(unread)?);
    }
    let mean = started.elapsed().as_secs_f64() / images.len() as f64;
    Ok(images.iter().zip(pages).map(|((id, _), lines)| result(id, mean, lines)).collect())
}

async fn read(pipeline: &Pipeline, (id, upload): &Image) -> Result<TextLines, EvalError> {
    let unread = |reason: String| EvalError::Unread { id: id.clone(), reason };
    let serving = pipeline.registry().current().ok_or_else(|| unread("no models are loaded".to_owned()))?;
    let job = Job::unhurried(id.clone(), serving, Priority::Interactive);
    pipeline.read_lines(upload.clone(), &job).await.map_err(|error| unread(error.to_string()))
}

fn result(id: &str, sec: f64, read: Result<TextLines, EvalError>) -> OcrResult {
    let line = |line: &slipstream_models::TextLine| OcrLine {
        quad: line.quad.0.map(|p| [p.x, p.y]),
        text: line.text(),
        score: line.confidence,
    };
    let (lines, error) = match read {
        Ok(page) => (page.lines.iter().map(line).collect(), None),
        Err(error) => {
            tracing::warn!(%error, "a receipt is left out");
            (Vec::new(), Some(error.to_string()))
        }
    };
    OcrResult { id: id.to_owned(), sec, lines, error }
}

/// The middle value, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => 0.0,
        all if all.len() % 2 == 1 => all[middle],
        all => (all[middle - 1] + all[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_that_cannot_be_read_says_why_and_has_no_lines() {
        let unread = EvalError::Unread { id: "7".to_owned(), reason: "no image".to_owned() };
        let result = result("7", 0.1, Err(unread));
        assert!(result.lines.is_empty() && result.error.is_some_and(|error| error.contains("no image")));
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![]), 0.0);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
