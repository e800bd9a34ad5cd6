//! Every operation of the kernels alone, on every backend of this processor, on
//! one thread: sizes as the middle of the shipped networks has them.
//!
//! `cargo bench -p slipstream-benches --bench ops -- attention`

#![allow(missing_docs)]

use std::error::Error;
use std::time::Duration;

use criterion::Criterion;
use slipstream_kernels::{
    Activation, Backend, BuildError, Filter, NetworkBuilder, OutputOrder, Padding, Parallelism, Quantisation, Value,
};

/// Rows and columns of the image; operations see half of both.
const IMAGE: (usize, usize) = (24, 320);

/// Filters whose values do not matter, and which may be multiplied in any type.
fn filter(shape: [usize; 4]) -> Filter {
    let weights = (0..shape.iter().product()).map(|i: usize| ((i * 7919) % 1009) as f32 / 5045.0 - 0.1).collect();
    let input = Some(Quantisation { steps: vec![0.02; shape[1]], zero: 64, means: Vec::new() });
    Filter { name: "filter".to_owned(), weights, bias: vec![0.1; shape[0]], shape, input }
}

type Build = fn(&mut NetworkBuilder, Value) -> Result<Value, BuildError>;

/// Name, channels of the input, and the operation.
const OPERATIONS: [(&str, usize, Build); 17] = [
    ("pointwise 96 to 192, gelu", 96, |n, x| n.pointwise(x, &filter([192, 96, 1, 1]), Activation::Gelu, None)),
    ("pointwise 192 to 96, residual", 192, |n, x| n.pointwise(x, &filter([192, 192, 1, 1]), Activation::None, Some(x))),
    ("dense 3×3 48 to 48", 48, |n, x| {
        n.conv(&[x], &filter([48, 48, 3, 3]), (1, 1), Padding::Symmetric(1, 1), Activation::Relu, None)
    }),
    ("dense 3×3 48 to 24", 48, |n, x| {
        n.conv(&[x], &filter([24, 48, 3, 3]), (1, 1), Padding::Symmetric(1, 1), Activation::Relu, None)
    }),
    ("dense 3×3 24 and 24 enlarged to 24", 24, |n, x| {
        let coarse = n.average_pool(x, (4, 4));
        let inputs = [n.upsample(coarse, 4), x];
        n.conv(&inputs, &filter([24, 48, 3, 3]), (1, 1), Padding::Symmetric(1, 1), Activation::Relu, None)
    }),
    ("transposed 2×2 24 to 24", 24, |n, x| n.conv_transpose(x, &filter([24, 24, 2, 2]), Activation::Relu)),
    ("depthwise 3×3 96", 96, |n, x| n.depthwise(x, &filter([96, 1, 3, 3]), (1, 1), Activation::None, None)),
    ("depthwise 5×5 96", 96, |n, x| n.depthwise(x, &filter([96, 1, 5, 5]), (1, 1), Activation::HardSwish, None)),
    ("max pool 96", 96, |n, x| Ok(n.max_pool_same(x))),
    ("average pool 3×2 96", 96, |n, x| Ok(n.average_pool(x, (3, 2)))),
    ("upsample by 2 96", 96, |n, x| Ok(n.upsample(x, 2))),
    ("add 96", 96, |n, x| n.add(x, x)),
    ("squeeze and excite 96", 96, |n, x| {
        n.squeeze_excite(x, filter([24, 96, 1, 1]), filter([96, 24, 1, 1]), 0.2, true)
    }),
    ("layer norm 160", 160, |n, x| n.layer_norm(x, &[1.0; 160], &[0.0; 160], 1e-5)),
    ("self-attention 160, 10 heads", 160, |n, x| {
        let row = n.average_pool(x, (12, 1));
        n.self_attention(row, &filter([480, 160, 1, 1]), &filter([160, 160, 1, 1]), 10, None)
    }),
    ("softmax 305", 305, |n, x| Ok(n.softmax(x))),
    ("silu of pointwise 160 to 320", 160, |n, x| n.pointwise(x, &filter([320, 160, 1, 1]), Activation::Silu, None)),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args().sample_size(20);
    let image: Vec<f32> = (0..IMAGE.0 * IMAGE.1 * 3).map(|i| ((i * 7919) % 1009) as f32 / 504.5 - 1.0).collect();
    for (name, channels, build) in OPERATIONS {
        for backend in Backend::available() {
            let (mut net, photo) = NetworkBuilder::new();
            let first = filter([channels, 3, 3, 3]);
            let first = Filter { input: None, ..first };
            let x = net.conv(&[photo], &first, (2, 2), Padding::Symmetric(1, 1), Activation::None, None)?;
            let output = build(&mut net, x)?;
            let network = net.finish(output, OutputOrder::ChannelsLast)?.with_backend(backend);
            // Behind the first layer, which only makes the input.
            let seconds = || -> Result<f64, Box<dyn Error>> {
                let layers = network.profile(&image, IMAGE, Parallelism::Serial, 1)?;
                Ok(layers.iter().skip(1).map(|layer| layer.seconds).sum())
            };
            seconds()?;
            criterion.bench_function(&format!("{name}/{}", backend.name()), |b| {
                b.iter_custom(|runs| Duration::from_secs_f64((0..runs).filter_map(|_| seconds().ok()).sum()));
            });
        }
    }
    criterion.final_summary();
    Ok(())
}
