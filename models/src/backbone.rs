//! PP-LCNetV4, the convolutional backbone of PP-OCRv6's detectors and recognisers.
//!
//! Depthwise blocks with an optional squeeze-and-excitation, each followed by a
//! two-layer pointwise network with GELU; after PaddleOCR (Apache-2.0),
//! structure read from the converted model's `config.json`.

use serde::Deserialize;
use slipstream_kernels::{Activation, NetworkBuilder, Padding, Value};

use crate::weights::{ModelError, Weights};

/// The first layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stem {
    /// Two 3×3 convolutions at stride 2.
    Plain,
    /// HGNet's stem: 3×3 at stride 2, a convolutional beside a pooling branch, 3×3 at stride 2, 1×1.
    TwoBranches,
}

/// One block.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Block {
    /// (vertical, horizontal).
    pub(crate) stride: (usize, usize),
    pub(crate) squeeze_excite: bool,
    /// Slope of the gate's hard sigmoid.
    pub(crate) gate_slope: f32,
    /// Whether the block's pointwise network adds to its input.
    pub(crate) residual: bool,
}

const PAD_1: Padding = Padding::Symmetric(1, 1);

/// Adds the stem and gives its output at a quarter of the size.
pub(crate) fn stem(net: &mut NetworkBuilder, w: &Weights, image: Value, stem: Stem) -> Result<Value, ModelError> {
    let strided = (2, 2);
    let conv1 = w.filter("stem.conv1")?;
    Ok(match stem {
        Stem::Plain => {
            let x = net.conv(&[image], &conv1, strided, PAD_1, Activation::Gelu, None)?;
            net.conv(&[x], &w.filter("stem.conv2")?, strided, PAD_1, Activation::None, None)?
        }
        Stem::TwoBranches => {
            let relu = Activation::Relu;
            let x = net.conv(&[image], &conv1, strided, PAD_1, relu, None)?;
            let branch = net.conv(&[x], &w.filter("stem.branch1")?, (1, 1), Padding::SameUpper, relu, None)?;
            let branch = net.conv(&[branch], &w.filter("stem.branch2")?, (1, 1), Padding::SameUpper, relu, None)?;
            let pooled = net.max_pool_same(x);
            let x = net.conv(&[pooled, branch], &w.filter("stem.merge")?, strided, PAD_1, relu, None)?;
            net.pointwise(x, &w.filter("stem.project")?, relu, None)?
        }
    })
}

/// Adds block number `index` (weights `blocks.{index}.…`).
pub(crate) fn block(
    net: &mut NetworkBuilder,
    w: &Weights,
    input: Value,
    index: usize,
    block: &Block,
) -> Result<Value, ModelError> {
    let name = format!("blocks.{index}");
    let depthwise = w.filter(&format!("{name}.depthwise"))?;
    let mut x = net.depthwise(input, &depthwise, block.stride, Activation::None, None)?;
    if block.squeeze_excite {
        let squeeze = w.filter(&format!("{name}.squeeze"))?;
        let excite = w.filter(&format!("{name}.excite"))?;
        x = net.squeeze_excite(x, squeeze, excite, block.gate_slope, false)?;
    }
    let hidden = net.pointwise(x, &w.filter(&format!("{name}.expand"))?, Activation::Gelu, None)?;
    let residual = block.residual.then_some(x);
    Ok(net.pointwise(hidden, &w.filter(&format!("{name}.project"))?, Activation::None, residual)?)
}
