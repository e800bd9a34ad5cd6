//! Rows that were read against the rows that there are.

use std::collections::BTreeMap;

use serde::Serialize;
use slipstream_api::Field;

use super::align::align;
use super::ceiling::{Reach, Reading};
use super::rows::{Column, ReadRow};
use crate::eval::score::{Scores, Tally, Verdict};
use crate::eval::truth::{TrueCell, TrueRow};

/// A table of one receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct TableOutcome {
    /// Its columns.
    pub columns: &'static [Column],
    /// The rows that there are.
    pub truth: Vec<TrueRow>,
    /// The rows that were read.
    pub read: Vec<ReadRow>,
    /// Which is which: `(truth, read)`, rising.
    pub pairs: Vec<(usize, usize)>,
    /// Of every value that there is: whether it can be formed from what was read of the page.
    pub reach: Vec<Vec<Option<Reach>>>,
}

/// A row of the truth, what was read of it, or both where they are the same row.
#[derive(Debug, Clone, Copy)]
pub struct Matched<'a> {
    /// The row that there is, with its number.
    pub truth: Option<(usize, &'a TrueRow)>,
    /// The row that was read, with its number.
    pub read: Option<(usize, &'a ReadRow)>,
}

impl TableOutcome {
    /// Finds out which rows are the same; `reading` is what was read of the page.
    pub fn new(columns: &'static [Column], truth: &[TrueRow], read: Vec<ReadRow>, reading: &Reading) -> Self {
        let pairs = align(columns, truth, &read);
        let cell = |(column, cell): (&Column, &Option<TrueCell>)| Some(reach(column, cell.as_ref()?, reading));
        let reach = truth.iter().map(|row| columns.iter().zip(&row.cells).map(cell).collect()).collect();
        Self { columns, truth: truth.to_vec(), read, pairs, reach }
    }

    /// The row that was read of row `truth`.
    pub fn read_of(&self, truth: usize) -> Option<usize> {
        self.pairs.iter().find(|(t, _)| *t == truth).map(|(_, r)| *r)
    }

    /// The row of the truth that row `read` is.
    pub fn truth_of(&self, read: usize) -> Option<usize> {
        self.pairs.iter().find(|(_, r)| *r == read).map(|(t, _)| *t)
    }

    /// Every row once: those of the truth, then those that were read and are none of them.
    pub fn matched(&self) -> impl Iterator<Item = Matched<'_>> {
        let read = |r: usize| self.read.get(r).map(|row| (r, row));
        let truth = self.truth.iter().enumerate();
        let truth = truth.map(move |(t, row)| Matched { truth: Some((t, row)), read: self.read_of(t).and_then(read) });
        let others = (0..self.read.len()).filter(|r| self.truth_of(*r).is_none());
        truth.chain(others.map(move |r| Matched { truth: None, read: read(r) }))
    }
}

/// Whether a value can be formed; a text also when the lines that it stands in can, one by one.
fn reach(column: &Column, cell: &TrueCell, reading: &Reading) -> Reach {
    let form = |text: &str| reading.forms(column.compare, [text]);
    let whole = form(&cell.value);
    if !column.compare.is_text() || cell.pieces.is_empty() {
        return whole;
    }
    let pieces: Vec<Reach> = cell.pieces.iter().map(|piece| form(piece)).collect();
    Reach {
        strict: whole.strict || pieces.iter().all(|piece| piece.strict),
        letters: whole.letters || pieces.iter().all(|piece| piece.letters),
    }
}

impl<'a> Matched<'a> {
    /// The values of column `index`: what there is, what was read, and whether they are the same.
    pub fn cell(&self, column: &Column, index: usize) -> (Option<&'a TrueCell>, Option<&'a Field>, Verdict) {
        let truth = self.truth.and_then(|(_, row)| row.cells.get(index)?.as_ref());
        let read = self.read.and_then(|(_, row)| row.cells.get(index)?.as_ref());
        let verdict = column.compare.judge(truth.map(|cell| cell.value.as_str()), read);
        (truth, read, verdict)
    }

    /// Whether the rows agree in the columns `indices`; a row that is missing agrees in nothing.
    pub fn whole(&self, columns: &[Column], indices: impl IntoIterator<Item = usize>) -> Verdict {
        let both = self.truth.is_some() && self.read.is_some();
        let agrees = |v: Verdict, same: bool| same || !(v.expected || v.read);
        let mut row =
            Verdict { expected: self.truth.is_some(), read: self.read.is_some(), same: both, same_letters: both };
        for (index, column) in indices.into_iter().filter_map(|i| Some((i, columns.get(i)?))) {
            let (_, _, verdict) = self.cell(column, index);
            row.same &= agrees(verdict, verdict.same);
            row.same_letters &= agrees(verdict, verdict.same_letters);
        }
        row
    }

    /// Whether truth and reading are rows of the same kind; true where the table has no kinds.
    pub fn same_kind(&self) -> bool {
        let kind = |(_, row): (usize, &'a TrueRow)| row.kind.as_deref();
        self.truth.and_then(kind) == self.read.and_then(|(_, row)| row.kind)
    }
}

/// The scores of a table over receipts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableReport {
    /// Rows that there are.
    pub rows_expected: usize,
    /// Rows that were read.
    pub rows_read: usize,
    /// Over the values of all columns.
    pub f1: f64,
    /// The same with precision and recall.
    pub micro: Scores,
    /// Rows of which every value is right.
    pub rows: Scores,
    /// By column; a column that is empty everywhere is left out.
    #[serde(flatten)]
    pub columns: BTreeMap<&'static str, Scores>,
}

/// The scores of a table, if any row is there or was read.
pub fn report<'a>(tables: impl Iterator<Item = &'a TableOutcome> + Clone) -> Option<TableReport> {
    let columns = tables.clone().next()?.columns;
    let count = |of: fn(&TableOutcome) -> usize| tables.clone().map(of).sum();
    let (rows_expected, rows_read) = (count(|t| t.truth.len()), count(|t| t.read.len()));
    if rows_expected == 0 && rows_read == 0 {
        return None;
    }
    let matched = || tables.clone().flat_map(TableOutcome::matched);
    let tally = |index: usize, column: &Column| matched().map(|row| row.cell(column, index).2).collect::<Tally>();
    let tallies: Vec<(&Column, Tally)> =
        columns.iter().enumerate().map(|(i, column)| (column, tally(i, column))).collect();
    let micro = tallies.iter().filter(|(column, _)| column.counts).map(|(_, tally)| *tally).collect::<Tally>().scores();
    let rows = matched().map(|row| {
        let mut verdict = row.whole(columns, 0..columns.len());
        verdict.same &= row.same_kind();
        verdict.same_letters &= row.same_kind();
        verdict
    });
    let used = tallies.iter().filter(|(_, tally)| tally.expected + tally.read > 0);
    Some(TableReport {
        rows_expected,
        rows_read,
        f1: micro.f1,
        micro,
        rows: rows.collect::<Tally>().scores(),
        columns: used.map(|(column, tally)| (column.name, tally.scores())).collect(),
    })
}
