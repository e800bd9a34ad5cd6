//! Scores to entities: globally normalised spans and pointers over candidates.
//!
//! A field's probabilities are taken over all its possible readings and "not
//! on this page"; readings that say the same are added up. Their temperatures
//! were fitted so that the best reading's probability says how often it is the
//! right part of the page. Multiplied with the probability that its characters
//! were read rightly, it is the confidence of a reading.

use std::collections::HashMap;

use super::config::{COUNTRIES, Config, ITEM_KINDS, LANGUAGES, PAGE_KINDS, POINTER_FIELDS, ROLES, SPAN_FIELDS};
use super::features::Token;
use super::items::Rows;
use super::network::Scores;
use super::order::OrderedLine;
use super::tokens::KINDS;
use crate::entities::{DocumentKind, Entities, Entity, Guess, Reading, Span};
use crate::text::TextLines;

/// Runners-up that are kept.
const ALTERNATIVES: usize = 3;
/// Readings less probable than this are not looked at.
const NEGLIGIBLE: f32 = 1e-3;

/// Fields that every receipt and invoice shows ...
const EXPECTED: [&str; 2] = ["date", "total"];
/// ... and by how much the score that they are missing is lowered on one: the synthetic pages that taught it lose them
/// more often than real ones do.
const EXPECTATION: f32 = 3.0;

/// A page with its tokens, to copy values from.
pub(super) struct Document<'a> {
    pub(super) page: &'a TextLines,
    pub(super) lines: &'a [OrderedLine],
    pub(super) tokens: &'a [Token],
}

/// The scores of a token, taken apart.
pub(super) struct Head<'a> {
    /// Start, end and inside, span field by span field.
    spans: &'a [f32],
    pointers: &'a [f32],
    /// In the order of [`ROLES`].
    pub(super) roles: &'a [f32],
    /// In the order of [`ITEM_KINDS`].
    pub(super) kinds: &'a [f32],
}

impl<'a> Head<'a> {
    /// None where there are too few.
    pub(super) fn split(scores: &'a [f32]) -> Option<Self> {
        let (spans, rest) = scores.split_at_checked(3 * SPAN_FIELDS.len())?;
        let (pointers, rest) = rest.split_at_checked(POINTER_FIELDS.len())?;
        let (roles, rest) = rest.split_at_checked(ROLES.len())?;
        let (kinds, _) = rest.split_at_checked(ITEM_KINDS.len())?;
        Some(Self { spans, pointers, roles, kinds })
    }
}

impl Document<'_> {
    /// A reading of tokens in reading order; tokens of a line share a span. A
    /// colon that ends the last token is no part of the value.
    pub(super) fn reading(&self, tokens: &[Token], confidence: f32) -> Reading {
        let mut spans: Vec<Span> = Vec::new();
        for token in tokens {
            let Some(line) = self.lines.get(token.line).map(|l| l.number) else { continue };
            match spans.last_mut() {
                Some(span) if span.line == line => span.end = token.end,
                _ => spans.push(Span { line, start: token.start, end: token.end }),
            }
        }
        if let Some(last) = spans.last_mut() {
            while last.end > last.start + 1 && self.page.text_at(&[Span { start: last.end - 1, ..*last }]) == ":" {
                last.end -= 1;
            }
        }
        Reading { text: self.page.text_at(&spans), spans, confidence: confidence.clamp(0.0, 1.0) }
    }

    /// `reading` with the probability that all its characters are right taken into its confidence.
    pub(super) fn weighed(&self, reading: Reading) -> Reading {
        Reading { confidence: reading.confidence * self.page.legibility(&reading.spans), ..reading }
    }
}

/// All entities of a page.
pub(super) fn entities(document: &Document, scores: &Scores, config: &Config) -> Entities {
    let heads: Vec<Head> = scores.tokens.iter().map_while(|s| Head::split(s)).collect();
    let mut found = Entities::default();
    let null = |i: usize| scores.nulls.get(i).copied().unwrap_or(0.0);
    for (i, (name, longest)) in config.spans.iter().enumerate() {
        let entity =
            span(document, &heads, i, *longest, null(i), config.temperature(name)).map(|e| calibrated(e, name, config));
        match name.as_str() {
            "merchant_name" => found.merchant_name = entity,
            "merchant_address" => found.merchant_address = entity,
            "merchant_phone" => found.merchant_phone = entity,
            "merchant_tax_id" => found.merchant_tax_id = entity,
            _ => found.receipt_number = entity,
        }
    }
    let (kind, rest) = scores.page.split_at_checked(PAGE_KINDS.len()).unwrap_or_default();
    let page_kind = most_probable(kind, &PAGE_KINDS, config.temperature("kind"));
    let is_document = page_kind.is_some_and(|guess| guess.value != "other");
    for (i, (name, kind)) in config.pointers.iter().enumerate() {
        let expected = is_document && EXPECTED.contains(&name.as_str());
        let null = |field| null(field) - if expected { EXPECTATION } else { 0.0 };
        let entity = pointer(document, &heads, i, kind, null(SPAN_FIELDS.len() + i), config.temperature(name))
            .map(|e| calibrated(e, name, config));
        match name.as_str() {
            "date" => found.date = entity,
            "time" => found.time = entity,
            "subtotal" => found.subtotal = entity,
            "tax_total" => found.tax_total = entity,
            "total" => found.total = entity,
            _ => found.tip = entity,
        }
    }
    let rows = Rows::new(document, &heads, &scores.links, config.temperature("roles"));
    found.items = rows.purchases();
    found.taxes = rows.taxes();
    found.payments = rows.payments();
    found.serial_numbers = rows.serial_numbers();
    let (language, country) = rest.split_at_checked(LANGUAGES.len()).unwrap_or_default();
    found.kind = match page_kind.map(|guess| guess.value) {
        Some("invoice") => DocumentKind::Invoice,
        Some("other") => DocumentKind::Other,
        _ => DocumentKind::Receipt,
    };
    found.kind_confidence = page_kind.map_or(0.0, |guess| guess.confidence);
    found.language = most_probable(language, &LANGUAGES, config.temperature("language"));
    found.country = most_probable(country, &COUNTRIES, config.temperature("country"));
    found
}

/// The same entity with confidences that say how often such values are right.
fn calibrated(mut entity: Entity, field: &str, config: &Config) -> Entity {
    for reading in std::iter::once(&mut entity.best).chain(&mut entity.alternatives) {
        reading.confidence = config.calibrated(field, reading.confidence);
    }
    entity
}

/// The answer with the highest score, and its probability.
fn most_probable(scores: &[f32], answers: &[&'static str], temperature: f32) -> Option<Guess> {
    let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = scores.iter().map(|s| ((s - best) / temperature).exp()).sum();
    let (value, _) = answers.iter().zip(scores).find(|(_, s)| **s == best)?;
    Some(Guess { value, confidence: 1.0 / total.max(1.0) })
}

/// The entity of a span field: start + end + the sum of inside scores, over all
/// spans of at most `longest` tokens.
fn span(doc: &Document, heads: &[Head], field: usize, longest: usize, null: f32, temperature: f32) -> Option<Entity> {
    let part = |head: &Head, i: usize| head.spans.get(3 * field + i).copied().unwrap_or(0.0);
    let mut candidates = Vec::new();
    for first in 0..heads.len() {
        let mut inside = 0.0;
        for (last, head) in heads.iter().enumerate().skip(first).take(longest) {
            inside += part(head, 2);
            candidates.push(((part(heads.get(first)?, 0) + part(head, 1) + inside) / temperature, (first, last)));
        }
    }
    choose(doc, candidates, null / temperature, |(first, last), p| {
        let reading = doc.reading(doc.tokens.get(first..=last)?, p);
        Some((squeeze(&reading.text), reading))
    })
}

/// The entity of a pointer field: one token of the wanted kind.
fn pointer(doc: &Document, heads: &[Head], field: usize, kind: &str, null: f32, temperature: f32) -> Option<Entity> {
    let wanted = KINDS.iter().position(|k| *k == kind)?;
    let of_kind = |i: &usize| doc.tokens.get(*i).is_some_and(|t| t.kind == wanted);
    let score = |i: usize| heads.get(i).and_then(|h| h.pointers.get(field)).copied().unwrap_or(0.0) / temperature;
    let candidates = (0..heads.len()).filter(of_kind).map(|i| (score(i), i)).collect();
    choose(doc, candidates, null / temperature, |i, p| {
        let token = doc.tokens.get(i)?;
        let key = token.amount.map_or_else(|| squeeze(&token.text), |value| value.to_string());
        Some((key, doc.reading(std::slice::from_ref(token), p)))
    })
}

/// Turns scores into probabilities, adds up readings with the same key, and
/// gives the best ones; none where "not on this page" is more probable.
fn choose<T: Copy>(
    doc: &Document,
    candidates: Vec<(f32, T)>,
    null: f32,
    read: impl Fn(T, f32) -> Option<(String, Reading)>,
) -> Option<Entity> {
    let highest = candidates.iter().map(|(s, _)| *s).fold(null, f32::max);
    let absent = (null - highest).exp();
    let mut probable: Vec<(f32, T)> = candidates.into_iter().map(|(s, t)| ((s - highest).exp(), t)).collect();
    let total = probable.iter().map(|(weight, _)| weight).sum::<f32>() + absent;
    probable.retain_mut(|(weight, _)| {
        *weight /= total;
        *weight > NEGLIGIBLE
    });
    probable.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut readings: Vec<Reading> = Vec::new();
    let mut by_key: HashMap<String, usize> = HashMap::new();
    for (p, candidate) in probable {
        let Some((key, reading)) = read(candidate, p) else { continue };
        match by_key.get(&key).and_then(|i| readings.get_mut(*i)) {
            Some(same) => same.confidence = (same.confidence + p).min(1.0),
            None => {
                by_key.insert(key, readings.len());
                readings.push(reading);
            }
        }
    }
    readings.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    readings.truncate(1 + ALTERNATIVES);
    let shown = readings.first().is_some_and(|r| r.confidence > absent / total);
    let mut readings = readings.into_iter().filter(|_| shown).map(|reading| doc.weighed(reading));
    let best = readings.next()?;
    Some(Entity { best, alternatives: readings.collect() })
}

/// A text without spaces and case, to tell whether two readings say the same.
fn squeeze(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}
