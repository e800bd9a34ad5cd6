//! The tax table: its rows, its sum, and what it comes to with what is taxed.

use super::{
    Outcome,
    equation::{Equation, Extra, Operands},
    slot::Slot,
    sums::{present, rounding, tip},
    value,
};
use crate::pipeline::check::{Decimal, Findings, Money};

/// Minor units by which a tax may differ from its rate: tills round per item or per receipt.
const TOLERANCE_MINOR: i64 = 1;

/// The rule that every tax is its rate of what is taxed, and what is said where no row shows it.
pub(super) const RATES: (&str, &str) = ("tax_matches_rate", "no tax with its rate and base was read");

/// Rate times base, for every row of the tax table.
pub(super) fn rates(f: &Findings) -> Vec<Equation> {
    (0..f.taxes.len()).filter_map(|row| rate(f, row)).collect()
}

fn rate(f: &Findings, row: usize) -> Option<Equation> {
    let mut operands = Operands::new(RATES.0);
    let rate = operands.read(f.taxes.get(row)?.rate.as_ref())?;
    let tax = operands.amount(f, Slot::Tax(row))?;
    let agrees = match operands.amount(f, Slot::Net(row)) {
        Some(net) => is_base(rate, tax, net)?,
        None => agrees_with_total(f, rate, tax, &mut operands)?,
    };
    Some(match agrees {
        true => operands.ends(Outcome::Proved, format!("{tax} is {rate} %")),
        false => operands.ends(Outcome::Contradicted, format!("tax {tax} is not {rate} %")),
    })
}

/// Whether `tax` is `rate` per cent of `base`; some tills print the base with the tax in it.
pub fn is_base(rate: Decimal, tax: Money, base: Money) -> Option<bool> {
    Some(near(tax, on_top(rate, base)?) || near(tax, within(rate, base)?))
}

/// A row without base is held against the total when it is the only one. Not
/// all of the total need be taxed, so disagreement shows nothing.
fn agrees_with_total(f: &Findings, rate: Decimal, tax: Money, operands: &mut Operands) -> Option<bool> {
    if f.taxes.len() != 1 {
        return None;
    }
    let of_subtotal = value(&f.subtotal).and_then(|subtotal| on_top(rate, subtotal)).is_some_and(|t| near(tax, t));
    let slot = if of_subtotal { Slot::Subtotal } else { Slot::Total };
    if !of_subtotal && !near(tax, within(rate, value(&f.total)?)?) {
        return None;
    }
    operands.amount(f, slot);
    Some(true)
}

fn near(tax: Money, expected_minor: i64) -> bool {
    (expected_minor - tax.minor).abs() <= TOLERANCE_MINOR
}

/// The tax that is added to `base`, in minor units.
fn on_top(rate: Decimal, base: Money) -> Option<i64> {
    part(base, rate.to_units(4)?, 100 * 10_000)
}

/// The tax that `base` holds, in minor units.
fn within(rate: Decimal, base: Money) -> Option<i64> {
    let rate = rate.to_units(4)?;
    part(base, rate, rate.checked_add(100 * 10_000)?)
}

/// `base · numerator / denominator`, rounded half away from zero.
fn part(base: Money, numerator: i64, denominator: i64) -> Option<i64> {
    let (n, d) = (i128::from(base.minor) * i128::from(numerator), i128::from(denominator));
    i64::try_from((n.abs() + d / 2).checked_div(d)? * n.signum()).ok()
}

/// Every row shows what is taxed and the tax; together that is the total.
pub(super) fn net_plus_tax_is_total(f: &Findings, total: Option<Money>) -> Equation {
    let mut operands = Operands::new("net_plus_tax_is_total");
    let rows: Option<Vec<Money>> = (0..f.taxes.len())
        .map(|row| operands.amount(f, Slot::Net(row))?.checked_add(operands.amount(f, Slot::Tax(row))?))
        .collect();
    let (Some(sum), Some(total)) = (rows.and_then(Money::checked_sum), total) else {
        return operands.unproved("no complete tax table or no total was read");
    };
    operands.amount(f, Slot::Total);
    let extras = present([rounding(f), Extra::unnamed("service", f.service), tip(f)]);
    operands.sum_is(("net and tax", sum), &extras, ("total", total))
}

/// What the tax table comes to: all that is taxed, and all taxes; none where a row lacks either.
pub fn net_plus_tax(f: &Findings) -> Option<Money> {
    let row = |row: usize| Slot::Net(row).value(f)?.checked_add(Slot::Tax(row).value(f)?);
    Money::checked_sum((0..f.taxes.len()).map(row).collect::<Option<Vec<_>>>()?)
}

pub(super) fn taxes_sum_to_tax_total(f: &Findings) -> Equation {
    let mut operands = Operands::new("taxes_sum_to_tax_total");
    let rows: Option<Vec<Money>> = (0..f.taxes.len()).map(|row| operands.amount(f, Slot::Tax(row))).collect();
    match (rows.and_then(Money::checked_sum), operands.amount(f, Slot::TaxTotal)) {
        (Some(sum), Some(all)) if sum == all => {
            operands.ends(Outcome::Proved, format!("taxes {sum} = tax total {all}"))
        }
        (Some(sum), Some(all)) => operands.ends(Outcome::Contradicted, format!("taxes {sum} are not tax total {all}")),
        _ => operands.unproved("no taxes or no tax total were read"),
    }
}
