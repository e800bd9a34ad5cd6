//! The operations that networks are made of.

use crate::arena::Packed;
use crate::backend::Backend;
use crate::filter::Filter;
use crate::network::{Activation, Padding, Value};
use crate::ops::pool::PoolKind;
use crate::packing::ConvWeights;
use crate::split::Split;

/// An input of a dense convolution: a value, enlarged `2^shift` times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) value: Value,
    pub(crate) shift: u32,
}

pub(crate) enum Op {
    Conv {
        name: String,
        inputs: Vec<Source>,
        weights: ConvWeights,
        kernel: (usize, usize),
        stride: (usize, usize),
        padding: Padding,
        activation: Activation,
        residual: Option<Value>,
        /// The same by the size of inputs, where some are enlarged; what this processor runs.
        split: Option<Box<Split>>,
    },
    /// Kernel 2×2, stride 2: one set of 1×1 weights per output parity (row-major).
    ConvTranspose {
        name: String,
        input: Value,
        weights: Box<[ConvWeights; 4]>,
        activation: Activation,
    },
    Depthwise {
        input: Value,
        weights: Packed,
        bias: Packed,
        kernel: (usize, usize),
        stride: (usize, usize),
        padding: (usize, usize),
        activation: Activation,
        residual: Option<Value>,
    },
    Pool {
        kind: PoolKind,
        input: Value,
        other: Option<Value>,
    },
    SqueezeExcite {
        input: Value,
        squeeze: Filter,
        excite: Filter,
        slope: f32,
        skip: bool,
    },
    LayerNorm {
        input: Value,
        scale: Packed,
        shift: Packed,
        epsilon: f32,
    },
    Attention {
        input: Value,
        heads: usize,
        scale: f32,
    },
    Softmax {
        input: Value,
    },
}

impl Op {
    /// The values it reads.
    pub(crate) fn inputs(&self) -> Vec<Value> {
        match self {
            Self::Conv { inputs, residual, .. } => inputs.iter().map(|s| s.value).chain(*residual).collect(),
            Self::Depthwise { input, residual, .. } => std::iter::once(*input).chain(*residual).collect(),
            Self::Pool { input, other, .. } => std::iter::once(*input).chain(*other).collect(),
            Self::ConvTranspose { input, .. }
            | Self::SqueezeExcite { input, .. }
            | Self::LayerNorm { input, .. }
            | Self::Attention { input, .. }
            | Self::Softmax { input } => vec![*input],
        }
    }

    /// What is added to its result.
    pub(crate) fn residual(&self) -> Option<Value> {
        match self {
            Self::Conv { residual, .. } | Self::Depthwise { residual, .. } => *residual,
            _ => None,
        }
    }

    /// The name and the weights of a dense convolution, transposed or not.
    pub(crate) fn dense(&self) -> Option<(&str, &[ConvWeights])> {
        match self {
            Self::Conv { name, weights, .. } => Some((name, std::slice::from_ref(weights))),
            Self::ConvTranspose { name, weights, .. } => Some((name, weights.as_slice())),
            _ => None,
        }
    }

    /// The same, to change the weights.
    pub(crate) fn dense_mut(&mut self) -> Option<(&str, &mut [ConvWeights])> {
        match self {
            Self::Conv { name, weights, .. } => Some((name, std::slice::from_mut(weights))),
            Self::ConvTranspose { name, weights, .. } => Some((name, weights.as_mut_slice())),
            _ => None,
        }
    }

    /// Makes the narrow weights of a dense convolution that `backend` multiplies.
    pub(crate) fn narrow_for(&mut self, backend: Backend) {
        match self {
            Self::Conv { weights, split: Some(split), .. } => split.narrow_for(backend, weights.quantisation.as_ref()),
            Self::Conv { weights, .. } => weights.narrow_for(backend),
            Self::ConvTranspose { weights, .. } => weights.iter_mut().for_each(|weights| weights.narrow_for(backend)),
            _ => {}
        }
    }

    /// Gives the values that it reads other numbers.
    pub(crate) fn renumber(&mut self, number: impl Fn(Value) -> Value) {
        let (input, other) = match self {
            Self::Conv { inputs, residual, .. } => {
                inputs.iter_mut().for_each(|source| source.value = number(source.value));
                (None, residual.as_mut())
            }
            Self::Depthwise { input, residual, .. } => (Some(input), residual.as_mut()),
            Self::Pool { input, other, .. } => (Some(input), other.as_mut()),
            Self::ConvTranspose { input, .. }
            | Self::SqueezeExcite { input, .. }
            | Self::LayerNorm { input, .. }
            | Self::Attention { input, .. }
            | Self::Softmax { input } => (Some(input), None),
        };
        for value in input.into_iter().chain(other) {
            *value = number(*value);
        }
    }
}
