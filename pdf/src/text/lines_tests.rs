//! Lines from glyphs that a test places.
#![allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]

use proptest::prelude::*;

use super::*;

/// Glyphs of ten pixels' font size and six pixels' advance, from `x` on the baseline `y`; a blank is a glyph.
fn print(text: &str, x: f32, y: f32) -> Vec<Glyph> {
    let glyph = |(i, c): (usize, char)| Glyph {
        text: c.to_string(),
        origin: [x + 6.0 * i as f32, y],
        along: [1.0, 0.0],
        advance: 6.0,
        size: 10.0,
    };
    text.chars().enumerate().map(glyph).collect()
}

fn texts(glyphs: Vec<Glyph>) -> Vec<String> {
    lines(glyphs).into_iter().map(|l| l.text).collect()
}

#[test]
fn columns_stay_apart_and_words_together() {
    let page = [print("9,00", 200.0, 100.0), print("TOTAL EUR", 10.0, 100.0), print("below", 10.0, 115.0)].concat();
    assert_eq!(texts(page), ["TOTAL EUR", "9,00", "below"]);
}

#[test]
fn gaps_are_blanks_where_the_writer_left_them_out() {
    let page = [print("Hof", 10.0, 50.0), print("laden", 31.0, 50.0)].concat();
    assert_eq!(texts(page), ["Hof laden"]);
    assert_eq!(texts(print("a   b", 0.0, 50.0)), ["a", "b"], "a wide gap of blanks is a gap");
}

#[test]
fn print_drawn_twice_is_read_once() {
    let page = [print("SUM", 10.0, 50.0), print("SUM", 10.4, 50.0)].concat();
    assert_eq!(texts(page), ["SUM"]);
}

#[test]
fn small_and_large_print_on_one_baseline_is_one_line() {
    let mut cents = print("99", 28.0, 50.3);
    cents.iter_mut().for_each(|g| g.size = 6.0);
    let page = [print("12,", 10.0, 50.0), cents, print("next", 10.0, 61.0)].concat();
    assert_eq!(texts(page), ["12,99", "next"]);
}

#[test]
fn ligatures_and_unknown_glyphs_keep_their_places() {
    let mut page = print("oXce?", 0.0, 20.0);
    page[1].text = "ffi".into();
    page[4].text = String::new();
    let line = lines(page).swap_remove(0);
    assert_eq!(line.text, "office\u{fffd}");
    assert_eq!(line.spans.len(), 7);
    let [start, end] = line.spans[2];
    assert!((start - 8.0 / 30.0).abs() < 1e-5 && (end - 10.0 / 30.0).abs() < 1e-5, "{start} {end}");
    assert_eq!(line.quad, [[0.0, 11.8], [30.0, 11.8], [30.0, 22.6], [0.0, 22.6]]);
}

#[test]
fn text_that_runs_upwards_is_a_line_with_its_top_to_the_left() {
    let up: Vec<Glyph> = print("ab", 0.0, 0.0)
        .into_iter()
        .enumerate()
        .map(|(i, g)| Glyph { origin: [50.0, 90.0 - 6.0 * i as f32], along: [0.0, -1.0], ..g })
        .collect();
    let line = lines([up, print("flat", 60.0, 90.0)].concat()).into_iter().find(|l| l.text == "ab").unwrap();
    let [[x0, y0], [x1, y1], ..] = line.quad;
    assert!((x0 - 41.8).abs() < 1e-3 && (y0 - 90.0).abs() < 1e-3, "{x0} {y0}");
    assert!((x1 - 41.8).abs() < 1e-3 && (y1 - 78.0).abs() < 1e-3, "{x1} {y1}");
}

proptest! {
    #[test]
    fn every_character_has_a_place(
        glyphs in prop::collection::vec(("\\PC{0,3}", -1e4_f32..1e4, -1e4_f32..1e4, 0.0_f32..6.3, 0.1_f32..500.0, 1.0_f32..500.0), 0..60)
    ) {
        let glyphs = glyphs.into_iter().map(|(text, x, y, turn, advance, size)| {
            Glyph { text, origin: [x, y], along: [turn.cos(), turn.sin()], advance, size }
        });
        for line in lines(glyphs.collect()) {
            prop_assert_eq!(line.text.chars().count(), line.spans.len());
            prop_assert!(!line.text.is_empty());
            prop_assert!(line.spans.iter().flatten().all(|s| (0.0..=1.0).contains(s)));
            prop_assert!(line.quad.iter().flatten().all(|c| c.is_finite()));
        }
    }
}
