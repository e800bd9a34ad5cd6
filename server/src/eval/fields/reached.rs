//! The ceiling over receipts, and how much of it is reached.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ceiling::Reach;
use super::outcome::{FieldOutcome, Outcome};
use super::rows::ITEMS;
use crate::eval::score::{Scores, share};
use crate::eval::truth::{BagName, FieldName};

/// What a perfect tagger reaches on the same reading. (`ceiling.rs`)
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct CeilingReport {
    /// F1 over all single fields: the share of their values that can be formed.
    pub f1: f64,
    /// The same on letters and digits.
    pub f1_letters_and_digits: f64,
    /// F1 of a tagger that leaves out what was misread.
    pub f1_without_misread: f64,
    /// Share of `f1` that is reached.
    pub reached: f64,
    /// The same on letters and digits.
    pub reached_letters_and_digits: f64,
    /// F1 by field.
    pub fields: BTreeMap<&'static str, FieldCeiling>,
    /// Share of the purchases' values that can be formed, by column.
    pub line_items: BTreeMap<&'static str, FieldCeiling>,
}

/// What a perfect tagger reaches for one field.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct FieldCeiling {
    /// F1: the share of the values that can be formed.
    pub f1: f64,
    /// The same on letters and digits.
    pub f1_letters_and_digits: f64,
}

/// Values, and how many of them can be formed.
#[derive(Debug, Clone, Copy, Default)]
struct Reachable {
    n: usize,
    strict: usize,
    letters: usize,
}

impl FromIterator<Reach> for Reachable {
    fn from_iter<I: IntoIterator<Item = Reach>>(values: I) -> Self {
        values.into_iter().fold(Self::default(), |sum, reach| Self {
            n: sum.n + 1,
            strict: sum.strict + usize::from(reach.strict),
            letters: sum.letters + usize::from(reach.letters),
        })
    }
}

impl Reachable {
    fn ceiling(self) -> FieldCeiling {
        FieldCeiling { f1: share(self.strict, self.n), f1_letters_and_digits: share(self.letters, self.n) }
    }
}

impl CeilingReport {
    /// The ceiling of `receipts`; `scores` is what was reached over all single fields.
    pub fn new(receipts: &[&Outcome], scores: Scores) -> Self {
        let values = || receipts.iter().flat_map(|r| &r.fields).filter(|value| value.verdict.expected);
        let all: Reachable = values().map(|value| value.reach).collect();
        let mut by_field: BTreeMap<FieldName, Vec<&FieldOutcome>> = BTreeMap::new();
        values().for_each(|value| by_field.entry(value.expected.field).or_default().push(value));
        let field = |(name, values): (FieldName, Vec<&FieldOutcome>)| {
            (name.name(), values.iter().map(|value| value.reach).collect::<Reachable>().ceiling())
        };
        let FieldCeiling { f1, f1_letters_and_digits } = all.ceiling();
        let of = |score: f64, ceiling: f64| if ceiling == 0.0 { 0.0 } else { score / ceiling };
        Self {
            f1,
            f1_letters_and_digits,
            f1_without_misread: share(2 * all.strict, all.strict + all.n),
            reached: of(scores.f1, f1),
            reached_letters_and_digits: of(scores.f1_letters_and_digits, f1_letters_and_digits),
            fields: by_field.into_iter().map(field).collect(),
            line_items: items(receipts),
        }
    }
}

/// Of purchases with rows the values of each column, of values without rows all that there are.
fn items(receipts: &[&Outcome]) -> BTreeMap<&'static str, FieldCeiling> {
    let mut columns: BTreeMap<&'static str, Vec<Reach>> = BTreeMap::new();
    for row in receipts.iter().flat_map(|r| &r.tables).flat_map(|tables| &tables.items.reach) {
        for (column, reach) in ITEMS.iter().zip(row) {
            columns.entry(column.name).or_default().extend(*reach);
        }
    }
    let bags = receipts.iter().flat_map(|r| &r.bags).filter(|bag| bag.truth.name != BagName::SerialNumber);
    for bag in bags {
        columns.entry(bag.truth.name.name()).or_default().extend(&bag.reach);
    }
    columns.retain(|_, reach| !reach.is_empty());
    let ceiling = |reach: Vec<Reach>| reach.into_iter().collect::<Reachable>().ceiling();
    columns.into_iter().map(|(name, reach)| (name, ceiling(reach))).collect()
}
