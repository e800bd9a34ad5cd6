//! A handful of fixed receipts for tests and documentation.

use crate::locale;
use crate::receipt::generate;
use crate::render::{RenderOptions, Rendered, render};

/// Locale and index of each sample in the collection [`SEED`].
const SAMPLES: [(&str, u64); 6] = [("de-DE", 1), ("en-MY", 2), ("fr-FR", 3), ("nl-NL", 4), ("es-ES", 5), ("sv-SE", 6)];
const SEED: u64 = 2026;

/// Six receipts in six languages, the same at every call.
pub fn samples() -> Vec<Rendered> {
    let found = SAMPLES.iter().flat_map(|(tag, index)| locale::find(tag).into_iter().map(move |l| (l, *index)));
    let options = RenderOptions { border: 12, noise: 2.0, paper: 243, ink: 45, ..RenderOptions::clean() };
    found.map(|(locale, index)| render(&generate(locale, SEED, index), &options)).collect()
}
