//! Describing a network: operations over values, with their packed weights.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::arena::Arena;
use crate::backend::Backend;
use crate::filter::{BuildError, Filter};
use crate::fold::fold_enlargements;
use crate::layout::blocks_of;
use crate::mosaic::Mosaic;
use crate::op::{Op, Source};
use crate::ops::pool::PoolKind;
use crate::packing::{self, ConvWeights};
use crate::plan::{Plan, last_uses};
use crate::simd::LANES;

/// An activation of the network under construction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Value(pub(crate) usize);

/// A non-linearity, fused into the operation before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// The identity.
    #[default]
    None,
    /// max(0, x).
    Relu,
    /// x·Φ(x), by the error function.
    Gelu,
    /// 1/(1 + e^-x).
    Sigmoid,
    /// x·sigmoid(x).
    Silu,
    /// x·clamp(x/6 + 1/2, 0, 1).
    HardSwish,
}

/// Which border a convolution adds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// This many zero pixels above and below, left and right.
    Symmetric(usize, usize),
    /// Zero pixels below and on the right alone, as many as keep the size
    /// (ONNX's `SAME_UPPER` for even kernels).
    SameUpper,
}

/// How the output leaves the blocked layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputOrder {
    /// `[height][width][channels]`.
    ChannelsLast,
    /// Four channels become 2×2 pixels of one channel: `[2·height][2·width]`.
    PixelShuffle,
}

/// Collects operations; every method returns the value that the operation gives.
pub struct NetworkBuilder {
    pub(crate) ops: Vec<Op>,
    /// Channels of each value; value 0 is the image, value i + 1 comes from operation i.
    pub(crate) channels: Vec<usize>,
}

impl NetworkBuilder {
    /// A network over images of three channels, and the image.
    pub fn new() -> (Self, Value) {
        (Self { ops: Vec::new(), channels: vec![3] }, Value(0))
    }

    fn push(&mut self, op: Op, channels: usize) -> Value {
        self.ops.push(op);
        self.channels.push(channels);
        Value(self.ops.len())
    }

    fn expect(&self, operation: &'static str, expected: usize, value: Value) -> Result<(), BuildError> {
        let got = self.channels[value.0];
        if got == expected { Ok(()) } else { Err(BuildError::Channels { operation, expected, got }) }
    }

    /// Channels of a block of `value`: the image has one block of three.
    fn block_channels(&self, value: Value) -> impl Iterator<Item = usize> + use<> {
        let channels = self.channels[value.0];
        (0..blocks_of(channels)).map(move |b| (channels - b * LANES).min(LANES))
    }

    /// Dense convolution over the concatenation of `inputs`; `residual` is
    /// added after the activation.
    pub fn conv(
        &mut self,
        inputs: &[Value],
        filter: &Filter,
        stride: (usize, usize),
        padding: Padding,
        activation: Activation,
        residual: Option<Value>,
    ) -> Result<Value, BuildError> {
        filter.check()?;
        let [out, expected, kh, kw] = filter.shape;
        let got = inputs.iter().map(|v| self.channels[v.0]).sum();
        if got != expected {
            return Err(BuildError::Channels { operation: "convolution", expected, got });
        }
        if stride.1 > 2 {
            return Err(BuildError::Unsupported("a convolution with a horizontal stride above 2"));
        }
        if inputs.contains(&Value(0)) && (inputs.len() > 1 || stride.1 != 2) {
            return Err(BuildError::Unsupported("a convolution of the image at a horizontal stride other than 2"));
        }
        if let Some(residual) = residual {
            self.expect("residual addition", out, residual)?;
        }
        let blocks: Vec<_> = inputs.iter().flat_map(|v| self.block_channels(*v)).collect();
        let mut weights = ConvWeights::new(&filter.weights, &filter.bias, (out, expected, kh * kw), &blocks);
        weights.quantisation = filter.quantisation(expected)?;
        let name = filter.name.clone();
        let inputs = inputs.iter().map(|value| Source { value: *value, shift: 0 }).collect();
        let op =
            Op::Conv { name, inputs, weights, kernel: (kh, kw), stride, padding, activation, residual, split: None };
        Ok(self.push(op, out))
    }

    /// Convolution with a 1×1 kernel, which is also a linear layer over channels.
    pub fn pointwise(
        &mut self,
        input: Value,
        filter: &Filter,
        activation: Activation,
        residual: Option<Value>,
    ) -> Result<Value, BuildError> {
        self.conv(&[input], filter, (1, 1), Padding::Symmetric(0, 0), activation, residual)
    }

    /// Transposed convolution with a 2×2 kernel at stride 2; `filter.weights`
    /// are `[in][out][2][2]` and `filter.shape` is `[in, out, 2, 2]`.
    pub fn conv_transpose(
        &mut self,
        input: Value,
        filter: &Filter,
        activation: Activation,
    ) -> Result<Value, BuildError> {
        let [inputs, out, 2, 2] = filter.shape else {
            return Err(BuildError::Unsupported("a transposed convolution with a kernel other than 2×2"));
        };
        if filter.weights.len() != inputs * out * 4 || filter.bias.len() != out {
            return Err(filter.size_error());
        }
        self.expect("transposed convolution", inputs, input)?;
        let blocks: Vec<_> = self.block_channels(input).collect();
        let quantisation = filter.quantisation(inputs)?;
        let weights = std::array::from_fn(|parity| {
            let mut slice = vec![0.0; out * inputs];
            for i in 0..inputs {
                for o in 0..out {
                    slice[o * inputs + i] = filter.weights[(i * out + o) * 4 + parity];
                }
            }
            let mut weights = ConvWeights::new(&slice, &filter.bias, (out, inputs, 1), &blocks);
            weights.quantisation.clone_from(&quantisation);
            weights
        });
        let name = filter.name.clone();
        Ok(self.push(Op::ConvTranspose { name, input, weights: Box::new(weights), activation }, out))
    }

    /// Depthwise convolution with a symmetric border.
    pub fn depthwise(
        &mut self,
        input: Value,
        filter: &Filter,
        stride: (usize, usize),
        activation: Activation,
        residual: Option<Value>,
    ) -> Result<Value, BuildError> {
        filter.check()?;
        let [channels, 1, kh, kw] = filter.shape else {
            return Err(BuildError::Unsupported("a grouped convolution with more than one channel in a group"));
        };
        if stride.1 > 2 || input == Value(0) {
            return Err(BuildError::Unsupported("a depthwise convolution of the image or with a stride above 2"));
        }
        self.expect("depthwise convolution", channels, input)?;
        let op = Op::Depthwise {
            input,
            weights: packing::depthwise(&filter.weights, channels, kh * kw),
            bias: packing::per_channel(&filter.bias),
            kernel: (kh, kw),
            stride,
            padding: (kh / 2, kw / 2),
            activation,
            residual,
        };
        Ok(self.push(op, channels))
    }

    /// Largest of 2×2 pixels at stride 1, keeping the size; the input must not
    /// be negative, because the border counts as zero.
    pub fn max_pool_same(&mut self, input: Value) -> Value {
        self.push(Op::Pool { kind: PoolKind::Max2x2, input, other: None }, self.channels[input.0])
    }

    /// Mean over windows that do not overlap; an incomplete last window is dropped.
    pub fn average_pool(&mut self, input: Value, (height, width): (usize, usize)) -> Value {
        let kind = PoolKind::Average { height, width };
        self.push(Op::Pool { kind, input, other: None }, self.channels[input.0])
    }

    /// Nearest-neighbour enlargement by a whole factor.
    pub fn upsample(&mut self, input: Value, factor: usize) -> Value {
        self.push(Op::Pool { kind: PoolKind::Upsample { factor }, input, other: None }, self.channels[input.0])
    }

    /// `input` plus `coarse`, enlarged by `factor`.
    pub fn add_upsampled(&mut self, input: Value, coarse: Value, factor: usize) -> Result<Value, BuildError> {
        self.expect("addition", self.channels[input.0], coarse)?;
        let op = Op::Pool { kind: PoolKind::AddUpsampled { factor }, input, other: Some(coarse) };
        Ok(self.push(op, self.channels[input.0]))
    }

    /// The sum of two values of the same size.
    pub fn add(&mut self, a: Value, b: Value) -> Result<Value, BuildError> {
        self.expect("addition", self.channels[a.0], b)?;
        Ok(self.push(Op::Pool { kind: PoolKind::Add, input: a, other: Some(b) }, self.channels[a.0]))
    }

    /// Squeeze-and-excitation: channels scaled by a gate computed from their
    /// means, `x·g`, or `x + x·g` with `skip`. `slope` is the hard sigmoid's.
    pub fn squeeze_excite(
        &mut self,
        input: Value,
        squeeze: Filter,
        excite: Filter,
        slope: f32,
        skip: bool,
    ) -> Result<Value, BuildError> {
        squeeze.check()?;
        excite.check()?;
        let channels = self.channels[input.0];
        self.expect("squeeze", squeeze.shape[1], input)?;
        if excite.shape[0] != channels || excite.shape[1] != squeeze.shape[0] {
            return Err(BuildError::Channels { operation: "excite", expected: excite.shape[0], got: channels });
        }
        Ok(self.push(Op::SqueezeExcite { input, squeeze, excite, slope, skip }, channels))
    }

    /// Layer normalisation over channels.
    pub fn layer_norm(
        &mut self,
        input: Value,
        scale: &[f32],
        shift: &[f32],
        epsilon: f32,
    ) -> Result<Value, BuildError> {
        self.expect("layer normalisation", scale.len(), input)?;
        self.expect("layer normalisation", shift.len(), input)?;
        let (scale, shift) = (packing::per_channel(scale), packing::per_channel(shift));
        Ok(self.push(Op::LayerNorm { input, scale, shift, epsilon }, self.channels[input.0]))
    }

    /// Multi-head self-attention along the width of a value of height 1:
    /// `qkv` gives `3·heads·w` channels (queries, keys, values; `w` ≤ 16),
    /// `projection` takes `heads·w`; `residual` is added at the end. The rounding
    /// of the projection's input has sixteen steps for every head, whatever `w` is.
    pub fn self_attention(
        &mut self,
        input: Value,
        qkv: &Filter,
        projection: &Filter,
        heads: usize,
        residual: Option<Value>,
    ) -> Result<Value, BuildError> {
        qkv.check()?;
        projection.check()?;
        let width = projection.shape[1] / heads.max(1);
        if width == 0 || width > LANES || qkv.shape[0] != 3 * heads * width || projection.shape[1] != heads * width {
            return Err(BuildError::Unsupported("attention whose heads are wider than sixteen channels"));
        }
        // Heads are padded to whole blocks; zero channels change no product.
        let columns = qkv.shape[1];
        let padded_qkv = Filter {
            name: qkv.name.clone(),
            input: qkv.input.clone(),
            weights: packing::pad_rows(&qkv.weights, columns, width),
            bias: packing::pad_rows(&qkv.bias, 1, width),
            shape: [3 * heads * LANES, columns, 1, 1],
        };
        let out = projection.shape[0];
        let padded_projection = Filter {
            name: projection.name.clone(),
            input: projection.input.clone(),
            weights: projection
                .weights
                .chunks(projection.shape[1])
                .flat_map(|row| packing::pad_rows(row, 1, width))
                .collect(),
            bias: projection.bias.clone(),
            shape: [out, heads * LANES, 1, 1],
        };
        let qkv = self.pointwise(input, &padded_qkv, Activation::None, None)?;
        let scale = 1.0 / (width as f32).sqrt();
        let mixed = self.push(Op::Attention { input: qkv, heads, scale }, heads * LANES);
        self.pointwise(mixed, &padded_projection, Activation::None, residual)
    }

    /// Softmax over channels.
    pub fn softmax(&mut self, input: Value) -> Value {
        self.push(Op::Softmax { input }, self.channels[input.0])
    }

    /// The finished network, whose result is `output`.
    pub fn finish(mut self, output: Value, order: OutputOrder) -> Result<Network, BuildError> {
        if order == OutputOrder::PixelShuffle {
            self.expect("pixel shuffle", 4, output)?;
        }
        let output = fold_enlargements(&mut self.ops, &mut self.channels, output);
        let network = Network {
            backend: Backend::Portable,
            mosaic: None,
            ops: self.ops,
            channels: self.channels,
            output,
            order,
            plans: Mutex::default(),
            arenas: Mutex::default(),
        };
        let backend = Backend::current();
        let mut network = network.with_backend(backend);
        network.combine();
        Ok(network)
    }
}

/// A network ready to run; cheap to share between threads.
pub struct Network {
    pub(crate) backend: Backend,
    /// The last two operations as one, where they can be; what this processor runs.
    pub(crate) mosaic: Option<Mosaic>,
    pub(crate) ops: Vec<Op>,
    pub(crate) channels: Vec<usize>,
    pub(crate) output: Value,
    pub(crate) order: OutputOrder,
    /// Plans by (height, width) of the image.
    pub(crate) plans: Mutex<HashMap<(usize, usize), Arc<Plan>>>,
    /// Arenas that no run uses at the moment.
    pub(crate) arenas: Mutex<Vec<Arena>>,
}

impl Network {
    /// The same network on another backend; for tests and for measuring.
    ///
    /// # Panics
    /// When this processor does not have the backend's instructions.
    pub fn with_backend(mut self, backend: Backend) -> Self {
        assert!(Backend::available().contains(&backend), "this processor has no {}", backend.name());
        // Packing is a part of every start, so it is not done again for the same backend.
        if backend != self.backend {
            self.backend = backend;
            self.ops.iter_mut().for_each(|op| op.narrow_for(backend));
            if let Some(mosaic) = &mut self.mosaic {
                mosaic.narrow_for(backend);
            }
        }
        self
    }

    /// Makes one of the last two operations, from their weights and the rounding of their inputs.
    pub(crate) fn combine(&mut self) {
        self.mosaic = Mosaic::of(self, &last_uses(self));
        if let Some(mosaic) = &mut self.mosaic {
            mosaic.narrow_for(self.backend);
        }
    }

    /// Channels of the output.
    pub fn output_channels(&self) -> usize {
        match self.order {
            OutputOrder::ChannelsLast => self.channels[self.output.0],
            OutputOrder::PixelShuffle => 1,
        }
    }

    /// Bytes of packed convolution weights and of idle arenas.
    pub fn bytes(&self) -> usize {
        let dense = self.ops.iter().filter_map(Op::dense);
        let weights: usize = dense.flat_map(|(_, weights)| weights).map(ConvWeights::bytes).sum();
        let arenas = self.arenas.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mosaic = self.mosaic.as_ref().map_or(0, |mosaic| mosaic.weights.bytes());
        weights + mosaic + arenas.iter().map(Arena::bytes).sum::<usize>()
    }
}
