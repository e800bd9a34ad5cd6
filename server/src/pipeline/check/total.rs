//! Which reading of the total to believe: one that the receipt's own sums prove beats one they refute.

use super::{
    Findings, Found, Money,
    arithmetic::{Outcome, all_tax, checks_of_total, value},
};

/// A reading this much less probable than the best is not considered, whatever it adds up to.
const MIN_RATIO: f32 = 0.05;

/// Minor units by which a total may differ from its parts: rounding to the
/// smallest coin, or a misread last digit.
const ROUNDING: i64 = 5;

/// Takes the amount after tax, where the best reading is the amount before it:
/// another reading that is larger by just the tax is no coincidence. A best
/// reading that was paid to the cent stays.
pub(super) fn prefer_after_tax(findings: &mut Findings) {
    let Some(total) = &findings.total else { return };
    let Some((best, tax)) = total.value().copied().zip(all_tax(findings)) else { return };
    let Some(after) = best.checked_add(tax).filter(|_| tax.minor > ROUNDING) else { return };
    if kept(findings) == Some(best) {
        return;
    }
    let near = |m: Money| m.currency == after.currency && m.minor.abs_diff(after.minor) <= ROUNDING.unsigned_abs();
    let index = total.alternatives.iter().position(|a| {
        a.confidence >= MIN_RATIO * total.best.confidence && a.value.is_some_and(near) && !is_part(findings, a.value)
    });
    if let (Some(index), Some(total)) = (index, &mut findings.total) {
        total.prefer(index);
    }
}

/// What was handed over, less the change.
fn kept(findings: &Findings) -> Option<Money> {
    let paid =
        findings.payments.iter().map(|p| value(&p.amount)).collect::<Option<Vec<_>>>().and_then(Money::checked_sum);
    paid.zip(findings.change).and_then(|(p, c)| p.checked_sub(c))
}

/// Takes the most probable alternative total that the receipt's sums prove, if
/// they refute the best reading and prove nothing of it.
///
/// Sums of items alone do not count: they prove the amount before tax just as
/// well, and an item that was missed breaks them. Nor does a payment of which
/// no change was read: it "proves" whatever note the customer handed over.
pub(super) fn prefer_proved(findings: &mut Findings) {
    let Some(total) = &findings.total else { return };
    let (proved, refuted) = tally(findings, total.value().copied());
    if proved > 0 || refuted == 0 || may_be_proved(findings, total.value().copied()) {
        return;
    }
    let index = total.alternatives.iter().position(|a| {
        let (proved, refuted) = tally(findings, a.value);
        a.confidence >= MIN_RATIO * total.best.confidence && proved > 0 && refuted == 0 && !is_part(findings, a.value)
    });
    if let (Some(index), Some(total)) = (index, &mut findings.total) {
        total.prefer(index);
    }
}

/// Whether another reading of the subtotal or of the tax adds up to `total`:
/// then one of those was misread, and the total is right as it stands.
fn may_be_proved(findings: &Findings, total: Option<Money>) -> bool {
    let readings = |field: &Option<Found<Money>>| -> Vec<Money> {
        let all = field.iter().flat_map(|f| f.alternatives.iter().chain([&f.best]));
        all.filter_map(|candidate| candidate.value).collect()
    };
    let taxes = readings(&findings.tax_total);
    total.is_some() && readings(&findings.subtotal).iter().any(|s| taxes.iter().any(|tax| s.checked_add(*tax) == total))
}

/// Rules that prove and rules that refute `total`.
fn tally(findings: &Findings, total: Option<Money>) -> (usize, usize) {
    let checks = checks_of_total(findings, total);
    let count = |outcome: Outcome| {
        checks
            .iter()
            .filter(|c| c.outcome == outcome)
            .filter(|c| match c.code {
                "items_sum_to_total" => false,
                "payment_minus_change_is_total" => findings.change.is_some(),
                _ => true,
            })
            .count()
    };
    (count(Outcome::Proved), count(Outcome::Contradicted))
}

/// The amount that other values on the receipt add up to, where two sums that
/// share no value agree on one and the total as read is another.
pub fn agreed_by_others(findings: &Findings) -> Option<Money> {
    let total = value(&findings.total)?;
    let subtotal_and_tax = value(&findings.subtotal).zip(all_tax(findings)).and_then(|(s, t)| s.checked_add(t));
    let items =
        findings.items.iter().map(|i| value(&i.amount)).collect::<Option<Vec<_>>>().and_then(Money::checked_sum);
    let sums = [subtotal_and_tax, kept(findings), items];
    let agreed = |m: &Money| *m != total && sums.iter().filter(|s| **s == Some(*m)).count() >= 2;
    let proved = tally(findings, Some(total)).0 > 0;
    sums.into_iter().flatten().find(agreed).filter(|_| !proved)
}

/// Whether `amount` was read as the subtotal or the tax: then it is not the total as well.
fn is_part(findings: &Findings, amount: Option<Money>) -> bool {
    [&findings.subtotal, &findings.tax_total].into_iter().flatten().any(|f| f.value().copied() == amount)
}
