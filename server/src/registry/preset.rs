//! Which networks read together: presets, and what an operator puts in place of their parts.

use std::fmt;

use clap::ValueEnum;

/// A proven combination of networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Preset {
    /// Tiny detection and recognition: the fastest.
    Tiny,
    /// Tiny detection, small recognition: nearly as accurate as the next, and faster.
    #[default]
    Balanced,
    /// Small detection and recognition.
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
}

/// Doubt that sends a line to the second reader, where nothing else is set.
const REREAD_BELOW: f32 = 0.7;

impl Preset {
    /// The networks of the preset.
    pub fn networks(self) -> Networks {
        let (detect, recognise) = match self {
            Self::Tiny => ("tiny", "tiny"),
            Self::Balanced => ("tiny", "small"),
            Self::Accurate => ("small", "small"),
        };
        Networks {
            detect: detect.to_owned(),
            recognise: recognise.to_owned(),
            reread: None,
            reread_below: REREAD_BELOW,
        }
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
