//! What a perfect tagger reaches on the same reading: it always chooses the
//! right characters, but it has only the characters that were read.
//!
//! A text can be formed when a run of neighbouring words says it: of one line,
//! or of several in reading order, joined by one blank. Runs begin and end at
//! blanks and marks, never inside letters and digits. An amount, a date or a
//! time can be formed when a run of at most five words of a line stands for
//! it, by the parsers of the check stage or as values are compared.
//!
//! The perfect tagger chooses one place for every value that there is, and
//! none for others. It does not know what was misread, so it is as often wrong
//! as a value cannot be formed: its precision, its recall and its F1 all are the
//! share of values that can be. A tagger that also leaves out what was misread
//! has precision 1; it reaches `2h / (h + n)` with `h` of `n` values.

use std::collections::HashSet;

use jiff::civil::Date;
use slipstream_api::Line;
use slipstream_models::{Point, Quad, TextLine, TextLines, extract::reading_order};

use crate::eval::score::{Compare, amount};
use crate::pipeline::check::date::{DateContext, parse_date};
use crate::pipeline::check::number::{DecimalMark, parse_amount, parse_quantity};
use crate::pipeline::check::time::parse_time;

/// The longest dates have so many words: `25 de diciembre de 2025`.
const MOST_WORDS: usize = 5;

/// Whether a value can be formed from what was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reach {
    /// As it is compared.
    pub strict: bool,
    /// On letters and digits alone.
    pub letters: bool,
}

/// The text of a page, as far as it was read.
#[derive(Debug, Default)]
pub struct Reading {
    text: Run,
    without_spaces: Run,
    letters: Run,
    /// Runs of words of one line.
    pieces: Vec<String>,
    /// The amounts and quantities that stand on the page, as they are compared, without sign.
    numbers: HashSet<String>,
}

/// Characters, and where runs of words may begin and end.
#[derive(Debug, Default)]
struct Run {
    chars: Vec<char>,
    /// Whether a run may begin before the character of the same index, or end there.
    cuts: Vec<bool>,
}

impl Run {
    fn of(chars: impl Iterator<Item = (char, bool)>) -> Self {
        let (chars, mut cuts): (Vec<char>, Vec<bool>) = chars.unzip();
        cuts.push(true);
        Self { chars, cuts }
    }

    fn holds(&self, wanted: &str, inside: bool) -> bool {
        let wanted: Vec<char> = wanted.chars().collect();
        let may_cut = |at: usize| inside || self.cuts.get(at) == Some(&true);
        !wanted.is_empty()
            && (0..self.chars.len()).any(|at| {
                self.chars.get(at..at + wanted.len()) == Some(&wanted) && may_cut(at) && may_cut(at + wanted.len())
            })
    }
}

impl Reading {
    /// What the lines of an answer say.
    pub fn new(lines: &[Line]) -> Self {
        let order = reading_order(&upright(lines));
        let words = |line: &Line| line.text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let lines: Vec<Vec<String>> = order.into_iter().filter_map(|i| lines.get(i)).map(words).collect();
        let joined: Vec<char> = lines.concat().join(" ").to_lowercase().chars().collect();
        let cut = |at: usize| {
            let inside = |i: usize| joined.get(i).is_some_and(|c| c.is_alphanumeric());
            !(at > 0 && inside(at - 1) && inside(at))
        };
        // A blank that is left out is a place to cut before whatever follows it.
        let run = |keep: fn(char) -> bool| {
            Run::of(joined.iter().enumerate().filter(|(_, c)| keep(**c)).map(|(at, c)| (*c, cut(at))))
        };
        let pieces: Vec<String> = lines.iter().flat_map(|words| pieces(words)).collect();
        Self {
            text: run(|_| true),
            without_spaces: run(|c| c != ' '),
            letters: run(char::is_alphanumeric),
            numbers: pieces.iter().flat_map(|piece| numbers(piece)).collect(),
            pieces,
        }
    }

    /// Whether one of `values` can be formed.
    pub fn forms<'a>(&self, compare: Compare, values: impl IntoIterator<Item = &'a str>) -> Reach {
        values.into_iter().fold(Reach::default(), |reach, value| {
            let one = self.forms_one(compare, value);
            Reach { strict: reach.strict || one.strict, letters: reach.letters || one.letters }
        })
    }

    fn forms_one(&self, compare: Compare, value: &str) -> Reach {
        let form = compare.expected(value);
        if form.is_empty() {
            return Reach::default();
        }
        let either = |found: bool| Reach { strict: found, letters: found };
        match compare {
            Compare::Text | Compare::TextWithoutSpaces => {
                let run = if compare == Compare::Text { &self.text } else { &self.without_spaces };
                let letters = crate::eval::score::alphanumeric(&form);
                let strict = run.holds(&form, false);
                Reach { strict, letters: strict || self.letters.holds(&letters, false) }
            }
            Compare::Contains => either(self.letters.holds(&form, true)),
            // Where a minus stands, and whether one does, is the shop's habit.
            Compare::Amount | Compare::Decimal => either(self.numbers.contains(form.trim_start_matches('-'))),
            Compare::Value => either(value.parse().is_ok_and(|day: Date| self.holds_day(day))),
            Compare::Minute => {
                let minute = |piece: &String| parse_time(piece).map(|time| time.to_string());
                either(self.pieces.iter().filter_map(minute).any(|time| time.starts_with(&form)))
            }
        }
    }

    fn holds_day(&self, day: Date) -> bool {
        // As it was read on that day; which of two readings is meant is not the tagger's affair.
        let context = DateContext { today: day, order: None, proved: false };
        self.pieces.iter().any(|piece| parse_date(piece, &context).contains(&day))
    }
}

/// The runs of at most [`MOST_WORDS`] words of a line.
fn pieces(words: &[String]) -> impl Iterator<Item = String> + '_ {
    let run = |first: usize, n: usize| words.get(first..first + n).map(|run| run.join(" "));
    (0..words.len()).flat_map(move |first| (1..=MOST_WORDS).map_while(move |n| run(first, n)))
}

/// What `piece` may stand for as a number, without sign and trailing zeros.
fn numbers(piece: &str) -> Vec<String> {
    if !piece.contains(|c: char| c.is_ascii_digit()) {
        return Vec::new();
    }
    let marks = [None, Some(DecimalMark::Point), Some(DecimalMark::Comma)];
    let amounts = marks.iter().filter_map(|mark| parse_amount(piece, *mark));
    let quantities = marks.iter().filter_map(|mark| parse_quantity(piece, *mark));
    let parsed = amounts.chain(quantities).map(|number| number.to_string());
    // "2x3.00" is one word and two numbers.
    let bare = piece.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ','))).filter_map(amount);
    let all = parsed.chain(amount(piece)).chain(bare);
    all.map(|number| number.trim_start_matches('-').to_owned()).collect()
}

/// The lines on a page that is turned so that most of them run from left to right.
fn upright(lines: &[Line]) -> TextLines {
    let quad = |line: &Line| Quad(line.polygon.0.map(|[x, y]| Point::new(x, y)));
    let (mut right, mut down) = (0.0, 0.0);
    for Quad([from, to, ..]) in lines.iter().map(quad) {
        right += to.x - from.x;
        down += to.y - from.y;
    }
    let turn = |p: Point| match (right.abs() >= down.abs(), right >= 0.0, down >= 0.0) {
        (true, true, _) => p,
        (true, false, _) => Point::new(-p.x, -p.y),
        (false, _, true) => Point::new(p.y, -p.x),
        (false, _, false) => Point::new(-p.y, p.x),
    };
    let line = |line: &Line| TextLine::evenly_spaced(&line.text, line.confidence, quad(line).map(turn));
    TextLines { lines: lines.iter().map(line).collect(), page_width: 0, page_height: 0 }
}

#[cfg(test)]
#[path = "ceiling_tests.rs"]
mod tests;
