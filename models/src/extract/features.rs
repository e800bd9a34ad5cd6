//! Tokens with geometry, and the numbers that the network sees of them.
//!
//! The trainer's `features.py` does the same, in the same arithmetic, but for
//! what [`grouped`] parts.

use super::amounts::{self, AmountFeatures};
use super::grouped;
use super::order::{OrderedLine, median};
use super::tokens::{AMOUNT, KINDS, PERCENT, Piece, Scanner, lower, minor_units};
use crate::text::{CharReading, TextLines};

/// Names of the features with their numbers of buckets; order and sizes belong to the weights.
pub(super) const FEATURES: [(&str, usize); 21] = [
    ("kind", KINDS.len()),
    ("shape", 7),
    ("case", 5),
    ("length", 16),
    ("row_from_top", 32),
    ("row_from_bottom", 32),
    ("left", 32),
    ("right", 32),
    ("height_on_page", 32),
    ("line_left", 32),
    ("line_right", 32),
    ("text_height", 10),
    ("gap_above", 8),
    ("place_in_line", 8),
    ("tokens_in_line", 8),
    ("amount_count", 6),
    ("amount_rank", 9),
    ("amount_difference", 4),
    ("amount_twin", 5),
    ("amount_sum", 5),
    ("amount_tax", 5),
];
const HEIGHT_EDGES: [f64; 9] = [0.6, 0.75, 0.9, 1.1, 1.25, 1.5, 1.8, 2.2, 3.0];
const GAP_EDGES: [f64; 7] = [0.7, 1.0, 1.3, 1.6, 2.0, 2.5, 3.5];
/// Gap above the first row, in line heights.
const FIRST_GAP: f64 = 3.0;

/// One token with the place it is printed at.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Folded characters.
    pub(super) text: String,
    /// Position in [`KINDS`].
    pub(super) kind: usize,
    /// Index into the ordered lines.
    pub(super) line: usize,
    /// First character of the line.
    pub(super) start: usize,
    /// One past the last character.
    pub(super) end: usize,
    /// The amount in hundredths, for tokens of kind `amount`.
    pub(super) amount: Option<i64>,
    upper: usize,
    first_upper: bool,
    x0: f64,
    /// Right edge on the levelled page, in pixels.
    pub(super) x1: f64,
    place: usize,
    siblings: usize,
}

/// The network's view of a page.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Features {
    /// A bucket for each of [`FEATURES`], token by token.
    pub(super) buckets: Vec<[u32; FEATURES.len()]>,
    /// Where a token's middle stands across the text, 0 to 1.
    pub(super) columns: Vec<f32>,
    /// The row a token stands in, from 0, counted over rows that have tokens.
    pub(super) rows: Vec<i64>,
}

/// Tokens of lines in reading order, at most `limit`: of more, the first and
/// the last half, which hold the header and the totals.
pub(super) fn tokenize(page: &TextLines, lines: &[OrderedLine], scanner: &Scanner, limit: usize) -> Vec<Token> {
    let chars_of = |line: &OrderedLine| page.lines.get(line.number).map_or(&[][..], |l| &l.chars);
    let split = |chars: &[CharReading]| scanner.tokens(chars.iter().map(|c| c.ch));
    let mut pieces: Vec<Vec<Piece>> = lines.iter().map(|line| split(chars_of(line))).collect();
    let lengths: Vec<usize> = lines.iter().map(|line| chars_of(line).len()).collect();
    for (index, at) in grouped::cuts(&pieces, &lengths, lines) {
        let parts = lines.get(index).and_then(|line| chars_of(line).split_at_checked(at));
        if let (Some((before, behind)), Some(whole)) = (parts, pieces.get_mut(index)) {
            let moved = |piece: Piece| Piece { start: piece.start + at, end: piece.end + at, ..piece };
            *whole = split(before).into_iter().chain(split(behind).into_iter().map(moved)).collect();
        }
    }
    let mut tokens = Vec::new();
    for ((index, line), pieces) in lines.iter().enumerate().zip(pieces) {
        let chars = chars_of(line);
        let [x0, _, x1, _] = line.bounds;
        let per_char = (x1 - x0) / chars.len().max(1) as f64;
        let siblings = pieces.len().saturating_sub(1);
        for (place, piece) in pieces.into_iter().enumerate() {
            let printed = chars.get(piece.start..piece.end).unwrap_or_default();
            tokens.push(Token {
                kind: piece.kind,
                line: index,
                start: piece.start,
                end: piece.end,
                amount: if piece.kind == AMOUNT { minor_units(&piece.text) } else { None },
                upper: printed.iter().filter(|c| is_upper(c.ch)).count(),
                first_upper: printed.first().is_some_and(|c| is_upper(c.ch)),
                x0: x0 + per_char * piece.start as f64,
                x1: x0 + per_char * piece.end as f64,
                place,
                siblings,
                text: piece.text,
            });
        }
    }
    if tokens.len() > limit {
        let head = limit / 2;
        tokens.drain(head..tokens.len() - (limit - head));
    }
    tokens
}

fn is_upper(c: char) -> bool {
    let low = lower(c);
    // `lower` gives the character itself where the lower-case form is longer than one.
    low != c
}

/// Whether a folded character counts as a letter.
pub(super) fn is_letter(c: char) -> bool {
    c.is_ascii_lowercase() || c >= '\u{c0}'
}

/// Looks at the tokens of a page.
pub(super) fn features(tokens: &[Token], lines: &[OrderedLine]) -> Features {
    // One entry a line, so that long lines do not outvote short ones.
    let mut used: Vec<&OrderedLine> = Vec::new();
    let mut last = None;
    for token in tokens {
        if last != Some(token.line) {
            used.extend(lines.get(token.line));
            last = Some(token.line);
        }
    }
    let edge = |i: usize| used.iter().map(move |l| l.bounds[i]);
    let (left, right) = (edge(0).fold(f64::INFINITY, f64::min), edge(2).fold(f64::NEG_INFINITY, f64::max));
    let (top, bottom) = (edge(1).fold(f64::INFINITY, f64::min), edge(3).fold(f64::NEG_INFINITY, f64::max));
    let (width, height) = ((right - left).max(1.0), (bottom - top).max(1.0));
    let unit = match median(used.iter().map(|l| l.bounds[3] - l.bounds[1]).collect()) {
        0.0 => 1.0,
        u => u,
    };
    // Rows come in order, so equal ones stand together.
    let mut rows: Vec<(usize, f64, usize)> = Vec::new();
    for line in &used {
        let centre = (line.bounds[1] + line.bounds[3]) / 2.0;
        match rows.last_mut() {
            Some((row, sum, n)) if *row == line.row => {
                *sum += centre;
                *n += 1;
            }
            _ => rows.push((line.row, centre, 1)),
        }
    }
    let middles: Vec<f64> = rows.iter().map(|(_, sum, n)| sum / *n as f64).collect();

    let amounts = amounts::features(
        &tokens.iter().map(|t| t.amount).collect::<Vec<_>>(),
        &amounts::printed_rates(tokens.iter().filter(|t| t.kind == PERCENT).map(|t| t.text.as_str())),
    );
    let mut out = Features::default();
    for (token, amount) in tokens.iter().zip(amounts) {
        let Some(line) = lines.get(token.line) else { continue };
        let row = rows.partition_point(|(r, _, _)| *r < line.row);
        let gap = match (row.checked_sub(1).and_then(|above| middles.get(above)), middles.get(row)) {
            (Some(above), Some(here)) => (here - above) / unit,
            _ => FIRST_GAP,
        };
        let [x0, y0, x1, y1] = line.bounds;
        let mut buckets = [0; FEATURES.len()];
        let [w0, w1, w2, w3] = word_features(token);
        let geometry = [
            row.min(31) as u32,
            (rows.len() - 1 - row.min(rows.len() - 1)).min(31) as u32,
            bin32((token.x0 - left) / width),
            bin32((token.x1 - left) / width),
            bin32(((y0 + y1) / 2.0 - top) / height),
            bin32((x0 - left) / width),
            bin32((x1 - left) / width),
            edges_below(&HEIGHT_EDGES, (y1 - y0) / unit),
            edges_below(&GAP_EDGES, gap),
            token.place.min(7) as u32,
            token.siblings.min(7) as u32,
        ];
        let all = [w0, w1, w2, w3].into_iter().chain(geometry).chain::<AmountFeatures>(amount);
        buckets.iter_mut().zip(all).for_each(|(slot, value)| *slot = value);
        out.buckets.push(buckets);
        out.columns.push((((token.x0 + token.x1) / 2.0 - left) / width) as f32);
        out.rows.push(row as i64);
    }
    out
}

/// Kind, shape, case and length of a token.
fn word_features(token: &Token) -> [u32; 4] {
    let n = token.text.chars().count();
    let letters = token.text.chars().filter(|c| is_letter(*c)).count();
    let digits = token.text.chars().filter(char::is_ascii_digit).count();
    let shape = match (letters, digits) {
        (0, 0) => 0,
        (l, 0) if l == n => 1,
        (_, 0) => 2,
        (_, d) if d == n => 3,
        (0, _) => 4,
        (l, d) if l > d => 5,
        _ => 6,
    };
    let case = if letters == 0 {
        0
    } else if token.upper == letters {
        1
    } else if token.upper == 0 {
        2
    } else if token.first_upper && token.upper == 1 {
        3
    } else {
        4
    };
    [token.kind as u32, shape, case, n.min(15) as u32]
}

fn bin32(share: f64) -> u32 {
    // `as` truncates towards zero and saturates, like the trainer's int() and clamp.
    ((share * 32.0) as i64).clamp(0, 31) as u32
}

fn edges_below(edges: &[f64], value: f64) -> u32 {
    edges.iter().filter(|e| **e <= value).count() as u32
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::extract::tokens::WORD;

    /// A word that is all of a line.
    pub(in crate::extract) fn token(text: &str, line: usize) -> Token {
        Token {
            text: text.to_owned(),
            kind: WORD,
            line,
            start: 0,
            end: text.chars().count(),
            amount: None,
            upper: 0,
            first_upper: false,
            x0: 0.0,
            x1: 0.0,
            place: 0,
            siblings: 0,
        }
    }
}
