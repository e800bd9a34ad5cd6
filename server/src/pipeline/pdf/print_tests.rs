//! Where stated values are found in print.
#![allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]

use jiff::civil::date;
use slipstream_models::TextLine;

use super::*;

/// Lines of ten pixels a character with their left and top edges.
fn page(lines: &[(&str, f32, f32)]) -> TextLines {
    let line = |&(text, left, top): &(&str, f32, f32)| {
        let right = left + 10.0 * text.chars().count() as f32;
        TextLine::evenly_spaced(text, 0.9, Quad::from_bounds(left, top, right, top + 20.0))
    };
    TextLines { lines: lines.iter().map(line).collect(), page_width: 800, page_height: 600 }
}

const TODAY: Date = date(2026, 11, 22);

fn span(line: usize, start: usize, end: usize) -> Span {
    Span { line, start, end }
}

fn number(mantissa: i64, scale: u8) -> Decimal {
    Decimal::new(mantissa, scale)
}

#[test]
fn texts_are_found_whatever_their_case_blanks_and_marks() {
    let lines =
        page(&[("Rechnung Nr. R-7 / 2024", 0.0, 0.0), ("HOFLADEN SONNIG GMBH", 0.0, 30.0), ("XR-7/20241", 0.0, 60.0)]);
    let print = Print::new(&lines, TODAY);
    assert_eq!(print.texts("R-7/2024"), [span(0, 13, 23)]);
    assert_eq!(print.texts("Hofladen Sonnig GmbH"), [span(1, 0, 20)]);
    assert!(print.texts("Hofladen Sonn").is_empty(), "a part of a word is another word");
    assert!(print.texts("--").is_empty() && print.texts("").is_empty());
}

#[test]
fn numbers_and_days_are_found_as_print_writes_them() {
    let lines = page(&[
        ("1.234,50 €", 0.0, 0.0),
        ("1 234,50", 0.0, 30.0),
        ("-1,234.50", 0.0, 60.0),
        ("19 %", 0.0, 90.0),
        ("vom 28. Februar 2024", 0.0, 120.0),
        ("0,532 kg", 0.0, 150.0),
    ]);
    let print = Print::new(&lines, TODAY);
    let places: Vec<usize> = print.numbers(number(12345, 1)).iter().map(|s| s.line).collect();
    assert_eq!(places, [0, 1, 2]);
    assert!(print.numbers(number(532, 3)).contains(&span(5, 0, 5)));
    assert_eq!(print.dates(date(2024, 2, 28)).first().map(|s| s.line), Some(4));
    assert!(print.numbers(number(7, 0)).is_empty() && print.dates(date(2024, 2, 27)).is_empty());
}

#[test]
fn values_of_a_row_are_looked_for_on_the_row() {
    let lines = page(&[
        ("Apfelsaft", 0.0, 0.0),
        ("3,50", 300.0, 1.0),
        ("3,50", 500.0, 0.0),
        ("Birnensaft", 0.0, 30.0),
        ("3,50", 500.0, 31.0),
        ("Total 3,50", 300.0, 300.0),
    ]);
    let print = Print::new(&lines, TODAY);
    let places = print.numbers(number(35, 1));
    assert_eq!(print.on_row(&places, span(0, 0, 9)), Some(span(2, 0, 4)));
    assert_eq!(print.on_row(&places, span(3, 0, 10)), Some(span(4, 0, 4)));
    assert_eq!(print.on_row(&places, span(5, 0, 5)), Some(span(5, 6, 10)));
    let nothing = &None::<Found<i32>>;
    assert_eq!(print.total(&places, nothing, |_| true), [span(5, 6, 10)]);
}

#[test]
fn the_lines_of_an_address_stand_together() {
    let lines = page(&[
        ("Kunde", 0.0, 0.0),
        ("10115 Berlin", 0.0, 30.0),
        ("Feldweg 2", 500.0, 200.0),
        ("10115 Berlin", 500.0, 230.0),
    ]);
    let print = Print::new(&lines, TODAY);
    let address = ["Feldweg 2".to_owned(), "Hinterhaus".to_owned(), "10115 Berlin".to_owned()];
    assert_eq!(print.address(&address), [span(2, 0, 9), span(3, 0, 12)]);
}
