//! Taxes that a receipt prints twice: among the totals, and again in its table.
//!
//! "MwSt 19 % 1,60" and, below, "A 19 % 8,40 1,60 10,00" are one tax. Two rows are
//! taken for one where their amounts agree, nothing else disagrees, and one
//! knows less than the other. Rows of the same shape stay two: a state and a
//! central tax are often equal. So do rows that only together make the sums.

use super::{Findings, Found, Money, TaxFindings};

/// Joins rows of the tax table that are one tax.
pub(super) fn join_taxes(findings: &mut Findings) {
    let mut joined: Vec<TaxFindings> = Vec::new();
    for row in &findings.taxes {
        match joined.iter_mut().find(|other| repeats(other, row)) {
            Some(other) => fill(other, row),
            None => joined.push(row.clone()),
        }
    }
    if joined.len() < findings.taxes.len() && !needs_all(findings) {
        findings.taxes = joined;
    }
}

/// Whether both rows are of one tax, and one of them says less.
fn repeats(a: &TaxFindings, b: &TaxFindings) -> bool {
    let agree = same(&a.rate, &b.rate) && same(&a.net, &b.net);
    let shape = |row: &TaxFindings| [row.rate.is_some(), row.net.is_some()];
    let equal = matches!((amount(a), amount(b)), (Some(a), Some(b)) if a == b);
    agree && equal && shape(a) != shape(b)
}

/// Whether two cells can be of one row: equal, or one is missing.
fn same<T: PartialEq>(a: &Option<Found<T>>, b: &Option<Found<T>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.value() == b.value(),
        _ => true,
    }
}

fn fill(row: &mut TaxFindings, other: &TaxFindings) {
    row.rate = row.rate.take().or_else(|| other.rate.clone());
    row.net = row.net.take().or_else(|| other.net.clone());
}

/// Whether the rows as they stand add up to the tax in total, or with the subtotal to the total.
fn needs_all(f: &Findings) -> bool {
    let value = |field: &Option<Found<Money>>| field.as_ref().and_then(|f| f.value()).copied();
    let amounts: Option<Vec<Money>> = f.taxes.iter().map(amount).collect();
    let Some(sum) = amounts.and_then(Money::checked_sum) else { return false };
    let makes_total = || Some(value(&f.subtotal)?.checked_add(sum)? == value(&f.total)?);
    value(&f.tax_total) == Some(sum) || makes_total().unwrap_or(false)
}

fn amount(row: &TaxFindings) -> Option<Money> {
    row.amount.as_ref()?.value().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::check::{Candidate, Decimal};

    fn found<T>(value: T) -> Option<Found<T>> {
        let best = Candidate { value: Some(value), text: String::new(), spans: vec![], confidence: 0.9 };
        Some(Found::new(best, vec![]))
    }

    fn money(minor: i64) -> Option<Found<Money>> {
        found(Money { minor, currency: None })
    }

    /// A row of a rate in per cent, a net amount and a tax in minor units.
    fn row(rate: Option<i64>, net: Option<i64>, tax: i64) -> TaxFindings {
        TaxFindings { rate: rate.and_then(|r| found(Decimal::new(r, 0))), net: net.and_then(money), amount: money(tax) }
    }

    fn joined(taxes: Vec<TaxFindings>, rest: Findings) -> Vec<TaxFindings> {
        let mut findings = Findings { taxes, ..rest };
        join_taxes(&mut findings);
        findings.taxes
    }

    #[test]
    fn a_tax_that_is_printed_twice_is_one_row_with_all_that_is_known() {
        let twice = vec![row(None, None, 160), row(Some(19), Some(840), 160)];
        assert_eq!(joined(twice, Findings::default()), [row(Some(19), Some(840), 160)]);
        let two_rates = vec![
            row(Some(7), None, 50),
            row(Some(19), None, 160),
            row(Some(7), Some(714), 50),
            row(Some(19), Some(840), 160),
        ];
        let expected = [row(Some(7), Some(714), 50), row(Some(19), Some(840), 160)];
        assert_eq!(joined(two_rates, Findings::default()), expected);
    }

    #[test]
    fn different_taxes_stay_rows_of_their_own() {
        for kept in [
            vec![row(Some(7), None, 50), row(Some(19), Some(263), 50)],
            vec![row(Some(9), None, 248), row(Some(9), None, 248)],
            vec![row(Some(7), Some(714), 50), row(Some(7), None, 51)],
        ] {
            assert_eq!(joined(kept.clone(), Findings::default()), kept);
        }
    }

    #[test]
    fn rows_that_the_sums_need_stay() {
        let taxes = vec![row(None, None, 50), row(Some(5), None, 50)];
        let in_total = Findings { tax_total: money(100), ..Findings::default() };
        assert_eq!(joined(taxes.clone(), in_total), taxes);
        let on_top = Findings { subtotal: money(1000), total: money(1100), ..Findings::default() };
        assert_eq!(joined(taxes.clone(), on_top), taxes);
    }
}
