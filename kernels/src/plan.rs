//! From an image size to buffers: shapes, halos, and places in one arena.

use crate::chain::Chain;
use crate::layout::Shape;
use crate::network::{Network, OutputOrder, Padding, Value};
use crate::op::Op;
use crate::ops::attention;
use crate::ops::pool::PoolKind;
use crate::simd::LANES;

/// Values of the image lie four to a pixel: red, green, blue and nothing.
pub(crate) const IMAGE_PITCH: usize = 4;

/// Buffers for one image size.
pub(crate) struct Plan {
    /// Shape of every value, with the halo of its buffer.
    pub(crate) shapes: Vec<Shape>,
    /// Where each value's buffer starts in the arena.
    pub(crate) offsets: Vec<usize>,
    /// Whether the value has a buffer of its own rather than its input's.
    pub(crate) owns_buffer: Vec<bool>,
    /// Where scratch memory starts.
    pub(crate) scratch: usize,
    /// Values the arena must hold.
    pub(crate) floats: usize,
    /// Operations that run strip by strip, in order.
    pub(crate) chains: Vec<Chain>,
    /// Values that one band of any chain needs, beside the others.
    pub(crate) strip_floats: usize,
    /// Whether the step that gives a value also adds its channels up, for gates of the next one.
    pub(crate) summed: Vec<bool>,
    /// Where those sums start: `[bands][blocks][LANES]`.
    pub(crate) sums: usize,
    /// `[height, width, channels]` of the result.
    pub(crate) output: [usize; 3],
}

/// An image that the network cannot take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Nothing is left at the end.
    TooSmall,
    /// Values of different sizes meet in one operation.
    Unequal,
}

impl Plan {
    /// Plans `network` for images of `height`×`width`; values of `least_chained` bytes
    /// need not exist as a whole, without it all do.
    pub(crate) fn new(
        network: &Network,
        (height, width): (usize, usize),
        least_chained: Option<usize>,
    ) -> Result<Self, Unfit> {
        let mut shapes = shapes(network, height, width)?;
        let mut last_use = last_uses(network);
        let chains = least_chained.map(|least| Chain::all(network, &shapes, &last_use, least));
        let mut chains = chains.unwrap_or_default();
        for ops in chains.iter().map(|chain| chain.ops.clone()) {
            // The last step writes its result while the first ones still read.
            for value in network.ops[ops.clone()].iter().flat_map(Op::inputs) {
                last_use[value.0] = last_use[value.0].max(ops.end - 1);
            }
        }
        let roots = roots(network, &last_use, &shapes, &chains);
        for (op, halo) in network.ops.iter().map(|op| (op, border(op))) {
            for value in op.inputs() {
                let root = roots[value.0];
                shapes[root].halo = shapes[root].halo.max(halo);
            }
        }
        for v in 0..shapes.len() {
            shapes[v].halo = shapes[roots[v]].halo;
        }
        // A cache line between buffers keeps vector loads past the last pixel inside the arena.
        let mut sizes: Vec<_> = shapes.iter().map(|shape| shape.floats().next_multiple_of(16) + 16).collect();
        for chain in &mut chains {
            sizes[chain.held()].fill(0);
            chain.place(&shapes);
        }
        let strip_floats = chains.iter().map(|chain| chain.floats).max().unwrap_or(0);
        let (offsets, mut floats) = places(&sizes, &roots, &last_use);
        let scratch = floats;
        floats += network.ops.iter().zip(&shapes[1..]).map(|(op, shape)| scratch_floats(op, shape)).max().unwrap_or(0);
        let summed = summed(network);
        let sums = floats;
        // A band has one row at least.
        let bands = shapes.iter().zip(&summed).filter(|(_, summed)| **summed);
        floats += bands.map(|(shape, _)| shape.height * shape.blocks() * LANES).max().unwrap_or(0);
        let out = shapes[network.output.0];
        let output = match network.order {
            OutputOrder::ChannelsLast => [out.height, out.width, out.channels],
            OutputOrder::PixelShuffle => [out.height * 2, out.width * 2, 1],
        };
        let owns_buffer = roots.iter().enumerate().map(|(v, root)| v == *root).collect();
        Ok(Self { shapes, offsets, owns_buffer, scratch, floats, chains, strip_floats, summed, sums, output })
    }
}

/// The shape of every value for an image of `height`×`width`, without halos.
pub(crate) fn shapes(network: &Network, height: usize, width: usize) -> Result<Vec<Shape>, Unfit> {
    let mut shapes = vec![Shape { channels: 3, height, width, halo: 0, pitch: IMAGE_PITCH }];
    for (i, op) in network.ops.iter().enumerate() {
        let (height, width) = output_size(op, &shapes).ok_or(Unfit::TooSmall)?;
        if !operands_fit(op, &shapes, (height, width)) {
            return Err(Unfit::Unequal);
        }
        shapes.push(Shape { channels: network.channels[i + 1], height, width, halo: 0, pitch: LANES });
    }
    Ok(shapes)
}

/// Where every value's buffer starts, and how much memory all need: values of `sizes` that share a root share its
/// buffer, and a buffer is used again when nothing reads it any more.
pub(crate) fn places(sizes: &[usize], roots: &[usize], last_use: &[usize]) -> (Vec<usize>, usize) {
    let mut live = Vec::<Buffer>::new();
    let mut offsets = vec![0; sizes.len()];
    let mut end = 0;
    for v in 0..sizes.len() {
        // Value v is written by operation v - 1; what was read for the last time before that is free.
        live.retain(|b| b.last_use + 1 >= v);
        if roots[v] == v {
            let size = sizes[v];
            let members = (v..sizes.len()).filter(|m| roots[*m] == v);
            let last_use = members.map(|m| last_use[m]).max().unwrap_or(v);
            let start = first_gap(&live, size);
            live.push(Buffer { start, size, last_use });
            live.sort_by_key(|b| b.start);
            offsets[v] = start;
            end = end.max(start + size);
        } else {
            offsets[v] = offsets[roots[v]];
        }
    }
    (offsets, end)
}

struct Buffer {
    start: usize,
    size: usize,
    /// The last operation that reads it.
    last_use: usize,
}

/// The lowest place where `size` values fit between `live` buffers (sorted by start).
fn first_gap(live: &[Buffer], size: usize) -> usize {
    let mut start = 0;
    for buffer in live {
        if start + size <= buffer.start {
            break;
        }
        start = start.max(buffer.start + buffer.size);
    }
    start
}

/// The last operation that reads each value; the output is read after all of them.
pub(crate) fn last_uses(network: &Network) -> Vec<usize> {
    let mut last_use: Vec<_> = (0..network.channels.len()).map(|v| v.saturating_sub(1)).collect();
    for (i, op) in network.ops.iter().enumerate() {
        for value in op.inputs() {
            last_use[value.0] = i;
        }
    }
    last_use[network.output.0] = network.ops.len();
    last_use
}

/// The value whose buffer each value uses: operations that read a pixel before
/// they write it take over the buffer of an input that is not needed later.
pub(crate) fn roots(network: &Network, last_use: &[usize], shapes: &[Shape], chains: &[Chain]) -> Vec<usize> {
    let mut roots: Vec<_> = (0..network.channels.len()).collect();
    for (i, op) in network.ops.iter().enumerate() {
        let in_place = match op {
            Op::SqueezeExcite { input, .. } | Op::LayerNorm { input, .. } | Op::Softmax { input } => Some(*input),
            Op::Pool { kind: PoolKind::Add | PoolKind::AddUpsampled { .. }, input, .. } => Some(*input),
            _ => None,
        };
        if let Some(Value(input)) = in_place
            && last_use[input] == i
            && shapes[input].pitch == LANES
            // Other bands of a chain may not have read what a row would replace.
            && !chains.iter().any(|chain| chain.ops.contains(&i))
            // A sum with a value that is too small is smaller than its input.
            && (shapes[input].height, shapes[input].width) == (shapes[i + 1].height, shapes[i + 1].width)
        {
            roots[i + 1] = roots[input];
        }
    }
    roots
}

/// Which values a convolution gives and the very next step makes gates of.
fn summed(network: &Network) -> Vec<bool> {
    let mut summed = vec![false; network.channels.len()];
    for (i, pair) in network.ops.windows(2).enumerate() {
        summed[i + 1] = match &pair[0] {
            Op::Conv { .. } | Op::Depthwise { .. } => {
                matches!(&pair[1], Op::SqueezeExcite { input, .. } if input.0 == i + 1)
            }
            _ => false,
        };
    }
    summed
}

/// Pixels beyond the edge that `op` reads of its inputs.
fn border(op: &Op) -> usize {
    match op {
        Op::Conv { kernel, padding, .. } => match padding {
            Padding::Symmetric(h, w) => *h.max(w),
            Padding::SameUpper => kernel.0.max(kernel.1) - 1,
        },
        Op::Depthwise { padding, .. } => padding.0.max(padding.1),
        Op::Pool { kind: PoolKind::Max2x2, .. } => 1,
        _ => 0,
    }
}

/// `(height, width)` of what `op` gives; `None` where nothing is left.
fn output_size(op: &Op, shapes: &[Shape]) -> Option<(usize, usize)> {
    let input = shapes[op.inputs().first()?.0];
    let shift = match op {
        Op::Conv { inputs, .. } => inputs[0].shift,
        _ => 0,
    };
    let (h, w) = (input.height << shift, input.width << shift);
    let strided = |(kh, kw): (usize, usize), (sh, sw): (usize, usize), (ph, pw): (usize, usize)| {
        Some((((h + 2 * ph).checked_sub(kh)?) / sh + 1, ((w + 2 * pw).checked_sub(kw)?) / sw + 1))
    };
    let size = match op {
        Op::Conv { kernel, stride, padding: Padding::Symmetric(ph, pw), .. } => strided(*kernel, *stride, (*ph, *pw))?,
        Op::Depthwise { kernel, stride, padding, .. } => strided(*kernel, *stride, *padding)?,
        Op::ConvTranspose { .. } => (h * 2, w * 2),
        Op::Pool { kind: PoolKind::Average { height, width }, .. } => (h / height, w / width),
        Op::Pool { kind: PoolKind::Upsample { factor }, .. } => (h * factor, w * factor),
        Op::Pool { kind: PoolKind::AddUpsampled { factor }, other: Some(other), .. } => {
            let coarse = shapes[other.0];
            ((coarse.height * factor).min(h), (coarse.width * factor).min(w))
        }
        _ => (h, w),
    };
    (size.0 > 0 && size.1 > 0).then_some(size)
}

/// Whether the values that `op` reads side by side have the same size; `output`
/// is that of its result. Kernels do not test for it.
fn operands_fit(op: &Op, shapes: &[Shape], output: (usize, usize)) -> bool {
    let size = |value: Value, shift: u32| (shapes[value.0].height << shift, shapes[value.0].width << shift);
    match op {
        Op::Conv { inputs, residual, .. } => {
            let first = size(inputs[0].value, inputs[0].shift);
            inputs.iter().all(|s| size(s.value, s.shift) == first) && residual.is_none_or(|r| size(r, 0) == output)
        }
        Op::Depthwise { residual: Some(other), .. } | Op::Pool { kind: PoolKind::Add, other: Some(other), .. } => {
            size(*other, 0) == output
        }
        _ => true,
    }
}

/// Scratch values that `op` needs for an output of `shape`.
fn scratch_floats(op: &Op, shape: &Shape) -> usize {
    match op {
        Op::SqueezeExcite { squeeze, .. } => shape.blocks() * LANES + squeeze.bias.len(),
        Op::Conv { split: Some(split), .. } => split.scratch_floats(shape),
        Op::Attention { heads, .. } => heads * attention::scratch_floats(shape.width),
        _ => 0,
    }
}
