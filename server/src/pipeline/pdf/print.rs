//! Where the pages print what an e-invoice states.

use jiff::civil::Date;
use slipstream_models::entities::Span;
use slipstream_models::{Quad, TextLines};

use super::super::check::date::{DateContext, parse_date};
use super::super::check::number::{DecimalMark, parse_amount, parse_quantity};
use super::super::check::{Decimal, Found, spans_of};

/// Words that one date takes at most: `28 février 2024`.
const DATE_WORDS: usize = 4;

/// Lines of print that a value may stand below its row's first one, in line heights: rows of several lines.
const ROW_DEPTH: f32 = 3.0;

/// The pages' words, in a form in which stated values are easy to find.
pub(super) struct Print<'a> {
    lines: &'a TextLines,
    /// Letters and digits of each line in lower case, with the index of the character.
    folded: Vec<Vec<(char, usize)>>,
    numbers: Vec<(Decimal, Span)>,
    dates: Vec<(Date, Span)>,
}

impl<'a> Print<'a> {
    /// Looks through `lines` once.
    pub(super) fn new(lines: &'a TextLines, today: Date) -> Self {
        let mut print = Self { lines, folded: Vec::new(), numbers: Vec::new(), dates: Vec::new() };
        let context = DateContext { today, order: None, proved: false };
        for (line, l) in lines.lines.iter().enumerate() {
            let chars: Vec<char> = l.chars.iter().map(|c| c.ch).collect();
            print.folded.push(fold(chars.iter().copied()));
            let words = words(&chars);
            for (i, &(start, end)) in words.iter().enumerate() {
                let text =
                    |start: usize, end: usize| chars.get(start..end).unwrap_or_default().iter().collect::<String>();
                let word = text(start, end);
                if !word.chars().any(|c| c.is_ascii_digit()) {
                    continue;
                }
                // "1 234,56" and "- 5,00" are two words.
                let is_part = |word: &&(usize, usize)| !text(word.0, word.1).chars().any(char::is_alphabetic);
                let before = i.checked_sub(1).and_then(|b| words.get(b)).filter(is_part).map(|(start, _)| *start);
                for start in [Some(start), before].into_iter().flatten() {
                    let span = Span { line, start, end };
                    let number = text(start, end);
                    let readings = [None, Some(DecimalMark::Point), Some(DecimalMark::Comma)];
                    let amounts = readings.map(|mark| parse_amount(&number, mark));
                    for value in amounts.into_iter().chain([parse_quantity(&number, None)]).flatten() {
                        if !print.numbers.contains(&(value, span)) {
                            print.numbers.push((value, span));
                        }
                    }
                }
                for (_, end) in words.iter().skip(i).take(DATE_WORDS) {
                    let span = Span { line, start, end: *end };
                    let days = parse_date(&text(start, *end), &context);
                    print.dates.extend(days.into_iter().map(|day| (day, span)));
                }
            }
        }
        print
    }

    /// Every place where `text` is printed on one line, whatever its case, blanks and marks.
    pub(super) fn texts(&self, text: &str) -> Vec<Span> {
        let wanted: Vec<char> = fold(text.chars()).into_iter().map(|(c, _)| c).collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (line, folded) in self.folded.iter().enumerate() {
            for window in folded.windows(wanted.len()) {
                let (Some(first), Some(last)) = (window.first(), window.last()) else { continue };
                let same = window.iter().map(|(c, _)| c).eq(&wanted);
                if same && self.stands_alone(line, first.1, last.1) {
                    found.push(Span { line, start: first.1, end: last.1 + 1 });
                }
            }
        }
        found
    }

    /// Whether no letter or digit touches the characters `first..=last`.
    fn stands_alone(&self, line: usize, first: usize, last: usize) -> bool {
        let is_part = |at: Option<usize>| {
            at.and_then(|at| self.lines.lines.get(line)?.chars.get(at)).is_some_and(|c| c.ch.is_alphanumeric())
        };
        !is_part(first.checked_sub(1)) && !is_part(last.checked_add(1))
    }

    /// Every place where a number is printed, with its sign or without.
    pub(super) fn numbers(&self, number: Decimal) -> Vec<Span> {
        let same = |n: &Decimal| *n == number || n.negated() == number;
        self.numbers.iter().filter(|(n, _)| same(n)).map(|(_, span)| *span).collect()
    }

    /// Every place where a day is printed.
    pub(super) fn dates(&self, day: Date) -> Vec<Span> {
        self.dates.iter().filter(|(d, _)| *d == day).map(|(_, span)| *span).collect()
    }

    /// The place of `found`, if it has the value `is` says, else the last of `places`: totals stand at the end.
    pub(super) fn total<T>(&self, places: &[Span], found: &Option<Found<T>>, is: impl Fn(&T) -> bool) -> Vec<Span> {
        if found.as_ref().and_then(Found::value).is_some_and(is) {
            return spans_of(found).to_vec();
        }
        places.iter().copied().max_by(|a, b| self.height(a).total_cmp(&self.height(b))).into_iter().collect()
    }

    /// The place nearest to `anchor` on its row, or a little below it.
    pub(super) fn on_row(&self, places: &[Span], anchor: Span) -> Option<Span> {
        let row = self.quad(&anchor)?;
        let below = |span: &Span| Some((self.quad(span)?.centre().y - row.centre().y) / row.height().max(1.0));
        let near = places.iter().filter_map(|span| Some((below(span)?, *span)));
        let near = near.filter(|(lines, span)| (-0.7..ROW_DEPTH).contains(lines) && *span != anchor);
        // On the row itself the rightmost: the sum of a row stands at its end.
        let right = |span: &Span| self.quad(span).map_or(0.0, |quad| quad.bounds().2);
        near.min_by(|(a, p), (b, q)| a.abs().round().total_cmp(&b.abs().round()).then(right(q).total_cmp(&right(p))))
            .map(|(_, span)| span)
    }

    /// Places of the lines of an address that belong together: each next to the one before.
    pub(super) fn address(&self, lines: &[String]) -> Vec<Span> {
        let mut chosen: Vec<Span> = Vec::new();
        for line in lines {
            let places = self.texts(line);
            let distance = |span: &Span| {
                let (Some(last), Some(here)) = (chosen.last().and_then(|c| self.quad(c)), self.quad(span)) else {
                    return 0.0;
                };
                here.centre().distance(last.centre())
            };
            let nearest = places.iter().copied().min_by(|a, b| distance(a).total_cmp(&distance(b)));
            chosen.extend(nearest);
        }
        chosen
    }

    fn quad(&self, span: &Span) -> Option<Quad> {
        Some(self.lines.lines.get(span.line)?.quad_of(span.start, span.end))
    }

    fn height(&self, span: &Span) -> f32 {
        self.quad(span).map_or(0.0, |quad| quad.centre().y)
    }
}

fn fold(chars: impl Iterator<Item = char>) -> Vec<(char, usize)> {
    let lower = |(i, c): (usize, char)| c.is_alphanumeric().then(|| (c.to_lowercase().next().unwrap_or(c), i));
    chars.enumerate().filter_map(lower).collect()
}

/// Start and end of each word between blanks.
fn words(chars: &[char]) -> Vec<(usize, usize)> {
    let mut out: Vec<(usize, usize)> = Vec::new();
    for (i, c) in chars.iter().enumerate().filter(|(_, c)| !c.is_whitespace()) {
        let _ = c;
        match out.last_mut() {
            Some((_, end)) if *end == i => *end += 1,
            _ => out.push((i, i + 1)),
        }
    }
    out
}

#[cfg(test)]
#[path = "print_tests.rs"]
mod tests;
