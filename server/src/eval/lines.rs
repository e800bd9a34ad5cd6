//! Reads lines that are cut by their true boxes, and counts wrong characters:
//! the recognisers alone, without what detection does to them.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use serde::Serialize;
use slipstream_batcher::Priority;
use slipstream_models::{LineCrops, Quad, TextLine};

use super::errors::{LineErrors, LineScores};
use super::truth::Split;
use super::{EvalError, Format, dataset_name, manifest, read_ahead, sroie, wildreceipt};
use crate::cli::Engine;
use crate::pipeline::recognise::{SettledReading, recognise, settle};
use crate::pipeline::{Job, Pipeline, Upload};

/// A page with its lines.
#[derive(Debug, Clone, PartialEq)]
pub struct LinePage {
    /// Its name in the data set.
    pub id: String,
    /// The photo.
    pub image: PathBuf,
    /// ISO 639-1 code.
    pub language: String,
    /// The lines.
    pub lines: Vec<TrueLine>,
}

/// A line and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct TrueLine {
    /// Its corners, in pixels of the image.
    pub quad: Quad,
    /// What it says.
    pub text: String,
}

/// What to read, and where the results go.
#[derive(Debug, Clone, Copy)]
pub struct LinesJob<'a> {
    /// The folder.
    pub data: &'a Path,
    /// Its layout.
    pub format: Format,
    /// Which part of it.
    pub split: Split,
    /// Where the scores go.
    pub report: &'a Path,
    /// Where every reading goes, if anywhere.
    pub readings: Option<&'a Path>,
}

/// The scores of a data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinesReport {
    /// The folder's name.
    pub dataset: String,
    /// Over all lines.
    #[serde(flatten)]
    pub all: LineScores,
    /// Share of the lines that the second reader was asked about, 0 to 1.
    pub cascade_share: f64,
    /// By language.
    pub by_language: BTreeMap<String, LineScores>,
}

/// One line of the file of readings.
#[derive(Serialize)]
struct Record<'a> {
    id: &'a str,
    line: usize,
    truth: &'a str,
    text: String,
    /// Of all characters on average.
    confidence: f32,
    /// Of the least sure character.
    certainty: f32,
}

/// Reads the lines of `job` and writes their scores, and as a table to standard output.
///
/// # Errors
/// When the data set cannot be loaded, a page not be read or a file not be written.
pub async fn run(
    engine: &Engine,
    job: &LinesJob<'_>,
    progress: impl Fn(usize) -> ProgressBar,
) -> Result<(), EvalError> {
    let pages = load_pages(job.data, job.format, job.split)?;
    if pages.is_empty() {
        return Err(EvalError::Empty { path: job.data.to_owned() });
    }
    let bar = progress(pages.len());
    let (mut results, mut failure) = (Vec::with_capacity(pages.len()), None);
    let one = |page| read(engine.pipeline.clone(), page);
    read_ahead(&pages, engine.threads() * 2, one, |page, reading| {
        match reading {
            Ok(readings) => results.push((page, readings)),
            Err(reason) => failure = Some(EvalError::Unread { id: page.id.clone(), reason }),
        }
        bar.inc(1);
    })
    .await;
    bar.finish_and_clear();
    if let Some(failure) = failure {
        return Err(failure);
    }
    if let Some(path) = job.readings {
        write_readings(path, &results).map_err(EvalError::file(path))?;
    }
    let dataset = dataset_name(job.data);
    let report = score(dataset, job.format, &results);
    let json = serde_json::to_vec_pretty(&report).map_err(|error| EvalError::format(job.report, error))?;
    std::fs::write(job.report, json).map_err(EvalError::file(job.report))?;
    print_table(&report).map_err(EvalError::file(Path::new("standard output")))
}

/// The pages of a data set, with their lines.
///
/// # Errors
/// When a file cannot be read, or the format does not say what lines there are.
pub fn load_pages(data: &Path, format: Format, split: Split) -> Result<Vec<LinePage>, EvalError> {
    Ok(match format {
        Format::Sroie => sroie::load_lines(data, split)?,
        Format::Wildreceipt => wildreceipt::load_lines(data)?,
        Format::German | Format::EInvoice => return Err(EvalError::Lacking { what: "lines" }),
        Format::Manifest => manifest::load_lines(data, split)?,
    })
}

/// The lines of a page, in its order.
async fn read(pipeline: Pipeline, page: LinePage) -> Result<SettledReading, String> {
    let bytes = std::fs::read(&page.image).map_err(|error| error.to_string())?;
    let serving = pipeline.registry().current().ok_or("no models are loaded")?;
    let job = Job::unhurried(page.id, serving, Priority::Bulk);
    let quads: Vec<Quad> = page.lines.iter().map(|line| line.quad).collect();
    let upload = Upload { bytes: bytes.into(), declared: None };
    let crops = pipeline.cut(&job, upload, quads).await.map_err(|error| error.to_string())?;
    // A box without area has no pixels: its line reads as nothing.
    let there: Vec<bool> = crops.iter().map(Option::is_some).collect();
    let crops = LineCrops { crops: crops.into_iter().flatten().collect() };
    let first = recognise(&job, crops).await.map_err(|error| error.to_string())?;
    let SettledReading { lines, reread } = settle(&job, first).await.map_err(|error| error.to_string())?;
    let mut lines = lines.into_iter();
    let nothing = || TextLine::evenly_spaced("", 0.0, Quad::from_bounds(0.0, 0.0, 0.0, 0.0));
    let lines = there.into_iter().map(|there| there.then(|| lines.next()).flatten().unwrap_or_else(nothing)).collect();
    Ok(SettledReading { lines, reread })
}

fn score(dataset: String, format: Format, results: &[(&LinePage, SettledReading)]) -> LinesReport {
    let (mut all, mut reread) = (LineErrors::default(), 0);
    let mut by_language: BTreeMap<String, LineErrors> = BTreeMap::new();
    for (page, readings) in results {
        reread += readings.reread;
        let language = by_language.entry(page.language.clone()).or_default();
        for (line, reading) in page.lines.iter().zip(&readings.lines) {
            let (truth, read) = (compared(format, &line.text), compared(format, &reading.text()));
            all.add(&truth, &read);
            language.add(&truth, &read);
        }
    }
    let all = all.scores();
    let by_language = by_language.into_iter().map(|(language, errors)| (language, errors.scores())).collect();
    LinesReport { dataset, all, cascade_share: reread as f64 / all.n.max(1) as f64, by_language }
}

/// The form in which a data set's texts are compared: SROIE's are in capitals
/// whatever the print, WildReceipt's have no blanks.
fn compared(format: Format, text: &str) -> String {
    match format {
        Format::Sroie => text.to_uppercase(),
        Format::Wildreceipt => text.split_whitespace().collect(),
        Format::German | Format::Manifest | Format::EInvoice => text.to_owned(),
    }
}

fn write_readings(path: &Path, results: &[(&LinePage, SettledReading)]) -> io::Result<()> {
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    for (page, readings) in results {
        for (i, (line, reading)) in page.lines.iter().zip(&readings.lines).enumerate() {
            let (text, confidence, certainty) = (reading.text(), reading.confidence, reading.certainty());
            let record = Record { id: &page.id, line: i, truth: &line.text, text, confidence, certainty };
            serde_json::to_writer(&mut out, &record)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()
}

fn print_table(report: &LinesReport) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}: {} lines, {:.1} % read twice", report.dataset, report.all.n, report.cascade_share * 100.0)?;
    writeln!(
        out,
        "{:10}{:>8}{:>8}{:>12}{:>8}{:>12}{:>12}",
        "", "lines", "cer %", "no spaces", "exact", "no spaces", "diacritics"
    )?;
    let rows = report.by_language.iter().map(|(name, scores)| (name.as_str(), scores));
    for (name, s) in rows.chain([("all", &report.all)]) {
        let percent = |share: f64| share * 100.0;
        writeln!(
            out,
            "{name:10}{:>8}{:>8.2}{:>12.2}{:>8.1}{:>12.1}{:>12.1}",
            s.n,
            percent(s.cer),
            percent(s.cer_without_spaces),
            percent(s.exact),
            percent(s.exact_without_spaces),
            percent(s.diacritics_kept)
        )?;
    }
    Ok(())
}
