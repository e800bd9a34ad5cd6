//! Where the time of a network goes, operation by operation.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::executor::{Parallelism, Program, Run, RunError, Team, rows_of};
use crate::layout::Shape;
use crate::network::Network;
use crate::op::Op;

/// One operation of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// The filter's name; empty where there is none.
    pub name: String,
    /// What it computes, for example `conv 1×1 96→192`.
    pub operation: String,
    /// `[height, width, channels]` of its output.
    pub output: [usize; 3],
    /// Multiplications with an addition.
    pub macs: u64,
    /// Bytes of input, weights and output, each counted once.
    pub bytes: u64,
    /// The shortest of all repetitions.
    pub seconds: f64,
}

impl Network {
    /// Runs the network `repetitions` times on `image` (`[height][width][3]`)
    /// and gives the shortest time of each operation, every one done before the next begins.
    ///
    /// # Errors
    /// As [`Network::run`].
    pub fn profile(
        &self,
        image: &[f32],
        (height, width): (usize, usize),
        parallelism: Parallelism,
        repetitions: usize,
    ) -> Result<Vec<Layer>, RunError> {
        self.check_image(image, height, width)?;
        let plan = self.whole_plan(height, width)?;
        let mut arena = self.idle_arena();
        let layers = self.ops.iter().enumerate().map(|(i, op)| describe(op, &plan.shapes, i + 1)).collect();
        let layers: Mutex<Vec<Layer>> = Mutex::new(layers);
        let see = |op: usize, took: Duration| {
            if let Some(layer) = layers.lock().unwrap_or_else(PoisonError::into_inner).get_mut(op) {
                layer.seconds = layer.seconds.min(took.as_secs_f64());
            }
        };
        let mut result = Vec::new();
        for _ in 0..repetitions {
            let team = Team::new(parallelism.threads());
            let run = Run::new(self, &plan, &mut arena, &team, &mut result);
            Program { write: &rows_of(image, width), see: Some(&see) }.run(run);
        }
        self.give_back(arena);
        Ok(layers.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An operation with its counts; `output` is the number of its value.
fn describe(op: &Op, shapes: &[Shape], output: usize) -> Layer {
    let out = shapes[output];
    let inputs = op.inputs();
    let input = shapes[inputs[0].0];
    let channels: usize = match op {
        Op::Conv { inputs, .. } => inputs.iter().map(|source| shapes[source.value.0].channels).sum(),
        _ => input.channels,
    };
    let pixels = out.height * out.width;
    let kernel = |(h, w): (usize, usize)| format!("{h}×{w}");
    let (operation, macs, weights) = match op {
        Op::Conv { kernel: k, .. } => {
            let weights = channels * out.channels * k.0 * k.1;
            (format!("conv {} {channels}→{}", kernel(*k), out.channels), pixels * weights, weights)
        }
        Op::ConvTranspose { .. } => {
            let weights = channels * out.channels * 4;
            (format!("transposed 2×2 {channels}→{}", out.channels), pixels / 4 * weights, weights)
        }
        Op::Depthwise { kernel: k, .. } => {
            let weights = channels * k.0 * k.1;
            (format!("depthwise {} {channels}", kernel(*k)), pixels * weights, weights)
        }
        Op::Pool { kind, .. } => (format!("{kind:?}").to_lowercase(), 0, 0),
        Op::SqueezeExcite { squeeze, .. } => {
            let weights = 2 * squeeze.weights.len();
            (format!("squeeze and excite {channels}"), pixels * channels + weights, weights)
        }
        Op::LayerNorm { .. } => ("layer norm".to_owned(), 0, 0),
        Op::Attention { heads, .. } => {
            (format!("attention, {heads} heads"), 2 * out.width * out.width * out.channels, 0)
        }
        Op::Softmax { .. } => ("softmax".to_owned(), 0, 0),
    };
    let read: usize = inputs.iter().map(|v| shapes[v.0]).map(|s| s.height * s.width * s.channels).sum();
    let values = read + weights + pixels * out.channels;
    let name = op.dense().map_or_else(String::new, |(name, _)| name.to_owned());
    Layer {
        name,
        operation,
        output: [out.height, out.width, out.channels],
        macs: macs as u64,
        bytes: (values * size_of::<f32>()) as u64,
        seconds: f64::INFINITY,
    }
}
