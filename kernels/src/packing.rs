//! Weights rearranged into the order in which the kernels read them.

use crate::arena::Packed;
use crate::layout::blocks_of;
use crate::ops::conv::PANEL;
use crate::simd::LANES;

/// Weights and bias of a dense convolution, in panels of [`PANEL`] output channels.
pub(crate) struct ConvWeights {
    pub(crate) weights: Packed,
    pub(crate) bias: Packed,
    /// Values between panels.
    pub(crate) panel_floats: usize,
    pub(crate) panels: usize,
    /// The weights in bfloat16, where a backend multiplies pairs.
    pub(crate) pairs: Option<PairWeights>,
    /// Channels of each input block, and taps of the filter.
    blocks: Vec<usize>,
    taps: usize,
}

/// Weights in bfloat16, the channels of an input block two by two: a lane holds
/// the weights of both. Blocks with an odd number of channels end with a zero.
pub(crate) struct PairWeights {
    /// `[panels][input block][ky][kx][pair of channels][PANEL]`, two halves a value.
    pub(crate) weights: Packed,
    /// Values between panels.
    pub(crate) panel_floats: usize,
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
            pairs: None,
            blocks: block_channels.to_vec(),
            taps,
        }
    }

    /// Makes the weights in bfloat16 as well.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn pair_up(&mut self) {
        let single = self.weights.as_slice();
        let mut paired = Vec::with_capacity(single.len() / 2);
        let mut rows = single.chunks_exact(PANEL);
        for _ in 0..self.panels {
            for &channels in self.blocks.iter().flat_map(|c| std::iter::repeat_n(c, self.taps)) {
                for pair in 0..channels.div_ceil(2) {
                    let first = rows.next().unwrap_or(&[0.0; PANEL]);
                    let second = if pair * 2 + 1 < channels { rows.next() } else { None }.unwrap_or(&[0.0; PANEL]);
                    paired.extend(first.iter().zip(second).map(|(a, b)| {
                        let halves = [crate::simd::bf16::nearest(*a), crate::simd::bf16::nearest(*b)];
                        f32::from_bits(u32::from(halves[0]) | u32::from(halves[1]) << 16)
                    }));
                }
            }
        }
        let panel_floats = paired.len() / self.panels;
        self.pairs = Some(PairWeights { weights: Packed::new(&paired), panel_floats });
    }

    /// Bytes held.
    pub(crate) fn bytes(&self) -> usize {
        let pairs = self.pairs.as_ref().map_or(0, |pairs| pairs.weights.len());
        (self.weights.len() + self.bias.len() + pairs) * size_of::<f32>()
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
    #[cfg(target_arch = "x86_64")]
    fn pairs_keep_the_order_and_odd_blocks_end_with_zero() {
        let mut w = ConvWeights::new(&[1.0, 2.0, 3.0, 4.0], &[0.5], (1, 4, 1), &[3, 1]);
        w.pair_up();
        let pairs = w.pairs.as_ref().map(|p| p.weights.as_slice().to_vec()).unwrap_or_default();
        let halves = |i: usize| {
            let bits = pairs[i * PANEL].to_bits();
            [f32::from_bits(bits << 16), f32::from_bits(bits & 0xffff_0000)]
        };
        assert_eq!([halves(0), halves(1), halves(2)], [[1.0, 2.0], [3.0, 0.0], [4.0, 0.0]]);
        assert_eq!(pairs.len(), 3 * PANEL);
    }

    #[test]
    fn padded_rows_are_zero() {
        assert_eq!(pad_rows(&[1.0, 2.0], 1, 1)[..17], [&[1.0][..], &[0.0; 15], &[2.0]].concat());
    }
}
