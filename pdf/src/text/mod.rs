//! The text of a page as the PDF states it, as lines with their places.
//!
//! A PDF places glyphs, not lines or words. Glyphs on one baseline with small
//! gaps become a line; a gap as wide as the print is high begins another one,
//! as it does for the detector, so that columns stay apart.

mod glyphs;
mod lines;

use serde::{Deserialize, Serialize};

pub(crate) use glyphs::glyphs;
pub(crate) use lines::lines;

/// A line of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Its characters; `U+FFFD` where the PDF does not say which one a glyph is.
    pub text: String,
    /// Four corners in pixels, clockwise from the text's top left.
    pub quad: [[f32; 2]; 4],
    /// Where each character starts and ends, as fractions of the line's length.
    pub spans: Vec<[f32; 2]>,
}

/// A glyph on the page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Glyph {
    /// The characters that it stands for; none where the PDF does not say.
    pub(crate) text: String,
    /// Start of its baseline in pixels.
    pub(crate) origin: [f32; 2],
    /// The way its baseline runs, of length 1.
    pub(crate) along: [f32; 2],
    /// Advance along the baseline in pixels.
    pub(crate) advance: f32,
    /// Font size in pixels.
    pub(crate) size: f32,
}
