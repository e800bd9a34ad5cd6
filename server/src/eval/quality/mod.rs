//! Whether photos that cannot be read are stopped, and those that can are not.
//!
//! Receipts with known text are made worse in seven ways, at strengths from
//! hardly visible to hopeless. Each is read by the whole reader, whatever the
//! quality stage says; unreadable is where fewer than half of the words come out
//! right (F1 below 0.5). Then it counts which of both kinds the stage stops.

mod degrade;

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::Path;

use image::RgbImage;
use indicatif::ProgressBar;
use serde::Serialize;
use slipstream_batcher::Priority;

use self::degrade::{Fault, strength};
use super::lines::{LinePage, load_pages};
use super::score::{alphanumeric, folded, share};
use super::truth::Split;
use super::{EvalError, Format, read_ahead};
use crate::cli::Engine;
use crate::pipeline::decode::{DecodeLimits, decode};
use crate::pipeline::quality::{Measures, QualitySettings, judge, measure};
use crate::pipeline::{Job, Pipeline, Upload};

/// Word F1 below which a photo counts as unreadable.
const UNREADABLE: f64 = 0.5;

/// What to read, and where the scores go.
#[derive(Debug, Clone, Copy)]
pub struct QualityJob<'a> {
    /// The folder.
    pub data: &'a Path,
    /// How it is laid out.
    pub format: Format,
    /// Which part of it.
    pub split: Split,
    /// Photos made of each receipt with each fault.
    pub rounds: usize,
    /// Where the scores go.
    pub report: &'a Path,
}

/// How many photos were stopped.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Stopped {
    /// Photos that cannot be read.
    pub unreadable: usize,
    /// Of them, those that were stopped.
    pub unreadable_stopped: usize,
    /// Photos that can be read.
    pub readable: usize,
    /// Of them, those that were stopped.
    pub readable_stopped: usize,
}

/// The scores of a data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QualityScores {
    /// Share of the unreadable photos that were stopped.
    pub stopped_unreadable: f64,
    /// Share of the readable photos that were stopped.
    pub stopped_readable: f64,
    /// Over all faults.
    pub all: Stopped,
    /// By fault.
    pub by_fault: BTreeMap<&'static str, Stopped>,
    /// Each photo: for choosing other thresholds.
    pub photos: Vec<Photo>,
}

/// One photo.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Photo {
    /// The receipt.
    pub id: String,
    /// What was done to it.
    pub fault: &'static str,
    /// How badly, 0 to 1.
    pub strength: f32,
    /// F1 of the words that were read.
    pub word_f1: f64,
    /// Whether the stage stopped it.
    pub stopped: bool,
    /// What the stage measured.
    pub measures: Measures,
}

/// Makes photos worse, reads them, and writes the [`QualityScores`] of `job`.
///
/// # Errors
/// When a file cannot be read or written.
pub async fn run(
    engine: &Engine,
    job: &QualityJob<'_>,
    progress: impl Fn(usize) -> ProgressBar,
) -> Result<(), EvalError> {
    if job.format == Format::Wildreceipt {
        return Err(EvalError::Lacking { what: "blanks between words" });
    }
    let pages = load_pages(job.data, job.format, job.split)?;
    if pages.is_empty() {
        return Err(EvalError::Empty { path: job.data.to_owned() });
    }
    let tasks: Vec<(usize, Fault, usize)> = (0..pages.len())
        .flat_map(|page| Fault::ALL.map(|fault| (page, fault)))
        .flat_map(|(page, fault)| {
            let rounds = if fault == Fault::None { 1 } else { job.rounds };
            (0..rounds).map(move |round| (page, fault, round))
        })
        .collect();
    let bar = progress(tasks.len());
    let mut photos = Vec::with_capacity(tasks.len());
    let read = |(page, fault, round): (usize, Fault, usize)| {
        let (pipeline, page) = (engine.pipeline.clone(), pages.get(page).cloned());
        async move {
            let page = page.ok_or_else(|| "no such page".to_owned())?;
            photo(&pipeline, &page, fault, round).await
        }
    };
    let mut failed = None;
    read_ahead(&tasks, 2 * engine.threads(), read, |_, outcome| {
        bar.inc(1);
        match outcome {
            Ok(photo) => photos.push(photo),
            Err(reason) => failed = Some(reason),
        }
    })
    .await;
    bar.finish_and_clear();
    if let Some(reason) = failed {
        return Err(EvalError::Unread { id: "a photo made worse".to_owned(), reason });
    }
    let scores = sum_up(photos);
    print(&scores).map_err(EvalError::file(Path::new("standard output")))?;
    let json = serde_json::to_vec(&scores).map_err(|error| EvalError::format(job.report, error))?;
    std::fs::write(job.report, json).map_err(EvalError::file(job.report))
}

async fn photo(pipeline: &Pipeline, page: &LinePage, fault: Fault, round: usize) -> Result<Photo, String> {
    let (strength, seed) = strength(&page.id, fault, round);
    let (path, id) = (page.image.clone(), page.id.clone());
    let made = tokio::task::spawn_blocking(move || {
        let bytes = std::fs::read(&path).map_err(|error| format!("{id}: {error}"))?;
        let whole = decode(&bytes, None, &DecodeLimits::default()).map_err(|error| format!("{id}: {error}"))?.raster;
        let photo = RgbImage::from_raw(whole.width() as u32, whole.height() as u32, whole.rgb().to_vec())
            .ok_or_else(|| format!("{id}: an image of another size"))?;
        let bytes = fault.apply(&photo, strength, seed).map_err(|error| format!("{id}: {error}"))?;
        let worse = decode(&bytes, None, &DecodeLimits::default()).map_err(|error| format!("{id}: {error}"))?;
        Ok::<_, String>((bytes, measure(&worse.raster)))
    });
    let (bytes, measures) = made.await.map_err(|error| error.to_string())??;
    let serving = pipeline.registry().current().ok_or_else(|| "no models are loaded".to_owned())?;
    let job = Job::unhurried(page.id.clone(), serving, Priority::Interactive);
    let upload = Upload { bytes: bytes.into(), declared: None };
    let lines = pipeline.read_lines(upload, &job).await.map_err(|error| error.to_string())?;
    let read: Vec<String> = lines.lines.iter().map(slipstream_models::TextLine::text).collect();
    Ok(Photo {
        id: page.id.clone(),
        fault: fault.name(),
        strength: if fault == Fault::None { 0.0 } else { strength },
        word_f1: word_f1(page.lines.iter().map(|line| line.text.as_str()), read.iter().map(String::as_str)),
        stopped: !judge(&measures, &QualitySettings::default()).usable,
        measures,
    })
}

/// F1 of words, whatever their place, case and punctuation.
fn word_f1<'a>(truth: impl Iterator<Item = &'a str>, read: impl Iterator<Item = &'a str>) -> f64 {
    let words = |text: &str| -> Vec<String> {
        let words = folded(text);
        words.split(' ').map(alphanumeric).filter(|word| !word.is_empty()).collect()
    };
    let (truth, read): (Vec<String>, Vec<String>) = (truth.flat_map(words).collect(), read.flat_map(words).collect());
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in &truth {
        *left.entry(word).or_default() += 1;
    }
    let right = read
        .iter()
        .filter(|word| match left.get_mut(word.as_str()) {
            Some(n) if *n > 0 => {
                *n -= 1;
                true
            }
            _ => false,
        })
        .count();
    share(2 * right, truth.len() + read.len())
}

fn sum_up(photos: Vec<Photo>) -> QualityScores {
    let mut all = Stopped::default();
    let mut by_fault: BTreeMap<&'static str, Stopped> = BTreeMap::new();
    for photo in &photos {
        for counts in [&mut all, by_fault.entry(photo.fault).or_default()] {
            let (n, stopped) = if photo.word_f1 < UNREADABLE {
                (&mut counts.unreadable, &mut counts.unreadable_stopped)
            } else {
                (&mut counts.readable, &mut counts.readable_stopped)
            };
            *n += 1;
            *stopped += usize::from(photo.stopped);
        }
    }
    QualityScores {
        stopped_unreadable: share(all.unreadable_stopped, all.unreadable),
        stopped_readable: share(all.readable_stopped, all.readable),
        all,
        by_fault,
        photos,
    }
}

fn print(scores: &QualityScores) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{:<12} {:>10} {:>8} {:>9} {:>8}", "fault", "unreadable", "stopped", "readable", "stopped")?;
    let rows = scores.by_fault.iter().map(|(fault, counts)| (*fault, counts)).chain([("all", &scores.all)]);
    for (fault, c) in rows {
        writeln!(
            out,
            "{fault:<12} {:>10} {:>8.3} {:>9} {:>8.3}",
            c.unreadable,
            share(c.unreadable_stopped, c.unreadable),
            c.readable,
            share(c.readable_stopped, c.readable)
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_whatever_their_place() {
        let f1 = |truth: &[&str], read: &[&str]| word_f1(truth.iter().copied(), read.iter().copied());
        assert_eq!(f1(&["TOTAL 9.00"], &["9.00", "total:"]), 1.0);
        assert_eq!(f1(&["a b c d"], &["a b"]), 2.0 / 3.0);
        assert_eq!(f1(&["a a"], &["a a a a"]), 2.0 / 3.0);
        assert_eq!(f1(&["a"], &[]), 0.0);
    }

    #[test]
    fn photos_are_counted_by_what_can_be_read() {
        let photo = |word_f1, stopped| Photo {
            id: String::new(),
            fault: "focus",
            strength: 0.5,
            word_f1,
            stopped,
            measures: Measures::default(),
        };
        let scores = sum_up(vec![photo(0.4, true), photo(0.4, false), photo(0.5, false), photo(0.9, false)]);
        assert_eq!((scores.stopped_unreadable, scores.stopped_readable), (0.5, 0.0));
        assert_eq!(scores.by_fault["focus"], scores.all);
    }
}
