//! From the characters of a line to tokens: folding, candidate patterns, amounts.
//!
//! The trainer's `text.py` does the same; the tables come from `config.json`,
//! so that weights always meet the tokens they were trained on.

use std::collections::HashMap;

use regex::{Regex, RegexSet};

use super::ExtractError;
use super::config::{Config, Pattern};

/// Kinds of tokens; the position is the value of the feature `kind`.
pub(super) const KINDS: [&str; 6] = ["word", "date", "time", "percent", "amount", "quantity"];
/// Position of `word` in [`KINDS`].
pub(super) const WORD: usize = 0;
/// Position of `date` in [`KINDS`].
pub(super) const DATE: usize = 1;
/// Position of `percent` in [`KINDS`].
pub(super) const PERCENT: usize = 3;
/// Position of `amount` in [`KINDS`].
pub(super) const AMOUNT: usize = 4;

/// No receipt has a longer amount, and products of amounts and rates stay within 64 bits.
const MOST_DIGITS: usize = 12;
/// Stands for every character that is not ASCII after folding.
const DELETE: char = '\x7f';

/// One token of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// First character of the line.
    pub(super) start: usize,
    /// One past the last character.
    pub(super) end: usize,
    /// The folded characters.
    pub(super) text: String,
    /// Position in [`KINDS`].
    pub(super) kind: usize,
}

struct Candidate {
    kind: usize,
    matches: Regex,
    not_before: Option<Regex>,
    not_after: Option<Regex>,
}

/// Splits lines into tokens.
///
/// Patterns are tried in order at every place where a candidate can start; the
/// first one that matches there, with nothing forbidden before or after, wins.
/// Its first group, where it has one, is the candidate and the rest is context.
/// What lies between candidates is split into words.
pub(super) struct Scanner {
    fold: HashMap<char, char>,
    candidates: Vec<Candidate>,
    /// All patterns at once: says quickly that none matches at a place.
    any: RegexSet,
    splitter: Regex,
}

impl Scanner {
    /// Compiles the tables of a config.
    ///
    /// # Errors
    /// [`ExtractError::Config`] for an expression that does not compile or an unknown kind.
    pub(super) fn new(config: &Config) -> Result<Self, ExtractError> {
        let wrong = |e: regex::Error| ExtractError::Config(e.to_string());
        let anchored = |pattern: &Pattern| format!("^(?:{})", pattern.matches);
        let optional = |text: &str, framed: String| (!text.is_empty()).then(|| Regex::new(&framed)).transpose();
        let mut candidates = Vec::with_capacity(config.patterns.len());
        for p in &config.patterns {
            let kind = KINDS.iter().position(|k| *k == p.kind);
            candidates.push(Candidate {
                kind: kind.ok_or_else(|| ExtractError::Config(format!("unknown pattern kind {:?}", p.kind)))?,
                matches: Regex::new(&anchored(p)).map_err(wrong)?,
                not_before: optional(&p.not_before, format!("(?:{})$", p.not_before)).map_err(wrong)?,
                not_after: optional(&p.not_after, format!("^(?:{})", p.not_after)).map_err(wrong)?,
            });
        }
        Ok(Self {
            fold: config.fold.clone(),
            candidates,
            any: RegexSet::new(config.patterns.iter().map(anchored)).map_err(wrong)?,
            splitter: Regex::new(&config.splitter).map_err(wrong)?,
        })
    }

    /// The character that `c` is read as: lower case, no accent, one for one.
    fn fold_char(&self, c: char) -> char {
        match self.fold.get(&c) {
            Some(&folded) => folded,
            None if c < ' ' => ' ',
            None => lower(c),
        }
    }

    /// The tokens of a printed line, from left to right, none empty.
    pub(super) fn tokens(&self, line: impl Iterator<Item = char>) -> Vec<Piece> {
        let folded: Vec<char> = line.map(|c| self.fold_char(c)).collect();
        // One byte a character, so that byte offsets of matches are character indices.
        let ascii: String = folded.iter().map(|&c| if c < DELETE { c } else { DELETE }).collect();
        let piece = |start: usize, end: usize, kind: usize| Piece {
            start,
            end,
            text: folded.get(start..end).unwrap_or_default().iter().collect(),
            kind,
        };
        let mut out = Vec::new();
        let words = |out: &mut Vec<Piece>, from: usize, to: usize| {
            let between = ascii.get(from..to).unwrap_or_default();
            out.extend(self.splitter.find_iter(between).map(|m| piece(from + m.start(), from + m.end(), WORD)));
        };
        let (mut at, mut done) = (0, 0);
        while at < ascii.len() {
            match self.candidate(&ascii, at, done) {
                Some((kind, start, end)) => {
                    words(&mut out, done, start);
                    out.push(piece(start, end, kind));
                    at = end;
                    done = end;
                }
                None => at += 1,
            }
        }
        words(&mut out, done, ascii.len());
        out
    }

    /// Kind, start and end of the candidate that begins at `at`; characters before `done` belong to an earlier one.
    fn candidate(&self, line: &str, at: usize, done: usize) -> Option<(usize, usize, usize)> {
        let rest = line.get(at..)?;
        if !rest.starts_with(|c: char| c.is_ascii_digit() || c.is_ascii_lowercase() || c == '-' || c == '.') {
            return None;
        }
        let before = line.get(done.max(at.saturating_sub(2))..at)?;
        self.any.matches(rest).into_iter().find_map(|index| {
            let candidate = self.candidates.get(index)?;
            if candidate.not_before.as_ref().is_some_and(|r| r.is_match(before)) {
                return None;
            }
            let captures = candidate.matches.captures(rest)?;
            let (whole, chosen) = (captures.get(0)?, captures.get(1).or(captures.get(0))?);
            let after = rest.get(whole.end()..)?;
            if candidate.not_after.as_ref().is_some_and(|r| r.is_match(after)) || chosen.is_empty() {
                return None;
            }
            Some((candidate.kind, at + chosen.start(), at + chosen.end()))
        })
    }
}

/// The lower-case form where it is one character, else the character itself.
pub(super) fn lower(c: char) -> char {
    let mut low = c.to_lowercase();
    match (low.next(), low.next()) {
        (Some(one), None) => one,
        _ => c,
    }
}

/// The amount in hundredths of a folded candidate such as `1.234,50`, `-3.00`
/// or `1,200`; none without a digit or with more than [`MOST_DIGITS`].
pub(super) fn minor_units(text: &str) -> Option<i64> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() || digits.len() > MOST_DIGITS {
        return None;
    }
    let compact: Vec<char> = text.chars().filter(|c| *c != ' ').collect::<String>().trim_matches('-').chars().collect();
    let decimals = compact.len() >= 3 && matches!(compact.get(compact.len() - 3), Some('.' | ','));
    let value = digits.parse::<i64>().ok()? * if decimals { 1 } else { 100 };
    Some(if text.contains('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_several_countries() {
        let cases = [
            ("9.00", Some(900)),
            ("1,234.50", Some(123_450)),
            ("1.234,50", Some(123_450)),
            ("1 234,50", Some(123_450)),
            ("-3.00", Some(-300)),
            ("3.00-", Some(-300)),
            ("1,200", Some(120_000)),
            (".25", Some(25)),
            ("12 . 50", Some(1_250)),
            (".-", None),
            ("99999999999999999999", None),
        ];
        for (text, value) in cases {
            assert_eq!(minor_units(text), value, "{text}");
        }
    }
}
