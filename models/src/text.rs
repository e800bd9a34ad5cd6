//! Recognised text lines, the output of the recogniser and the input of extraction.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::entities::Span;
use crate::geometry::Quad;

/// What else may stand where a character was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CharAlternative {
    /// Another character; none where there may be nothing; two where the reading
    /// may have lost one in front of it.
    pub text: String,
    /// Its probability, 0 to 1.
    pub confidence: f32,
}

/// One character of a line as the recogniser read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CharReading {
    /// The character.
    pub ch: char,
    /// Probability of the character where it peaks, 0 to 1.
    pub confidence: f32,
    /// Where the character starts, as a fraction (0 to 1) of the line's length.
    pub start: f32,
    /// Where the character ends, as a fraction (0 to 1) of the line's length.
    pub end: f32,
    /// What else it may be, most probable first; empty for characters that are certain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<CharAlternative>,
}

/// One line of text with the place it was read from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextLine {
    /// The characters, in reading direction. Indices in
    /// [`crate::entities::Span`] count these.
    pub chars: Vec<CharReading>,
    /// Mean character confidence, 0 to 1.
    pub confidence: f32,
    /// Where the line stands on the upright page, in its pixels.
    pub quad: Quad,
}

/// How sure `chars` are on average, 0 to 1; 0 without any.
pub fn mean_confidence(chars: &[CharReading]) -> f32 {
    match chars.len() {
        0 => 0.0,
        n => chars.iter().map(|c| c.confidence).sum::<f32>() / n as f32,
    }
}

impl TextLine {
    /// A line whose characters share `quad` evenly and have `confidence`;
    /// for text whose character positions are not known.
    pub fn evenly_spaced(text: &str, confidence: f32, quad: Quad) -> Self {
        let n = text.chars().count().max(1) as f32;
        let chars = text
            .chars()
            .enumerate()
            .map(|(i, ch)| {
                let (start, end) = (i as f32 / n, (i + 1) as f32 / n);
                CharReading { ch, confidence, start, end, alternatives: Vec::new() }
            })
            .collect();
        Self { chars, confidence, quad }
    }

    /// How sure the least sure character is, 0 to 1: what a line is worth where
    /// one wrong digit spoils an amount. 0 for a line without characters.
    pub fn certainty(&self) -> f32 {
        self.chars.iter().map(|c| c.confidence).reduce(f32::min).unwrap_or(0.0)
    }

    /// Puts `reading`, of the part of the line at `place` (fractions of its length), in the place of the characters `at`.
    ///
    /// # Panics
    /// When the line has no characters `at`.
    pub fn replace(&mut self, at: Range<usize>, reading: Self, place: Range<f32>) {
        let along = |share: f32| place.start + (place.end - place.start) * share;
        let moved = reading.chars.into_iter().map(|c| CharReading { start: along(c.start), end: along(c.end), ..c });
        self.chars.splice(at, moved);
        self.confidence = mean_confidence(&self.chars);
    }

    /// The line as a string.
    pub fn text(&self) -> String {
        self.chars.iter().map(|c| c.ch).collect()
    }

    /// The polygon of the characters `start..end`, cut out of the line's quad.
    pub fn quad_of(&self, start: usize, end: usize) -> Quad {
        match (self.chars.get(start), self.chars.get(end.saturating_sub(1))) {
            (Some(first), Some(last)) => self.quad.slice(first.start, last.end),
            _ => self.quad,
        }
    }
}

/// All lines of one page, in the order they were read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TextLines {
    /// The lines.
    pub lines: Vec<TextLine>,
    /// Width of the upright page in pixels.
    pub page_width: usize,
    /// Height of the upright page in pixels.
    pub page_height: usize,
}

impl TextLines {
    /// The characters of `span`; none where the page has no such place.
    pub fn chars_at(&self, span: &Span) -> &[CharReading] {
        self.lines.get(span.line).and_then(|line| line.chars.get(span.start..span.end)).unwrap_or_default()
    }

    /// The text of `spans`, with a blank between two of them.
    pub fn text_at(&self, spans: &[Span]) -> String {
        let text = |span: &Span| self.chars_at(span).iter().map(|c| c.ch).collect::<String>();
        spans.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    /// The probability that all characters of `spans` are right, 0 to 1.
    pub fn legibility(&self, spans: &[Span]) -> f32 {
        spans.iter().flat_map(|span| self.chars_at(span)).map(|c| c.confidence.clamp(0.0, 1.0)).product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_inside_a_line_gets_its_part_of_the_quad() {
        let line = TextLine::evenly_spaced("TOTAL 9.00", 0.9, Quad::from_bounds(100.0, 10.0, 200.0, 30.0));
        assert_eq!(line.text(), "TOTAL 9.00");
        let (left, _, right, _) = line.quad_of(6, 10).bounds();
        assert!((left - 160.0).abs() < 1e-3 && (right - 200.0).abs() < 1e-3, "{left} {right}");
    }

    #[test]
    fn another_reading_of_a_part_takes_its_place() {
        let quad = Quad::from_bounds(100.0, 10.0, 200.0, 30.0);
        let mut line = TextLine::evenly_spaced("T0TAL 9.00", 0.5, quad);
        line.replace(0..5, TextLine::evenly_spaced("TOTAL:", 1.0, line.quad_of(0, 5)), 0.0..0.5);
        assert_eq!(line.text(), "TOTAL: 9.00");
        assert!((line.confidence - 8.5 / 11.0).abs() < 1e-6);
        let (left, _, right, _) = line.quad_of(3, 6).bounds();
        assert!((left - 125.0).abs() < 1e-3 && (right - 150.0).abs() < 1e-3, "{left} {right}");
    }
}
