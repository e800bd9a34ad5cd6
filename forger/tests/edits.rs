//! Every edit changes what it says that it changed, and nothing else; equal seeds give equal pictures.

#![allow(missing_docs, clippy::unwrap_used)]

use image::{Rgb, RgbImage};
use proptest::prelude::*;
use slipstream_forger::{Area, Edit, Page, Treatment, forge, forge_at};

/// Paper with three lines of dark boxes whose sizes vary a little.
fn page(tint: u8) -> Page {
    let inked = |x: u32, y: u32| {
        let (row, column) = (y % 40, x % 20);
        (20..220).contains(&x) && (10..30).contains(&row) && (4..14 + (x / 20) % 3).contains(&column)
    };
    let grain = |x: u32, y: u32| (x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)) >> 13) as u8 % 6;
    let level = |x, y| if inked(x, y) { 40 } else { 228 - tint } + grain(x, y);
    let image = RgbImage::from_fn(240, 120, |x, y| Rgb([level(x, y); 3]));
    let line = |i: u32| Area { left: 16, top: i * 40 + 4, right: 224, bottom: i * 40 + 36 };
    Page::new(image, [(line(0), "0123456789"), (line(1), "ABCDEFGHIJ"), (line(2), "12.34 x 56")])
}

fn inside(areas: &[Area], x: u32, y: u32) -> bool {
    areas.iter().any(|a| (a.left..a.right).contains(&x) && (a.top..a.bottom).contains(&y))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pixels_change_where_the_edit_says_and_nowhere_else(seed in any::<u64>(), edit in proptest::sample::select(&Edit::ALL[..])) {
        let (page, other) = (page(0), page(30));
        if let Some(forged) = forge(&page, &other, edit, seed) {
            prop_assert!((1..=3).contains(&forged.areas.len()));
            let changed = |(x, y, pixel): (u32, u32, &Rgb<u8>)| (pixel != page.image().get_pixel(x, y)).then_some((x, y));
            let changed: Vec<(u32, u32)> = forged.image.enumerate_pixels().filter_map(changed).collect();
            prop_assert!(changed.iter().all(|(x, y)| inside(&forged.areas, *x, *y)));
            prop_assert_eq!(Some(forged), forge(&page, &other, edit, seed));
        }
    }

    #[test]
    fn places_anywhere_are_edited_or_left(
        (left, top, width, height) in (0_u32..300, 0_u32..200, 0_u32..90, 0_u32..90),
        seed in any::<u64>(),
        edit in proptest::sample::select(&Edit::ALL[..]),
    ) {
        let (page, other) = (page(0), page(30));
        let area = Area { left, top, right: left + width, bottom: top + height };
        if let Some(forged) = forge_at(&page, &other, &[(edit, area)], seed) {
            prop_assert!(forged.areas.iter().all(|area| area.within(page.image()) == *area && area.width() > 0));
        }
    }
}

#[test]
fn every_edit_can_be_done_on_an_ordinary_page() {
    let (page, other) = (page(0), page(30));
    for edit in Edit::ALL {
        let done = (0..20).filter_map(|seed| forge(&page, &other, edit, seed));
        let changed = done.filter(|forged| forged.image != *page.image()).count();
        assert!(changed >= 18, "{}: {changed} of 20", edit.name());
    }
}

#[test]
fn a_blank_page_cannot_be_forged() {
    let blank = Page::new(RgbImage::from_pixel(50, 50, Rgb([240; 3])), []);
    for edit in Edit::ALL {
        assert_eq!(forge(&blank, &page(0), edit, 1), None, "{}", edit.name());
    }
}

#[test]
fn places_move_with_the_picture() {
    let page = page(0);
    let area = Area { left: 100, top: 40, right: 120, bottom: 60 };
    for treatment in Treatment::ALL {
        let upload = image::load_from_memory(&treatment.upload(page.image()).unwrap()).unwrap();
        let moved = treatment.moved(&area, page.image());
        let share = f64::from(upload.width()) / 240.0;
        assert!((f64::from(moved.left) - 100.0 * share).abs() <= 1.0, "{}: {moved:?}", treatment.name());
        assert!(moved.right <= upload.width() && moved.bottom <= upload.height(), "{}", treatment.name());
    }
    let kept = image::load_from_memory(&Treatment::None.upload(page.image()).unwrap()).unwrap();
    assert_eq!(&kept.to_rgb8(), page.image());
}
