//! Scores genuine and forged pictures, and says how well the two are told apart.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;
use slipstream_models::forgery::ForgeryClassifier;

use super::EvalError;
use crate::pipeline::decode::{DecodeLimits, decode};

/// Share of genuine pictures that may be taken for forged when recall is measured.
const FALSE_ALARMS: f64 = 0.02;

/// One picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scored {
    /// Its name, without the folder.
    pub image: String,
    /// How likely it was edited, 0 to 1.
    pub score: f32,
    /// (left, top, right, bottom) of what looks edited, in pixels, the most certain first.
    pub regions: Vec<[f32; 4]>,
    /// Milliseconds on one thread, from pixels on.
    pub took_ms: f64,
}

/// What came of two folders.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ForgeryReport {
    /// Probability that a forged picture scores above a genuine one.
    pub auc: f64,
    /// Share of forged pictures above the score that 2 % of the genuine ones exceed.
    pub recall_at_2_percent: f64,
    /// Median time for a picture, in milliseconds on one thread, from pixels on.
    pub median_ms: f64,
    /// Genuine pictures.
    pub genuine: Vec<Scored>,
    /// Forged pictures.
    pub forged: Vec<Scored>,
}

/// Scores the pictures of two folders with the classifier in `weights`, and writes the report to `report` and a summary
/// to standard output.
///
/// # Errors
/// When a file cannot be read, an image not be decoded, the classifier not be loaded, or the report not be written.
pub fn run(weights: &Path, genuine: &Path, forged: &Path, report: &Path) -> Result<(), EvalError> {
    let classifier = ForgeryClassifier::load(weights).map_err(|error| EvalError::format(weights, error))?;
    // One thread: a server scores other receipts on the others meanwhile.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.map_err(|error| EvalError::format(weights, error))?;
    let genuine = scored(&classifier, &pool, genuine)?;
    let forged = scored(&classifier, &pool, forged)?;
    let scores = |all: &[Scored]| all.iter().map(|s| s.score).collect::<Vec<_>>();
    let mut times: Vec<f64> = genuine.iter().chain(&forged).map(|s| s.took_ms).collect();
    times.sort_by(f64::total_cmp);
    let result = ForgeryReport {
        auc: auc(&scores(&genuine), &scores(&forged)),
        recall_at_2_percent: recall(&scores(&genuine), &scores(&forged)),
        median_ms: times.get(times.len() / 2).copied().unwrap_or(0.0),
        genuine,
        forged,
    };
    let json = serde_json::to_vec_pretty(&result).map_err(|error| EvalError::format(report, error))?;
    std::fs::write(report, json).map_err(EvalError::file(report))?;
    print(&result).map_err(EvalError::file(Path::new("standard output")))
}

fn print(report: &ForgeryReport) -> std::io::Result<()> {
    let ForgeryReport { auc, recall_at_2_percent, median_ms, genuine, forged } = report;
    let (genuine, forged) = (genuine.len(), forged.len());
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{genuine} genuine, {forged} forged: AUC {auc:.3}, recall {recall_at_2_percent:.3} at 2 % false alarms"
    )?;
    writeln!(out, "{median_ms:.1} ms a picture (median, one thread)")
}

fn scored(classifier: &ForgeryClassifier, pool: &rayon::ThreadPool, folder: &Path) -> Result<Vec<Scored>, EvalError> {
    let entries = std::fs::read_dir(folder).map_err(EvalError::file(folder))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(EvalError::file(folder)));
    let mut paths = paths.collect::<Result<Vec<PathBuf>, _>>()?;
    let is_picture = |e: &std::ffi::OsStr| ["png", "jpg", "jpeg", "webp"].iter().any(|known| e == *known);
    paths.retain(|path| path.extension().is_some_and(is_picture));
    paths.sort();
    if paths.is_empty() {
        return Err(EvalError::Empty { path: folder.to_owned() });
    }
    paths.iter().map(|path| score(classifier, pool, path)).collect()
}

fn score(classifier: &ForgeryClassifier, pool: &rayon::ThreadPool, path: &Path) -> Result<Scored, EvalError> {
    let bytes = std::fs::read(path).map_err(EvalError::file(path))?;
    let decoded = decode(&bytes, None, &DecodeLimits::default()).map_err(|e| EvalError::format(path, e))?;
    let started = Instant::now();
    let verdict = pool.install(|| classifier.classify(&decoded.raster)).map_err(|e| EvalError::format(path, e))?;
    let took_ms = started.elapsed().as_secs_f64() * 1e3;
    let bounds = |quad: &slipstream_models::Quad| {
        let (left, top, right, bottom) = quad.bounds();
        [left, top, right, bottom]
    };
    Ok(Scored {
        image: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        score: verdict.score,
        regions: verdict.regions.iter().map(|region| bounds(&region.quad)).collect(),
        took_ms,
    })
}

/// Probability that a forged picture scores above a genuine one; equal scores count half.
pub(super) fn auc(genuine: &[f32], forged: &[f32]) -> f64 {
    let wins: f64 = forged
        .iter()
        .flat_map(|f| genuine.iter().map(move |g| f.total_cmp(g)))
        .map(|order| match order {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })
        .sum();
    wins / (genuine.len() * forged.len()).max(1) as f64
}

/// Share of forged pictures above the score that at most [`FALSE_ALARMS`] of the genuine ones exceed.
pub(super) fn recall(genuine: &[f32], forged: &[f32]) -> f64 {
    let mut sorted = genuine.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let allowed = (FALSE_ALARMS * sorted.len() as f64) as usize;
    let Some(threshold) = sorted.get(allowed) else { return 0.0 };
    forged.iter().filter(|score| *score > threshold).count() as f64 / forged.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_that_do_not_overlap_are_told_apart_wholly_and_equal_ones_by_chance() {
        assert_eq!((auc(&[0.1, 0.2], &[0.8, 0.9]), recall(&[0.1, 0.2], &[0.8, 0.9])), (1.0, 1.0));
        assert_eq!((auc(&[0.5; 4], &[0.5; 3]), recall(&[0.5; 4], &[0.5; 3])), (0.5, 0.0));
        assert_eq!(auc(&[0.9], &[0.1]), 0.0);
    }

    #[test]
    fn one_genuine_picture_in_fifty_may_score_above_the_threshold() {
        let mut genuine = vec![0.1; 49];
        genuine.push(0.9);
        assert_eq!(recall(&genuine, &[0.5, 0.5, 0.05, 0.95]), 0.75);
        assert_eq!(recall(&genuine[1..], &[0.5, 0.5, 0.05, 0.95]), 0.25);
    }
}
