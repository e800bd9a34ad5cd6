use proptest::prelude::*;
use slipstream_api::Polygon;

use super::*;

/// Lines of `(text, left, top)`, ten pixels a character.
fn lines(texts: &[(&str, f32, f32)]) -> Vec<Line> {
    let line = |(text, x, y): &(&str, f32, f32)| {
        let right = x + 10.0 * text.chars().count() as f32;
        let polygon = Polygon([[*x, *y], [right, *y], [right, y + 16.0], [*x, y + 16.0]]);
        Line { text: (*text).to_owned(), confidence: 0.9, polygon, page: None }
    };
    texts.iter().map(line).collect()
}

fn receipt() -> Vec<Line> {
    lines(&[
        ("TOTAL RM:", 0.0, 80.0),
        ("Café Aurora (HQ)", 0.0, 0.0),
        ("1.234,50", 200.0, 81.0),
        ("No.53,Main Street", 0.0, 20.0),
        ("81100 Springfield", 0.0, 40.0),
        ("2x3.00 -0.50 1 x 0,532 kg", 0.0, 60.0),
        ("25 Dec 2018 8:13 PM", 0.0, 100.0),
    ])
}

fn reach(compare: Compare, value: &str) -> (bool, bool) {
    let Reach { strict, letters } = Reading::new(&receipt()).forms(compare, [value]);
    (strict, letters)
}

#[test]
fn values_are_formed_from_what_was_read_and_from_nothing_else() {
    let (yes, no, loosely) = ((true, true), (false, false), (false, true));
    let cases = [
        (Compare::Text, "café aurora", yes),
        (Compare::Text, "AURORA", yes),
        (Compare::Text, "auror", no),
        (Compare::Text, "Cafe Aurora", no),
        (Compare::Text, "HQ", yes),
        (Compare::Text, "NO. 53, Main Street", loosely),
        (Compare::Text, "No.53,Main Street 81100 Springfield", yes),
        (Compare::Text, "Café Aurora 81100 Springfield", no),
        (Compare::Text, "", no),
        (Compare::TextWithoutSpaces, "MainStreet81100", yes),
        (Compare::TextWithoutSpaces, "MainStreet811", no),
        (Compare::Contains, "auror", yes),
        (Compare::Amount, "1234.50", yes),
        (Compare::Amount, "1234.5", yes),
        (Compare::Amount, "1243.50", no),
        (Compare::Amount, "3.00", yes),
        (Compare::Decimal, "-0.5", yes),
        (Compare::Decimal, "0.532", yes),
        (Compare::Decimal, "2", yes),
        (Compare::Value, "2018-12-25", yes),
        (Compare::Value, "2018-12-24", no),
        (Compare::Value, "Christmas", no),
        (Compare::Minute, "20:13", yes),
        (Compare::Minute, "08:13", yes),
        (Compare::Minute, "20:14", no),
    ];
    let wrong: Vec<_> = cases.iter().filter(|(compare, value, expected)| reach(*compare, value) != *expected).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let any = Reading::new(&receipt()).forms(Compare::Amount, ["7.77", "3.00"]);
    assert!(any.strict, "one of several values is enough");
    assert_eq!(Reading::new(&[]).forms(Compare::Text, ["a"]), Reach::default());
}

#[test]
fn a_page_that_was_photographed_sideways_is_read_along_its_lines() {
    for turn in [
        |[x, y]: [f32; 2]| [500.0 - y, x],
        |[x, y]: [f32; 2]| [y, 500.0 - x],
        |[x, y]: [f32; 2]| [500.0 - x, 500.0 - y],
    ] {
        let turned = receipt().into_iter().map(|line| Line { polygon: Polygon(line.polygon.0.map(turn)), ..line });
        let reading = Reading::new(&turned.collect::<Vec<_>>());
        assert!(reading.forms(Compare::Text, ["No.53,Main Street 81100 Springfield"]).strict);
    }
}

proptest! {
    #[test]
    fn every_run_of_words_can_be_formed(words in prop::collection::vec("[a-z0-9.,]{1,6}", 1..12), from in 0_usize..12, to in 0_usize..12) {
        let page: Vec<Line> = words.chunks(3).enumerate().flat_map(|(i, row)| lines(&[(&row.join(" "), 0.0, 30.0 * i as f32)])).collect();
        let (from, to) = (from.min(words.len() - 1), to.min(words.len() - 1));
        let run = words[from.min(to)..=from.max(to)].join(" ");
        prop_assert!(Reading::new(&page).forms(Compare::Text, [run.as_str()]).strict, "{}", run);
    }
}
