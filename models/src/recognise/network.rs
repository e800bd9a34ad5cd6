//! The recognition network: PP-LCNetV4 at full horizontal resolution, then a
//! convolutional encoder (tiny) or a light SVTR (small; Du et al., arXiv
//! 2205.00159), and a CTC head, as in PP-OCRv6.

use serde::Deserialize;
use slipstream_kernels::{Activation, Network, NetworkBuilder, OutputOrder, Value};

use crate::backbone::{self, Block, Stem};
use crate::weights::{ModelError, Weights};

/// What `config.json` says of the network.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Structure {
    stem: Stem,
    blocks: Vec<Block>,
    #[serde(flatten)]
    encoder: Encoder,
}

/// What mixes the columns of features before they are classified.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "encoder", rename_all = "snake_case")]
enum Encoder {
    Convolutional,
    Svtr { layers: usize, heads: usize, norm_epsilon: f32, final_norm_epsilon: f32 },
}

/// Builds the network: `[48, W, 3]` → class probabilities `[1, W/8, classes]`.
pub(crate) fn build(w: &Weights, structure: &Structure) -> Result<Network, ModelError> {
    let (mut net, image) = NetworkBuilder::new();
    let mut x = backbone::stem(&mut net, w, image, structure.stem)?;
    for (i, block) in structure.blocks.iter().enumerate() {
        x = backbone::block(&mut net, w, x, i, block)?;
    }
    // Three rows of features become one; two columns become one.
    let x = net.average_pool(x, (3, 2));
    let x = match structure.encoder {
        Encoder::Convolutional => convolutional(&mut net, w, x)?,
        Encoder::Svtr { layers, heads, norm_epsilon, final_norm_epsilon } => {
            svtr(&mut net, w, x, (layers, heads), (norm_epsilon, final_norm_epsilon))?
        }
    };
    let x = net.pointwise(x, &w.filter("head")?, Activation::None, None)?;
    let x = net.softmax(x);
    Ok(net.finish(x, OutputOrder::ChannelsLast)?)
}

fn convolutional(net: &mut NetworkBuilder, w: &Weights, x: Value) -> Result<Value, ModelError> {
    let x = net.depthwise(x, &w.filter("encoder.depthwise")?, (1, 1), Activation::HardSwish, None)?;
    let x = net.pointwise(x, &w.filter("encoder.pointwise")?, Activation::HardSwish, None)?;
    Ok(net.pointwise(x, &w.filter("encoder.reduce")?, Activation::None, None)?)
}

/// A local convolution, then pre-norm transformer layers, beside a shortcut.
fn svtr(
    net: &mut NetworkBuilder,
    w: &Weights,
    x: Value,
    (layers, heads): (usize, usize),
    (epsilon, final_epsilon): (f32, f32),
) -> Result<Value, ModelError> {
    let silu = Activation::Silu;
    let shortcut = net.pointwise(x, &w.filter("encoder.shortcut")?, silu, None)?;
    let reduced = net.pointwise(x, &w.filter("encoder.reduce")?, silu, None)?;
    let mut x = net.depthwise(reduced, &w.filter("encoder.depthwise")?, (1, 1), silu, Some(reduced))?;
    let norm = |net: &mut NetworkBuilder, x: Value, name: &str, epsilon: f32| -> Result<Value, ModelError> {
        let (_, scale) = w.get(&format!("{name}.weight"))?;
        let (_, shift) = w.get(&format!("{name}.bias"))?;
        Ok(net.layer_norm(x, scale, shift, epsilon)?)
    };
    for i in 0..layers {
        let name = format!("encoder.layers.{i}");
        let normed = norm(net, x, &format!("{name}.norm1"), epsilon)?;
        let qkv = w.filter(&format!("{name}.qkv"))?;
        let out = w.filter(&format!("{name}.attention_out"))?;
        x = net.self_attention(normed, &qkv, &out, heads, Some(x))?;
        let normed = norm(net, x, &format!("{name}.norm2"), epsilon)?;
        let hidden = net.pointwise(normed, &w.filter(&format!("{name}.expand"))?, silu, None)?;
        x = net.pointwise(hidden, &w.filter(&format!("{name}.contract"))?, Activation::None, Some(x))?;
    }
    let x = norm(net, x, "encoder.norm", final_epsilon)?;
    Ok(net.add(x, shortcut)?)
}
