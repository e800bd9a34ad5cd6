//! The extraction model's `config.json`: dimensions, tables and temperatures that belong to the weights.

use std::collections::HashMap;

use serde::Deserialize;

use super::ExtractError;
use super::features::FEATURES;
use super::windows::WINDOW;

/// The value of `format` that this version reads.
const FORMAT: &str = "slipstream-extract/2";

/// Text fields that are read as a run of tokens, in the order of the head's outputs.
pub(super) const SPAN_FIELDS: [&str; 5] =
    ["merchant_name", "merchant_address", "merchant_phone", "merchant_tax_id", "receipt_number"];

/// Fields that choose one of the candidates of a kind, in the order of the head's outputs.
pub(super) const POINTER_FIELDS: [&str; 6] = ["date", "time", "subtotal", "tax_total", "total", "tip"];

/// What a token is in a list of purchases, taxes or payments, in the order of the head's outputs.
pub(super) const ROLES: [&str; 12] = [
    "none",
    "description",
    "quantity",
    "unit_price",
    "amount",
    "code",
    "tax_rate",
    "tax_net",
    "tax_amount",
    "payment_method",
    "payment_amount",
    "serial_number",
];

/// Kinds of purchase rows, in the order of the head's outputs and of [`crate::entities::ItemKind`].
pub(super) const ITEM_KINDS: [&str; 4] = ["item", "discount", "deposit", "return"];

/// What a page may be as a whole, in the order of the page's outputs and of [`crate::entities::DocumentKind`].
pub(super) const PAGE_KINDS: [&str; 3] = ["receipt", "invoice", "other"];

/// Languages, ISO 639-1, in the order of the page's outputs.
pub(super) const LANGUAGES: [&str; 10] = ["da", "de", "en", "es", "fi", "fr", "it", "nl", "pt", "sv"];

/// Countries, ISO 3166-1, in the order of the page's outputs.
pub(super) const COUNTRIES: [&str; 12] = ["DE", "DK", "ES", "FI", "FR", "GB", "IT", "MY", "NL", "PT", "SE", "US"];

/// Dimensions of the network.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Size {
    /// Rows of the piece table; 0 where pieces are not used.
    pub(super) pieces: usize,
    /// Rows of the n-gram table; 0 where n-grams are not used.
    pub(super) gram_buckets: usize,
    /// Numbers that describe a token between the layers.
    pub(super) width: usize,
    /// Encoder layers.
    pub(super) layers: usize,
    /// Attention heads; they share `width` evenly.
    pub(super) heads: usize,
    /// Width inside the perceptrons.
    pub(super) inner: usize,
}

/// A candidate pattern; what the fields mean is said at [`super::tokens::Scanner`].
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Pattern {
    /// A name of [`super::tokens::KINDS`].
    pub(super) kind: String,
    /// The regular expression, matched at a given place.
    #[serde(rename = "match")]
    pub(super) matches: String,
    /// What must not end right before the place; empty for anything.
    pub(super) not_before: String,
    /// What must not begin right after the match; empty for anything.
    pub(super) not_after: String,
}

/// The whole file. Unknown entries are ignored, so that a trainer may add notes.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Config {
    format: String,
    /// Dimensions of the network.
    pub(super) size: Size,
    /// Tokens that the network sees together at most.
    pub(super) max_tokens: usize,
    features: Vec<(String, usize)>,
    /// Span fields with the most tokens that a span may have.
    pub(super) spans: Vec<(String, usize)>,
    /// Pointer fields with the kind of their candidates.
    pub(super) pointers: Vec<(String, String)>,
    roles: Vec<String>,
    item_kinds: Vec<String>,
    page: Vec<(String, Vec<String>)>,
    /// Characters that are read as another one.
    pub(super) fold: HashMap<char, char>,
    /// Candidate patterns in the order they are tried.
    pub(super) patterns: Vec<Pattern>,
    /// The regular expression of a word.
    pub(super) splitter: String,
    /// By field name, and `roles`: what scores are divided by before they become probabilities.
    pub(super) temperatures: HashMap<String, f32>,
    /// By field name: `[a, b, c]`, with which the odds of a value being right are `exp(a) · p^b / (1 - p)^c`
    /// (beta calibration: Kull, Silva Filho and Flach, AISTATS 2017).
    #[serde(default)]
    confidence: HashMap<String, [f32; 3]>,
}

impl Config {
    /// Reads the file and checks that this code computes what the weights were trained on.
    ///
    /// # Errors
    /// [`ExtractError::Config`] says which entry does not fit.
    pub(super) fn parse(text: &str) -> Result<Self, ExtractError> {
        let config: Self = serde_json::from_str(text).map_err(|e| ExtractError::Config(e.to_string()))?;
        let wrong = |what: &str| Err(ExtractError::Config(format!("{what} differ from those this version computes")));
        if config.format != FORMAT {
            return Err(ExtractError::Config(format!("format is {:?}, expected {FORMAT:?}", config.format)));
        }
        if !config.features.iter().map(|(name, n)| (name.as_str(), *n)).eq(FEATURES) {
            return wrong("features");
        }
        if !config.spans.iter().map(|(name, _)| name.as_str()).eq(SPAN_FIELDS) {
            return wrong("spans");
        }
        if !config.pointers.iter().map(|(name, _)| name.as_str()).eq(POINTER_FIELDS) {
            return wrong("pointers");
        }
        if !config.roles.iter().map(String::as_str).eq(ROLES) {
            return wrong("roles");
        }
        if !config.item_kinds.iter().map(String::as_str).eq(ITEM_KINDS) {
            return wrong("item_kinds");
        }
        let page: [(&str, &[&str]); 3] = [("kind", &PAGE_KINDS), ("language", &LANGUAGES), ("country", &COUNTRIES)];
        let answers =
            config.page.iter().map(|(name, answers)| (name.as_str(), answers.iter().map(String::as_str).collect()));
        if !answers.eq(page.map(|(name, answers)| (name, answers.to_vec()))) {
            return wrong("page");
        }
        let size = &config.size;
        if size.heads == 0 || !size.width.is_multiple_of(size.heads) || size.layers == 0 {
            return Err(ExtractError::Config("size: heads must divide width, and nothing may be 0".to_owned()));
        }
        if config.max_tokens < WINDOW {
            return Err(ExtractError::Config(format!("max_tokens must be {WINDOW} at least")));
        }
        Ok(config)
    }

    /// How often values of `field` are right that tagging and reading together give the probability `p`.
    pub(super) fn calibrated(&self, field: &str, p: f32) -> f32 {
        const SURE: f32 = 1e-4;
        let Some([a, b, c]) = self.confidence.get(field) else { return p };
        let p = p.clamp(SURE, 1.0 - SURE);
        1.0 / (1.0 + (-(a + b * p.ln() - c * (1.0 - p).ln())).exp())
    }

    /// The temperature of a field; 1 where none is given.
    pub(super) fn temperature(&self, field: &str) -> f32 {
        self.temperatures.get(field).copied().filter(|t| t.is_finite() && *t > 0.0).unwrap_or(1.0)
    }
}
