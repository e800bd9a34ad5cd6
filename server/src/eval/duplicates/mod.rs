//! How many receipts that come again are found, and how many that do not are taken for others.
//!
//! | file | what it knows |
//! |---|---|
//! | `altered.rs` | what is done to images: re-submissions, second photos |
//! | `next_slip.rs` | what an equal purchase looks like |
//! | `compare.rs` | who is taken for whom |
//! | `report.rs` | the figures |
//!
//! Every receipt is read by the real reader, whatever was done to it. All of them go into one index, of one tenant, so that
//! each has every other one to be confused with.

mod altered;
mod compare;
mod next_slip;
mod report;

use std::path::{Path, PathBuf};

use image::RgbImage;
use indicatif::ProgressBar;
use slipstream_batcher::Priority;
use slipstream_duplicates::{Fingerprint, Index, Secret, Settings, TenantKey};

use super::truth::Split;
use super::{EvalError, read_ahead, sroie};
use crate::cli::Engine;
use crate::pipeline::{Job, Pipeline, Upload};
use altered::Alteration;
use compare::{Stranger, compare};
use next_slip::next_slip;
pub use report::{DuplicatesReport, Share, Wrong};

/// What to measure with.
#[derive(Debug, Clone, Copy)]
pub struct DuplicatesJob<'a> {
    /// A folder in the layout of SROIE.
    pub data: &'a Path,
    /// Receipts that are altered, sent again and bought again.
    pub altered: usize,
    /// Receipts that are read in all; those beyond `altered` are there to be confused with.
    pub receipts: usize,
    /// Where the report is written.
    pub report: &'a Path,
}

/// Nothing is kept of what this keys.
const SECRET: &str = "for measuring only";

/// Measures and writes the report; prints it as a table.
///
/// # Errors
/// When a file cannot be read or written.
pub async fn run(
    engine: &Engine,
    job: &DuplicatesJob<'_>,
    progress: impl Fn(usize) -> ProgressBar,
) -> Result<(), EvalError> {
    let report = measure(engine, job, progress).await?;
    let json = serde_json::to_vec_pretty(&report).map_err(|error| EvalError::format(job.report, error))?;
    std::fs::write(job.report, json).map_err(EvalError::file(job.report))?;
    report.print().map_err(EvalError::file(Path::new("standard output")))
}

/// Measures.
///
/// # Errors
/// When the data set or a place for temporary files cannot be used.
pub async fn measure(
    engine: &Engine,
    job: &DuplicatesJob<'_>,
    progress: impl Fn(usize) -> ProgressBar,
) -> Result<DuplicatesReport, EvalError> {
    let pages = spread(sroie::load_lines(job.data, Split::All)?, job.receipts);
    if pages.is_empty() {
        return Err(EvalError::Empty { path: job.data.to_owned() });
    }
    // Each receipt as it is, then what is done to some of them; every n-th, since neighbours are of one shop.
    let step = (pages.len() / job.altered.max(1)).max(1);
    let mut tasks: Vec<Task> =
        pages.iter().enumerate().map(|(of, page)| Task { of, path: page.image.clone(), alteration: None }).collect();
    let chosen: Vec<Task> = tasks.iter().step_by(step).take(job.altered).cloned().collect();
    for alteration in Alteration::RESUBMISSIONS.into_iter().chain([Alteration::SecondPhoto]) {
        tasks.extend(chosen.iter().map(|task| Task { alteration: Some(alteration), ..task.clone() }));
    }
    let folder = tempfile::tempdir().map_err(EvalError::file(&std::env::temp_dir()))?;
    let secret = Secret::new(SECRET).map_err(|error| EvalError::format(job.report, error))?;
    let place = folder.path().join("index");
    let unusable = |error: slipstream_duplicates::IndexError| EvalError::format(&place, error);
    let index = Index::open(&place, secret, Settings::default()).map_err(unusable)?;
    let key = index.tenant("measured");
    let bar = progress(tasks.len());
    let taken = read_all(&engine.pipeline, &tasks, &key, engine.threads() * 2, &bar).await;
    bar.finish_and_clear();
    let strangers: Vec<Stranger> = pages.iter().map(Stranger::new).collect();
    compare(&strangers, &tasks, &taken, &index, &key).map_err(unusable)
}

/// An image to be read.
#[derive(Debug, Clone)]
struct Task {
    /// The receipt that it is of.
    of: usize,
    path: PathBuf,
    /// What is done to it before.
    alteration: Option<Alteration>,
}

/// The fingerprint of a reading, and of the same reading of the slip that came next.
#[derive(Debug, Clone)]
struct Taken {
    fingerprint: Fingerprint,
    next: Option<Fingerprint>,
}

/// At most `count` of `all`, spread over all of them.
fn spread<T>(all: Vec<T>, count: usize) -> Vec<T> {
    let length = all.len().max(1);
    let count = count.min(length);
    let keep = |i: usize| (i + 1) * count / length > i * count / length;
    all.into_iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, one)| one).collect()
}

/// What was taken of each task; nothing where no document was seen.
async fn read_all(
    pipeline: &Pipeline,
    tasks: &[Task],
    key: &TenantKey,
    ahead: usize,
    bar: &ProgressBar,
) -> Vec<Option<Taken>> {
    let mut all = Vec::with_capacity(tasks.len());
    let read = |task: Task| {
        let (pipeline, key) = (pipeline.clone(), key.clone());
        async move { take(&pipeline, task, &key).await }
    };
    read_ahead(tasks, ahead, read, |task, taken| {
        if let Err(reason) = &taken {
            tracing::warn!(path = %task.path.display(), reason, "a receipt was not read");
        }
        all.push(taken.ok().flatten());
        bar.inc(1);
    })
    .await;
    all
}

/// Reads an image. What was seen of it ends here, since the pixels of a thousand pages would not fit into memory.
async fn take(pipeline: &Pipeline, task: Task, key: &TenantKey) -> Result<Option<Taken>, String> {
    let Task { of, path, alteration } = task;
    let bytes = tokio::task::spawn_blocking(move || prepare(&path, alteration)).await.map_err(|e| e.to_string())??;
    let serving = pipeline.registry().current().ok_or("no models are loaded")?;
    let job = Job::unhurried("duplicates".to_owned(), serving, Priority::Interactive);
    let upload = Upload { bytes: bytes.into(), declared: None };
    let seen = pipeline.see(upload, &job).await.map_err(|error| error.to_string())?;
    Ok(seen.map(|seen| {
        let next = next_slip(&seen, 1 + of as u64 % 200).map(|next| next.fingerprint(key));
        Taken { fingerprint: seen.fingerprint(key), next }
    }))
}

fn prepare(path: &Path, alteration: Option<Alteration>) -> Result<Vec<u8>, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let Some(alteration) = alteration else { return Ok(bytes) };
    let image: RgbImage = image::load_from_memory(&bytes).map_err(|error| error.to_string())?.to_rgb8();
    let seed = path.to_string_lossy().bytes().fold(0_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    alteration.apply(&image, seed).map_err(|error| error.to_string())
}
