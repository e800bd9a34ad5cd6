//! Four channels of four pixels as a square of 4×4.

use super::activation::{self, Precision};
use crate::network::Activation;
use crate::simd::{LANES, Lanes, multiversion, unroll};

/// Squares of one row.
pub(crate) struct MosaicTask {
    /// `[blocks][width][LANES]`: four channels of four pixels for every square, see [`crate::mosaic::Mosaic`].
    pub(crate) values: *const f32,
    pub(crate) blocks: usize,
    pub(crate) width: usize,
    /// `[blocks][4][LANES]`.
    pub(crate) taps: *const f32,
    /// `[LANES]`.
    pub(crate) bias: *const f32,
    pub(crate) activation: Activation,
    /// Where the first square begins, and how far its rows are apart.
    pub(crate) output: *mut f32,
    pub(crate) row: usize,
}

multiversion! {
    /// Computes the squares of a task.
    run => mosaic(MosaicTask)
}

/// # Safety
/// Values, taps and bias must be there, and the output writable for four rows of `4 · width` values, which no other
/// task writes.
#[inline(always)]
unsafe fn mosaic<L: Lanes>(task: &MosaicTask) {
    let mut x = 0;
    // SAFETY: forwarded; tiles stay within the row.
    unsafe {
        if const { L::TILE > 8 } {
            while x + 8 <= task.width {
                tile::<L, 8>(task, x);
                x += 8;
            }
        }
        while x + 4 <= task.width {
            tile::<L, 4>(task, x);
            x += 4;
        }
        while x < task.width {
            tile::<L, 1>(task, x);
            x += 1;
        }
    }
}

/// `T` squares from `x` on.
#[inline(always)]
unsafe fn tile<L: Lanes, const T: usize>(task: &MosaicTask, x: usize) {
    // SAFETY: forwarded.
    unsafe {
        let mut sums = [L::load(task.bias); T];
        for block in 0..task.blocks {
            let mut values = [L::splat(0.0); T];
            unroll!(SQUARE < T, {
                values[SQUARE] = L::load(task.values.add((block * task.width + x + SQUARE) * LANES));
            });
            macro_rules! channel {
                ($i:literal) => {
                    let taps = L::load(task.taps.add((block * 4 + $i) * LANES));
                    unroll!(SQUARE < T, {
                        sums[SQUARE] = values[SQUARE].of_quarters::<$i>().mul_add(taps, sums[SQUARE]);
                    });
                };
            }
            channel!(0);
            channel!(1);
            channel!(2);
            channel!(3);
        }
        unroll!(SQUARE < T, {
            let square = activation::of(sums[SQUARE], task.activation, Precision::Single).as_square();
            square.store_quarters(task.output.add((x + SQUARE) * 4), task.row);
        });
    }
}
