//! Reads bar codes of pictures with known contents, and of pictures without any.
//!
//! A folder holds `N.png` or `N.jpg`, and beside it `N.txt` with what the code says. Pictures without a text, and all
//! in a folder whose name begins with `falsepositives`, have none.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde::Serialize;

use super::{EvalError, read_text};
use crate::pipeline::barcodes::barcodes;
use crate::pipeline::decode::{DecodeLimits, decode};

/// Folders of pictures without codes begin with this.
const NEGATIVES: &str = "falsepositives";

/// What came of the pictures of a folder, or of all.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct BarcodeScores {
    /// Pictures with a code.
    pub images: usize,
    /// Of them, how many gave what the code says.
    pub read: usize,
    /// Codes that said something else.
    pub wrong: usize,
    /// Pictures without a code.
    pub negatives: usize,
    /// Codes that were read on them.
    pub false_reads: usize,
    /// Median time for a picture, in milliseconds on one core, from pixels on.
    pub median_ms: f64,
    /// The 99th percentile of it.
    pub p99_ms: f64,
    #[serde(skip)]
    times_ms: Vec<f64>,
}

/// The scores of a data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BarcodeReport {
    /// Over all folders.
    #[serde(flatten)]
    pub all: BarcodeScores,
    /// By folder.
    pub folders: BTreeMap<String, BarcodeScores>,
}

impl BarcodeScores {
    fn add(&mut self, truth: Option<&str>, read: &[String], took_ms: f64) {
        self.times_ms.push(took_ms);
        match truth {
            Some(truth) => {
                let right = read.iter().filter(|value| same(value, truth)).count();
                self.images += 1;
                self.read += usize::from(right > 0);
                self.wrong += read.len() - right;
            }
            None => {
                self.negatives += 1;
                self.false_reads += read.len();
            }
        }
    }

    fn join(&mut self, other: &Self) {
        self.images += other.images;
        self.read += other.read;
        self.wrong += other.wrong;
        self.negatives += other.negatives;
        self.false_reads += other.false_reads;
        self.times_ms.extend(&other.times_ms);
    }

    fn summed_up(mut self) -> Self {
        self.times_ms.sort_by(f64::total_cmp);
        let at = |share: f64| self.times_ms.get(((self.times_ms.len() as f64 - 1.0) * share).round() as usize);
        (self.median_ms, self.p99_ms) = (at(0.5).copied().unwrap_or(0.0), at(0.99).copied().unwrap_or(0.0));
        self
    }
}

/// Line ends aside: text files have those of whoever wrote them.
fn same(read: &str, truth: &str) -> bool {
    read.replace("\r\n", "\n").trim_end() == truth.replace("\r\n", "\n").trim_end()
}

/// Reads the pictures in the folders of `data`, and writes the scores to `report` and as a table to standard output.
///
/// # Errors
/// When a file cannot be read, an image not be decoded, or the report not be written.
pub fn run(data: &Path, report: &Path) -> Result<(), EvalError> {
    let mut folders: BTreeMap<String, BarcodeScores> = BTreeMap::new();
    for picture in pictures(data)? {
        let folder = picture.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        let text = picture.with_extension("txt");
        let truth = if !folder.starts_with(NEGATIVES) && text.is_file() { Some(read_text(&text)?) } else { None };
        let bytes = std::fs::read(&picture).map_err(EvalError::file(&picture))?;
        let decoded = decode(&bytes, None, &DecodeLimits::default()).map_err(|e| EvalError::format(&picture, e))?;
        let started = Instant::now();
        let read: Vec<String> = barcodes(&decoded.raster).into_iter().map(|code| code.value).collect();
        let took_ms = started.elapsed().as_secs_f64() * 1e3;
        folders.entry(folder).or_default().add(truth.as_deref(), &read, took_ms);
    }
    if folders.is_empty() {
        return Err(EvalError::Empty { path: data.to_owned() });
    }
    let mut all = BarcodeScores::default();
    folders.values().for_each(|scores| all.join(scores));
    let folders = folders.into_iter().map(|(name, scores)| (name, scores.summed_up())).collect();
    let scores = BarcodeReport { all: all.summed_up(), folders };
    let json = serde_json::to_vec_pretty(&scores).map_err(|error| EvalError::format(report, error))?;
    std::fs::write(report, json).map_err(EvalError::file(report))?;
    print(&scores).map_err(EvalError::file(Path::new("standard output")))
}

/// The pictures in `folder` and in the folders in it, in order.
fn pictures(folder: &Path) -> Result<Vec<PathBuf>, EvalError> {
    let list = |folder: &Path| -> Result<Vec<PathBuf>, EvalError> {
        let entries = std::fs::read_dir(folder).map_err(EvalError::file(folder))?;
        entries.map(|entry| entry.map(|entry| entry.path()).map_err(EvalError::file(folder))).collect()
    };
    let is_picture = |path: &PathBuf| {
        path.extension().is_some_and(|e| ["png", "jpg", "jpeg", "webp"].iter().any(|known| e == *known))
    };
    let (folders, mut found): (Vec<_>, Vec<_>) = list(folder)?.into_iter().partition(|path| path.is_dir());
    for folder in folders {
        found.extend(list(&folder)?);
    }
    found.retain(is_picture);
    found.sort();
    Ok(found)
}

fn print(report: &BarcodeReport) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:18}{:>8}{:>8}{:>8}{:>11}{:>13}{:>11}{:>9}",
        "", "images", "read", "wrong", "negatives", "false reads", "median ms", "p99 ms"
    )?;
    let rows = report.folders.iter().map(|(name, scores)| (name.as_str(), scores));
    for (name, s) in rows.chain([("all", &report.all)]) {
        let BarcodeScores { images, read, wrong, negatives, false_reads, median_ms, p99_ms, .. } = s;
        writeln!(
            out,
            "{name:18}{images:>8}{read:>8}{wrong:>8}{negatives:>11}{false_reads:>13}{median_ms:>11.2}{p99_ms:>9.2}"
        )?;
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_counts_once_and_a_false_read_every_time() {
        let mut scores = BarcodeScores::default();
        scores.add(Some("4006381333931\r\n"), &["4006381333931".to_owned(), "x".to_owned()], 3.0);
        scores.add(Some("12345670"), &[], 1.0);
        scores.add(None, &["a".to_owned(), "b".to_owned()], 2.0);
        let scores = scores.summed_up();
        assert_eq!((scores.images, scores.read, scores.wrong), (2, 1, 1));
        assert_eq!((scores.negatives, scores.false_reads), (1, 2));
        assert_eq!((scores.median_ms, scores.p99_ms), (2.0, 3.0));
    }

    #[test]
    fn pictures_of_a_folder_and_of_its_folders_are_found() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("qr")).unwrap();
        for name in ["b.png", "a.jpg", "a.txt", "qr/1.png"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let found: Vec<_> = pictures(dir.path())
            .unwrap()
            .iter()
            .map(|p| p.strip_prefix(dir.path()).unwrap().display().to_string())
            .collect();
        assert_eq!(found, ["a.jpg", "b.png", "qr/1.png"]);
        assert!(run(&dir.path().join("nowhere"), &dir.path().join("out.json")).is_err());
    }
}
