//! Convolutions in integers of eight bits: what they compute, and how their steps are found.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod reference;

use slipstream_kernels::{
    Activation, Backend, Filter, NetworkBuilder, OutputOrder, Padding, Parallelism, Quantisation,
};

use reference::{Image, conv, filter, first_layer, noise};

/// What integers make of a convolution of values up to `most`, by the definition
/// of [`Quantisation`]: the same convolution of rounded values and weights.
fn rounded(input: &Image, f: &Filter, steps: &[f32], zero: u8) -> (Image, Filter) {
    let image = Image::filled(input.height, input.width, input.channels, |y, x, c| {
        let (step, zero) = (f64::from(steps[c]), f64::from(zero));
        let q = (input.at(y as isize, x as isize, c) / step + zero).round().clamp(0.0, 255.0);
        (q - zero) * step
    });
    let [_, inputs, kh, kw] = f.shape;
    let per_output = inputs * kh * kw;
    let step_of = |i: usize| steps[i % per_output / (kh * kw)];
    let mut weights = Vec::new();
    for (o, row) in f.weights.chunks_exact(per_output).enumerate() {
        let scaled = |(i, w): (usize, &f32)| w * step_of(o * per_output + i);
        let largest = row.iter().enumerate().map(scaled).fold(0.0_f32, |m, w| m.max(w.abs()));
        let scale = largest / 127.0;
        weights.extend(row.iter().enumerate().map(|(i, w)| {
            let step = step_of(o * per_output + i);
            (w * step / scale).round() * scale / step
        }));
    }
    (image, Filter { weights, ..f.clone() })
}

#[test]
fn integer_convolutions_are_those_of_rounded_values_and_weights() {
    let Some(backend) = Backend::available().into_iter().find(|b| *b == Backend::Avx512Vnni) else { return };
    for (channels, kernel, stride, zero) in
        [(5, 1, 1, 0), (33, 1, 1, 9), (18, 3, 2, 128), (64, 3, 1, 3), (7, 5, 2, 255)]
    {
        let mut next = noise(21);
        let size = (17, 61);
        let photo: Vec<f32> = (0..size.0 * size.1 * 3).map(|_| next()).collect();
        // Far below what the values reach, so that some are cut off at both ends.
        let steps: Vec<f32> = (0..channels).map(|_| 0.004 + 0.002 * next().abs()).collect();
        let pad = kernel / 2;
        let f = Filter {
            input: Some(Quantisation { steps: steps.clone(), zero, means: Vec::new() }),
            ..filter([37, channels, kernel, kernel], 22)
        };
        let run = |second: Option<&Filter>| {
            let (mut net, image) = NetworkBuilder::new();
            let first = filter([channels, 3, 3, 3], channels as u64);
            let mut x = net.conv(&[image], &first, (2, 2), Padding::Symmetric(1, 1), Activation::None, None).unwrap();
            if let Some(second) = second {
                let padding = Padding::Symmetric(pad, pad);
                x = net.conv(&[x], second, (stride, stride), padding, Activation::None, None).unwrap();
            }
            let network = net.finish(x, OutputOrder::ChannelsLast).unwrap().with_backend(backend);
            network.run(&photo, size, Parallelism::Serial).unwrap()
        };
        let (values, [height, width, _]) = run(None);
        let input = Image { height, width, channels, values: values.iter().map(|v| f64::from(*v)).collect() };
        let (image, weights) = rounded(&input, &f, &steps, zero);
        let (got, [height, width, _]) = run(Some(&f));
        let expected = conv(&image, &weights, (stride, stride), (pad, pad), (height, width));
        // A value or weight that stands between two integers may go either way.
        let bound = 2e-2;
        let apart = got.iter().zip(&expected.values).map(|(a, b)| (f64::from(*a) - b).abs());
        let worst = apart.clone().fold(0.0, f64::max);
        let mean = apart.sum::<f64>() / got.len() as f64;
        assert!(worst < bound && mean < 1e-4, "{channels} {kernel}×{kernel}/{stride}: {worst:e}, on average {mean:e}");
        let exact = conv(&input, &f, (stride, stride), (pad, pad), (height, width));
        let cost = got.iter().zip(&exact.values).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
        assert!(cost > 1e-3, "nothing was rounded");
    }
}

#[test]
fn integers_of_enlarged_and_partial_inputs_agree_on_all_threads() {
    let backends = Backend::available().into_iter().filter(|b| b.multiplies_integers());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for backend in backends {
        // 19 channels twice: neither fills its last block, and the second is half as large.
        let (channels, size) = (19, (24, 80));
        let steps: Vec<f32> = (0..2 * channels).map(|c| 0.006 + 0.0001 * c as f32).collect();
        let f = Filter {
            input: Some(Quantisation { steps: steps.clone(), zero: 2, means: Vec::new() }),
            ..filter([33, 2 * channels, 3, 3], 41)
        };
        let mut next = noise(5);
        let photo: Vec<f32> = (0..size.0 * size.1 * 3).map(|_| next()).collect();
        let run = |dense: bool, parallelism| {
            let (mut net, image) = NetworkBuilder::new();
            let x = first_layer(&mut net, image, channels);
            let half = net.average_pool(x, (2, 2));
            let inputs = [net.upsample(half, 2), x];
            let output = if dense {
                net.conv(&inputs, &f, (1, 1), Padding::Symmetric(1, 1), Activation::None, None).unwrap()
            } else {
                x
            };
            let network = net.finish(output, OutputOrder::ChannelsLast).unwrap().with_backend(backend);
            pool.install(|| network.run(&photo, size, parallelism)).unwrap()
        };
        let (values, [height, width, _]) = run(false, Parallelism::Serial);
        let x = Image { height, width, channels, values: values.iter().map(|v| f64::from(*v)).collect() };
        let both = Image::filled(height, width, 2 * channels, |y, c, i| {
            let (top, left) = ((y / 2 * 2) as isize, (c / 2 * 2) as isize);
            match i.checked_sub(channels) {
                Some(i) => x.at(y as isize, c as isize, i),
                None => (0..4).map(|k| x.at(top + k / 2, left + k % 2, i)).sum::<f64>() / 4.0,
            }
        });
        let (image, weights) = rounded(&both, &f, &steps, 2);
        let expected = conv(&image, &weights, (1, 1), (1, 1), (height, width));
        let serial = run(true, Parallelism::Serial);
        let apart = serial.0.iter().zip(&expected.values).map(|(a, b)| (f64::from(*a) - b).abs());
        let mean = apart.clone().sum::<f64>() / serial.0.len() as f64;
        // Weights that are added up for the enlarged input are rounded afterwards.
        assert!(apart.fold(0.0, f64::max) < 2e-2 && mean < 5e-4, "{backend:?}: {mean:e}");
        assert_eq!(run(true, Parallelism::Pool), serial, "{backend:?}");
    }
}

#[test]
fn transposed_convolutions_in_integers_keep_their_output() {
    let Some(backend) = Backend::available().into_iter().find(|b| b.multiplies_integers()) else { return };
    let run = |backend, input: Option<Quantisation>| {
        let (mut net, image) = NetworkBuilder::new();
        let x = first_layer(&mut net, image, 22);
        let f = filter([22, 7, 2, 2], 8);
        let f = Filter { bias: f.bias[..7].to_vec(), input, ..f };
        let x = net.conv_transpose(x, &f, Activation::None).unwrap();
        let network = net.finish(x, OutputOrder::ChannelsLast).unwrap().with_backend(backend);
        let mut next = noise(6);
        let photo: Vec<f32> = (0..9 * 31 * 3).map(|_| next()).collect();
        network.run(&photo, (9, 31), Parallelism::Serial).unwrap().0
    };
    let exact = run(Backend::Portable, None);
    let rounded = run(backend, Some(Quantisation { steps: vec![0.008; 22], zero: 0, means: Vec::new() }));
    let worst = exact.iter().zip(&rounded).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst > 1e-4 && worst < 2e-2, "{worst}");
}

#[test]
fn steps_that_do_not_fit_are_refused_by_name() {
    for steps in [vec![0.1; 3], vec![0.1, f32::NAN, 0.1, 0.1], vec![0.1, 0.0, 0.1, 0.1]] {
        let (mut net, image) = NetworkBuilder::new();
        let x = first_layer(&mut net, image, 4);
        let input = Some(Quantisation { steps, zero: 0, means: Vec::new() });
        let f = Filter { name: "head".into(), input, ..filter([2, 4, 1, 1], 1) };
        let error = net.pointwise(x, &f, Activation::None, None).unwrap_err();
        assert!(error.to_string().contains("head"), "{error}");
    }
}

#[test]
fn calibration_finds_steps_that_keep_the_output() {
    let (mut net, image) = NetworkBuilder::new();
    let x = first_layer(&mut net, image, 40);
    let f = Filter { name: "dense".into(), ..filter([24, 40, 3, 3], 5) };
    let x = net.conv(&[x], &f, (1, 1), Padding::Symmetric(1, 1), Activation::Gelu, None).unwrap();
    let mut network = net.finish(x, OutputOrder::ChannelsLast).unwrap().with_backend(Backend::Portable);
    let mut next = noise(3);
    let images: Vec<_> = (0..40).map(|_| ((0..24 * 40 * 3).map(|_| next()).collect::<Vec<f32>>(), (24, 40))).collect();
    let found = network.calibrate(images.clone()).unwrap();
    assert_eq!(
        found.iter().map(|f| f.name.as_str()).collect::<Vec<_>>(),
        ["dense"],
        "the image's own layer has no name"
    );
    assert!(found[0].error < 0.02, "{}", found[0].error);
    let Some(backend) = Backend::available().into_iter().find(|b| *b == Backend::Avx512Vnni) else { return };
    let (exact, _) = network.run(&images[0].0, images[0].1, Parallelism::Serial).unwrap();
    network = network.with_backend(backend);
    let floats = network.run(&images[0].0, images[0].1, Parallelism::Serial).unwrap().0;
    let mut run = |quantisation: &Quantisation| {
        network.quantise(|name| (name == "dense").then(|| quantisation.clone()));
        network.run(&images[0].0, images[0].1, Parallelism::Serial).unwrap().0
    };
    let integers = run(&found[0].quantisation);
    let blind = run(&Quantisation { means: Vec::new(), ..found[0].quantisation.clone() });
    let apart = |other: &[f32]| {
        let [difference, power] =
            exact.iter().zip(other).fold([0.0, 0.0], |[d, p], (a, b)| [d + (a - b).powi(2), p + a * a]);
        (difference / power).sqrt()
    };
    assert!(apart(&floats) < 1e-3 && apart(&integers) > 1e-3 && apart(&integers) < 0.02, "{}", apart(&integers));
    assert!(apart(&integers) < apart(&blind), "{} with means, {} without", apart(&integers), apart(&blind));
}

#[test]
fn biases_make_up_for_what_rounding_changes_on_average() {
    let Some(backend) = Backend::available().into_iter().find(|b| *b == Backend::Avx512Vnni) else { return };
    // Steps so coarse that the mean of the rounded input is far from the input's.
    let (steps, zero) = (vec![0.31, 0.27, 0.4], 0);
    let run = |second: Option<Filter>| {
        let (mut net, image) = NetworkBuilder::new();
        let mut x = first_layer(&mut net, image, 3);
        if let Some(second) = second {
            x = net.pointwise(x, &second, Activation::None, None).unwrap();
        }
        let network = net.finish(x, OutputOrder::ChannelsLast).unwrap().with_backend(backend);
        let mut next = noise(7);
        let photo: Vec<f32> = (0..32 * 64 * 3).map(|_| next()).collect();
        network.run(&photo, (32, 64), Parallelism::Serial).unwrap().0
    };
    let values = run(None);
    let rounded = |c: usize, v: f32| (v / steps[c]).round().clamp(0.0, 255.0) * steps[c];
    let mut means = vec![[0.0_f32; 2]; 3];
    for pixel in values.chunks_exact(3) {
        for (c, v) in pixel.iter().enumerate() {
            means[c][0] += v * 3.0 / values.len() as f32;
            means[c][1] += rounded(c, *v) * 3.0 / values.len() as f32;
        }
    }
    let f = filter([5, 3, 1, 1], 9);
    let off = |means: Vec<[f32; 2]>| {
        let input = Some(Quantisation { steps: steps.clone(), zero, means });
        let (exact, got) = (run(Some(f.clone())), run(Some(Filter { input, ..f.clone() })));
        let column = |o: usize| {
            let difference = |i: usize| f64::from(got[i] - exact[i]);
            (o..exact.len()).step_by(5).map(difference).sum::<f64>() / (exact.len() / 5) as f64
        };
        (0..5).map(column).fold(0.0, |most: f64, mean| most.max(mean.abs()))
    };
    let (blind, seeing) = (off(Vec::new()), off(means));
    assert!(blind > 1e-3 && seeing < 1e-5, "{blind} without means, {seeing} with them");
}
