//! What went wrong, value by value: the kind of failure, and where to look.

use slipstream_api::{Field, Polygon};
use slipstream_models::{Point, Quad};

use super::align::similarity;
use super::outcome::{FieldOutcome, Outcome};
use crate::eval::score::{Compare, alphanumeric, folded};

/// A reading whose letters and digits are at least this similar to the truth is the truth misread.
pub(super) const MISREAD: f32 = 0.6;

/// What went wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// Nothing was chosen, and what was read of the page does not hold the value.
    Unreadable,
    /// Nothing was chosen, though the value is in what was read of the page.
    LeftOut,
    /// There is no such value.
    Invented,
    /// The right characters were chosen, but what they mean was not understood.
    NotUnderstood,
    /// Day and month are the other way round.
    Swapped,
    /// Blanks and marks alone differ.
    Punctuation,
    /// The right value with more around it.
    TooLong,
    /// A part of the right value.
    TooShort,
    /// The right place, but characters were misread.
    Misread,
    /// Something else was chosen.
    Elsewhere,
    /// A row of a table was not read.
    RowMissed,
    /// A row was read that is none.
    RowInvented,
    /// The words of a row that was not read are in another row.
    Merged,
    /// A row is a part of another one.
    Split,
    /// A row was read twice.
    Repeated,
    /// A row is of another kind.
    Kind,
    /// A reduction or a deposit belongs to another item, or to none.
    Link,
}

impl FailureKind {
    /// The word in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::LeftOut => "left_out",
            Self::Invented => "invented",
            Self::NotUnderstood => "not_understood",
            Self::Swapped => "day_month_swapped",
            Self::Punctuation => "punctuation",
            Self::TooLong => "too_long",
            Self::TooShort => "too_short",
            Self::Misread => "misread",
            Self::Elsewhere => "elsewhere",
            Self::RowMissed => "row_missed",
            Self::RowInvented => "row_invented",
            Self::Merged => "merged",
            Self::Split => "split",
            Self::Repeated => "repeated",
            Self::Kind => "wrong_kind",
            Self::Link => "wrong_link",
        }
    }
}

/// A value that is not what it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure<'a> {
    /// The receipt.
    pub outcome: &'a Outcome,
    /// The field; for tables with the column: `items: amount`.
    pub field: String,
    /// What went wrong.
    pub kind: FailureKind,
    /// What is right; empty where there is nothing.
    pub truth: String,
    /// What was read; empty where nothing was.
    pub read: String,
    /// How sure the reading was.
    pub confidence: Option<f32>,
    /// Where the reading stands.
    pub read_places: Vec<Quad>,
    /// Where the truth stands; empty where that is not known.
    pub truth_places: Vec<Quad>,
}

/// The failures of a receipt: single values, then tables and values without an order.
pub fn of(outcome: &Outcome) -> Vec<Failure<'_>> {
    let mut failures: Vec<Failure> = outcome.fields.iter().filter_map(|field| of_field(outcome, field)).collect();
    failures.extend(super::row_failures::of(outcome));
    failures
}

fn of_field<'a>(outcome: &'a Outcome, field: &'a FieldOutcome) -> Option<Failure<'a>> {
    let FieldOutcome { expected, read, verdict, reach } = field;
    if verdict.same || !(verdict.expected || verdict.read) {
        return None;
    }
    // Of several values that are right the one that is meant most likely.
    let likeness = |value: &&String| read.as_ref().map_or(0.0, |r| similarity(&letters(value), &letters(&r.text)));
    // All boxes of a repeated value joined are no value that anybody would write.
    let better = |a: &&String, b: &&String| likeness(a).total_cmp(&likeness(b)).then(b.len().cmp(&a.len()));
    let truth = expected.values.iter().max_by(better);
    let truth = truth.map_or("", String::as_str);
    let kind = match read {
        _ if !verdict.expected => FailureKind::Invented,
        None if reach.letters => FailureKind::LeftOut,
        None => FailureKind::Unreadable,
        Some(read) => {
            let here = quad(&read.polygon);
            let same_place = here.is_some_and(|here| expected.places.iter().any(|place| overlap(place, &here)));
            difference(expected.compare, truth, read, reach.letters, same_place)
        }
    };
    Some(Failure {
        outcome,
        field: expected.field.name().to_owned(),
        kind,
        truth: truth.to_owned(),
        read: read.as_ref().map(shown).unwrap_or_default(),
        confidence: read.as_ref().map(|r| r.confidence),
        read_places: read.iter().filter_map(|r| quad(&r.polygon)).collect(),
        truth_places: expected.places.clone(),
    })
}

/// How a reading differs from a truth that it is not. What cannot be formed was
/// misread where the reading is similar to it, or stands in its place.
pub(super) fn difference(
    compare: Compare,
    truth: &str,
    read: &Field,
    reachable: bool,
    same_place: bool,
) -> FailureKind {
    if !compare.is_text() {
        let value = read.value.as_deref().unwrap_or_default();
        return if value.is_empty() {
            FailureKind::NotUnderstood
        } else if swapped(truth, value) {
            FailureKind::Swapped
        } else if !reachable && (same_place || similarity(truth, value) >= MISREAD) {
            FailureKind::Misread
        } else {
            FailureKind::Elsewhere
        };
    }
    let (truth, read) = (letters(truth), letters(&read.text));
    if truth == read {
        FailureKind::Punctuation
    } else if !truth.is_empty() && read.contains(&truth) {
        FailureKind::TooLong
    } else if !read.is_empty() && truth.contains(&read) {
        FailureKind::TooShort
    } else if similarity(&truth, &read) < MISREAD && (reachable || !same_place) {
        FailureKind::Elsewhere
    } else if !reachable {
        FailureKind::Misread
    } else if read.chars().count() > truth.chars().count() {
        // The right characters are there: what was chosen begins or ends elsewhere.
        FailureKind::TooLong
    } else {
        FailureKind::TooShort
    }
}

/// Whether two days as `YYYY-MM-DD` have day and month the other way round.
fn swapped(truth: &str, read: &str) -> bool {
    let parts = |day: &str| day.split('-').map(str::to_owned).collect::<Vec<_>>();
    match (parts(truth).as_slice(), parts(read).as_slice()) {
        ([y, m, d], [read_y, read_m, read_d]) => y == read_y && m == read_d && d == read_m && m != d,
        _ => false,
    }
}

/// Letters and digits, case folded.
pub(super) fn letters(text: &str) -> String {
    alphanumeric(&folded(text))
}

/// The printed text, with the value where it is something else.
pub(super) fn shown(field: &Field) -> String {
    match &field.value {
        Some(value) if *value != field.text => format!("{} → {value}", field.text),
        Some(_) => field.text.clone(),
        None => format!("{} → ?", field.text),
    }
}

/// Whether the centre of one place is inside the other.
pub(super) fn overlap(a: &Quad, b: &Quad) -> bool {
    let inside = |point: Point, (left, top, right, bottom): (f32, f32, f32, f32)| {
        (left..=right).contains(&point.x) && (top..=bottom).contains(&point.y)
    };
    inside(a.centre(), b.bounds()) || inside(b.centre(), a.bounds())
}

/// The corners of a polygon of an answer; an e-invoice's value may have none.
pub(super) fn quad(polygon: &Option<Polygon>) -> Option<Quad> {
    polygon.as_ref().map(|polygon| Quad(polygon.0.map(|[x, y]| Point::new(x, y))))
}

#[cfg(test)]
#[path = "failures_tests.rs"]
mod tests;
