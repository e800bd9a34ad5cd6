//! Amounts that contradict each other, and tax rates that do not exist.

use super::{FraudSignal, Place};
use crate::pipeline::check::country::is_tax_rate;
use crate::pipeline::check::{Findings, Outcome, agreed_by_others};

/// Rules that forged amounts break, and how rarely an honest receipt that was
/// read well breaks them. Lists of items are long and the easiest to misread.
const RULES: [(&str, f32); 6] = [
    ("subtotal_plus_tax_is_total", 0.35),
    ("net_plus_tax_is_total", 0.35),
    ("tax_matches_rate", 0.3),
    ("payment_minus_change_is_total", 0.3),
    ("items_sum_to_total", 0.15),
    ("quantity_times_unit_price_is_amount", 0.15),
];

/// A rate that a country does not know; the tables know no special regions.
const NO_SUCH_RATE: f32 = 0.2;

/// The strongest broken rule; one wrong amount breaks several, so they are not independent.
pub(super) fn arithmetic_contradiction(findings: &Findings) -> Option<FraudSignal> {
    let broken = findings.checks.iter().filter(|c| c.outcome == Outcome::Contradicted).filter_map(|c| {
        let (_, weight) = RULES.iter().find(|(code, _)| *code == c.code)?;
        // Twice: an uncertain reading explains the contradiction better than a forger does.
        Some((weight * c.confidence * c.confidence, c))
    });
    let (score, check) = broken.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(FraudSignal {
        code: "arithmetic_contradiction",
        score,
        place: Place::Characters(check.spans.clone()),
        explanation: format!("the amounts do not agree: {}", check.detail),
    })
}

/// Forgers change the total and forget the amounts that lead to it.
pub(super) fn digits_in_conflict(findings: &Findings) -> Option<FraudSignal> {
    let expected = agreed_by_others(findings)?;
    let total = findings.total.as_ref()?;
    Some(FraudSignal {
        code: "digits_in_conflict",
        score: 0.6 * total.best.confidence,
        place: Place::Characters(total.best.spans.clone()),
        explanation: format!("the total reads {}, but other amounts agree on {expected}", total.best.text),
    })
}

/// A rate of tax that the country, which something on the receipt proves, does not have and did not have of late.
pub(super) fn impossible_tax_rate(findings: &Findings) -> Option<FraudSignal> {
    let country = findings.country.as_ref()?.value;
    let wrong = findings.taxes.iter().filter_map(|tax| {
        let found = tax.rate.as_ref()?;
        (is_tax_rate(country, *found.value()?) == Some(false)).then_some(found)
    });
    let found = wrong.max_by(|a, b| a.best.confidence.total_cmp(&b.best.confidence))?;
    Some(FraudSignal {
        code: "impossible_tax_rate",
        // Twice, as above.
        score: NO_SUCH_RATE * found.best.confidence * found.best.confidence,
        place: Place::Characters(found.best.spans.clone()),
        explanation: format!(
            "a tax rate of {} % is not known in {country}",
            found.best.text.trim_end_matches(['%', ' '])
        ),
    })
}
