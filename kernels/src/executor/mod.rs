//! Running a planned network: one step per operation, split into tasks.

mod dense;
mod gates;
mod strips;

use std::cell::Cell;
use std::sync::{Arc, PoisonError};

use rayon::prelude::*;

use crate::arena::{Arena, BlockList};
use crate::chain::LEAST_BYTES;
use crate::layout::View;
use crate::network::{Network, OutputOrder, Value};
use crate::op::{Op, Source};
use crate::ops::attention::{self, AttentionTask};
use crate::ops::depthwise::{self, DepthwiseTask};
use crate::ops::norm::{self, LayerNormTask, SoftmaxTask};
use crate::ops::pool::{self, PoolTask};
use crate::ops::scale::{self, ScaleTask};
use crate::plan::{IMAGE_PITCH, Plan, Unfit};
use crate::simd::LANES;
use dense::{BAND_BYTES, Conv};
use gates::sums_of;

/// Plans kept per network; more sizes than a server meets between restarts.
const MAX_PLANS: usize = 1024;

/// Who shares the work of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parallelism {
    /// The calling thread alone: right for many small images at once.
    Serial,
    /// The rayon pool that the caller is in: right for one large image.
    Pool,
}

/// An image that cannot be run.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RunError {
    /// The buffer does not have `height · width · 3` values.
    #[error("an image of {height}×{width} has {expected} values, got {got}")]
    ImageSize {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
        /// `height · width · 3`.
        expected: usize,
        /// Values given.
        got: usize,
    },
    /// Sides that halve to parts which do not meet again.
    #[error(
        "an image of {height}×{width} gives the network parts of different sizes; pad it to multiples of its strides"
    )]
    Unequal {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
    /// Nothing of the image is left at the network's end.
    #[error("an image of {height}×{width} is too small for the network")]
    TooSmall {
        /// Rows.
        height: usize,
        /// Columns.
        width: usize,
    },
}

impl RunError {
    /// What is wrong with an image of this height and width.
    pub(crate) fn of(unfit: Unfit, (height, width): (usize, usize)) -> Self {
        match unfit {
            Unfit::TooSmall => Self::TooSmall { height, width },
            Unfit::Unequal => Self::Unequal { height, width },
        }
    }
}

impl Network {
    /// Runs the network on `image` (`[height][width][3]`) and returns the
    /// result with its `[height, width, channels]`.
    ///
    /// # Errors
    /// [`RunError`] when the image has the wrong number of values or is too small.
    pub fn run(
        &self,
        image: &[f32],
        (height, width): (usize, usize),
        parallelism: Parallelism,
    ) -> Result<(Vec<f32>, [usize; 3]), RunError> {
        self.check_image(image, height, width)?;
        self.run_rows((height, width), parallelism, rows_of(image, width))
    }

    /// The same for an image whose row `y` is what `write(y, row)` leaves in `row`, in no order and from all threads
    /// of the run: three channels for every pixel, and a place for a fourth that nobody reads.
    ///
    /// # Errors
    /// [`RunError`] when the image is too small.
    pub fn run_rows(
        &self,
        (height, width): (usize, usize),
        parallelism: Parallelism,
        write: impl Fn(usize, &mut [[f32; IMAGE_PITCH]]) + Sync + Send,
    ) -> Result<(Vec<f32>, [usize; 3]), RunError> {
        let plan = self.plan(height, width)?;
        Ok(self.run_plan(&plan, parallelism, write))
    }

    fn run_plan(
        &self,
        plan: &Plan,
        parallelism: Parallelism,
        write: impl Fn(usize, &mut [[f32; IMAGE_PITCH]]) + Sync + Send,
    ) -> (Vec<f32>, [usize; 3]) {
        let mut arena = self.idle_arena();
        let run = Run::new(self, plan, &mut arena, parallelism);
        run.load_image(write);
        let mut done = 0;
        for chain in &plan.chains {
            run.steps(done..chain.ops.start);
            run.chain(chain);
            done = chain.ops.end;
        }
        run.steps(done..self.ops.len());
        let result = run.output();
        self.give_back(arena);
        (result, plan.output)
    }

    /// Memory for a run; to be given back.
    pub(crate) fn idle_arena(&self) -> Arena {
        self.arenas.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    pub(crate) fn give_back(&self, arena: Arena) {
        self.arenas.lock().unwrap_or_else(PoisonError::into_inner).push(arena);
    }

    /// Whether the image has the values that it should have.
    pub(crate) fn check_image(&self, image: &[f32], height: usize, width: usize) -> Result<(), RunError> {
        let got = image.len();
        let expected = height.checked_mul(width).and_then(|pixels| pixels.checked_mul(3)).unwrap_or(usize::MAX);
        if got == expected { Ok(()) } else { Err(RunError::ImageSize { height, width, expected, got }) }
    }

    pub(crate) fn plan(&self, height: usize, width: usize) -> Result<Arc<Plan>, RunError> {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans.get(&(height, width)) {
            return Ok(plan.clone());
        }
        let plan = Plan::new(self, (height, width), Some(LEAST_BYTES))
            .map_err(|unfit| RunError::of(unfit, (height, width)))?;
        let plan = Arc::new(plan);
        if plans.len() >= MAX_PLANS {
            plans.clear();
        }
        plans.insert((height, width), plan.clone());
        Ok(plan)
    }

    /// A plan for looking at every value; not kept.
    pub(crate) fn whole_plan(&self, height: usize, width: usize) -> Result<Plan, RunError> {
        Plan::new(self, (height, width), None).map_err(|unfit| RunError::of(unfit, (height, width)))
    }
}

/// What writes the rows of an image of `width` pixels a row (`[height][width][3]`).
pub(crate) fn rows_of(image: &[f32], width: usize) -> impl Fn(usize, &mut [[f32; IMAGE_PITCH]]) {
    move |y, row| {
        let pixels = image[y * width * 3..(y + 1) * width * 3].chunks_exact(3);
        for (to, from) in row.iter_mut().zip(pixels) {
            to[..3].copy_from_slice(from);
        }
    }
}

/// One run: the network, its plan and the memory.
pub(crate) struct Run<'a> {
    network: &'a Network,
    plan: &'a Plan,
    memory: *mut f32,
    /// Memory for the bands of chains.
    strips: *mut f32,
    blocks: &'a Cell<BlockList>,
    /// Bands whose sums the last step left.
    summed_bands: Cell<usize>,
    threads: usize,
}

// SAFETY: tasks of one step write disjoint rows or blocks; steps follow each other,
// and only the thread that runs them takes and returns the list of blocks.
unsafe impl Sync for Run<'_> {}

impl<'a> Run<'a> {
    pub(crate) fn new(network: &'a Network, plan: &'a Plan, arena: &'a mut Arena, parallelism: Parallelism) -> Self {
        let threads = match parallelism {
            Parallelism::Serial => 1,
            Parallelism::Pool => rayon::current_num_threads(),
        };
        let memory = arena.reserve(plan.floats + strips::bands(threads) * plan.strip_floats);
        // SAFETY: the arena holds what was reserved.
        let strips = unsafe { memory.add(plan.floats) };
        Self { network, plan, memory, strips, blocks: &arena.blocks, summed_bands: Cell::new(0), threads }
    }

    pub(crate) fn view(&self, value: Value) -> View {
        // SAFETY: the plan placed the value's buffer inside the arena.
        unsafe { View::new(self.plan.shapes[value.0], self.memory.add(self.plan.offsets[value.0])) }
    }

    /// Memory of the step that runs, as much as the plan reserved for it.
    fn scratch(&self) -> *mut f32 {
        // SAFETY: the plan placed it inside the arena.
        unsafe { self.memory.add(self.plan.scratch) }
    }

    /// Calls `task` for `0..count`, on all threads of the run.
    fn each(&self, count: usize, task: impl Fn(usize) + Sync + Send) {
        if self.threads == 1 {
            (0..count).for_each(task);
        } else {
            (0..count).into_par_iter().for_each(task);
        }
    }

    /// How many rows a task takes so that its input stays in cache and every thread has work.
    fn band(&self, rows: usize, bytes_per_row: usize, tasks_per_band: usize) -> usize {
        let cached = (BAND_BYTES / bytes_per_row.max(1)).clamp(1, rows);
        if self.threads == 1 {
            return cached;
        }
        let wanted_bands = (self.threads * 4).div_ceil(tasks_per_band);
        cached.min(rows.div_ceil(wanted_bands)).max(1)
    }

    /// Fills the image's buffer with what `write` leaves in each row.
    pub(crate) fn load_image(&self, write: impl Fn(usize, &mut [[f32; IMAGE_PITCH]]) + Sync + Send) {
        let view = self.view(Value(0));
        let width = view.shape.width;
        // SAFETY: nobody else uses the arena yet; rows are inside the image's buffer.
        unsafe { view.clear_halo() };
        self.each(view.shape.height, |y| {
            // SAFETY: row y belongs to this task; arrays of f32 are as its pixels lie.
            write(y, unsafe { std::slice::from_raw_parts_mut(view.at(0, y as isize, 0).cast(), width) });
        });
    }

    /// Runs operations one after the other.
    fn steps(&self, ops: std::ops::Range<usize>) {
        for op in ops {
            self.step(&self.network.ops[op], Value(op + 1));
        }
    }

    /// Prepares the buffer of `value`, which is written next.
    fn begin(&self, value: Value) {
        if self.plan.owns_buffer[value.0] {
            // SAFETY: the buffer is free until the step that writes it.
            unsafe { self.view(value).clear_halo() };
        }
    }

    pub(crate) fn step(&self, op: &Op, value: Value) {
        let output = self.view(value);
        self.begin(value);
        match op {
            Op::Conv { inputs, weights, residual, split, .. } => {
                let residual = residual.map(|r| self.view(r));
                let (inputs, weights) = split.as_ref().map_or((inputs, weights), |split| (&split.fine, &split.weights));
                let sums = self.sums(value);
                self.conv((inputs, split.as_deref()), weights, &Conv::of(op), (output, sums), residual, (1, (0, 0)));
            }
            Op::ConvTranspose { input, weights, .. } => {
                for (parity, weights) in weights.iter().enumerate() {
                    let input = Source { value: *input, shift: 0 };
                    let scatter = (2, (parity % 2, parity / 2));
                    self.conv((&[input], None), weights, &Conv::of(op), (output, None), None, scatter);
                }
            }
            Op::Depthwise { input, residual, .. } => {
                let views = (self.view(*input), output, residual.map(|r| self.view(r)));
                let blocks = output.shape.blocks();
                let rows = output.shape.height;
                let band = self.band(rows, views.0.shape.row() * size_of::<f32>(), blocks);
                let sums = self.sums(value);
                if let Some(sums) = &sums {
                    sums.begin(rows.div_ceil(band));
                }
                self.each(blocks * rows.div_ceil(band), |task| {
                    let (block, first) = (task % blocks, task / blocks * band);
                    let sums = sums_of(sums.as_ref(), first / band);
                    if let Some(task) = depthwise_task(op, views, (block, sums), first..(first + band).min(rows)) {
                        // SAFETY: the plan gave the input a halo as wide as the padding; tasks split blocks and rows.
                        unsafe { depthwise::run(self.network.backend, &task) }
                    }
                });
            }
            Op::Pool { kind, input, other } => {
                let input = self.view(*input);
                let other = other.map(|o| self.view(o));
                self.each_band(output, |block, rows| {
                    let task = PoolTask { kind: *kind, input, other, output, block, rows };
                    // SAFETY: the plan derived the output's size from the inputs'; tasks split blocks and rows.
                    unsafe { pool::run(self.network.backend, &task) }
                });
            }
            Op::SqueezeExcite { input, .. } => {
                self.gates(op);
                let input = self.view(*input);
                self.each_band(output, |block, rows| {
                    let task = ScaleTask { input, output, gates: self.gates_of(block), block, rows };
                    // SAFETY: same size; tasks split blocks and rows.
                    unsafe { scale::scale(self.network.backend, &task) }
                });
            }
            Op::LayerNorm { input, scale, shift, epsilon } => {
                let input = self.view(*input);
                self.each(output.shape.height, |row| {
                    let (scale, shift) = (scale.as_ptr(), shift.as_ptr());
                    let task = LayerNormTask { input, output, scale, shift, epsilon: *epsilon, row };
                    // SAFETY: same size; every operation writes zeros into padding lanes; tasks split rows.
                    unsafe { norm::layer_norm(self.network.backend, &task) }
                });
            }
            Op::Attention { input, heads, scale } => {
                let input = self.view(*input);
                let floats = attention::scratch_floats(output.shape.width);
                self.each(*heads, |head| {
                    // SAFETY: the plan reserved scratch memory for every head.
                    let scratch = unsafe { self.memory.add(self.plan.scratch + head * floats) };
                    let task = AttentionTask { input, output, heads: *heads, head, scale: *scale, scratch };
                    // SAFETY: as above; tasks split heads, which are blocks.
                    unsafe { attention::run(self.network.backend, &task) }
                });
            }
            Op::Softmax { input } => {
                let input = self.view(*input);
                self.each(output.shape.height, |row| {
                    // SAFETY: same size; tasks split rows.
                    unsafe { norm::softmax(self.network.backend, &SoftmaxTask { input, output, row }) }
                });
            }
        }
    }

    /// Calls `task(block, rows)` over bands of `output`'s rows.
    fn each_band(&self, output: View, task: impl Fn(usize, std::ops::Range<usize>) + Sync + Send) {
        let blocks = output.shape.blocks();
        let rows = output.shape.height;
        let band = self.band(rows, output.shape.row() * size_of::<f32>(), blocks);
        self.each(blocks * rows.div_ceil(band), |i| {
            let first = i / blocks * band;
            task(i % blocks, first..(first + band).min(rows));
        });
    }

    /// Copies the result out of the blocked layout.
    fn output(&self) -> Vec<f32> {
        let view = self.view(self.network.output);
        let [height, width, channels] = self.plan.output;
        let mut result = vec![0.0; height * width * channels];
        // SAFETY (all blocks): every pixel read lies inside the view.
        match self.network.order {
            OutputOrder::ChannelsLast => {
                for (i, pixel) in result.chunks_exact_mut(channels).enumerate() {
                    let (y, x) = ((i / width) as isize, (i % width) as isize);
                    for (b, to) in pixel.chunks_mut(LANES).enumerate() {
                        // SAFETY: as above.
                        to.copy_from_slice(unsafe { std::slice::from_raw_parts(view.at(b, y, x), to.len()) });
                    }
                }
            }
            OutputOrder::PixelShuffle => {
                for (y, row) in result.chunks_exact_mut(width).enumerate() {
                    // SAFETY: as above; channels (y mod 2, 0) and (y mod 2, 1) of the row's pixels.
                    let from = unsafe { view.at(0, (y / 2) as isize, 0).add(y % 2 * 2) };
                    for (x, pair) in row.chunks_exact_mut(2).enumerate() {
                        // SAFETY: as above.
                        pair.copy_from_slice(unsafe { std::slice::from_raw_parts(from.add(x * LANES), 2) });
                    }
                }
            }
        }
        result
    }
}

/// Rows of one block of a depthwise convolution, of input, output and residual, and where its
/// sums go; `None` for other operations.
fn depthwise_task(
    op: &Op,
    (input, output, residual): (View, View, Option<View>),
    (block, sums): (usize, *mut f32),
    rows: std::ops::Range<usize>,
) -> Option<DepthwiseTask> {
    let Op::Depthwise { weights, bias, kernel, stride, padding, activation, .. } = op else { return None };
    let (weights, bias) = (weights.as_ptr(), bias.as_ptr());
    let (kernel, stride, padding, activation) = (*kernel, *stride, *padding, *activation);
    Some(DepthwiseTask {
        input,
        output,
        kernel,
        stride,
        padding,
        weights,
        bias,
        activation,
        residual,
        sums,
        block,
        rows,
    })
}
