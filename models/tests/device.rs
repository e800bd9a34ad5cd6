//! The shipped networks on a device: the CUDA kernels, run on the processor, against recorded output.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

#[path = "../../kernels/tests/emulation/mod.rs"]
mod emulation;
mod recorded;

use std::path::Path;

use emulation::{Order, machine};
use slipstream_models::detect::Detector;
use slipstream_models::recognise::Recogniser;
use slipstream_models::{Accelerator, Backend, Device, LineCrop, Quad, Raster};

/// Largest difference of a probability that weights and activations in f16 may cause.
const TOLERANCE: f32 = 0.03;

fn device() -> Option<Accelerator> {
    machine(Order::Forwards).map(|machine| Accelerator::of(machine, Device::Cuda(0)))
}

fn detectors(folder: &Path) -> Vec<(String, Detector, f32)> {
    let load = |on: Accelerator| ("a device".to_owned(), Detector::load_on(folder, &on).unwrap(), TOLERANCE);
    device().into_iter().map(load).collect()
}

fn recognisers(folder: &Path) -> Vec<(String, Recogniser, f32)> {
    let load = |on: Accelerator| ("a device".to_owned(), Recogniser::load_on(folder, &on).unwrap(), TOLERANCE);
    device().into_iter().map(load).collect()
}

#[test]
fn a_page_in_bytes_gives_the_boxes_that_it_gives_on_the_cpu() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fixture = std::fs::read(folder.join("tests/fixtures/ppocrv6/tiny.json"));
    let record: serde_json::Value = serde_json::from_slice(&fixture.unwrap()).unwrap();
    let [height, width] = ["height", "width"].map(|side| record["page"][side].as_u64().unwrap() as usize);
    let grey = record["page"]["grey"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as u8);
    let page = Raster::new(width, height, grey.flat_map(|v| [v; 3]).collect()).unwrap();
    let weights = folder.join("weights/detect/tiny");
    let Some((_, detector, _)) = detectors(&weights).pop() else { return };
    let here = Detector::load_for(&weights, Backend::Portable).unwrap().detect(&page).unwrap().regions;
    let there = detector.detect(&page).unwrap().regions;
    assert!(!here.is_empty());
    assert_eq!(here.len(), there.len());
    for (a, b) in here.iter().zip(&there) {
        assert!((a.score - b.score).abs() < TOLERANCE, "{} is not {}", b.score, a.score);
        // A pixel of the map on either side of the threshold.
        let apart = a.quad.0.iter().zip(b.quad.0).map(|(a, b)| a.distance(b)).fold(0.0, f32::max);
        assert!(apart < 3.0, "{:?} is not {:?}", b.quad, a.quad);
    }
}

#[test]
fn lines_that_run_together_read_as_each_does_alone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("weights/recognise/receipts");
    let Some((_, recogniser, _)) = recognisers(&folder).pop() else { return };
    assert!(recogniser.reads_together());
    let fixture = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recognise/receipts.json"));
    let line: serde_json::Value = serde_json::from_slice(&fixture.unwrap()).unwrap();
    let grey: Vec<u8> = line["grey"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as u8).collect();
    let width = grey.len() / 48;
    let crop = |width: usize, grey: Vec<u8>| {
        let quad = Quad::from_bounds(0.0, 0.0, width as f32, 48.0);
        LineCrop::new(width, grey.into_iter().flat_map(|v| [v; 3]).collect(), quad).unwrap()
    };
    let written = crop(width, grey.clone());
    let blank = crop(24, vec![255; 24 * 48]);
    // A line of another width, which another batch has to take.
    let twice: Vec<u8> = grey.chunks_exact(width).flat_map(|row| row.iter().chain(row).copied()).collect();
    let twice = crop(2 * width, twice);
    let read = recogniser.recognise(&[&twice, &blank, &written, &blank]).unwrap();
    let texts: Vec<_> = read.iter().map(|line| line.text()).collect();
    assert_eq!(texts[1..], ["", "TOTAL 9.00", ""]);
    assert_eq!(texts[0].matches("TOTAL").count(), 2, "{}", texts[0]);
}
