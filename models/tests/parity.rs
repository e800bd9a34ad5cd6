//! The shipped networks against recorded output, on every backend of this processor.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod recorded;

use std::path::Path;

use slipstream_models::Backend;
use slipstream_models::detect::Detector;
use slipstream_models::recognise::Recogniser;

/// Largest difference of a probability that f16 weights may cause, bfloat16 products of them, or integers.
fn tolerance(backend: Backend) -> f32 {
    match backend {
        _ if backend.multiplies_integers() => 0.12,
        _ if backend.multiplies_bf16() => 0.04,
        _ => 0.03,
    }
}

/// The detector in `folder` on everything that there is, with the difference that it may make.
fn detectors(folder: &Path) -> Vec<(String, Detector, f32)> {
    let load = |backend| (format!("{backend:?}"), Detector::load_for(folder, backend).unwrap(), tolerance(backend));
    Backend::available().into_iter().map(load).collect()
}

fn recognisers(folder: &Path) -> Vec<(String, Recogniser, f32)> {
    let load = |backend| (format!("{backend:?}"), Recogniser::load_for(folder, backend).unwrap(), tolerance(backend));
    Backend::available().into_iter().map(load).collect()
}
