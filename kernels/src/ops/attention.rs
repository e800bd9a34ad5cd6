//! Multi-head self-attention (Vaswani et al., arXiv 1706.03762) over the pixels of one row.
//!
//! The input holds query, key and value blocks: each head has one block of
//! sixteen lanes for each of the three, narrower heads are padded with zeros.

use super::activation::exp;
use crate::layout::View;
use crate::simd::{LANES, Lanes, multiversion};

/// One head's attention over a row of `width` positions.
pub(crate) struct AttentionTask {
    /// `3 · heads` blocks: all queries, all keys, all values.
    pub(crate) input: View,
    /// `heads` blocks.
    pub(crate) output: View,
    pub(crate) heads: usize,
    pub(crate) head: usize,
    /// 1/√(head width).
    pub(crate) scale: f32,
    /// At least [`scratch_floats`] values that no other task uses.
    pub(crate) scratch: *mut f32,
}

/// Values of scratch memory that one head needs for `width` positions.
pub(crate) fn scratch_floats(width: usize) -> usize {
    width.next_multiple_of(LANES) * (LANES + 1)
}

multiversion! {
    /// Runs one head.
    run => attend(AttentionTask)
}

/// # Safety
/// Views must have one row and the blocks described; scratch must be exclusive.
#[inline(always)]
unsafe fn attend<L: Lanes>(task: &AttentionTask) {
    let width = task.input.shape.width;
    let padded = width.next_multiple_of(LANES);
    // SAFETY: all offsets stay inside the views' rows and the scratch memory.
    unsafe {
        // Keys transposed to [lane][position], so that sixteen scores come from sixteen multiply-adds.
        let keys = task.scratch;
        let scores = task.scratch.add(padded * LANES);
        let key_row = task.input.at(task.heads + task.head, 0, 0);
        for t in 0..padded {
            for lane in 0..LANES {
                *keys.add(lane * padded + t) = if t < width { *key_row.add(t * LANES + lane) } else { 0.0 };
            }
        }
        let queries = task.input.at(task.head, 0, 0);
        let values = task.input.at(2 * task.heads + task.head, 0, 0);
        let output = task.output.at(task.head, 0, 0);
        for i in 0..width {
            let query = queries.add(i * LANES);
            for t in (0..padded).step_by(LANES) {
                let mut score = L::splat(0.0);
                for lane in 0..LANES {
                    score = L::splat(*query.add(lane)).mul_add(L::load(keys.add(lane * padded + t)), score);
                }
                score.mul(L::splat(task.scale)).store(scores.add(t));
            }
            std::slice::from_raw_parts_mut(scores.add(width), padded - width).fill(f32::MIN);
            let mut largest = L::splat(f32::MIN);
            for t in (0..padded).step_by(LANES) {
                largest = largest.max(L::load(scores.add(t)));
            }
            let largest = L::splat(largest.largest());
            let mut sum = L::splat(0.0);
            for t in (0..padded).step_by(LANES) {
                let e = exp(L::load(scores.add(t)).sub(largest));
                e.store(scores.add(t));
                sum = sum.add(e);
            }
            let mut mixed = L::splat(0.0);
            for t in 0..width {
                mixed = L::splat(*scores.add(t)).mul_add(L::load(values.add(t * LANES)), mixed);
            }
            mixed.mul(L::splat(1.0 / sum.sum())).store(output.add(i * LANES));
        }
    }
}
