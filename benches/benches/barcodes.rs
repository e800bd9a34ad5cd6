//! Bar codes on one thread: a receipt as it is rendered, and a photo of twelve megapixels of it.
//!
//! `cargo bench -p slipstream-benches --bench barcodes`

#![allow(missing_docs)]

use std::error::Error;

use criterion::Criterion;
use image::imageops::{FilterType, resize};
use slipstream_barcodes::{Pixels, read};

/// Width and height of a photo of twelve megapixels.
const PHOTO: (u32, u32) = (3000, 4000);

fn main() -> Result<(), Box<dyn Error>> {
    let receipt = slipstream_training_data::samples().into_iter().next().ok_or("no samples")?.image;
    let photo = resize(&receipt, PHOTO.0, PHOTO.1, FilterType::CatmullRom);
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    for image in [receipt, photo] {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let levels = image.into_raw();
        let pixels = Pixels::rgb(width, height, &levels)?;
        criterion.bench_function(&format!("barcodes/{width}x{height}"), |b| b.iter(|| read(&pixels)));
    }
    criterion.final_summary();
    Ok(())
}
