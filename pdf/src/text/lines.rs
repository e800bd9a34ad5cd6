//! Glyphs to lines: one baseline, small gaps.

use super::{Glyph, Line};

/// Directions that are told apart: baselines within a degree run the same way.
const DIRECTIONS: f32 = 360.0;

/// How far the baseline of a glyph may lie below the one before, in font sizes; a superscript is a line of its own.
const STEP: f32 = 0.2;

/// How far all baselines of one line may lie apart, in font sizes.
const DRIFT: f32 = 0.4;

/// A gap from which a line ends and another begins, in font sizes.
const COLUMN_GAP: f32 = 1.0;

/// A gap from which there is a blank between two glyphs, in font sizes. Blanks of most fonts are 0.25 to 0.3.
const WORD_GAP: f32 = 0.17;

/// Print drawn twice, slightly apart, looks bold: the second glyph counts for nothing, in font sizes.
const OVERPRINT: f32 = 0.12;

/// Above and below the baseline, in font sizes: the tallest letters and the lowest, and a little paper.
const ASCENT: f32 = 0.82;
const DESCENT: f32 = 0.26;

/// A glyph in the frame of its baseline.
struct Placed {
    text: String,
    /// Start and end along the baseline, and how low the baseline is, in pixels.
    start: f32,
    end: f32,
    low: f32,
    size: f32,
    along: [f32; 2],
}

/// Groups glyphs into lines, from top to bottom and from left to right.
pub(crate) fn lines(glyphs: Vec<Glyph>) -> Vec<Line> {
    let mut placed: Vec<(i32, Placed)> = glyphs.into_iter().map(place).collect();
    placed.sort_by(|(a, p), (b, q)| a.cmp(b).then(p.low.total_cmp(&q.low)));
    let mut lines = Vec::new();
    let mut row: Vec<Placed> = Vec::new();
    let mut direction = None;
    for (turn, glyph) in placed {
        // Rows grow downwards, so the last glyph is the lowest so far.
        let joins = direction == Some(turn)
            && row.last().is_some_and(|last| glyph.low - last.low < STEP * glyph.size.min(last.size))
            && row.first().is_some_and(|first| glyph.low - first.low < DRIFT * glyph.size.min(first.size));
        if !joins {
            cut(std::mem::take(&mut row), &mut lines);
        }
        direction = Some(turn);
        row.push(glyph);
    }
    cut(row, &mut lines);
    lines
}

fn place(glyph: Glyph) -> (i32, Placed) {
    let Glyph { text, origin: [x, y], along: [ux, uy], advance, size } = glyph;
    let degrees = uy.atan2(ux).to_degrees();
    let turn = ((degrees / 360.0 * DIRECTIONS).round() as i32).rem_euclid(DIRECTIONS as i32);
    let start = x * ux + y * uy;
    (turn, Placed { text, start, end: start + advance, low: y * ux - x * uy, size, along: [ux, uy] })
}

/// Cuts the glyphs of a row into lines at wide gaps.
fn cut(mut row: Vec<Placed>, lines: &mut Vec<Line>) {
    row.sort_by(|a, b| a.start.total_cmp(&b.start));
    let mut line: Vec<Placed> = Vec::new();
    for glyph in row {
        if is_blank(&glyph.text) {
            continue;
        }
        if let Some(last) = line.last() {
            let overprint = glyph.text == last.text && (glyph.start - last.start).abs() < OVERPRINT * glyph.size;
            if overprint {
                continue;
            }
            if glyph.start - last.end > COLUMN_GAP * glyph.size.max(last.size) {
                lines.extend(assemble(&line));
                line.clear();
            }
        }
        line.push(glyph);
    }
    lines.extend(assemble(&line));
}

/// Blanks are gaps like any other: writers use them, or leave them out, as they like.
fn is_blank(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_whitespace() || matches!(c, '\u{200b}' | '\u{ad}'))
}

/// Glyphs from left to right as one line.
fn assemble(glyphs: &[Placed]) -> Option<Line> {
    let (first, last) = (glyphs.first()?, glyphs.last()?);
    let (start, end) = (first.start, glyphs.iter().map(|g| g.end).fold(last.end, f32::max));
    let length = (end - start).max(1.0);
    let share = |at: f32| ((at - start) / length).clamp(0.0, 1.0);
    let (mut text, mut spans) = (String::new(), Vec::new());
    let mut before: Option<&Placed> = None;
    for glyph in glyphs {
        if let Some(before) = before
            && glyph.start - before.end > WORD_GAP * glyph.size.min(before.size)
        {
            text.push(' ');
            spans.push([share(before.end), share(glyph.start)]);
        }
        let unknown = String::from(char::REPLACEMENT_CHARACTER);
        let chars = if glyph.text.is_empty() { &unknown } else { &glyph.text };
        // A ligature's characters share its place.
        let count = chars.chars().count() as f32;
        for (i, c) in chars.chars().enumerate() {
            let at = |i: f32| share(glyph.start + (glyph.end - glyph.start) * i / count);
            text.push(if c.is_control() || is_private(c) { char::REPLACEMENT_CHARACTER } else { c });
            spans.push([at(i as f32), at(i as f32 + 1.0)]);
        }
        before = Some(glyph);
    }
    // The line's own frame: as high as its largest print.
    let size = glyphs.iter().map(|g| g.size).fold(0.0, f32::max);
    let low = median(glyphs.iter().map(|g| g.low));
    let (top, bottom) = (low - ASCENT * size, low + DESCENT * size);
    let [ux, uy] = first.along;
    let corner = |along: f32, low: f32| [along * ux - low * uy, along * uy + low * ux];
    Some(Line { text, quad: [corner(start, top), corner(end, top), corner(end, bottom), corner(start, bottom)], spans })
}

/// Fonts put glyphs without a character into these ranges.
fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
#[path = "lines_tests.rs"]
mod tests;
