//! Purchases, subtotal, tax and total.

use slipstream_models::entities::ItemKind;

use super::{
    Outcome,
    equation::{Equation, Extra, Operands},
    slot::Slot,
    value,
};
use crate::pipeline::check::{Findings, ItemFindings, Money};

/// The rule that every row of the list is quantity times unit price, and what is said where no row shows it.
pub(super) const QUANTITIES: (&str, &str) =
    ("quantity_times_unit_price_is_amount", "no item with quantity, unit price and amount was read");

/// Quantity times unit price, for every row of the list that shows both.
pub(super) fn quantities(f: &Findings) -> Vec<Equation> {
    f.items.iter().enumerate().filter_map(|(row, item)| quantity(f, row, item)).collect()
}

fn quantity(f: &Findings, row: usize, item: &ItemFindings) -> Option<Equation> {
    let mut operands = Operands::new(QUANTITIES.0);
    let quantity = operands.compare(Slot::Quantity(row), item.quantity.as_ref())?;
    let price = operands.compare(Slot::UnitPrice(row), item.unit_price.as_ref())?;
    let amount = operands.amount(f, Slot::Item(row))?;
    let product = quantity.mul_to_units(price, amount.minor_digits())?;
    let near = |minor: i64| (product.saturating_abs() - minor.saturating_abs()).abs() <= 1;
    // Some tills print the price of a row after its reduction.
    let reduced = || -> Option<Money> {
        let own = f.items.iter().filter(|other| other.of == Some(row) && other.kind == ItemKind::Discount);
        let reduction = Money::checked_sum(own.filter_map(|other| value(&other.amount)))?;
        amount.checked_sub(reduction)
    };
    Some(if near(amount.minor) || reduced().is_some_and(|m| near(m.minor)) {
        operands.ends(Outcome::Proved, format!("{quantity} × {price} = {amount}"))
    } else {
        operands.ends(Outcome::Contradicted, format!("{quantity} × {price} is not {amount}"))
    })
}

/// What all rows of the list come to; the detail to end with where that is not known.
fn sum_of_items(f: &Findings, operands: &mut Operands) -> Result<Money, String> {
    let amounts: Vec<_> = (0..f.items.len()).map(|row| operands.amount(f, Slot::Item(row))).collect();
    if amounts.is_empty() {
        return Err("no items were read".to_owned());
    }
    let missing = amounts.iter().filter(|a| a.is_none()).count();
    amounts
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .and_then(Money::checked_sum)
        .ok_or_else(|| format!("{missing} of {} items have no readable amount", f.items.len()))
}

/// Reductions of the whole purchase are often printed below the subtotal, and
/// some subtotals are without the tax that the prices hold.
pub(super) fn items_sum_to_subtotal(f: &Findings) -> Equation {
    let mut operands = Operands::new("items_sum_to_subtotal");
    let sum = match sum_of_items(f, &mut operands) {
        Ok(sum) => sum,
        Err(detail) => return operands.unproved(detail),
    };
    let Some(subtotal) = operands.amount(f, Slot::Subtotal) else { return operands.unproved("no subtotal was read") };
    let of_all = |item: &&ItemFindings| item.kind == ItemKind::Discount && item.of.is_none();
    let reductions = Money::checked_sum(f.items.iter().filter(of_all).filter_map(|item| value(&item.amount)));
    let extras = [
        Extra::unnamed("reductions", reductions).map(Extra::negated),
        tax(f).map(Extra::negated),
        Extra::unnamed("service", f.service),
    ];
    operands.sum_is(("items", sum), &present(extras), ("subtotal", subtotal))
}

pub(super) fn items_sum_to_total(f: &Findings, total: Option<Money>) -> Equation {
    let mut operands = Operands::new("items_sum_to_total");
    let sum = match sum_of_items(f, &mut operands) {
        Ok(sum) => sum,
        Err(detail) => return operands.unproved(detail),
    };
    let Some(total) = total else { return operands.unproved("no total was read") };
    operands.amount(f, Slot::Total);
    operands.sum_is(("items", sum), &added_to_prices(f), ("total", total))
}

pub(super) fn subtotal_plus_tax_is_total(f: &Findings, total: Option<Money>) -> Equation {
    let mut operands = Operands::new("subtotal_plus_tax_is_total");
    let (Some(subtotal), Some(total)) = (operands.amount(f, Slot::Subtotal), total) else {
        return operands.unproved("no subtotal or no total was read");
    };
    operands.amount(f, Slot::Total);
    let result = operands.sum_is(("subtotal", subtotal), &added_to_prices(f), ("total", total));
    // Something lies between the two: without any tax read it may be that.
    match result.outcome {
        Outcome::Contradicted if all_tax(f).is_none() && total.minor > subtotal.minor => {
            Equation { outcome: Outcome::Unproved, detail: format!("subtotal {subtotal}, no tax was read"), ..result }
        }
        _ => result,
    }
}

/// What receipts print below the prices and add to them, or have in them.
fn added_to_prices(f: &Findings) -> Vec<Extra> {
    present([tax(f), rounding(f), Extra::unnamed("service", f.service), tip(f)])
}

pub(super) fn rounding(f: &Findings) -> Option<Extra> {
    Extra::unnamed("rounding", f.rounding)
}

pub(super) fn tip(f: &Findings) -> Option<Extra> {
    Extra::single("tip", f, Slot::Tip)
}

/// Those that were read.
pub(super) fn present<const N: usize>(extras: [Option<Extra>; N]) -> Vec<Extra> {
    extras.into_iter().flatten().collect()
}

/// The printed tax total, or else the tax table.
fn tax(f: &Findings) -> Option<Extra> {
    if let Some(printed) = Extra::single("tax", f, Slot::TaxTotal) {
        return Some(printed);
    }
    let slots: Vec<Slot> = (0..f.taxes.len()).map(Slot::Tax).collect();
    let rows: Option<Vec<Money>> = slots.iter().map(|slot| slot.value(f)).collect();
    Some(Extra { name: "tax", amount: Money::checked_sum(rows?)?, slots })
}

/// The printed tax total, or else the sum of the tax table.
pub fn all_tax(f: &Findings) -> Option<Money> {
    tax(f).map(|extra| extra.amount)
}
