//! Any bytes, as an upload: they are decoded or refused, within the limits.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slipstream::pipeline::decode::{DecodeLimits, decode};

/// Small enough that a few thousand decodes a second fit.
const LIMITS: DecodeLimits = DecodeLimits { max_bytes: 1 << 20, max_pixels: 1 << 20, max_side: 4096 };

fuzz_target!(|bytes: &[u8]| {
    if let Ok(decoded) = decode(bytes, None, &LIMITS) {
        let (width, height) = (decoded.raster.width(), decoded.raster.height());
        assert!(width * height <= LIMITS.max_pixels as usize, "{width}×{height}");
        assert_eq!(decoded.raster.rgb().len(), width * height * 3);
    }
});
