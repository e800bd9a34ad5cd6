//! Plain f64 arithmetic to compare kernels with, and reproducible values.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use slipstream_kernels::{
    Activation, Backend, Filter, Network, NetworkBuilder, OutputOrder, Padding, Parallelism, Value,
};

/// A small image of f64 values, `[height][width][channels]`.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) channels: usize,
    pub(crate) values: Vec<f64>,
}

impl Image {
    pub(crate) fn at(&self, y: isize, x: isize, c: usize) -> f64 {
        if y < 0 || x < 0 || y >= self.height as isize || x >= self.width as isize {
            return 0.0;
        }
        self.values[(y as usize * self.width + x as usize) * self.channels + c]
    }

    pub(crate) fn filled(height: usize, width: usize, channels: usize, f: impl Fn(usize, usize, usize) -> f64) -> Self {
        let mut values = Vec::with_capacity(height * width * channels);
        for y in 0..height {
            for x in 0..width {
                values.extend((0..channels).map(|c| f(y, x, c)));
            }
        }
        Self { height, width, channels, values }
    }
}

/// Reproducible values in -1..1 without a pattern that a kernel could hide in.
pub(crate) fn noise(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 40) as f32) / (1 << 23) as f32 - 1.0
    }
}

pub(crate) fn filter(shape: [usize; 4], seed: u64) -> Filter {
    let mut next = noise(seed);
    let fan_in = (shape[1] * shape[2] * shape[3]) as f32;
    let weights = (0..shape.iter().product()).map(|_| next() / fan_in.sqrt()).collect();
    Filter { weights, bias: (0..shape[0]).map(|_| next() * 0.1).collect(), shape, ..Filter::default() }
}

pub(crate) fn erf(x: f64) -> f64 {
    // Series of 2/√π ∫ e^-t²; converges to f64 precision for the values here.
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= -x * x / n as f64;
        sum += term / (2 * n + 1) as f64;
    }
    (sum * 2.0 / std::f64::consts::PI.sqrt()).clamp(-1.0, 1.0)
}

pub(crate) fn activate(activation: Activation, x: f64) -> f64 {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::None => x,
        Activation::Relu => x.max(0.0),
        Activation::Gelu => 0.5 * x * (1.0 + erf(x / std::f64::consts::SQRT_2)),
        Activation::Sigmoid => sigmoid,
        Activation::Silu => x * sigmoid,
        Activation::HardSwish => x * (x / 6.0 + 0.5).clamp(0.0, 1.0),
    }
}

pub(crate) fn conv(
    input: &Image,
    f: &Filter,
    stride: (usize, usize),
    pad: (usize, usize),
    size: (usize, usize),
) -> Image {
    let [out, inputs, kh, kw] = f.shape;
    let depthwise = inputs == 1 && out == input.channels && out > 1;
    Image::filled(size.0, size.1, out, |y, x, o| {
        let mut sum = f64::from(f.bias[o]);
        for i in 0..inputs {
            for ky in 0..kh {
                for kx in 0..kw {
                    let (iy, ix) =
                        ((y * stride.0 + ky) as isize - pad.0 as isize, (x * stride.1 + kx) as isize - pad.1 as isize);
                    let weight = f.weights[((o * inputs + i) * kh + ky) * kw + kx];
                    sum += input.at(iy, ix, if depthwise { o } else { i }) * f64::from(weight);
                }
            }
        }
        sum
    })
}

pub(crate) fn activated(mut image: Image, activation: Activation) -> Image {
    image.values.iter_mut().for_each(|v| *v = activate(activation, *v));
    image
}

/// A first layer that turns the photo into `channels` of activations, as all networks have.
pub(crate) fn first_layer(net: &mut NetworkBuilder, image: Value, channels: usize) -> Value {
    let f = filter([channels, 3, 3, 3], channels as u64);
    net.conv(&[image], &f, (2, 2), Padding::Symmetric(1, 1), Activation::Relu, None).unwrap()
}

/// How far results of about 1 may be off: rounding of f32 sums, or of bfloat16
/// products (2⁻⁹ each) of two layers one after the other.
pub(crate) fn tolerance(backend: Backend) -> f64 {
    if backend.multiplies_bf16() { 2e-2 } else { 2e-5 }
}

/// An image, and what `reference` of the first layer's output makes of it.
pub(crate) fn expectation(
    (height, width): (usize, usize),
    channels: usize,
    reference: impl Fn(&Image) -> Image,
) -> (Vec<f32>, Image) {
    let mut next = noise(7);
    let photo: Vec<f32> = (0..height * width * 3).map(|_| next()).collect();
    let image = Image { height, width, channels: 3, values: photo.iter().map(|v| f64::from(*v)).collect() };
    let first = filter([channels, 3, 3, 3], channels as u64);
    let size = (height.div_ceil(2), width.div_ceil(2));
    let expected = reference(&activated(conv(&image, &first, (2, 2), (1, 1), size), Activation::Relu));
    (photo, expected)
}

/// The first layer, and what `build` adds behind it.
pub(crate) fn network(channels: usize, build: impl Fn(&mut NetworkBuilder, Value) -> Value) -> Network {
    let (mut net, input) = NetworkBuilder::new();
    let x = first_layer(&mut net, input, channels);
    let output = build(&mut net, x);
    net.finish(output, OutputOrder::ChannelsLast).unwrap()
}

/// How far `result` is from what is expected, at worst.
pub(crate) fn worst(result: &[f32], expected: &Image) -> f64 {
    // A NaN is further away than anything.
    let apart = result.iter().zip(&expected.values).map(|(a, b)| (f64::from(*a) - b).abs());
    apart.fold(0.0, |worst, apart| if apart <= worst { worst } else { apart })
}

/// Runs what `build` adds behind the first layer on all backends, alone and on
/// a pool, and compares with `reference` of the first layer's output.
pub(crate) fn compare(
    case: &str,
    (height, width): (usize, usize),
    channels: usize,
    build: impl Fn(&mut NetworkBuilder, Value) -> Value,
    reference: impl Fn(&Image) -> Image,
) {
    let (photo, expected) = expectation((height, width), channels, reference);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for backend in Backend::available() {
        for parallelism in [Parallelism::Serial, Parallelism::Pool] {
            let network = network(channels, &build).with_backend(backend);
            // Twice, because the second run finds the arena as the first one left it.
            for _ in 0..2 {
                let (result, shape) = pool.install(|| network.run(&photo, (height, width), parallelism)).unwrap();
                assert_eq!(shape, [expected.height, expected.width, expected.channels], "{case} {backend:?}");
                let worst = worst(&result, &expected);
                assert!(worst < tolerance(backend), "{case} on {backend:?} {parallelism:?}: off by {worst:e}");
            }
        }
    }
}
