//! The end of a detector as one step: a transposed 2×2 convolution, and behind it one of a single tap to four
//! channels that become 2×2 pixels.
//!
//! Every input pixel becomes a square of 4×4 values of the result, a mosaic. Between the two convolutions stand four
//! pixels, of which a vector holds four channels each; what they give are the sixteen lanes of one vector, so that no
//! lane is wasted on the four channels, and the value between, which is the largest of the network, never exists.

use crate::arena::Packed;
use crate::backend::Backend;
use crate::network::{Activation, Network, OutputOrder, Value};
use crate::op::Op;
use crate::packing::ConvWeights;
use crate::simd::LANES;

/// Pixels that a transposed convolution makes of one, and channels that become 2×2 pixels.
const FOUR: usize = 4;

/// The last two operations of a network.
pub(crate) struct Mosaic {
    /// What the first of them reads.
    pub(crate) input: Value,
    /// The transposed convolution as one of a single tap: output channel `16·b + 4·p + i` is channel `4·b + i` of pixel `p`.
    pub(crate) weights: ConvWeights,
    pub(crate) between: Activation,
    /// `[channel][LANES]`: what it gives to the four channels, four times.
    pub(crate) taps: Packed,
    pub(crate) bias: Packed,
    pub(crate) activation: Activation,
}

impl Mosaic {
    /// The last two operations of `network`, if they are such; `last_use` says which operation reads each value last.
    pub(crate) fn of(network: &Network, last_use: &[usize]) -> Option<Self> {
        let [.., Op::ConvTranspose { input, weights: parities, activation: between, .. }, last] = &network.ops[..]
        else {
            return None;
        };
        let Op::Conv {
            inputs, weights, kernel: (1, 1), stride: (1, 1), activation, residual: None, split: None, ..
        } = last
        else {
            return None;
        };
        let count = network.ops.len();
        let alone = inputs.len() == 1 && inputs[0].value == Value(count - 1) && last_use[count - 1] == count - 1;
        if network.order != OutputOrder::PixelShuffle || network.output != Value(count) || !alone {
            return None;
        }
        let channels = weights.inputs();
        // Those of the last group that do not exist have neither weights nor biases; whatever is made of their zeros
        // meets taps of zero.
        let out = channels.next_multiple_of(FOUR) * FOUR;
        let place = |parity: usize, channel: usize| channel / FOUR * LANES + parity * FOUR + channel % FOUR;
        let inputs = parities[0].inputs();
        let (mut values, mut biases) = (vec![0.0; out * inputs], vec![0.0; out]);
        for (parity, weights) in parities.iter().enumerate() {
            weights.each(|from, _, channel, weight| values[place(parity, channel) * inputs + from] = weight);
            for (channel, bias) in weights.bias.as_slice()[..channels].iter().enumerate() {
                biases[place(parity, channel)] = *bias;
            }
        }
        let mut whole = ConvWeights::new(&values, &biases, (out, inputs, 1), parities[0].blocks());
        whole.quantisation.clone_from(&parities[0].quantisation);
        let mut taps = vec![0.0; out / FOUR * LANES];
        weights.each(|channel, _, tap, weight| {
            (0..FOUR).for_each(|parity| taps[channel * LANES + parity * FOUR + tap] = weight);
        });
        let bias: Vec<f32> = (0..LANES).map(|lane| weights.bias.as_slice()[lane % FOUR]).collect();
        Some(Self {
            input: *input,
            weights: whole,
            between: *between,
            taps: Packed::new(&taps),
            bias: Packed::new(&bias),
            activation: *activation,
        })
    }

    /// As [`ConvWeights::narrow_for`].
    pub(crate) fn narrow_for(&mut self, backend: Backend) {
        self.weights.narrow_for(backend);
    }

    /// Blocks that the values between have for every input pixel.
    pub(crate) fn blocks(&self) -> usize {
        self.taps.len() / (FOUR * LANES)
    }
}
