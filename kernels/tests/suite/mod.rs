//! Every operation against a plain f64 reference, over sizes that leave
//! remainders in channels, columns and rows. What runs them, and how exactly,
//! is the `compare` of whoever includes this.

use proptest::prelude::*;
use slipstream_kernels::{Activation, Filter, NetworkBuilder, Padding};

use crate::compare;
use crate::reference::{Image, activated, conv, filter};

#[test]
fn pointwise_convolutions_with_every_activation() {
    use Activation::{Gelu, HardSwish, None, Relu, Sigmoid, Silu};
    for (i, activation) in [None, Relu, Gelu, Sigmoid, Silu, HardSwish].into_iter().enumerate() {
        for (size, inputs, out) in [((7, 61), 5, 17), ((12, 30), 16, 32), ((5, 9), 33, 49)] {
            let f = filter([out, inputs, 1, 1], i as u64);
            let build = |net: &mut NetworkBuilder, x| net.pointwise(x, &f, activation, Option::None).unwrap();
            let reference = |x: &Image| activated(conv(x, &f, (1, 1), (0, 0), (x.height, x.width)), activation);
            compare(&format!("pointwise {activation:?} {inputs} to {out}"), size, inputs, build, reference);
        }
    }
}

#[test]
fn gelu_of_every_size() {
    let mut f = filter([61, 8, 1, 1], 70);
    f.bias = (0..61).map(|o| (o as f32 - 30.0) * 0.2).collect();
    let build = |net: &mut NetworkBuilder, x| net.pointwise(x, &f, Activation::Gelu, None).unwrap();
    compare("gelu from -6 to 6", (9, 40), 8, build, |x| {
        activated(conv(x, &f, (1, 1), (0, 0), (x.height, x.width)), Activation::Gelu)
    });
}

#[test]
fn dense_convolutions_with_borders_strides_and_concatenated_inputs() {
    let f = filter([20, 2 * 24, 3, 3], 3);
    let build = |net: &mut NetworkBuilder, x| {
        net.conv(&[x, x], &f, (2, 2), Padding::Symmetric(1, 1), Activation::Relu, None).unwrap()
    };
    compare("3×3, stride 2, two inputs", (25, 43), 24, build, |x| {
        let twice = Image::filled(x.height, x.width, 48, |y, c, i| x.at(y as isize, c as isize, i % 24));
        activated(conv(&twice, &f, (2, 2), (1, 1), (x.height.div_ceil(2), x.width.div_ceil(2))), Activation::Relu)
    });
    let even = filter([9, 18, 2, 2], 4);
    let build = |net: &mut NetworkBuilder, x| {
        net.conv(&[x], &even, (1, 1), Padding::SameUpper, Activation::None, None).unwrap()
    };
    compare("2×2, border below and right", (11, 37), 18, build, |x| {
        conv(x, &even, (1, 1), (0, 0), (x.height, x.width))
    });
}

#[test]
fn depthwise_convolutions() {
    for (kernel, stride) in
        [((3, 3), (1, 1)), ((3, 3), (2, 2)), ((3, 3), (2, 1)), ((5, 5), (1, 1)), ((7, 7), (1, 1)), ((1, 5), (1, 1))]
    {
        let f = filter([21, 1, kernel.0, kernel.1], 5);
        let build = |net: &mut NetworkBuilder, x| net.depthwise(x, &f, stride, Activation::HardSwish, None).unwrap();
        // Odd and even rows, rows of whole tiles and of others, and rows too narrow for one.
        for size in [(17, 51), (6, 24), (2, 9), (3, 5), (1, 13)] {
            compare(&format!("depthwise {kernel:?} {stride:?} of {size:?}"), size, 21, build, |x| {
                let size = ((x.height - 1) / stride.0 + 1, (x.width - 1) / stride.1 + 1);
                activated(conv(x, &f, stride, (kernel.0 / 2, kernel.1 / 2), size), Activation::HardSwish)
            });
        }
    }
}

#[test]
fn residuals_pools_and_upsampling() {
    let f = filter([19, 19, 1, 1], 6);
    let build = |net: &mut NetworkBuilder, x| {
        let y = net.pointwise(x, &f, Activation::Gelu, Some(x)).unwrap();
        let pooled = net.average_pool(y, (2, 2));
        let large = net.max_pool_same(y);
        net.add_upsampled(large, pooled, 2).unwrap()
    };
    compare("residual, pools, upsampled sum", (16, 40), 19, build, |x| {
        let mut y = activated(conv(x, &f, (1, 1), (0, 0), (x.height, x.width)), Activation::Gelu);
        y.values.iter_mut().zip(&x.values).for_each(|(v, r)| *v += r);
        Image::filled(y.height, y.width, 19, |r, c, i| {
            let (r, c) = (r as isize, c as isize);
            let largest = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(dy, dx)| y.at(r + dy, c + dx, i));
            let (r, c) = (r / 2 * 2, c / 2 * 2);
            let mean = (y.at(r, c, i) + y.at(r, c + 1, i) + y.at(r + 1, c, i) + y.at(r + 1, c + 1, i)) / 4.0;
            largest.into_iter().fold(f64::NEG_INFINITY, f64::max) + mean
        })
    });
}

#[test]
fn sums_with_a_smaller_value_are_as_small() {
    let f = filter([11, 18, 3, 3], 51);
    let build = |net: &mut NetworkBuilder, x| {
        let pooled = net.average_pool(x, (2, 2));
        // A value that nothing reads later, so that the sum could take over its memory.
        let largest = net.max_pool_same(x);
        let sum = net.add_upsampled(largest, pooled, 2).unwrap();
        net.conv(&[sum], &f, (1, 1), Padding::Symmetric(1, 1), Activation::None, None).unwrap()
    };
    // 17×41 pixels are halved to 8×20, which are 16×40 again.
    compare("sum with a smaller value", (33, 81), 18, build, |x| {
        let (height, width) = (x.height / 2 * 2, x.width / 2 * 2);
        let sum = Image::filled(height, width, 18, |y, c, i| {
            let (y, c) = (y as isize, c as isize);
            let largest = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(dy, dx)| x.at(y + dy, c + dx, i));
            let (top, left) = (y / 2 * 2, c / 2 * 2);
            let mean = (0..4).map(|k| x.at(top + k / 2, left + k % 2, i)).sum::<f64>() / 4.0;
            largest.into_iter().fold(f64::NEG_INFINITY, f64::max) + mean
        });
        conv(&sum, &f, (1, 1), (1, 1), (height, width))
    });
}

#[test]
fn enlarged_inputs_of_convolutions() {
    let (coarse, fine) = (filter([18, 20, 1, 1], 31), filter([21, 20 + 2 * 18, 3, 3], 32));
    let build = |net: &mut NetworkBuilder, x| {
        let quarter = net.average_pool(x, (4, 4));
        let quarter = net.pointwise(quarter, &coarse, Activation::Relu, None).unwrap();
        let half = net.average_pool(x, (2, 2));
        let half = net.pointwise(half, &coarse, Activation::Relu, None).unwrap();
        let inputs = [net.upsample(quarter, 4), net.upsample(half, 2), x];
        net.conv(&inputs, &fine, (1, 1), Padding::Symmetric(1, 1), Activation::Gelu, None).unwrap()
    };
    compare("3×3 over two enlarged inputs and one of full size", (24, 80), 20, build, |x| {
        let reduced = |by: usize| {
            let n = (by * by) as f64;
            let mean = Image::filled(x.height / by, x.width / by, 20, |y, c, i| {
                let window = (0..by * by).map(|k| x.at((y * by + k / by) as isize, (c * by + k % by) as isize, i));
                window.sum::<f64>() / n
            });
            activated(conv(&mean, &coarse, (1, 1), (0, 0), (mean.height, mean.width)), Activation::Relu)
        };
        let (quarter, half) = (reduced(4), reduced(2));
        let all = Image::filled(x.height, x.width, 56, |y, c, i| match i {
            0..18 => quarter.at((y / 4) as isize, (c / 4) as isize, i),
            18..36 => half.at((y / 2) as isize, (c / 2) as isize, i - 18),
            _ => x.at(y as isize, c as isize, i - 36),
        });
        activated(conv(&all, &fine, (1, 1), (1, 1), (x.height, x.width)), Activation::Gelu)
    });
}

#[test]
fn transposed_convolution_and_squeeze_excite() {
    let up = filter([22, 7, 2, 2], 8);
    let up = Filter { bias: up.bias[..7].to_vec(), ..up };
    let (squeeze, excite) = (filter([6, 7, 1, 1], 9), filter([7, 6, 1, 1], 10));
    let build = |net: &mut NetworkBuilder, x| {
        let y = net.conv_transpose(x, &up, Activation::None).unwrap();
        net.squeeze_excite(y, squeeze.clone(), excite.clone(), 0.2, true).unwrap()
    };
    compare("transposed, squeeze-and-excite", (9, 31), 22, build, |x| {
        let y = Image::filled(x.height * 2, x.width * 2, 7, |r, c, o| {
            let tap = r % 2 * 2 + c % 2;
            let sum: f64 = (0..22)
                .map(|i| x.at((r / 2) as isize, (c / 2) as isize, i) * f64::from(up.weights[(i * 7 + o) * 4 + tap]))
                .sum();
            sum + f64::from(up.bias[o])
        });
        let pixels = (y.height * y.width) as f64;
        let means = Image::filled(1, 1, 7, |_, _, c| y.values.iter().skip(c).step_by(7).sum::<f64>() / pixels);
        let hidden = activated(conv(&means, &squeeze, (1, 1), (0, 0), (1, 1)), Activation::Relu);
        let gates = conv(&hidden, &excite, (1, 1), (0, 0), (1, 1));
        Image::filled(y.height, y.width, 7, |r, c, i| {
            y.at(r as isize, c as isize, i) * (1.0 + (gates.values[i] * 0.2 + 0.5).clamp(0.0, 1.0))
        })
    });
}

#[test]
fn gates_of_many_channels() {
    // Biases keep hidden values above zero, so that both layers count.
    let squeeze = Filter { bias: vec![0.4; 24], ..filter([24, 75, 1, 1], 61) };
    let excite = filter([75, 24, 1, 1], 62);
    let build =
        |net: &mut NetworkBuilder, x| net.squeeze_excite(x, squeeze.clone(), excite.clone(), 1.0 / 6.0, false).unwrap();
    compare("squeeze-and-excite of 75 channels", (21, 46), 75, build, |x| {
        let pixels = (x.height * x.width) as f64;
        let means = Image::filled(1, 1, 75, |_, _, c| x.values.iter().skip(c).step_by(75).sum::<f64>() / pixels);
        let hidden = activated(conv(&means, &squeeze, (1, 1), (0, 0), (1, 1)), Activation::Relu);
        let gates = conv(&hidden, &excite, (1, 1), (0, 0), (1, 1));
        Image::filled(x.height, x.width, 75, |r, c, i| {
            x.at(r as isize, c as isize, i) * (gates.values[i] / 6.0 + 0.5).clamp(0.0, 1.0)
        })
    });
}

#[test]
fn attention_layer_norm_and_softmax() {
    const HEADS: usize = 3;
    const WIDTH: usize = 5;
    const CHANNELS: usize = HEADS * WIDTH;
    let (qkv, out) = (filter([3 * CHANNELS, CHANNELS, 1, 1], 11), filter([CHANNELS, CHANNELS, 1, 1], 12));
    let (scale, shift) = (vec![1.5; CHANNELS], vec![0.25; CHANNELS]);
    let build = |net: &mut NetworkBuilder, x| {
        let row = net.average_pool(x, (2, 1));
        let normed = net.layer_norm(row, &scale, &shift, 1e-5).unwrap();
        let y = net.self_attention(normed, &qkv, &out, HEADS, Some(row)).unwrap();
        net.softmax(y)
    };
    let reference = |x: &Image| {
        let row =
            Image::filled(1, x.width, CHANNELS, |_, c, i| (x.at(0, c as isize, i) + x.at(1, c as isize, i)) / 2.0);
        let n = CHANNELS as f64;
        let normed = Image::filled(1, row.width, CHANNELS, |_, c, i| {
            let pixel = &row.values[c * CHANNELS..(c + 1) * CHANNELS];
            let mean = pixel.iter().sum::<f64>() / n;
            let variance = pixel.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
            (pixel[i] - mean) / (variance + 1e-5).sqrt() * 1.5 + 0.25
        });
        let all = conv(&normed, &qkv, (1, 1), (0, 0), (1, row.width));
        let mixed = Image::filled(1, row.width, CHANNELS, |_, t, c| {
            let head = c / WIDTH;
            let part = |which: usize, t: usize, d: usize| all.at(0, t as isize, which * CHANNELS + head * WIDTH + d);
            let score =
                |s: usize| (0..WIDTH).map(|d| part(0, t, d) * part(1, s, d)).sum::<f64>() / (WIDTH as f64).sqrt();
            let weights: Vec<f64> = (0..row.width).map(|s| score(s).exp()).collect();
            let total: f64 = weights.iter().sum();
            weights.iter().enumerate().map(|(s, w)| w / total * part(2, s, c % WIDTH)).sum()
        });
        let mut y = conv(&mixed, &out, (1, 1), (0, 0), (1, row.width));
        y.values.iter_mut().zip(&row.values).for_each(|(v, r)| *v += r);
        for pixel in y.values.chunks_exact_mut(CHANNELS) {
            let total: f64 = pixel.iter().map(|v| v.exp()).sum();
            pixel.iter_mut().for_each(|v| *v = v.exp() / total);
        }
        y
    };
    // Lines of a few characters, and of many.
    for width in [74, 301] {
        compare(&format!("attention over {width}"), (4, width), CHANNELS, build, reference);
    }
}

/// A convolution of any size that the builder admits.
#[derive(Debug, Clone)]
struct AnyConv {
    size: (usize, usize),
    inputs: usize,
    out: usize,
    kernel: (usize, usize),
    stride: (usize, usize),
    depthwise: bool,
}

fn any_conv() -> impl Strategy<Value = AnyConv> {
    let size = (2_usize..40, 2_usize..70);
    let kernel = (0_usize..3, 0_usize..3).prop_map(|(h, w)| (2 * h + 1, 2 * w + 1));
    (size, 1_usize..50, 1_usize..70, kernel, (1_usize..3, 1_usize..3), any::<bool>()).prop_map(
        |(size, inputs, out, kernel, stride, depthwise)| {
            let inputs = if depthwise { inputs.max(2) } else { inputs };
            AnyConv { size, inputs, out: if depthwise { inputs } else { out }, kernel, stride, depthwise }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn convolutions_of_any_shape_agree_with_the_reference(c in any_conv()) {
        let shape = [c.out, if c.depthwise { 1 } else { c.inputs }, c.kernel.0, c.kernel.1];
        let f = filter(shape, 9);
        let pad = (c.kernel.0 / 2, c.kernel.1 / 2);
        let build = |net: &mut NetworkBuilder, x| {
            if c.depthwise {
                net.depthwise(x, &f, c.stride, Activation::Gelu, None).unwrap()
            } else {
                net.conv(&[x], &f, c.stride, Padding::Symmetric(pad.0, pad.1), Activation::Gelu, None).unwrap()
            }
        };
        compare(&format!("{c:?}"), c.size, c.inputs, build, |x| {
            let size = ((x.height - 1) / c.stride.0 + 1, (x.width - 1) / c.stride.1 + 1);
            activated(conv(x, &f, c.stride, pad, size), Activation::Gelu)
        });
    }
}
