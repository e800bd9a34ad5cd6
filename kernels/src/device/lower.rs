//! From an operation to kernels with their arguments.

use super::arguments::{
    Address, AttentionArguments, ConvArguments, DepthwiseArguments, FloatsArguments, GateArguments, GuessArguments,
    LineArguments, MOST_SOURCES, MeanArguments, NormArguments, PageArguments, PoolArguments, QuadArguments,
    ResultArguments, RunArguments, ScaleArguments, Source as SourceArguments, number_of,
};
use super::input::InputKind;
use super::machine::Launch;
use super::output::RUN_BYTES;
use super::weights::{Placed, PlacedConv, VECTOR, padded};
use crate::layout::Shape;
use crate::network::{Network, OutputOrder, Value};
use crate::op::{Op, Source};
use crate::ops::pool::PoolKind;

/// Threads of a block, by kernel; the kernels declare the same.
const CONV_THREADS: usize = 128;
const DEPTHWISE_THREADS: usize = 128;
const POOL_THREADS: usize = 256;
const MEAN_THREADS: usize = 256;
const GATE_THREADS: usize = 256;
const SCALE_THREADS: usize = 256;
const NORM_THREADS: usize = 128;
const ATTENTION_THREADS: usize = 64;
const EDGE_THREADS: usize = 256;
const PIXEL_THREADS: usize = 256;
/// Threads of a warp, and warps of the kernels that give each warp a row or a step.
const WARP: usize = 32;
const WARPS: usize = 4;

/// Pixels of a block of `conv_32` and `conv_64`: their tiles are as large.
const CONV_TILE: usize = 4096;
/// Pixels of one thread of a depthwise convolution.
const STRIP: usize = 4;
/// Channels of a block of `channel_means`.
const MEAN_CHANNELS: usize = 64;
/// Pixels of a block of `layer_norm` and `softmax`.
const NORM_PIXELS: usize = NORM_THREADS / 32;
/// Hidden values that `gates` has room for.
const MOST_HIDDEN: usize = 512;

/// Where everything is on the device for one size and number of images.
pub(super) struct Addresses<'a> {
    pub(super) images: usize,
    pub(super) shapes: &'a [Shape],
    /// Of every value.
    pub(super) values: Vec<Address>,
    /// Of all weights.
    pub(super) weights: Address,
    /// Room for [`scratch_bytes`].
    pub(super) scratch: Address,
}

/// Why an operation has no kernel, if it has none; sizes of images do not matter.
pub(super) fn unsupported(op: &Op) -> Option<&'static str> {
    match op {
        Op::Conv { inputs, .. } if inputs.len() > MOST_SOURCES => Some("a convolution of more than four inputs"),
        Op::Depthwise { kernel: (_, across), stride: (_, stride), .. }
            if depthwise_kernel((*across).max(3), *stride).is_none() =>
        {
            Some("a depthwise convolution with an even number of columns, or more than nine")
        }
        Op::SqueezeExcite { squeeze, .. } if squeeze.bias.len() > MOST_HIDDEN => {
            Some("squeeze-and-excitation with more than 512 hidden values")
        }
        _ => None,
    }
}

/// Bytes of scratch memory that `op` needs for `images` images.
pub(super) fn scratch_bytes(op: &Op, shape: Shape, images: usize) -> usize {
    match op {
        // Means and gates.
        Op::SqueezeExcite { .. } => 2 * images * padded(shape.channels) * size_of::<f32>(),
        _ => 0,
    }
}

fn depthwise_kernel(across: usize, stride: usize) -> Option<&'static str> {
    Some(match (across, stride) {
        (3, 1) => "depthwise_3_1",
        (5, 1) => "depthwise_5_1",
        (7, 1) => "depthwise_7_1",
        (9, 1) => "depthwise_9_1",
        (3, 2) => "depthwise_3_2",
        (5, 2) => "depthwise_5_2",
        (7, 2) => "depthwise_7_2",
        (9, 2) => "depthwise_9_2",
        _ => return None,
    })
}

/// Means of the maps at `map` inside of `count` quads at `quads`, to `to`.
pub(super) fn quad_means(
    map: Address,
    (rows, columns): (usize, usize),
    (quads, count): (Address, usize),
    to: Address,
) -> Launch {
    let arguments = QuadArguments { map, quads, means: to, rows: int(rows), columns: int(columns) };
    Launch::new("quad_means", [count, 1, 1], WARPS * WARP, &arguments)
}

/// Sizes are far below 2³¹: images are bounded, and memory ends before.
pub(super) fn int(size: usize) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}

impl Addresses<'_> {
    fn at(&self, value: Value) -> Address {
        self.values[value.0]
    }

    fn shape(&self, value: Value) -> Shape {
        self.shapes[value.0]
    }

    /// Channels as they are stored.
    fn channels(&self, value: Value) -> usize {
        if value.0 == 0 { VECTOR } else { padded(self.shape(value).channels) }
    }

    /// Pixels of all images.
    fn pixels(&self, value: Value) -> usize {
        self.images * self.shape(value).height * self.shape(value).width
    }

    fn weights(&self, place: usize) -> Address {
        self.weights + place as Address
    }

    /// The launches of `op`, whose result is `result` and whose weights are at `placed`.
    pub(super) fn lower(&self, op: &Op, placed: Placed, result: Value) -> Vec<Launch> {
        match (op, placed) {
            (Op::Conv { inputs, stride, activation, residual, .. }, Placed::Conv(placed)) => {
                let activation = number_of(*activation);
                vec![self.conv(inputs, placed, result, *residual, (*stride, activation, 1))]
            }
            (Op::ConvTranspose { input, activation, .. }, Placed::Conv(placed)) => {
                let inputs = [Source { value: *input, shift: 0 }];
                vec![self.conv(&inputs, placed, result, None, ((1, 1), number_of(*activation), 2))]
            }
            (Op::Depthwise { .. }, Placed::Depthwise { .. }) => {
                self.depthwise(op, placed, result).into_iter().collect()
            }
            (Op::Pool { kind, input, other }, _) => vec![self.pool(*kind, *input, *other, result)],
            (Op::SqueezeExcite { .. }, Placed::SqueezeExcite { .. }) => self.squeeze_excite(op, placed, result),
            (Op::LayerNorm { input, epsilon, .. }, Placed::LayerNorm { scale, shift }) => {
                let (scale, shift) = (self.weights(scale), self.weights(shift));
                vec![self.norm("layer_norm", *input, result, (scale, shift, *epsilon))]
            }
            (Op::Softmax { input }, _) => vec![self.norm("softmax", *input, result, (0, 0, 0.0))],
            (Op::Attention { input, heads, scale }, _) => vec![self.attention(*input, result, *heads, *scale)],
            // Weights are placed by operation.
            _ => Vec::new(),
        }
    }

    fn conv(
        &self,
        inputs: &[Source],
        placed: PlacedConv,
        result: Value,
        residual: Option<Value>,
        (stride, activation, scatter): ((usize, usize), i32, usize),
    ) -> Launch {
        let mut sources = [SourceArguments::default(); MOST_SOURCES];
        for (to, from) in sources.iter_mut().zip(inputs) {
            let shape = self.shape(from.value);
            *to = SourceArguments {
                data: self.at(from.value),
                height: int(shape.height),
                width: int(shape.width),
                channels: int(self.channels(from.value)),
                shift: from.shift as i32,
            };
        }
        let shape = self.shape(result);
        let (rows, columns) = (shape.height / scatter, shape.width / scatter);
        let pixels = self.images * rows * columns;
        let arguments = ConvArguments {
            sources,
            taps: self.weights(placed.taps),
            weights: self.weights(placed.weights),
            bias: self.weights(placed.bias),
            residual: residual.map_or(0, |value| self.at(value)),
            output: self.at(result),
            pixels: int(pixels),
            rows: int(rows),
            columns: int(columns),
            stride_y: int(stride.0),
            stride_x: int(stride.1),
            depth: int(placed.depth),
            filters: int(placed.filters),
            channels: int(self.channels(result)),
            scatter: int(scatter),
            activation,
        };
        let (kernel, tile) = if placed.tile == 32 { ("conv_32", 32) } else { ("conv_64", 64) };
        let grid = [pixels.div_ceil(CONV_TILE / tile), placed.filters / tile, scatter * scatter];
        Launch::new(kernel, grid, CONV_THREADS, &arguments)
    }

    fn depthwise(&self, op: &Op, placed: Placed, result: Value) -> Option<Launch> {
        let Op::Depthwise { input, kernel, stride, padding, activation, residual, .. } = op else { return None };
        let Placed::Depthwise { weights, bias, across } = placed else { return None };
        let (from, to) = (self.shape(*input), self.shape(result));
        let channels = self.channels(result);
        let arguments = DepthwiseArguments {
            input: self.at(*input),
            weights: self.weights(weights),
            bias: self.weights(bias),
            residual: residual.map_or(0, |value| self.at(value)),
            output: self.at(result),
            images: int(self.images),
            height: int(from.height),
            width: int(from.width),
            rows: int(to.height),
            columns: int(to.width),
            channels: int(channels),
            down: int(kernel.0),
            stride_y: int(stride.0),
            pad_y: int(padding.0),
            pad_x: int(padding.1 + (across - kernel.1) / 2),
            activation: number_of(*activation),
            unused: 0,
        };
        let threads = self.images * to.height * to.width.div_ceil(STRIP) * (channels / VECTOR);
        let name = depthwise_kernel(across, stride.1)?;
        Some(Launch::new(name, [threads.div_ceil(DEPTHWISE_THREADS), 1, 1], DEPTHWISE_THREADS, &arguments))
    }

    fn pool(&self, kind: PoolKind, input: Value, other: Option<Value>, result: Value) -> Launch {
        let (name, down, across) = match kind {
            PoolKind::Max2x2 => ("pool_largest", 2, 2),
            PoolKind::Average { height, width } => ("pool_mean", height, width),
            PoolKind::Upsample { factor } => ("enlarge", factor, factor),
            PoolKind::AddUpsampled { factor } => ("add_enlarged", factor, factor),
            PoolKind::Add => ("add_enlarged", 1, 1),
        };
        let other = other.unwrap_or(input);
        let (from, second, to) = (self.shape(input), self.shape(other), self.shape(result));
        let channels = self.channels(result);
        let arguments = PoolArguments {
            input: self.at(input),
            other: self.at(other),
            output: self.at(result),
            images: int(self.images),
            height: int(from.height),
            width: int(from.width),
            other_height: int(second.height),
            other_width: int(second.width),
            rows: int(to.height),
            columns: int(to.width),
            channels: int(channels),
            down: int(down),
            across: int(across),
        };
        let threads = self.pixels(result) * (channels / VECTOR);
        Launch::new(name, [threads.div_ceil(POOL_THREADS), 1, 1], POOL_THREADS, &arguments)
    }

    fn squeeze_excite(&self, op: &Op, placed: Placed, result: Value) -> Vec<Launch> {
        let Op::SqueezeExcite { input, squeeze, slope, skip, .. } = op else { return Vec::new() };
        let Placed::SqueezeExcite { squeeze: first, squeeze_bias, excite, excite_bias } = placed else {
            return Vec::new();
        };
        let shape = self.shape(*input);
        let channels = self.channels(*input);
        let means = self.scratch;
        let gates = means + (self.images * channels * size_of::<f32>()) as Address;
        let pixels = shape.height * shape.width;
        let mean = MeanArguments { input: self.at(*input), means, pixels: int(pixels), channels: int(channels) };
        let gate = GateArguments {
            means,
            squeeze: self.weights(first),
            squeeze_bias: self.weights(squeeze_bias),
            excite: self.weights(excite),
            excite_bias: self.weights(excite_bias),
            gates,
            inputs: int(shape.channels),
            channels: int(channels),
            hidden: int(squeeze.bias.len()),
            skip: i32::from(*skip),
            slope: *slope,
            unused: 0,
        };
        let vectors = pixels * (channels / VECTOR);
        let scale = ScaleArguments {
            input: self.at(*input),
            gates,
            output: self.at(result),
            vectors: int(self.images * vectors),
            vectors_of_image: int(vectors),
            channels: int(channels),
            unused: 0,
        };
        let all = self.images * vectors;
        vec![
            Launch::new("channel_means", [channels.div_ceil(MEAN_CHANNELS), self.images, 1], MEAN_THREADS, &mean),
            Launch::new("gates", [self.images, 1, 1], GATE_THREADS, &gate),
            Launch::new("scale_channels", [all.div_ceil(SCALE_THREADS), 1, 1], SCALE_THREADS, &scale),
        ]
    }

    fn norm(
        &self,
        kernel: &'static str,
        input: Value,
        result: Value,
        (scale, shift, epsilon): (Address, Address, f32),
    ) -> Launch {
        let pixels = self.pixels(result);
        let arguments = NormArguments {
            input: self.at(input),
            scale,
            shift,
            output: self.at(result),
            pixels: int(pixels),
            inputs: int(self.shape(result).channels),
            channels: int(self.channels(result)),
            epsilon,
        };
        Launch::new(kernel, [pixels.div_ceil(NORM_PIXELS), 1, 1], NORM_THREADS, &arguments)
    }

    fn attention(&self, input: Value, result: Value, heads: usize, scale: f32) -> Launch {
        let columns = self.shape(result).width;
        let arguments = AttentionArguments {
            input: self.at(input),
            output: self.at(result),
            columns: int(columns),
            heads: int(heads),
            scale,
            unused: 0,
        };
        let grid = [columns.div_ceil(ATTENTION_THREADS), heads, self.images];
        Launch::new("attention", grid, ATTENTION_THREADS, &arguments)
    }

    /// What stands at `from` to the image: floats `[images][height][width][3]`, pages, or lines.
    pub(super) fn take(&self, kind: InputKind, from: Address) -> Launch {
        let (output, shape) = (self.at(Value(0)), self.shape(Value(0)));
        let (rows, columns) = (int(shape.height), int(shape.width));
        let each = (shape.height * shape.width).div_ceil(PIXEL_THREADS);
        match kind {
            InputKind::Floats => {
                let pixels = self.pixels(Value(0));
                let arguments = FloatsArguments { input: from, output, pixels: int(pixels), unused: 0 };
                Launch::new("from_floats", [pixels.div_ceil(EDGE_THREADS), 1, 1], EDGE_THREADS, &arguments)
            }
            InputKind::Pages => {
                let arguments = PageArguments { pages: from, output, rows, columns };
                Launch::new("from_pages", [each, self.images, 1], PIXEL_THREADS, &arguments)
            }
            InputKind::Lines => {
                let arguments = LineArguments { lines: from, output, rows, columns };
                Launch::new("from_lines", [each, self.images, 1], PIXEL_THREADS, &arguments)
            }
        }
    }

    /// The best classes of every pixel of the result at `to`.
    pub(super) fn guess(&self, output: Value, to: Address) -> Launch {
        let steps = self.pixels(output);
        let arguments = GuessArguments {
            input: self.at(output),
            guesses: to,
            steps: int(steps),
            inputs: int(self.shape(output).channels),
            channels: int(self.channels(output)),
            unused: 0,
        };
        Launch::new("best_classes", [steps.div_ceil(WARPS), 1, 1], WARPS * WARP, &arguments)
    }

    /// Runs above `threshold` of maps of `rows`×`columns` at `map`: their count to `to`, and behind it `room` of them.
    pub(super) fn find_runs(
        &self,
        map: Address,
        (rows, columns): (usize, usize),
        threshold: f32,
        (to, room): (Address, usize),
    ) -> Launch {
        let arguments = RunArguments {
            map,
            runs: to + RUN_BYTES as Address,
            count: to,
            images: int(self.images),
            rows: int(rows),
            columns: int(columns),
            room: int(room),
            threshold,
            unused: 0,
        };
        Launch::new("find_runs", [(self.images * rows).div_ceil(WARPS), 1, 1], WARPS * WARP, &arguments)
    }

    /// The result as floats at `to`, in the network's order.
    pub(super) fn give(&self, network: &Network, to: Address) -> Launch {
        let (output, shape) = (network.output, self.shape(network.output));
        let pixels = self.pixels(output);
        let arguments = ResultArguments {
            input: self.at(output),
            output: to,
            pixels: int(pixels),
            columns: int(shape.width),
            inputs: int(shape.channels),
            channels: int(self.channels(output)),
            shuffle: i32::from(network.order == OutputOrder::PixelShuffle),
            unused: 0,
        };
        let threads = pixels * shape.channels;
        Launch::new("to_floats", [threads.div_ceil(EDGE_THREADS), 1, 1], EDGE_THREADS, &arguments)
    }
}
