//! The list of purchases over receipts: rows where the truth has rows, else values alone.

use std::collections::BTreeMap;

use serde::Serialize;

use super::items::{self, ItemsReport};
use super::outcome::{Outcome, TableOutcomes};
use super::rows::ITEMS;
use super::tables::{TableOutcome, TableReport};
use crate::eval::score::{Scores, Tally};
use crate::eval::truth::BagName;

/// The scores of the list of purchases.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum LineItems {
    /// Of rows.
    Rows(Box<ItemsReport>),
    /// Of values, in whatever row they stand.
    Values(ItemValues),
}

/// Values of purchases.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemValues {
    /// Over all values.
    pub f1: f64,
    /// The same with precision and recall.
    pub micro: Scores,
    /// By what they are.
    #[serde(flatten)]
    pub columns: BTreeMap<&'static str, Scores>,
}

/// The scores of the purchases, if the truth says anything of them.
pub fn report(receipts: &[&Outcome]) -> Option<LineItems> {
    if let Some(rows) = items::report(tables(receipts, |tables| &tables.items)) {
        return Some(LineItems::Rows(Box::new(rows)));
    }
    let columns: BTreeMap<&'static str, Tally> = [BagName::Description, BagName::Quantity, BagName::Amount]
        .into_iter()
        .filter_map(|name| Some((name.name(), bags(receipts, name)?)))
        .collect();
    let micro = columns.values().copied().collect::<Tally>().scores();
    let columns: BTreeMap<_, _> = columns.into_iter().map(|(name, tally)| (name, tally.scores())).collect();
    (!columns.is_empty()).then_some(LineItems::Values(ItemValues { f1: micro.f1, micro, columns }))
}

/// Counts over the purchases' values, for the F1 over everything; none where the truth says nothing of them.
pub fn tally(receipts: &[&Outcome]) -> Option<Tally> {
    let rows = tables(receipts, |tables| &tables.items).flat_map(TableOutcome::matched).flat_map(|row| {
        let counted = ITEMS.iter().enumerate().filter(|(_, column)| column.counts);
        counted.map(move |(index, column)| Tally::from(row.cell(column, index).2))
    });
    let values = receipts.iter().flat_map(|r| &r.bags).filter(|bag| bag.truth.name != BagName::SerialNumber);
    let known = receipts.iter().any(|r| r.tables.is_some()) || values.clone().next().is_some();
    known.then(|| rows.chain(values.map(|bag| bag.tally())).collect())
}

/// Counts over the values of the bags called `name`, if there are any such bags.
pub fn bags(receipts: &[&Outcome], name: BagName) -> Option<Tally> {
    let mut bags = receipts.iter().flat_map(|r| &r.bags).filter(|bag| bag.truth.name == name).peekable();
    bags.peek()?;
    Some(bags.map(|bag| bag.tally()).collect())
}

/// The scores of one of the tables, if any row of it is there or was read.
pub fn table(receipts: &[&Outcome], which: fn(&TableOutcomes) -> &TableOutcome) -> Option<TableReport> {
    super::tables::report(tables(receipts, which))
}

fn tables<'a>(
    receipts: &'a [&'a Outcome],
    which: fn(&TableOutcomes) -> &TableOutcome,
) -> impl Iterator<Item = &'a TableOutcome> + Clone {
    receipts.iter().filter_map(|r| r.tables.as_ref()).map(which)
}
