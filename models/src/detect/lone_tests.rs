//! What is found, and what is not, on drawn pages.
#![allow(clippy::unwrap_used)]

use super::*;

const SIZE: (usize, usize) = (400, 400);

/// White paper with black rectangles, `[left, top, right, bottom]`.
fn page(rectangles: &[[usize; 4]]) -> Raster {
    let mut rgb = vec![255; 3 * SIZE.0 * SIZE.1];
    for [left, top, right, bottom] in rectangles {
        for y in *top..*bottom {
            rgb[3 * (y * SIZE.0 + left)..3 * (y * SIZE.0 + right)].fill(0);
        }
    }
    Raster::new(SIZE.0, SIZE.1, rgb).unwrap()
}

/// Eight rows of text from 100 to 260 pixels, each with letters as drawn strokes; and their boxes.
fn text() -> (Vec<[usize; 4]>, Vec<TextRegion>) {
    let mut ink = Vec::new();
    let mut regions = Vec::new();
    for row in 0..8 {
        let top = 40 + 36 * row;
        ink.extend((0..16).map(|i| [100 + 10 * i, top + 5, 104 + 10 * i, top + 19]));
        let quad = Quad::from_bounds(98.0, top as f32, 262.0, top as f32 + 24.0);
        regions.push(TextRegion { quad, score: 0.9 });
    }
    (ink, regions)
}

fn found_with(extra: &[[usize; 4]]) -> Vec<(i32, i32)> {
    let (mut ink, regions) = text();
    ink.extend(extra);
    let mut centres: Vec<(i32, i32)> = find(&page(&ink), &regions)
        .iter()
        .map(|r| (r.quad.centre().x.round() as i32, r.quad.centre().y.round() as i32))
        .collect();
    centres.sort_unstable();
    centres
}

#[test]
fn a_column_of_single_characters_is_found_row_by_row() {
    // A 1 is four pixels wide; the rows' middles are at 52, 88 and 124.
    let found = found_with(&[[40, 45, 44, 59], [40, 81, 44, 95], [40, 117, 44, 131]]);
    assert_eq!(found.iter().map(|(_, y)| *y).collect::<Vec<_>>(), [52, 88, 124]);
    assert!(found.iter().all(|(x, _)| (x - 42).abs() <= 2), "{found:?}");
    let right = found_with(&[[330, 45, 342, 59], [330, 153, 342, 167]]);
    assert_eq!(right.len(), 2, "a column may have gaps: {right:?}");
}

#[test]
fn what_is_no_column_of_characters_is_left() {
    let cases: [(&str, &[[usize; 4]]); 6] = [
        ("a page without anything else", &[]),
        ("a speck on its own", &[[40, 45, 44, 59]]),
        ("specks that are not one below the other", &[[40, 45, 44, 59], [60, 81, 64, 95]]),
        ("a drawn rule", &[[40, 30, 43, 340]]),
        ("dots", &[[40, 56, 43, 59], [40, 92, 43, 95], [40, 128, 43, 131]]),
        ("an edge of the table", &[[0, 0, 60, 399]]),
    ];
    for (what, ink) in cases {
        assert_eq!(found_with(ink), [], "{what}");
    }
    // Letters that the box of their line leaves out are part of that line.
    assert_eq!(found_with(&[[266, 45, 270, 59], [266, 81, 270, 95]]), [], "the end of a line");
}

#[test]
fn a_page_without_lines_costs_nothing_and_gives_nothing() {
    assert_eq!(find(&page(&[[40, 45, 44, 59], [40, 81, 44, 95]]), &[]), []);
}
