//! Any bytes, as the XML of an e-invoice: an invoice within the bounds, or an error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slipstream_pdf::invoice::{MAX_LINES, parse};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(invoice) = parse(bytes) {
        assert!(invoice.lines.len() <= MAX_LINES);
    }
});
