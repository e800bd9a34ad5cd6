//! Numbers in the names of goods: `Milk 12`, or `Item 007` where the till knows no name.

use crate::dice::Dice;
use crate::locale::Locale;
use crate::sale::Entry;
use crate::truth::ItemKind;

/// Of the stream that numbers draw from.
pub(super) const PURPOSE: u64 = 0x6e61_6d65;

/// Numbers the goods of some lists, and of more of the `long` ones.
pub(super) fn number(dice: &mut Dice, locale: &Locale, entries: &mut [Entry], long: bool) {
    let [unnamed, named] = if long { [0.2, 0.2] } else { [0.025, 0.035] };
    let unnamed = dice.chance(unnamed);
    if !unnamed && !dice.chance(named) {
        return;
    }
    let word = locale.pick(dice, "unnamed");
    let before = dice.pick(&[" ", " ", " ", " ", " #", "-", " No. "]);
    let width = dice.pick(&[0, 0, 0, 2, 3, 3, 4]);
    let counts = dice.chance(0.6);
    let first = dice.pick(&[1, 1, 1, 1, 101]);
    for (entry, place) in entries.iter_mut().filter(|e| e.kind == ItemKind::Item).zip(first..) {
        let number = if counts { place } else { dice.int(1..=if width == 4 { 9999 } else { 999 }) };
        let name = if unnamed { word } else { entry.description.as_str() };
        entry.description = format!("{name}{before}{number:0width$}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_numbered_goods_are_told_apart() {
        let locale = &crate::locale::all()[0];
        let mut numbered = 0;
        for seed in 0..200 {
            let good = Entry { description: "Milk".to_owned(), ..Entry::default() };
            let mut entries = [good.clone(), Entry { kind: ItemKind::Deposit, ..good.clone() }, good];
            number(&mut Dice::new(seed, 0), locale, &mut entries, true);
            let [one, deposit, other] = entries.map(|e| e.description);
            assert_eq!(deposit, "Milk");
            if one != "Milk" {
                numbered += 1;
                assert_ne!(one, other);
                assert!(one.ends_with(|c: char| c.is_ascii_digit()), "{one}");
            }
        }
        assert!((30..120).contains(&numbered), "{numbered}");
    }
}
