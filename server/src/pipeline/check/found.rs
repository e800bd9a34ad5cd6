//! A field's readings with the values they stand for.

use slipstream_api::Outcome;
use slipstream_models::entities::{Entity, Reading, Span};

/// One reading and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate<T> {
    /// What it stands for; `None` where it is printed but cannot be understood.
    pub value: Option<T>,
    /// The characters as printed.
    pub text: String,
    /// Where they stand; never empty.
    pub spans: Vec<Span>,
    /// Probability that this is the field's value, 0 to 1.
    pub confidence: f32,
}

/// How much likelier an exact sum makes the reading that it demands: of 21 that
/// sums demanded on synthetic receipts 17 were right, and they had been a fifth
/// as probable as the best.
const DEMANDED: f32 = 25.0;

/// A field that the page shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// The reading that is believed.
    pub best: Candidate<T>,
    /// Other readings with other values, most probable first.
    pub alternatives: Vec<Candidate<T>>,
    /// Of an amount: whether the other amounts bear it out.
    pub proof: Option<Outcome>,
    /// The rule that chose the reading that is believed, where it is not the most probable one.
    pub repaired_by: Option<&'static str>,
}

impl<T> Found<T> {
    /// A field as it was read.
    pub fn new(best: Candidate<T>, alternatives: Vec<Candidate<T>>) -> Self {
        Self { best, alternatives, proof: None, repaired_by: None }
    }

    /// The believed value.
    pub fn value(&self) -> Option<&T> {
        self.best.value.as_ref()
    }

    /// Believes the alternative at `index`; the former best stays as an alternative.
    pub fn prefer(&mut self, index: usize) {
        if let Some(other) = self.alternatives.get_mut(index) {
            std::mem::swap(&mut self.best, other);
        }
    }

    /// The same because the rule `code` demands it, which makes the alternative that much likelier.
    pub fn repair(&mut self, index: usize, code: &'static str) {
        let Some(other) = self.alternatives.get(index) else { return };
        let odds = DEMANDED * other.confidence / self.best.confidence.max(f32::MIN_POSITIVE);
        self.prefer(index);
        self.best.confidence = odds / (1.0 + odds);
        if let Some(former) = self.alternatives.get_mut(index) {
            former.confidence = 1.0 / (1.0 + odds);
        }
        self.repaired_by = Some(code);
    }
}

impl<T: PartialEq> Found<T> {
    /// Gives every reading of `entity` the value that `parse` finds in it.
    ///
    /// The most probable reading that has a value is believed: a word without
    /// digits is no amount, however sure the tagger is. Readings with the same
    /// value count once, those without any stay out unless none has one.
    pub fn from_entity(entity: &Entity, parse: impl Fn(&str) -> Option<T>) -> Self {
        let candidate = |r: &Reading| Candidate {
            value: parse(&r.text),
            text: r.text.clone(),
            spans: r.spans.clone(),
            confidence: r.confidence,
        };
        let first = candidate(&entity.best);
        let mut valued: Vec<Candidate<T>> = Vec::new();
        for reading in entity.alternatives.iter().map(candidate) {
            let repeated = first.value == reading.value || valued.iter().any(|v| v.value == reading.value);
            if reading.value.is_some() && !repeated {
                valued.push(reading);
            }
        }
        if first.value.is_none() && !valued.is_empty() {
            Self::new(valued.remove(0), valued)
        } else {
            Self::new(first, valued)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entity(texts: &[&str]) -> Entity {
        let reading = |(i, t): (usize, &&str)| Reading {
            text: (*t).to_owned(),
            spans: vec![Span { line: i, start: 0, end: t.len() }],
            confidence: 0.9 - 0.1 * i as f32,
        };
        let mut readings: Vec<_> = texts.iter().enumerate().map(reading).collect();
        Entity { best: readings.remove(0), alternatives: readings }
    }

    fn texts(found: &Found<u32>) -> Vec<&str> {
        std::iter::once(&found.best).chain(&found.alternatives).map(|c| c.text.as_str()).collect()
    }

    #[test]
    fn the_most_probable_reading_with_a_value_is_believed() {
        let parse = |t: &str| t.trim().parse().ok();
        let cases: [(&[&str], &[&str]); 4] = [
            (&["7", "8"], &["7", "8"]),
            (&["TOTAL", "8", "9"], &["8", "9"]),
            (&["7", " 7", "8", "x"], &["7", "8"]),
            (&["TOTAL", "x"], &["TOTAL"]),
        ];
        for (given, expected) in cases {
            assert_eq!(texts(&Found::from_entity(&entity(given), parse)), expected, "{given:?}");
        }
    }

    #[test]
    fn preferring_an_alternative_keeps_the_former_best() {
        let mut found = Found::from_entity(&entity(&["7", "8"]), |t| t.parse().ok());
        found.prefer(0);
        assert_eq!(texts(&found), ["8", "7"]);
        found.prefer(5);
        assert_eq!(texts(&found), ["8", "7"]);
    }
}
