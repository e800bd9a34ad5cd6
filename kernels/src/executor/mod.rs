//! Running a planned network: one step per operation, split into tasks.

mod dense;
mod gates;
mod mosaic;
mod program;
mod result;
mod strips;
mod team;

use std::cell::Cell;
use std::sync::{Arc, PoisonError};

use crate::arena::Arena;
use crate::chain::LEAST_BYTES;
use crate::layout::View;
use crate::network::{Network, Value};
use crate::op::Op;
use crate::ops::attention::{self, AttentionTask};
use crate::ops::depthwise::{self, DepthwiseTask};
use crate::ops::norm::{self, LayerNormTask, SoftmaxTask};
use crate::ops::pool::{self, PoolTask};
use crate::ops::scale::{self, ScaleTask};
use crate::plan::{IMAGE_PITCH, Plan, Unfit};
use dense::{BAND_BYTES, Conv};
use gates::sums_of;
pub(crate) use program::Program;
pub(crate) use team::Team;
use team::Way;

/// Tasks of a step that each thread has at least, so that others can take some of one that is late.
const TASKS_PER_THREAD: usize = 4;

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

impl Parallelism {
    pub(crate) fn threads(self) -> usize {
        match self {
            Self::Serial => 1,
            Self::Pool => rayon::current_num_threads(),
        }
    }
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
    /// of the run: three channels for every pixel, and a place for a fourth that nobody reads. Some rows may be asked
    /// for more than once.
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
        let team = Team::new(parallelism.threads());
        let len = plan.output.iter().product();
        let mut result = Vec::new();
        let run = Run::new(self, plan, &mut arena, &team, &mut result);
        Program { write: &write, see: None }.run(run);
        // SAFETY: the program has written all values.
        unsafe { result.set_len(len) };
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

/// Rows in parts as equal as they can be.
#[derive(Clone, Copy)]
struct Bands {
    rows: usize,
    count: usize,
}

impl Bands {
    /// The rows of band `i`.
    fn of(self, i: usize) -> std::ops::Range<usize> {
        i * self.rows / self.count..(i + 1) * self.rows / self.count
    }
}

/// Memory that the threads of a run share.
#[derive(Clone, Copy)]
struct Memory(*mut f32);

// SAFETY: tasks of one step write disjoint parts of it, and steps follow each other.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

/// One run as one of its threads sees it: the network, its plan, the memory, and how far the thread has come.
#[derive(Clone)]
pub(crate) struct Run<'a> {
    network: &'a Network,
    plan: &'a Plan,
    memory: Memory,
    /// Where the result goes: room for all of its values.
    result: Memory,
    team: &'a Team,
    /// Which of the team this thread is.
    member: usize,
    /// How far it has come; `None` once it has left, which is when it does nothing more.
    way: Cell<Option<Way>>,
    /// Bands whose sums the last step left.
    summed_bands: Cell<usize>,
}

impl<'a> Run<'a> {
    /// A run whose result goes to the room that `result` has behind its values.
    pub(crate) fn new(
        network: &'a Network,
        plan: &'a Plan,
        arena: &'a mut Arena,
        team: &'a Team,
        result: &'a mut Vec<f32>,
    ) -> Self {
        result.reserve(plan.output.iter().product());
        let result = Memory(result.spare_capacity_mut().as_mut_ptr().cast());
        let memory = Memory(arena.reserve(plan.floats + strips::bands(team.threads()) * plan.strip_floats));
        let (way, summed_bands) = (Cell::new(Some(Way::default())), Cell::new(0));
        Self { network, plan, memory, result, team, member: 0, way, summed_bands }
    }

    /// The first of the plan's values, behind which is room for the bands of chains.
    fn memory(&self) -> *mut f32 {
        self.memory.0
    }

    pub(crate) fn view(&self, value: Value) -> View {
        // SAFETY: the plan placed the value's buffer inside the arena.
        unsafe { View::new(self.plan.shapes[value.0], self.memory().add(self.plan.offsets[value.0])) }
    }

    /// Memory of the step that runs, as much as the plan reserved for it.
    fn scratch(&self) -> *mut f32 {
        // SAFETY: the plan placed it inside the arena.
        unsafe { self.memory().add(self.plan.scratch) }
    }

    /// Calls `task` for every number below `count` that falls to this thread, and waits until all are done.
    fn each(&self, count: usize, task: impl Fn(usize)) {
        if self.team.threads() == 1 {
            (0..count).for_each(task);
        } else if let Some(way) = self.way.get() {
            self.way.set(self.team.work(self.member, way, count, task));
        }
    }

    /// The same for tasks that write `value` from top to bottom; they also prepare its border.
    fn each_of(&self, value: Value, count: usize, task: impl Fn(usize)) {
        let view = self.view(value);
        let has_border = self.plan.owns_buffer[value.0] && view.shape.halo > 0;
        let rows = Bands { rows: view.shape.height, count };
        self.each(count, |i| {
            if has_border {
                // SAFETY: nobody reads the value yet, and its tasks write the pixels inside.
                unsafe { view.clear_border(rows.of(i)) };
            }
            task(i);
        });
    }

    /// Bands of which each has its input in cache while it is worked on, and every thread as many as others.
    fn bands(&self, rows: usize, bytes_per_row: usize, tasks_per_band: usize) -> Bands {
        let cached = (BAND_BYTES / bytes_per_row.max(1)).max(1);
        let count = rows.div_ceil(cached);
        let threads = self.team.threads();
        if threads == 1 {
            return Bands { rows, count };
        }
        let wanted = count.max((threads * TASKS_PER_THREAD).div_ceil(tasks_per_band));
        Bands { rows, count: wanted.next_multiple_of(threads).min(rows) }
    }

    /// Fills the image's buffer with what `write` leaves in each row.
    pub(crate) fn load_image(&self, write: &impl Fn(usize, &mut [[f32; IMAGE_PITCH]])) {
        let view = self.view(Value(0));
        let width = view.shape.width;
        let bands = self.bands(view.shape.height, view.shape.row() * size_of::<f32>(), 1);
        self.each_of(Value(0), bands.count, |band| {
            for y in bands.of(band) {
                // SAFETY: row y belongs to this task; arrays of f32 are as its pixels lie.
                write(y, unsafe { std::slice::from_raw_parts_mut(view.at(0, y as isize, 0).cast(), width) });
            }
        });
    }

    pub(crate) fn step(&self, op: &Op, value: Value) {
        let output = self.view(value);
        match op {
            Op::Conv { inputs, weights, residual, split, .. } => {
                let residual = residual.map(|r| self.view(r));
                let (inputs, weights) = split.as_ref().map_or((inputs, weights), |split| (&split.fine, &split.weights));
                self.conv((inputs, split.as_deref()), weights, &Conv::of(op), value, residual);
            }
            Op::ConvTranspose { input, weights, .. } => self.conv_transpose(*input, weights, &Conv::of(op), value),
            Op::Depthwise { input, residual, .. } => {
                let views = (self.view(*input), output, residual.map(|r| self.view(r)));
                let blocks = output.shape.blocks();
                let rows = output.shape.height;
                let bands = self.bands(rows, views.0.shape.row() * size_of::<f32>(), blocks);
                let sums = self.sums(value);
                if let Some(sums) = &sums {
                    sums.begin(bands.count);
                }
                self.each_of(value, blocks * bands.count, |task| {
                    let (block, band) = (task % blocks, task / blocks);
                    let sums = sums_of(sums.as_ref(), band, block..block + 1);
                    if let Some(task) = depthwise_task(op, views, (block, sums), bands.of(band)) {
                        // SAFETY: the plan gave the input a halo as wide as the padding; tasks split blocks and rows.
                        unsafe { depthwise::run(self.network.backend, &task) }
                    }
                });
            }
            Op::Pool { kind, input, other } => {
                let input = self.view(*input);
                let other = other.map(|o| self.view(o));
                self.each_band(value, |block, rows| {
                    let task = PoolTask { kind: *kind, input, other, output, block, rows };
                    // SAFETY: the plan derived the output's size from the inputs'; tasks split blocks and rows.
                    unsafe { pool::run(self.network.backend, &task) }
                });
            }
            Op::SqueezeExcite { input, .. } => {
                self.gates(op);
                let input = self.view(*input);
                self.each_band(value, |block, rows| {
                    let task = ScaleTask { input, output, gates: self.gates_of(block), block, rows };
                    // SAFETY: same size; tasks split blocks and rows.
                    unsafe { scale::scale(self.network.backend, &task) }
                });
            }
            Op::LayerNorm { input, scale, shift, epsilon } => {
                let input = self.view(*input);
                self.each_of(value, output.shape.height, |row| {
                    let (scale, shift) = (scale.as_ptr(), shift.as_ptr());
                    let task = LayerNormTask { input, output, scale, shift, epsilon: *epsilon, row };
                    // SAFETY: same size; every operation writes zeros into padding lanes; tasks split rows.
                    unsafe { norm::layer_norm(self.network.backend, &task) }
                });
            }
            Op::Attention { input, heads, scale } => {
                let input = self.view(*input);
                let floats = attention::scratch_floats(output.shape.width);
                self.each_of(value, *heads, |head| {
                    // SAFETY: the plan reserved scratch memory for every head.
                    let scratch = unsafe { self.scratch().add(head * floats) };
                    let task = AttentionTask { input, output, heads: *heads, head, scale: *scale, scratch };
                    // SAFETY: as above; tasks split heads, which are blocks.
                    unsafe { attention::run(self.network.backend, &task) }
                });
            }
            Op::Softmax { input } => {
                let input = self.view(*input);
                self.each_of(value, output.shape.height, |row| {
                    // SAFETY: same size; tasks split rows.
                    unsafe { norm::softmax(self.network.backend, &SoftmaxTask { input, output, row }) }
                });
            }
        }
    }

    /// Calls `task(block, rows)` over bands of `value`'s rows.
    fn each_band(&self, value: Value, task: impl Fn(usize, std::ops::Range<usize>)) {
        let shape = self.view(value).shape;
        let (blocks, rows) = (shape.blocks(), shape.height);
        let bands = self.bands(rows, shape.row() * size_of::<f32>(), blocks);
        self.each_of(value, blocks * bands.count, |i| task(i % blocks, bands.of(i / blocks)));
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
