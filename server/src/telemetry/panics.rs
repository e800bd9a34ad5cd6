//! What is said about a panic: where it happened, never what it says.
//!
//! Panic messages quote data (`byte index 3 is not a char boundary; it is inside
//! 'é' of …`), and data are receipts.

use std::panic;

use super::metrics;

/// Replaces the standard message on standard error by a log line with the place.
pub fn install_hook() {
    panic::set_hook(Box::new(|info| {
        metrics::panicked();
        let place = info.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
        tracing::error!(place, "a thread panicked");
    }));
}
