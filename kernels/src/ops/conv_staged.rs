//! Dense convolution over inputs that a task first brings into another form:
//! rounded to the type that its weights are multiplied in, enlarged, or both.
//!
//! A task converts the rows that it reads once, into memory of its thread that
//! stays in the second-level cache while all panels of weights pass over it.
//! That costs two instructions (bfloat16) or six (integers) for sixteen channels
//! of a pixel, where a panel of 32 outputs costs sixteen or eight.

use std::cell::RefCell;

use super::conv::{ConvTask, InputBlock, run_single};
use crate::backend::Backend;
use crate::packing::{Narrow, NarrowKind};
use crate::simd::LANES;

thread_local! {
    /// Converted input; it only grows, so that runs in steady state allocate nothing.
    static STAGED: RefCell<Staged> = const { RefCell::new(Staged { values: Vec::new(), blocks: Vec::new() }) };
    /// One row before it is enlarged.
    static COARSE: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

/// A task's input in the form that it is multiplied in, and where its blocks are.
struct Staged {
    values: Vec<u32>,
    blocks: Vec<InputBlock>,
}

/// # Safety
/// As [`super::conv::run`]; the processor must have what the kind of weights needs
/// (AVX512_BF16 or AVX512_VNNI), and the input's blocks sixteen channels a pixel.
pub(super) unsafe fn run(backend: Backend, task: &ConvTask<'_>) {
    if task.panels.is_empty() || task.rows.is_empty() {
        return;
    }
    let first = task.rows.start * task.stride.0;
    let rows = (task.rows.len() - 1) * task.stride.0 + task.kernel.0;
    let columns = (task.width - 1) * task.stride.1 + task.kernel.1;
    let group = task.narrow.map_or(1, Narrow::group);
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
                unsafe { stage_row(task.narrow, b, block, first + y, row, pitch) };
            }
            let row = columns * pitch;
            // Where row 0 of the image would be; only rows of this task are read.
            let origin = to.as_ptr().cast::<f32>().wrapping_sub(first * row);
            blocks.push(InputBlock { origin, row, channels: block.channels.div_ceil(group), enlarged: None });
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
        unsafe { multiply(backend, staged, task.narrow) };
    });
}

/// Converts row `y` of what block `b` gives the convolution: `row.len() / pitch` pixels.
///
/// # Safety
/// As [`run`]; the pixels must exist.
unsafe fn stage_row(narrow: Option<&Narrow>, b: usize, block: &InputBlock, y: usize, row: &mut [u32], pitch: usize) {
    let columns = row.len() / pitch;
    let Some(enlarged) = block.enlarged else {
        // SAFETY: forwarded.
        unsafe { convert(narrow, b, block.origin.add(y * block.row), row, columns) };
        return;
    };
    let (above, before) = (enlarged.padding.0 as isize, enlarged.padding.1 as isize);
    // Pixels of the border, before 0 and behind the last, come from the coarse border.
    let coarse = |at: usize, padding: isize| (at as isize - padding) >> enlarged.shift;
    let first = coarse(0, before);
    let count = (coarse(columns - 1, before) - first + 1) as usize;
    COARSE.with_borrow_mut(|line| {
        if line.len() < count * pitch {
            line.resize(count * pitch, 0);
        }
        let from = block.origin.wrapping_offset(coarse(y, above) * block.row as isize + first * LANES as isize);
        // SAFETY: the plan gave the coarse input a border at least as wide as the padding.
        unsafe { convert(narrow, b, from, line, count) };
        for (x, pixel) in row.chunks_exact_mut(pitch).enumerate() {
            let at = (coarse(x, before) - first) as usize * pitch;
            pixel.copy_from_slice(&line[at..at + pitch]);
        }
    });
}

/// Converts `pixels` pixels of block `b` to the type of `narrow`, or copies them.
///
/// # Safety
/// As [`run`]; `from` must be readable for `pixels · 16` values.
unsafe fn convert(narrow: Option<&Narrow>, b: usize, from: *const f32, to: &mut [u32], pixels: usize) {
    let to = to.as_mut_ptr();
    match narrow.map(|narrow| &narrow.kind) {
        // SAFETY: a value has the size of an f32, so `to` holds all pixels.
        None => unsafe { std::ptr::copy_nonoverlapping(from.cast(), to, pixels * LANES) },
        // SAFETY: as above with halves; the processor has the instructions.
        #[cfg(target_arch = "x86_64")]
        Some(NarrowKind::Pairs) => unsafe { crate::simd::bf16::round(from, to.cast(), pixels) },
        // SAFETY: as above with bytes; the steps were packed for every block.
        #[cfg(target_arch = "x86_64")]
        Some(NarrowKind::Quads(quads)) => unsafe {
            let inverse = quads.inverse_steps.as_ptr().add(b * LANES);
            crate::simd::int8::round(from, to.cast(), pixels, inverse, quads.zero);
        },
        #[cfg(not(target_arch = "x86_64"))]
        Some(_) => unreachable!("no backend of this processor multiplies narrow types"),
    }
}

/// Runs the task on its converted input.
///
/// # Safety
/// As [`run`].
unsafe fn multiply(backend: Backend, task: ConvTask<'_>, narrow: Option<&Narrow>) {
    let Some(narrow) = narrow else {
        // SAFETY: forwarded.
        unsafe { run_single(backend, &task) };
        return;
    };
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
