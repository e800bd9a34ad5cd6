//! The list of purchases: goods with prices, weights, reductions, deposits and returns.

pub(crate) mod habits;
mod names;

use crate::dice::Dice;
use crate::locale::Locale;
use crate::merchant::Shop;
use crate::sale::{Entry, divide};
use crate::truth::ItemKind;

/// A random list of at least `least` purchases whose sum is positive at every tax rate.
pub(crate) fn draw(dice: &mut Dice, locale: &Locale, shop: Shop, rates: usize, least: usize) -> Vec<Entry> {
    let coded = dice.chance(0.35);
    let habits = Habits {
        shop,
        rates,
        code: coded.then(|| {
            dice.pick(&["#############", "955#########", "######", "#####", "####", "^^-####", "9##########"])
        }),
        discounts: if dice.chance(0.3) { dice.real(0.05, 0.4) } else { 0.0 },
        deposits: shop == Shop::Grocery && locale.has("deposit") && dice.chance(0.6),
        round_prices: shop == Shop::Restaurant && dice.chance(0.6),
    };
    let many = if shop == Shop::Fuel { 1.5 } else { locale.number("items_mean", 9.0) };
    let count = ((-dice.unit().max(1e-4).ln() * many) as usize + 1).min(45).max(least);
    let mut entries = Vec::new();
    for _ in 0..count {
        let item = habits.item(dice, locale);
        let again = dice.chance(0.05);
        habits.push(dice, locale, &mut entries, item.clone());
        if again {
            habits.push(dice, locale, &mut entries, item);
        }
    }
    if dice.chance(if habits.deposits { 0.3 } else { 0.06 }) {
        for _ in 0..dice.pick(&[1, 1, 2, 3]) {
            give_back(dice, locale, &mut entries, habits.deposits);
        }
    }
    if dice.chance(0.05) {
        let coupon = locale.pick(dice, "coupon");
        reduce(dice, &mut entries, coupon, 3);
    }
    entries
}

/// What holds for a whole receipt.
struct Habits {
    shop: Shop,
    rates: usize,
    code: Option<&'static str>,
    discounts: f64,
    deposits: bool,
    round_prices: bool,
}

impl Habits {
    fn item(&self, dice: &mut Dice, locale: &Locale) -> Entry {
        let weighed = match self.shop {
            Shop::Fuel => dice.chance(0.8),
            Shop::Grocery => dice.chance(0.1),
            _ => false,
        };
        let list = match (self.shop, weighed) {
            (Shop::Grocery, true) => "goods_weighed",
            (Shop::Fuel, false) => "goods_grocery",
            (Shop::Household, _) => "goods_household",
            (Shop::Restaurant, _) => "goods_restaurant",
            (Shop::Health, _) => "goods_health",
            (Shop::Fuel, true) => "goods_fuel",
            (Shop::Grocery, false) => "goods_grocery",
        };
        let good = locale.pick(dice, list);
        let pattern = match self.shop {
            Shop::Restaurant => "dish",
            Shop::Household => "article",
            _ if weighed => "weighed",
            _ => "product",
        };
        let description = locale.expand(dice, pattern, &|name| (name == "good").then(|| good.to_string()));
        let unit_price = self.price(dice, locale, weighed);
        let quantity_milli = match (weighed, self.shop) {
            // Pumps measure hundredths of a litre.
            (true, Shop::Fuel) => dice.int(800..=6_200) * 10,
            (true, _) => dice.int(80..=2_600),
            _ if dice.chance(0.22) => dice.int(2..=6) * 1000,
            _ if dice.chance(0.02) => dice.int(7..=40) * 1000,
            _ => 1000,
        };
        Entry {
            kind: ItemKind::Item,
            description,
            code: self.code.map(|mask| dice.fill(mask)),
            quantity_milli,
            unit: weighed.then_some(if self.shop == Shop::Fuel { locale.one("litre") } else { "kg" }),
            unit_price,
            amount: divide(quantity_milli * unit_price, 1000),
            rate: self.rate(dice, locale),
            of: None,
        }
    }

    /// A price in minor units, spread evenly over orders of magnitude.
    fn price(&self, dice: &mut Dice, locale: &Locale, weighed: bool) -> i64 {
        let (low, high): (f64, f64) = match self.shop {
            Shop::Fuel if weighed => (110.0, 210.0),
            Shop::Grocery | Shop::Fuel => (39.0, 1500.0),
            Shop::Restaurant => (180.0, 3200.0),
            Shop::Household => (80.0, 15_000.0),
            Shop::Health => (150.0, 4500.0),
        };
        let price = (dice.real(low.ln(), high.ln()).exp() * locale.number("price_scale", 1.0)) as i64;
        if weighed && self.shop == Shop::Fuel {
            return price;
        }
        let price = match dice.weighted(&[0.3, 0.35, 0.15, 0.2]) {
            _ if self.round_prices => price / 50 * 50,
            0 => price / 10 * 10 + 9,
            1 => price / 10 * 10,
            2 => price / 100 * 100 + 99,
            _ => price / 5 * 5,
        };
        price.max(10)
    }

    fn rate(&self, dice: &mut Dice, locale: &Locale) -> usize {
        let key = format!("rate_{}", self.shop.key());
        locale.pick(dice, &key).parse().unwrap_or(0_usize).min(self.rates.saturating_sub(1))
    }

    /// Adds an item with the rows that belong to it.
    fn push(&self, dice: &mut Dice, locale: &Locale, entries: &mut Vec<Entry>, item: Entry) {
        let (rate, pieces, amount) = (item.rate, item.quantity_milli, item.amount);
        let single = item.unit.is_none();
        let of = Some(entries.len());
        entries.push(item);
        if self.deposits && single && dice.chance(0.25) {
            let each = dice.pick(&[8, 15, 25, 25]) * locale.number("deposit_scale", 1.0) as i64;
            entries.push(Entry {
                kind: ItemKind::Deposit,
                description: locale.pick(dice, "deposit").to_string(),
                quantity_milli: pieces,
                unit_price: each,
                amount: divide(pieces * each, 1000),
                rate,
                of,
                ..Entry::default()
            });
        }
        if amount > 60 && dice.chance(self.discounts) {
            let percent = dice.pick(&[10, 15, 20, 25, 30, 50]);
            let shown = percent.to_string();
            let description = locale.expand(dice, "discount", &|name| (name == "percent").then(|| shown.clone()));
            let named = description.contains(&shown);
            let off = if named { divide(amount * percent, 100) } else { amount * dice.int(5..=50) / 500 * 5 }.max(5);
            entries.push(Entry {
                kind: ItemKind::Discount,
                description,
                quantity_milli: 1000,
                unit_price: -off,
                amount: -off,
                rate,
                of,
                ..Entry::default()
            });
        }
    }
}

/// Something given back: returned goods or empties, worth less than the rest.
fn give_back(dice: &mut Dice, locale: &Locale, entries: &mut Vec<Entry>, empties: bool) {
    let Some(rate) = entries.first().map(|e| e.rate) else { return };
    let spare = spare_at(entries, rate);
    let (pieces, each) = if empties {
        (dice.int(1..=14), dice.pick(&[8, 15, 25, 25]) * locale.number("deposit_scale", 1.0) as i64)
    } else {
        (1, dice.int(20..=300) * 5)
    };
    let worth = pieces * each;
    if worth >= spare {
        return;
    }
    let key = if empties && locale.has("deposit_return") { "deposit_return" } else { "returned" };
    let good = locale.pick(dice, "goods_household");
    let description = locale.expand(dice, key, &|name| (name == "good").then(|| good.to_string()));
    entries.push(Entry {
        kind: ItemKind::Return,
        description,
        quantity_milli: pieces * 1000,
        unit_price: each,
        amount: -worth,
        rate,
        ..Entry::default()
    });
}

/// A reduction on the whole list.
fn reduce(dice: &mut Dice, entries: &mut Vec<Entry>, description: &str, share: i64) {
    let Some(rate) = entries.first().map(|e| e.rate) else { return };
    let most = spare_at(entries, rate) / share / 10 * 10;
    if most < 10 {
        return;
    }
    let off = dice.int(1..=most / 10) * 10;
    entries.push(Entry {
        kind: ItemKind::Discount,
        description: description.to_string(),
        quantity_milli: 1000,
        unit_price: -off,
        amount: -off,
        rate,
        ..Entry::default()
    });
}

fn spare_at(entries: &[Entry], rate: usize) -> i64 {
    entries.iter().filter(|e| e.rate == rate).map(|e| e.amount).sum()
}
