//! Whether two fingerprints are of one receipt, and what speaks for it.
//!
//! Customers buy the same things again, and nothing annoys them more than to be called cheats for it. So what only one
//! till slip has decides: a receipt number or a time that both readings are sure of and that differ make two purchases,
//! however much the rest agrees.

mod decide;
mod fields;
mod rows;

use crate::fingerprint::Fingerprint;
use crate::image::numerals::only_in;
use crate::image::shingles::containment;
use crate::purchase::Field;
pub use fields::Outcome;

/// What an earlier receipt is to a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Another receipt.
    Distinct,
    /// Another till slip that happens to agree: the same shop, day and amount.
    EqualPurchase,
    /// The same paper, on another photo or scan.
    SameReceiptAgain,
    /// The same image: sent again, or cut, turned, resized, compressed.
    SameImage,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Distinct, Self::EqualPurchase, Self::SameReceiptAgain, Self::SameImage];

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Distinct => "distinct",
            Self::EqualPurchase => "equal_purchase",
            Self::SameReceiptAgain => "same_receipt_again",
            Self::SameImage => "same_image",
        }
    }

    /// Whether it is the same receipt once more.
    pub const fn is_duplicate(self) -> bool {
        matches!(self, Self::SameReceiptAgain | Self::SameImage)
    }
}

/// What agreed and what differed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// By [`Field::ALL`].
    pub fields: [Outcome; 6],
    /// Share of pieces of text with digits that both pages hold, of those that the smaller one could hold, 0 to 1;
    /// nothing where a page has none.
    pub text: Option<f32>,
    /// Pieces from which that is known.
    pub pieces: usize,
    /// Rows with the same text.
    pub rows_same: usize,
    /// Rows with digits that have a counterpart in the same place.
    pub rows_paired: usize,
    /// Numbers that the earlier page shows surely, and the new one not at all.
    pub only_earlier: usize,
    /// Numbers that the new page shows surely, and the earlier one not at all.
    pub only_new: usize,
    /// Of the paired rows: how many read other digits.
    pub rows_different: usize,
    /// How far rows are from where they would be on one image, in heights of a row.
    pub misfit: Option<f32>,
    /// Share of bits in which rows with the same text look different, 0 to about 0.5.
    pub row_looks: Option<f32>,
    /// Share of bits in which the pages look different, 0 to about 0.5; a crop makes it large.
    pub page_looks: Option<f32>,
}

impl Evidence {
    /// How `field` compares.
    pub fn field(&self, field: Field) -> Outcome {
        self.fields.get(field as usize).copied().unwrap_or(Outcome::Unknown)
    }

    fn new(a: &Fingerprint, b: &Fingerprint) -> Self {
        let text = containment(&a.page.shingles, &b.page.shingles);
        let rows = rows::compare(&a.page.rows, &b.page.rows);
        let looks = (a.page.look, b.page.look);
        Self {
            fields: Field::ALL.map(|field| fields::compare(a, b, field)),
            text: text.map(|(share, _)| share),
            pieces: text.map_or(0, |(_, pieces)| pieces),
            rows_same: rows.same,
            rows_paired: rows.paired,
            only_earlier: only_in(&a.page.numerals, &b.page.numerals),
            only_new: only_in(&b.page.numerals, &a.page.numerals),
            rows_different: rows.different,
            misfit: rows.misfit,
            row_looks: rows.look,
            page_looks: (looks.0 != 0 && looks.1 != 0).then(|| (looks.0 ^ looks.1).count_ones() as f32 / 63.0),
        }
    }
}

/// A verdict and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judgement {
    /// What the earlier receipt is to the new one.
    pub verdict: Verdict,
    /// How much speaks for one receipt, 0 to 1.
    pub score: f32,
    /// What agreed and what differed.
    pub evidence: Evidence,
}

/// Compares two fingerprints that were taken with one tenant's key.
pub fn judge(earlier: &Fingerprint, new: &Fingerprint) -> Judgement {
    let evidence = Evidence::new(earlier, new);
    let (verdict, score) = decide::decide(&evidence);
    Judgement { verdict, score, evidence }
}
