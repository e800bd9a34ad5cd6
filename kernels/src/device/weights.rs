//! Weights in the order in which the kernels read them, all of a network in one piece of memory.

use half::f16;

use crate::network::{Network, Padding, Value};
use crate::op::{Op, Source};
use crate::packing::ConvWeights;
use crate::simd::LANES;

/// Channels that a kernel loads at once; those of every value are padded to a multiple of it.
pub(super) const VECTOR: usize = 8;

/// Rows of weights that a step of a convolution multiplies.
const CONV_DEPTH: usize = 32;

/// Where each kind of weights starts; a place is a multiple of this many bytes.
const ALIGNMENT: usize = 256;

/// Channels of a value as the device stores them.
pub(super) fn padded(channels: usize) -> usize {
    channels.next_multiple_of(VECTOR)
}

/// Bytes that will be one piece of device memory.
#[derive(Default)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Bytes {
    /// Adds values, and gives the place of the first.
    fn add<const N: usize>(&mut self, values: impl IntoIterator<Item = [u8; N]>) -> usize {
        self.0.resize(self.0.len().next_multiple_of(ALIGNMENT), 0);
        let place = self.0.len();
        self.0.extend(values.into_iter().flatten());
        place
    }

    fn halves(&mut self, values: &[f32]) -> usize {
        let bounded = |v: &f32| f16::from_f32(v.clamp(f16::MIN.to_f32(), f16::MAX.to_f32()));
        self.add(values.iter().map(|v| bounded(v).to_le_bytes()))
    }

    /// `values` with zeros up to `len`.
    fn floats(&mut self, values: &[f32], len: usize) -> usize {
        let zeros = std::iter::repeat_n(&0.0_f32, len.saturating_sub(values.len()));
        self.add(values.iter().take(len).chain(zeros).map(|v| v.to_le_bytes()))
    }
}

/// Places of one operation's weights.
#[derive(Debug, Clone, Copy)]
pub(super) enum Placed {
    Conv(PlacedConv),
    Depthwise { weights: usize, bias: usize, across: usize },
    SqueezeExcite { squeeze: usize, squeeze_bias: usize, excite: usize, excite_bias: usize },
    LayerNorm { scale: usize, shift: usize },
    None,
}

/// Places of a dense convolution's weights.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlacedConv {
    pub(super) taps: usize,
    pub(super) weights: usize,
    pub(super) bias: usize,
    /// Rows of the weights, a multiple of [`CONV_DEPTH`].
    pub(super) depth: usize,
    /// Columns of the weights, a multiple of `tile`.
    pub(super) filters: usize,
    /// Columns of a block: 32 or 64.
    pub(super) tile: usize,
}

/// Puts the weights of all operations of `network` into `bytes`; gives their places by operation.
pub(super) fn place(network: &Network, bytes: &mut Bytes) -> Vec<Placed> {
    let channels = |value: Value| network.channels[value.0];
    network
        .ops
        .iter()
        .enumerate()
        .map(|(i, op)| {
            let out = network.channels[i + 1];
            match op {
                Op::Conv { inputs, weights, kernel, padding, .. } => {
                    let (up, left) = match padding {
                        Padding::Symmetric(h, w) => (*h, *w),
                        Padding::SameUpper => (0, 0),
                    };
                    Placed::Conv(conv(
                        bytes,
                        network,
                        inputs,
                        std::slice::from_ref(weights),
                        (*kernel, (up, left), out),
                    ))
                }
                Op::ConvTranspose { input, weights, .. } => {
                    let inputs = [Source { value: *input, shift: 0 }];
                    Placed::Conv(conv(bytes, network, &inputs, weights.as_slice(), ((1, 1), (0, 0), out)))
                }
                Op::Depthwise { weights, bias, kernel, .. } => {
                    depthwise(bytes, weights.as_slice(), bias.as_slice(), *kernel, out)
                }
                Op::SqueezeExcite { squeeze, excite, .. } => Placed::SqueezeExcite {
                    squeeze: bytes.floats(&squeeze.weights, squeeze.weights.len()),
                    squeeze_bias: bytes.floats(&squeeze.bias, squeeze.bias.len()),
                    excite: bytes.floats(&excite.weights, excite.weights.len()),
                    excite_bias: bytes.floats(&excite.bias, excite.bias.len()),
                },
                Op::LayerNorm { input, scale, shift, .. } => Placed::LayerNorm {
                    scale: bytes.floats(scale.as_slice(), channels(*input)),
                    shift: bytes.floats(shift.as_slice(), channels(*input)),
                },
                Op::Pool { .. } | Op::Attention { .. } | Op::Softmax { .. } => Placed::None,
            }
        })
        .collect()
}

/// Dense weights as `[set][depth][filters]`: rows are inputs, taps and channels, in this order.
fn conv(
    bytes: &mut Bytes,
    network: &Network,
    inputs: &[Source],
    sets: &[ConvWeights],
    ((down, across), (up, left), out): ((usize, usize), (usize, usize), usize),
) -> PlacedConv {
    // A tile of 64 reads its input half as often, and is worth it unless it is mostly padding.
    let tile = if out.next_multiple_of(32) < out.next_multiple_of(64) { 32 } else { 64 };
    let filters = out.next_multiple_of(tile);
    // The first row of every channel of the concatenated inputs, and the rows between its taps.
    let mut first_rows = Vec::new();
    let mut taps: Vec<[i32; 4]> = Vec::new();
    for (number, source) in inputs.iter().enumerate() {
        let channels = network.channels[source.value.0];
        let start = taps.len() * VECTOR;
        first_rows.extend((0..channels).map(|c| (start + c, padded(channels))));
        for tap in 0..down * across {
            let (y, x) = ((tap / across) as i32 - up as i32, (tap % across) as i32 - left as i32);
            taps.extend((0..padded(channels)).step_by(VECTOR).map(|channel| [y, x, number as i32, channel as i32]));
        }
    }
    let depth = (taps.len() * VECTOR).next_multiple_of(CONV_DEPTH);
    taps.resize(depth / VECTOR, [0, 0, -1, 0]);
    let mut values = vec![0.0; sets.len() * depth * filters];
    for (set, weights) in sets.iter().enumerate() {
        weights.each(|channel, tap, output, weight| {
            let (first, between) = first_rows[channel];
            values[(set * depth + first + tap * between) * filters + output] = weight;
        });
    }
    PlacedConv {
        taps: bytes.add(taps.iter().flatten().map(|v| v.to_le_bytes())),
        weights: bytes.halves(&values),
        bias: bytes.floats(sets[0].bias.as_slice(), filters),
        depth,
        filters,
        tile,
    }
}

/// `[down][across][channels]` of `[blocks][taps][LANES]`.
fn depthwise(bytes: &mut Bytes, weights: &[f32], bias: &[f32], (down, columns): (usize, usize), out: usize) -> Placed {
    // There is no kernel for one column: it becomes the middle one of three.
    let across = columns.max(3);
    let (channels, margin) = (padded(out), (across - columns) / 2);
    let mut values = vec![0.0; down * across * channels];
    for c in 0..out {
        for tap in 0..down * columns {
            let place = tap / columns * across + tap % columns + margin;
            values[place * channels + c] = weights[(c / LANES * down * columns + tap) * LANES + c % LANES];
        }
    }
    Placed::Depthwise { weights: bytes.halves(&values), bias: bytes.floats(bias, channels), across }
}
