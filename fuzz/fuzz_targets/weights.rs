//! Any bytes, as a model's weights: tensors or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slipstream_models::weights::Weights;

fuzz_target!(|bytes: &[u8]| {
    let _ = Weights::from_bytes(bytes);
});
