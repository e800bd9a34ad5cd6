//! Dense convolution with narrow products: the same kernel over rounded input.
//!
//! A task rounds the rows that it reads once, into memory of its thread that
//! stays in the second-level cache while all panels of weights pass over it.
//! That costs two instructions (bfloat16) or six (integers) for sixteen channels
//! of a pixel, where a panel of 32 outputs costs sixteen or eight.

use std::cell::RefCell;

use super::conv::{ConvTask, InputBlock, conv};
use crate::packing::{Narrow, NarrowKind};
use crate::simd::LANES;
use crate::simd::avx512::F32x16;
use crate::simd::bf16::{self, Pairs};
use crate::simd::int8::{self, Quads};

thread_local! {
    /// Rounded input; it only grows, so that runs in steady state allocate nothing.
    static ROUNDED: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// # Safety
/// As [`conv`]; the processor must have what the kind of weights needs
/// (AVX512_BF16 or AVX512_VNNI), and the input's blocks sixteen channels a pixel.
pub(super) unsafe fn run(task: &ConvTask<'_>, narrow: &Narrow) {
    if task.panels.is_empty() || task.rows.is_empty() {
        return;
    }
    let first = task.rows.start * task.stride.0;
    let rows = (task.rows.len() - 1) * task.stride.0 + task.kernel.0;
    let columns = (task.width - 1) * task.stride.1 + task.kernel.1;
    let group = narrow.group();
    let pitch = LANES / group;
    ROUNDED.with_borrow_mut(|rounded| {
        let needed = task.inputs.len() * rows * columns * pitch;
        if rounded.len() < needed {
            rounded.resize(needed, 0);
        }
        let inputs: Vec<InputBlock> = task
            .inputs
            .iter()
            .zip(rounded.chunks_exact_mut(rows * columns * pitch))
            .enumerate()
            .map(|(b, (block, to))| {
                for (y, row) in to.chunks_exact_mut(columns * pitch).enumerate() {
                    let to = row.as_mut_ptr();
                    // SAFETY: output rows and columns of the task read exactly these pixels;
                    // the weights were packed for these blocks.
                    unsafe {
                        let from = block.origin.add((first + y) * block.row);
                        match &narrow.kind {
                            NarrowKind::Pairs => bf16::round(from, to.cast(), columns),
                            NarrowKind::Quads(quads) => {
                                let inverse = quads.inverse_steps.as_ptr().add(b * LANES);
                                int8::round(from, to.cast(), columns, inverse, quads.zero);
                            }
                        }
                    }
                }
                let row = columns * pitch;
                // Where row 0 of the image would be; only rows of this task are read.
                let origin = to.as_ptr().cast::<f32>().wrapping_sub(first * row);
                InputBlock { origin, row, channels: block.channels.div_ceil(group) }
            })
            .collect();
        let task = ConvTask {
            inputs: &inputs,
            pitch,
            weights: narrow.weights.as_ptr(),
            panel_floats: narrow.panel_floats,
            narrow: None,
            panels: task.panels.clone(),
            rows: task.rows.clone(),
            ..*task
        };
        match &narrow.kind {
            // SAFETY: forwarded; the rounded rows stand where the task's rows would.
            NarrowKind::Pairs => unsafe { paired(&task) },
            NarrowKind::Quads(quads) => {
                let task = ConvTask {
                    scales: quads.scales.as_ptr(),
                    bias: quads.bias.as_ptr(),
                    panels: task.panels.clone(),
                    rows: task.rows.clone(),
                    ..task
                };
                // SAFETY: as above.
                unsafe { quadrupled(&task) }
            }
        }
    });
}

/// # Safety
/// As [`run`].
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn paired(task: &ConvTask<'_>) {
    // SAFETY: forwarded.
    unsafe { conv::<F32x16, Pairs>(task) }
}

/// # Safety
/// As [`run`].
#[target_feature(enable = "avx512f,avx512vnni")]
unsafe fn quadrupled(task: &ConvTask<'_>) {
    // SAFETY: forwarded.
    unsafe { conv::<F32x16, Quads>(task) }
}
