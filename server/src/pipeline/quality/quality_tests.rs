//! Pictures with known faults.
#![allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]

use slipstream_models::raster::Turn;

use super::*;

const SIZE: usize = 600;

/// A page with rows of small dark strokes in all directions, like print.
fn page() -> Vec<f32> {
    let ink = |x: usize, y: usize| {
        let mixed = (x / 3 * 73_856_093) ^ (y % 30 / 3 * 19_349_663) ^ (y / 30 * 83_492_791);
        y % 30 < 15 && (40..SIZE - 40).contains(&x) && mixed % 101 < 45
    };
    (0..SIZE * SIZE).map(|i| if ink(i % SIZE, i / SIZE) { 50.0 } else { 215.0 }).collect()
}

fn raster(levels: &[f32], side: usize) -> Raster {
    let rgb = levels.iter().flat_map(|l| [l.clamp(0.0, 255.0) as u8; 3]).collect();
    Raster::new(side, side, rgb).unwrap()
}

/// `passes` box blurs of `2 · radius + 1` pixels, in both directions.
fn blurred(levels: &[f32], radius: usize, passes: usize) -> Vec<f32> {
    let mut out = levels.to_vec();
    for _ in 0..passes {
        for (step, line) in [(1, SIZE), (SIZE, 1)] {
            let from = out.clone();
            for (i, level) in out.iter_mut().enumerate() {
                let at = i / step % SIZE;
                let (low, high) = (at.saturating_sub(radius), (at + radius).min(SIZE - 1));
                let start = if line == SIZE { i - at } else { i % SIZE };
                *level = (low..=high).map(|j| from[start + j * step]).sum::<f32>() / (high - low + 1) as f32;
            }
        }
    }
    out
}

fn report(levels: &[f32]) -> QualityReport {
    quality(&raster(levels, SIZE), &QualitySettings::default())
}

fn codes(report: &QualityReport) -> Vec<&'static str> {
    report.issues.iter().map(|i| i.kind.code()).collect()
}

#[test]
fn a_good_page_has_no_issues() {
    let image = raster(&page(), SIZE);
    assert_eq!(
        quality(&image, &QualitySettings::default()),
        QualityReport { usable: true, issues: vec![] },
        "{:?}",
        measure(&image)
    );
}

#[test]
fn a_long_receipt_is_judged_by_the_size_of_its_print() {
    let rgb: Vec<u8> = page().repeat(11).iter().flat_map(|level| [*level as u8; 3]).collect();
    let upright = Raster::new(SIZE, 11 * SIZE, rgb).unwrap();
    for strip in [upright.turned(Turn::Quarter), upright] {
        let report = quality(&strip, &QualitySettings::default());
        assert_eq!(report, QualityReport { usable: true, issues: vec![] }, "{:?}", measure(&strip));
    }
}

#[test]
fn faults_are_named() {
    let faint: Vec<f32> = page().iter().map(|l| 200.0 + l * 0.08).collect();
    let glare: Vec<f32> = page()
        .iter()
        .enumerate()
        .map(|(i, l)| {
            let (x, y) = (i % SIZE, i / SIZE);
            if (60..540).contains(&x) && (60..540).contains(&y) { 255.0 } else { *l }
        })
        .collect();
    let cases = [
        ("blur", blurred(&page(), 4, 2)),
        ("low_contrast", faint),
        ("glare", glare),
        ("blank", vec![230.0; SIZE * SIZE]),
        ("too_dark", vec![15.0; SIZE * SIZE]),
    ];
    let wrong: Vec<_> =
        cases.iter().map(|(c, l)| (c, codes(&report(l)))).filter(|(c, found)| found.first() != Some(c)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn print_that_is_lost_in_noise_is_named_by_the_light() {
    let faint =
        Measures { side: 800, contrast: 8.0, most: [1.0; 4], least: [1.0; 4], ..measure(&raster(&page(), SIZE)) };
    let lit = |faint: &Measures, bright_level| Measures { bright_level, ..*faint };
    let named = |bright_level| codes(&judge(&lit(&faint, bright_level), &QualitySettings::default()));
    assert_eq!([named(40.0), named(200.0)], [["too_dark"], ["low_contrast"]]);
}

#[test]
fn severity_grows_with_the_fault() {
    let severity = |radius| {
        report(&blurred(&page(), radius, 2)).issues.iter().find(|i| i.kind == IssueKind::Blur).map(|i| i.severity)
    };
    let severities: Vec<_> = [1, 2, 4].map(|r| severity(r).unwrap_or(0.0)).to_vec();
    assert!(severities.is_sorted() && severities[0] < severities[2], "{severities:?}");
}

#[test]
fn white_paper_of_a_scan_is_no_glare() {
    let scan: Vec<f32> = page().iter().map(|l| if *l > 100.0 { 255.0 } else { *l }).collect();
    assert!(report(&scan).usable && !codes(&report(&scan)).contains(&"glare"));
}

#[test]
fn shake_counts_in_whatever_direction() {
    let shaken = |step: usize| -> Vec<f32> {
        let page = page();
        let along = |i: usize| (0..20).map(|n| page[(i + n * step) % (SIZE * SIZE)]).sum::<f32>() / 20.0;
        (0..SIZE * SIZE).map(along).collect()
    };
    for step in [1, SIZE, SIZE + 1, SIZE - 1] {
        let report = report(&shaken(step));
        assert!(!report.usable && codes(&report).first() == Some(&"blur"), "{step}: {report:?}");
    }
}

#[test]
fn glare_has_a_place() {
    let lamp = |i: usize| (60..540).contains(&(i % SIZE)) && (60..540).contains(&(i / SIZE));
    let lit: Vec<f32> = page().iter().enumerate().map(|(i, l)| if lamp(i) { 255.0 } else { *l }).collect();
    let report = report(&lit);
    let place = report.issues.iter().find(|issue| issue.kind == IssueKind::Glare).and_then(|issue| issue.place);
    assert_eq!(place, Some(Quad::from_bounds(64.0, 64.0, 512.0, 512.0)));
}

#[test]
fn a_smooth_picture_is_no_bad_photo_of_a_receipt() {
    let wave = |i: usize| 128.0 + 60.0 * ((i % SIZE) as f32 / 37.0).sin() * ((i / SIZE) as f32 / 53.0).cos();
    assert_eq!(report(&(0..SIZE * SIZE).map(wave).collect::<Vec<_>>()), QualityReport { usable: true, issues: vec![] });
}

#[test]
fn few_pixels_are_too_small_and_no_pixels_do_not_panic() {
    for side in [0, 1, 3, 25, 90] {
        let report = quality(&raster(&vec![128.0; side * side], side), &QualitySettings::default());
        assert!(!report.usable && codes(&report).contains(&"too_small"), "{side}: {report:?}");
    }
}
