//! The scores as a table on standard output.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::payable::GOES_BY;
use super::purchases::LineItems;
use super::report::{FieldsReport, Summary};
use super::tables::TableReport;
use crate::eval::score::Scores;

/// Prints the scores.
///
/// # Errors
/// When standard output is closed.
pub fn print(report: &FieldsReport) -> io::Result<()> {
    io::stdout().lock().write_all(text(report).as_bytes())
}

/// The table.
pub fn text(report: &FieldsReport) -> String {
    let mut out = Out(String::new());
    let all = &report.all;
    out.line(format!("{}: {} receipts", report.dataset, all.n));
    out.fields(all);
    out.items(all);
    out.sureness(all);
    if let Some(pages) = report.pages_of_lines {
        let (n, with, values) = (pages.n, pages.with_values, pages.values);
        out.line(format!("\npages without fields: {n}; of these gave {with} values they do not have, {values} in all"));
    }
    if report.by_language.len() > 1 {
        out.parts("language", report.by_language.iter().map(|(name, part)| (name.as_str(), part)));
    }
    if !report.by_kind.is_empty() {
        out.parts("kind", report.by_kind.iter().map(|(name, part)| (name.as_str(), part)));
    }
    out.0
}

struct Out(String);

impl Out {
    fn line(&mut self, line: String) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }

    fn head(&mut self, name: &str, ceiling: &str) {
        self.line(format!(
            "{name:16}{:>11}{:>8}{:>8}{:>22}{ceiling:>10}",
            "precision", "recall", "f1", "letters and digits"
        ));
    }

    fn scores(&mut self, name: &str, scores: &Scores, ceiling: Option<f64>) {
        let Scores { precision, recall, f1, f1_letters_and_digits } = scores;
        let ceiling = ceiling.map_or(String::new(), |c| format!("{c:.3}"));
        self.line(format!(
            "{name:16}{precision:>11.3}{recall:>8.3}{f1:>8.3}{f1_letters_and_digits:>22.3}{ceiling:>10}"
        ));
    }

    fn fields(&mut self, all: &Summary) {
        self.head("", "ceiling");
        for (name, scores) in &all.fields {
            self.scores(name, scores, all.ceiling.fields.get(name).map(|c| c.f1));
        }
        self.scores("micro", &all.micro, Some(all.ceiling_f1));
        if let Some(micro) = &all.micro_with_items {
            self.scores("micro with items", micro, None);
        }
        let c = &all.ceiling;
        self.line(format!(
            "of what a perfect tagger reaches on the same reading: {:.1} % (letters and digits: {:.1} % of {:.3}); one that \
             also left out what was misread would reach {:.3}",
            c.reached * 100.0,
            c.reached_letters_and_digits * 100.0,
            c.f1_letters_and_digits,
            c.f1_without_misread
        ));
    }

    fn items(&mut self, all: &Summary) {
        let ceiling = |name: &str| all.ceiling.line_items.get(name).map(|c| c.f1);
        match &all.line_items {
            None => {}
            Some(LineItems::Values(values)) => {
                self.line(String::new());
                self.head("purchases", "ceiling");
                for (name, scores) in &values.columns {
                    self.scores(name, scores, ceiling(name));
                }
                self.scores("micro", &values.micro, None);
            }
            Some(LineItems::Rows(items)) => {
                self.table("purchases", &items.table, ceiling);
                self.scores("priced rows", &items.priced, None);
                self.scores("kind", &items.kind, None);
                for (kind, scores) in &items.by_kind {
                    self.scores(&format!("  {kind}"), scores, None);
                }
                self.line(format!("grouping {:.3} of {} rows", items.grouping, items.table.rows_expected));
                for (kind, links) in &items.linked_by_kind {
                    let (right, n, invented) = (links.right, links.n, links.invented);
                    self.line(format!("{kind}s linked to their item: {right} of {n} ({:.3}); to an item they do not belong to: {invented}", links.share));
                }
            }
        }
        for (name, table) in [("taxes", &all.tax_rows), ("payments", &all.payments)] {
            if let Some(table) = table {
                self.table(name, table, |_| None);
            }
        }
        if let Some(scores) = &all.serial_numbers {
            self.scores("serial numbers", scores, None);
        }
        if !all.document.is_empty() {
            self.line(String::new());
            self.head("whole document", "");
        }
        for (name, scores) in &all.document {
            self.scores(name, scores, None);
        }
    }

    fn table(&mut self, name: &str, table: &TableReport, ceiling: impl Fn(&str) -> Option<f64>) {
        self.line(String::new());
        self.head(name, if ceiling("amount").is_some() { "ceiling" } else { "" });
        for (name, scores) in &table.columns {
            self.scores(name, scores, ceiling(name));
        }
        self.scores("micro", &table.micro, None);
        self.scores("whole rows", &table.rows, None);
    }

    fn sureness(&mut self, all: &Summary) {
        let c = &all.calibration;
        self.line(format!(
            "\ncalibration error {:.3} over {} values (strictly {:.3}); by field:",
            all.calibration_error, c.all.n, c.strict.error
        ));
        let mut fields = String::new();
        for (name, field) in &c.fields {
            let _ = write!(fields, "  {name} {:.3}", field.error);
        }
        self.line(fields);
        self.line("receipts to be paid without a human, at 0.5 % errors (strictly):".to_owned());
        let (loose, strict) = (all.coverage.letters_and_digits.list(), all.coverage.strict.list());
        for ((name, _), (loose, strict)) in GOES_BY.iter().zip(loose.iter().zip(&strict)) {
            let (Some(loose), Some(strict)) = (loose, strict) else { continue };
            let threshold = loose.threshold.map_or(String::new(), |t| format!(", from a confidence of {t:.3}"));
            self.line(format!("  {:10}{:.3} ({:.3}){threshold}", name.replace('_', " "), loose.share, strict.share));
        }
        let proof = &all.proof;
        match all.proved_share {
            None => self.line("proofs: the answers say nothing of them".to_owned()),
            Some(share) => {
                let right = |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{share:.3}"));
                let (proved, other) = (right(proof.proved_totals_right), right(proof.other_totals_right));
                let totals = proof.totals.proved_share;
                self.line(format!("proved: {share:.3} of all amounts, {totals:.3} of the totals; right: {proved} of the proved totals, {other} of the others"));
            }
        }
    }

    fn parts<'a>(&mut self, name: &str, parts: impl Iterator<Item = (&'a str, &'a Summary)>) {
        self.line(format!(
            "\n{name:12}{:>9}{:>8}{:>9}{:>8}{:>10}{:>8}{:>8}{:>13}{:>8}",
            "receipts", "header", "ceiling", "items", "grouping", "linked", "proved", "calibration", "payable"
        ));
        for (name, part) in parts {
            let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
            let rows = match &part.line_items {
                Some(LineItems::Rows(items)) => Some(items),
                _ => None,
            };
            let items = match &part.line_items {
                Some(LineItems::Values(values)) => Some(values.f1),
                _ => rows.map(|items| items.table.f1),
            };
            self.line(format!(
                "{name:12}{:>9}{:>8.3}{:>9.3}{:>8}{:>10}{:>8}{:>8}{:>13.3}{:>8}",
                part.n,
                part.micro.f1,
                part.ceiling_f1,
                number(items),
                number(rows.map(|items| items.grouping)),
                number(rows.and_then(|items| items.linked).map(|links| links.share)),
                number(part.proved_share),
                part.calibration_error,
                number(part.coverage_at_half_percent_error.all_three),
            ));
        }
    }
}
