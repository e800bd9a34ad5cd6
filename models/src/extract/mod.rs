//! Extraction: recognised lines to tagged fields, by a small layout transformer in one pass.
//!
//! | step | module |
//! |---|---|
//! | lines to rows in reading order | `order` |
//! | characters to tokens; dates and amounts are candidates | `tokens`, `grouped` |
//! | what stands where, and what the arithmetic says | `features`, `amounts` |
//! | sub-word pieces and character n-grams of each token | `embed` |
//! | scores of all fields for all tokens, of long pages part by part | `network`, `windows` |
//! | spans, candidates and rows to [`Entities`] | `decode`, `tags`, `items` |
//! | what all rows of a list say together | `positions`, `columns`, `lean` |
//!
//! The trainer (`models/train/extract`) has a module of the same name for each
//! step but the last two; a recorded invented receipt holds the two in step.

mod amounts;
mod columns;
mod config;
mod decode;
mod embed;
mod features;
mod grouped;
mod items;
mod lean;
mod level;
mod network;
mod order;
mod positions;
mod tags;
mod tokens;
mod windows;

use std::path::Path;

use candle_core::{DType, Device};
use candle_nn::VarBuilder;
use rayon::prelude::*;

use crate::entities::Entities;
use crate::text::TextLines;
use config::Config;
use decode::Document;
use embed::Embedder;
use features::Token;
use network::{Input, Network, Scores};
use order::OrderedLine;
pub use order::{reading_order, reading_rows};
use tokens::Scanner;
use windows::{WINDOW, Window, joined, windows};

/// Pairs of tokens that a batch has at most. Small on purpose: on a CPU the
/// attention of more pairs falls out of the cache, and four receipts together
/// are no faster than one after the other; batching only pays for short pages.
const MOST_PAIRS: usize = 1 << 15;

/// Tokens of a page at most: of more, the middle is not read.
const MOST_TOKENS: usize = 16_384;

/// Why a model cannot be loaded or a page cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// A file of the model directory cannot be read.
    #[error("cannot read {path} of the extraction model: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// `config.json` does not fit this version; export the weights with the trainer of this version.
    #[error("config.json of the extraction model does not fit: {0}")]
    Config(String),
    /// `tokenizer.json` cannot be used.
    #[error("tokenizer.json of the extraction model does not fit: {0}")]
    Tokenizer(String),
    /// The weights do not fit, or a tensor operation failed.
    #[error("the extraction network failed: {0}")]
    Network(#[from] candle_core::Error),
}

/// Reads fields from recognised lines. Shared between threads; calls do not wait for each other.
pub struct Extractor {
    config: Config,
    scanner: Scanner,
    embedder: Embedder,
    network: Network,
}

/// A page cut into tokens.
struct Prepared {
    lines: Vec<OrderedLine>,
    tokens: Vec<Token>,
}

impl Extractor {
    /// Loads `model.safetensors`, `config.json` and `tokenizer.json` of a directory.
    ///
    /// # Errors
    /// A file that is missing, or that does not fit the others or this version.
    pub fn load(dir: &Path) -> Result<Self, ExtractError> {
        let read = |name: &str| {
            let path = dir.join(name);
            std::fs::read(&path).map_err(|source| ExtractError::File { path: path.display().to_string(), source })
        };
        let text = |name: &str| read(name).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Self::from_buffers(&read("model.safetensors")?, &text("config.json")?, &text("tokenizer.json")?)
    }

    /// Takes the contents of the three files.
    ///
    /// # Errors
    /// Contents that do not fit each other or this version.
    pub fn from_buffers(safetensors: &[u8], config: &str, tokenizer: &str) -> Result<Self, ExtractError> {
        let config = Config::parse(config)?;
        let vb = VarBuilder::from_buffered_safetensors(safetensors.to_vec(), DType::F32, &Device::Cpu)?;
        Ok(Self {
            scanner: Scanner::new(&config)?,
            embedder: Embedder::new(tokenizer, &config.size)?,
            network: Network::new(&config.size, vb)?,
            config,
        })
    }

    /// The entities of each page, in the order of the pages.
    ///
    /// Pages of similar length are computed together. A page without text has
    /// no entities; of one with more tokens than any receipt, the middle is not
    /// read.
    ///
    /// # Errors
    /// [`ExtractError::Network`] if a tensor operation fails.
    pub fn extract(&self, pages: &[&TextLines]) -> Result<Vec<Entities>, ExtractError> {
        let prepared: Vec<Prepared> = pages.iter().map(|page| self.prepare(page)).collect();
        let scores = self.scores(&prepared)?;
        let read = |((page, prepared), scores): ((&&TextLines, &Prepared), &Scores)| {
            let document = Document { page, lines: &prepared.lines, tokens: &prepared.tokens };
            decode::entities(&document, scores, &self.config)
        };
        Ok(pages.iter().zip(&prepared).zip(&scores).map(read).collect())
    }

    /// How many tokens the network sees of a page; the cost of a page grows with it.
    pub fn token_count(&self, page: &TextLines) -> usize {
        self.prepare(page).tokens.len()
    }

    fn prepare(&self, page: &TextLines) -> Prepared {
        let lines = order::read_order(page);
        let tokens = features::tokenize(page, &lines, &self.scanner, MOST_TOKENS);
        Prepared { lines, tokens }
    }

    /// The network's scores, page by page. Pages and [`mod@windows`] of similar
    /// length share a batch, and batches are spread over the cores.
    fn scores(&self, pages: &[Prepared]) -> Result<Vec<Scores>, ExtractError> {
        let inputs = pages.iter().map(|page| self.input(page)).collect::<Result<Vec<_>, _>>()?;
        let windows_of = |(page, input): (usize, &Input)| {
            let parts = windows(input.keys.len(), WINDOW).into_iter();
            let parts: Vec<(usize, Window, Input)> = parts.map(|part| (page, part.clone(), part.of(input))).collect();
            parts
        };
        let parts: Vec<(usize, Window, Input)> = inputs.iter().enumerate().flat_map(windows_of).collect();
        let length = |i: &usize| parts.get(*i).map_or(0, |(.., input)| input.keys.len());
        let mut by_length: Vec<usize> = (0..parts.len()).filter(|i| length(i) > 0).collect();
        by_length.sort_by_key(length);
        let computed = batches(&by_length, length)
            .into_par_iter()
            .map(|batch| {
                let inputs: Vec<&Input> = batch.iter().filter_map(|i| parts.get(*i)).map(|(.., input)| input).collect();
                let scores = self.network.forward(&inputs)?;
                Ok(batch.iter().copied().zip(scores).collect::<Vec<_>>())
            })
            .collect::<Result<Vec<_>, ExtractError>>()?;
        let mut computed: Vec<(usize, Scores)> = computed.into_iter().flatten().collect();
        computed.sort_by_key(|(part, _)| *part);
        let mut of_pages: Vec<Vec<(Window, Scores)>> = pages.iter().map(|_| Vec::new()).collect();
        for (part, scores) in computed {
            let Some((page, window, _)) = parts.get(part) else { continue };
            if let Some(of_page) = of_pages.get_mut(*page) {
                of_page.push((window.clone(), scores));
            }
        }
        Ok(inputs.iter().zip(of_pages).map(|(input, parts)| joined(&input.features, parts)).collect())
    }

    fn input(&self, page: &Prepared) -> Result<Input, ExtractError> {
        Ok(Input {
            features: features::features(&page.tokens, &page.lines),
            keys: self.embedder.keys(page.tokens.iter().map(|t| t.text.as_str()))?,
        })
    }
}

/// Cuts pages, shortest first, into batches of at most [`MOST_PAIRS`] pairs of
/// tokens once all are padded to the longest; a page that alone has more is a batch.
fn batches(by_length: &[usize], length: impl Fn(&usize) -> usize) -> Vec<&[usize]> {
    let mut out = Vec::new();
    let mut rest = by_length;
    while !rest.is_empty() {
        let fits = |n: &usize| rest.get(*n).is_some_and(|i| (n + 1) * length(i) * length(i) <= MOST_PAIRS);
        let count = (1..rest.len()).take_while(fits).count() + 1;
        let (batch, later) = rest.split_at(count);
        out.push(batch);
        rest = later;
    }
    out
}

#[cfg(test)]
mod parity;
