//! Any bytes, as a file that says something of its own making: whatever it says is bounded, and read in time.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slipstream_provenance::{Container, Provenance};

fuzz_target!(|bytes: &[u8]| {
    for container in [Container::Jpeg, Container::Png, Container::WebP] {
        let found = Provenance::of(bytes, container);
        assert!(found.software.iter().chain(&found.generated).count() <= 16);
        assert!(found.software.iter().all(|name| name.chars().count() <= 80));
        assert!(found.thumbnail.iter().all(|jpeg| jpeg.len() <= Provenance::MAX_THUMBNAIL));
    }
});
