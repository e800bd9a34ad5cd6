//! What was handed over, what was given back, and what the seller kept.

use super::{
    Outcome,
    equation::{Equation, Extra, Operands},
    slot::Slot,
    sums::{present, rounding, tip},
};
use crate::pipeline::check::{Findings, Money, PaymentFindings, labelled};

/// The payments of a receipt.
#[derive(Debug)]
struct Payments {
    paid: Money,
    /// What was given back, above zero; `None` where that was not read.
    change: Option<Money>,
}

impl Payments {
    /// Change is a row among the payments on some receipts and stands elsewhere on others.
    fn find(f: &Findings, operands: &mut Operands) -> Option<Self> {
        let is_change = |row: &usize| f.payments.get(*row).is_some_and(is_change);
        let (change, paid): (Vec<usize>, Vec<usize>) = (0..f.payments.len()).partition(is_change);
        let paid: Option<Vec<Money>> = paid.into_iter().map(|row| operands.amount(f, Slot::Payment(row))).collect();
        let listed = change.first().and_then(|row| operands.amount(f, Slot::Payment(*row)));
        let change = listed.map(|m| Money { minor: m.minor.saturating_abs(), ..m }).or(f.change);
        Some(Self { paid: Money::checked_sum(paid?)?, change })
    }

    /// What was handed over, less what was given back.
    fn kept(&self) -> Option<Money> {
        self.change.map_or(Some(self.paid), |change| self.paid.checked_sub(change))
    }
}

/// What was handed over less what was given back, where both were read: then it
/// is what was due, whatever the notes were.
pub fn kept(f: &Findings) -> Option<Money> {
    let payments = Payments::find(f, &mut Operands::new("kept"))?;
    payments.change.and_then(|_| payments.kept())
}

pub(super) fn payment_minus_change_is_total(f: &Findings, total: Option<Money>) -> Equation {
    let mut operands = Operands::new("payment_minus_change_is_total");
    let (Some(payments), Some(total)) = (Payments::find(f, &mut operands), total) else {
        return operands.unproved("no payment or no total was read");
    };
    operands.amount(f, Slot::Total);
    let Some(kept) = payments.kept() else {
        return operands.unproved("payment and change cannot be subtracted");
    };
    // Rounded receipts print the exact total, and the payment is the rounded one.
    let extras = present([rounding(f).map(Extra::negated), tip(f)]);
    let result = operands.sum_is(("payment less change", kept), &extras, ("total", total));
    // More money was handed over than was due, and no change was read: nothing contradicts.
    match result.outcome {
        Outcome::Contradicted if payments.change.is_none() && kept.minor > total.minor => Equation {
            outcome: Outcome::Unproved,
            detail: format!("paid {}, no change was read", payments.paid),
            ..result
        },
        _ => result,
    }
}

fn is_change(payment: &PaymentFindings) -> bool {
    let method = payment.method.as_ref().and_then(|m| m.value()).map(|m| m.to_uppercase()).unwrap_or_default();
    method.split_whitespace().any(labelled::is_change)
}
