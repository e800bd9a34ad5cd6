//! Which characters follow which on receipts: an n-gram model beside the network that reads.
//!
//! It knows that `TOTAL` is likelier than `T0TAL`. All digits are one symbol to it: it can tell a digit from a letter,
//! and never one digit from another. Of two amounts it may prefer the one that is written as amounts are.
//!
//! `models/train/recognise/language.py` makes it and describes its file. Lookups back off from longer to shorter
//! histories (Katz, 1987).

use std::collections::HashMap;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use serde::Deserialize;

use crate::weights::{ModelError, read_config, read_weights};

/// Bits of a symbol in an n-gram's key.
const BITS: u32 = 9;

/// Symbols of the longest n-gram that a key can hold.
const LONGEST: usize = 6;

/// Stands before and behind every line.
const START: u16 = 0;
const END: u16 = 1;

/// The first of the symbols that `config.json` names.
const FIRST: u16 = 2;

/// A character that the model does not know. No n-gram holds it.
const UNKNOWN: u16 = (1 << BITS) - 1;

/// Natural logarithm of the probability of a character that the model does not know.
const UNKNOWN_LOGARITHM: f32 = -14.0;

/// A character as the model sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Symbol {
    number: u16,
    /// One of ten that are alike.
    digit: bool,
}

impl Symbol {
    /// The end of a line.
    pub const END: Self = Self { number: END, digit: false };
}

/// The last symbols of a line so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// The last one lowest.
    symbols: u64,
    length: usize,
}

impl History {
    /// Symbols behind a place that its n-grams reach at most.
    pub const REACH: usize = LONGEST - 1;

    /// Nothing but the start of the line.
    pub const START: Self = Self { symbols: START as u64, length: 1 };

    /// With `symbol` behind it.
    pub fn then(self, symbol: Symbol) -> Self {
        let kept = mask(LONGEST - 1);
        Self {
            symbols: (self.symbols << BITS | u64::from(symbol.number)) & kept,
            length: (self.length + 1).min(LONGEST - 1),
        }
    }
}

/// The bits of the last `symbols` symbols of a key.
const fn mask(symbols: usize) -> u64 {
    (1 << (BITS * symbols as u32)) - 1
}

/// What `config.json` of a language model holds beside its name.
#[derive(Debug, Clone, Deserialize)]
struct Config {
    order: usize,
    symbols: Vec<String>,
    weight: f32,
    bonus: f32,
}

/// All n-grams of one length.
struct Grams {
    /// Ascending.
    keys: Vec<u64>,
    logarithms: Vec<f32>,
    /// What the logarithms of shorter n-grams are lowered by behind this one; none for the longest.
    backoffs: Vec<f32>,
}

impl Grams {
    fn find(&self, key: u64) -> Option<usize> {
        self.keys.binary_search(&key).ok()
    }
}

/// An n-gram model of characters.
pub struct LanguageModel {
    /// By length, from 1.
    grams: Vec<Grams>,
    numbers: HashMap<char, u16>,
    weight: f32,
    bonus: f32,
}

impl LanguageModel {
    /// Loads the model in `folder`.
    ///
    /// # Errors
    /// [`ModelError`] when files are missing or do not fit each other.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        let config: Config = read_config(folder)?;
        if !(1..=LONGEST).contains(&config.order) || config.symbols.len() >= usize::from(UNKNOWN - FIRST) {
            let reason = format!("order {}, {} symbols", config.order, config.symbols.len());
            return Err(ModelError::Invalid { path: folder.join("config.json"), reason });
        }
        let characters = config.symbols.iter().filter_map(|symbol| symbol.chars().next());
        let numbers = characters.zip(FIRST..).collect();
        let (path, bytes) = read_weights(folder)?;
        let invalid = |reason: String| ModelError::Invalid { path: path.clone(), reason };
        let file = SafeTensors::deserialize(&bytes).map_err(|error| invalid(error.to_string()))?;
        let grams = (1..=config.order)
            .map(|length| grams(&file, length, length == config.order))
            .collect::<Result<_, _>>()
            .map_err(invalid)?;
        Ok(Self { grams, numbers, weight: config.weight, bonus: config.bonus })
    }

    /// What the model takes `character` for.
    pub fn symbol(&self, character: char) -> Symbol {
        let digit = character.is_ascii_digit();
        let known = self.numbers.get(if digit { &'0' } else { &character });
        Symbol { number: known.copied().unwrap_or(UNKNOWN), digit }
    }

    /// Natural logarithm of the probability that `symbol` follows `history`.
    pub fn logarithm(&self, history: History, symbol: Symbol) -> f32 {
        let mut lowered = if symbol.digit { -std::f32::consts::LN_10 } else { 0.0 };
        for length in (0..=history.length.min(self.grams.len() - 1)).rev() {
            let before = history.symbols & mask(length);
            if let Some((gram, grams)) = self.gram(length + 1, before << BITS | u64::from(symbol.number)) {
                return lowered + grams.logarithms[gram];
            }
            if let Some((gram, grams)) = self.gram(length, before) {
                lowered += grams.backoffs[gram];
            }
        }
        lowered + UNKNOWN_LOGARITHM
    }

    fn gram(&self, length: usize, key: u64) -> Option<(usize, &Grams)> {
        let grams = self.grams.get(length.checked_sub(1)?)?;
        grams.find(key).map(|gram| (gram, grams))
    }

    /// What a line gains, beside the network's logarithms, by `symbol` behind `history`: the end of the line is no
    /// character.
    pub fn gain(&self, history: History, symbol: Symbol) -> f32 {
        let bonus = if symbol == Symbol::END { 0.0 } else { self.bonus };
        self.weight * self.logarithm(history, symbol) + bonus
    }
}

/// The n-grams of `length` symbols in `file`.
fn grams(file: &SafeTensors<'_>, length: usize, longest: bool) -> Result<Grams, String> {
    let tensor = |name: &str, dtype: Dtype| {
        let name = format!("{name}.{length}");
        let view = file.tensor(&name).map_err(|error| error.to_string())?;
        match view.dtype() == dtype {
            true => Ok(view.data().to_vec()),
            false => Err(format!("{name} is of type {:?}, expected {dtype:?}", view.dtype())),
        }
    };
    let floats = |name: &str| -> Result<Vec<f32>, String> {
        let bytes = tensor(name, Dtype::F16)?;
        let (halves, _) = bytes.as_chunks();
        Ok(halves.iter().map(|bytes| half::f16::from_le_bytes(*bytes).to_f32()).collect())
    };
    let bytes = tensor("grams", Dtype::I64)?;
    let keys: Vec<u64> = bytes.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
    let logarithms = floats("logarithms")?;
    let backoffs = if longest { Vec::new() } else { floats("backoffs")? };
    if !keys.is_sorted_by(|a, b| a < b) || keys.len() != logarithms.len() {
        return Err(format!("grams.{length} are not ascending, or not as many as their logarithms"));
    }
    if !longest && keys.len() != backoffs.len() {
        return Err(format!("backoffs.{length} are not as many as the n-grams"));
    }
    Ok(Grams { keys, logarithms, backoffs })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// The model that comes with the server.
    pub(in super::super) fn shipped() -> LanguageModel {
        LanguageModel::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/language")).unwrap()
    }

    /// One that has no say.
    pub(in super::super) fn silent() -> LanguageModel {
        LanguageModel { grams: Vec::new(), numbers: HashMap::new(), weight: 0.0, bonus: 0.0 }
    }

    fn of_line(model: &LanguageModel, text: &str) -> f32 {
        let symbols = text.chars().map(|ch| model.symbol(ch)).chain([Symbol::END]);
        let along = |history: &mut History, symbol| {
            let logarithm = model.logarithm(*history, symbol);
            *history = history.then(symbol);
            Some(logarithm)
        };
        symbols.scan(History::START, along).sum()
    }

    #[test]
    fn lines_are_as_likely_as_where_the_model_was_made() {
        let probes = include_str!("../../tests/fixtures/recognise/language.json");
        let probes: Vec<serde_json::Value> = serde_json::from_str(probes).unwrap();
        let model = shipped();
        for probe in &probes {
            let (text, expected) = (probe["text"].as_str().unwrap(), probe["logarithm"].as_f64().unwrap() as f32);
            let got = of_line(&model, text);
            assert!((got - expected).abs() < 0.02 * text.len() as f32, "{text}: {got}, expected {expected}");
        }
        assert!(probes.len() >= 5);
    }

    #[test]
    fn all_digits_are_equally_likely() {
        let model = shipped();
        let amounts = ["TOTAL 12,50", "TOTAL 99,99", "TOTAL 00,01"].map(|text| of_line(&model, text));
        assert!(amounts.iter().all(|amount| *amount == amounts[0]), "{amounts:?}");
    }

    #[test]
    fn what_may_follow_is_likely_once_in_all() {
        let model = shipped();
        let line = "TOTAL".chars().fold(History::START, |history, ch| history.then(model.symbol(ch)));
        let symbols: Vec<Symbol> = model.numbers.keys().map(|ch| model.symbol(*ch)).chain([Symbol::END]).collect();
        // Of the digits, only `0` has a symbol of its own.
        let digits = 9.0 * model.logarithm(line, model.symbol('0')).exp();
        let sum: f32 = symbols.iter().map(|symbol| model.logarithm(line, *symbol).exp()).sum();
        assert!((sum + digits - 1.0).abs() < 0.01, "{sum} and {digits}");
    }

    #[test]
    fn unknown_characters_are_unlikely_and_no_error() {
        let model = shipped();
        assert!(of_line(&model, "漢字") < of_line(&model, "ĄŻ") - 5.0);
        assert!(of_line(&silent(), "TOTAL").is_finite());
    }

    #[test]
    fn a_damaged_model_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let error = LanguageModel::load(dir.path()).err().unwrap();
        assert!(matches!(error, ModelError::Read { .. }), "{error}");
        let write = |config: &str, keys: &[i64]| {
            let bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_le_bytes()).collect();
            let halves = vec![0u8; keys.len() * 2];
            let view = |dtype, data| safetensors::tensor::TensorView::new(dtype, vec![keys.len()], data).unwrap();
            let tensors = [("grams.1", view(Dtype::I64, &bytes)), ("logarithms.1", view(Dtype::F16, &halves))];
            let file = safetensors::serialize(tensors, None).unwrap();
            std::fs::write(dir.path().join("model.safetensors"), file).unwrap();
            std::fs::write(dir.path().join("config.json"), config).unwrap();
            LanguageModel::load(dir.path()).err().map(|error| error.to_string())
        };
        let config = |order| format!(r#"{{"order": {order}, "symbols": ["0", "A"], "weight": 0.2, "bonus": 0.3}}"#);
        assert_eq!(write(&config(1), &[1, 2, 3]), None);
        let reason = |order, keys: &[i64]| write(&config(order), keys).unwrap();
        assert!(reason(1, &[2, 1]).contains("ascending"));
        assert!(reason(9, &[1]).contains("order 9"));
        assert!(reason(2, &[1, 2]).contains("backoffs.1"));
        assert!(write("{", &[1]).is_some());
    }
}
