//! Which networks read together: presets, and what an operator puts in place of their parts.

use std::fmt;

use clap::ValueEnum;

/// A proven combination of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Preset {
    /// Tiny detection, every line read once: the fastest.
    Tiny,
    /// As tiny, and doubtful words are read again by a larger network: photos read far better.
    #[default]
    Balanced,
    /// As balanced, with small detection: small print, poor photos.
    Accurate,
}

/// The networks of a set, by the names of their folders.
#[derive(Debug, Clone, PartialEq)]
pub struct Networks {
    /// Below `detect/`.
    pub detect: String,
    /// Below `recognise/`: reads every line.
    pub recognise: String,
    /// Below `recognise/`: reads again what the first one doubts.
    pub reread: Option<String>,
    /// Words are read again with a character less sure than this, 0 to 1.
    pub reread_below: f32,
    /// Whether the model below `language/` helps the recognisers with doubtful lines.
    pub language: bool,
    /// Whether the classifier below `forgery/` is part of the set.
    pub forgery: bool,
}

/// The smaller recogniser that this project trained, which reads every line.
const FIRST: &str = "receipts";

/// The larger one, for words that the first one doubts.
const SECOND: &str = "receipts-small";

/// What sends a word to it, chosen on validation lines: see the README. Above, more words are read again for next to no gain.
const DOUBT: f32 = 0.95;

impl Preset {
    /// The networks of the preset.
    pub fn networks(self) -> Networks {
        let (detect, reread, reread_below) = match self {
            Self::Tiny => ("tiny", None, DOUBT),
            Self::Balanced => ("tiny", Some(SECOND), DOUBT),
            Self::Accurate => ("small", Some(SECOND), DOUBT),
        };
        let reread = reread.map(str::to_owned);
        let (detect, recognise) = (detect.to_owned(), FIRST.to_owned());
        Networks { detect, recognise, reread, reread_below, language: true, forgery: true }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tiny => "tiny",
            Self::Balanced => "balanced",
            Self::Accurate => "accurate",
        })
    }
}
