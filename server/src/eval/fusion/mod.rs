//! Fits how much each signal of fraud counts: genuine and forged receipts go through the whole pipeline.
//!
//! Half of the receipts fit the weights and the other half measures them; the weights that are printed for
//! `pipeline/fraud/fusion.rs` are fitted on all.

mod fit;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use indicatif::ProgressBar;
use serde::Serialize;
use slipstream_api::Include;
use slipstream_batcher::Priority;
use slipstream_forger::{Edit, Treatment, forge};

use super::forgery::{auc, recall};
use super::lines::LinePage;
use super::truth::Split;
use super::{EvalError, read_ahead, sroie};
use crate::cli::Engine;
use crate::eval::trust::page;
use crate::hash::fnv1a;
use crate::pipeline::{Job, Pipeline, Upload};
use fit::{Observation, fit, probability};

/// Signals that forging can bring about.
const CODES: [&str; 6] =
    ["edited_pixels", "type_break", "ink_break", "recompressed", "arithmetic_contradiction", "digits_in_conflict"];

/// How uploads come: mostly as an editor keeps them.
const TREATMENTS: [Treatment; 4] = [Treatment::None, Treatment::Jpeg95, Treatment::None, Treatment::Resize075];

/// What to fit on.
#[derive(Debug, Clone, Copy)]
pub struct FusionJob<'a> {
    /// A folder in the layout of SROIE.
    pub data: &'a Path,
    /// Which receipts.
    pub split: Split,
    /// Receipts at most.
    pub receipts: usize,
    /// Where the report goes.
    pub report: &'a Path,
}

/// What came of fitting.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FusionReport {
    /// Uploads, half of them forged.
    pub uploads: usize,
    /// How much of each signal's evidence counts, fitted on all.
    pub weights: BTreeMap<&'static str, f32>,
    /// Share of genuine and of forged uploads that show each signal.
    pub shown: BTreeMap<&'static str, [f64; 2]>,
    /// Of the half that was not fitted on.
    pub auc: f64,
    /// Likewise.
    pub recall_at_2_percent: f64,
    /// Likewise: mean squared difference between probability and truth, at equal shares.
    pub brier: f64,
    /// Each upload: receipt, what was done, strengths.
    pub observations: Vec<Observation>,
}

/// One upload to be read.
#[derive(Debug, Clone)]
struct Task {
    receipt: LinePage,
    other: LinePage,
    /// None: genuine.
    edit: Option<Edit>,
    treatment: Treatment,
}

/// Reads, fits, and writes the report; prints the weights.
///
/// # Errors
/// When a file cannot be read or written.
pub async fn run(
    engine: &Engine,
    job: &FusionJob<'_>,
    progress: impl Fn(usize) -> ProgressBar,
) -> Result<(), EvalError> {
    let all = sroie::load_lines(job.data, job.split)?;
    if all.is_empty() {
        return Err(EvalError::Empty { path: job.data.to_owned() });
    }
    let step = all.len().div_ceil(job.receipts.max(1)).max(1);
    let mut tasks = Vec::new();
    for (number, (at, receipt)) in all.iter().enumerate().step_by(step).enumerate() {
        let other = all.get((at + all.len() / 2) % all.len()).unwrap_or(receipt);
        let treatment = TREATMENTS.get(number % TREATMENTS.len()).copied().unwrap_or(Treatment::None);
        for edit in [None, Edit::ALL.get(number % Edit::ALL.len()).copied()] {
            tasks.push(Task { receipt: receipt.clone(), other: other.clone(), edit, treatment });
        }
    }
    let bar = progress(tasks.len());
    let mut observations = Vec::new();
    let read = |task: Task| {
        let pipeline = engine.pipeline.clone();
        async move { observe(&pipeline, task).await }
    };
    read_ahead(&tasks, 2 * engine.threads(), read, |task, observed| {
        bar.inc(1);
        match observed {
            Ok(observed) => observations.extend(observed),
            Err(reason) => tracing::warn!(receipt = task.receipt.id, reason, "an upload was not read"),
        }
    })
    .await;
    bar.finish_and_clear();
    let report = summed_up(observations);
    let json = serde_json::to_vec_pretty(&report).map_err(|error| EvalError::format(job.report, error))?;
    std::fs::write(job.report, json).map_err(EvalError::file(job.report))?;
    print(&report).map_err(EvalError::file(Path::new("standard output")))
}

/// The signals of an upload; nothing where the receipt offered no place for the edit.
async fn observe(pipeline: &Pipeline, task: Task) -> Result<Option<Observation>, String> {
    let Task { receipt, other, edit, treatment } = task;
    let (id, what) = (receipt.id.clone(), edit.map_or("genuine", Edit::name));
    let seed = fnv1a(format!("{id}/{what}").into_bytes());
    let made = tokio::task::spawn_blocking(move || {
        let own = page(&receipt).map_err(|error| error.to_string())?;
        let image = match edit {
            None => Some(own.image().clone()),
            Some(edit) => {
                let other = page(&other).map_err(|error| error.to_string())?;
                forge(&own, &other, edit, seed).map(|forged| forged.image)
            }
        };
        image.map(|image| treatment.upload(&image).map_err(|error| error.to_string())).transpose()
    });
    let Some(bytes) = made.await.map_err(|error| error.to_string())?? else { return Ok(None) };
    let serving = pipeline.registry().current().ok_or("no models are loaded")?;
    let job = Job::unhurried(id.clone(), serving, Priority::Interactive);
    let upload = Upload { bytes: bytes.into(), declared: None };
    let include = Include { fraud: true, ..Include::NONE };
    let reading = pipeline.read(upload, &job, include).await.map_err(|error| error.to_string())?;
    let signals = reading.response.fraud.map(|fraud| fraud.signals).unwrap_or_default();
    let strength = |code: &str| signals.iter().filter(|s| s.code == code).map(|s| s.score).fold(0.0, f32::max);
    let strengths = CODES.iter().map(|code| strength(code)).collect();
    Ok(Some(Observation { receipt: id, what, treatment: treatment.name(), forged: edit.is_some(), strengths }))
}

fn summed_up(observations: Vec<Observation>) -> FusionReport {
    let mut receipts: Vec<&str> = observations.iter().map(|o| o.receipt.as_str()).collect();
    receipts.dedup();
    let first = |o: &&Observation| receipts.iter().position(|id| *id == o.receipt).is_some_and(|at| at % 2 == 0);
    let (learnt, measured): (Vec<&Observation>, Vec<&Observation>) = observations.iter().partition(first);
    let weights = fit(&learnt, CODES.len());
    let scores = |forged: bool| -> Vec<f32> {
        measured.iter().filter(|o| o.forged == forged).map(|o| probability(o, &weights)).collect()
    };
    let (genuine, forged) = (scores(false), scores(true));
    let off = genuine.iter().map(|p| p * p).chain(forged.iter().map(|p| (1.0 - p) * (1.0 - p)));
    let brier = f64::from(off.sum::<f32>()) / measured.len().max(1) as f64;
    let all: Vec<&Observation> = observations.iter().collect();
    let shown = |at: usize| {
        [false, true].map(|forged| {
            let of: Vec<&&Observation> = all.iter().filter(|o| o.forged == forged).collect();
            let with = of.iter().filter(|o| o.strengths.get(at).is_some_and(|s| *s > 0.0)).count();
            with as f64 / of.len().max(1) as f64
        })
    };
    FusionReport {
        uploads: all.len(),
        weights: CODES.into_iter().zip(fit(&all, CODES.len())).collect(),
        shown: CODES.into_iter().enumerate().map(|(at, code)| (code, shown(at))).collect(),
        auc: auc(&genuine, &forged),
        recall_at_2_percent: recall(&genuine, &forged),
        brier,
        observations,
    }
}

fn print(report: &FusionReport) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<28} {:>7} {:>9} {:>9}", "signal", "weight", "genuine", "forged")?;
    for (code, weight) in &report.weights {
        let [genuine, forged] = report.shown.get(code).copied().unwrap_or_default();
        writeln!(out, "{code:<28} {weight:>7.2} {genuine:>9.3} {forged:>9.3}")?;
    }
    let FusionReport { uploads, auc, recall_at_2_percent, brier, .. } = report;
    writeln!(
        out,
        "{uploads} uploads; of the half not fitted on: AUC {auc:.3}, recall {recall_at_2_percent:.3} at 2 % false alarms, Brier {brier:.3}"
    )
}
