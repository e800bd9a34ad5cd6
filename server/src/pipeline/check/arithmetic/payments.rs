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
        let is_change = |row: &usize| f.payments.get(*row).is_some_and(|p| is_change(p) || is_read_twice(f, p));
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

/// Whether a row beside other payments is the change once more, of which no method was read.
fn is_read_twice(f: &Findings, payment: &PaymentFindings) -> bool {
    let minor = |m: Money| m.minor.saturating_abs();
    let amount = payment.amount.as_ref().and_then(|a| a.value()).copied();
    f.payments.len() > 1 && payment.method.is_none() && amount.is_some() && amount.map(minor) == f.change.map(minor)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{found, money};
    use super::*;

    #[test]
    fn change_that_was_read_as_a_payment_is_no_payment() {
        let payment = |method: Option<&str>, minor| PaymentFindings {
            method: method.and_then(|m| found(m.to_owned())),
            amount: money(minor),
        };
        let change = Some(Money { minor: 1120, currency: None });
        let with = |payments| Findings { payments, change, ..Findings::default() };
        let kept = |f: &Findings| kept(f).map(|m| m.minor);
        assert_eq!(kept(&with(vec![payment(Some("BARGELD"), 2003), payment(None, 1120)])), Some(883));
        assert_eq!(kept(&with(vec![payment(Some("BARGELD"), 2003)])), Some(883));
        // Two payments of which one happens to be as high as the change.
        assert_eq!(kept(&with(vec![payment(Some("CASH"), 2003), payment(Some("CARD"), 1120)])), Some(2003));
    }
}
