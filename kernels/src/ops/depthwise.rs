//! Depthwise convolution: one filter per channel, sixteen channels at a time.

use super::activation::{self, Precision};
use super::scale;
use crate::layout::View;
use crate::network::Activation;
use crate::simd::{LANES, Lanes, multiversion, unroll};

/// The rows `rows` of block `block` of one depthwise convolution.
pub(crate) struct DepthwiseTask {
    pub(crate) input: View,
    pub(crate) output: View,
    pub(crate) kernel: (usize, usize),
    pub(crate) stride: (usize, usize),
    pub(crate) padding: (usize, usize),
    /// `[blocks][ky][kx][LANES]`.
    pub(crate) weights: *const f32,
    /// `[blocks][LANES]`.
    pub(crate) bias: *const f32,
    pub(crate) activation: Activation,
    pub(crate) residual: Option<View>,
    /// As in a dense convolution.
    pub(crate) sums: *mut f32,
    pub(crate) block: usize,
    pub(crate) rows: std::ops::Range<usize>,
}

multiversion! {
    /// Runs one task of a depthwise convolution.
    run => depthwise(DepthwiseTask)
}

/// # Safety
/// The input's halo must be at least as wide as the padding; no other task may
/// write the same rows of the block.
#[inline(always)]
unsafe fn depthwise<L: Lanes>(task: &DepthwiseTask) {
    for y in task.rows.clone() {
        let width = task.output.shape.width;
        let mut x = 0;
        // SAFETY: forwarded; tiles stay within the row.
        unsafe {
            if L::TILE > 8 {
                while x + 12 <= width {
                    tile::<L, 12>(task, y, x);
                    x += 12;
                }
            }
            while x + 4 <= width {
                tile::<L, 4>(task, y, x);
                x += 4;
            }
            while x < width {
                tile::<L, 1>(task, y, x);
                x += 1;
            }
            let residual = task.residual.as_ref().map(|r| r.at(task.block, y as isize, 0).cast_const());
            let row = task.output.at(task.block, y as isize, 0);
            let channels = task.output.shape.channels_of(task.block);
            activation::finish::<L>((task.activation, Precision::Single), (row, channels), residual, LANES, width);
            if !task.sums.is_null() {
                scale::add_row::<L>(row, LANES, width, task.sums.add(task.block * LANES));
            }
        }
    }
}

#[inline(always)]
unsafe fn tile<L: Lanes, const T: usize>(task: &DepthwiseTask, y: usize, x: usize) {
    // SAFETY: forwarded.
    unsafe {
        match task.stride.1 {
            1 => tile_of::<L, T, 1>(task, y, x),
            _ => tile_of::<L, T, 2>(task, y, x),
        }
    }
}

#[inline(always)]
unsafe fn tile_of<L: Lanes, const T: usize, const STRIDE: usize>(task: &DepthwiseTask, y: usize, x: usize) {
    let (kh, kw) = task.kernel;
    // SAFETY: the caller vouches for views and weights; the halo covers the padding.
    unsafe {
        let mut acc = [L::load(task.bias.add(task.block * LANES)); T];
        let mut weights = task.weights.add(task.block * kh * kw * LANES);
        let top = (y * task.stride.0) as isize - task.padding.0 as isize;
        let left = (x * STRIDE) as isize - task.padding.1 as isize;
        for ky in 0..kh {
            let row = task.input.at(task.block, top + ky as isize, left);
            for kx in 0..kw {
                let w = L::load(weights);
                let pixel = row.add(kx * LANES);
                unroll!(PIXEL < T, {
                    acc[PIXEL] = L::load(pixel.add(PIXEL * STRIDE * LANES)).mul_add(w, acc[PIXEL]);
                });
                weights = weights.add(LANES);
            }
        }
        // The row behind the last is read for the next row of outputs.
        let below = task.input.at(task.block, top + (kh - 1 + task.stride.0) as isize, left + task.padding.1 as isize);
        unroll!(PIXEL < T, {
            for i in 0..STRIDE {
                L::prefetch(below.wrapping_add((PIXEL * STRIDE + i) * LANES));
            }
        });
        let out = task.output.at(task.block, y as isize, x as isize);
        unroll!(PIXEL < T, {
            acc[PIXEL].store(out.add(PIXEL * LANES));
        });
    }
}
