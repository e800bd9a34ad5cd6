//! Whether a photo can be read, on one thread: a receipt as it is rendered, and a photo of twelve megapixels of it.
//!
//! `cargo bench -p slipstream --bench quality`

#![allow(missing_docs)]

use std::error::Error;

use criterion::Criterion;
use image::imageops::{FilterType, resize};
use slipstream::pipeline::quality::{QualitySettings, quality};
use slipstream_models::Raster;

/// Width and height of a photo of twelve megapixels.
const PHOTO: (u32, u32) = (3000, 4000);

fn main() -> Result<(), Box<dyn Error>> {
    let receipt = slipstream_training_data::samples().into_iter().next().ok_or("no samples")?.image;
    let photo = resize(&receipt, PHOTO.0, PHOTO.1, FilterType::CatmullRom);
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let settings = QualitySettings::default();
    for image in [receipt, photo] {
        let (width, height) = (image.width() as usize, image.height() as usize);
        let raster = Raster::new(width, height, image.into_raw())?;
        criterion.bench_function(&format!("quality/{width}x{height}"), |b| b.iter(|| quality(&raster, &settings)));
    }
    criterion.final_summary();
    Ok(())
}
