//! What was bought and paid, in whole minor units; all sums are exact.

use crate::dice::Dice;
use crate::format::Moment;
use crate::goods::{self, habits};
use crate::locale::Locale;
use crate::merchant::Shop;
use crate::truth::ItemKind;

/// One row of the list of purchases.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    pub(crate) kind: ItemKind,
    pub(crate) description: String,
    pub(crate) code: Option<String>,
    /// Thousandths: 2000 is two pieces, 534 is 0.534 kg.
    pub(crate) quantity_milli: i64,
    /// The unit where the goods are weighed or measured.
    pub(crate) unit: Option<&'static str>,
    pub(crate) unit_price: i64,
    /// Negative for reductions and returns.
    pub(crate) amount: i64,
    /// Index into [`Sale::rates`].
    pub(crate) rate: usize,
    /// The entry that a reduction or deposit belongs to.
    pub(crate) of: Option<usize>,
}

/// One row of the tax table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TaxRow {
    /// Index into [`Sale::rates`].
    pub(crate) rate: usize,
    pub(crate) net: i64,
    pub(crate) tax: i64,
}

/// How something was paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Cash,
    Card,
    Voucher,
}

/// A purchase with consistent sums:
/// `goods = Σ entries`; `goods + service (+ Σ tax when added) + tip + rounding = total`;
/// `Σ (net + tax) = goods + service` (`+ Σ tax` when added); `Σ payments − change = total`.
#[derive(Debug, Clone)]
pub(crate) struct Sale {
    pub(crate) moment: Moment,
    pub(crate) entries: Vec<Entry>,
    /// Thousandths of a percent (19 % is 19000), the standard rate first.
    pub(crate) rates: Vec<i64>,
    /// Whether tax comes on top of the prices instead of being part of them.
    pub(crate) tax_added: bool,
    pub(crate) taxes: Vec<TaxRow>,
    pub(crate) goods: i64,
    pub(crate) service: Option<i64>,
    /// Percent of the service charge.
    pub(crate) service_rate: i64,
    pub(crate) tip: Option<i64>,
    pub(crate) rounding: i64,
    /// Whether the shop rounds to the smallest coin, even if by nothing.
    pub(crate) rounds: bool,
    pub(crate) total: i64,
    pub(crate) payments: Vec<(Method, i64)>,
    pub(crate) change: i64,
}

impl Sale {
    /// A random purchase of at least `least` rows in a shop of this kind.
    pub(crate) fn draw([dice, extras]: [&mut Dice; 2], locale: &Locale, shop: Shop, least: usize) -> Self {
        let rates: Vec<i64> = match locale.list("rates") {
            // Countries whose rate is set by town or year print one of many.
            list if locale.has("rate_is_local") => vec![thousandths(dice.pick(list)), 0],
            list => list.iter().map(|r| thousandths(r)).collect(),
        };
        let mut entries = goods::draw(dice, locale, shop, rates.len(), least);
        habits::apply(extras, locale, shop, &mut entries);
        let goods: i64 = entries.iter().map(|e| e.amount).sum();
        let tax_added = dice.chance(locale.number("tax_added_share", 0.0));
        let service_rate = dice.pick(&[10, 10, 10, 5, 8, 12]);
        let serves = shop == Shop::Restaurant && dice.chance(locale.number("service_share", 0.0));
        let service = serves.then(|| divide(goods * service_rate, 100));
        let taxes = tax_rows(&entries, &rates, service, tax_added);
        let added: i64 = if tax_added { taxes.iter().map(|t| t.tax).sum() } else { 0 };
        let due = goods + service.unwrap_or(0) + added;
        let tips = shop == Shop::Restaurant && dice.chance(locale.number("tip_share", 0.06));
        let tip = tips.then(|| (due * dice.int(5..=25) / 100).max(10) / 10 * 10);
        let mut sale = Self {
            moment: Moment::draw(dice),
            entries,
            rates,
            tax_added,
            taxes,
            goods,
            service,
            service_rate,
            tip,
            rounding: 0,
            rounds: false,
            total: due + tip.unwrap_or(0),
            payments: Vec::new(),
            change: 0,
        };
        sale.pay(dice, locale);
        sale
    }

    /// A random purchase on account: tax mostly comes on top, and nothing is paid yet.
    pub(crate) fn draw_invoice([dice, extras]: [&mut Dice; 2], locale: &Locale, shop: Shop, least: usize) -> Self {
        let tax_added = dice.chance(0.8);
        let mut sale = Self::draw([dice, extras], locale, shop, least);
        sale.tax_added = tax_added;
        (sale.service, sale.tip, sale.rounding, sale.rounds) = (None, None, 0, false);
        sale.taxes = tax_rows(&sale.entries, &sale.rates, None, tax_added);
        sale.total = sale.goods + if tax_added { sale.tax() } else { 0 };
        (sale.payments, sale.change) = (Vec::new(), 0);
        sale
    }

    /// Net amounts of the tax table, together.
    pub(crate) fn net(&self) -> i64 {
        self.taxes.iter().map(|t| t.net).sum()
    }

    /// Taxes of the tax table, together.
    pub(crate) fn tax(&self) -> i64 {
        self.taxes.iter().map(|t| t.tax).sum()
    }

    /// What was due before rounding.
    pub(crate) fn unrounded(&self) -> i64 {
        self.total - self.rounding
    }

    fn pay(&mut self, dice: &mut Dice, locale: &Locale) {
        let cash = dice.chance(locale.number("cash_share", 0.4));
        let coin = locale.number("smallest_coin", 1.0) as i64;
        let rounds =
            coin > 1 && (cash || locale.has("rounds_cards")) && dice.chance(locale.number("rounds_share", 0.9));
        // No shop rounds what is due to nothing.
        self.rounds = rounds && self.total >= coin;
        if self.rounds {
            let rounded = divide(self.total, coin) * coin;
            self.rounding = rounded - self.total;
            self.total = rounded;
        }
        let mut left = self.total;
        if left > 500 && dice.chance(0.04) {
            let voucher = dice.int(1..=left / 200) * 100;
            self.payments.push((Method::Voucher, voucher));
            left -= voucher;
        }
        if cash {
            let tendered = if dice.chance(0.2) { left } else { round_up(left, note(dice, locale, left)) };
            self.payments.push((Method::Cash, tendered));
            self.change = tendered - left;
        } else {
            self.payments.push((Method::Card, left));
        }
    }
}

/// Percent with a point to thousandths of a percent.
fn thousandths(rate: &str) -> i64 {
    rate.parse().map_or(0, |r: f64| (r * 1000.0).round() as i64)
}

/// `a / b` rounded half away from zero.
pub(crate) fn divide(a: i64, b: i64) -> i64 {
    (2 * a.abs() + b) / (2 * b) * a.signum()
}

fn tax_rows(entries: &[Entry], rates: &[i64], service: Option<i64>, added: bool) -> Vec<TaxRow> {
    let mut rows = Vec::new();
    for (rate, per_mille) in rates.iter().enumerate() {
        let mut members = entries.iter().filter(|e| e.rate == rate).map(|e| e.amount).peekable();
        let charge = if rate == 0 { service } else { None };
        if members.peek().is_none() && charge.is_none() {
            continue;
        }
        let sum = members.sum::<i64>() + charge.unwrap_or(0);
        let (net, tax) = if added {
            (sum, divide(sum * per_mille, 100_000))
        } else {
            let net = divide(sum * 100_000, 100_000 + per_mille);
            (net, sum - net)
        };
        rows.push(TaxRow { rate, net, tax });
    }
    rows
}

/// A coin or note that people would hand over for `amount`.
fn note(dice: &mut Dice, locale: &Locale, amount: i64) -> i64 {
    let scale = (locale.number("price_scale", 1.0).max(1.0) as i64 / 5).max(1);
    let notes: Vec<i64> = [100, 500, 1000, 2000, 5000, 10_000]
        .into_iter()
        .map(|n| n * scale)
        .filter(|n| *n < amount * 6 && amount < *n * 8)
        .collect();
    if notes.is_empty() { 5000 } else { dice.pick(&notes) }
}

fn round_up(amount: i64, step: i64) -> i64 {
    (amount + step - 1).div_euclid(step) * step
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_are_exact(seed in any::<u64>(), which in 0..crate::locale::all().len(), kind in 0..5_u64) {
            let locale = &crate::locale::all()[which];
            let shop = [Shop::Grocery, Shop::Restaurant, Shop::Household, Shop::Health, Shop::Fuel][kind as usize];
            let sale = Sale::draw([&mut Dice::new(seed, kind), &mut Dice::new(!seed, kind)], locale, shop, 0);
            let listed: i64 = sale.entries.iter().map(|e| e.amount).sum();
            prop_assert_eq!(listed, sale.goods);
            let added = if sale.tax_added { sale.tax() } else { 0 };
            let due = sale.goods + sale.service.unwrap_or(0) + added;
            prop_assert_eq!(sale.net() + sale.tax(), due);
            prop_assert_eq!(due + sale.tip.unwrap_or(0) + sale.rounding, sale.total);
            prop_assert_eq!(sale.payments.iter().map(|p| p.1).sum::<i64>() - sale.change, sale.total);
            prop_assert!(sale.total > 0 && sale.change >= 0);
            for t in &sale.taxes {
                let exact = t.net as f64 * sale.rates[t.rate] as f64 / 100_000.0;
                prop_assert!((exact - t.tax as f64).abs() <= 1.0, "{t:?} at {}", sale.rates[t.rate]);
            }
            for e in sale.entries.iter().filter(|e| e.kind == ItemKind::Item) {
                prop_assert_eq!(e.amount, divide(e.quantity_milli * e.unit_price, 1000));
            }
        }
    }

    #[test]
    fn halves_round_away_from_zero() {
        assert_eq!((divide(5, 10), divide(-5, 10), divide(14, 10), divide(-14, 10)), (1, -1, 1, -1));
    }
}
