//! Takes another reading of an amount where the sums demand it.
//!
//! Each candidate is a reading that the recogniser or the extraction proposed;
//! a sum only chooses among them. Like a proof-reader who changes one digit at
//! a time: a change has to mend a rule that is broken and break none that holds,
//! the amount must not be proved as it stands, and where two changes mend the
//! same rule the likelier one must be clearly likelier, or both are left.
//!
//! The total is not touched here: the sums that may overrule it are fewer, see
//! `total`.

use super::{
    Outcome,
    equation::Equation,
    equations,
    proof::proves,
    slot::{Readings, Slot},
};
use crate::pipeline::check::Findings;

/// A reading this much less probable than the best is not considered, whatever it adds up to.
const MIN_RATIO: f32 = 0.05;

/// How much likelier a change must be than the next one that mends the same rule.
const CLEARLY: f32 = 2.0;

/// Changes to one receipt at most: one with more misread amounts proves nothing.
const MOST: usize = 4;

/// A change of one amount.
#[derive(Debug, Clone, Copy)]
struct Change {
    slot: Slot,
    /// Which of the amount's alternatives.
    alternative: usize,
    /// Probability of the alternative, as a share of that of the best reading.
    ratio: f32,
    /// The rule that it mends.
    code: &'static str,
}

/// Takes other readings of single amounts until no change mends a rule.
pub fn repair(findings: &mut Findings) {
    for _ in 0..MOST {
        let Some(change) = best(findings) else { return };
        if let Some(readings) = change.slot.readings_mut(findings) {
            readings.repair(change.alternative, change.code);
        }
    }
}

fn best(findings: &mut Findings) -> Option<Change> {
    let before = equations(findings);
    let mut changes = Vec::new();
    for (slot, alternative, ratio) in candidates(findings, &before) {
        swap(findings, slot, alternative);
        if let Some(code) = mended(&before, &equations(findings), findings) {
            changes.push(Change { slot, alternative, ratio, code });
        }
        swap(findings, slot, alternative);
    }
    changes.sort_by(|a, b| b.ratio.total_cmp(&a.ratio));
    match changes.as_slice() {
        [first, second, ..] if first.ratio < CLEARLY * second.ratio => None,
        [first, ..] => Some(*first),
        [] => None,
    }
}

/// Other readings of the values in broken rules that no rule proves.
fn candidates(findings: &Findings, equations: &[Equation]) -> Vec<(Slot, usize, f32)> {
    let in_any =
        |slot: &Slot, pick: &dyn Fn(&Equation) -> bool| equations.iter().any(|e| e.slots.contains(slot) && pick(e));
    let doubtful = |slot: &Slot| {
        *slot != Slot::Total
            && in_any(slot, &|e| e.outcome == Outcome::Contradicted)
            && !in_any(slot, &|e| proves(e, findings))
    };
    let others = |slot: Slot| slot.readings(findings).map(Readings::others).unwrap_or_default().into_iter();
    let readings = |slot: Slot| others(slot).map(move |(index, ratio)| (slot, index, ratio));
    Slot::all(findings).filter(doubtful).flat_map(readings).filter(|(.., ratio)| *ratio >= MIN_RATIO).collect()
}

fn swap(findings: &mut Findings, slot: Slot, alternative: usize) {
    if let Some(readings) = slot.readings_mut(findings) {
        readings.prefer(alternative);
    }
}

/// The rule that a change mends, if it breaks none. Both lists are of the same
/// rules in the same order, except for rows that became comparable.
fn mended(before: &[Equation], after: &[Equation], findings: &Findings) -> Option<&'static str> {
    if before.len() != after.len() {
        return None;
    }
    let breaks = before.iter().zip(after).any(|(b, a)| {
        b.outcome != Outcome::Contradicted && a.outcome == Outcome::Contradicted
            || b.outcome == Outcome::Proved && a.outcome != Outcome::Proved
    });
    let mends = |(b, a): &(&Equation, &Equation)| b.outcome == Outcome::Contradicted && proves(a, findings);
    before.iter().zip(after).find(mends).filter(|_| !breaks).map(|(b, _)| b.code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{found, items, money, tax};
    use super::*;
    use crate::pipeline::check::{Candidate, Decimal, Found, ItemFindings, Money};

    /// An amount that reads as the first value, and less probably as the others.
    fn doubtful(best: i64, others: &[(i64, f32)]) -> Option<Found<Money>> {
        let mut found = money(best)?;
        let other = |(minor, ratio): &(i64, f32)| Candidate {
            value: Some(Money { minor: *minor, currency: None }),
            confidence: found.best.confidence * ratio,
            ..found.best.clone()
        };
        found.alternatives = others.iter().map(other).collect();
        Some(found)
    }

    /// Two purchases, tax on top, and the rate; the amounts as given.
    fn receipt(subtotal: Option<Found<Money>>, tax_total: Option<Found<Money>>) -> Findings {
        Findings { items: items(&[500, 400]), subtotal, tax_total, total: money(954), ..Findings::default() }
    }

    fn read(slot: Slot, findings: &Findings) -> (Option<i64>, Option<&'static str>) {
        let found = slot.of(findings);
        (found.and_then(|f| f.value()).map(|m| m.minor), found.and_then(|f| f.repaired_by))
    }

    #[test]
    fn a_misread_amount_is_mended_and_says_by_what() {
        let mut findings = receipt(doubtful(980, &[(960, 0.5), (900, 0.3)]), money(54));
        repair(&mut findings);
        assert_eq!(read(Slot::Subtotal, &findings), (Some(900), Some("items_sum_to_subtotal")));
        let former =
            findings.subtotal.as_ref().map(|f| f.alternatives.iter().any(|a| a.value.is_some_and(|m| m.minor == 980)));
        assert_eq!(former, Some(true), "the former reading stays visible");
        let item = |amount| ItemFindings {
            quantity: found(Decimal::new(2, 0)),
            unit_price: found(Decimal::new(150, 2)),
            amount,
            ..ItemFindings::default()
        };
        let mut findings = Findings { items: vec![item(doubtful(380, &[(300, 0.2)]))], ..Findings::default() };
        repair(&mut findings);
        assert_eq!(read(Slot::Item(0), &findings), (Some(300), Some("quantity_times_unit_price_is_amount")));
    }

    #[test]
    fn a_proved_amount_and_the_total_stay() {
        // The tax is wrong and has no other reading; another subtotal would add up to the total.
        let mut findings = receipt(doubtful(900, &[(894, 0.9)]), money(60));
        repair(&mut findings);
        assert_eq!(read(Slot::Subtotal, &findings), (Some(900), None));
        let mut findings =
            Findings { total: doubtful(999, &[(900, 0.9)]), items: items(&[900]), ..Findings::default() };
        repair(&mut findings);
        assert_eq!(read(Slot::Total, &findings), (Some(999), None));
    }

    #[test]
    fn far_fetched_readings_and_ties_change_nothing() {
        let mut findings = receipt(doubtful(980, &[(900, 0.01)]), money(54));
        repair(&mut findings);
        assert_eq!(read(Slot::Subtotal, &findings).0, Some(980));
        let mut items = items(&[500, 400]);
        items[0].amount = doubtful(800, &[(500, 0.4)]);
        items[1].amount = doubtful(400, &[(100, 0.3)]);
        let mut findings = Findings { items, total: money(900), ..Findings::default() };
        repair(&mut findings);
        assert_eq!(read(Slot::Item(0), &findings).0, Some(800), "either row may be the wrong one");
    }

    #[test]
    fn a_change_must_break_nothing_that_holds() {
        // 54 is six per cent of the subtotal; as 64 the sum would agree and the rate no longer.
        let mut findings = receipt(money(900), None);
        findings.taxes = vec![tax(60, Some(900), 54)];
        findings.taxes[0].amount = doubtful(54, &[(64, 0.9)]);
        findings.total = money(964);
        repair(&mut findings);
        assert_eq!(read(Slot::Tax(0), &findings), (Some(54), None));
    }

    proptest! {
        #[test]
        fn what_adds_up_is_left_alone(prices in prop::collection::vec(1_i64..10_000, 1..20), other in 1_i64..10_000, which in any::<prop::sample::Index>()) {
            let mut findings = Findings { items: items(&prices), total: money(prices.iter().sum()), ..Findings::default() };
            let row = which.index(prices.len());
            findings.items[row].amount = doubtful(prices[row], &[(other, 0.99)]);
            let before = findings.clone();
            repair(&mut findings);
            prop_assert_eq!(findings, before);
        }

        #[test]
        fn one_misread_price_is_restored(prices in prop::collection::vec(1_i64..10_000, 1..20), wrong in 1_i64..10_000, which in any::<prop::sample::Index>()) {
            let row = which.index(prices.len());
            prop_assume!(wrong != prices[row]);
            let total: i64 = prices.iter().sum();
            let mut findings = Findings { items: items(&prices), total: money(total), ..Findings::default() };
            findings.items[row].amount = doubtful(wrong, &[(prices[row], 0.3)]);
            repair(&mut findings);
            // A total that may be rounded is no contradiction, so nothing is mended.
            let rounded = total % 5 == 0 && (wrong - prices[row]).abs() <= 2 || total % 100 == 0 && (wrong - prices[row]).abs() <= 50;
            let expected = if rounded { wrong } else { prices[row] };
            prop_assert_eq!(read(Slot::Item(row), &findings).0, Some(expected));
        }
    }
}
