//! The op suite on every backend of this processor.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod reference;
mod suite;

use slipstream_kernels::{Activation, Backend, Filter, NetworkBuilder, OutputOrder, Padding, Parallelism};

use reference::{Image, activated, compare, conv, expectation, filter, first_layer, tolerance, worst};

#[test]
fn images_that_do_not_fit_are_refused() {
    let (mut net, image) = NetworkBuilder::new();
    let x = first_layer(&mut net, image, 4);
    let x = net.average_pool(x, (3, 2));
    let network = net.finish(x, OutputOrder::ChannelsLast).unwrap();
    assert!(network.run(&[0.0; 5], (4, 4), Parallelism::Serial).is_err());
    assert!(network.run(&[0.0; 2 * 2 * 3], (2, 2), Parallelism::Serial).is_err());
    // Nine columns halve to five, four columns enlarged are eight.
    let (mut net, image) = NetworkBuilder::new();
    let x = first_layer(&mut net, image, 4);
    let half = net.average_pool(x, (2, 2));
    let inputs = [net.upsample(half, 2), x];
    let x = net.conv(&inputs, &filter([4, 8, 1, 1], 1), (1, 1), Padding::Symmetric(0, 0), Activation::None, None);
    let network = net.finish(x.unwrap(), OutputOrder::ChannelsLast).unwrap();
    assert!(network.run(&[0.0; 8 * 8 * 3], (8, 8), Parallelism::Serial).is_ok());
    let error = network.run(&[0.0; 9 * 9 * 3], (9, 9), Parallelism::Serial).unwrap_err();
    assert!(error.to_string().contains("different sizes"), "{error}");
}

/// A transposed convolution with four channels behind it, which become pixels: one step on this processor.
#[test]
fn ends_of_detectors() {
    use Activation::{Gelu, None, Relu, Sigmoid};
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    // Channels that fill their groups of four and others; rows of one part and of several, and with remainders.
    for (size, inputs, channels, between, activation) in [
        ((6, 258), 24, 24, Relu, Sigmoid),
        ((9, 31), 22, 7, Gelu, None),
        ((34, 90), 5, 33, None, Sigmoid),
        ((2, 2), 16, 1, Relu, Gelu),
    ] {
        let up = filter([inputs, channels, 2, 2], 81);
        let bias = filter([channels, 1, 1, 1], 82).bias;
        let (up, last) = (Filter { bias, ..up }, filter([4, channels, 1, 1], 83));
        let (photo, expected) = expectation(size, inputs, |x| {
            let middle = Image::filled(x.height * 2, x.width * 2, channels, |y, c, o| {
                let weight = |i: usize| f64::from(up.weights[(i * channels + o) * 4 + y % 2 * 2 + c % 2]);
                let sum: f64 = (0..inputs).map(|i| x.at((y / 2) as isize, (c / 2) as isize, i) * weight(i)).sum();
                sum + f64::from(up.bias[o])
            });
            let middle = activated(middle, between);
            let four = activated(conv(&middle, &last, (1, 1), (0, 0), (middle.height, middle.width)), activation);
            Image::filled(four.height * 2, four.width * 2, 1, |y, c, _| {
                four.at((y / 2) as isize, (c / 2) as isize, y % 2 * 2 + c % 2)
            })
        });
        for backend in Backend::available() {
            let (mut net, image) = NetworkBuilder::new();
            let x = first_layer(&mut net, image, inputs);
            let x = net.conv_transpose(x, &up, between).unwrap();
            let x = net.pointwise(x, &last, activation, Option::None).unwrap();
            let network = net.finish(x, OutputOrder::PixelShuffle).unwrap().with_backend(backend);
            for parallelism in [Parallelism::Serial, Parallelism::Pool] {
                for _ in 0..2 {
                    let (result, shape) = pool.install(|| network.run(&photo, size, parallelism)).unwrap();
                    assert_eq!(shape, [expected.height, expected.width, 1]);
                    let worst = worst(&result, &expected);
                    assert!(worst < tolerance(backend), "{size:?} on {backend:?} {parallelism:?}: off by {worst:e}");
                }
            }
        }
    }
}
