//! Characters that are printed unlike the others of their line: of another height, off the baseline, in another colour, or on
//! other paper.
//!
//! A till prints a line in one go. Whoever types a digit over another one seldom meets its height, its foot and its
//! blackness all at once. Digits alone are compared: they are all as tall as each other, and they are what is forged.

mod glyphs;

use slipstream_models::entities::Span;
use slipstream_models::{Raster, TextLine, TextLines};

use super::{FraudSignal, Place};
use glyphs::{Glyph, glyphs};

/// Digits that a line needs for one of them to stand out.
const LEAST_DIGITS: usize = 5;
/// The part of a line's digits that has to agree.
const AGREE: f32 = 0.8;
/// Lines that are reported at most for each signal.
const MOST_LINES: usize = 4;

/// How two measures of digits compare: what is the same, and what is surely not.
struct Tolerance {
    /// Differences up to this are none.
    same: f32,
    /// Differences from this are a break.
    other: f32,
}

/// Of heights and feet, as parts of a digit's height, but in no case less than the pixels below.
const SHAPE: Tolerance = Tolerance { same: 0.06, other: 0.3 };
/// Heights of digits by that of the others.
const SIZES: std::ops::RangeInclusive<f32> = 0.6..=1.5;
const SHAPE_PIXELS: Tolerance = Tolerance { same: 1.0, other: 4.0 };
/// Of the grey level of ink, and of paper.
const INK: Tolerance = Tolerance { same: 16.0, other: 90.0 };
const PAPER: Tolerance = Tolerance { same: 4.0, other: 30.0 };

/// Strength of a break: creases, stamps and poor printers cause them too.
const TYPE_BREAK: f32 = 0.25;
const INK_BREAK: f32 = 0.25;

/// The breaks of a page whose `lines` were read from `raster`.
pub(super) fn breaks(lines: &TextLines, raster: &Raster) -> Vec<FraudSignal> {
    let (mut shapes, mut inks) = (Vec::new(), Vec::new());
    for (number, line) in lines.lines.iter().enumerate() {
        let digits = glyphs(line, raster);
        if digits.len() < LEAST_DIGITS {
            continue;
        }
        let spans = |odd: Vec<usize>| -> Vec<Span> {
            odd.into_iter().map(|at| Span { line: number, start: at, end: at + 1 }).collect()
        };
        shapes.extend(signal("type_break", TYPE_BREAK, line, spans(odd_shapes(&digits))));
        inks.extend(signal("ink_break", INK_BREAK, line, spans(odd_inks(&digits))));
    }
    shapes.truncate(MOST_LINES);
    inks.truncate(MOST_LINES);
    shapes.into_iter().chain(inks).collect()
}

fn signal(code: &'static str, strength: f32, line: &TextLine, spans: Vec<Span>) -> Option<FraudSignal> {
    let first = spans.first()?;
    let what = match code {
        "type_break" => "height or foot",
        _ => "blackness or paper",
    };
    // A character that is hardly read is hardly printed.
    let sure = line.chars.get(first.start).map_or(0.0, |character| character.confidence);
    Some(FraudSignal {
        code,
        score: strength * sure,
        explanation: format!("{} of the digits of a line differ from the others in {what}", spans.len()),
        place: Place::Characters(spans),
    })
}

/// The places of digits that are taller or smaller than the others, or stand above or below them.
fn odd_shapes(digits: &[Glyph]) -> Vec<usize> {
    let height = median(digits.iter().map(|digit| digit.bottom - digit.top));
    let limit = |part: f32, pixels: f32| (part * height).max(pixels);
    let tolerance =
        Tolerance { same: limit(SHAPE.same, SHAPE_PIXELS.same), other: limit(SHAPE.other, SHAPE_PIXELS.other) };
    // Lines are not cut out quite straight, so their feet may rise evenly.
    let slope = slope(digits);
    let mut odd = apart(digits, |digit| digit.bottom - digit.top, &tolerance);
    odd.extend(apart(digits, |digit| digit.bottom - slope * digit.centre, &tolerance));
    // What is far from any digit's height is none: a rule, a stamp, two lines that touch.
    let is_digit = |at: &usize| {
        let tall = digits.iter().find(|digit| digit.place == *at).map_or(0.0, |digit| digit.bottom - digit.top);
        SIZES.contains(&(tall / height.max(1.0)))
    };
    odd.retain(is_digit);
    odd.sort_unstable();
    odd.dedup();
    odd
}

/// The places of digits whose ink or paper is lighter or darker than that of the others.
fn odd_inks(digits: &[Glyph]) -> Vec<usize> {
    let mut odd = apart(digits, |digit| digit.ink, &INK);
    odd.extend(apart(digits, |digit| digit.paper, &PAPER));
    odd.sort_unstable();
    odd.dedup();
    odd
}

/// The places of digits that differ, where the others agree.
fn apart(digits: &[Glyph], measure: impl Fn(&Glyph) -> f32, tolerance: &Tolerance) -> Vec<usize> {
    let usual = median(digits.iter().map(&measure));
    let off = |digit: &Glyph| (measure(digit) - usual).abs();
    let agree = digits.iter().filter(|digit| off(digit) <= tolerance.same).count();
    if (agree as f32) < AGREE * digits.len() as f32 {
        return Vec::new();
    }
    digits.iter().filter(|digit| off(digit) >= tolerance.other).map(|digit| digit.place).collect()
}

/// How far feet fall from pixel to pixel: the median over all pairs (Theil 1950, Sen 1968), which a few odd ones do not move.
fn slope(digits: &[Glyph]) -> f32 {
    let pairs = digits.iter().enumerate().flat_map(|(i, a)| digits.iter().skip(i + 1).map(move |b| (a, b)));
    let slopes = pairs.filter(|(a, b)| b.centre - a.centre > 1.0);
    median(slopes.map(|(a, b)| (b.bottom - a.bottom) / (b.centre - a.centre)))
}

/// The middle value; 0 of none.
fn median(values: impl Iterator<Item = f32>) -> f32 {
    let mut sorted: Vec<f32> = values.collect();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use slipstream_models::Quad;

    use super::*;

    const PITCH: usize = 16;

    /// A digit as printed: rows of the page from its top to its foot, grey of ink and of the paper around it.
    #[derive(Clone, Copy)]
    struct Printed {
        rows: (usize, usize),
        ink: u8,
        paper: u8,
    }

    const USUAL: Printed = Printed { rows: (8, 28), ink: 30, paper: 230 };

    /// Signals of a line of eight digits, of which those at the given places are printed differently.
    fn codes(odd: &[(usize, Printed)]) -> Vec<(&'static str, Place)> {
        let (width, height) = (8 * PITCH, 36);
        let mut rgb = vec![230; width * height * 3];
        for place in 0..8 {
            let printed = odd.iter().find(|(at, _)| *at == place).map_or(USUAL, |(_, printed)| *printed);
            for (x, y) in (place * PITCH..(place + 1) * PITCH).flat_map(|x| (0..height).map(move |y| (x, y))) {
                let inside = (place * PITCH + 3..(place + 1) * PITCH - 3).contains(&x);
                let ink = inside && (printed.rows.0..printed.rows.1).contains(&y);
                rgb[(y * width + x) * 3..][..3].fill(if ink { printed.ink } else { printed.paper });
            }
        }
        let raster = Raster::new(width, height, rgb).unwrap_or_else(|e| unreachable!("{e}"));
        let quad = Quad::from_bounds(0.0, 0.0, width as f32, height as f32);
        let line = TextLine::evenly_spaced("12345678", 0.9, quad);
        let lines = TextLines { lines: vec![line], page_width: width, page_height: height };
        breaks(&lines, &raster).into_iter().map(|signal| (signal.code, signal.place)).collect()
    }

    fn at(places: &[usize]) -> Place {
        Place::Characters(places.iter().map(|at| Span { line: 0, start: *at, end: at + 1 }).collect())
    }

    #[test]
    fn a_line_of_one_print_has_no_breaks() {
        assert!(codes(&[]).is_empty());
        // A pixel more or less is the scanner's.
        assert!(codes(&[(3, Printed { rows: (7, 28), ..USUAL }), (5, Printed { ink: 45, ..USUAL })]).is_empty());
    }

    #[test]
    fn a_digit_of_another_height_or_foot_is_a_break() {
        assert_eq!(codes(&[(3, Printed { rows: (1, 28), ..USUAL })]), [("type_break", at(&[3]))]);
        assert_eq!(codes(&[(6, Printed { rows: (15, 35), ..USUAL })]), [("type_break", at(&[6]))]);
    }

    #[test]
    fn a_digit_in_other_ink_or_on_other_paper_is_a_break() {
        assert_eq!(codes(&[(2, Printed { ink: 125, ..USUAL })]), [("ink_break", at(&[2]))]);
        assert_eq!(codes(&[(2, Printed { paper: 195, ..USUAL })]), [("ink_break", at(&[2]))]);
    }

    #[test]
    fn where_half_a_line_is_larger_it_was_printed_so() {
        let tall = Printed { rows: (1, 28), ..USUAL };
        assert!(codes(&[(0, tall), (1, tall), (2, tall), (3, tall)]).is_empty());
    }
}
