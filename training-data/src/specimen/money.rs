//! Amounts in the ways of all countries.

use crate::dice::Dice;
use crate::format::{Numbers, Sign};
use crate::locale::Locale;

/// Signs and codes that stand before or behind amounts.
const SIGNS: [&str; 24] = [
    "€", "€", "€", "EUR", "EUR", "£", "£", "$", "$", "US$", "kr", "kr.", "zł", "Kč", "CHF", "Fr.", "DKK", "SEK", "NOK",
    "GBP", "USD", "Ft", "lei", "RM",
];

/// An amount; mostly in the locale's way, sometimes in another country's.
pub(super) fn amount(dice: &mut Dice, locale: &Locale) -> String {
    let minor = match dice.weighted(&[0.2, 0.45, 0.25, 0.07, 0.03]) {
        0 => dice.int(1..=99),
        1 => dice.int(100..=1999),
        2 => dice.int(2000..=29_999),
        3 => dice.int(30_000..=999_999),
        _ => dice.int(1_000_000..=999_999_999),
    };
    let home = locale.one("decimal").chars().next().unwrap_or('.');
    let decimal = if dice.chance(0.8) { home } else { dice.pick(&['.', ',']) };
    let group = match decimal {
        ',' => dice.pick(&[Some('.'), Some('.'), Some(' '), None]),
        _ => dice.pick(&[Some(','), Some(','), Some('\''), Some(' '), None]),
    };
    let numbers = Numbers {
        decimal,
        group,
        sign: if dice.chance(0.3) { Sign::Behind } else { Sign::Front },
        bare_fraction: dice.chance(0.03),
    };
    let negative = dice.chance(0.12);
    let text = match dice.weighted(&[0.9, 0.04, 0.06]) {
        0 => numbers.money(if negative { -minor } else { minor }),
        1 => numbers.fixed(minor, 3),
        _ => numbers.fixed(minor / 100, 0),
    };
    match dice.weighted(&[0.93, 0.025, 0.025, 0.02]) {
        0 => text,
        1 => format!("({text})"),
        2 => format!("+{text}"),
        _ => format!("{text}*"),
    }
}

/// An amount with a currency, in front or behind, or another unit.
pub(super) fn dressed(dice: &mut Dice, locale: &Locale) -> String {
    let number = amount(dice, locale);
    let sign = if dice.chance(0.35) { locale.pick(dice, "sign") } else { dice.pick(&SIGNS) };
    match dice.weighted(&[0.25, 0.15, 0.2, 0.25, 0.1, 0.05]) {
        0 => format!("{number} {sign}"),
        1 => format!("{number}{sign}"),
        2 => format!("{sign} {number}"),
        3 => format!("{sign}{number}"),
        4 => format!("{number} {}", dice.pick(&["A", "B", "C", "1", "2", "*", "A*", "%", "AW", "#"])),
        _ => format!("{number}{}", dice.pick(&["A", "B", "%", "*", "-A", " T"])),
    }
}

/// A rate of tax or of a reduction.
pub(super) fn rate(dice: &mut Dice) -> String {
    let whole = dice.pick(&[0, 3, 4, 5, 6, 7, 9, 10, 12, 13, 14, 19, 20, 21, 22, 23, 24, 25, 50]);
    let number = match dice.index(4) {
        0 => format!("{whole},{}", dice.pick(&["00", "0", "5", "50", "10"])),
        1 => format!("{whole}.{}", dice.pick(&["00", "0", "5", "50", "25"])),
        _ => whole.to_string(),
    };
    match dice.index(5) {
        0 => format!("{number} %"),
        1 => format!("-{number}%"),
        2 => format!("{}={number}%", dice.pick(&["A", "B", "C", "1", "2"])),
        _ => format!("{number}%"),
    }
}

/// A quantity, mostly with a price of one.
pub(super) fn quantity(dice: &mut Dice, locale: &Locale) -> String {
    let count = dice.int(1..=24);
    let decimal = locale.one("decimal");
    let weight = format!("{}{decimal}{}", dice.int(0..=4), dice.fill("###"));
    let price = amount(dice, locale);
    let unit =
        dice.pick(&["kg", "KG", "l", "g", "Stk", "St.", "st", "pcs", "kpl", "uds", "un", "pz", "stuks", "m²", "Kg"]);
    match dice.index(10) {
        0 => format!("{count} x {price}"),
        1 => format!("{count} X {price}"),
        2 => format!("{count}x"),
        3 => format!("{count} {unit} à {price}"),
        4 => format!("{weight} {unit} x {price}"),
        5 => format!("{weight} kg × {price} {}/kg", dice.pick(&["€", "EUR", "kr", "£"])),
        6 => format!("{count} * {price}"),
        7 => format!("{count} @ {price}"),
        8 => format!("{count} {unit}"),
        _ => format!("{weight}{unit}"),
    }
}
