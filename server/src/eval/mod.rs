//! Measuring what is read against the truth, end to end: image in, own reading.
//!
//! | module | what it knows |
//! |---|---|
//! | [`ocr`] | reading times and texts, in a file that other tools score |
//! | [`lines`] | lines cut by their true boxes against their true text |
//! | [`fields`] | fields against the truth, over a whole folder |
//! | [`quality`] | whether photos that cannot be read are stopped |
//! | [`barcodes`] | bar codes of pictures with known contents |
//! | [`duplicates`] | receipts that come again, and those that only look like it |
//! | [`forgery`] | genuine pictures against forged ones |
//! | [`fusion`] | how much each signal of fraud counts |
//! | [`trust`] | quality, forgery and duplicates in one report |
//! | [`truth`] | what a receipt should say, whatever the folder's format |
//! | [`sroie`], [`wildreceipt`], [`german`], [`manifest`], [`e_invoice`] | folder formats |
//! | [`score`] | when two values are the same, and precision, recall, F1 |
//! | [`errors`] | how far a line is from its truth |

pub mod barcodes;
pub mod duplicates;
pub mod e_invoice;
pub mod errors;
pub mod fields;
pub mod forgery;
pub mod fusion;
pub mod german;
pub mod lines;
pub mod manifest;
pub mod ocr;
pub mod quality;
pub mod score;
pub mod sroie;
pub mod trust;
pub mod truth;
pub mod wildreceipt;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

/// How a data set's folder is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// img/NAME.jpg with key/NAME.json (company, date, address, total) and box/NAME.csv (lines).
    #[default]
    Sroie,
    /// labels.jsonl and class_list.txt.
    Wildreceipt,
    /// scans/MERCHANT_DDMMYYYY_ITEMS_CENTS.jpg: the name is the truth.
    German,
    /// manifest.jsonl as the receipt synthesiser writes it.
    Manifest,
    /// NAME.pdf with the XML of an e-invoice in it; with --ignore-e-invoices the pages alone are read.
    EInvoice,
}

/// Why an evaluation could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// A file could not be read or written.
    #[error("cannot access {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the data set is not what the format says.
    #[error("{path} is not in the expected format: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing to measure.
    #[error("no receipts found in {path}; check --data, --format and --split")]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// The data set does not say what is to be measured.
    #[error("data sets in this format have no {what}")]
    Lacking {
        /// What is missing.
        what: &'static str,
    },
    /// A receipt could not be read, where each has to be.
    #[error("cannot read receipt {id}: {reason}")]
    Unread {
        /// The receipt.
        id: String,
        /// Why.
        reason: String,
    },
}

impl EvalError {
    fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::File { path: path.to_owned(), source }
    }

    fn format(path: &Path, reason: impl ToString) -> Self {
        Self::Format { path: path.to_owned(), reason: reason.to_string() }
    }
}

/// What reports call the data set in `folder`.
fn dataset_name(folder: &Path) -> String {
    folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned()
}

/// The content of a text file, with whatever is not UTF-8 replaced.
fn read_text(path: &Path) -> Result<String, EvalError> {
    let bytes = std::fs::read(path).map_err(EvalError::file(path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Hands every item to `read`, as many ahead of each other as keep the queues
/// filled, and every answer to `take`, in the order of the items.
async fn read_ahead<'a, S, T, F>(
    items: &'a [S],
    ahead: usize,
    read: impl Fn(S) -> F,
    mut take: impl FnMut(&'a S, Result<T, String>),
) where
    S: Clone,
    T: Send + 'static,
    F: Future<Output = Result<T, String>> + Send + 'static,
{
    let mut coming = VecDeque::new();
    let mut waiting = items.iter();
    loop {
        while coming.len() < ahead
            && let Some(item) = waiting.next()
        {
            coming.push_back((item, tokio::spawn(read(item.clone()))));
        }
        let Some((item, reading)) = coming.pop_front() else { break };
        take(item, reading.await.unwrap_or_else(|_| Err("the reader failed on it".to_owned())));
    }
}
