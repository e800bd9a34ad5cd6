//! From evidence to a verdict.

use super::{Evidence, Outcome, Verdict};
use crate::purchase::Field;

/// As much of the text has to be shared by two readings of one receipt.
const SAME_TEXT: f32 = 0.5;

/// From fewer pieces of text nothing is concluded.
const MIN_PIECES: usize = 6;

/// Rows of one image are where they were to within this, in heights of a row.
const ONE_IMAGE_MISFIT: f32 = 0.12;

/// And look the same but for this share of bits.
const ONE_IMAGE_LOOK: f32 = 0.15;

/// A row with other digits is another row if both readings are this sure.
const SURE_ROW: f32 = 0.9;

/// The verdict, and how much speaks for one receipt.
pub(super) fn decide(evidence: &Evidence) -> (Verdict, f32) {
    let is = |field: Field, outcome: Outcome| evidence.field(field) == outcome;
    let agrees = |field: Field| matches!(evidence.field(field), Outcome::Same | Outcome::Near);
    let conflict = [Field::ReceiptNumber, Field::Time, Field::Date].into_iter().any(|f| is(f, Outcome::Different));
    let same_text = evidence.pieces >= MIN_PIECES && evidence.text.is_some_and(|share| share >= SAME_TEXT);
    let other_rows = evidence.rows_different > 0 && evidence.surest_difference >= SURE_ROW;
    let identified = is(Field::ReceiptNumber, Outcome::Same) && (agrees(Field::Date) || agrees(Field::Total))
        || is(Field::Time, Outcome::Same) && is(Field::Date, Outcome::Same) && agrees(Field::Total);
    let score = score(evidence, conflict, other_rows);
    if !conflict && (identified || same_text && !other_rows) {
        let one_image = evidence.misfit.is_some_and(|misfit| misfit <= ONE_IMAGE_MISFIT)
            && evidence.row_looks.is_some_and(|look| look <= ONE_IMAGE_LOOK);
        let verdict = if one_image { Verdict::SameImage } else { Verdict::SameReceiptAgain };
        return (verdict, score);
    }
    let purchase = agrees(Field::Merchant) && is(Field::Date, Outcome::Same) && is(Field::Total, Outcome::Same);
    (if purchase { Verdict::EqualPurchase } else { Verdict::Distinct }, score)
}

fn score(evidence: &Evidence, conflict: bool, other_rows: bool) -> f32 {
    let text = evidence.text.unwrap_or(0.0);
    let doubt = if conflict { 0.2 } else { 1.0 } * if other_rows { 0.6 } else { 1.0 };
    text * doubt
}
