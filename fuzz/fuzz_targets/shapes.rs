//! Any network of a convolution, a depthwise convolution and a pooling or what detectors end with, of any
//! size: every backend gives what the portable one gives.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slipstream_kernels::{
    Activation, Backend, Filter, Network, NetworkBuilder, OutputOrder, Padding, Parallelism, Quantisation,
};

/// Results of about 1 may differ by rounding: of sums, of bfloat16 products, of integers.
fn tolerance(backend: Backend) -> f32 {
    match backend {
        _ if backend.multiplies_integers() => 2e-1,
        _ if backend.multiplies_bf16() => 5e-2,
        _ => 1e-3,
    }
}

/// Reproducible values in -1..1.
fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(747_796_405).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

fn filter(shape: [usize; 4]) -> Filter {
    let fan_in = (shape[1] * shape[2] * shape[3]) as f32;
    let weights = noise(shape.iter().product(), 3).into_iter().map(|w| w / fan_in.sqrt()).collect();
    Filter { weights, bias: noise(shape[0], 5), shape, ..Filter::default() }
}

/// Steps for values up to 2, so that integers cost little.
fn steps(channels: usize) -> Quantisation {
    Quantisation { steps: vec![2.0 / 255.0; channels], zero: 0, means: Vec::new() }
}

fn network(bytes: [u8; 10]) -> Option<Network> {
    let [_, _, a, b, kh, kw, sh, sw, depth, pool] = bytes.map(usize::from);
    let (inputs, outputs) = (a % 70 + 1, b % 70 + 1);
    let (kh, kw) = (kh % 4 * 2 + 1, kw % 4 * 2 + 1);
    let (mut net, image) = NetworkBuilder::new();
    let x = net
        .conv(&[image], &filter([inputs, 3, 3, 3]), (2, 2), Padding::Symmetric(1, 1), Activation::Relu, None)
        .ok()?;
    let mut dense = filter([outputs, inputs, kh, kw]);
    let integers = depth / 4 % 2 == 1;
    dense.input = integers.then(|| steps(inputs));
    let padding = Padding::Symmetric(kh / 2, kw / 2);
    let x = net.conv(&[x], &dense, (sh % 3 + 1, sw % 2 + 1), padding, Activation::Gelu, None).ok()?;
    let around = depth % 4 * 2 + 1;
    let x = net.depthwise(x, &filter([outputs, 1, around, around]), (1, 1), Activation::HardSwish, None).ok()?;
    if depth / 8 % 2 == 1 {
        let channels = pool % 40 + 1;
        let up = filter([outputs, channels, 2, 2]);
        let up = Filter { bias: noise(channels, 5), input: dense.input.as_ref().map(|_| steps(outputs)), ..up };
        let x = net.conv_transpose(x, &up, Activation::Relu).ok()?;
        let x = net.pointwise(x, &filter([4, channels, 1, 1]), Activation::Sigmoid, None).ok()?;
        return net.finish(x, OutputOrder::PixelShuffle).ok();
    }
    let x = if pool % 2 == 0 { x } else { net.average_pool(x, (pool / 2 % 3 + 1, pool / 6 % 3 + 1)) };
    net.finish(x, OutputOrder::ChannelsLast).ok()
}

fuzz_target!(|bytes: [u8; 10]| {
    let (height, width) = (usize::from(bytes[0]) % 64 + 1, usize::from(bytes[1]) % 96 + 1);
    let image = noise(height * width * 3, 7);
    let run = |backend| Some(network(bytes)?.with_backend(backend).run(&image, (height, width), Parallelism::Serial));
    let Some(expected) = run(Backend::Portable) else { return };
    for backend in Backend::available() {
        let Some(got) = run(backend) else { return };
        match (&got, &expected) {
            (Ok((got, got_shape)), Ok((expected, shape))) => {
                assert_eq!(got_shape, shape, "{backend:?}");
                let worst = got.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst <= tolerance(backend), "{backend:?} is off by {worst}");
            }
            (got, expected) => assert_eq!(got.is_err(), expected.is_err(), "{backend:?}"),
        }
    }
});
