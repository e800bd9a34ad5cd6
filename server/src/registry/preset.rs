//! Which networks read together: presets, and what an operator puts in place of their parts.

use std::fmt;

use clap::ValueEnum;

/// A proven combination of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Preset {
    /// Tiny detection, every line read once: the fastest.
    Tiny,
    /// As tiny, and doubtful lines are read again by a larger network: photos read better.
    #[default]
    Balanced,
    /// Small detection, and more lines are read again: small print, poor photos.
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
    /// Lines are read again whose least sure character is less sure than this, 0 to 1.
    pub reread_below: f32,
    /// Whether the model below `language/` helps the recognisers with doubtful lines.
    pub language: bool,
    /// Whether the classifier below `forgery/` is part of the set.
    pub forgery: bool,
}

/// The smaller recogniser that this project trained, which reads every line.
const FIRST: &str = "receipts";

/// The larger one, for lines that the first one doubts.
const SECOND: &str = "receipts-small";

impl Preset {
    /// The networks of the preset. The doubt that sends a line to the second
    /// reader was chosen on validation lines: see the README.
    pub fn networks(self) -> Networks {
        let (detect, reread, reread_below) = match self {
            Self::Tiny => ("tiny", None, 0.5),
            Self::Balanced => ("tiny", Some(SECOND), 0.5),
            Self::Accurate => ("small", Some(SECOND), 0.94),
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
