//! From evidence to a verdict.

use super::{Evidence, Outcome, Verdict};
use crate::purchase::Field;

/// As much of the text has to be shared by two readings of one receipt.
const SAME_TEXT: f32 = 0.6;

/// As much has to be shared where a number or a time differs and is yet taken for misread.
const NEARLY_ALL_TEXT: f32 = 0.8;

/// From fewer pieces of text nothing is concluded.
const MIN_PIECES: usize = 6;

/// Rows of one image are where they were to within this, in heights of a row.
const ONE_IMAGE_MISFIT: f32 = 0.075;

/// And look the same but for this share of bits.
const ONE_IMAGE_LOOK: f32 = 0.35;

/// The verdict, and how much speaks for one receipt.
pub(super) fn decide(evidence: &Evidence) -> (Verdict, f32) {
    let is = |field: Field, outcome: Outcome| evidence.field(field) == outcome;
    let agrees = |field: Field| matches!(evidence.field(field), Outcome::Same | Outcome::Near);
    let same_text = evidence.pieces >= MIN_PIECES && evidence.text.is_some_and(|share| share >= SAME_TEXT);
    let other_numbers = other_numbers(evidence);
    let differs = [Field::ReceiptNumber, Field::Time, Field::Date].into_iter().any(|f| is(f, Outcome::Different));
    // One of number and time is misread when all else is the same, up to the numbers anywhere on the page.
    let rest = one_unique(evidence) && is(Field::Date, Outcome::Same) && is(Field::Total, Outcome::Same);
    let nearly_all_text = same_text && evidence.text.is_some_and(|share| share >= NEARLY_ALL_TEXT);
    let misread = differs && rest && nearly_all_text && !other_numbers;
    let conflict = differs && !misread;
    let identified = identified(evidence);
    let same = !conflict && (identified || misread || same_text && !other_numbers);
    let score = score(evidence, same, identified);
    if same {
        let one_image = evidence.misfit.is_some_and(|misfit| misfit <= ONE_IMAGE_MISFIT)
            && evidence.row_looks.is_some_and(|look| look <= ONE_IMAGE_LOOK);
        let verdict = if one_image { Verdict::SameImage } else { Verdict::SameReceiptAgain };
        return (verdict, score);
    }
    let purchase = agrees(Field::Merchant) && is(Field::Date, Outcome::Same) && is(Field::Total, Outcome::Same);
    (if purchase { Verdict::EqualPurchase } else { Verdict::Distinct }, score)
}

/// Whether each page is sure of numbers that the other one does not show. A crop only lacks some, and a reader that errs is
/// unsure; another slip has numbers of its own, and lacks some.
fn other_numbers(evidence: &Evidence) -> bool {
    evidence.only_earlier > 0 && evidence.only_new > 0
}

/// Whether both have the same number, or the same time.
fn one_unique(evidence: &Evidence) -> bool {
    [Field::ReceiptNumber, Field::Time].into_iter().any(|field| evidence.field(field) == Outcome::Same)
}

/// As many numbers that only one page shows are more than misreading explains.
const MANY_NUMBERS: usize = 3;

/// What a field that agrees is worth, and what one that nearly does: by how many receipts of a day share it.
const WEIGHTS: [(Field, u32, u32); 6] = [
    (Field::ReceiptNumber, 4, 2),
    (Field::Time, 3, 1),
    (Field::Date, 2, 1),
    (Field::Total, 2, 1),
    (Field::Items, 2, 1),
    (Field::Merchant, 1, 1),
];

/// Fields that are worth so much together are those of one receipt.
const ENOUGH: u32 = 7;

/// Whether the values alone say that it is one receipt. Something that equal purchases do not share has to be among
/// them: the number or the time, or both nearly.
fn identified(evidence: &Evidence) -> bool {
    let worth = |(field, same, near): &(Field, u32, u32)| match evidence.field(*field) {
        Outcome::Same => *same,
        Outcome::Near => *near,
        Outcome::Different | Outcome::Unknown => 0,
    };
    let is = |field, outcome| evidence.field(field) == outcome;
    let (number, time) = (Field::ReceiptNumber, Field::Time);
    // A number that many receipts share was taken for theirs, where the pages show other numbers.
    let many = other_numbers(evidence) && evidence.only_earlier + evidence.only_new >= MANY_NUMBERS;
    if many && !(is(number, Outcome::Same) && is(time, Outcome::Same)) {
        return false;
    }
    let unique =
        is(number, Outcome::Same) || is(time, Outcome::Same) || is(number, Outcome::Near) && is(time, Outcome::Near);
    unique && WEIGHTS.iter().map(worth).sum::<u32>() >= ENOUGH
}

/// As much as equal fields are worth in place of equal text.
const IDENTIFIED: f32 = 0.9;

/// How much speaks for one receipt: 0.5 and more where that is the verdict, less otherwise.
fn score(evidence: &Evidence, same: bool, identified: bool) -> f32 {
    let text = evidence.text.unwrap_or(0.0);
    let agreement = if identified { text.max(IDENTIFIED) } else { text };
    if same { 0.5 + 0.5 * agreement } else { 0.49 * agreement }
}
