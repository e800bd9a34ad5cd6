//! The forgery classifier against what PyTorch gave for an invented page, on every backend; and against odd pages.

#![allow(missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use serde::Deserialize;
use slipstream_models::forgery::ForgeryClassifier;
use slipstream_models::{Backend, Raster};

/// Largest difference of a cell's logit that f16 weights and bfloat16 products may cause: the numbers that are compared
/// are divided by their spread over the page, which magnifies rounding.
const TOLERANCE: f32 = 0.6;
/// The mean difference is far smaller, or something is computed differently.
const MEAN_TOLERANCE: f32 = 0.06;

#[derive(Deserialize)]
struct Record {
    width: usize,
    height: usize,
    grey: Vec<u8>,
    logits: Vec<f32>,
    score: f32,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Red as drawn, green and blue darker, so that a wrong order of channels shows.
fn page(record: &Record) -> Raster {
    let tint = |v: &u8| [20_u32, 19, 18].map(|part| (u32::from(*v) * part / 20) as u8);
    Raster::new(record.width, record.height, record.grey.iter().flat_map(tint).collect()).unwrap()
}

#[test]
fn an_edited_page_gives_the_recorded_logits_and_score() {
    let file = std::fs::read(folder("tests/fixtures/forgery/page.json")).unwrap();
    let record: Record = serde_json::from_slice(&file).unwrap();
    let page = page(&record);
    for backend in Backend::available() {
        let classifier = ForgeryClassifier::load_for(&folder("weights/forgery"), backend).unwrap();
        let (logits, cells) = classifier.logits(&page).unwrap();
        assert_eq!(cells, (record.height / 8, record.width / 8));
        let off: Vec<f32> = logits.iter().zip(&record.logits).map(|(a, b)| (a - b).abs()).collect();
        let (worst, mean) = (off.iter().copied().fold(0.0, f32::max), off.iter().sum::<f32>() / off.len() as f32);
        assert!(worst < TOLERANCE && mean < MEAN_TOLERANCE, "{backend:?}: off by {worst}, {mean} in the mean");
        let verdict = classifier.classify(&page).unwrap();
        assert!((verdict.score - record.score).abs() < 0.1, "{backend:?}: {} for {}", verdict.score, record.score);
    }
}

#[test]
fn pages_of_any_size_get_a_verdict() {
    let classifier = ForgeryClassifier::load(&folder("weights/forgery")).unwrap();
    for (width, height) in [(0, 0), (1, 1), (7, 400), (8, 8), (9, 17), (8, 640), (641, 8), (120, 88), (2600, 2600)] {
        let rgb: Vec<u8> = (0..width * height * 3).map(|i| (i * 31 % 251) as u8).collect();
        let verdict = classifier.classify(&Raster::new(width, height, rgb).unwrap()).unwrap();
        assert!((0.0..=1.0).contains(&verdict.score), "{width}×{height}: {}", verdict.score);
        for region in &verdict.regions {
            let (left, top, right, bottom) = region.quad.bounds();
            let inside = left >= 0.0 && top >= 0.0 && right <= width as f32 && bottom <= height as f32;
            assert!(inside, "{width}×{height}: {:?}", region.quad);
        }
    }
}

#[test]
fn blank_pages_are_not_edited() {
    let classifier = ForgeryClassifier::load(&folder("weights/forgery")).unwrap();
    for value in [0, 200, 255] {
        let verdict = classifier.classify(&Raster::new(320, 480, vec![value; 320 * 480 * 3]).unwrap()).unwrap();
        assert!(verdict.score < 0.5, "grey {value}: {}", verdict.score);
    }
}
