//! The detection network: PP-LCNetV4, an RepLKFPN neck (a feature pyramid with
//! large depthwise kernels) and a DB head, as in PP-OCRv6.

use serde::Deserialize;
use slipstream_kernels::{Activation, Network, NetworkBuilder, OutputOrder, Padding, Value};

use crate::backbone::{self, Block, Stem};
use crate::weights::{ModelError, Weights};

/// What `config.json` says of the network.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Structure {
    stem: Stem,
    blocks: Vec<Block>,
    neck_gate_slope: f32,
}

/// Levels of the feature pyramid, at 1/4, 1/8, 1/16 and 1/32 of the page.
const LEVELS: usize = 4;

/// Builds the network: `[H, W, 3]` → text probability `[H, W]`, sides multiples of 32.
pub(crate) fn build(w: &Weights, structure: &Structure) -> Result<Network, ModelError> {
    let (mut net, image) = NetworkBuilder::new();
    let mut x = backbone::stem(&mut net, w, image, structure.stem)?;
    let mut features = Vec::with_capacity(LEVELS);
    for (i, block) in structure.blocks.iter().enumerate() {
        if block.stride != (1, 1) {
            features.push(x);
        }
        x = backbone::block(&mut net, w, x, i, block)?;
    }
    features.push(x);
    let features: [Value; LEVELS] = features.try_into().map_err(|found: Vec<_>| ModelError::Tensor {
        name: "blocks".into(),
        reason: format!("{} levels of features, expected {LEVELS}", found.len()),
    })?;
    let pyramid = pyramid(&mut net, w, features, structure.neck_gate_slope)?;
    let output = head(&mut net, w, &pyramid)?;
    Ok(net.finish(output, OutputOrder::PixelShuffle)?)
}

/// The neck: levels enriched from coarse to fine, smoothed and brought to the finest size.
fn pyramid(
    net: &mut NetworkBuilder,
    w: &Weights,
    features: [Value; LEVELS],
    slope: f32,
) -> Result<Vec<Value>, ModelError> {
    let gated = |net: &mut NetworkBuilder, name: &str, x: Value| -> Result<Value, ModelError> {
        let squeeze = w.filter(&format!("{name}.squeeze"))?;
        let excite = w.filter(&format!("{name}.excite"))?;
        Ok(net.squeeze_excite(x, squeeze, excite, slope, true)?)
    };
    let mut levels = Vec::with_capacity(LEVELS);
    for level in (0..LEVELS).rev() {
        let name = format!("neck.lateral.{}", level + 1);
        let mut x = net.pointwise(features[level], &w.filter(&name)?, Activation::None, None)?;
        x = gated(net, &name, x)?;
        if let Some(coarser) = levels.last() {
            x = net.add_upsampled(x, *coarser, 2)?;
        }
        levels.push(x);
    }
    // From fine to coarse: the finest level, which is as large as all others together, is smoothed while it is in cache.
    let mut pyramid = Vec::with_capacity(LEVELS);
    for (i, x) in levels.into_iter().enumerate().rev() {
        let name = format!("neck.smooth.{}", LEVELS - i);
        let smooth = w.filter(&format!("{name}.depthwise"))?;
        let x = net.depthwise(x, &smooth, (1, 1), Activation::None, None)?;
        let x = net.pointwise(x, &w.filter(&format!("{name}.project"))?, Activation::None, None)?;
        let x = gated(net, &name, x)?;
        let factor = 1 << (LEVELS - 1 - i);
        pyramid.push(if factor > 1 { net.upsample(x, factor) } else { x });
    }
    // The head takes the coarsest first.
    pyramid.reverse();
    Ok(pyramid)
}

/// The head: from a quarter of the size to the probability of every pixel.
fn head(net: &mut NetworkBuilder, w: &Weights, pyramid: &[Value]) -> Result<Value, ModelError> {
    let conv = w.filter("head.conv")?;
    let x = net.conv(pyramid, &conv, (1, 1), Padding::Symmetric(1, 1), Activation::Relu, None)?;
    let x = net.conv_transpose(x, &w.filter("head.enlarge1")?, Activation::Relu)?;
    // The last enlargement gives one channel: its four taps are four channels of a 1×1 convolution.
    let last = w.filter("head.enlarge2")?;
    let [inputs, 1, 2, 2] = last.shape else {
        return Err(ModelError::Tensor { name: "head.enlarge2.weight".into(), reason: format!("{:?}", last.shape) });
    };
    let weights = (0..4).flat_map(|tap| (0..inputs).map(move |i| (i, tap))).map(|(i, tap)| last.weights[i * 4 + tap]);
    let taps = slipstream_kernels::Filter {
        name: last.name,
        input: last.input,
        weights: weights.collect(),
        bias: vec![last.bias[0]; 4],
        shape: [4, inputs, 1, 1],
    };
    Ok(net.pointwise(x, &taps, Activation::Sigmoid, None)?)
}
