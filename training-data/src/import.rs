//! Brings data sets of real receipts into the manifest, each receipt with its source, licence and the checksum of its image.
//!
//! Images are linked or referred to, never copied. What a data set does not
//! say stays absent; what was worked out here (labels, rows, canonical dates)
//! is said in the note of its [`Source`].

mod german;
mod locate;
mod rows;
mod split;
mod sroie;
mod values;
mod wildreceipt;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::manifest::write_line;
use crate::truth::{Fields, Kind, Line, PageSize, Source, Split, Truth};

pub use split::validates;

/// A layout of files that can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// ICDAR 2019 SROIE: `img/NAME.jpg`, `box/NAME.csv`, `key/NAME.json`.
    Sroie,
    /// WildReceipt: `labels.jsonl`, `class_list.txt` and the images that it names. Serves to validate alone.
    Wildreceipt,
    /// Scans named `merchant_DDMMYYYY_items_cents.jpg`, with the words of Textract beside them.
    German,
}

/// How the manifest finds the images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Images {
    /// By links in `images/`, so that the folder can be used like a synthetic one.
    #[default]
    Link,
    /// By their full paths.
    Refer,
}

/// What is to be imported, and how.
#[derive(Debug, Clone)]
pub struct Import {
    /// The data set's layout.
    pub format: Format,
    /// The data set's folder.
    pub data: PathBuf,
    /// How the manifest finds the images.
    pub images: Images,
    /// Receipts that are part of the validation whatever the data set says, by the names of their images without ending.
    pub hold_out: BTreeSet<String>,
}

/// Why a data set could not be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is not in the data set's format.
    #[error("{path}, line {line}: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what was expected.
        reason: String,
    },
    /// A file's name does not say what it should.
    #[error("{path}: the name is not {expected}; rename or remove the file")]
    Misnamed {
        /// The file.
        path: PathBuf,
        /// The form of such names.
        expected: &'static str,
    },
    /// There is no image, or it is none.
    #[error("cannot read the size of the image {path}: {source}")]
    BadImage {
        /// The image.
        path: PathBuf,
        /// What the decoder says.
        source: image::ImageError,
    },
    /// A receipt that was to be held out is not there.
    #[error("no receipt {name:?} in {data}; take it from the list of receipts to hold out")]
    Unknown {
        /// Its name.
        name: String,
        /// The data set's folder.
        data: PathBuf,
    },
    /// A link or the manifest cannot be written.
    #[error("cannot write {path}: {source}")]
    Unwritable {
        /// What was to be written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A receipt as a data set has it.
struct Found {
    image: PathBuf,
    truth: Truth,
}

impl Import {
    /// Writes `manifest.jsonl`, and links in `images/`, below `out`. Returns the number of receipts.
    ///
    /// # Errors
    /// The first file that cannot be read, understood or written, with its line.
    pub fn write(&self, out: &Path) -> Result<usize, ImportError> {
        let found = match self.format {
            Format::Sroie => sroie::read(&self.data)?,
            Format::Wildreceipt => wildreceipt::read(&self.data)?,
            Format::German => german::read(&self.data)?,
        };
        let known = |name: &&String| found.iter().any(|f| f.truth.id == **name);
        if let Some(name) = self.hold_out.iter().find(|name| !known(name)) {
            return Err(ImportError::Unknown { name: name.clone(), data: self.data.clone() });
        }
        let count = found.len();
        let folder = match self.images {
            Images::Link => out.join("images"),
            Images::Refer => out.to_path_buf(),
        };
        fs::create_dir_all(&folder).map_err(unwritable(&folder))?;
        let path = out.join("manifest.jsonl");
        let mut manifest = BufWriter::new(File::create(&path).map_err(unwritable(&path))?);
        for Found { image, mut truth } in found {
            if self.hold_out.contains(&truth.id) {
                truth.split = Some(Split::Validation);
            }
            truth.image_sha256 = Some(checksum(&image)?);
            truth.image = Some(self.place(&folder, &image, &truth.id)?);
            write_line(&mut manifest, &truth).map_err(unwritable(&path))?;
        }
        manifest.flush().map_err(unwritable(&path))?;
        Ok(count)
    }

    /// What the manifest calls the image, after making the link where one is asked for.
    fn place(&self, folder: &Path, image: &Path, id: &str) -> Result<String, ImportError> {
        let full = fs::canonicalize(image).map_err(unreadable(image))?;
        if self.images == Images::Refer {
            return Ok(full.to_string_lossy().into_owned());
        }
        let ending = image.extension().unwrap_or_default().to_string_lossy();
        let name = format!("{id}.{ending}");
        let link = folder.join(&name);
        // A link that an earlier import left is as good as a new one.
        if fs::read_link(&link).is_ok_and(|target| target == full) {
            return Ok(name);
        }
        link_to(&full, &link).map_err(unwritable(&link))?;
        Ok(name)
    }
}

#[cfg(unix)]
fn link_to(file: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(file, link)
}

/// Symbolic links ask for privileges elsewhere.
#[cfg(not(unix))]
fn link_to(file: &Path, link: &Path) -> io::Result<()> {
    fs::hard_link(file, link)
}

fn checksum(path: &Path) -> Result<String, ImportError> {
    let bytes = fs::read(path).map_err(unreadable(path))?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> ImportError {
    let path = path.to_path_buf();
    move |source| ImportError::Unreadable { path, source }
}

fn unwritable(path: &Path) -> impl FnOnce(io::Error) -> ImportError {
    let path = path.to_path_buf();
    move |source| ImportError::Unwritable { path, source }
}

fn read_text(path: &Path) -> Result<String, ImportError> {
    fs::read_to_string(path).map_err(unreadable(path))
}

/// JSON whose first line is `line` of the file.
fn read_json<T: serde::de::DeserializeOwned>(text: &str, path: &Path, line: usize) -> Result<T, ImportError> {
    serde_json::from_str(text).map_err(|e| ImportError::Malformed {
        path: path.to_path_buf(),
        line: line + e.line().saturating_sub(1),
        reason: e.to_string(),
    })
}

/// The files of a folder with one of these endings, by name.
fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, ImportError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        if path.extension().and_then(|e| e.to_str()).is_some_and(|e| endings.contains(&e)) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Endings of images.
const IMAGES: [&str; 4] = ["jpg", "jpeg", "png", "webp"];

/// A file's name without its ending.
fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// A receipt of which nothing is known but its image and its lines.
fn blank(image: &Path, lines: Vec<Line>, source: Source, split: Option<Split>) -> Result<Truth, ImportError> {
    let bad = |source| ImportError::BadImage { path: image.to_path_buf(), source };
    let (width, height) = image::image_dimensions(image).map_err(bad)?;
    Ok(Truth {
        id: stem(image),
        kind: Some(Kind::Receipt),
        typeface: None,
        language: String::new(),
        country: None,
        currency: None,
        page: PageSize { width, height },
        image: None,
        lines,
        fields: Fields::default(),
        items: Vec::new(),
        taxes: Vec::new(),
        payments: Vec::new(),
        serial_numbers: Vec::new(),
        barcodes: Vec::new(),
        inconsistency: None,
        source: Some(source),
        split,
        image_sha256: None,
    })
}

/// A line without labels, with corners clockwise from its top left.
fn line(text: String, quad: [[f32; 2]; 4]) -> Line {
    let of = |axis: usize, pick: fn(f32, f32) -> f32| quad.iter().map(|p| p[axis]).reduce(pick).unwrap_or_default();
    let bounds = [of(0, f32::min), of(1, f32::min), of(0, f32::max), of(1, f32::max)];
    Line { text, bounds, quad: Some(quad), labels: Vec::new(), words: Vec::new() }
}

#[cfg(test)]
#[path = "import/import_tests.rs"]
mod tests;
