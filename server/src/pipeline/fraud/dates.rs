//! Times that contradict each other: of the receipt, of the camera, of the clock on the wall.

use super::{FraudSignal, Place};
use crate::pipeline::check::{Findings, Outcome};
use crate::pipeline::decode::Metadata;

/// A receipt that is dated ahead of today.
pub(super) fn date_in_future(findings: &Findings) -> Option<FraudSignal> {
    let check =
        findings.checks.iter().find(|c| c.code == "date_not_in_future" && c.outcome == Outcome::Contradicted)?;
    Some(FraudSignal {
        code: "date_in_future",
        score: 0.8 * check.confidence,
        place: Place::Characters(check.spans.clone()),
        explanation: format!("the receipt is dated in the future: {}", check.detail),
    })
}

/// A receipt cannot be photographed before it is printed; a day's grace covers
/// a camera clock in another time zone.
pub(super) fn date_after_photo(metadata: &Metadata, findings: &Findings) -> Option<FraudSignal> {
    let taken = metadata.provenance.taken_at?.date();
    let found = findings.date.as_ref()?;
    let printed = *found.value()?;
    (printed > taken.tomorrow().ok()?).then(|| FraudSignal {
        code: "date_after_photo",
        // Camera clocks that were never set are commoner than forgers.
        score: 0.4 * found.best.confidence,
        place: Place::Characters(found.best.spans.clone()),
        explanation: format!("the photo was taken on {taken}, before the printed date {printed}"),
    })
}
