//! The recognition network: PP-LCNetV4 at full horizontal resolution, then a
//! convolutional encoder (tiny) or a light SVTR (small; Du et al., arXiv
//! 2205.00159), and a CTC head, as in PP-OCRv6. Recognisers that this project
//! trains have transformer layers behind the convolutional encoder, so that
//! each column of a line knows the whole line.

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
    Convolutional {
        #[serde(default)]
        context: Option<Context>,
    },
    Svtr {
        layers: usize,
        heads: usize,
        norm_epsilon: f32,
        final_norm_epsilon: f32,
    },
}

/// Transformer layers along the line.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Context {
    layers: usize,
    heads: usize,
    norm_epsilon: f32,
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
        Encoder::Convolutional { context } => convolutional(&mut net, w, x, context)?,
        Encoder::Svtr { layers, heads, norm_epsilon, final_norm_epsilon } => {
            svtr(&mut net, w, x, Context { layers, heads, norm_epsilon }, final_norm_epsilon)?
        }
    };
    let x = net.pointwise(x, &w.filter("head")?, Activation::None, None)?;
    let x = net.softmax(x);
    Ok(net.finish(x, OutputOrder::ChannelsLast)?)
}

fn convolutional(
    net: &mut NetworkBuilder,
    w: &Weights,
    x: Value,
    context: Option<Context>,
) -> Result<Value, ModelError> {
    let x = net.depthwise(x, &w.filter("encoder.depthwise")?, (1, 1), Activation::HardSwish, None)?;
    let mut x = net.pointwise(x, &w.filter("encoder.pointwise")?, Activation::HardSwish, None)?;
    if let Some(context) = context {
        x = transformer(net, w, x, context)?;
    }
    Ok(net.pointwise(x, &w.filter("encoder.reduce")?, Activation::None, None)?)
}

/// A local convolution, then transformer layers, beside a shortcut.
fn svtr(
    net: &mut NetworkBuilder,
    w: &Weights,
    x: Value,
    context: Context,
    final_epsilon: f32,
) -> Result<Value, ModelError> {
    let silu = Activation::Silu;
    let shortcut = net.pointwise(x, &w.filter("encoder.shortcut")?, silu, None)?;
    let reduced = net.pointwise(x, &w.filter("encoder.reduce")?, silu, None)?;
    let x = net.depthwise(reduced, &w.filter("encoder.depthwise")?, (1, 1), silu, Some(reduced))?;
    let x = transformer(net, w, x, context)?;
    let x = norm(net, w, x, "encoder.norm", final_epsilon)?;
    Ok(net.add(x, shortcut)?)
}

/// Pre-norm transformer layers `encoder.layers.{i}`.
fn transformer(net: &mut NetworkBuilder, w: &Weights, mut x: Value, context: Context) -> Result<Value, ModelError> {
    let Context { layers, heads, norm_epsilon } = context;
    for i in 0..layers {
        let name = format!("encoder.layers.{i}");
        let normed = norm(net, w, x, &format!("{name}.norm1"), norm_epsilon)?;
        let qkv = w.filter(&format!("{name}.qkv"))?;
        let out = w.filter(&format!("{name}.attention_out"))?;
        x = net.self_attention(normed, &qkv, &out, heads, Some(x))?;
        let normed = norm(net, w, x, &format!("{name}.norm2"), norm_epsilon)?;
        let hidden = net.pointwise(normed, &w.filter(&format!("{name}.expand"))?, Activation::Silu, None)?;
        x = net.pointwise(hidden, &w.filter(&format!("{name}.contract"))?, Activation::None, Some(x))?;
    }
    Ok(x)
}

fn norm(net: &mut NetworkBuilder, w: &Weights, x: Value, name: &str, epsilon: f32) -> Result<Value, ModelError> {
    let (_, scale) = w.get(&format!("{name}.weight"))?;
    let (_, shift) = w.get(&format!("{name}.bias"))?;
    Ok(net.layer_norm(x, scale, shift, epsilon)?)
}
