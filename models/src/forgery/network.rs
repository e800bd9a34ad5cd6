//! The backbone: planes of pixels to an embedding and gates of every cell.
//!
//! Depthwise-separable blocks at a quarter, an eighth and a sixteenth of the
//! size; the trainer's `net.py` is the same network before its normalisations
//! were folded. The stem's filters see either print and colour or noise: two
//! streams, in one convolution whose other weights are zero.

use serde::Deserialize;
use slipstream_kernels::{Activation, Network, NetworkBuilder, OutputOrder, Padding, Value};

use crate::weights::{ModelError, Weights};

/// What `config.json` says of the network.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Structure {
    fine_blocks: usize,
    coarse_blocks: usize,
    wide_blocks: usize,
    /// Numbers of a cell's embedding, and gates behind them.
    pub(super) embedding: usize,
    pub(super) gates: usize,
    /// Rows and columns of cells, both odd: a cell's surroundings.
    pub(super) window: (usize, usize),
}

const HALVED: (usize, usize) = (2, 2);

/// Builds the backbone: `[H, W, 3]` → `[H/8, W/8, embedding + gates]`, sides multiples of 8.
pub(super) fn build(w: &Weights, structure: &Structure) -> Result<Network, ModelError> {
    let (mut net, image) = NetworkBuilder::new();
    let padding = Padding::Symmetric(1, 1);
    let mut x = net.conv(&[image], &w.filter("stem")?, HALVED, padding, Activation::Relu, None)?;
    x = blocks(&mut net, w, x, "fine", structure.fine_blocks)?;
    x = blocks(&mut net, w, x, "coarse", structure.coarse_blocks)?;
    let wide = blocks(&mut net, w, x, "wide", structure.wide_blocks)?;
    let x = net.add_upsampled(x, wide, 2)?;
    let out = w.filter("out")?;
    let expected = structure.embedding + structure.gates;
    if out.shape[0] != expected {
        let reason = format!("{} channels, expected {expected}", out.shape[0]);
        return Err(ModelError::Tensor { name: "out.weight".into(), reason });
    }
    let x = net.pointwise(x, &out, Activation::None, None)?;
    Ok(net.finish(x, OutputOrder::ChannelsLast)?)
}

/// A block that halves the size, then `count` that add to their input.
fn blocks(net: &mut NetworkBuilder, w: &Weights, input: Value, level: &str, count: usize) -> Result<Value, ModelError> {
    let mut x = input;
    for i in 0..=count {
        let depthwise = w.filter(&format!("{level}.{i}.depthwise"))?;
        let project = w.filter(&format!("{level}.{i}.project"))?;
        let stride = if i == 0 { HALVED } else { (1, 1) };
        let y = net.depthwise(x, &depthwise, stride, Activation::Relu, None)?;
        x = net.pointwise(y, &project, Activation::Relu, (i > 0).then_some(x))?;
    }
    Ok(x)
}
