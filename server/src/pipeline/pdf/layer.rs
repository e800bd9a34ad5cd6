//! The text layer of a page: characters that the PDF states, held against its pixels.
//!
//! The layer has every character right where it is honest, and can say anything
//! where it is not: white print, print under a picture, a font whose `1` looks
//! like a `9`. So each of its lines is cut out of the rendered page and read,
//! and the layer's characters stand where the reading agrees; where it does
//! not, the pixels win. What the detector finds beside the layer (logos, scans,
//! stamps) is read as on any photo. A page costs as much as a photo of it, but
//! for the second reader, which is asked about doubtful lines of the rest alone.

use slipstream_models::text::CharReading;
use slipstream_models::{Point, Quad, TextLine, TextRegions};
use slipstream_pdf::text::Line;

/// Letters and digits from which a page's text is a layer; fewer are a stamp or page number on a scan.
const MIN_CHARACTERS: usize = 16;

/// Part of a region that lines of the layer have to cover for it to be theirs.
const COVERED: f32 = 0.5;

/// Letters that may differ, as a part of all: a reader's slips in fancy print.
const MAX_SLIPS: f32 = 0.25;

/// How sure the reader is of a character that it insists on.
const SURE: f32 = 0.9;

/// Characters that are compared at most; no line of print has more.
const MAX_LENGTH: usize = 400;

/// Whether the page has text worth trusting; a scan has none, or a few characters.
pub(super) fn is_layer(lines: &[Line]) -> bool {
    let known = |c: &char| c.is_alphanumeric();
    lines.iter().flat_map(|line| line.text.chars()).filter(known).take(MIN_CHARACTERS).count() == MIN_CHARACTERS
}

/// What is cut out and read: every line of the layer, in their order, and then the regions beside it.
pub(super) fn quads(lines: &[Line], regions: &TextRegions) -> Vec<Quad> {
    let own: Vec<Quad> = lines.iter().map(quad).collect();
    let beside = regions.regions.iter().map(|region| region.quad).filter(|region| covered(region, &own) < COVERED);
    own.iter().copied().chain(beside).collect()
}

fn quad(line: &Line) -> Quad {
    Quad(line.quad.map(|[x, y]| Point::new(x, y)))
}

/// Part of a region's upright box that the boxes of `lines` cover; overlaps of lines count twice, which is fine here.
fn covered(region: &Quad, lines: &[Quad]) -> f32 {
    let (l, t, r, b) = region.bounds();
    let shared = lines.iter().map(|line| {
        let (ll, lt, lr, lb) = line.bounds();
        (r.min(lr) - l.max(ll)).max(0.0) * (b.min(lb) - t.max(lt)).max(0.0)
    });
    shared.sum::<f32>() / ((r - l) * (b - t)).max(1.0)
}

/// Puts the layer's characters where the reading of the same place agrees with
/// them; `read` are the readings of [`quads`]. Gives how many lines that were.
pub(super) fn vouch(layer: &[Line], read: &mut [TextLine]) -> usize {
    let mut vouched = 0;
    for (line, reading) in layer.iter().zip(read) {
        if agrees(&line.text, reading) {
            *reading = text_line(line);
            vouched += 1;
        }
    }
    vouched
}

/// A line of the layer: its characters are certain.
fn text_line(line: &Line) -> TextLine {
    let chars = line.text.chars().zip(&line.spans);
    let chars = chars.map(|(ch, [start, end])| CharReading {
        ch,
        confidence: 1.0,
        start: *start,
        end: *end,
        alternatives: Vec::new(),
    });
    TextLine { chars: chars.collect(), confidence: 1.0, quad: quad(line) }
}

/// Whether a reading bears out what the layer says: no digit differs of which
/// the reader is sure, and few letters do. Blanks, marks and case do not count.
fn agrees(stated: &str, reading: &TextLine) -> bool {
    if stated.contains(char::REPLACEMENT_CHARACTER) {
        return false;
    }
    let stated: Vec<Folded> = stated.chars().filter_map(|c| Folded::new(c, 1.0)).collect();
    let read: Vec<Folded> = reading.chars.iter().filter_map(|c| Folded::new(c.ch, c.confidence)).collect();
    if stated.is_empty() || read.is_empty() || stated.len().max(read.len()) > MAX_LENGTH {
        return false;
    }
    let Differences { digits, all } = differences(&stated, &read);
    digits == 0 && all as f32 <= MAX_SLIPS * stated.len() as f32
}

/// A letter or digit as it is compared.
#[derive(Debug, Clone, Copy)]
struct Folded {
    /// In lower case; characters that look the same are one.
    class: char,
    is_digit: bool,
    confidence: f32,
}

impl Folded {
    fn new(c: char, confidence: f32) -> Option<Self> {
        let class = match c.to_lowercase().next().unwrap_or(c) {
            'o' => '0',
            'l' | 'i' | '|' => '1',
            lower if lower.is_alphanumeric() => lower,
            _ => return None,
        };
        Some(Self { class, is_digit: c.is_ascii_digit(), confidence })
    }
}

struct Differences {
    /// Digits that are others, too many or too few; those read count where the reader is sure of them.
    digits: usize,
    /// All characters that differ.
    all: usize,
}

/// The fewest edits from `stated` to `read`, and how many of them are about digits.
fn differences(stated: &[Folded], read: &[Folded]) -> Differences {
    let (rows, columns) = (stated.len() + 1, read.len() + 1);
    // The cost of turning the first i characters into the first j.
    let mut table = vec![0; rows * columns];
    let at = |table: &[usize], i: usize, j: usize| table.get(i * columns + j).copied().unwrap_or(usize::MAX / 2);
    let differ = |i: usize, j: usize| match (stated.get(i), read.get(j)) {
        (Some(s), Some(r)) => usize::from(s.class != r.class),
        _ => 1,
    };
    for i in 0..rows {
        for j in 0..columns {
            let cost = match (i, j) {
                (0, n) | (n, 0) => n,
                (i, j) => {
                    let replaced = at(&table, i - 1, j - 1) + differ(i - 1, j - 1);
                    replaced.min(at(&table, i - 1, j) + 1).min(at(&table, i, j - 1) + 1)
                }
            };
            if let Some(slot) = table.get_mut(i * columns + j) {
                *slot = cost;
            }
        }
    }
    let (mut i, mut j) = (stated.len(), read.len());
    let mut found = Differences { digits: 0, all: at(&table, i, j) };
    while i > 0 || j > 0 {
        if i > 0 && j > 0 && at(&table, i, j) == at(&table, i - 1, j - 1) + differ(i - 1, j - 1) {
            (i, j) = (i - 1, j - 1);
            // A letter read for a digit, or the other way round, is a slip of the reader.
            let another =
                |s: &Folded, r: &Folded| s.class != r.class && s.is_digit && r.is_digit && r.confidence >= SURE;
            found.digits += usize::from(stated.get(i).zip(read.get(j)).is_some_and(|(s, r)| another(s, r)));
        } else if i > 0 && at(&table, i, j) == at(&table, i - 1, j) + 1 {
            i -= 1;
            found.digits += usize::from(stated.get(i).is_some_and(|s| s.is_digit));
        } else {
            j = j.saturating_sub(1);
            found.digits += usize::from(read.get(j).is_some_and(|r| r.is_digit && r.confidence >= SURE));
        }
    }
    found
}

#[cfg(test)]
#[path = "layer_tests.rs"]
mod tests;
