//! The op suite on every backend of this processor.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod reference;
mod suite;

use slipstream_kernels::{Activation, NetworkBuilder, OutputOrder, Padding, Parallelism};

use reference::{compare, filter, first_layer};

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
