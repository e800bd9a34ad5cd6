//! The figures, as JSON and as a table.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use slipstream_duplicates::verdict::Judgement;
use slipstream_duplicates::{Field, Outcome};

use super::altered::Alteration;

/// How many of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Share {
    /// Those that count.
    pub count: usize,
    /// All.
    pub of: usize,
}

impl Share {
    /// The part of all that counts, 0 to 1; nothing of nothing is 0.
    pub fn share(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.count as f64 / self.of as f64 }
    }

    fn with(self, other: Self) -> Self {
        Self { count: self.count + other.count, of: self.of + other.of }
    }
}

/// A case that went wrong, without anything that the receipt says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Wrong {
    /// What was done.
    pub what: String,
    /// The receipt in the data set.
    pub receipt: String,
    /// The receipt that it was compared with.
    pub taken_for: Option<String>,
    /// The verdict and how fields compared.
    pub verdict: Option<String>,
    /// Everything else that was compared.
    pub evidence: Option<String>,
}

impl Wrong {
    pub(super) fn new(what: &str, receipt: String, taken_for: Option<String>, judged: Option<&Judgement>) -> Self {
        let fields = |judged: &Judgement| {
            let all = Field::ALL.into_iter().filter(|field| judged.evidence.field(*field) != Outcome::Unknown);
            let each = all.map(|field| format!(" {}:{}", field.name(), judged.evidence.field(field).name()));
            format!("{}{}", judged.verdict.name(), each.collect::<String>())
        };
        let evidence = |judged: &Judgement| {
            let e = &judged.evidence;
            format!(
                "text {:.2?} of {}, numbers only {} {}, rows {} same {} paired {} different, misfit {:.2?}, looks {:.2?} {:.2?}",
                e.text,
                e.pieces,
                e.only_earlier,
                e.only_new,
                e.rows_same,
                e.rows_paired,
                e.rows_different,
                e.misfit,
                e.row_looks,
                e.page_looks
            )
        };
        let what = what.to_owned();
        Self { what, receipt, taken_for, verdict: judged.map(fields), evidence: judged.map(evidence) }
    }
}

/// What came of measuring.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct DuplicatesReport {
    /// Share of images sent again that were found, however they were altered.
    pub recall_resubmitted: f64,
    /// Share of second photos that were found.
    pub recall_second_photo: f64,
    /// Share of equal purchases that were not taken for the same receipt.
    pub equal_purchase_accuracy: f64,
    /// Share of look-ups that named a wrong receipt as the same one.
    pub false_match_rate: f64,
    /// Found, by what was done to the image.
    pub again: BTreeMap<&'static str, Share>,
    /// Of these: said to be the same image.
    pub same_image: BTreeMap<&'static str, Share>,
    /// Told apart, by how they came.
    pub equal: BTreeMap<&'static str, Share>,
    /// Equal purchases that were called so.
    pub equal_named: Share,
    /// Look-ups that named a wrong receipt as the same one.
    pub false_matches: Share,
    /// Pairs of different receipts that were judged to be one.
    pub false_pairs: Share,
    /// Receipts that the data set holds twice and that were found.
    pub found_in_data_set: usize,
    /// Receipts of which nothing could be read.
    pub unread: usize,
    /// Every case that went wrong.
    pub wrong: Vec<Wrong>,
}

impl DuplicatesReport {
    /// Works out the shares from the counts.
    pub(super) fn sum_up(&mut self) {
        let all = |shares: &mut dyn Iterator<Item = Share>| shares.fold(Share::default(), Share::with).share();
        let resubmitted = Alteration::RESUBMISSIONS.map(|alteration| self.again.get(alteration.name()).copied());
        self.recall_resubmitted = all(&mut resubmitted.into_iter().flatten());
        self.recall_second_photo = self.again.get(Alteration::SecondPhoto.name()).map_or(0.0, |share| share.share());
        self.equal_purchase_accuracy = all(&mut self.equal.values().copied());
        self.false_match_rate = self.false_matches.share();
    }

    /// A table for people.
    pub(super) fn print(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let mut row = |name: &str, share: Share| {
            writeln!(out, "{name:<36} {:>6} / {:<6} {:>7.2} %", share.count, share.of, share.share() * 100.0)
        };
        for (name, share) in &self.again {
            row(name, *share)?;
            row("  as the same image", self.same_image.get(name).copied().unwrap_or_default())?;
        }
        for (name, share) in &self.equal {
            row(name, *share)?;
        }
        row("  called equal purchases", self.equal_named)?;
        row("false matches", self.false_matches)?;
        row("false pairs", self.false_pairs)?;
        writeln!(
            out,
            "receipts found that the data set holds twice: {}, not read: {}",
            self.found_in_data_set, self.unread
        )?;
        let shares = [
            ("recall_resubmitted", self.recall_resubmitted),
            ("recall_second_photo", self.recall_second_photo),
            ("equal_purchase_accuracy", self.equal_purchase_accuracy),
            ("false_match_rate", self.false_match_rate),
        ];
        shares.iter().try_for_each(|(name, share)| writeln!(out, "{name:<36} {share:.4}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_come_from_the_counts() {
        let mut report = DuplicatesReport::default();
        report.again.insert(Alteration::Crop.name(), Share { count: 9, of: 10 });
        report.again.insert(Alteration::Grey.name(), Share { count: 10, of: 10 });
        report.again.insert(Alteration::SecondPhoto.name(), Share { count: 4, of: 5 });
        report.false_matches = Share { count: 1, of: 100 };
        report.sum_up();
        assert!((report.recall_resubmitted - 0.95).abs() < 1e-9 && (report.recall_second_photo - 0.8).abs() < 1e-9);
        assert!((report.false_match_rate - 0.01).abs() < 1e-9 && report.equal_purchase_accuracy == 0.0);
    }
}
