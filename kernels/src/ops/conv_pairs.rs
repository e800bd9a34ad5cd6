//! Dense convolution with bfloat16 products: the same kernel over rounded input.
//!
//! A task rounds the rows that it reads once, into memory of its thread that
//! stays in the second-level cache while all panels of weights pass over it.
//! That costs two instructions for sixteen channels of a pixel, where a panel of
//! 32 outputs costs sixteen.

use std::cell::RefCell;

use super::conv::{ConvTask, InputBlock, conv};
use crate::packing::PairWeights;
use crate::simd::LANES;
use crate::simd::avx512::F32x16;
use crate::simd::bf16::{self, Pairs};

/// Pairs of channels in a block.
const PAIRS: usize = LANES / 2;

thread_local! {
    /// Rounded input; it only grows, so that runs in steady state allocate nothing.
    static ROUNDED: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// # Safety
/// As [`conv`]; the processor must have AVX512_BF16, and the input's blocks
/// sixteen channels a pixel.
pub(super) unsafe fn run(task: &ConvTask<'_>, pairs: &PairWeights) {
    if task.panels.is_empty() || task.rows.is_empty() {
        return;
    }
    let first = task.rows.start * task.stride.0;
    let rows = (task.rows.len() - 1) * task.stride.0 + task.kernel.0;
    let columns = (task.width - 1) * task.stride.1 + task.kernel.1;
    ROUNDED.with_borrow_mut(|rounded| {
        let pairs_needed = task.inputs.len() * rows * columns * PAIRS;
        if rounded.len() < pairs_needed {
            rounded.resize(pairs_needed, 0);
        }
        let inputs: Vec<InputBlock> = task
            .inputs
            .iter()
            .zip(rounded.chunks_exact_mut(rows * columns * PAIRS))
            .map(|(block, to)| {
                for (y, row) in to.chunks_exact_mut(columns * PAIRS).enumerate() {
                    // SAFETY: output rows and columns of the task read exactly these pixels.
                    unsafe { bf16::round(block.origin.add((first + y) * block.row), row.as_mut_ptr().cast(), columns) };
                }
                let row = columns * PAIRS;
                // Where row 0 of the image would be; only rows of this task are read.
                let origin = to.as_ptr().cast::<f32>().wrapping_sub(first * row);
                InputBlock { origin, row, channels: block.channels.div_ceil(2) }
            })
            .collect();
        let task = ConvTask {
            inputs: &inputs,
            pitch: PAIRS,
            weights: pairs.weights.as_ptr(),
            panel_floats: pairs.panel_floats,
            pairs: None,
            panels: task.panels.clone(),
            rows: task.rows.clone(),
            ..*task
        };
        // SAFETY: forwarded; the rounded rows stand where the task's rows would.
        unsafe { paired(&task) }
    });
}

/// # Safety
/// As [`run`].
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn paired(task: &ConvTask<'_>) {
    // SAFETY: forwarded.
    unsafe { conv::<F32x16, Pairs>(task) }
}
