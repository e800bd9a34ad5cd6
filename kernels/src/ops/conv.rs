//! Dense convolution, directly on the blocked layout.
//!
//! A tile of neighbouring output pixels times a panel of output channels stays
//! in registers while the kernel walks all taps and input channels; every
//! input value is broadcast once per panel and every weight loaded once per
//! tile. Several inputs count as one concatenated input, so that a
//! concatenation is never materialised; a transposed 2×2 convolution is four
//! 1×1 convolutions whose results are scattered.
//!
//! A last block of at most eight channels would waste half of every vector, so
//! the sums of two pixels share one.

use std::marker::PhantomData;

use super::activation::{self, Precision};
use super::enlarged::{self, EnlargedSums};
use super::scale;
use crate::backend::Backend;
use crate::layout::View;
use crate::network::Activation;
use crate::packing::Narrow;
use crate::simd::{LANES, Lanes, Part, Products, Single, multiversion, unroll};

/// Output channels of a packed panel.
pub(crate) const PANEL: usize = 2 * LANES;

/// One block of input channels.
#[derive(Clone, Copy)]
pub(crate) struct InputBlock {
    /// The first pixel that output pixel (0, 0) reads.
    pub(crate) origin: *const f32,
    /// Values between rows.
    pub(crate) row: usize,
    /// Values of a pixel that carry data: channels, or groups of them.
    pub(crate) channels: usize,
}

/// The rows `rows` of the output channels `panels` of one convolution.
pub(crate) struct ConvTask<'a> {
    pub(crate) inputs: &'a [InputBlock],
    /// Values per input pixel: 16, 8 for pairs of channels, or 4 for quads of them and for the image.
    pub(crate) pitch: usize,
    pub(crate) kernel: (usize, usize),
    pub(crate) stride: (usize, usize),
    /// `[panels][input block][ky][kx][channel of the block][PANEL]`.
    pub(crate) weights: *const f32,
    /// Values between panels.
    pub(crate) panel_floats: usize,
    /// The same in a narrower type, for backends that multiply it.
    pub(crate) narrow: Option<&'a Narrow>,
    /// `[panels][PANEL]`: what sums of integers are multiplied with; null for other types.
    pub(crate) scales: *const f32,
    /// `[panels][PANEL]`.
    pub(crate) bias: *const f32,
    /// What enlarged inputs add to the sums; added before the activation.
    pub(crate) enlarged: Option<EnlargedSums<'a>>,
    pub(crate) activation: Activation,
    pub(crate) output: View,
    /// Output pixel (x, y) is stored at (x·scatter + dx, y·scatter + dy).
    pub(crate) scatter: usize,
    pub(crate) scatter_offset: (usize, usize),
    /// Added after the activation; has the output's size.
    pub(crate) residual: Option<View>,
    /// Where the sums of each output channel go (`[blocks][LANES]`), or null.
    pub(crate) sums: *mut f32,
    pub(crate) panels: std::ops::Range<usize>,
    pub(crate) rows: std::ops::Range<usize>,
    /// Pixels in a row to compute.
    pub(crate) width: usize,
}

impl ConvTask<'_> {
    /// Whether sums are cut off at zero before they are stored at all, rather than by a pass over the row: rows at half
    /// of a page's size do not stay in the first-level cache.
    #[inline(always)]
    fn cuts_sums(&self) -> bool {
        matches!(self.activation, Activation::Relu) && self.enlarged.is_none()
    }

    /// Where output pixel (`x`, `y`) of block `b` is stored.
    ///
    /// # Safety
    /// The pixel must be one of the task's.
    #[inline(always)]
    unsafe fn output_at(&self, b: usize, y: usize, x: usize) -> *mut f32 {
        // SAFETY: forwarded.
        unsafe { self.place_in(&self.output, b, y, x) }
    }

    #[inline(always)]
    unsafe fn place_in(&self, view: &View, b: usize, y: usize, x: usize) -> *mut f32 {
        let (dx, dy) = self.scatter_offset;
        // SAFETY: forwarded.
        unsafe { view.at(b, (y * self.scatter + dy) as isize, (x * self.scatter + dx) as isize) }
    }
}

/// Runs one task of a dense convolution.
///
/// # Safety
/// As [`conv`]; `backend` must be available.
pub(crate) unsafe fn run(backend: Backend, task: &ConvTask<'_>) {
    match task.narrow {
        // SAFETY: forwarded; weights are made narrow for backends that multiply them.
        Some(narrow) => unsafe { super::conv_staged::run(task, narrow) },
        // SAFETY: forwarded.
        None => unsafe { run_single(backend, task) },
    }
}

multiversion! {
    /// Runs one task with f32 products.
    run_single => conv_single(ConvTask<'_>)
}

/// # Safety
/// As [`conv`].
#[inline(always)]
unsafe fn conv_single<L: Lanes>(task: &ConvTask<'_>) {
    // SAFETY: forwarded.
    unsafe { conv::<L, Single>(task) }
}

/// # Safety
/// Inputs must be readable up to the last pixel the last output pixel needs,
/// weights and bias must be packed for the panels, and no other task may write
/// the same rows and panels of the output.
#[inline(always)]
pub(super) unsafe fn conv<L: Lanes, P: Products<L>>(task: &ConvTask<'_>) {
    let blocks = task.output.shape.blocks();
    for panel in task.panels.clone() {
        for y in task.rows.clone() {
            let second = panel * 2 + 1;
            let two = second < blocks;
            let half = two && task.output.shape.channels_of(second) <= LANES / 2;
            // SAFETY: forwarded from the caller; block indices stay below `blocks`.
            unsafe {
                // Constant conditions keep instances that no backend uses out of the build.
                if const { L::PANEL_BLOCKS == 2 } && half {
                    row::<L, P, 1, 1>(task, panel, 0, y);
                } else if const { L::PANEL_BLOCKS == 2 } && two {
                    row::<L, P, 2, 0>(task, panel, 0, y);
                } else {
                    row::<L, P, 1, 0>(task, panel, 0, y);
                    if const { L::PANEL_BLOCKS == 1 } && half {
                        row::<L, P, 0, 1>(task, panel, 1, y);
                    } else if const { L::PANEL_BLOCKS == 1 } && two {
                        row::<L, P, 1, 0>(task, panel, 1, y);
                    }
                }
            }
        }
    }
}

/// One output row of `N` blocks of channels and `H` half blocks behind them,
/// starting at block `half` of the panel.
#[inline(always)]
unsafe fn row<L: Lanes, P: Products<L>, const N: usize, const H: usize>(
    task: &ConvTask<'_>,
    panel: usize,
    half: usize,
    y: usize,
) {
    macro_rules! of_step {
        ($step:literal) => {
            P::apart(Row::<(L, P), N, H, $step> { task, panel, half, y, products: PhantomData })
        };
    }
    // SAFETY: forwarded.
    unsafe {
        match task.pitch * task.stride.1 {
            16 => of_step!(16),
            32 => of_step!(32),
            4 => of_step!(4),
            // Pairs at stride 1, quads at stride 2, or the image, which the builder admits at stride 2 alone.
            _ => of_step!(8),
        }
        for block in (panel * 2 + half..).take(N + H) {
            L::apart(Finish::<L> { task, block, y, precision: P::PRECISION, lanes: PhantomData });
        }
    }
}

/// One output row of `N` blocks of channels and `H` half blocks behind them, of inputs
/// `STEP` values apart.
struct Row<'a, P, const N: usize, const H: usize, const STEP: usize> {
    task: &'a ConvTask<'a>,
    panel: usize,
    half: usize,
    y: usize,
    products: PhantomData<P>,
}

impl<L: Lanes, P: Products<L>, const N: usize, const H: usize, const STEP: usize> Part for Row<'_, (L, P), N, H, STEP> {
    #[inline(always)]
    unsafe fn run(self) {
        let Self { task, panel, half, y, .. } = self;
        let mut x = 0;
        // Near-equal tiles: 40 pixels are 14 + 13 + 13, not 14 + 14 + 12.
        let mut tiles = task.width.div_ceil(L::TILE);
        while x < task.width {
            let pixels = (task.width - x).div_ceil(tiles);
            tiles -= 1;
            macro_rules! tiles {
                ($($n:literal)+) => {
                    match pixels {
                        $($n => {
                            if const { $n <= L::TILE } {
                                // SAFETY: forwarded; the tile lies within the row.
                                unsafe { tile::<L, P, N, H, $n, STEP>(task, panel, half, y, x) }
                            }
                        })+
                        _ => unreachable!("a tile has 1 to {} pixels", L::TILE),
                    }
                };
            }
            tiles!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
            x += pixels;
        }
    }
}

/// What is left to do with a row of block `block` once its sums are there.
struct Finish<'a, L> {
    task: &'a ConvTask<'a>,
    block: usize,
    y: usize,
    precision: Precision,
    lanes: PhantomData<L>,
}

impl<L: Lanes> Part for Finish<'_, L> {
    #[inline(always)]
    unsafe fn run(self) {
        let Self { task, block: b, y, precision, .. } = self;
        // SAFETY: the row was just written by this task; the residual has the output's size.
        unsafe {
            let row = task.output_at(b, y, 0);
            if let Some(sums) = &task.enlarged {
                enlarged::add::<L>(sums, b, y, row);
            }
            let residual = task.residual.as_ref().map(|r| task.place_in(r, b, y, 0).cast_const());
            let step = task.scatter * LANES;
            let channels = task.output.shape.channels_of(b);
            let activation = if task.cuts_sums() { Activation::None } else { task.activation };
            activation::finish::<L>((activation, precision), (row, channels), residual, step, task.width);
            if !task.sums.is_null() {
                scale::add_row::<L>(row, step, task.width, task.sums.add(b * LANES));
            }
        }
    }
}

#[inline(always)]
unsafe fn tile<L: Lanes, P: Products<L>, const N: usize, const H: usize, const T: usize, const STEP: usize>(
    task: &ConvTask<'_>,
    panel: usize,
    half: usize,
    y: usize,
    x: usize,
) {
    // SAFETY: the caller vouches for inputs, weights and output; all offsets below stay inside them.
    unsafe {
        let mut acc = [[L::splat(0.0); T]; N];
        let first = panel * PANEL + half * LANES;
        for (n, blocks) in acc.iter_mut().enumerate() {
            *blocks = [P::start(task.bias.add(first + n * LANES)); T];
        }
        // Eight channels of pixels 2i and 2i + 1; half of these are used, and none without a half block.
        let mut pairs =
            [if const { H == 1 } { P::start_halves(task.bias.add(first + N * LANES)) } else { L::splat(0.0) }; T];
        let upper = L::upper();
        let mut weights = task.weights.add(panel * task.panel_floats + half * LANES);
        for block in task.inputs {
            // An origin may lie before its memory, which holds the task's rows alone.
            let corner = block.origin.wrapping_add(y * task.stride.0 * block.row + x * STEP);
            for ky in 0..task.kernel.0 {
                for kx in 0..task.kernel.1 {
                    let mut pixel = corner.add(ky * block.row + kx * task.pitch);
                    let mut ahead = pixel.wrapping_add(T * STEP);
                    for _ in 0..block.channels {
                        let mut w = [L::splat(0.0); N];
                        for (n, w) in w.iter_mut().enumerate() {
                            *w = L::load(weights.add(n * LANES));
                        }
                        let half = if const { H == 1 } { L::load_half(weights.add(N * LANES)) } else { L::splat(0.0) };
                        unroll!(PIXEL < T, {
                            let value = L::splat(*pixel.add(PIXEL * STEP));
                            for n in 0..N {
                                acc[n][PIXEL] = P::mul_add(value, w[n], acc[n][PIXEL]);
                            }
                            if const { H == 1 && PIXEL.is_multiple_of(2) } {
                                // The last of an odd number stands beside itself.
                                let next = const { if PIXEL + 1 < T { PIXEL + 1 } else { PIXEL } };
                                let both = L::halves(value, L::splat(*pixel.add(next * STEP)), upper);
                                pairs[PIXEL / 2] = P::mul_add(both, half, pairs[PIXEL / 2]);
                            }
                        });
                        if kx == 0 {
                            L::prefetch(ahead);
                        }
                        ahead = ahead.wrapping_add(STEP);
                        pixel = pixel.add(1);
                        weights = weights.add(PANEL);
                    }
                }
            }
        }
        let floor = L::splat(if task.cuts_sums() { 0.0 } else { f32::NEG_INFINITY });
        for (n, blocks) in acc.iter().enumerate() {
            let out = task.output_at(panel * 2 + half + n, y, x);
            let (scale, bias) = (task.scales.wrapping_add(first + n * LANES), task.bias.add(first + n * LANES));
            unroll!(PIXEL < T, {
                floor.max(P::finish(blocks[PIXEL], scale, bias)).store(out.add(PIXEL * task.scatter * LANES));
            });
        }
        if const { H == 1 } {
            let out = task.output_at(panel * 2 + half + N, y, x);
            let (scale, bias) = (task.scales.wrapping_add(first + N * LANES), task.bias.add(first + N * LANES));
            unroll!(PIXEL < T, {
                if const { PIXEL.is_multiple_of(2) } {
                    let [low, high] = floor.max(P::finish_halves(pairs[PIXEL / 2], scale, bias)).split();
                    low.store(out.add(PIXEL * task.scatter * LANES));
                    if const { PIXEL + 1 < T } {
                        high.store(out.add((PIXEL + 1) * task.scatter * LANES));
                    }
                }
            });
        }
    }
}
