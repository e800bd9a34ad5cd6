//! The embedding keys of a token's text: sub-word pieces and hashed character n-grams.

use std::collections::HashMap;

use tokenizers::Tokenizer;

use super::ExtractError;
use super::config::Size;
use super::features::is_letter;

/// N-grams of each sort that are taken from one token at most.
const MOST_GRAMS: usize = 24;

/// Turns texts into rows of the embedding tables.
pub(super) struct Embedder {
    tokenizer: Tokenizer,
    size: Size,
}

/// The rows of one text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Keys {
    /// Rows of the piece table.
    pub(super) pieces: Vec<u32>,
    /// Rows of the n-gram table.
    pub(super) grams: Vec<u32>,
}

impl Embedder {
    /// Reads `tokenizer.json`, whose vocabulary must have the rows of the piece table.
    ///
    /// # Errors
    /// [`ExtractError::Tokenizer`] if it cannot be read or has another size.
    pub(super) fn new(json: &str, size: &Size) -> Result<Self, ExtractError> {
        let tokenizer: Tokenizer = json.parse().map_err(|e| ExtractError::Tokenizer(format!("{e}")))?;
        let rows = tokenizer.get_vocab_size(true);
        if size.pieces != 0 && rows != size.pieces {
            return Err(ExtractError::Tokenizer(format!("{rows} pieces, but the weights have {}", size.pieces)));
        }
        Ok(Self { tokenizer, size: size.clone() })
    }

    /// The keys of each text; a text that repeats is worked out once.
    pub(super) fn keys<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Result<Vec<Keys>, ExtractError> {
        let mut known: HashMap<&str, Keys> = HashMap::new();
        texts
            .map(|text| {
                if let Some(keys) = known.get(text) {
                    return Ok(keys.clone());
                }
                let keys = self.of(text)?;
                known.insert(text, keys.clone());
                Ok(keys)
            })
            .collect()
    }

    fn of(&self, text: &str) -> Result<Keys, ExtractError> {
        let form = normal_form(text);
        let mut keys = Keys::default();
        if self.size.pieces != 0 {
            let encoding = self.tokenizer.encode_fast(form.as_str(), false);
            keys.pieces = encoding.map_err(|e| ExtractError::Tokenizer(format!("{e}")))?.get_ids().to_vec();
        }
        if self.size.gram_buckets != 0 {
            keys.grams = grams(&form, self.size.gram_buckets);
        }
        Ok(keys)
    }
}

/// A folded text as the embeddings see it: no spaces, every digit a 0.
fn normal_form(text: &str) -> String {
    text.chars().filter(|c| *c != ' ').map(|c| if c.is_ascii_digit() { '0' } else { c }).collect()
}

/// Buckets of the 3-grams of `<form>` and of the 4-grams of its letters alone.
fn grams(form: &str, buckets: usize) -> Vec<u32> {
    let framed: Vec<char> = std::iter::once('<').chain(form.chars()).chain(std::iter::once('>')).collect();
    let mut out: Vec<u32> = windows(&framed, 3).map(|g| bucket(g, buckets)).collect();
    let letters: Vec<char> = form.chars().filter(|c| is_letter(*c)).collect();
    if letters.len() >= 2 {
        let framed: Vec<char> = std::iter::once('_').chain(letters).chain(std::iter::once('_')).collect();
        out.extend(windows(&framed, 4).map(|g| bucket(g, buckets)));
    }
    out
}

/// All runs of `n` characters, at most [`MOST_GRAMS`]; the whole where it is shorter than `n`.
fn windows(chars: &[char], n: usize) -> impl Iterator<Item = &[char]> {
    chars.windows(n.min(chars.len()).max(1)).take(MOST_GRAMS)
}

/// FNV-1a, 32 bits, of the characters' UTF-8 bytes, modulo the number of buckets.
fn bucket(chars: &[char], buckets: usize) -> u32 {
    let text: String = chars.iter().collect();
    let hash = text.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    hash % buckets.max(1) as u32
}
