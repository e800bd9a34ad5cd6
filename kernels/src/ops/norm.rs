//! Layer normalisation (Ba et al., arXiv 1607.06450) and softmax over the channels of each pixel.

use super::activation::exp;
use crate::layout::View;
use crate::simd::{LANES, Lanes, multiversion};

/// Normalises the channels of every pixel of row `row`.
pub(crate) struct LayerNormTask {
    pub(crate) input: View,
    pub(crate) output: View,
    /// `[blocks][LANES]`, zero in padding lanes.
    pub(crate) scale: *const f32,
    /// `[blocks][LANES]`, zero in padding lanes.
    pub(crate) shift: *const f32,
    pub(crate) epsilon: f32,
    pub(crate) row: usize,
}

multiversion! {
    /// Runs layer normalisation on one row.
    layer_norm => layer_norm_row(LayerNormTask)
}

/// # Safety
/// Views must have the same size; padding lanes of the input must be zero.
#[inline(always)]
unsafe fn layer_norm_row<L: Lanes>(task: &LayerNormTask) {
    let shape = task.input.shape;
    let n = shape.channels as f32;
    let padding = (shape.blocks() * LANES - shape.channels) as f32;
    for x in 0..shape.width as isize {
        let y = task.row as isize;
        // SAFETY: the pixel lies inside both views; scale and shift cover all blocks.
        unsafe {
            let mut sum = L::splat(0.0);
            for b in 0..shape.blocks() {
                sum = sum.add(L::load(task.input.at(b, y, x)));
            }
            let mean = sum.sum() / n;
            let mut squares = L::splat(0.0);
            for b in 0..shape.blocks() {
                let d = L::load(task.input.at(b, y, x)).sub(L::splat(mean));
                squares = d.mul_add(d, squares);
            }
            // Each padding lane contributed (0 - mean)².
            let variance = (squares.sum() - padding * mean * mean).max(0.0) / n;
            let inverse = L::splat(1.0 / (variance + task.epsilon).sqrt());
            for b in 0..shape.blocks() {
                let d = L::load(task.input.at(b, y, x)).sub(L::splat(mean)).mul(inverse);
                let scaled = d.mul_add(L::load(task.scale.add(b * LANES)), L::load(task.shift.add(b * LANES)));
                scaled.store(task.output.at(b, y, x));
            }
        }
    }
}

/// Softmax over the channels of every pixel of row `row`, in place allowed.
pub(crate) struct SoftmaxTask {
    pub(crate) input: View,
    pub(crate) output: View,
    pub(crate) row: usize,
}

multiversion! {
    /// Runs softmax on one row.
    softmax => softmax_row(SoftmaxTask)
}

/// # Safety
/// Views must have the same size.
#[inline(always)]
unsafe fn softmax_row<L: Lanes>(task: &SoftmaxTask) {
    let shape = task.input.shape;
    let last = shape.blocks() - 1;
    let tail = shape.channels_of(last);
    for x in 0..shape.width as isize {
        let y = task.row as isize;
        // SAFETY: the pixel lies inside both views; this row belongs to this task.
        unsafe {
            // Padding lanes must not count: make them the smallest number.
            if tail < LANES {
                let lanes = std::slice::from_raw_parts_mut(task.input.at(last, y, x), LANES);
                lanes[tail..].fill(f32::MIN);
            }
            let mut largest = L::splat(f32::MIN);
            for b in 0..shape.blocks() {
                largest = largest.max(L::load(task.input.at(b, y, x)));
            }
            let largest = L::splat(largest.largest());
            let mut sum = L::splat(0.0);
            for b in 0..shape.blocks() {
                let e = exp(L::load(task.input.at(b, y, x)).sub(largest));
                e.store(task.output.at(b, y, x));
                sum = sum.add(e);
            }
            let inverse = L::splat(1.0 / sum.sum());
            for b in 0..shape.blocks() {
                let p = task.output.at(b, y, x);
                L::load(p).mul(inverse).store(p);
            }
        }
    }
}
