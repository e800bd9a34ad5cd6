//! Line items: whether rows are whole, which are reductions and deposits, and whose.

use std::collections::BTreeMap;

use serde::Serialize;

use super::align::similarity;
use super::rows::{AMOUNT, DESCRIPTION, ITEMS, ReadRow};
use super::tables::{Matched, TableOutcome, TableReport, report as table_report};
use crate::eval::score::{Compare, Scores, Tally, Verdict, alphanumeric, share};
use crate::eval::truth::TrueRow;

/// Descriptions whose letters and digits are at least this similar are the same
/// but for slips of reading: grouping is about rows, not about letters.
const SAME_BUT_FOR_SLIPS: f32 = 0.8;

/// The scores of the list of purchases over receipts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ItemsReport {
    /// Over descriptions, quantities, unit prices and amounts, and of each.
    #[serde(flatten)]
    pub table: TableReport,
    /// Rows with the right description and the right amount.
    pub priced: Scores,
    /// Rows that were read as what they are.
    pub kind: Scores,
    /// The same by kind.
    pub by_kind: BTreeMap<String, Scores>,
    /// Share of the rows for which exactly one row was read that holds their
    /// description (but for slips of reading) and amount: rows that were split,
    /// merged, dropped or read twice are wrong.
    pub grouping: f64,
    /// Reductions and deposits that belong to an item; none where the truth does not say whose they are.
    pub linked: Option<Links>,
    /// The same by kind.
    pub linked_by_kind: BTreeMap<String, Links>,
}

/// Whether reductions and deposits were given to the item that they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Links {
    /// Rows that belong to an item.
    pub n: usize,
    /// Of these, rows that were read and given to that item.
    pub right: usize,
    /// `right / n`.
    pub share: f64,
    /// Rows that belong to no item and were given to one.
    pub invented: usize,
}

/// The scores of the list of purchases, if there is any.
pub fn report<'a>(tables: impl Iterator<Item = &'a TableOutcome> + Clone) -> Option<ItemsReport> {
    let table = table_report(tables.clone())?;
    let matched = || tables.clone().flat_map(TableOutcome::matched);
    let priced = matched().map(|row| row.whole(&ITEMS, [DESCRIPTION, AMOUNT]));
    let mut by_kind: BTreeMap<String, Tally> = BTreeMap::new();
    for row in matched() {
        for (kind, verdict) in kinds(&row) {
            *by_kind.entry(kind).or_default() += verdict.into();
        }
    }
    let kind: Tally = by_kind.values().copied().collect();
    let grouped = tables.clone().map(grouped).sum();
    let mut linked_by_kind: BTreeMap<String, Links> = BTreeMap::new();
    tables.for_each(|table| count_links(table, &mut linked_by_kind));
    let linked = linked_by_kind.values().fold(Links::default(), |sum, links| Links {
        n: sum.n + links.n,
        right: sum.right + links.right,
        share: 0.0,
        invented: sum.invented + links.invented,
    });
    let with_share = |links: Links| Links { share: share(links.right, links.n), ..links };
    Some(ItemsReport {
        priced: priced.collect::<Tally>().scores(),
        kind: kind.scores(),
        by_kind: by_kind.into_iter().map(|(kind, tally)| (kind, tally.scores())).collect(),
        grouping: share(grouped, table.rows_expected),
        linked: (linked.n > 0).then(|| with_share(linked)),
        linked_by_kind: linked_by_kind.into_iter().map(|(kind, links)| (kind, with_share(links))).collect(),
        table,
    })
}

/// What a row counts for, by its kind: once where both sides agree, else for each side's kind.
fn kinds(row: &Matched<'_>) -> Vec<(String, Verdict)> {
    let truth = row.truth.and_then(|(_, row)| row.kind.clone());
    let read = row.read.and_then(|(_, row)| row.kind.map(str::to_owned));
    if truth.is_some() && truth == read {
        let right = Verdict { expected: true, read: true, same: true, same_letters: true };
        return truth.into_iter().map(|kind| (kind, right)).collect();
    }
    let expected = Verdict { expected: true, ..Verdict::default() };
    let wrong = Verdict { read: true, ..Verdict::default() };
    truth.map(|kind| (kind, expected)).into_iter().chain(read.map(|kind| (kind, wrong))).collect()
}

/// Rows of the truth that exactly one row was read for.
fn grouped(table: &TableOutcome) -> usize {
    let same = |(t, r): (usize, usize)| {
        let rows = table.truth.get(t).zip(table.read.get(r));
        rows.is_some_and(|(truth, read)| holds(truth, read))
    };
    let mut good: Vec<usize> = table.pairs.iter().copied().filter(|pair| same(*pair)).map(|(t, _)| t).collect();
    // A row that is none of the truth's and says the same as one of them is that one, read twice.
    for r in (0..table.read.len()).filter(|r| table.truth_of(*r).is_none()) {
        if let Some(at) = good.iter().position(|t| same((*t, r))) {
            good.swap_remove(at);
        }
    }
    good.len()
}

/// Whether a row that was read holds the description and the amount of a row that there is.
pub fn holds(truth: &TrueRow, read: &ReadRow) -> bool {
    let row = Matched { truth: Some((0, truth)), read: Some((0, read)) };
    let letters = |form: String| alphanumeric(&form);
    let description = |index: usize| {
        let truth = truth.cells.get(index).and_then(Option::as_ref).map(|c| letters(Compare::Text.expected(&c.value)));
        let read = read.cells.get(index).and_then(Option::as_ref).map(|f| letters(Compare::Text.read(f)));
        match (truth, read) {
            (Some(truth), Some(read)) => similarity(&truth, &read) >= SAME_BUT_FOR_SLIPS,
            (truth, read) => truth.is_none() && read.is_none(),
        }
    };
    row.whole(&ITEMS, [AMOUNT]).same && description(DESCRIPTION)
}

/// Counts the links of one receipt; the kinds are the truth's, or the reading's for rows that are not there.
fn count_links(table: &TableOutcome, by_kind: &mut BTreeMap<String, Links>) {
    for row in table.matched() {
        let whose = row.truth.and_then(|(_, truth)| truth.of);
        let given = row.read.and_then(|(_, read)| read.of);
        let kind = row.truth.and_then(|(_, row)| row.kind.as_deref()).or(row.read.and_then(|(_, row)| row.kind));
        let (Some(kind), true) = (kind, whose.is_some() || given.is_some()) else { continue };
        let links = by_kind.entry(kind.to_owned()).or_default();
        match whose {
            Some(whose) => {
                links.n += 1;
                links.right += usize::from(given.is_some() && table.read_of(whose) == given);
            }
            None => links.invented += 1,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "items_tests.rs"]
mod tests;
