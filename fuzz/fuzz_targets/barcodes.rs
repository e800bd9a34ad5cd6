//! Any grey levels, as an image of a size that they choose: its codes are found within bounds, or there are none.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slipstream_barcodes::{Pixels, read};

/// Rows and columns at most: room for a code, and thousands of images a second.
const MOST_SIDE: usize = 160;

/// Pixels that a byte makes: bars and modules are wider than one.
const WIDEST: usize = 4;

fuzz_target!(|bytes: &[u8]| {
    let Some(([width, zoom], levels)) = bytes.split_first_chunk::<2>() else { return };
    let (columns, zoom) = (1 + usize::from(*width) % MOST_SIDE, 1 + usize::from(*zoom) % WIDEST);
    let rows = (levels.len() / columns).min(MOST_SIDE);
    let row = |row: &[u8]| row.iter().flat_map(|level| std::iter::repeat_n(*level, zoom)).collect::<Vec<_>>();
    let enlarged = levels.chunks_exact(columns).take(rows).flat_map(|levels| row(levels).repeat(zoom));
    let levels: Vec<u8> = enlarged.collect();
    let pixels = Pixels::grey(columns * zoom, rows * zoom, &levels).expect("as many levels as pixels");
    for code in read(&pixels) {
        assert!(code.polygon.iter().all(|point| point.x.is_finite() && point.y.is_finite()));
    }
});
