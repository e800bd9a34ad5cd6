//! What looks at a whole page, on one thread: the layout transformer with sixty lines of a receipt, and the forgery
//! classifier with the largest page that it sees pixel by pixel.
//!
//! `cargo bench -p slipstream-benches --bench pages`

#![allow(missing_docs)]

use std::error::Error;
use std::path::Path;

use criterion::Criterion;
use image::imageops::{FilterType, resize};
use slipstream_models::extract::Extractor;
use slipstream_models::forgery::ForgeryClassifier;
use slipstream_models::{Quad, Raster, TextLine, TextLines};
use slipstream_training_data::manifest::Mix;
use slipstream_training_data::{RenderOptions, Rendered, render};

const LINES: usize = 60;

/// The first receipt with at least sixty lines, and that many of them.
fn long_receipt() -> (Rendered, TextLines) {
    let mut receipts = (0..).map(|index| Mix::default().receipt(1, index));
    let Some(long) = receipts.find(|receipt| receipt.truth.lines.len() >= LINES) else {
        unreachable!("they never end")
    };
    let rendered = render(&long, &RenderOptions::clean());
    let line = |line: &slipstream_training_data::truth::Line| {
        let [left, top, right, bottom] = line.bounds;
        TextLine::evenly_spaced(&line.text, 0.99, Quad::from_bounds(left, top, right, bottom))
    };
    let lines = rendered.truth.lines.iter().take(LINES).map(line).collect();
    let (page_width, page_height) = (rendered.image.width() as usize, rendered.image.height() as usize);
    (rendered, TextLines { lines, page_width, page_height })
}

fn main() -> Result<(), Box<dyn Error>> {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/weights");
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let (rendered, lines) = long_receipt();

    let extractor = Extractor::load(&weights.join("extract"))?;
    let tokens = extractor.token_count(&lines);
    criterion.bench_function(&format!("extract/{LINES} lines, {tokens} tokens"), |b| {
        b.iter(|| pool.install(|| extractor.extract(&[&lines])));
    });

    let classifier = ForgeryClassifier::load(&weights.join("forgery"))?;
    let scale = (classifier.max_pixels() as f64 / f64::from(rendered.image.width() * rendered.image.height())).sqrt();
    let side = |pixels: u32| (f64::from(pixels) * scale).floor() as u32;
    let (width, height) = (side(rendered.image.width()), side(rendered.image.height()));
    let page = resize(&rendered.image, width, height, FilterType::CatmullRom).into_raw();
    let page = Raster::new(width as usize, height as usize, page)?;
    criterion.bench_function(&format!("forgery/{width}x{height}"), |b| {
        b.iter(|| pool.install(|| classifier.classify(&page)));
    });
    criterion.final_summary();
    Ok(())
}
