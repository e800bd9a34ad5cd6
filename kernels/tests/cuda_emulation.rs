//! The CUDA kernels on the processor: the op suite, and how networks use a device.
//!
//! This proves arithmetic, indexing and barriers within a block. It proves
//! neither speed nor that a card agrees.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod emulation;
mod reference;
mod suite;

use std::sync::Arc;

use emulation::{Order, machine, machine_with_memory};
use reference::{Image, expectation, filter, network, worst};
use slipstream_kernels::device::{DeviceNetwork, DeviceRunError, Input};
use slipstream_kernels::{Activation, Network, NetworkBuilder, OutputOrder, Padding, Value};

/// How far results of about 1 may be off: values are rounded to f16 (2⁻¹¹ each) after every operation, weights once.
const TOLERANCE: f64 = 1e-2;

/// Runs what `build` adds behind the first layer on the emulation, threads in both orders, and compares with
/// `reference` of the first layer's output.
fn compare(
    case: &str,
    (height, width): (usize, usize),
    channels: usize,
    build: impl Fn(&mut NetworkBuilder, Value) -> Value,
    reference: impl Fn(&Image) -> Image,
) {
    let (photo, expected) = expectation((height, width), channels, reference);
    let network = Arc::new(network(channels, &build));
    let mut results = Vec::new();
    for order in [Order::Forwards, Order::Backwards] {
        let Some(machine) = machine(order) else { return };
        let device = DeviceNetwork::new(machine, Arc::clone(&network)).unwrap();
        // Twice, because the second run finds the buffers as the first one left them.
        for _ in 0..2 {
            let (result, shape) = device.run(Input::Floats(&photo), (height, width)).unwrap();
            assert_eq!(shape, [expected.height, expected.width, expected.channels], "{case}");
            let worst = worst(&result, &expected);
            assert!(worst < TOLERANCE, "{case}, threads {order:?}: off by {worst:e}");
            results.push(result);
        }
    }
    assert!(results.iter().all(|r| *r == results[0]), "{case}: the order of threads changes the result");
}

/// A network of a few layers, whose scratch memory and buffers are reused.
fn small() -> Arc<Network> {
    let f = filter([40, 24, 3, 3], 71);
    let (squeeze, excite) = (filter([8, 40, 1, 1], 72), filter([40, 8, 1, 1], 73));
    Arc::new(network(24, |net, x| {
        let x = net.conv(&[x], &f, (2, 2), Padding::Symmetric(1, 1), Activation::Gelu, None).unwrap();
        net.squeeze_excite(x, squeeze.clone(), excite.clone(), 0.2, true).unwrap()
    }))
}

fn noise(values: usize, seed: u64) -> Vec<f32> {
    let mut next = reference::noise(seed);
    (0..values).map(|_| next()).collect()
}

#[test]
fn images_of_a_batch_are_those_run_alone() {
    let Some(machine) = machine(Order::Forwards) else { return };
    let device = DeviceNetwork::new(machine, small()).unwrap();
    let size = 18 * 26 * 3;
    let images = noise(3 * size, 81);
    let (together, shape) = device.run(Input::Floats(&images), (18, 26)).unwrap();
    assert_eq!(shape, [5, 7, 40]);
    let alone: Vec<f32> =
        images.chunks_exact(size).flat_map(|i| device.run(Input::Floats(i), (18, 26)).unwrap().0).collect();
    assert_eq!(together, alone);
}

#[test]
fn memory_grows_to_the_largest_images_and_no_further() {
    let Some(machine) = machine(Order::Forwards) else { return };
    let device = DeviceNetwork::new(machine, small()).unwrap();
    let run = |count: usize, height: usize, width: usize| {
        let images = noise(count * height * width * 3, 82);
        (device.run(Input::Floats(&images), (height, width)).unwrap().0, device.bytes())
    };
    let (first, small_bytes) = run(1, 12, 20);
    let (_, large_bytes) = run(4, 24, 40);
    assert!(large_bytes > small_bytes);
    assert_eq!(run(2, 24, 40).1, large_bytes);
    assert_eq!(run(1, 12, 20), (first, large_bytes), "a size of before is prepared anew");
}

#[test]
fn a_batch_that_does_not_fit_into_memory_is_split() {
    let size = 20 * 30 * 3;
    let images = noise(5 * size, 83);
    let Some(roomy) = machine(Order::Forwards) else { return };
    let roomy = DeviceNetwork::new(roomy, small()).unwrap();
    roomy.run(Input::Floats(&images[..size]), (20, 30)).unwrap();
    // Weights, and room for two images at most.
    let one = roomy.bytes();
    let expected = roomy.run(Input::Floats(&images), (20, 30)).unwrap();
    let tight = machine_with_memory(Order::Forwards, one * 2).unwrap();
    let tight = DeviceNetwork::new(tight, small()).unwrap();
    assert_eq!(tight.run(Input::Floats(&images), (20, 30)).unwrap(), expected);
    let none = machine_with_memory(Order::Forwards, one - 1).unwrap();
    let none = DeviceNetwork::new(none, small()).unwrap();
    let error = none.run(Input::Floats(&images), (20, 30)).unwrap_err();
    assert!(matches!(error, DeviceRunError::Machine(_)), "{error}");
    assert!(error.to_string().contains("fewer at once"), "{error}");
}

#[test]
fn images_that_do_not_fit_the_network_are_refused() {
    let Some(machine) = machine(Order::Forwards) else { return };
    let device = DeviceNetwork::new(machine, small()).unwrap();
    for (values, height, width) in [(5, 4, 4), (4 * 4 * 3 + 1, 4, 4), (0, 4, 4), (3, 0, 1), (0, 0, 0)] {
        let error = device.run(Input::Floats(&vec![0.0; values]), (height, width)).unwrap_err();
        assert!(matches!(error, DeviceRunError::Image(_)), "{values} values: {error}");
    }
}

#[test]
fn four_channels_become_pixels() {
    let f = filter([4, 16, 1, 1], 91);
    let build = |order| {
        let (mut net, image) = NetworkBuilder::new();
        let x = reference::first_layer(&mut net, image, 16);
        let x = net.pointwise(x, &f, Activation::Sigmoid, None).unwrap();
        Arc::new(net.finish(x, order).unwrap())
    };
    let images = noise(2 * 8 * 12 * 3, 92);
    let run = |order| {
        let machine = machine(Order::Forwards)?;
        Some(DeviceNetwork::new(machine, build(order)).unwrap().run(Input::Floats(&images), (8, 12)).unwrap())
    };
    let (Some((channels, _)), Some((pixels, shape))) = (run(OutputOrder::ChannelsLast), run(OutputOrder::PixelShuffle))
    else {
        return;
    };
    assert_eq!(shape, [8, 12, 1]);
    for (i, value) in pixels.iter().enumerate() {
        let (image, y, x) = (i / 96, i / 12 % 8, i % 12);
        assert_eq!(*value, channels[((image * 4 + y / 2) * 6 + x / 2) * 4 + y % 2 * 2 + x % 2]);
    }
}

#[test]
fn what_no_kernel_does_is_refused_by_name() {
    let Some(machine) = machine(Order::Forwards) else { return };
    let wide = filter([8, 1, 3, 11], 95);
    let network = network(8, |net, x| net.depthwise(x, &wide, (1, 1), Activation::None, None).unwrap());
    let error = DeviceNetwork::new(machine, Arc::new(network)).err().unwrap().to_string();
    assert!(error.contains("depthwise"), "{error}");
}
