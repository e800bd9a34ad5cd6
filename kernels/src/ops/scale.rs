//! Squeeze-and-excitation (Hu et al., arXiv 1709.01507): channel means, and scaling by a gate.

use crate::layout::View;
use crate::simd::{LANES, Lanes, multiversion};

/// The mean of every channel of one block.
pub(crate) struct MeanTask {
    pub(crate) input: View,
    pub(crate) block: usize,
    /// Sixteen values.
    pub(crate) output: *mut f32,
}

multiversion! {
    /// Computes the channel means of a block.
    mean => block_mean(MeanTask)
}

/// # Safety
/// `output` must be writable for sixteen values.
#[inline(always)]
unsafe fn block_mean<L: Lanes>(task: &MeanTask) {
    let shape = task.input.shape;
    // SAFETY: rows and columns stay inside the view.
    unsafe {
        L::splat(0.0).store(task.output);
        for y in 0..shape.height as isize {
            add_row::<L>(task.input.at(task.block, y, 0), LANES, shape.width, task.output);
        }
        let count = (shape.height * shape.width) as f32;
        L::load(task.output).mul(L::splat(1.0 / count)).store(task.output);
    }
}

/// Adds the pixels of a row, `step` values apart, to the sixteen sums at `sums`.
///
/// # Safety
/// The row must be readable for `count` pixels and the sums writable.
#[inline(always)]
pub(super) unsafe fn add_row<L: Lanes>(row: *const f32, step: usize, count: usize, sums: *mut f32) {
    // SAFETY: the caller vouches for row and sums.
    unsafe {
        // Four sums at once, and a row before the rest: adding small numbers to a large total would lose digits.
        let mut parts = [L::splat(0.0); 4];
        let whole = count / 4 * 4;
        for x in (0..whole).step_by(4) {
            for (i, part) in parts.iter_mut().enumerate() {
                *part = part.add(L::load(row.add((x + i) * step)));
            }
        }
        for x in whole..count {
            parts[0] = parts[0].add(L::load(row.add(x * step)));
        }
        let row = parts[0].add(parts[1]).add(parts[2].add(parts[3]));
        L::load(sums).add(row).store(sums);
    }
}

/// Multiplies the rows `rows` of one block by sixteen gates.
pub(crate) struct ScaleTask {
    pub(crate) input: View,
    pub(crate) output: View,
    /// Sixteen gates.
    pub(crate) gates: *const f32,
    pub(crate) block: usize,
    pub(crate) rows: std::ops::Range<usize>,
}

multiversion! {
    /// Scales a block's channels.
    scale => block_scale(ScaleTask)
}

/// # Safety
/// Input and output may be the same view; no other task may write the rows.
#[inline(always)]
unsafe fn block_scale<L: Lanes>(task: &ScaleTask) {
    // SAFETY: rows and columns stay inside both views.
    unsafe {
        let gates = L::load(task.gates);
        for y in task.rows.clone() {
            let from = task.input.at(task.block, y as isize, 0);
            let to = task.output.at(task.block, y as isize, 0);
            for x in 0..task.output.shape.width {
                L::load(from.add(x * LANES)).mul(gates).store(to.add(x * LANES));
            }
        }
    }
}

/// The gates of squeeze-and-excitation: hard-sigmoid(W₂·relu(W₁·means + b₁) + b₂), `1 +` that with a skip.
/// Tiny matrices (at most 384×96), so the compiler's own vectors do.
pub(crate) struct Gates<'a> {
    pub(crate) squeeze: (&'a [f32], &'a [f32]),
    pub(crate) excite: (&'a [f32], &'a [f32]),
    /// Slope of the hard sigmoid: 1/6 (PyTorch) or 1/5 (Paddle's default).
    pub(crate) slope: f32,
    pub(crate) skip: bool,
}

impl Gates<'_> {
    /// Hidden values between squeeze and excite.
    pub(crate) fn hidden(&self) -> usize {
        self.squeeze.1.len()
    }

    /// Replaces the channel means in `values` by the gates; `hidden` has room for
    /// [`Gates::hidden`] values.
    pub(crate) fn apply(&self, values: &mut [f32], hidden: &mut [f32]) {
        let channels = self.excite.1.len();
        for ((to, weights), bias) in hidden.iter_mut().zip(self.squeeze.0.chunks_exact(channels)).zip(self.squeeze.1) {
            *to = (dot(weights, &values[..channels]) + bias).max(0.0);
        }
        for (c, (weights, bias)) in self.excite.0.chunks_exact(hidden.len()).zip(self.excite.1).enumerate() {
            let gate = ((dot(weights, hidden) + bias) * self.slope + 0.5).clamp(0.0, 1.0);
            values[c] = if self.skip { 1.0 + gate } else { gate };
        }
        // Padding lanes keep whatever they hold, times zero.
        values[channels..].fill(0.0);
    }
}

/// The sum of products of as many values each, in sixteen parts so that they need not wait for each other.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut parts = [0.0; LANES];
    let (mut a, mut b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    for (a, b) in a.by_ref().zip(b.by_ref()) {
        for ((part, a), b) in parts.iter_mut().zip(a).zip(b) {
            *part += a * b;
        }
    }
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    parts.iter().sum::<f32>() + rest
}
