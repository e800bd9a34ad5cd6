//! What cashiers and tills do with a finished list: number the goods, void what was
//! scanned by mistake, gather deposits at the end, count what comes back below zero.

use super::{names, reduce};
use crate::dice::Dice;
use crate::locale::Locale;
use crate::merchant::Shop;
use crate::sale::Entry;
use crate::truth::ItemKind;

/// Entries from which a list is long.
const LONG: usize = 80;

/// Changes some lists; the sum changes by what is added alone, and stays positive.
pub(crate) fn apply(dice: &mut Dice, locale: &Locale, shop: Shop, entries: &mut Vec<Entry>) {
    let long = entries.len() >= LONG;
    names::number(&mut dice.aside(names::PURPOSE), locale, entries, long);
    if dice.chance(0.3) {
        gather_deposits(entries);
    }
    if shop != Shop::Fuel && dice.chance(0.05) {
        void(dice, locale, entries);
    }
    if shop == Shop::Restaurant && dice.chance(0.1) {
        free_of_charge(dice, locale, entries);
    }
    coupon(dice, locale, entries);
    let below_zero = dice.chance(0.4);
    for back in entries.iter_mut().filter(|e| e.kind == ItemKind::Return && below_zero) {
        back.quantity_milli = -back.quantity_milli;
    }
}

/// One row for all deposits of the same worth, behind the goods. They belong to no single item then.
fn gather_deposits(entries: &mut Vec<Entry>) {
    let mut gathered: Vec<Entry> = Vec::new();
    for deposit in entries.iter().filter(|e| e.kind == ItemKind::Deposit) {
        match gathered.iter_mut().find(|g| g.unit_price == deposit.unit_price && g.rate == deposit.rate) {
            Some(same) => {
                same.quantity_milli += deposit.quantity_milli;
                same.amount += deposit.amount;
            }
            None => gathered.push(Entry { of: None, ..deposit.clone() }),
        }
    }
    if gathered.is_empty() {
        return;
    }
    let kept: Vec<bool> = entries.iter().map(|e| e.kind != ItemKind::Deposit).collect();
    let place = |old: usize| kept.iter().take(old).filter(|k| **k).count();
    entries.retain(|e| e.kind != ItemKind::Deposit);
    entries.iter_mut().for_each(|e| e.of = e.of.map(place));
    // What is taken off the whole purchase stays last.
    let goods = entries.iter().rposition(|e| e.kind == ItemKind::Item || e.of.is_some()).map_or(0, |i| i + 1);
    entries.splice(goods..goods, gathered);
}

/// One more coupon, and numbers on those that are there.
fn coupon(dice: &mut Dice, locale: &Locale, entries: &mut Vec<Entry>) {
    if dice.chance(0.06) {
        let name = locale.pick(dice, "coupon");
        reduce(dice, entries, name, 4);
    }
    let numbered = dice.chance(0.35);
    for e in entries.iter_mut().filter(|e| numbered && e.kind == ItemKind::Discount && e.of.is_none()) {
        let mask = dice.pick(&[" ######", " 98##########", " /####", " (####)"]);
        e.description.push_str(&dice.fill(mask));
    }
}

/// An item that was scanned once too often, and taken back.
fn void(dice: &mut Dice, locale: &Locale, entries: &mut Vec<Entry>) {
    let items: Vec<&Entry> = entries.iter().filter(|e| e.kind == ItemKind::Item && e.unit.is_none()).collect();
    let Some(scanned) = items.get(dice.index(items.len())).map(|e| (**e).clone()) else { return };
    let name = scanned.description.clone();
    let description = locale.expand(dice, "void", &|key| (key == "item").then(|| name.clone()));
    let back = Entry { kind: ItemKind::Return, description, code: None, amount: -scanned.amount, ..scanned.clone() };
    entries.extend([scanned, back]);
}

/// A wish that the till lists as an item of its own, at no charge.
fn free_of_charge(dice: &mut Dice, locale: &Locale, entries: &mut Vec<Entry>) {
    let Some(rate) = entries.first().map(|e| e.rate) else { return };
    let items: Vec<usize> =
        (0..entries.len()).filter(|i| entries.get(*i).is_some_and(|e| e.kind == ItemKind::Item)).collect();
    let Some(at) = items.get(dice.index(items.len())).map(|i| i + 1) else { return };
    for e in entries.iter_mut() {
        e.of = e.of.map(|of| if of >= at { of + 1 } else { of });
    }
    let description = locale.pick(dice, "modifier").to_string();
    entries.insert(at, Entry { description, quantity_milli: 1000, rate, ..Entry::default() });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: ItemKind, amount: i64, of: Option<usize>) -> Entry {
        Entry { kind, amount, unit_price: amount, quantity_milli: 1000, of, ..Entry::default() }
    }

    #[test]
    fn deposits_of_one_worth_are_one_row_behind_the_goods() {
        use ItemKind::{Deposit, Discount, Item};
        let mut entries = vec![
            entry(Item, 100, None),
            entry(Deposit, 25, Some(0)),
            entry(Item, 200, None),
            entry(Deposit, 25, Some(2)),
            entry(Discount, -10, Some(2)),
            entry(Discount, -20, None),
        ];
        gather_deposits(&mut entries);
        let rows: Vec<_> = entries.iter().map(|e| (e.kind, e.amount, e.quantity_milli, e.of)).collect();
        let expected = [
            (Item, 100, 1000, None),
            (Item, 200, 1000, None),
            (Discount, -10, 1000, Some(1)),
            (Deposit, 50, 2000, None),
            (Discount, -20, 1000, None),
        ];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_void_and_a_wish_change_no_sum_and_no_link() {
        let locale = &crate::locale::all()[0];
        for seed in 0..50 {
            let mut entries = vec![
                entry(ItemKind::Item, 100, None),
                entry(ItemKind::Item, 200, None),
                entry(ItemKind::Discount, -10, Some(1)),
            ];
            void(&mut Dice::new(seed, 0), locale, &mut entries);
            free_of_charge(&mut Dice::new(seed, 1), locale, &mut entries);
            assert_eq!(entries.iter().map(|e| e.amount).sum::<i64>(), 290);
            let discount = entries.iter().find(|e| e.kind == ItemKind::Discount).and_then(|e| e.of);
            assert_eq!(discount.and_then(|of| entries.get(of)).map(|e| e.amount), Some(200));
            assert_eq!(entries.len(), 6);
        }
    }
}
