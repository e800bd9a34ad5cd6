//! Rules that the values of a receipt obey, and what holding them against a receipt comes to.
//!
//! Every rule compares exact amounts. `Proved` and `Contradicted` are claims
//! about values that were read; where one is missing the rule is `Unproved`.

use jiff::civil::Date;
use slipstream_models::entities::Span;

pub use slipstream_api::Outcome;

use super::{Decimal, Findings, Found, Money, PaymentFindings, TaxFindings, spans_of};

/// What a rule came to.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckResult {
    /// Stable name of the rule.
    pub code: &'static str,
    /// What it came to.
    pub outcome: Outcome,
    /// The figures behind the outcome.
    pub detail: String,
    /// The least probability among the values that were compared, 0 to 1.
    pub confidence: f32,
    /// Where the values that were compared stand.
    pub spans: Vec<Span>,
}

/// Minor units by which a tax may differ from its rate: tills round per item or per receipt.
const TAX_TOLERANCE_MINOR: i64 = 1;

/// Upper-case words that name change among the payments.
const CHANGE_METHODS: [&str; 8] = ["CHANGE", "RÜCKGELD", "RENDU", "CAMBIO", "RESTO", "TROCO", "WISSELGELD", "RESZTA"];

/// Every rule, in the order in which a person would add up.
pub fn check_all(findings: &Findings, today: Date) -> Vec<CheckResult> {
    let mut checks = vec![quantity_times_unit_price(findings)];
    checks.extend(checks_of_total(findings, findings.total.as_ref().and_then(|t| t.value().copied())));
    checks.extend([taxes_sum_to_tax_total(findings), tax_matches_rate(findings), date_not_in_future(findings, today)]);
    checks
}

/// The rules about the total, for an assumed `total`.
pub fn checks_of_total(findings: &Findings, total: Option<Money>) -> [CheckResult; 4] {
    [
        items_sum_to_total(findings, total),
        subtotal_plus_tax_is_total(findings, total),
        net_plus_tax_is_total(findings, total),
        payment_minus_change_is_total(findings, total),
    ]
}

/// Gathers the values that a rule uses.
#[derive(Debug)]
struct Rule {
    code: &'static str,
    confidence: f32,
    spans: Vec<Span>,
}

impl Rule {
    fn new(code: &'static str) -> Self {
        Self { code, confidence: 1.0, spans: Vec::new() }
    }

    /// The field's value; what it was copied from is remembered.
    fn read<T: Copy>(&mut self, field: &Option<Found<T>>) -> Option<T> {
        let found = field.as_ref()?;
        let value = found.value().copied()?;
        self.confidence = self.confidence.min(found.best.confidence);
        self.spans.extend_from_slice(spans_of(field));
        Some(value)
    }

    fn ends(self, outcome: Outcome, detail: impl Into<String>) -> CheckResult {
        CheckResult { code: self.code, outcome, detail: detail.into(), confidence: self.confidence, spans: self.spans }
    }

    fn unproved(self, detail: impl Into<String>) -> CheckResult {
        self.ends(Outcome::Unproved, detail)
    }

    /// Proved if `base` plus the sum of some of `extras` is `total`. Receipts
    /// print prices with or without tax, and a tip or rounding is part of the
    /// total on some and not on others; fewer extras are tried first.
    fn sum_is(self, what: &str, base: Money, extras: &[(&str, Option<Money>)], total: Money) -> CheckResult {
        let present: Vec<(&str, Money)> =
            extras.iter().filter_map(|(n, m)| Some((*n, (*m).filter(|m| m.minor != 0)?))).collect();
        let mut choices: Vec<u32> = (0..1_u32 << present.len()).collect();
        choices.sort_by_key(|c| c.count_ones());
        let mut nearly = None;
        for choice in choices {
            let chosen: Vec<_> =
                present.iter().enumerate().filter(|(i, _)| choice & (1 << i) != 0).map(|(_, e)| e).collect();
            let Some(sum) = Money::checked_sum(std::iter::once(base).chain(chosen.iter().map(|(_, m)| *m))) else {
                continue;
            };
            let parts: String = chosen.iter().map(|(name, m)| format!(" + {name} {m}")).collect();
            if sum == total {
                return self.ends(Outcome::Proved, format!("{what} {base}{parts} = total {total}"));
            }
            if nearly.is_none() && may_be_rounded(sum, total) {
                nearly = Some(format!("{what} {base}{parts} is {sum}, perhaps rounded to total {total}"));
            }
        }
        if let Some(detail) = nearly {
            return self.unproved(detail);
        }
        let names: String = present.iter().map(|(name, m)| format!(", {name} {m}")).collect();
        self.ends(Outcome::Contradicted, format!("{what} {base}{names} do not give total {total}"))
    }
}

fn items_sum_to_total(f: &Findings, total: Option<Money>) -> CheckResult {
    let mut rule = Rule::new("items_sum_to_total");
    let amounts: Vec<_> = f.items.iter().map(|i| rule.read(&i.amount)).collect();
    if amounts.is_empty() {
        return rule.unproved("no items were read");
    }
    let Some(sum) = amounts.iter().copied().collect::<Option<Vec<_>>>().and_then(Money::checked_sum) else {
        let missing = amounts.iter().filter(|a| a.is_none()).count();
        return rule.unproved(format!("{missing} of {} items have no readable amount", amounts.len()));
    };
    let Some(total) = total else { return rule.unproved("no total was read") };
    rule.read(&f.total);
    rule.sum_is("items", sum, &added_to_prices(f), total)
}

fn subtotal_plus_tax_is_total(f: &Findings, total: Option<Money>) -> CheckResult {
    let mut rule = Rule::new("subtotal_plus_tax_is_total");
    let (Some(subtotal), Some(total)) = (rule.read(&f.subtotal), total) else {
        return rule.unproved("no subtotal or no total was read");
    };
    rule.read(&f.total);
    let result = rule.sum_is("subtotal", subtotal, &added_to_prices(f), total);
    // Something lies between the two: without any tax read it may be that.
    match result.outcome {
        Outcome::Contradicted if all_tax(f).is_none() && total.minor > subtotal.minor => CheckResult {
            outcome: Outcome::Unproved,
            detail: format!("subtotal {subtotal}, no tax was read"),
            ..result
        },
        _ => result,
    }
}

/// The tax table's own sum: every row shows what is taxed and the tax.
fn net_plus_tax_is_total(f: &Findings, total: Option<Money>) -> CheckResult {
    let mut rule = Rule::new("net_plus_tax_is_total");
    let rows: Option<Vec<Money>> =
        f.taxes.iter().map(|t| rule.read(&t.net)?.checked_add(rule.read(&t.amount)?)).collect();
    let (Some(sum), Some(total)) = (rows.and_then(Money::checked_sum), total) else {
        return rule.unproved("no complete tax table or no total was read");
    };
    rule.read(&f.total);
    rule.sum_is("net and tax", sum, &[("rounding", f.rounding), ("service", f.service), ("tip", value(&f.tip))], total)
}

fn payment_minus_change_is_total(f: &Findings, total: Option<Money>) -> CheckResult {
    let mut rule = Rule::new("payment_minus_change_is_total");
    let paid: Option<Vec<Money>> = f.payments.iter().filter(|p| !is_change(p)).map(|p| rule.read(&p.amount)).collect();
    let (Some(paid), Some(total)) = (paid.and_then(Money::checked_sum), total) else {
        return rule.unproved("no payment or no total was read");
    };
    rule.read(&f.total);
    let change = f.payments.iter().find(|p| is_change(p)).and_then(|p| value(&p.amount)).or(f.change);
    let given_back = change.map(|m| m.as_reduction());
    let kept = match given_back {
        Some(change) => match paid.checked_add(change) {
            Some(kept) => kept,
            None => return rule.unproved("payment and change cannot be subtracted"),
        },
        None => paid,
    };
    let minus_rounding = f.rounding.map(|m| Money { minor: m.minor.saturating_neg(), ..m });
    let result =
        rule.sum_is("payment less change", kept, &[("rounding", minus_rounding), ("tip", value(&f.tip))], total);
    // More money was handed over than was due, and no change was read: nothing contradicts.
    match result.outcome {
        Outcome::Contradicted if change.is_none() && kept.minor > total.minor => {
            CheckResult { outcome: Outcome::Unproved, detail: format!("paid {paid}, no change was read"), ..result }
        }
        _ => result,
    }
}

fn taxes_sum_to_tax_total(f: &Findings) -> CheckResult {
    let mut rule = Rule::new("taxes_sum_to_tax_total");
    let rows: Option<Vec<Money>> = f.taxes.iter().map(|t| rule.read(&t.amount)).collect();
    match (rows.and_then(Money::checked_sum), rule.read(&f.tax_total)) {
        (Some(sum), Some(all)) if sum == all => rule.ends(Outcome::Proved, format!("taxes {sum} = tax total {all}")),
        (Some(sum), Some(all)) => rule.ends(Outcome::Contradicted, format!("taxes {sum} are not tax total {all}")),
        _ => rule.unproved("no taxes or no tax total were read"),
    }
}

fn tax_matches_rate(f: &Findings) -> CheckResult {
    let mut rule = Rule::new("tax_matches_rate");
    let mut seen = Vec::new();
    for row in &f.taxes {
        let (Some(rate), Some(tax)) = (rule.read(&row.rate), rule.read(&row.amount)) else { continue };
        let base = rule.read(&row.net);
        match tax_agrees(f, row, rate, tax, base) {
            Some(true) => seen.push(format!("{tax} is {rate} %")),
            Some(false) => return rule.ends(Outcome::Contradicted, format!("tax {tax} is not {rate} %")),
            None => {}
        }
    }
    if seen.is_empty() {
        rule.unproved("no tax with its rate and base was read")
    } else {
        rule.ends(Outcome::Proved, seen.join(", "))
    }
}

/// Whether `tax` is `rate` per cent of the row's base. Some tills print the
/// base with the tax in it; a row without base is held against the total when
/// it is the only one. `None` where there is nothing to hold it against.
fn tax_agrees(f: &Findings, row: &TaxFindings, rate: Decimal, tax: Money, net: Option<Money>) -> Option<bool> {
    let near = |expected: i64| (expected - tax.minor).abs() <= TAX_TOLERANCE_MINOR;
    // tax = base · rate / 100, and for a base that holds the tax: base · rate / (100 + rate).
    let rate_units = rate.to_units(4)?;
    let of = |base: i64, whole: i64| {
        let (n, d) = (i128::from(base) * i128::from(rate_units), i128::from(whole));
        i64::try_from((n.abs() + d / 2) / d * n.signum()).ok()
    };
    let (of_net, of_gross) = (100 * 10_000, 100 * 10_000 + rate_units);
    match net {
        Some(net) => Some(near(of(net.minor, of_net)?) || near(of(net.minor, of_gross)?)),
        None if f.taxes.len() == 1 && row.net.is_none() => {
            let total = value(&f.total)?;
            let on_top = value(&f.subtotal).and_then(|s| of(s.minor, of_net)).is_some_and(near);
            // Not all of the total need be taxed, so disagreement shows nothing.
            (on_top || near(of(total.minor, of_gross)?)).then_some(true)
        }
        None => None,
    }
}

fn quantity_times_unit_price(f: &Findings) -> CheckResult {
    let mut rule = Rule::new("quantity_times_unit_price_is_amount");
    let (mut agree, mut differ) = (0, Vec::new());
    for item in &f.items {
        let (Some(quantity), Some(price), Some(amount)) =
            (value(&item.quantity), value(&item.unit_price), value(&item.amount))
        else {
            continue;
        };
        let Some(product) = quantity.mul_to_units(price, amount.minor_digits()) else { continue };
        if (product.saturating_abs() - amount.minor.saturating_abs()).abs() <= 1 {
            agree += 1;
        } else {
            rule.read(&item.quantity);
            rule.read(&item.unit_price);
            rule.read(&item.amount);
            differ.push(format!("{quantity} × {price} is not {amount}"));
        }
    }
    match (agree, differ.is_empty()) {
        (0, true) => rule.unproved("no item with quantity, unit price and amount was read"),
        (n, true) => rule.ends(Outcome::Proved, format!("{n} items")),
        _ => rule.ends(Outcome::Contradicted, differ.join(", ")),
    }
}

fn date_not_in_future(f: &Findings, today: Date) -> CheckResult {
    let mut rule = Rule::new("date_not_in_future");
    match rule.read(&f.date) {
        Some(date) if date <= today => rule.ends(Outcome::Proved, format!("{date} is not after {today}")),
        Some(date) => rule.ends(Outcome::Contradicted, format!("{date} is after {today}")),
        None => rule.unproved("no date was read"),
    }
}

fn is_change(payment: &PaymentFindings) -> bool {
    let method = payment.method.as_ref().and_then(|m| m.value()).map(|m| m.to_uppercase()).unwrap_or_default();
    method.split_whitespace().any(|w| CHANGE_METHODS.contains(&w))
}

/// Whether `total` is a round amount next to `sum`: a multiple of five smallest
/// units where the smallest coins are gone, or a whole amount.
fn may_be_rounded(sum: Money, total: Money) -> bool {
    let apart = sum.minor.abs_diff(total.minor);
    let whole = 10_i64.pow(u32::from(total.minor_digits()));
    (apart <= 2 && total.minor % 5 == 0) || (2 * apart <= whole.unsigned_abs() && total.minor % whole == 0)
}

/// What receipts print below the prices and add to them, or have in them.
fn added_to_prices(f: &Findings) -> [(&'static str, Option<Money>); 4] {
    [("tax", all_tax(f)), ("rounding", f.rounding), ("service", f.service), ("tip", value(&f.tip))]
}

/// The printed tax total, or else the sum of the tax table.
pub(super) fn all_tax(f: &Findings) -> Option<Money> {
    let rows = || f.taxes.iter().map(|t| value(&t.amount)).collect::<Option<Vec<_>>>().and_then(Money::checked_sum);
    value(&f.tax_total).or_else(rows)
}

/// The field's believed value.
pub(super) fn value<T: Copy>(field: &Option<Found<T>>) -> Option<T> {
    field.as_ref().and_then(|f| f.value().copied())
}

#[cfg(test)]
#[path = "arithmetic_tests.rs"]
mod tests;
