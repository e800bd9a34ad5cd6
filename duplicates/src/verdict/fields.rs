//! Fields of two purchases against each other, by their hashes.

use crate::fingerprint::Fingerprint;
use crate::image::numerals::holds;
use crate::purchase::{Field, FieldPrint};

/// How a field of two receipts compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Both say the same.
    Same,
    /// They differ by what a reader may have misread.
    Near,
    /// Both are sure, and say something else.
    Different,
    /// One of them does not say, or neither is sure.
    Unknown,
}

impl Outcome {
    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Near => "near",
            Self::Different => "different",
            Self::Unknown => "unknown",
        }
    }
}

/// Values that differ by a character are misread unless both are at least this sure, in 255ths.
const SURE_OF_A_CHARACTER: u8 = 192;

/// Values that differ by more are other values unless one is less sure than this, in 255ths.
const SURE_OF_A_VALUE: u8 = 102;

/// Compares `field` of two receipts.
pub(super) fn compare(a: &Fingerprint, b: &Fingerprint, field: Field) -> Outcome {
    let (Some(one), Some(other)) = (a.purchase.field(field), b.purchase.field(field)) else {
        return Outcome::Unknown;
    };
    if one.value == other.value {
        return Outcome::Same;
    }
    match field {
        Field::Merchant => overlap(one, other, 0.5),
        Field::Items => overlap(one, other, 0.7),
        _ => match differing(one, other) {
            Outcome::Different if several(field) && printed_on_both(a, b, one, other) => Outcome::Unknown,
            outcome => outcome,
        },
    }
}

/// Names and lists are the same when enough of the shorter one is in the other, and no evidence otherwise: readers
/// lose parts of them.
fn overlap(one: &FieldPrint, other: &FieldPrint, enough: f32) -> Outcome {
    let shared = one.near.iter().filter(|hash| other.near.binary_search(hash).is_ok()).count();
    let smaller = one.near.len().min(other.near.len());
    match shared {
        0 if smaller > 0 => Outcome::Different,
        shared if shared as f32 >= enough * smaller as f32 => Outcome::Near,
        _ => Outcome::Unknown,
    }
}

/// Of what receipts print several of.
fn several(field: Field) -> bool {
    matches!(field, Field::ReceiptNumber | Field::Time | Field::Date)
}

/// Receipts print several numbers, times and dates; where each page shows what the other was taken by, extraction chose
/// differently, and the receipts need not differ.
fn printed_on_both(a: &Fingerprint, b: &Fingerprint, one: &FieldPrint, other: &FieldPrint) -> bool {
    let shows = |page: &Fingerprint, value: &FieldPrint| value.numeral.is_some_and(|n| holds(&page.page.numerals, n));
    shows(a, other) || shows(b, one)
}

fn differing(one: &FieldPrint, other: &FieldPrint) -> Outcome {
    let sure = one.confidence.min(other.confidence);
    let near = one.near.iter().any(|hash| other.near.binary_search(hash).is_ok());
    match near {
        true if sure < SURE_OF_A_CHARACTER => Outcome::Near,
        _ if sure < SURE_OF_A_VALUE => Outcome::Unknown,
        _ => Outcome::Different,
    }
}
