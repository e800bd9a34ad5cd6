//! Fitting the integers of a network to what it meets: quantisation after training.
//!
//! Every dense convolution gets the steps of its input's channels and the value
//! of zero that change its output least, over a sample of the pixels that it
//! meets in real images. What the network loses is for the caller to measure.

use std::collections::BTreeMap;

use crate::executor::{Run, RunError, Team, rows_of};
use crate::filter::Quantisation;
use crate::layout::View;
use crate::network::{Network, Value};
use crate::op::Op;
use crate::packing::{ConvWeights, LARGEST};

/// Pixels of one image that a convolution's sample takes.
const PIXELS_PER_IMAGE: usize = 4;
/// Pixels that a sample has at most; the time to fit grows with it.
const MAX_PIXELS: usize = 1024;
/// How a channel's step is shared between the range of its values and of its
/// weights: 1 makes all values as fine as they can be, 0 all weights.
const BALANCES: [f32; 5] = [1.0, 0.75, 0.5, 0.25, 0.0];
/// Shares of the range that are kept; what lies beyond is cut off.
const CLIPS: [f32; 4] = [1.0, 0.9, 0.8, 0.65];

/// What was found for one dense convolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibrated {
    /// The filter's name.
    pub name: String,
    /// The rounding that changes its output least.
    pub quantisation: Quantisation,
    /// By how much it does: root mean square of the change by that of the output.
    pub error: f32,
}

/// What a convolution met.
struct Met {
    least: Vec<f32>,
    most: Vec<f32>,
    /// Pixels, one after another.
    sample: Vec<f32>,
    /// Pixels that could have been taken, and the state that chose among them.
    offered: usize,
    state: u64,
}

impl Network {
    /// Finds the rounding of every named dense convolution but the image's, over
    /// `images` (`[height][width][3]` with their sizes), which should be what the
    /// network will meet: a few hundred of a text line, a few dozen of a page.
    ///
    /// # Errors
    /// As [`Network::run`].
    pub fn calibrate(
        &self,
        images: impl IntoIterator<Item = (Vec<f32>, (usize, usize))>,
    ) -> Result<Vec<Calibrated>, RunError> {
        let mut met: BTreeMap<usize, Met> = BTreeMap::new();
        for (image, size) in images {
            self.watch(&image, size, &mut |op, pixels, channels| {
                let met = met.entry(op).or_insert_with(|| Met::new(channels));
                met.add(pixels, channels);
            })?;
        }
        let fit = |(op, met): (usize, Met)| {
            let (name, weights) = self.ops[op].dense()?;
            let (quantisation, error) = Matrix::new(weights).fit(&met)?;
            Some(Calibrated { name: name.to_owned(), quantisation, error })
        };
        Ok(met.into_iter().filter_map(fit).collect())
    }

    /// Sets the rounding of every dense convolution to what `choose` says of its
    /// name, on backends that multiply integers; what does not fit counts as none.
    pub fn quantise(&mut self, choose: impl Fn(&str) -> Option<Quantisation>) {
        let backend = self.backend;
        for op in &mut self.ops {
            if let Some((name, weights)) = op.dense_mut() {
                let quantisation = choose(name);
                for weights in weights {
                    weights.quantisation = quantisation.clone().filter(|q| q.fits(weights.inputs()));
                }
            }
            op.narrow_for(backend);
        }
        self.combine();
    }

    /// Runs the network and shows `see` the input of every dense convolution of
    /// blocks: the operation's number, its pixels one after another, channels.
    fn watch(
        &self,
        image: &[f32],
        (height, width): (usize, usize),
        see: &mut dyn FnMut(usize, &[f32], usize),
    ) -> Result<(), RunError> {
        self.check_image(image, height, width)?;
        let plan = self.whole_plan(height, width)?;
        let mut arena = self.idle_arena();
        let team = Team::new(1);
        let mut result = Vec::new();
        let run = Run::new(self, &plan, &mut arena, &team, &mut result);
        run.load_image(&rows_of(image, width));
        for (i, op) in self.ops.iter().enumerate() {
            let inputs: Vec<(View, u32)> = match op {
                Op::Conv { name, inputs, .. } if !name.is_empty() => {
                    inputs.iter().map(|source| (run.view(source.value), source.shift)).collect()
                }
                Op::ConvTranspose { name, input, .. } if !name.is_empty() => vec![(run.view(*input), 0)],
                _ => Vec::new(),
            };
            if !inputs.is_empty() && !op.inputs().contains(&Value(0)) {
                let channels = inputs.iter().map(|(view, _)| view.shape.channels).sum();
                see(i, &pixels(&inputs), channels);
            }
            run.step(op, Value(i + 1));
        }
        self.give_back(arena);
        Ok(())
    }
}

/// All pixels of `views`, enlarged and concatenated over channels.
fn pixels(views: &[(View, u32)]) -> Vec<f32> {
    let mut pixels = Vec::new();
    let (shape, shift) = (views[0].0.shape, views[0].1);
    for y in 0..shape.height << shift {
        for x in 0..shape.width << shift {
            for (view, shift) in views {
                let (y, x) = ((y >> shift) as isize, (x >> shift) as isize);
                for b in 0..view.shape.blocks() {
                    // SAFETY: the pixel lies inside the view, which no step writes now.
                    let block = unsafe { std::slice::from_raw_parts(view.at(b, y, x), view.shape.channels_of(b)) };
                    pixels.extend_from_slice(block);
                }
            }
        }
    }
    pixels
}

impl Met {
    fn new(channels: usize) -> Self {
        Self { least: vec![0.0; channels], most: vec![0.0; channels], sample: Vec::new(), offered: 0, state: 1 }
    }

    /// Keeps each of all pixels offered with the same probability (reservoir
    /// sampling, Vitter's algorithm R), alike in every run.
    fn offer(&mut self, pixel: &[f32]) {
        self.offered += 1;
        if self.sample.len() < MAX_PIXELS * pixel.len() {
            self.sample.extend_from_slice(pixel);
            return;
        }
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = (self.state >> 33) as usize % self.offered;
        if place < MAX_PIXELS {
            self.sample[place * pixel.len()..(place + 1) * pixel.len()].copy_from_slice(pixel);
        }
    }

    fn add(&mut self, pixels: &[f32], channels: usize) {
        for pixel in pixels.chunks_exact(channels) {
            for ((value, least), most) in pixel.iter().zip(&mut self.least).zip(&mut self.most) {
                *least = least.min(*value);
                *most = most.max(*value);
            }
        }
        // Spread over the image without falling into its rows' rhythm.
        let count = pixels.len() / channels;
        let places = (0..PIXELS_PER_IMAGE).map(|i| (i * 2 + 1) * count / (PIXELS_PER_IMAGE * 2));
        for place in places {
            self.offer(&pixels[place * channels..(place + 1) * channels]);
        }
    }
}

/// The weights of a convolution as `[input channel][output and tap]`. A tap is
/// as good as an output here: its errors add up like theirs.
struct Matrix {
    values: Vec<f32>,
    columns: usize,
    /// The output channel of each column; its columns share a scale.
    outputs: Vec<usize>,
}

impl Matrix {
    fn new(parts: &[ConvWeights]) -> Self {
        let channels = parts[0].inputs();
        let columns: usize = parts.iter().map(ConvWeights::columns).sum();
        let mut matrix = Self { values: vec![0.0; channels * columns], columns, outputs: Vec::with_capacity(columns) };
        let (mut first, mut outputs) = (0, 0);
        for part in parts {
            part.each(|channel, tap, output, weight| {
                matrix.values[channel * columns + first + output * part.taps() + tap] = weight;
            });
            matrix.outputs.extend((0..part.columns()).map(|c| outputs + c / part.taps()));
            first += part.columns();
            outputs += part.columns() / part.taps();
        }
        matrix
    }

    /// The best rounding of inputs like those that were met, and its error.
    fn fit(&self, met: &Met) -> Option<(Quantisation, f32)> {
        let channels = met.least.len();
        let exact = self.multiply(&met.sample, &self.values);
        let exact_means: Vec<f32> = means(&met.sample, channels).collect();
        let power: f32 = exact.iter().map(|v| v * v).sum();
        let mut best: Option<(Quantisation, f32)> = None;
        for candidate in self.candidates(met) {
            let input: Vec<f32> = met
                .sample
                .iter()
                .zip(candidate.steps.iter().cycle())
                .map(|(x, step)| {
                    let zero = f32::from(candidate.zero);
                    ((x / step + zero).round().clamp(0.0, 255.0) - zero) * step
                })
                .collect();
            let rounded = self.multiply(&input, &self.rounded(&candidate.steps));
            let error = self.scatter(&rounded, &exact);
            if best.as_ref().is_none_or(|(_, least)| error < *least) {
                let means = exact_means.iter().zip(means(&input, channels)).map(|(exact, rounded)| [*exact, rounded]);
                best = Some((Quantisation { means: means.collect(), ..candidate }, error));
            }
        }
        best.map(|(quantisation, error)| (quantisation, (error / power.max(f32::MIN_POSITIVE)).sqrt()))
    }

    /// Steps for every balance and clip, and one step for all channels.
    fn candidates(&self, met: &Met) -> Vec<Quantisation> {
        let channels = met.least.len();
        // A channel that was always zero must not get a step of zero.
        let floor = |values: Vec<f32>| {
            let largest = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
            values.into_iter().map(|v| v.max(largest * 1e-3)).collect::<Vec<_>>()
        };
        let reach = floor(met.least.iter().zip(&met.most).map(|(l, m)| m.max(-l)).collect());
        let weight = floor(
            self.values.chunks_exact(self.columns).map(|row| row.iter().fold(0.0_f32, |m, w| m.max(w.abs()))).collect(),
        );
        let balanced = |b: f32| (0..channels).map(|c| reach[c].powf(b) / weight[c].powf(1.0 - b)).collect();
        let shapes = BALANCES.map(balanced).into_iter().chain([vec![1.0; channels]]);
        shapes
            .flat_map(|shape| {
                let extreme = |values: &[f32], pick: fn(f32, f32) -> f32| {
                    values.iter().zip(&shape).map(|(v, s)| v / s).fold(0.0, pick)
                };
                let (least, most) = (extreme(&met.least, f32::min), extreme(&met.most, f32::max));
                CLIPS.map(|clip| {
                    let step = ((most - least) * clip / 255.0).max(f32::MIN_POSITIVE);
                    let zero = (-least * clip / step).round().clamp(0.0, 255.0) as u8;
                    Quantisation { steps: shape.iter().map(|s| s * step).collect(), zero, means: Vec::new() }
                })
            })
            .filter(|q| q.fits(channels))
            .collect()
    }

    /// The squared differences of two results, but for what a column differs by on average, which biases make up for.
    fn scatter(&self, a: &[f32], b: &[f32]) -> f32 {
        let differences: Vec<f32> = a.iter().zip(b).map(|(a, b)| a - b).collect();
        let count = (differences.len() / self.columns).max(1) as f32;
        let squares: f32 = differences.iter().map(|d| d * d).sum();
        squares - means(&differences, self.columns).map(|mean| mean * mean * count).sum::<f32>()
    }

    /// The weights as integers would have them.
    fn rounded(&self, steps: &[f32]) -> Vec<f32> {
        let mut scales = vec![f32::MIN_POSITIVE; self.outputs.last().map_or(0, |last| last + 1)];
        for (row, step) in self.values.chunks_exact(self.columns).zip(steps) {
            for (weight, output) in row.iter().zip(&self.outputs) {
                scales[*output] = scales[*output].max((weight * step).abs() / LARGEST);
            }
        }
        let mut rounded = Vec::with_capacity(self.values.len());
        for (row, step) in self.values.chunks_exact(self.columns).zip(steps) {
            rounded.extend(row.iter().zip(&self.outputs).map(|(weight, output)| {
                let scale = scales[*output];
                (weight * step / scale).round() * scale / step
            }));
        }
        rounded
    }

    /// `[pixels][columns]` for pixels one after another.
    fn multiply(&self, pixels: &[f32], weights: &[f32]) -> Vec<f32> {
        let channels = weights.len() / self.columns;
        let mut products = vec![0.0; pixels.len() / channels * self.columns];
        for (pixel, sums) in pixels.chunks_exact(channels).zip(products.chunks_exact_mut(self.columns)) {
            for (x, row) in pixel.iter().zip(weights.chunks_exact(self.columns)) {
                for (sum, weight) in sums.iter_mut().zip(row) {
                    *sum += x * weight;
                }
            }
        }
        products
    }
}

/// The mean of every column of `rows`, which are one after another.
fn means(rows: &[f32], columns: usize) -> impl Iterator<Item = f32> {
    let mut sums = vec![0.0_f64; columns];
    for row in rows.chunks_exact(columns) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let count = (rows.len() / columns.max(1)).max(1) as f64;
    sums.into_iter().map(move |sum| (sum / count) as f32)
}
