//! What is reported of a data set, and of its parts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::calibration::CalibrationReport;
use super::failures;
use super::outcome::Outcome;
use super::payable::{Payable, Shares};
use super::proof::{self, ProofReport};
use super::purchases::{self, LineItems};
use super::reached::CeilingReport;
use super::tables::TableReport;
use crate::eval::score::{Scores, Tally};
use crate::eval::truth::{BagName, FieldName, PageKind};

/// The scores of a data set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldsReport {
    /// The folder's name.
    pub dataset: String,
    /// Over all receipts and invoices.
    #[serde(flatten)]
    pub all: Summary,
    /// By language; `unknown` where the data set does not say.
    pub by_language: BTreeMap<String, Summary>,
    /// By kind of document, where there are several.
    pub by_kind: BTreeMap<String, Summary>,
    /// Pages of text that is no receipt: they should give no values, and count nowhere else.
    pub pages_of_lines: Option<PagesOfLines>,
}

/// What was read of pages without fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PagesOfLines {
    /// Pages.
    pub n: usize,
    /// Pages that gave at least one value.
    pub with_values: usize,
    /// Their values.
    pub values: usize,
}

/// The scores of receipts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Receipts that were read.
    pub n: usize,
    /// Over all values of all single fields.
    pub micro: Scores,
    /// The same and the values of the purchases; none where the truth says nothing of them.
    pub micro_with_items: Option<Scores>,
    /// By field.
    pub fields: BTreeMap<&'static str, Scores>,
    /// F1 of a perfect tagger on the same reading, over all single fields.
    pub ceiling_f1: f64,
    /// The same by field, and in other ways.
    pub ceiling: CeilingReport,
    /// The list of purchases.
    pub line_items: Option<LineItems>,
    /// The tax table.
    pub tax_rows: Option<TableReport>,
    /// The payments.
    pub payments: Option<TableReport>,
    /// Serial numbers of the goods.
    pub serial_numbers: Option<Scores>,
    /// Conclusions about the whole document: its kind, language, country, currency.
    pub document: BTreeMap<&'static str, Scores>,
    /// Share of all amounts that the receipt's arithmetic proves; none where the answers do not say.
    pub proved_share: Option<f64>,
    /// The same of totals, and how often these are right.
    pub proof: ProofReport,
    /// Expected calibration error of the single values, right on letters and digits.
    pub calibration_error: f64,
    /// The same in parts.
    pub calibration: CalibrationReport,
    /// Share of all receipts that may be paid without a human, right on letters and digits.
    pub coverage_at_half_percent_error: Shares,
    /// The same with thresholds.
    pub coverage: Payable,
    /// Failures by field and kind.
    pub failures: BTreeMap<String, BTreeMap<&'static str, usize>>,
}

impl FieldsReport {
    /// Sums up what came of the receipts of a data set.
    pub fn new(dataset: String, outcomes: &[Outcome]) -> Self {
        let (lines, receipts): (Vec<&Outcome>, Vec<&Outcome>) =
            outcomes.iter().partition(|outcome| outcome.about.kind == PageKind::Lines);
        let language = |outcome: &Outcome| outcome.about.language.clone().unwrap_or_else(|| "unknown".to_owned());
        let kind = |outcome: &Outcome| match outcome.about.kind {
            PageKind::Invoice => "invoice".to_owned(),
            PageKind::Receipt | PageKind::Lines => "receipt".to_owned(),
        };
        let by_kind = parts(&receipts, kind);
        Self {
            dataset,
            all: Summary::new(&receipts),
            by_language: parts(&receipts, language),
            by_kind: if by_kind.len() > 1 { by_kind } else { BTreeMap::new() },
            pages_of_lines: (!lines.is_empty()).then(|| PagesOfLines {
                n: lines.len(),
                with_values: lines.iter().filter(|outcome| outcome.values_read > 0).count(),
                values: lines.iter().map(|outcome| outcome.values_read).sum(),
            }),
        }
    }
}

fn parts(receipts: &[&Outcome], name: impl Fn(&Outcome) -> String) -> BTreeMap<String, Summary> {
    let mut parts: BTreeMap<String, Vec<&Outcome>> = BTreeMap::new();
    for outcome in receipts {
        parts.entry(name(outcome)).or_default().push(outcome);
    }
    parts.into_iter().map(|(name, outcomes)| (name, Summary::new(&outcomes))).collect()
}

impl Summary {
    fn new(receipts: &[&Outcome]) -> Self {
        let mut fields: BTreeMap<FieldName, Tally> = BTreeMap::new();
        for value in receipts.iter().flat_map(|r| &r.fields) {
            *fields.entry(value.expected.field).or_default() += value.verdict.into();
        }
        let micro: Tally = fields.values().copied().collect();
        let with_items = purchases::tally(receipts).map(|items| Tally::from_iter([micro, items]).scores());
        // A field that no receipt shows has no score of its own, but what was read for it counts.
        let shown = fields.iter().filter(|(_, tally)| tally.expected > 0);
        let serial_numbers = purchases::bags(receipts, BagName::SerialNumber);
        let ceiling = CeilingReport::new(receipts, micro.scores());
        let proof = proof::report(receipts.iter().flat_map(|r| &r.amounts));
        let calibration = CalibrationReport::new(receipts);
        let coverage = Payable::new(receipts);
        Self {
            n: receipts.len(),
            micro: micro.scores(),
            micro_with_items: with_items,
            fields: shown.map(|(name, tally)| (name.name(), tally.scores())).collect(),
            ceiling_f1: ceiling.f1,
            ceiling,
            line_items: purchases::report(receipts),
            tax_rows: purchases::table(receipts, |tables| &tables.taxes),
            payments: purchases::table(receipts, |tables| &tables.payments),
            serial_numbers: serial_numbers.map(|tally| tally.scores()),
            document: conclusions(receipts),
            proved_share: proof.share(),
            proof,
            calibration_error: calibration.all.error,
            calibration,
            coverage_at_half_percent_error: coverage.letters_and_digits.shares(),
            coverage,
            failures: failures(receipts),
        }
    }
}

fn conclusions(receipts: &[&Outcome]) -> BTreeMap<&'static str, Scores> {
    let mut tallies: BTreeMap<&'static str, Tally> = BTreeMap::new();
    for (name, verdict) in receipts.iter().flat_map(|r| &r.conclusions) {
        *tallies.entry(name).or_default() += (*verdict).into();
    }
    tallies.into_iter().map(|(name, tally)| (name, tally.scores())).collect()
}

fn failures(receipts: &[&Outcome]) -> BTreeMap<String, BTreeMap<&'static str, usize>> {
    let mut counts: BTreeMap<String, BTreeMap<&'static str, usize>> = BTreeMap::new();
    for failure in receipts.iter().flat_map(|r| failures::of(r)) {
        *counts.entry(failure.field).or_default().entry(failure.kind.name()).or_default() += 1;
    }
    counts
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
