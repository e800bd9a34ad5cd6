//! Each network alone: a page of 960×640 for the detectors, one line of 48×320
//! on one thread for the recognisers.

#![allow(missing_docs)]

use std::error::Error;
use std::path::Path;

use criterion::Criterion;
use slipstream_models::detect::Detector;
use slipstream_models::recognise::Recogniser;
use slipstream_models::{LineCrop, Quad};

const PAGE: (usize, usize) = (960, 640);
const LINE_WIDTH: usize = 320;

/// Values that no two neighbours share, in the range of normalised pixels.
fn pattern(len: usize) -> impl Iterator<Item = f32> {
    (0..len).map(|i| ((i * 7919) % 1009) as f32 / 504.5 - 1.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/weights");
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let pixels = pattern(48 * LINE_WIDTH * 3).map(|v| (v * 127.0 + 127.0) as u8).collect();
    let quad = Quad::from_bounds(0.0, 0.0, LINE_WIDTH as f32, 48.0);
    let line = LineCrop::new(LINE_WIDTH, pixels, quad).ok_or("a crop of 48 rows")?;
    for size in ["tiny", "small"] {
        let recogniser = Recogniser::load(&weights.join("recognise").join(size))?;
        criterion.bench_function(&format!("recognise/{size}/48x{LINE_WIDTH}"), |b| {
            b.iter(|| recogniser.probabilities(&line));
        });
        let detector = Detector::load(&weights.join("detect").join(size))?;
        let image: Vec<f32> = pattern(PAGE.0 * PAGE.1 * 3).collect();
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
            criterion.bench_function(&format!("detect/{size}/{}x{}/{threads} threads", PAGE.0, PAGE.1), |b| {
                b.iter(|| pool.install(|| detector.probability_map(image.clone(), PAGE)));
            });
        }
    }
    criterion.final_summary();
    Ok(())
}
