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
///
/// Of ways with equally few edits the one with most digits counts: "Total 1119"
/// is "Total 119" with a digit lost, though "l" looks like one.
fn differences(stated: &[Folded], read: &[Folded]) -> Differences {
    // An edit, less one where it is about a digit; no line is so long that these add up to an edit.
    const EDIT: usize = 2 * MAX_LENGTH;
    let edit = |of_digit: bool| EDIT - usize::from(of_digit);
    let left_out = |s: &Folded| edit(s.is_digit);
    let added = |r: &Folded| edit(r.is_digit && r.confidence >= SURE);
    let replaced = |s: &Folded, r: &Folded| match s.class == r.class {
        true => 0,
        // A letter read for a digit, or the other way round, is a slip of the reader.
        false => edit(s.is_digit && r.is_digit && r.confidence >= SURE),
    };
    // The cost of turning nothing into the first so many characters; then the same for ever more of `stated`.
    let mut row: Vec<usize> = vec![0];
    for r in read {
        row.push(row.last().copied().unwrap_or(0) + added(r));
    }
    for s in stated {
        let mut next = vec![row.first().copied().unwrap_or(0) + left_out(s)];
        for (r, pair) in read.iter().zip(row.windows(2)) {
            let [before, above] = [0, 1].map(|i| pair.get(i).copied().unwrap_or(0));
            let here = next.last().copied().unwrap_or(0);
            next.push((before + replaced(s, r)).min(above + left_out(s)).min(here + added(r)));
        }
        row = next;
    }
    let cost = row.last().copied().unwrap_or(0);
    let all = cost.div_ceil(EDIT);
    Differences { digits: all * EDIT - cost, all }
}

#[cfg(test)]
#[path = "layer_tests.rs"]
mod tests;
