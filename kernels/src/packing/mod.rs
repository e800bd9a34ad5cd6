//! Weights rearranged into the order in which the kernels read them.

mod narrow;

use crate::arena::Packed;
use crate::filter::Quantisation;
use crate::layout::blocks_of;
use crate::ops::conv::PANEL;
use crate::simd::LANES;
#[cfg(test)]
pub(crate) use narrow::nearest_bf16;
pub(crate) use narrow::{LARGEST, Narrow, NarrowKind};

/// Weights and bias of a dense convolution, in panels of [`PANEL`] output channels.
pub(crate) struct ConvWeights {
    pub(crate) weights: Packed,
    pub(crate) bias: Packed,
    /// Values between panels.
    pub(crate) panel_floats: usize,
    pub(crate) panels: usize,
    /// How the input may be rounded to integers.
    pub(crate) quantisation: Option<Quantisation>,
    /// The weights in the narrower type that the network's backend multiplies.
    pub(crate) narrow: Option<Narrow>,
    /// Channels of each input block, taps of the filter, output channels.
    blocks: Vec<usize>,
    taps: usize,
    out: usize,
}

impl ConvWeights {
    /// Packs `weights` (`[out][in][kh][kw]`) for inputs whose blocks hold
    /// `block_channels` channels each, in the order of the concatenated inputs.
    pub(crate) fn new(
        weights: &[f32],
        bias: &[f32],
        (out, inputs, taps): (usize, usize, usize),
        block_channels: &[usize],
    ) -> Self {
        let panels = out.div_ceil(PANEL);
        let panel_floats = inputs * taps * PANEL;
        let mut packed = vec![0.0; panels * panel_floats];
        let mut position = 0;
        let mut first = 0;
        for &channels in block_channels {
            for tap in 0..taps {
                for c in first..first + channels {
                    for o in 0..out {
                        packed[(o / PANEL) * panel_floats + position * PANEL + o % PANEL] =
                            weights[(o * inputs + c) * taps + tap];
                    }
                    position += 1;
                }
            }
            first += channels;
        }
        let mut padded = vec![0.0; panels * PANEL];
        padded[..out].copy_from_slice(bias);
        Self {
            weights: Packed::new(&packed),
            bias: Packed::new(&padded),
            panel_floats,
            panels,
            quantisation: None,
            narrow: None,
            blocks: block_channels.to_vec(),
            taps,
            out,
        }
    }

    /// Channels of each input block.
    pub(crate) fn blocks(&self) -> &[usize] {
        &self.blocks
    }

    /// Input channels.
    pub(crate) fn inputs(&self) -> usize {
        self.blocks.iter().sum()
    }

    /// Positions of the filter's window.
    pub(crate) fn taps(&self) -> usize {
        self.taps
    }

    /// Output channels times taps.
    pub(crate) fn columns(&self) -> usize {
        self.out * self.taps
    }

    /// Calls `see(input channel, tap, output channel, weight)` for every weight.
    pub(crate) fn each(&self, mut see: impl FnMut(usize, usize, usize, f32)) {
        let mut position = 0;
        let mut first = 0;
        for &channels in &self.blocks {
            for tap in 0..self.taps {
                for channel in first..first + channels {
                    for output in 0..self.out {
                        let at = output / PANEL * self.panel_floats + position * PANEL + output % PANEL;
                        see(channel, tap, output, self.weights.as_slice()[at]);
                    }
                    position += 1;
                }
            }
            first += channels;
        }
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let narrow = self.narrow.as_ref().map_or(0, Narrow::len);
        (self.weights.len() + self.bias.len() + narrow) * size_of::<f32>()
    }
}

/// `[blocks][taps][LANES]` from `[channels][taps]`; padding lanes are zero.
pub(crate) fn depthwise(weights: &[f32], channels: usize, taps: usize) -> Packed {
    let mut packed = vec![0.0; blocks_of(channels) * taps * LANES];
    for c in 0..channels {
        for tap in 0..taps {
            packed[(c / LANES * taps + tap) * LANES + c % LANES] = weights[c * taps + tap];
        }
    }
    Packed::new(&packed)
}

/// `values` with zeros up to a whole number of blocks.
pub(crate) fn per_channel(values: &[f32]) -> Packed {
    let mut padded = values.to_vec();
    padded.resize(blocks_of(values.len()) * LANES, 0.0);
    Packed::new(&padded)
}

/// Spreads groups of `width` rows of a matrix (`rows` of `columns` values) to
/// groups of [`LANES`] rows, the new ones zero.
pub(crate) fn pad_rows(matrix: &[f32], columns: usize, width: usize) -> Vec<f32> {
    let mut padded = Vec::new();
    for group in matrix.chunks(width * columns) {
        padded.extend_from_slice(group);
        padded.resize(padded.len() + (LANES - width) * columns, 0.0);
    }
    padded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concatenated_inputs_keep_their_channel_order() {
        // One output channel, 3 + 1 input channels, 1 tap.
        let w = ConvWeights::new(&[1.0, 2.0, 3.0, 4.0], &[0.5], (1, 4, 1), &[3, 1]);
        let packed = w.weights.as_slice();
        assert_eq!((0..4).map(|i| packed[i * PANEL]).collect::<Vec<_>>(), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn padded_rows_are_zero() {
        assert_eq!(pad_rows(&[1.0, 2.0], 1, 1)[..17], [&[1.0][..], &[0.0; 15], &[2.0]].concat());
    }
}
