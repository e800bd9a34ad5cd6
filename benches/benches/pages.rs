//! What is looked for on every page before a model runs, on one thread: bar codes. A receipt as it is rendered, and a
//! photo of twelve megapixels with it.
//!
//! `cargo bench -p slipstream-benches --bench pages`

#![allow(missing_docs)]

use std::error::Error;

use criterion::Criterion;
use image::RgbImage;
use image::imageops::{FilterType, resize};
use slipstream_barcodes::{Pixels, read};

/// Width and height of a photo of twelve megapixels.
const PHOTO: (u32, u32) = (3000, 4000);

fn main() -> Result<(), Box<dyn Error>> {
    let receipt = slipstream_training_data::samples().into_iter().next().ok_or("no samples")?.image;
    let photo = resize(&receipt, PHOTO.0, PHOTO.1, FilterType::CatmullRom);
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    for image in [&receipt, &photo] {
        let (width, height) = image.dimensions();
        let pixels = Pixels::rgb(width as usize, height as usize, RgbImage::as_raw(image))?;
        criterion.bench_function(&format!("barcodes/{width}x{height}"), |b| b.iter(|| read(&pixels)));
    }
    criterion.final_summary();
    Ok(())
}
