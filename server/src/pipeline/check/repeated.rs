//! Taxes that a receipt prints twice: among the totals, and again in its table.
//!
//! "MwSt 19 % 1,60" and, below, "A 19 % 8,40 1,60 10,00" are one tax. Two rows are
//! taken for one where their amounts agree, nothing else disagrees, and one
//! knows less than the other, or the tax in total is just that amount. Other
//! rows of the same shape stay two: a state and a central tax are often equal.
//! So do rows that only together make the sums.
//!
//! The other mistake of the kind is a net amount that became a row of its own.
//! Where the other rows are the tax in total and it is the base of one of them,
//! it goes there.

use super::{
    Findings, Found, Money, TaxFindings,
    arithmetic::{is_base, value},
};

/// Joins rows of the tax table that are one tax.
pub(super) fn join_taxes(findings: &mut Findings) {
    let total = value(&findings.tax_total);
    let mut joined: Vec<TaxFindings> = Vec::new();
    for row in &findings.taxes {
        match joined.iter_mut().find(|other| repeats(other, row, total)) {
            Some(other) => fill(other, row),
            None => joined.push(row.clone()),
        }
    }
    if joined.len() < findings.taxes.len() && !needs_all(findings) {
        findings.taxes = joined;
    }
}

/// Puts a lone amount that is no tax into the row whose base it is.
pub(super) fn place_net(findings: &mut Findings) {
    let alone = |row: &TaxFindings| row.rate.is_none() && row.net.is_none() && row.amount.is_some();
    let Some(lone) = findings.taxes.iter().position(alone) else { return };
    let others = || findings.taxes.iter().enumerate().filter(|(i, _)| *i != lone).map(|(_, row)| row);
    let rest: Option<Vec<Money>> = others().map(amount).collect();
    let total = value(&findings.tax_total);
    if total.is_none() || rest.and_then(Money::checked_sum) != total {
        return;
    }
    let Some(net) = amount(&findings.taxes[lone]) else { return };
    let fits = |row: &TaxFindings| {
        let rate = row.rate.as_ref().and_then(|f| f.value()).copied();
        let is_its_base = |(rate, tax)| is_base(rate, tax, net) == Some(true);
        row.net.is_none() && rate.zip(amount(row)).is_some_and(is_its_base)
    };
    let Some(row) = findings.taxes.iter().position(fits) else { return };
    findings.taxes[row].net = findings.taxes[lone].amount.take();
    findings.taxes.remove(lone);
}

/// Whether both rows are of one tax: one of them says less, or that one is all of `total`.
fn repeats(a: &TaxFindings, b: &TaxFindings, total: Option<Money>) -> bool {
    let agree = same(&a.rate, &b.rate) && same(&a.net, &b.net);
    let shape = |row: &TaxFindings| [row.rate.is_some(), row.net.is_some()];
    let equal = matches!((amount(a), amount(b)), (Some(a), Some(b)) if a == b);
    agree && equal && (shape(a) != shape(b) || amount(a) == total)
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
    let amounts: Option<Vec<Money>> = f.taxes.iter().map(amount).collect();
    let Some(sum) = amounts.and_then(Money::checked_sum) else { return false };
    let makes_total = || Some(value(&f.subtotal)?.checked_add(sum)? == value(&f.total)?);
    value(&f.tax_total) == Some(sum) || makes_total().unwrap_or(false)
}

fn amount(row: &TaxFindings) -> Option<Money> {
    value(&row.amount)
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
    fn equal_rows_are_one_where_the_tax_in_total_is_no_more() {
        let twice = vec![row(None, Some(10610), 637), row(None, Some(10610), 637)];
        let known = Findings { tax_total: money(637), ..Findings::default() };
        assert_eq!(joined(twice.clone(), known), twice[..1]);
        assert_eq!(joined(twice.clone(), Findings::default()), twice);
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
    fn a_net_amount_that_became_a_row_goes_where_it_belongs() {
        let taxes = || vec![row(Some(19), Some(5603), 1065), row(Some(7), None, 2), row(None, None, 36)];
        let mut findings = Findings { taxes: taxes(), tax_total: money(1067), ..Findings::default() };
        place_net(&mut findings);
        assert_eq!(findings.taxes, [row(Some(19), Some(5603), 1065), row(Some(7), Some(36), 2)]);
        // Nothing says that it is no tax.
        for tax_total in [None, money(1103)] {
            let mut findings = Findings { taxes: taxes(), tax_total, ..Findings::default() };
            place_net(&mut findings);
            assert_eq!(findings.taxes, taxes());
        }
        // It is the base of no row.
        let mut findings = Findings { taxes: taxes(), tax_total: money(1067), ..Findings::default() };
        findings.taxes[2] = row(None, None, 3600);
        place_net(&mut findings);
        assert_eq!(findings.taxes.len(), 3);
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
