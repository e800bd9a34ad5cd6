//! The share of receipts that a platform may pay without a human, going by
//! date, total and merchant, each alone and all together.

use serde::Serialize;

use super::coverage::{BEARABLE, Coverage, Offer, coverage, thresholds};
use super::outcome::Outcome;
use crate::eval::score::Verdict;
use crate::eval::truth::FieldName;

/// What a payment goes by, with the name in reports.
pub const GOES_BY: [(&str, &[FieldName]); 4] = [
    ("date", &[FieldName::Date]),
    ("total", &[FieldName::Total]),
    ("merchant", &[FieldName::Company]),
    ("all_three", &[FieldName::Date, FieldName::Total, FieldName::Company]),
];

/// One thing for each member of [`GOES_BY`]; none where the data set does not say what is right.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Each<T> {
    /// The day of purchase.
    pub date: Option<T>,
    /// What was paid.
    pub total: Option<T>,
    /// The merchant's name.
    pub merchant: Option<T>,
    /// All three right, all three above the threshold.
    pub all_three: Option<T>,
}

/// Shares of all receipts, 0 to 1.
pub type Shares = Each<f64>;

/// What may be accepted at half a percent of errors.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Payable {
    /// Right on letters and digits.
    pub letters_and_digits: Each<Coverage>,
    /// Right to the last blank.
    pub strict: Each<Coverage>,
}

impl Payable {
    /// Looks for the thresholds that accept the most of `receipts`.
    pub fn new(receipts: &[&Outcome]) -> Self {
        let each = |right: fn(Verdict) -> bool| {
            let [date, total, merchant, all_three] = GOES_BY.map(|(_, fields)| {
                known(receipts, fields).then(|| coverage(&curve(receipts, fields, right), BEARABLE))
            });
            Each { date, total, merchant, all_three }
        };
        Self { letters_and_digits: each(|v| v.same_letters), strict: each(|v| v.same) }
    }
}

impl Each<Coverage> {
    /// The shares alone.
    pub fn shares(&self) -> Shares {
        let share = |coverage: Option<Coverage>| coverage.map(|c| c.share);
        Each {
            date: share(self.date),
            total: share(self.total),
            merchant: share(self.merchant),
            all_three: share(self.all_three),
        }
    }
}

impl<T: Copy> Each<T> {
    /// The members in the order of [`GOES_BY`].
    pub fn list(&self) -> [Option<T>; 4] {
        [self.date, self.total, self.merchant, self.all_three]
    }
}

/// Whether any receipt says what is right for each of `fields`.
fn known(receipts: &[&Outcome], fields: &[FieldName]) -> bool {
    let says = |field: &FieldName| {
        receipts.iter().any(|r| r.fields.iter().any(|f| f.expected.field == *field && f.verdict.expected))
    };
    fields.iter().all(says)
}

/// What each threshold accepts, of all `receipts`, when all of `fields` have to pass it.
pub fn curve(receipts: &[&Outcome], fields: &[FieldName], right: fn(Verdict) -> bool) -> Vec<Coverage> {
    let offer = |receipt: &&Outcome| {
        let of = |field: &FieldName| receipt.fields.iter().find(|f| f.expected.field == *field);
        let values = fields.iter().map(|field| {
            let value = of(field).filter(|value| value.verdict.read)?;
            Some(Offer { confidence: value.read.as_ref()?.confidence, right: right(value.verdict) })
        });
        values.reduce(|a, b| {
            let (a, b) = (a?, b?);
            Some(Offer { confidence: a.confidence.min(b.confidence), right: a.right && b.right })
        })?
    };
    thresholds(receipts.iter().filter_map(offer), receipts.len())
}
