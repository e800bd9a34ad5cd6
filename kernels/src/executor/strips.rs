//! Running a chain of steps strip by strip.

use std::cell::RefCell;

use super::dense::{Conv, blocks_at};
use super::gates::sums_of;
use super::{Bands, Run};
use crate::chain::{Chain, NO_ROWS, Rows, rows_needed};
use crate::layout::View;
use crate::network::Value;
use crate::op::Op;
use crate::ops::conv::{self, ConvTask, InputBlock};
use crate::ops::depthwise;
use crate::ops::enlarged::EnlargedSums;
use crate::ops::pool::{self, PoolTask};
use crate::ops::scale::{self, ScaleTask};
use crate::plan::IMAGE_PITCH;
use crate::simd::LANES;

/// Bands of a chain for every thread, so that one that is late leaves others work.
const BANDS_PER_THREAD: usize = 2;

thread_local! {
    /// Lists that keep their memory, so that runs in steady state allocate nothing.
    static LISTS: RefCell<Lists> = const { RefCell::new(Lists { needed: Vec::new(), held: Vec::new(), blocks: Vec::new() }) };
}

struct Lists {
    needed: Vec<Rows>,
    held: Vec<Rows>,
    blocks: Vec<InputBlock>,
}

/// How many bands a run on `threads` threads has.
pub(super) fn bands(threads: usize) -> usize {
    if threads == 1 { 1 } else { threads * BANDS_PER_THREAD }
}

/// Leaves rows of the image.
type Write<'a> = &'a dyn Fn(usize, &mut [[f32; IMAGE_PITCH]]);

/// A band of a chain: where its memory is, and what rows of each value lie there.
struct Band<'a> {
    run: &'a Run<'a>,
    chain: &'a Chain,
    memory: *mut f32,
    held: &'a mut [Rows],
    write: Write<'a>,
    /// Where the sums of the last result go, or null.
    sums: *mut f32,
}

impl Run<'_> {
    /// Runs all steps of `chain`; `write` leaves rows of the image, if it takes them.
    pub(super) fn chain(&self, chain: &Chain, write: Write<'_>) {
        let last = Value(chain.ops.end);
        if let Op::Conv { split: Some(split), .. } = &self.network.ops[chain.ops.start] {
            let first = chain.ops.start + 1;
            self.enlarged_sums(split, &self.plan.shapes[first]);
        }
        self.gates(&self.network.ops[chain.ops.start]);
        let strips = self.plan.shapes[last.0].height.div_ceil(chain.strip);
        let bands = bands(self.team.threads()).min(strips);
        let sums = self.sums(last);
        if let Some(sums) = &sums {
            sums.begin(bands);
        }
        let summed = self.view(last).shape.blocks();
        self.each_of(last, bands, |i| {
            let strips = Bands { rows: strips, count: bands }.of(i);
            LISTS.with_borrow_mut(|Lists { needed, held, blocks }| {
                let values = chain.ops.end + 1 - chain.first_value();
                needed.resize(values, 0..0);
                held.clear();
                held.resize(values, NO_ROWS);
                // SAFETY: the run reserved memory for every band.
                let memory = unsafe { self.memory().add(self.plan.floats + i * chain.floats) };
                let sums = sums_of(sums.as_ref(), i, 0..summed);
                Band { run: self, chain, memory, held, write, sums }.run(strips, needed, blocks);
            });
        });
    }
}

impl Band<'_> {
    fn run(&mut self, strips: std::ops::Range<usize>, needed: &mut [Rows], blocks: &mut Vec<InputBlock>) {
        let (first, last) = (self.chain.first_value(), self.chain.ops.end);
        let height = self.run.plan.shapes[last].height;
        let mosaic = self.run.network.mosaic.as_ref().filter(|_| self.chain.is_mosaic);
        let inner = if mosaic.is_some() { first..last - 1 } else { first..last };
        for value in inner.clone() {
            self.clear_sides(value);
        }
        for (i, strip) in strips.enumerate() {
            let rows = strip * self.chain.strip..((strip + 1) * self.chain.strip).min(height);
            let all = rows.start as isize..rows.end as isize;
            rows_needed(&self.run.network.ops, (self.chain.ops.clone(), first), all, self.held, needed);
            for value in inner.clone() {
                let rows = needed[value - first].clone();
                if i == 0 {
                    self.held[value - first] = rows.start..rows.start;
                }
                if !rows.is_empty() {
                    self.advance(value, rows, blocks);
                }
            }
            if let Some(mosaic) = mosaic {
                // SAFETY: the strip holds the rows that these need; strips have an even number, and bands split them.
                unsafe { self.run.mosaic(mosaic, self.view(mosaic.input), rows.start / 2..rows.end / 2, blocks) };
                continue;
            }
            if self.chain.gives_result {
                self.held[last - first] = rows.start as isize..rows.end as isize;
            }
            self.step(last - 1, rows.clone(), blocks);
            if self.chain.gives_result {
                // SAFETY: the rows were just computed; bands split them.
                unsafe { self.run.copy_rows(&self.view_of(last), rows) };
            }
        }
    }

    /// Brings the rows that memory holds of `value` to `needed`.
    fn advance(&mut self, value: usize, needed: Rows, blocks: &mut Vec<InputBlock>) {
        let place = value - self.chain.first_value();
        let held = self.held[place].clone();
        let kept = needed.start.min(held.end)..held.end;
        let from = self.view_of(value);
        self.held[place] = needed.start..needed.end.max(held.end);
        let to = self.view_of(value);
        if needed.start > held.start && !kept.is_empty() {
            let values = kept.len() * to.shape.row();
            for b in 0..to.shape.blocks() {
                let halo = to.shape.halo as isize;
                // SAFETY: both places lie in the buffer, which this band alone uses; they may overlap.
                unsafe { std::ptr::copy(from.at(b, kept.start, -halo), to.at(b, kept.start, -halo), values) };
            }
        }
        let height = self.run.plan.shapes[value].height as isize;
        let new = held.end.max(needed.start)..needed.end;
        for y in new.clone().filter(|y| *y < 0 || *y >= height) {
            self.clear_row(&to, y);
        }
        let inside = new.start.clamp(0, height) as usize..new.end.clamp(0, height) as usize;
        match value.checked_sub(1) {
            _ if inside.is_empty() => {}
            Some(op) => self.step(op, inside, blocks),
            None => {
                for y in inside {
                    // SAFETY: the buffer holds the row, and this band alone uses it; arrays of f32 are as its pixels lie.
                    let row = unsafe { std::slice::from_raw_parts_mut(to.at(0, y as isize, 0).cast(), to.shape.width) };
                    (self.write)(y, row);
                }
            }
        }
    }

    /// The value `value`, which does not exist as a whole.
    fn view_of(&self, value: usize) -> View {
        let base = self.held[value - self.chain.first_value()].start;
        // SAFETY: the band's memory has room for the chain's values.
        unsafe { self.chain.view(value, self.run.plan.shapes[value], base, self.memory) }
    }

    /// Where the sums of operation `op`'s result go, or null.
    fn place_of_sums(&self, op: usize) -> *mut f32 {
        if op + 1 == self.chain.ops.end { self.sums } else { std::ptr::null_mut() }
    }

    fn view(&self, value: Value) -> View {
        if self.chain.holds(value) { self.view_of(value.0) } else { self.run.view(value) }
    }

    /// Zeros in the border's columns of all rows that the buffer has.
    fn clear_sides(&self, value: usize) {
        let shape = self.run.plan.shapes[value];
        // SAFETY: as in `view_of`.
        let view = unsafe { self.chain.view(value, shape, 0, self.memory) };
        let (halo, side) = (shape.halo as isize, shape.halo * shape.pitch);
        for b in 0..shape.blocks() {
            for y in 0..self.chain.rows_held(value) as isize {
                // SAFETY: the columns of the border lie in the buffer, which this band alone uses.
                unsafe {
                    std::ptr::write_bytes(view.at(b, y, -halo), 0, side);
                    std::ptr::write_bytes(view.at(b, y, shape.width as isize), 0, side);
                }
            }
        }
    }

    fn clear_row(&self, view: &View, y: isize) {
        for b in 0..view.shape.blocks() {
            // SAFETY: the row is one of those that the buffer holds now.
            unsafe { std::ptr::write_bytes(view.at(b, y, 0), 0, view.shape.width * view.shape.pitch) };
        }
    }

    /// Computes the rows `rows` of operation `op`'s result.
    fn step(&self, op: usize, rows: std::ops::Range<usize>, blocks: &mut Vec<InputBlock>) {
        let (value, backend) = (Value(op + 1), self.run.network.backend);
        let output = self.view(value);
        match &self.run.network.ops[op] {
            Op::Conv { inputs, weights, split, residual, .. } => {
                let conv = Conv::of(&self.run.network.ops[op]);
                let (inputs, weights) = split.as_ref().map_or((inputs, weights), |split| (&split.fine, &split.weights));
                blocks.clear();
                let mut pitch = LANES;
                for source in inputs {
                    let view = self.view(source.value);
                    pitch = view.shape.pitch;
                    // SAFETY: the plan gave the input a halo as wide as the padding.
                    blocks.extend(unsafe { blocks_at(view, conv.origin()) });
                }
                let task = ConvTask {
                    enlarged: split.as_deref().map(|split| EnlargedSums {
                        split,
                        scratch: self.run.scratch(),
                        output: self.run.plan.shapes[value.0],
                    }),
                    residual: residual.map(|r| self.view(r)),
                    sums: self.place_of_sums(op),
                    ..conv.task(weights, (blocks, pitch), output, rows)
                };
                // SAFETY: the strip holds all rows that these rows need; bands split the last result's rows.
                unsafe { conv::run(backend, &task) };
            }
            Op::ConvTranspose { input, weights, .. } => {
                let conv = Conv::of(&self.run.network.ops[op]);
                let view = self.view(*input);
                blocks.clear();
                // SAFETY: a filter of one tap needs no halo.
                blocks.extend(unsafe { blocks_at(view, (0, 0)) });
                for (parity, weights) in weights.iter().enumerate() {
                    let rows = rows.start / 2..rows.end / 2;
                    let task = conv.parity(parity, weights, (blocks, view.shape.width), output, rows);
                    // SAFETY: as above; strips have an even number of rows.
                    unsafe { conv::run(backend, &task) };
                }
            }
            step @ Op::Depthwise { input, residual, .. } => {
                for block in 0..output.shape.blocks() {
                    let views = (self.view(*input), output, residual.map(|r| self.view(r)));
                    if let Some(task) =
                        super::depthwise_task(step, views, (block, self.place_of_sums(op)), rows.clone())
                    {
                        // SAFETY: as above.
                        unsafe { depthwise::run(backend, &task) };
                    }
                }
            }
            Op::Pool { kind, input, other } => {
                for block in 0..output.shape.blocks() {
                    let (input, other) = (self.view(*input), other.map(|o| self.view(o)));
                    let task = PoolTask { kind: *kind, input, other, output, block, rows: rows.clone() };
                    // SAFETY: as above.
                    unsafe { pool::run(backend, &task) };
                }
            }
            Op::SqueezeExcite { input, .. } => {
                for block in 0..output.shape.blocks() {
                    let gates = self.run.gates_of(block);
                    let task = ScaleTask { input: self.view(*input), output, gates, block, rows: rows.clone() };
                    // SAFETY: as above.
                    unsafe { scale::scale(backend, &task) };
                }
            }
            _ => unreachable!("chains consist of the operations above"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::backend::Backend;
    use crate::executor::{Parallelism, rows_of};
    use crate::filter::{BuildError, Filter, Quantisation};
    use crate::network::{Activation, Network, NetworkBuilder, OutputOrder, Padding};
    use crate::plan::Plan;

    fn filter(shape: [usize; 4], quantised: bool) -> Filter {
        let [out, inputs, kh, kw] = shape;
        let weights =
            (0..out * inputs * kh * kw).map(|i| ((i * 37 % 101) as f32 / 50.0 - 1.0) / (inputs * kh * kw) as f32);
        let input = quantised.then(|| Quantisation { steps: vec![0.01; inputs], zero: 9, means: Vec::new() });
        let bias = (0..out).map(|o| (o % 7) as f32 * 0.1).collect();
        Filter { weights: weights.collect(), bias, shape, input, ..Filter::default() }
    }

    /// What detectors are made of: a stem of two branches, blocks with gates, a pyramid of two levels, and a head.
    fn network(channels: usize, kernel: usize) -> Result<Network, BuildError> {
        let (mut net, image) = NetworkBuilder::new();
        let (one, same, half, relu) = ((1, 1), Padding::Symmetric(1, 1), channels.div_ceil(2), Activation::Relu);
        let dense = |shape| filter(shape, true);
        let x = net.conv(&[image], &filter([channels, 3, 3, 3], false), (2, 2), same, relu, None)?;
        let branch = net.conv(&[x], &dense([half, channels, 2, 2]), one, Padding::SameUpper, relu, None)?;
        let branch = net.conv(&[branch], &dense([channels, half, 2, 2]), one, Padding::SameUpper, relu, None)?;
        let pooled = net.max_pool_same(x);
        let x = net.conv(&[pooled, branch], &dense([channels, 2 * channels, 3, 3]), (2, 2), same, relu, None)?;
        let x = net.depthwise(x, &filter([channels, 1, 3, 3], false), one, Activation::None, None)?;
        let gates = || (filter([3, channels, 1, 1], false), filter([channels, 3, 1, 1], false));
        let x = net.squeeze_excite(x, gates().0, gates().1, 0.2, false)?;
        let hidden = net.pointwise(x, &dense([2 * channels, channels, 1, 1]), Activation::Gelu, None)?;
        let fine = net.pointwise(hidden, &dense([channels, 2 * channels, 1, 1]), Activation::None, Some(x))?;
        let coarse = net.depthwise(fine, &filter([channels, 1, 3, 3], false), (2, 2), Activation::None, None)?;
        let lateral = net.pointwise(fine, &dense([channels, channels, 1, 1]), Activation::None, None)?;
        let lateral = net.squeeze_excite(lateral, gates().0, gates().1, 0.2, true)?;
        let sum = net.add_upsampled(lateral, coarse, 2)?;
        let smooth = net.depthwise(sum, &filter([channels, 1, kernel, kernel], false), one, Activation::None, None)?;
        let fine = net.pointwise(smooth, &dense([half, channels, 1, 1]), Activation::None, None)?;
        let coarse = net.pointwise(coarse, &dense([half, channels, 1, 1]), Activation::None, None)?;
        let both = [net.upsample(coarse, 2), fine];
        let x = net.conv(&both, &dense([channels, 2 * half, 3, 3]), one, same, relu, None)?;
        let f = dense([channels, channels, 2, 2]);
        let x = net.conv_transpose(x, &f, relu)?;
        let x = net.pointwise(x, &filter([4, channels, 1, 1], true), Activation::Sigmoid, None)?;
        net.finish(x, OutputOrder::PixelShuffle)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn strips_give_what_whole_values_give(
            (height, width) in (1_usize..24, 1_usize..12),
            channels in 2_usize..40,
            kernel in 1_usize..4,
        ) {
            let (height, width) = (8 * height, 8 * width);
            let image: Vec<f32> = (0..height * width * 3).map(|i| (i * 29 % 97) as f32 / 50.0 - 1.0).collect();
            let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().map_err(|e| TestCaseError::fail(e.to_string()))?;
            for backend in Backend::available() {
                let built = network(channels, 2 * kernel + 1);
                let network = built.map_err(|e| TestCaseError::fail(e.to_string()))?.with_backend(backend);
                let run = |least, parallelism| {
                    let plan = Plan::new(&network, (height, width), least).map_err(|_| TestCaseError::fail("no plan"))?;
                    let result = pool.install(|| network.run_plan(&plan, parallelism, rows_of(&image, width)));
                    Ok::<_, TestCaseError>((plan.chains.len(), result.0))
                };
                let (_, whole) = run(None, Parallelism::Serial)?;
                for parallelism in [Parallelism::Serial, Parallelism::Pool] {
                    // Twice, because the second run finds the arena as the first one left it.
                    for _ in 0..2 {
                        let (chains, strips) = run(Some(0), parallelism)?;
                        prop_assert!(chains >= 3, "{chains}");
                        let worst = whole.iter().zip(&strips).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                        // Channels are added up in another order, and a value may then be rounded to its other neighbour.
                        let bound = if backend.multiplies_bf16() || backend.multiplies_integers() { 1e-2 } else { 1e-5 };
                        prop_assert!(worst <= bound && strips.iter().all(|v| v.is_finite()), "{backend:?} {parallelism:?}: {worst:e}");
                    }
                }
            }
        }
    }
}
