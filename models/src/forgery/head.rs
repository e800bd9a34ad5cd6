//! The head: what tells a cell from its page and from its surroundings, to a logit.
//!
//! An edit is seldom odd by itself: it is odd where it stands. The trainer's
//! `net.py` has the same head.

use candle_core::{Device, Tensor};

use super::ghosts::BLOCK_FEATURES;
use super::network::Structure;
use crate::weights::{ModelError, Weights};

/// Of a value on a page, so that an even page does not magnify nothing.
const SPREAD_FLOOR: f32 = 0.05;
/// No gate shuts quite, so that no mean is over nothing.
const LEAST_GATE: f32 = 1e-3;
/// Numbers further from zero tell no more.
const BOUND: f32 = 8.0;

/// The layers behind the comparison.
pub(super) struct Head {
    layers: Vec<(Tensor, Tensor)>,
    embedding: usize,
    gates: usize,
    window: (usize, usize),
}

impl Head {
    pub(super) fn new(w: &Weights, structure: &Structure) -> Result<Self, ModelError> {
        let Structure { embedding, gates, window, .. } = *structure;
        let mut expected = (embedding + BLOCK_FEATURES) * (1 + 2 * gates);
        let mut layers = Vec::new();
        for i in 0..3 {
            let name = format!("head.{i}.weight");
            let (shape, weights) = w.get(&name)?;
            let (_, bias) = w.get(&format!("head.{i}.bias"))?;
            let [out, inputs] = *shape else {
                return Err(ModelError::Tensor { name, reason: format!("shape {shape:?}, expected 2 dimensions") });
            };
            if inputs != expected || bias.len() != out || (i == 2 && out != 1) {
                return Err(ModelError::Tensor {
                    name,
                    reason: format!("shape {shape:?}, expected {expected} inputs"),
                });
            }
            let weights = Tensor::from_slice(weights, (out, inputs), &Device::Cpu)?.t()?.contiguous()?;
            layers.push((weights, Tensor::from_slice(bias, (1, out), &Device::Cpu)?));
            expected = out;
        }
        Ok(Self { layers, embedding, gates, window })
    }

    /// A logit of every cell of a page of (rows, columns), from the backbone's `out` (`embedding + gates` numbers a
    /// cell) and its block features.
    pub(super) fn logits(
        &self,
        out: &[f32],
        blocks: &[[f32; BLOCK_FEATURES]],
        size: (usize, usize),
    ) -> Result<Vec<f32>, ModelError> {
        let features = self.relative(out, blocks, size);
        let mut x = Tensor::from_vec(features, (blocks.len(), self.features()), &Device::Cpu)?;
        for (i, (weights, bias)) in self.layers.iter().enumerate() {
            x = x.matmul(weights)?.broadcast_add(bias)?;
            if i + 1 < self.layers.len() {
                x = x.relu()?;
            }
        }
        Ok(x.flatten_all()?.to_vec1()?)
    }

    fn features(&self) -> usize {
        (self.embedding + BLOCK_FEATURES) * (1 + 2 * self.gates)
    }

    /// Values of each cell, then for each gate the values against the page and against the surroundings.
    fn relative(&self, out: &[f32], blocks: &[[f32; BLOCK_FEATURES]], size: (usize, usize)) -> Vec<f32> {
        let count = self.embedding + BLOCK_FEATURES;
        let outputs = self.embedding + self.gates;
        let features = self.features();
        let mut all = vec![0.0_f32; blocks.len() * features];
        let cells = || out.chunks_exact(outputs).zip(blocks);
        for ((cell, block), to) in cells().zip(all.chunks_exact_mut(features)) {
            to[..self.embedding].copy_from_slice(&cell[..self.embedding]);
            to[self.embedding..count].copy_from_slice(block);
        }
        // One column more than there are values: the gate itself.
        let mut weighted = vec![0.0_f32; blocks.len() * (count + 1)];
        for g in 0..self.gates {
            let gate = |cell: &[f32]| 1.0 / (1.0 + (-cell[self.embedding + g]).exp()) + LEAST_GATE;
            let mut sums = vec![0.0_f64; count + 1];
            let mut squares = vec![0.0_f64; count];
            let cells = out.chunks_exact(outputs).zip(all.chunks_exact(features));
            for ((cell, values), to) in cells.zip(weighted.chunks_exact_mut(count + 1)) {
                let gate = gate(cell);
                to[count] = gate;
                sums[count] += f64::from(gate);
                for (i, value) in values[..count].iter().enumerate() {
                    to[i] = gate * value;
                    sums[i] += f64::from(gate * value);
                    squares[i] += f64::from(gate * value) * f64::from(*value);
                }
            }
            let mean: Vec<f32> = sums[..count].iter().map(|s| (s / sums[count]) as f32).collect();
            let floor = f64::from(SPREAD_FLOOR * SPREAD_FLOOR);
            let variance = |(s, m): (&f64, &f32)| (s / sums[count] - f64::from(*m) * f64::from(*m)).max(0.0);
            let spread: Vec<f32> =
                squares.iter().zip(&mean).map(|s| (1.0 / (variance(s) + floor).sqrt()) as f32).collect();
            let near = box_sums(&weighted, size, count + 1, self.window);
            let first = count * (1 + 2 * g);
            for (to, near) in all.chunks_exact_mut(features).zip(near.chunks_exact(count + 1)) {
                let inverse = 1.0 / near[count];
                let (values, relative) = to.split_at_mut(first);
                for i in 0..count {
                    relative[i] = (values[i] - mean[i]) * spread[i];
                    relative[count + i] = (values[i] - near[i] * inverse) * spread[i];
                }
            }
        }
        for value in &mut all {
            *value = value.clamp(-BOUND, BOUND);
        }
        all
    }
}

/// Sums of `values` (`[rows][columns][channels]`) over windows around each cell, as far as they are on the page.
fn box_sums(
    values: &[f32],
    (rows, columns): (usize, usize),
    channels: usize,
    (tall, wide): (usize, usize),
) -> Vec<f32> {
    let row = columns * channels;
    let mut across = vec![0.0_f32; values.len()];
    for (from, to) in values.chunks_exact(row).zip(across.chunks_exact_mut(row)) {
        slide(from, to, channels, wide);
    }
    let mut sums = vec![0.0_f32; values.len()];
    slide(&across, &mut sums, row.max(1), tall);
    debug_assert_eq!(rows * row, values.len());
    sums
}

/// Sums over `size` neighbouring items of `step` numbers each.
fn slide(from: &[f32], to: &mut [f32], step: usize, size: usize) {
    let reach = size / 2;
    let items = from.len() / step;
    // In double precision: what is added and later taken away again must leave nothing.
    let mut sum = vec![0.0_f64; step];
    let item = |i: usize| &from[i * step..(i + 1) * step];
    for i in 0..items.min(reach) {
        sum.iter_mut().zip(item(i)).for_each(|(s, v)| *s += f64::from(*v));
    }
    for (i, to) in to.chunks_exact_mut(step).enumerate() {
        if i + reach < items {
            sum.iter_mut().zip(item(i + reach)).for_each(|(s, v)| *s += f64::from(*v));
        }
        if i > reach {
            sum.iter_mut().zip(item(i - reach - 1)).for_each(|(s, v)| *s -= f64::from(*v));
        }
        to.iter_mut().zip(&sum).for_each(|(to, s)| *to = *s as f32);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn sliding_sums_are_those_of_windows(rows in 1_usize..7, columns in 1_usize..9, tall in 0_usize..3, wide in 0_usize..4, seed in 0_u32..1000) {
            let value = |y: usize, x: usize, c: usize| ((seed as usize + y * 31 + x * 17 + c * 7) % 23) as f32 - 11.0;
            let values: Vec<f32> = (0..rows)
                .flat_map(|y| (0..columns).flat_map(move |x| (0..2).map(move |c| (y, x, c))))
                .map(|(y, x, c)| value(y, x, c))
                .collect();
            let sums = box_sums(&values, (rows, columns), 2, (2 * tall + 1, 2 * wide + 1));
            for y in 0..rows {
                for x in 0..columns {
                    for c in 0..2 {
                        let lines = y.saturating_sub(tall)..(y + tall + 1).min(rows);
                        let expected: f32 = lines
                            .flat_map(|y| (x.saturating_sub(wide)..(x + wide + 1).min(columns)).map(move |x| (y, x)))
                            .map(|(y, x)| value(y, x, c))
                            .sum();
                        // Whole numbers below 2^24 are exact in f32.
                        prop_assert_eq!(sums[(y * columns + x) * 2 + c], expected);
                    }
                }
            }
        }
    }
}
