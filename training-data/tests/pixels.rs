//! Rendered pixels agree with the truth.
#![allow(clippy::unwrap_used)]

use image::RgbImage;
use slipstream_training_data::manifest::Mix;
use slipstream_training_data::{RenderOptions, Rendered, render, samples};

/// The darkest grey among the pixels of a rectangle.
fn darkest(image: &RgbImage, bounds: [f32; 4]) -> u8 {
    let [left, top, right, bottom] = bounds.map(|v| v.max(0.0) as u32);
    let pixels = (top..bottom.min(image.height())).flat_map(|y| (left..right.min(image.width())).map(move |x| (x, y)));
    pixels.map(|(x, y)| image.get_pixel(x, y)[0]).min().unwrap_or(255)
}

fn every_line_has_ink(rendered: &Rendered, options: &RenderOptions) {
    let Rendered { image, truth } = rendered;
    assert_eq!((image.width(), image.height()), (truth.page.width, truth.page.height));
    for line in &truth.lines {
        // A quarter of the contrast is left of the palest print.
        let limit = options.paper - (options.paper - options.ink) / 5;
        let found = darkest(image, line.bounds);
        assert!(found <= limit, "{}: {:?} is blank: {found} > {limit}", truth.id, line.text);
    }
}

#[test]
fn every_box_holds_ink_and_nothing_else_does() {
    for index in 0..12 {
        let receipt = Mix::default().receipt(11, index);
        let options = RenderOptions::clean();
        let mut rendered = render(&receipt, &options);
        every_line_has_ink(&rendered, &options);
        // Whiten all boxes and drawn rules: no ink may be left.
        for line in &rendered.truth.lines {
            wipe(&mut rendered.image, line.bounds);
        }
        for rule in &receipt.sheet.rules {
            wipe(&mut rendered.image, [rule[0] - 1.0, rule[1] - 1.0, rule[2] + 1.0, rule[3] + 1.0]);
        }
        let all = [0.0, 0.0, rendered.image.width() as f32, rendered.image.height() as f32];
        assert!(darkest(&rendered.image, all) > 200, "{} has ink outside of its boxes", rendered.truth.id);
    }
}

#[test]
fn boxes_of_rules_are_as_high_as_a_small_letter() {
    let is_rule = |text: &str| text.chars().count() > 8 && text.chars().all(|c| "-.=*_".contains(c));
    let mut rules = String::new();
    for index in 0..60 {
        let receipt = Mix::default().receipt(13, index);
        let lines = &render(&receipt, &RenderOptions::clean()).truth.lines;
        for line in lines.iter().filter(|l| is_rule(&l.text)) {
            let [left, top, right, bottom] = line.bounds;
            let each = (right - left) / line.text.chars().count() as f32;
            assert!(bottom - top > 0.5 * each, "{}: {:?} is {} high", receipt.truth.id, line.text, bottom - top);
            rules.push_str(&line.text);
        }
    }
    // The face has no gaps between underscores, which are drawn as rules without a text.
    assert!(rules.contains('-') && rules.contains('.') && !rules.contains('_'), "{rules:?}");
}

fn wipe(image: &mut RgbImage, bounds: [f32; 4]) {
    let [left, top, right, bottom] = bounds;
    for y in top.floor() as u32..(bottom.ceil() as u32).min(image.height()) {
        for x in left.floor() as u32..(right.ceil() as u32).min(image.width()) {
            image.put_pixel(x, y, image::Rgb([255; 3]));
        }
    }
}

#[test]
fn boxes_follow_turned_and_worn_paper() {
    for index in 0..12 {
        let receipt = Mix::default().receipt(12, index);
        let options = RenderOptions { noise: 0.0, ..RenderOptions::draw(12, index) };
        let rendered = render(&receipt, &options);
        every_line_has_ink(&rendered, &options);
        let turned = options.angle != 0.0;
        assert!(rendered.truth.lines.iter().all(|l| l.quad.is_some() == turned));
        assert_eq!(rendered.image, render(&receipt, &options).image);
    }
}

#[test]
fn samples_speak_six_languages() {
    let found = samples();
    let mut languages: Vec<_> = found.iter().map(|s| s.truth.language.clone()).collect();
    languages.sort();
    languages.dedup();
    assert_eq!(languages.len(), 6);
    for sample in &found {
        assert!(sample.truth.fields.total.is_some() && sample.truth.items.len() > 1, "{}", sample.truth.id);
    }
    assert_eq!(found[0].image, samples()[0].image);
}
