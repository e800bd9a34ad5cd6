//! Adding what the enlarged inputs of a convolution give to a row of its sums.

use crate::layout::{Shape, blocks_of};
use crate::simd::{LANES, Lanes};
use crate::split::Split;

/// Sums of a convolution's enlarged inputs, not enlarged themselves.
#[derive(Clone, Copy)]
pub(crate) struct EnlargedSums<'a> {
    pub(crate) split: &'a Split,
    /// Where the sums of all parts are, one after another.
    pub(crate) scratch: *mut f32,
    /// The convolution's output.
    pub(crate) output: Shape,
}

/// Adds the sums of block `block` to `row`, row `y` of the convolution's own.
///
/// # Safety
/// `row` must be writable for the output's width, and the sums must be there.
#[inline(always)]
pub(super) unsafe fn add<L: Lanes>(sums: &EnlargedSums<'_>, block: usize, y: usize, row: *mut f32) {
    let blocks = blocks_of(sums.output.channels);
    // SAFETY: the memory is that of the split; every pixel of the output has a square.
    unsafe {
        for (part, view) in sums.split.views(&sums.output, sums.scratch) {
            let (shift, phases) = (part.source.shift, part.columns.class.len());
            let first = usize::from(part.rows.class[y & (part.rows.class.len() - 1)]) * part.columns.classes.len();
            for (phase, class) in part.columns.class.iter().enumerate() {
                let filter = first + usize::from(*class);
                let from = view.at(filter * blocks + block, (y >> shift) as isize, 0);
                for x in 0..view.shape.width {
                    let pixel = row.add((x * phases + phase) * LANES);
                    L::load(pixel).add(L::load(from.add(x * LANES))).store(pixel);
                }
            }
        }
    }
}
