//! The CUDA kernels at both ends of a network, on the processor: pages and lines to images, results to what travels.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

mod emulation;
mod reference;

use std::sync::Arc;

use emulation::{Order, machine};
use reference::{first_layer, noise};
use slipstream_kernels::device::{DeviceNetwork, Guess, Input, LinePlace, MapQuad, PagePixels, Run};
use slipstream_kernels::{Activation, Filter, NetworkBuilder, OutputOrder, Padding};

/// A network that gives back its image: two pixels of three channels become one of six.
fn mirror(order: Order) -> Option<DeviceNetwork> {
    let mut weights = vec![0.0; 6 * 3 * 2];
    for output in 0..6 {
        weights[(output * 3 + output % 3) * 2 + output / 3] = 1.0;
    }
    let pairs = Filter { weights, bias: vec![0.0; 6], shape: [6, 3, 1, 2], ..Filter::default() };
    let (mut net, image) = NetworkBuilder::new();
    let x = net.conv(&[image], &pairs, (1, 2), Padding::Symmetric(0, 0), Activation::None, None).unwrap();
    let network = net.finish(x, OutputOrder::ChannelsLast).unwrap();
    Some(DeviceNetwork::new(machine(order)?, Arc::new(network)).unwrap())
}

/// Bytes without a pattern.
fn page(height: usize, width: usize, seed: u64) -> Vec<u8> {
    let mut next = noise(seed);
    (0..height * width * 3).map(|_| (next() * 127.0 + 128.0) as u8).collect()
}

/// A channel of the page between four pixels' centres, its border going on outside.
fn between(rgb: &[u8], (height, width): (usize, usize), (y, x): (f64, f64), channel: usize) -> f64 {
    let place = |at: f64, size: usize| {
        let at = at.clamp(0.0, (size - 1) as f64);
        (at as usize, (at as usize + 1).min(size - 1), at.fract())
    };
    let ((top, below, fy), (left, right, fx)) = (place(y, height), place(x, width));
    let at = |y: usize, x: usize| f64::from(rgb[(y * width + x) * 3 + channel]);
    let upper = at(top, left) * (1.0 - fx) + at(top, right) * fx;
    let lower = at(below, left) * (1.0 - fx) + at(below, right) * fx;
    upper * (1.0 - fy) + lower * fy
}

#[test]
fn pages_are_reduced_scaled_reversed_and_normalised() {
    let (scale, shift) = ([0.01_f32, 0.02, 0.015], [-1.0_f32, -2.0, 0.5]);
    let (rows, columns) = (24, 32);
    // Enlarged, about the same, and reduced twice and three times first.
    let sizes = [(11, 20), (29, 40), (51, 70), (80, 130)];
    let bytes: Vec<_> = sizes.iter().enumerate().map(|(i, (h, w))| page(*h, *w, i as u64)).collect();
    let pages: Vec<_> =
        sizes.iter().zip(&bytes).map(|(&(height, width), rgb)| PagePixels { rgb, height, width }).collect();
    for order in [Order::Forwards, Order::Backwards] {
        let Some(device) = mirror(order) else { return };
        let (got, shape) = device.run(Input::Pages { pages: &pages, scale, shift }, (rows, columns)).unwrap();
        assert_eq!(shape, [rows, columns / 2, 6]);
        for (image, page) in got.chunks_exact(rows * columns * 3).zip(&pages) {
            let factor = (page.width / columns).min(page.height / rows).max(1);
            let (height, width) = (page.height / factor, page.width / factor);
            let n = (factor * factor) as u32;
            let reduced: Vec<u8> = (0..height * width * 3)
                .map(|i| {
                    let (y, x, c) = (i / 3 / width * factor, i / 3 % width * factor, i % 3);
                    let one = |k: usize| page.rgb[((y + k / factor) * page.width + x + k % factor) * 3 + c];
                    (((0..factor * factor).map(|k| u32::from(one(k))).sum::<u32>() + n / 2) / n) as u8
                })
                .collect();
            for (i, value) in image.iter().enumerate() {
                let (y, x, c) = (i / 3 / columns, i / 3 % columns, i % 3);
                let along = |i: usize, from: usize, to: usize| (i as f64 + 0.5) * from as f64 / to as f64 - 0.5;
                let place = (along(y, height, rows), along(x, width, columns));
                let expected =
                    between(&reduced, (height, width), place, 2 - c) * f64::from(scale[c]) + f64::from(shift[c]);
                assert!((f64::from(*value) - expected).abs() < 5e-3, "{factor}: {value} is not {expected}");
            }
        }
    }
}

#[test]
fn lines_of_several_pages_are_cut_upright_and_padded() {
    let bytes = [page(60, 90, 5), page(140, 200, 6)];
    let pages =
        [PagePixels { rgb: &bytes[0], height: 60, width: 90 }, PagePixels { rgb: &bytes[1], height: 140, width: 200 }];
    let line = |page, corners, columns, samples| LinePlace { page, corners, columns, samples };
    let lines = [
        line(0, [[10.0, 20.0], [70.0, 22.0], [70.0, 41.0], [9.5, 40.0]], 32, 1),
        // Upwards, and from a page with more pixels than the crop.
        line(1, [[20.0, 120.0], [20.5, 10.0], [60.0, 9.0], [61.0, 118.0]], 24, 2),
        // Beyond the page's edge.
        line(1, [[-30.0, -8.0], [250.0, 5.0], [240.0, 30.0], [-35.0, 20.0]], 40, 3),
    ];
    let (rows, columns) = (16, 40);
    for order in [Order::Forwards, Order::Backwards] {
        let Some(device) = mirror(order) else { return };
        let (got, _) = device.run(Input::Lines { pages: &pages, lines: &lines }, (rows, columns)).unwrap();
        for (image, line) in got.chunks_exact(rows * columns * 3).zip(&lines) {
            let page = pages[line.page];
            let lerp = |a: [f32; 2], b: [f32; 2], t: f64| {
                [0, 1].map(|i| f64::from(a[i]) + (f64::from(b[i]) - f64::from(a[i])) * t)
            };
            let samples = line.samples;
            let mut off = 0;
            for (i, value) in image.iter().enumerate() {
                let (y, x, c) = (i / 3 / columns, i / 3 % columns, i % 3);
                if x >= line.columns {
                    assert_eq!(*value, 0.0, "padding");
                    continue;
                }
                let mut sum = 0.0;
                for sub in 0..samples * samples {
                    let part = |at: usize, sub: usize, of: usize| {
                        (at as f64 + (sub as f64 + 0.5) / samples as f64) / of as f64
                    };
                    let v = part(y, sub / samples, rows);
                    let u = part(x, sub % samples, line.columns);
                    let [a, b, c2, d] = line.corners;
                    let (left, right) = (lerp(a, d, v), lerp(b, c2, v));
                    let at = [0, 1].map(|i| left[i] + (right[i] - left[i]) * u - 0.5);
                    sum += between(page.rgb, (page.height, page.width), (at[1], at[0]), 2 - c);
                }
                let mean = sum / (samples * samples) as f64;
                let apart = (f64::from(*value) - (mean / 127.5 - 1.0)).abs();
                // Half a level of a byte, the rounding of places to floats, and f16.
                assert!(apart < 6e-3, "{value} is not {}", mean / 127.5 - 1.0);
                off += usize::from(apart > 4.6e-3);
            }
            assert!(off * 50 < image.len(), "bytes are rounded to the nearest: {off} of {}", image.len());
        }
    }
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let Some(device) = mirror(Order::Forwards) else { return };
    let bytes = page(4, 4, 1);
    let page = |height, width| PagePixels { rgb: &bytes, height, width };
    let corners = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]];
    let line = |page, columns, samples| [LinePlace { page, corners, columns, samples }];
    let pages = [page(4, 4)];
    let lines = [line(1, 8, 1), line(0, 9, 1), line(0, 8, 0)];
    let (scale, shift) = ([1.0; 3], [0.0; 3]);
    let mut inputs: Vec<Input<'_>> = lines.iter().map(|lines| Input::Lines { pages: &pages, lines }).collect();
    let wrong = [[page(4, 5)], [page(0, 4)], [page(usize::MAX, 2)]];
    inputs.extend(wrong.iter().map(|pages| Input::Pages { pages, scale, shift }));
    inputs.push(Input::Pages { pages: &[], scale, shift });
    inputs.push(Input::Lines { pages: &pages, lines: &[] });
    for input in inputs {
        assert!(device.run(input, (8, 8)).is_err(), "{input:?}");
    }
}

#[test]
fn the_best_classes_of_every_step_come_back_in_order() {
    for classes in [5, 40, 301] {
        let f = reference::filter([classes, 16, 1, 1], classes as u64);
        // Far apart, so that rounding to f16 keeps them apart.
        let f = Filter { weights: f.weights.iter().map(|w| w * 6.0).collect(), ..f };
        let (mut net, image) = NetworkBuilder::new();
        let x = first_layer(&mut net, image, 16);
        let x = net.average_pool(x, (4, 1));
        let x = net.pointwise(x, &f, Activation::None, None).unwrap();
        let x = net.softmax(x);
        let network = Arc::new(net.finish(x, OutputOrder::ChannelsLast).unwrap());
        let mut next = noise(3);
        let images: Vec<f32> = (0..2 * 8 * 22 * 3).map(|_| next()).collect();
        for order in [Order::Forwards, Order::Backwards] {
            let Some(machine) = machine(order) else { return };
            let device = DeviceNetwork::new(machine, Arc::clone(&network)).unwrap();
            let (all, _) = device.run(Input::Floats(&images), (8, 22)).unwrap();
            let best = device.classes(Input::Floats(&images), (8, 22)).unwrap();
            assert_eq!(best.len(), 2 * 11);
            for (step, guesses) in all.chunks_exact(classes).zip(&best) {
                let mut expected: Vec<_> = step.iter().copied().enumerate().collect();
                expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(b.0.cmp(&a.0)));
                let expected = expected.into_iter().map(|(c, p)| Guess { probability: p, class: Some(c) });
                let none = std::iter::repeat(Guess::default());
                assert_eq!(guesses.to_vec(), expected.chain(none).take(guesses.len()).collect::<Vec<_>>());
            }
        }
    }
}

/// A detector in miniature: a map of probability twice as large as its features.
fn detector(order: Order) -> Option<DeviceNetwork> {
    let f = reference::filter([4, 16, 1, 1], 44);
    let f = Filter { weights: f.weights.iter().map(|w| w * 8.0).collect(), ..f };
    let (mut net, image) = NetworkBuilder::new();
    let x = first_layer(&mut net, image, 16);
    let x = net.pointwise(x, &f, Activation::Sigmoid, None).unwrap();
    let network = net.finish(x, OutputOrder::PixelShuffle).unwrap();
    Some(DeviceNetwork::new(machine(order)?, Arc::new(network)).unwrap())
}

#[test]
fn runs_of_text_and_means_inside_of_quads_are_those_of_the_map() {
    // More columns than a warp, and exactly as many as two.
    for (rows, columns) in [(20, 70), (6, 64)] {
        let mut next = noise(9);
        let images: Vec<f32> = (0..2 * rows * columns * 3).map(|_| next()).collect();
        for order in [Order::Forwards, Order::Backwards] {
            let Some(device) = detector(order) else { return };
            let (maps, _) = device.run(Input::Floats(&images), (rows, columns)).unwrap();
            let mut expected = Vec::new();
            for (i, row) in maps.chunks_exact(columns).enumerate() {
                let text = |c: usize| c < columns && row[c] > 0.5;
                for start in (0..columns).filter(|c| text(*c) && (*c == 0 || !text(c - 1))) {
                    let end = (start..=columns).find(|c| !text(*c)).unwrap();
                    expected.push(Run { image: i / rows, row: i % rows, start, end });
                }
            }
            assert!(expected.len() > rows, "too little text to tell");
            let corners = [
                [[2.0, 1.0], [30.0, 1.0], [30.0, 5.0], [2.0, 5.0]],
                [[10.0, 0.5], [40.0, 3.0], [39.0, 5.5], [9.0, 3.5]],
                [[-5.0, -3.0], [90.0, -3.0], [90.0, 40.0], [-5.0, 40.0]],
                [[3.1, 2.6], [3.4, 2.6], [3.4, 2.9], [3.1, 2.9]],
            ];
            let quads: Vec<_> = (0..2).flat_map(|image| corners.map(|corners| MapQuad { image, corners })).collect();
            let found = device.quads(Input::Floats(&images), (rows, columns), 0.5, |runs| {
                assert_eq!(runs, expected);
                quads.clone()
            });
            for (quad, mean) in found.unwrap() {
                let map = &maps[quad.image * rows * columns..(quad.image + 1) * rows * columns];
                let expected = mean_inside(map, (rows, columns), &quad.corners);
                assert!((f64::from(mean) - expected).abs() < 1e-4, "{quad:?}: {mean} is not {expected}");
            }
        }
    }
}

/// The mean over pixels whose centres lie inside, by the side of every edge on which they are.
fn mean_inside(map: &[f32], (rows, columns): (usize, usize), corners: &[[f32; 2]; 4]) -> f64 {
    let inside = |y: f64, x: f64| {
        (0..4).all(|i| {
            let [[ax, ay], [bx, by]] = [corners[i], corners[(i + 1) % 4]].map(|p| p.map(f64::from));
            (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0.0
        })
    };
    let pixels = (0..rows * columns).filter(|i| inside((i / columns) as f64 + 0.5, (i % columns) as f64 + 0.5));
    let values: Vec<f64> = pixels.map(|i| f64::from(map[i])).collect();
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

#[test]
fn more_runs_than_there_is_room_for_are_found_all_the_same() {
    // A comb: every other column is text.
    let first = Filter { weights: vec![0.0; 4 * 3 * 9], bias: vec![1.0; 4], shape: [4, 3, 3, 3], ..Filter::default() };
    let comb =
        Filter { weights: vec![0.0; 16], bias: vec![9.0, -9.0, 9.0, -9.0], shape: [4, 4, 1, 1], ..first.clone() };
    let (mut net, image) = NetworkBuilder::new();
    let x = net.conv(&[image], &first, (2, 2), Padding::Symmetric(1, 1), Activation::None, None).unwrap();
    let x = net.pointwise(x, &comb, Activation::Sigmoid, None).unwrap();
    let network = Arc::new(net.finish(x, OutputOrder::PixelShuffle).unwrap());
    let Some(machine) = machine(Order::Forwards) else { return };
    let device = DeviceNetwork::new(machine, network).unwrap();
    for (rows, columns) in [(64, 128), (200, 256)] {
        let image = vec![0.0; rows * columns * 3];
        let mut found = Vec::new();
        device
            .quads(Input::Floats(&image), (rows, columns), 0.5, |runs| {
                found = runs.to_vec();
                Vec::new()
            })
            .unwrap();
        assert_eq!(found.len(), rows * columns / 2);
        assert_eq!(found[1], Run { image: 0, row: 0, start: 2, end: 3 });
    }
}
