//! Collections of photographed pages, written to a folder on all cores.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::dice::Dice;
use crate::font::Typefaces;
use crate::manifest::{Mix, Shares, write_line};
use crate::photo::{PhotoOptions, photograph, to_jpeg};
use crate::receipt::{Wishes, generate_as};
use crate::render::Rendered;
use crate::specimen::generate_lines;
use crate::truth::Truth;

/// What a collection consists of. Equal recipes give equal files.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Seed of the collection.
    pub seed: u64,
    /// How many pages.
    pub count: u64,
    /// Locales and their shares.
    pub mix: Mix,
    /// Families of typefaces.
    pub typefaces: Typefaces,
    /// Share of pages of lines among all pages, 0 to 1; the rest are receipts.
    pub lines_share: f64,
    /// Shares of invoices, of long and of inconsistent receipts among what is left.
    pub shares: Shares,
    /// Share of photographs among all pages, 0 to 1; the rest are scans.
    pub photograph_share: f64,
}

/// A page as a file and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The truth, with the image's name.
    pub truth: Truth,
    /// The image, a JPEG file.
    pub jpeg: Vec<u8>,
}

/// Why a collection could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SynthesiseError {
    /// The disk is full, or the folder cannot be written.
    #[error("cannot write {path}: {source}")]
    Unwritable {
        /// What was to be written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A page could not be encoded.
    #[error("cannot encode {id}: {source}")]
    Unencodable {
        /// The page.
        id: String,
        /// What the encoder says.
        source: image::ImageError,
    },
}

/// Keeps the stream of choices between kinds apart from the pages' own.
const KINDS: u64 = 0x6b69_6e64_7321_0001;

impl Recipe {
    /// Page `index`, whatever pages were made before.
    ///
    /// # Errors
    /// What the encoder reports.
    pub fn page(&self, index: u64) -> Result<Page, SynthesiseError> {
        let seed = self.seed;
        let dice = &mut Dice::new(seed ^ KINDS, index);
        let (lines, photo) = (dice.chance(self.lines_share), dice.chance(self.photograph_share));
        let locale = self.mix.locale(seed, index);
        let receipt = if lines {
            generate_lines(locale, seed, index, &self.typefaces)
        } else {
            let wishes = Wishes { typefaces: Some(&self.typefaces), ..self.shares.draw(seed, index) };
            generate_as(locale, seed, index, wishes)
        };
        let options = if photo { PhotoOptions::photo(seed, index) } else { PhotoOptions::scan(seed, index) };
        let Rendered { image, mut truth } = photograph(&receipt, &options);
        let encoded = to_jpeg(&image, options.quality);
        let jpeg = encoded.map_err(|source| SynthesiseError::Unencodable { id: truth.id.clone(), source })?;
        truth.image = Some(format!("{}.jpg", truth.id));
        Ok(Page { truth, jpeg })
    }

    /// Writes `manifest.jsonl` and `images/ID.jpg` below `out` with so many
    /// threads, on which the files do not depend. `progress` hears the number
    /// of finished pages after each.
    ///
    /// # Errors
    /// The first page that cannot be encoded or written; pages before it in
    /// the order of finishing are kept.
    pub fn write(&self, out: &Path, threads: usize, mut progress: impl FnMut(u64)) -> Result<(), SynthesiseError> {
        let images = out.join("images");
        let unwritable = |path: &Path| {
            let path = path.to_path_buf();
            move |source| SynthesiseError::Unwritable { path, source }
        };
        fs::create_dir_all(&images).map_err(unwritable(&images))?;
        let manifest = out.join("manifest.jsonl");
        let mut lines = BufWriter::new(File::create(&manifest).map_err(unwritable(&manifest))?);
        let next = &AtomicU64::new(0);
        let make = |index: u64| {
            let Page { truth, jpeg } = self.page(index)?;
            let file = images.join(truth.image.as_deref().unwrap_or_default());
            fs::write(&file, jpeg).map_err(unwritable(&file))?;
            Ok(truth)
        };
        thread::scope(|scope| {
            let (send, receive) = mpsc::sync_channel::<(u64, Result<Truth, SynthesiseError>)>(64);
            for _ in 0..threads.max(1) {
                let send = send.clone();
                let make = &make;
                scope.spawn(move || {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        // Nobody listens any more once a page has failed.
                        if index >= self.count || send.send((index, make(index))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(send);
            // Pages finish in any order and are listed in theirs.
            let mut waiting = BTreeMap::new();
            let (mut listed, mut finished) = (0, 0);
            for (index, page) in receive {
                waiting.insert(index, page?);
                while let Some(truth) = waiting.remove(&listed) {
                    write_line(&mut lines, &truth).map_err(unwritable(&manifest))?;
                    listed += 1;
                }
                finished += 1;
                progress(finished);
            }
            lines.flush().map_err(unwritable(&manifest))
        })
    }
}
