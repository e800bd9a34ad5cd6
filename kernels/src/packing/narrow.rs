//! Weights in types of which several fit into a lane, for processors that
//! multiply and add such groups in one instruction.

use super::ConvWeights;
use crate::arena::Packed;
use crate::backend::Backend;
use crate::filter::Quantisation;
use crate::ops::conv::PANEL;
use crate::simd::LANES;

/// The largest weight in eight bits; -128 is left out so that signs are alike.
pub(crate) const LARGEST: f32 = 127.0;

/// Products that a sum of 32 bits holds, however large they are: 2³¹ / (255 · 127).
const MOST_PRODUCTS: usize = 66_000;

/// Narrow weights of a dense convolution: `[panels][input block][ky][kx][group
/// of channels][PANEL]`, the weights of a group's channels in the place of one
/// f32. Blocks whose channels do not fill the last group end with zeros.
pub(crate) struct Narrow {
    pub(crate) weights: Packed,
    /// Values between panels.
    pub(crate) panel_floats: usize,
    pub(crate) kind: NarrowKind,
}

/// What a group holds.
pub(crate) enum NarrowKind {
    /// Two channels in bfloat16.
    Pairs,
    /// Four channels in eight bits.
    Quads(Quads),
}

/// How integers become the numbers that they stand for.
pub(crate) struct Quads {
    /// `[input block][LANES]`: what the input is multiplied with before it is rounded.
    pub(crate) inverse_steps: Packed,
    /// What zero is rounded to.
    pub(crate) zero: f32,
    /// `[panels][PANEL]`: what a sum stands for.
    pub(crate) scales: Packed,
    /// `[panels][PANEL]`: the biases, less what the sums owe to `zero`.
    pub(crate) bias: Packed,
}

impl Narrow {
    /// Channels in the place of one f32.
    pub(crate) fn group(&self) -> usize {
        match self.kind {
            NarrowKind::Pairs => 2,
            NarrowKind::Quads(_) => 4,
        }
    }

    /// Values held.
    pub(crate) fn len(&self) -> usize {
        let more = match &self.kind {
            NarrowKind::Pairs => 0,
            NarrowKind::Quads(quads) => quads.inverse_steps.len() + quads.scales.len() + quads.bias.len(),
        };
        self.weights.len() + more
    }
}

impl ConvWeights {
    /// Makes the narrow weights that `backend` multiplies, or none.
    pub(crate) fn narrow_for(&mut self, backend: Backend) {
        self.narrow = match &self.quantisation {
            Some(quantisation) if backend.multiplies_integers() && self.inputs() * self.taps <= MOST_PRODUCTS => {
                Some(self.quads(quantisation))
            }
            _ if backend.multiplies_bf16() => Some(self.pairs()),
            _ => None,
        };
    }

    fn pairs(&self) -> Narrow {
        let weights = self.grouped::<2>(|group, _| {
            let halves = group.map(nearest_bf16);
            u32::from(halves[0]) | u32::from(halves[1]) << 16
        });
        Narrow { panel_floats: weights.len() / self.panels, weights: Packed::new(&weights), kind: NarrowKind::Pairs }
    }

    fn quads(&self, quantisation: &Quantisation) -> Narrow {
        let steps = self.by_row(&quantisation.steps);
        let means = match quantisation.means.as_slice() {
            [] => vec![[0.0; 2]; steps.len()],
            means => self.by_row(means),
        };
        let mut scales = vec![0.0_f32; self.panels * PANEL];
        for (row, output, weight) in self.entries() {
            scales[output] = scales[output].max((weight * steps[row]).abs() / LARGEST);
        }
        // An output without weights has no scale; any does.
        scales.iter_mut().filter(|s| !s.is_normal()).for_each(|s| *s = 1.0);
        let rounded = |row: usize, output: usize, weight: f32| (weight * steps[row] / scales[output]).round();
        let zero = f32::from(quantisation.zero);
        let mut bias = self.bias.as_slice().to_vec();
        for (row, output, weight) in self.entries() {
            let rounded = rounded(row, output, weight) * scales[output];
            let [exact, shifted] = means[row];
            bias[output] += weight * exact - rounded * (zero + shifted / steps[row]);
        }
        let bias = Packed::new(&bias);
        let weights = self.grouped::<4>(|group, place| {
            let bytes: [u8; 4] = std::array::from_fn(|i| {
                // Rows behind the block's last are zeros of `grouped`.
                let row = (place.row + i).min(steps.len() - 1);
                rounded(row, place.output, group[i]) as i8 as u8
            });
            u32::from_le_bytes(bytes)
        });
        let mut inverse_steps = vec![0.0; self.blocks.len() * LANES];
        let mut channel = 0;
        for (block, &channels) in self.blocks.iter().enumerate() {
            for lane in 0..channels {
                inverse_steps[block * LANES + lane] = 1.0 / quantisation.steps[channel];
                channel += 1;
            }
        }
        let inverse_steps = Packed::new(&inverse_steps);
        let kind = NarrowKind::Quads(Quads { inverse_steps, zero, scales: Packed::new(&scales), bias });
        Narrow { panel_floats: weights.len() / self.panels, weights: Packed::new(&weights), kind }
    }

    /// What `values` say of the input channel of each row of a panel (block by block, tap by tap, channel by channel).
    fn by_row<T: Copy>(&self, values: &[T]) -> Vec<T> {
        let mut rows = Vec::with_capacity(self.panel_floats / PANEL);
        let mut first = 0;
        for &channels in &self.blocks {
            for _ in 0..self.taps {
                rows.extend_from_slice(&values[first..first + channels]);
            }
            first += channels;
        }
        rows
    }

    /// Every weight as (row of its panel, output channel, value).
    fn entries(&self) -> impl Iterator<Item = (usize, usize, f32)> {
        self.weights.as_slice().iter().enumerate().map(|(i, weight)| {
            let (panel, rest) = (i / self.panel_floats, i % self.panel_floats);
            (rest / PANEL, panel * PANEL + rest % PANEL, *weight)
        })
    }

    /// Groups of `N` channels of a block, each turned into the bits of one value.
    fn grouped<const N: usize>(&self, join: impl Fn([f32; N], Place) -> u32) -> Vec<f32> {
        let single = self.weights.as_slice();
        let mut grouped = Vec::with_capacity(single.len() / N);
        for panel in 0..self.panels {
            let mut row = 0;
            for &channels in self.blocks.iter().flat_map(|c| std::iter::repeat_n(c, self.taps)) {
                for first in (0..channels).step_by(N) {
                    for output in 0..PANEL {
                        let group = std::array::from_fn(|i| {
                            let at = panel * self.panel_floats + (row + first + i) * PANEL + output;
                            if first + i < channels { single[at] } else { 0.0 }
                        });
                        let place = Place { row: row + first, output: panel * PANEL + output };
                        grouped.push(f32::from_bits(join(group, place)));
                    }
                }
                row += channels;
            }
        }
        grouped
    }
}

/// The bfloat16 nearest to `x`, ties to even; not for NaN.
pub(crate) fn nearest_bf16(x: f32) -> u16 {
    let bits = x.to_bits();
    ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) as u16
}

/// The first row of a group in its panel, and its output channel.
struct Place {
    row: usize,
    output: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights() -> ConvWeights {
        // One output channel, 3 + 1 input channels, 1 tap.
        ConvWeights::new(&[1.0, 2.0, 3.0, 4.0], &[0.5], (1, 4, 1), &[3, 1])
    }

    #[test]
    fn pairs_keep_the_order_and_odd_blocks_end_with_zero() {
        let pairs = weights().pairs();
        let halves = |i: usize| {
            let bits = pairs.weights.as_slice()[i * PANEL].to_bits();
            [f32::from_bits(bits << 16), f32::from_bits(bits & 0xffff_0000)]
        };
        assert_eq!([halves(0), halves(1), halves(2)], [[1.0, 2.0], [3.0, 0.0], [4.0, 0.0]]);
        assert_eq!(pairs.weights.len(), 3 * PANEL);
    }

    #[test]
    fn quads_fold_steps_into_weights_and_zero_into_the_bias() {
        let quads = weights().quads(&Quantisation { steps: vec![1.0, 0.5, 2.0, 0.25], zero: 10, means: Vec::new() });
        let bytes = |i: usize| quads.weights.as_slice()[i * PANEL].to_bits().to_le_bytes().map(|b| b as i8);
        // Weights times steps are 1, 1, 6, 1; the largest becomes 127.
        assert_eq!([bytes(0), bytes(1)], [[21, 21, 127, 0], [21, 0, 0, 0]]);
        let NarrowKind::Quads(kind) = &quads.kind else { unreachable!("quads are quads") };
        let scale = 6.0 / 127.0;
        assert!((kind.scales.as_slice()[0] - scale).abs() < 1e-6);
        assert!((kind.bias.as_slice()[0] - (0.5 - 10.0 * scale * 190.0)).abs() < 1e-4);
        assert_eq!(kind.inverse_steps.as_slice()[..3], [1.0, 2.0, 0.5]);
        assert_eq!(kind.inverse_steps.as_slice()[LANES], 4.0);
    }
}
