//! Dense convolution over inputs that a task first rounds to the type that its
//! weights are multiplied in.
//!
//! A task converts the rows that it reads once, into memory of its thread that
//! stays in the second-level cache while all panels of weights pass over it.
//! That costs two instructions (bfloat16) or six (integers) for sixteen channels
//! of a pixel, where a panel of 32 outputs costs sixteen or eight.

use std::cell::RefCell;

use super::conv::{ConvTask, InputBlock};
use crate::packing::{Narrow, NarrowKind};
use crate::simd::LANES;

thread_local! {
    /// Converted input; it only grows, so that runs in steady state allocate nothing.
    static STAGED: RefCell<Staged> = const { RefCell::new(Staged { values: Vec::new(), blocks: Vec::new() }) };
}

/// A task's input in the form that it is multiplied in, and where its blocks are.
struct Staged {
    values: Vec<u32>,
    blocks: Vec<InputBlock>,
}

/// # Safety
/// As [`super::conv::run`]; the processor must have what the kind of weights needs
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
    STAGED.with_borrow_mut(|Staged { values, blocks }| {
        let needed = task.inputs.len() * rows * columns * pitch;
        if values.len() < needed {
            values.resize(needed, 0);
        }
        blocks.clear();
        for (b, (block, to)) in task.inputs.iter().zip(values.chunks_exact_mut(rows * columns * pitch)).enumerate() {
            for (y, row) in to.chunks_exact_mut(columns * pitch).enumerate() {
                // SAFETY: output rows and columns of the task read exactly these pixels;
                // the weights were packed for these blocks.
                unsafe { convert(narrow, b, block.origin.add((first + y) * block.row), row, columns) };
            }
            let row = columns * pitch;
            // Where row 0 of the image would be; only rows of this task are read.
            let origin = to.as_ptr().cast::<f32>().wrapping_sub(first * row);
            blocks.push(InputBlock { origin, row, channels: block.channels.div_ceil(group) });
        }
        let staged = ConvTask {
            inputs: blocks,
            pitch,
            narrow: None,
            panels: task.panels.clone(),
            rows: task.rows.clone(),
            ..*task
        };
        // SAFETY: forwarded; the converted rows stand where the task's rows would.
        unsafe { multiply(staged, narrow) };
    });
}

/// Converts `pixels` pixels of block `b` to the type of `narrow`.
///
/// # Safety
/// As [`run`]; `from` must be readable for `pixels · 16` values.
unsafe fn convert(narrow: &Narrow, b: usize, from: *const f32, to: &mut [u32], pixels: usize) {
    let to = to.as_mut_ptr();
    match &narrow.kind {
        // SAFETY: `to` holds all pixels in halves; the processor has the instructions.
        #[cfg(target_arch = "x86_64")]
        NarrowKind::Pairs => unsafe { crate::simd::bf16::round(from, to.cast(), pixels) },
        // SAFETY: as above with bytes; the steps were packed for every block.
        #[cfg(target_arch = "x86_64")]
        NarrowKind::Quads(quads) => unsafe {
            let inverse = quads.inverse_steps.as_ptr().add(b * LANES);
            crate::simd::int8::round(from, to.cast(), pixels, inverse, quads.zero);
        },
        #[cfg(not(target_arch = "x86_64"))]
        _ => unreachable!("no backend of this processor multiplies narrow types"),
    }
}

/// Runs the task on its converted input.
///
/// # Safety
/// As [`run`].
unsafe fn multiply(task: ConvTask<'_>, narrow: &Narrow) {
    let task = ConvTask { weights: narrow.weights.as_ptr(), panel_floats: narrow.panel_floats, ..task };
    match &narrow.kind {
        // SAFETY: forwarded.
        #[cfg(target_arch = "x86_64")]
        NarrowKind::Pairs => unsafe { x86::paired(&task) },
        // SAFETY: forwarded.
        #[cfg(target_arch = "x86_64")]
        NarrowKind::Quads(quads) => unsafe {
            x86::quadrupled(&ConvTask { scales: quads.scales.as_ptr(), bias: quads.bias.as_ptr(), ..task });
        },
        #[cfg(not(target_arch = "x86_64"))]
        _ => unreachable!("no backend of this processor multiplies narrow types"),
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use crate::ops::conv::{ConvTask, conv};
    use crate::simd::avx512::F32x16;
    use crate::simd::bf16::Pairs;
    use crate::simd::int8::Quads;

    /// # Safety
    /// As [`super::run`].
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub(super) unsafe fn paired(task: &ConvTask<'_>) {
        // SAFETY: forwarded.
        unsafe { conv::<F32x16, Pairs>(task) }
    }

    /// # Safety
    /// As [`super::run`].
    #[target_feature(enable = "avx512f,avx512vnni")]
    pub(super) unsafe fn quadrupled(task: &ConvTask<'_>) {
        // SAFETY: forwarded.
        unsafe { conv::<F32x16, Quads>(task) }
    }
}
