//! Depthwise convolution: one filter per channel, sixteen channels at a time.

use std::marker::PhantomData;

use super::activation::{self, Precision};
use super::scale;
use crate::layout::View;
use crate::network::Activation;
use crate::simd::{LANES, Lanes, Part, multiversion, unroll};

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
    let mut y = task.rows.start;
    while y < task.rows.end {
        let count = if const { L::TILE > 8 } && y + 1 < task.rows.end { 2 } else { 1 };
        // SAFETY: forwarded; the rows are the task's.
        unsafe {
            let done = match (count, task.stride, task.kernel.1) {
                (2, (1, 1), 3) => Pair::<L, 8, 3, 10>::rows(task, y),
                (2, (1, 1), 5) => Pair::<L, 8, 5, 12>::rows(task, y),
                (2, (1, 1), 7) => Pair::<L, 6, 7, 12>::rows(task, y),
                _ => false,
            };
            for y in y..y + count {
                if !done {
                    row::<L>(task, y);
                }
                finish::<L>(task, y);
            }
        }
        y += count;
    }
}

/// What is left to do with a row once its sums are there.
#[inline(always)]
unsafe fn finish<L: Lanes>(task: &DepthwiseTask, y: usize) {
    let width = task.output.shape.width;
    // SAFETY: the row is the task's; the residual has the output's size.
    unsafe {
        let residual = task.residual.as_ref().map(|r| r.at(task.block, y as isize, 0).cast_const());
        let row = task.output.at(task.block, y as isize, 0);
        let channels = task.output.shape.channels_of(task.block);
        activation::finish::<L>((task.activation, Precision::Single), (row, channels), residual, LANES, width);
        if !task.sums.is_null() {
            scale::add_row::<L>(row, LANES, width, task.sums.add(task.block * LANES));
        }
    }
}

/// Row `y` of the output, any filter and stride.
#[inline(always)]
unsafe fn row<L: Lanes>(task: &DepthwiseTask, y: usize) {
    let width = task.output.shape.width;
    let mut x = 0;
    // SAFETY: forwarded; tiles stay within the row.
    unsafe {
        if const { L::TILE > 8 } {
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
    }
}

/// Two output rows of a filter `K` wide at stride 1, `T` pixels of each at a time.
///
/// An input pixel is loaded once for all its products in both rows, whose weights stay in registers: the tiles of one
/// row load one for every product, seven rows of which do not fit into the first-level cache of a wide page.
struct Pair<'a, L, const T: usize, const K: usize, const SPAN: usize> {
    task: &'a DepthwiseTask,
    y: usize,
    lanes: PhantomData<L>,
}

impl<'a, L: Lanes, const T: usize, const K: usize, const SPAN: usize> Pair<'a, L, T, K, SPAN> {
    /// Computes rows `y` and `y + 1`, unless they are narrower than a tile.
    #[inline(always)]
    unsafe fn rows(task: &'a DepthwiseTask, y: usize) -> bool {
        const { assert!(SPAN == T + K - 1, "a tile reads this many pixels of a row") };
        let fits = task.output.shape.width >= T;
        if fits {
            // SAFETY: forwarded.
            unsafe { L::apart(Self { task, y, lanes: PhantomData }) }
        }
        fits
    }

    /// Adds the products of a row of inputs: with `upper` to the sums of the upper row, with `lower` to the lower.
    #[inline(always)]
    unsafe fn add(
        row: *const f32,
        (upper, above): (Option<&[L; K]>, &mut [L; T]),
        (lower, below): (Option<&[L; K]>, &mut [L; T]),
    ) {
        // SAFETY: forwarded; the row is readable for the tile's pixels.
        unsafe {
            unroll!(AT < SPAN, {
                let value = L::load(row.add(AT * LANES));
                unroll!(TAP < K, {
                    const PIXEL: usize = AT.saturating_sub(TAP);
                    if const { meet(AT, TAP, T) } {
                        if let Some(weights) = upper {
                            above[PIXEL] = value.mul_add(weights[TAP], above[PIXEL]);
                        }
                        if let Some(weights) = lower {
                            below[PIXEL] = value.mul_add(weights[TAP], below[PIXEL]);
                        }
                    }
                });
            });
        }
    }

    #[inline(always)]
    unsafe fn tile(task: &DepthwiseTask, y: usize, x: usize) {
        let kh = task.kernel.0;
        // SAFETY: the caller vouches for views and weights; the halo covers the padding.
        unsafe {
            let bias = L::load(task.bias.add(task.block * LANES));
            let (mut above, mut below) = ([bias; T], [bias; T]);
            let top = y as isize - task.padding.0 as isize;
            let left = x as isize - task.padding.1 as isize;
            let mut weights = task.weights.add(task.block * kh * K * LANES);
            let mut lower = [L::splat(0.0); K];
            for ky in 0..=kh {
                let row = task.input.at(task.block, top + ky as isize, left);
                if ky == kh {
                    Self::add(row, (None, &mut above), (Some(&lower), &mut below));
                    break;
                }
                let mut upper = [L::splat(0.0); K];
                for (tap, weight) in upper.iter_mut().enumerate() {
                    *weight = L::load(weights.add(tap * LANES));
                }
                if ky == 0 {
                    Self::add(row, (Some(&upper), &mut above), (None, &mut below));
                } else {
                    Self::add(row, (Some(&upper), &mut above), (Some(&lower), &mut below));
                }
                lower = upper;
                weights = weights.add(K * LANES);
            }
            for dy in 0..2 {
                // The rows behind the last are read for the next rows of outputs.
                let next = task.input.at(task.block, top + (kh + 1 + dy) as isize, left + task.padding.1 as isize);
                let out = task.output.at(task.block, (y + dy) as isize, x as isize);
                let sums = if dy == 0 { &above } else { &below };
                unroll!(PIXEL < T, {
                    L::prefetch(next.wrapping_add(PIXEL * LANES));
                    sums[PIXEL].store(out.add(PIXEL * LANES));
                });
            }
        }
    }
}

/// Whether input pixel `at` of a tile meets tap `tap` for one of its `pixels`.
const fn meet(at: usize, tap: usize, pixels: usize) -> bool {
    at >= tap && at - tap < pixels
}

impl<L: Lanes, const T: usize, const K: usize, const SPAN: usize> Part for Pair<'_, L, T, K, SPAN> {
    #[inline(always)]
    unsafe fn run(self) {
        let width = self.task.output.shape.width;
        for x in (0..width).step_by(T) {
            // SAFETY: forwarded; the last tile may overlap the one before, and gives the same values.
            unsafe { Self::tile(self.task, self.y, x.min(width - T)) }
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
