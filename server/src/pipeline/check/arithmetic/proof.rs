//! Each amount: proved, contradicted or unproved.

use super::{Outcome, equation::Equation, equations, slot::Slot};
use crate::pipeline::check::Findings;

/// Says of every amount whether the others bear it out.
///
/// An amount is proved by one rule that holds, because exact sums seldom agree
/// by accident, and then a rule that does not hold speaks against the other
/// amounts in it. An amount in broken rules alone is contradicted: one of
/// several is wrong, perhaps another.
pub fn mark(findings: &mut Findings) {
    let equations = equations(findings);
    let marks: Vec<(Slot, Outcome)> = Slot::all(findings).map(|slot| (slot, of(slot, &equations, findings))).collect();
    for (slot, outcome) in marks {
        if let Some(found) = slot.of_mut(findings) {
            found.proof = found.best.value.map(|_| outcome);
        }
    }
}

fn of(slot: Slot, equations: &[Equation], findings: &Findings) -> Outcome {
    let own = || equations.iter().filter(|e| e.slots.contains(&slot));
    if own().any(|e| proves(e, findings)) {
        Outcome::Proved
    } else if own().any(|e| e.outcome == Outcome::Contradicted) {
        Outcome::Contradicted
    } else {
        Outcome::Unproved
    }
}

/// Whether the rule holds between amounts that are each printed. One print that
/// was taken for two amounts agrees with itself, which shows nothing.
pub(super) fn proves(equation: &Equation, findings: &Findings) -> bool {
    let mut places: Vec<_> = equation
        .slots
        .iter()
        .filter_map(|slot| slot.of(findings)?.best.spans.first())
        .map(|span| (span.line, span.start))
        .collect();
    let all = places.len();
    places.sort_unstable();
    places.dedup();
    equation.outcome == Outcome::Proved
        && equation.slots.len() > 1 - usize::from(is_about_one_row(equation))
        && places.len() == all
}

/// Quantity times unit price compares an amount with values that are none.
fn is_about_one_row(equation: &Equation) -> bool {
    equation.code == super::sums::QUANTITIES.0
}
