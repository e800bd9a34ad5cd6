//! What a convolution is made of, and how its input may be rounded to integers.

use std::ops::Range;

/// Weights of a convolution: `weights` in `[out][in][height][width]` order
/// (`in` is 1 for depthwise filters), `bias` one per output channel.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// What measurements and calibration call it; may be empty.
    pub name: String,
    /// `out · in · height · width` values.
    pub weights: Vec<f32>,
    /// `out` values.
    pub bias: Vec<f32>,
    /// `[out, in, height, width]`.
    pub shape: [usize; 4],
    /// How its input is rounded on backends that multiply integers; without
    /// it, such a backend multiplies this filter as if it had no integers.
    pub input: Option<Quantisation>,
}

/// How the input of a dense convolution becomes integers of eight bits:
/// `q = round(x / steps[c]) + zero`, from 0 to 255.
///
/// A step for every channel costs nothing: the weights of the channel are
/// multiplied with it before they are rounded themselves, to ±127 with one scale
/// per output channel (Xiao et al., SmoothQuant, arXiv 2211.10438).
///
/// What rounding changes the sums by on average is taken from the biases, where the means of the input are known (Nagel
/// et al., arXiv 1906.04721): it costs nothing, and was a tenth to a half of the error.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quantisation {
    /// One per input channel, finite and above zero.
    pub steps: Vec<f32>,
    /// What zero becomes.
    pub zero: u8,
    /// What each input channel is on average, and what it is once rounded; empty where that is not known.
    pub means: Vec<[f32; 2]>,
}

impl Quantisation {
    /// Whether an input of `channels` can be rounded so.
    pub fn fits(&self, channels: usize) -> bool {
        let means = self.means.is_empty() || self.means.len() == channels;
        self.steps.len() == channels
            && self.steps.iter().all(|step| step.is_normal() && *step > 0.0)
            && means
            && self.means.as_flattened().iter().all(|mean| mean.is_finite())
    }

    /// The same for some of the channels, range after range.
    pub(crate) fn of(&self, ranges: impl Iterator<Item = Range<usize>> + Clone) -> Self {
        let steps = ranges.clone().flat_map(|range| self.steps[range].iter().copied()).collect();
        let means = ranges.flat_map(|range| self.means.get(range).unwrap_or_default().iter().copied()).collect();
        Self { steps, zero: self.zero, means }
    }
}

/// A filter or operand that does not fit.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BuildError {
    /// The buffers do not match the shape they are declared with.
    #[error("a filter of shape {shape:?} got {weights} weights and {bias} biases")]
    FilterSize {
        /// The declared shape.
        shape: [usize; 4],
        /// Weights given.
        weights: usize,
        /// Biases given.
        bias: usize,
    },
    /// Channels of operand and filter differ.
    #[error("{operation} expects {expected} channels, its input has {got}")]
    Channels {
        /// The operation.
        operation: &'static str,
        /// Channels that the weights are for.
        expected: usize,
        /// Channels of the input.
        got: usize,
    },
    /// A rounding that no input can have.
    #[error(
        "the integer steps of {filter} are not {channels} numbers above zero with finite means; calibrate the network again"
    )]
    Steps {
        /// The filter's name.
        filter: String,
        /// Input channels of the filter.
        channels: usize,
    },
    /// Something that the kernels do not implement.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
}

impl Filter {
    pub(crate) fn size_error(&self) -> BuildError {
        BuildError::FilterSize { shape: self.shape, weights: self.weights.len(), bias: self.bias.len() }
    }

    pub(crate) fn check(&self) -> Result<(), BuildError> {
        let fits = self.weights.len() == self.shape.iter().product::<usize>() && self.bias.len() == self.shape[0];
        if fits && !self.shape.contains(&0) { Ok(()) } else { Err(self.size_error()) }
    }

    /// Its rounding, where it has one, for an input of `channels`.
    pub(crate) fn quantisation(&self, channels: usize) -> Result<Option<Quantisation>, BuildError> {
        let Some(input) = &self.input else { return Ok(None) };
        if !input.fits(channels) {
            return Err(BuildError::Steps { filter: self.name.clone(), channels });
        }
        Ok(Some(input.clone()))
    }
}
