//! Amounts that the receipt's own arithmetic proves, as the answer says.

use serde::Serialize;
use serde_json::Value;

use crate::eval::score::share;

/// What the answer says of an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The other amounts agree with it.
    Proved,
    /// The other amounts disagree with it.
    Contradicted,
    /// There is nothing to hold it against.
    Unproved,
    /// The answer does not say.
    Unmarked,
}

/// An amount of one receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarkedAmount {
    /// What the answer says of it.
    pub proof: Proof,
    /// Whether it is what was to be paid.
    pub is_total: bool,
    /// Whether it is right, where that is known.
    pub right: Option<bool>,
}

/// Single amounts of a document.
const SINGLE: [&str; 3] = ["subtotal", "tax_total", "total"];

/// Amounts of a document's tables.
const ROWS: [(&str, &str); 3] = [("taxes", "net"), ("taxes", "amount"), ("line_items", "amount")];

/// The amounts of a document as it is sent; `total_right` says whether its total is right.
pub fn amounts(document: &Value, total_right: Option<bool>) -> Vec<MarkedAmount> {
    let mark = |field: &Value, is_total: bool| {
        let proof = match field["proof"].as_str() {
            Some("proved") => Proof::Proved,
            Some("contradicted") => Proof::Contradicted,
            Some("unproved") => Proof::Unproved,
            _ => Proof::Unmarked,
        };
        let right = if is_total { total_right } else { None };
        field["value"].is_string().then_some(MarkedAmount { proof, is_total, right })
    };
    let single = SINGLE.iter().filter_map(|name| mark(&document[*name], *name == "total"));
    let rows = ROWS.iter().flat_map(|(table, name)| {
        let rows = document[*table].as_array().map_or(&[][..], Vec::as_slice);
        rows.iter().filter_map(|row| mark(&row[*name], false))
    });
    single.chain(rows).collect()
}

/// How many amounts are proved.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct ProofCounts {
    /// Amounts that were read.
    pub n: usize,
    /// The receipt's arithmetic proves them.
    pub proved: usize,
    /// It speaks against them.
    pub contradicted: usize,
    /// It says nothing.
    pub unproved: usize,
    /// The answer does not say which of these.
    pub unmarked: usize,
    /// `proved / n`.
    pub proved_share: f64,
}

/// Proofs over receipts.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct ProofReport {
    /// Totals.
    pub totals: ProofCounts,
    /// All amounts: subtotal, tax, total, nets and taxes of the tax table, amounts of the purchases.
    pub amounts: ProofCounts,
    /// Share of the proved totals that are right; none where nothing is proved.
    pub proved_totals_right: Option<f64>,
    /// Share of the other totals that are right.
    pub other_totals_right: Option<f64>,
}

/// Counts the proofs.
pub fn report<'a>(amounts: impl Iterator<Item = &'a MarkedAmount> + Clone) -> ProofReport {
    let totals = || amounts.clone().filter(|a| a.is_total);
    let right = |proved: bool| {
        let judged = totals().filter(|a| (a.proof == Proof::Proved) == proved).filter_map(|a| a.right);
        let judged: Vec<bool> = judged.collect();
        (!judged.is_empty()).then(|| share(judged.iter().filter(|right| **right).count(), judged.len()))
    };
    ProofReport {
        totals: counts(totals()),
        amounts: counts(amounts.clone()),
        proved_totals_right: right(true),
        other_totals_right: right(false),
    }
}

fn counts<'a>(amounts: impl Iterator<Item = &'a MarkedAmount>) -> ProofCounts {
    let mut counts = amounts.fold(ProofCounts::default(), |mut counts, amount| {
        counts.n += 1;
        match amount.proof {
            Proof::Proved => counts.proved += 1,
            Proof::Contradicted => counts.contradicted += 1,
            Proof::Unproved => counts.unproved += 1,
            Proof::Unmarked => counts.unmarked += 1,
        }
        counts
    });
    counts.proved_share = share(counts.proved, counts.n);
    counts
}

impl ProofReport {
    /// Share of all amounts that are proved; none where the answers do not say.
    pub fn share(&self) -> Option<f64> {
        (self.amounts.n > self.amounts.unmarked).then_some(self.amounts.proved_share)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn proofs_are_read_from_the_answer() {
        let field = |value: &str, proof: &str| json!({ "value": value, "proof": proof });
        let document = json!({
            "total": field("3.00", "proved"),
            "subtotal": field("2.50", "contradicted"),
            "tax_total": { "value": null, "proof": "proved" },
            "date": field("2024-01-01", "proved"),
            "taxes": [{ "net": field("2.50", "unproved"), "amount": { "value": "0.50" } }],
            "line_items": [{ "amount": field("3.00", "proved"), "unit_price": field("1.00", "proved") }],
        });
        let amounts = amounts(&document, Some(true));
        let found = report(amounts.iter());
        let counts = ProofCounts { n: 5, proved: 2, contradicted: 1, unproved: 1, unmarked: 1, proved_share: 0.4 };
        assert_eq!(found.amounts, counts, "neither values that were not understood nor what is no amount");
        assert_eq!((found.totals.n, found.totals.proved), (1, 1));
        assert_eq!((found.proved_totals_right, found.other_totals_right), (Some(1.0), None));
        assert_eq!(found.share(), Some(0.4));
    }

    #[test]
    fn answers_that_say_nothing_have_no_share() {
        let unmarked = amounts(&json!({ "total": { "value": "3.00" } }), Some(false));
        let found = report(unmarked.iter());
        assert_eq!((found.share(), found.other_totals_right), (None, Some(0.0)));
        assert_eq!(report([].iter()).share(), None);
    }
}
