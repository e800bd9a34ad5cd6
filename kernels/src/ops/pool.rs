//! Pooling and nearest-neighbour upsampling.

use crate::layout::View;
use crate::simd::{LANES, Lanes, multiversion};

/// What to compute.
#[derive(Debug, Clone, Copy)]
pub(crate) enum PoolKind {
    /// Largest of 2×2 pixels at stride 1; beyond the right and bottom edge stands zero.
    Max2x2,
    /// Mean of windows that do not overlap.
    Average { height: usize, width: usize },
    /// Every pixel `factor`×`factor` times.
    Upsample { factor: usize },
    /// The first input plus the second one, upsampled.
    AddUpsampled { factor: usize },
    /// The sum of two inputs of the same size.
    Add,
}

/// The rows `rows` of block `block`.
pub(crate) struct PoolTask {
    pub(crate) kind: PoolKind,
    pub(crate) input: View,
    /// The second operand of sums.
    pub(crate) other: Option<View>,
    pub(crate) output: View,
    pub(crate) block: usize,
    pub(crate) rows: std::ops::Range<usize>,
}

multiversion! {
    /// Runs one task of a pooling or resampling step.
    run => pool(PoolTask)
}

/// # Safety
/// Views must fit each other as the kind says; no other task may write the
/// same rows of the block.
#[inline(always)]
unsafe fn pool<L: Lanes>(task: &PoolTask) {
    let b = task.block;
    let other = task.other.unwrap_or(task.input);
    for y in task.rows.clone() {
        if let PoolKind::Max2x2 = task.kind {
            // SAFETY: the input has a border of one pixel.
            unsafe { largest_of_four::<L>(task, y as isize) };
            continue;
        }
        for x in 0..task.output.shape.width {
            // SAFETY: the planner gave the views sizes for which all pixels below exist.
            unsafe {
                // A macro, because a closure might be compiled without the backend's features.
                macro_rules! load {
                    ($view:expr, $y:expr, $x:expr) => {
                        L::load($view.at(b, ($y) as isize, ($x) as isize))
                    };
                }
                let value = match task.kind {
                    PoolKind::Max2x2 => unreachable!("done above, row by row"),
                    PoolKind::Average { height, width } => {
                        let mut sum = L::splat(0.0);
                        for dy in 0..height {
                            let row = task.input.at(b, (y * height + dy) as isize, (x * width) as isize);
                            for dx in 0..width {
                                sum = sum.add(L::load(row.add(dx * LANES)));
                            }
                        }
                        sum.mul(L::splat(1.0 / (height * width) as f32))
                    }
                    PoolKind::Upsample { factor } => load!(task.input, y / factor, x / factor),
                    PoolKind::AddUpsampled { factor } => {
                        load!(task.input, y, x).add(load!(other, y / factor, x / factor))
                    }
                    PoolKind::Add => load!(task.input, y, x).add(load!(other, y, x)),
                };
                value.store(task.output.at(b, y as isize, x as isize));
            }
        }
    }
}

/// Row `y` of the largest of 2×2 pixels.
///
/// # Safety
/// As [`pool`].
#[inline(always)]
unsafe fn largest_of_four<L: Lanes>(task: &PoolTask, y: isize) {
    // SAFETY: forwarded; one pixel beyond the row is border.
    unsafe {
        let (top, below) = (task.input.at(task.block, y, 0), task.input.at(task.block, y + 1, 0));
        let out = task.output.at(task.block, y, 0);
        let mut left = L::load(top).max(L::load(below));
        for x in 0..task.output.shape.width {
            let next = (x + 1) * LANES;
            let right = L::load(top.add(next)).max(L::load(below.add(next)));
            left.max(right).store(out.add(x * LANES));
            left = right;
        }
    }
}
