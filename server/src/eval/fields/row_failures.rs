//! What went wrong with tables and with values without an order.

use slipstream_api::Field;
use slipstream_models::Quad;

use super::align::similarity;
use super::bags::BagOutcome;
use super::failures::{Failure, FailureKind, MISREAD, difference, letters, overlap, quad, shown};
use super::items::holds;
use super::outcome::Outcome;
use super::rows::{AMOUNT, DESCRIPTION, ReadRow};
use super::tables::{Matched, TableOutcome};
use crate::eval::score::Compare;
use crate::eval::truth::{BagName, TrueCell, TrueRow};

/// Fewer letters and digits than this are in every other row.
const MIN_TELLING: usize = 3;

/// The failures of a receipt's tables and bags.
pub(super) fn of(outcome: &Outcome) -> Vec<Failure<'_>> {
    let mut failures = Vec::new();
    if let Some(tables) = &outcome.tables {
        let all = [("items", &tables.items), ("taxes", &tables.taxes), ("payments", &tables.payments)];
        for (name, table) in all {
            let place = Place { outcome, name, table };
            failures.extend(table.matched().flat_map(|row| place.of_row(&row)));
        }
    }
    failures.extend(outcome.bags.iter().flat_map(|bag| of_bag(outcome, bag)));
    failures
}

/// A table of a receipt.
struct Place<'a> {
    outcome: &'a Outcome,
    name: &'static str,
    table: &'a TableOutcome,
}

impl<'a> Place<'a> {
    fn of_row(&self, row: &Matched<'a>) -> Vec<Failure<'a>> {
        match (row.truth, row.read) {
            (Some((_, truth)), None) => vec![self.row(self.missed(truth), Some(truth), None)],
            (None, Some((_, read))) => vec![self.row(self.invented(read), None, Some(read))],
            _ => {
                let columns = 0..self.table.columns.len();
                let mut failures: Vec<_> = columns.filter_map(|index| self.of_cell(row, index)).collect();
                failures.extend(self.of_kind(row));
                failures.extend(self.of_link(row));
                failures
            }
        }
    }

    /// Why a row was not read.
    fn missed(&self, truth: &TrueRow) -> FailureKind {
        let words = description(truth);
        let within = |read: &ReadRow| read_description(read).contains(&words);
        let merged = self.has_descriptions() && words.len() >= MIN_TELLING && self.table.read.iter().any(within);
        if merged { FailureKind::Merged } else { FailureKind::RowMissed }
    }

    /// Why a row was read that is none.
    fn invented(&self, read: &ReadRow) -> FailureKind {
        if !self.has_descriptions() {
            return FailureKind::RowInvented;
        }
        let words = read_description(read);
        let part = |truth: &TrueRow| words.len() >= MIN_TELLING && description(truth).contains(&words);
        // Without words it is a part of the row whose amount it holds.
        let amount = |truth: &TrueRow| {
            let row = Matched { truth: Some((0, truth)), read: Some((0, read)) };
            words.is_empty() && row.whole(self.table.columns, [AMOUNT]).same
        };
        if self.table.truth.iter().any(|truth| holds(truth, read)) {
            FailureKind::Repeated
        } else if self.table.truth.iter().any(|truth| part(truth) || amount(truth)) {
            FailureKind::Split
        } else {
            FailureKind::RowInvented
        }
    }

    fn has_descriptions(&self) -> bool {
        self.table.columns.get(DESCRIPTION).is_some_and(|column| column.name == "description")
    }

    fn of_cell(&self, row: &Matched<'a>, index: usize) -> Option<Failure<'a>> {
        let column = self.table.columns.get(index)?;
        let (truth, read, verdict) = row.cell(column, index);
        if verdict.same || !(verdict.expected || verdict.read) {
            return None;
        }
        let row_reach = row.truth.and_then(|(number, _)| self.table.reach.get(number));
        let reachable = row_reach.and_then(|cells| *cells.get(index)?).is_some_and(|reach| reach.letters);
        let kind = match (truth, read) {
            (None, _) => FailureKind::Invented,
            (Some(_), None) if reachable => FailureKind::LeftOut,
            (Some(_), None) => FailureKind::Unreadable,
            (Some(truth), Some(read)) => {
                let here = quad(&read.polygon);
                let same_place = here.is_some_and(|here| truth.places.iter().any(|place| overlap(place, &here)));
                difference(column.compare, &truth.value, read, reachable, same_place)
            }
        };
        Some(Failure {
            outcome: self.outcome,
            field: format!("{}: {}", self.name, column.name),
            kind,
            truth: truth.map_or(String::new(), |cell| cell.value.clone()),
            read: read.map(shown).unwrap_or_default(),
            confidence: read.map(|read| read.confidence),
            read_places: read.and_then(|read| quad(&read.polygon)).into_iter().collect(),
            truth_places: truth.map(|cell| cell.places.clone()).unwrap_or_default(),
        })
    }

    fn of_kind(&self, row: &Matched<'a>) -> Option<Failure<'a>> {
        let ((_, truth), (_, read)) = (row.truth?, row.read?);
        let label = |kind: Option<&str>, words: String| format!("{}: {words}", kind.unwrap_or_default());
        (!row.same_kind()).then(|| Failure {
            field: format!("{}: kind", self.name),
            truth: label(truth.kind.as_deref(), row_text(truth)),
            read: label(read.kind, read_row_text(read)),
            ..self.row(FailureKind::Kind, Some(truth), Some(read))
        })
    }

    fn of_link(&self, row: &Matched<'a>) -> Option<Failure<'a>> {
        let ((_, truth), (_, read)) = (row.truth?, row.read?);
        if truth.of.is_none() && read.of.is_none()
            || read.of.is_some() && truth.of.and_then(|of| self.table.read_of(of)) == read.of
        {
            return None;
        }
        let whose =
            |item: Option<String>, row: String| format!("{row} ⟶ {}", item.unwrap_or_else(|| "nothing".to_owned()));
        let true_item = truth.of.and_then(|of| self.table.truth.get(of));
        let read_item = read.of.and_then(|of| self.table.read.get(of));
        Some(Failure {
            field: format!("{}: link", self.name),
            truth: whose(true_item.map(row_text), row_text(truth)),
            read: whose(read_item.map(read_row_text), read_row_text(read)),
            ..self.row(FailureKind::Link, Some(truth), Some(read))
        })
    }

    /// A failure of a whole row.
    fn row(&self, kind: FailureKind, truth: Option<&TrueRow>, read: Option<&ReadRow>) -> Failure<'a> {
        let fields = || read.iter().flat_map(|row| row.cells.iter().flatten());
        Failure {
            outcome: self.outcome,
            field: format!("{}: row", self.name),
            kind,
            truth: truth.map(row_text).unwrap_or_default(),
            read: read.map(read_row_text).unwrap_or_default(),
            confidence: fields().map(|field| field.confidence).reduce(f32::min),
            read_places: fields().filter_map(|field| quad(&field.polygon)).collect(),
            truth_places: truth.map(places).unwrap_or_default(),
        }
    }
}

fn description(row: &TrueRow) -> String {
    row.cells.get(DESCRIPTION).and_then(Option::as_ref).map_or(String::new(), |cell| letters(&cell.value))
}

fn read_description(row: &ReadRow) -> String {
    row.cells.get(DESCRIPTION).and_then(Option::as_ref).map_or(String::new(), |field| letters(&field.text))
}

/// The values of a row, from left to right.
fn row_text(row: &TrueRow) -> String {
    row.cells.iter().flatten().map(|cell: &TrueCell| cell.value.as_str()).collect::<Vec<_>>().join(" | ")
}

fn read_row_text(row: &ReadRow) -> String {
    row.cells.iter().flatten().map(|field: &Field| field.text.as_str()).collect::<Vec<_>>().join(" | ")
}

fn places(row: &TrueRow) -> Vec<Quad> {
    row.cells.iter().flatten().flat_map(|cell| cell.places.iter().copied()).collect()
}

/// The values of a bag that are in no pair: what stands in the place of a
/// value, or is similar to it, was meant to be it; the rest is missing or invented.
fn of_bag<'a>(outcome: &'a Outcome, bag: &'a BagOutcome) -> Vec<Failure<'a>> {
    let name = match bag.truth.name {
        BagName::SerialNumber => "serial_numbers".to_owned(),
        name => format!("items: {}", name.name()),
    };
    let failure = |kind, truth: Option<&(String, Option<Quad>)>, read: Option<&Field>| Failure {
        outcome,
        field: name.clone(),
        kind,
        truth: truth.map_or(String::new(), |(value, _)| value.clone()),
        read: read.map(shown).unwrap_or_default(),
        confidence: read.map(|read| read.confidence),
        read_places: read.and_then(|read| quad(&read.polygon)).into_iter().collect(),
        truth_places: truth.and_then(|(_, place)| *place).into_iter().collect(),
    };
    let free = |r: &usize| bag.pairs.iter().all(|(_, read)| read != r);
    let mut free: Vec<&Field> = (0..bag.read.len()).filter(free).filter_map(|r| bag.read.get(r)).collect();
    let filled = |t: &usize| bag.truth.values.get(*t).is_some_and(|(value, _)| !value.trim().is_empty());
    let missing = |t: &usize| filled(t) && bag.pairs.iter().all(|(truth, _)| truth != t);
    let mut failures = Vec::new();
    for t in (0..bag.truth.values.len()).filter(missing) {
        let (Some(truth), Some(reach)) = (bag.truth.values.get(t), bag.reach.get(t)) else { continue };
        let here = |read: &Field| truth.1.zip(quad(&read.polygon)).is_some_and(|(place, here)| overlap(&place, &here));
        let meant = free
            .iter()
            .position(|read| here(read))
            .or_else(|| free.iter().position(|read| similar(bag.truth.compare, &truth.0, read)));
        let read = meant.map(|at| free.swap_remove(at));
        let kind = match read {
            Some(read) => difference(bag.truth.compare, &truth.0, read, reach.letters, here(read)),
            None if reach.letters => FailureKind::LeftOut,
            None => FailureKind::Unreadable,
        };
        failures.push(failure(kind, Some(truth), read));
    }
    failures.extend(free.into_iter().map(|read| failure(FailureKind::Invented, None, Some(read))));
    failures
}

/// Whether a text of a bag may be meant by what was read.
fn similar(compare: Compare, truth: &str, read: &Field) -> bool {
    let (truth, read) = (letters(truth), letters(&read.text));
    let contained = truth.len().min(read.len()) >= MIN_TELLING && (truth.contains(&read) || read.contains(&truth));
    compare.is_text() && (contained || similarity(&truth, &read) >= MISREAD)
}

#[cfg(test)]
#[path = "row_failures_tests.rs"]
mod tests;
