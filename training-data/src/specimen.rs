//! Pages of unrelated lines, to learn reading from: more words, numbers and signs than receipts have.
//!
//! A page is set like a receipt, in one typeface and in columns, so that boxes
//! and neighbours are those of receipts. Its face is chosen first and lines
//! that it cannot show are drawn again, so that every family has its share.

mod alphabet;
mod kinds;
mod money;
mod numbers;
mod words;

use crate::compose::{Anchor, Cell, Row};
use crate::dice::Dice;
use crate::font::{BUILT_IN, Typefaces};
use crate::layout::{Sheet, Zeros, lay_out};
use crate::locale::Locale;
use crate::look::Look;
use crate::receipt::{Receipt, TYPEFACE};
use crate::text::Text;
use crate::truth::{Kind, Truth};
use kinds::Writer;

pub use alphabet::alphabet;

/// Tries for a line that the page's typeface can show.
const TRIES: usize = 24;
/// How often zeros are marked where the typeface does not do so itself.
const MARKED_ZEROS_SHARE: f64 = 0.4;
/// What every typeface must be able to show.
const LEAST: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:-*/%";

/// Page `index` of the collection `seed`, in the words of `locale` and one of
/// `typefaces`. The same arguments give the same page on every machine.
pub fn generate_lines(locale: &'static Locale, seed: u64, index: u64, typefaces: &Typefaces) -> Receipt {
    let mut dice = Dice::new(seed ^ TYPEFACE.rotate_left(7), index);
    let mut look = Look::draw(&mut dice, locale);
    let (face, name) = typefaces.draw(&mut dice, LEAST).unwrap_or((look.face, BUILT_IN));
    look.face = face;
    let count = dice.int(14..=46) as usize;
    let rows = {
        let mut writer = Writer::new(&mut dice, locale);
        (0..count).map(|_| row(&mut writer, &look)).collect()
    };
    let page = lay_out(rows, &look);
    let zeros = if dice.chance(MARKED_ZEROS_SHARE) { dice.pick(&Zeros::MARKS) } else { Zeros::AsDrawn };
    let id = format!("{}-lines-{seed}-{index}", locale.tag);
    let truth = Truth {
        kind: Some(Kind::Lines),
        typeface: Some(name.to_string()),
        ..Truth::of_page(id, locale, page.size, page.lines)
    };
    Receipt { sheet: Sheet { zeros, ..page.sheet }, truth }
}

/// One row: mostly one line, often with a number at the other side.
fn row(writer: &mut Writer, look: &Look) -> Row {
    let cells = match writer.dice.weighted(&[0.46, 0.18, 0.28, 0.08]) {
        0 => vec![cell(Anchor::Left(0.0), shown(writer, look, Writer::line))],
        1 => vec![cell(Anchor::Centre(0.5), shown(writer, look, Writer::line))],
        2 => vec![
            cell(Anchor::Left(0.0), shown(writer, look, Writer::label)),
            cell(Anchor::Right(1.0), shown(writer, look, Writer::value)),
        ],
        _ => vec![
            cell(Anchor::Left(0.0), shown(writer, look, Writer::short)),
            cell(Anchor::Right(0.66), shown(writer, look, Writer::value)),
            cell(Anchor::Right(1.0), shown(writer, look, Writer::value)),
        ],
    };
    let dice = &mut *writer.dice;
    let scale = match dice.weighted(&[0.8, 0.08, 0.06, 0.06]) {
        0 => [1.0, 1.0],
        1 => [1.0, dice.real(1.15, 1.9) as f32],
        2 => [dice.real(1.1, 1.8) as f32, 1.0],
        _ => [dice.real(0.7, 1.6) as f32; 2],
    };
    let before = if dice.chance(0.15) { dice.real(0.2, 1.2) as f32 } else { 0.0 };
    Row { cells, scale, bold: dice.chance(0.12), before, rule: dice.chance(0.02), code: None }
}

fn cell(at: Anchor, text: String) -> Cell {
    Cell { at, text: Text::plain(text) }
}

/// A line that the face can show.
fn shown<'a>(writer: &mut Writer<'a>, look: &Look, write: fn(&mut Writer<'a>) -> String) -> String {
    for _ in 0..TRIES {
        let line = write(writer);
        if look.face.covers(&line) {
            return line;
        }
    }
    writer.dice.fill("~##.##")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::locale;

    #[test]
    fn every_character_of_the_alphabet_occurs() {
        let mut counts: HashMap<char, usize> = HashMap::new();
        let mut lines = 0;
        for index in 0..600 {
            let locale = &locale::all()[index as usize % locale::all().len()];
            let page = generate_lines(locale, 9, index, &Typefaces::default());
            lines += page.truth.lines.len();
            page.truth.lines.iter().flat_map(|l| l.text.chars()).for_each(|c| *counts.entry(c).or_default() += 1);
        }
        let rate = |c: char| counts.get(&c).copied().unwrap_or(0) as f64 / lines as f64;
        let rare: Vec<_> =
            alphabet().chars().filter(|c| rate(*c) < 1.0 / 3000.0).map(|c| (c, rate(c) * 3000.0)).collect();
        assert!(rare.is_empty(), "less than once in 3000 lines, of {lines}: {rare:?}");
        let unknown: String = counts.keys().filter(|c| **c != ' ' && !alphabet().contains(**c)).collect();
        assert!(unknown.is_empty(), "not in the alphabet: {unknown:?}");
    }

    #[test]
    fn pages_repeat_and_differ() {
        let locale = locale::find("fi")[0];
        let page = |index| generate_lines(locale, 1, index, &Typefaces::default());
        assert_eq!(page(3), page(3));
        assert_ne!(page(3).truth.lines, page(4).truth.lines);
    }
}
