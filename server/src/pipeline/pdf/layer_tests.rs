//! What a text layer may say, and what it may not.
#![allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]

use proptest::prelude::*;
use slipstream_models::detect::TextRegion;

use super::*;

fn line(text: &str, top: f32) -> Line {
    let n = text.chars().count() as f32;
    let spans = (0..text.chars().count()).map(|i| [i as f32 / n, (i + 1) as f32 / n]).collect();
    Line { text: text.into(), quad: [[0.0, top], [100.0, top], [100.0, top + 10.0], [0.0, top + 10.0]], spans }
}

fn reading(text: &str, confidence: f32) -> TextLine {
    TextLine::evenly_spaced(text, confidence, Quad::from_bounds(0.0, 0.0, 100.0, 10.0))
}

#[test]
fn a_layer_is_believed_where_the_pixels_bear_it_out() {
    let cases = [
        ("Total 119,00 €", "Total 119,00 €", 0.99, true),
        ("Total 119,00 €", "TOTAL119.00", 0.99, true),
        ("Lieferantenstraße 20", "Lieferantenstrasse 20", 0.99, true),
        ("Öl 10 l", "OI 1O l", 0.99, true),
        // A slip of a reader that is not sure of it.
        ("Total 119,00", "Total 179,00", 0.6, true),
        // A digit that the pixels do not show.
        ("Total 119,00", "Total 179,00", 0.99, false),
        ("Total 1119,00", "Total 119,00", 0.99, false),
        ("Total 119,00", "Total 1190,00", 0.99, false),
        // Print that is not there, or is something else.
        ("Total 119,00", "", 0.99, false),
        ("Total", "Summe", 0.99, false),
        ("T\u{fffd}tal", "Total", 0.99, false),
        ("---", "---", 0.99, false),
    ];
    let wrong: Vec<_> =
        cases.iter().filter(|(stated, read, sure, good)| agrees(stated, &reading(read, *sure)) != *good).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn only_what_is_borne_out_replaces_the_reading() {
    let layer = [line("Total 9,00", 0.0), line("hidden 5,00", 20.0)];
    let mut read = [reading("T0tal 9,00", 0.8), reading("", 0.0), reading("LOGO", 0.9)];
    assert_eq!(vouch(&layer, &mut read), 1);
    assert_eq!(read.each_ref().map(TextLine::text), ["Total 9,00", "", "LOGO"]);
    assert_eq!((read[0].certainty(), read[0].chars[9].end), (1.0, 1.0));
}

#[test]
fn regions_beside_the_layer_are_read_too() {
    let region = |top: f32| TextRegion { quad: Quad::from_bounds(0.0, top, 100.0, top + 12.0), score: 1.0 };
    let regions = TextRegions { regions: vec![region(-1.0), region(40.0)] };
    let quads = quads(&[line("a", 0.0), line("b", 20.0)], &regions);
    let tops: Vec<f32> = quads.iter().map(|q| q.bounds().1).collect();
    assert_eq!(tops, [0.0, 20.0, 40.0]);
}

#[test]
fn a_page_number_on_a_scan_is_no_layer() {
    assert!(!is_layer(&[line("Page 1 of 3", 0.0)]));
    assert!(is_layer(&[line("Invoice 471102", 0.0), line("5 March", 20.0)]));
}

proptest! {
    #[test]
    fn what_is_read_as_stated_agrees(text in "[a-zA-Z0-9 .,äöüß€-]{1,80}") {
        let has_characters = text.chars().any(char::is_alphanumeric);
        prop_assert_eq!(agrees(&text, &reading(&text, 0.99)), has_characters);
    }

    #[test]
    fn a_changed_digit_never_agrees(text in "[a-z ]{0,30}", digits in "[2-9]{1,9}", at in 0_usize..9) {
        let at = at % digits.len();
        let other: String =
            digits.char_indices().map(|(i, c)| if i == at { if c == '5' { '6' } else { '5' } } else { c }).collect();
        let (stated, read) = (format!("{text}{digits}"), format!("{text}{other}"));
        prop_assert!(!agrees(&stated, &reading(&read, 0.99)));
    }

    #[test]
    fn edits_are_counted_for_any_two_texts(a in "\\PC{0,40}", b in "\\PC{0,40}") {
        let folded = |text: &str| text.chars().filter_map(|c| Folded::new(c, 1.0)).collect::<Vec<_>>();
        let classes = |text: &[Folded]| text.iter().map(|f| f.class).collect::<Vec<_>>();
        let (stated, read) = (folded(&a), folded(&b));
        let plain = strsim::generic_levenshtein(&classes(&stated), &classes(&read));
        prop_assert_eq!(differences(&stated, &read).all, plain);
    }
}
