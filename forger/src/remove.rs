//! Characters taken away: filled from around, painted over, or covered with blank paper.

use image::RgbImage;

use crate::Area;
use crate::canvas::{brightness, cut, lay, paper};
use crate::dice::Dice;

/// Rounds of evening out: enough for the size of a few characters.
const ROUNDS: usize = 120;
/// Places that are tried for blank paper.
const TRIES: usize = 20;
/// Paper is blank whose darkest pixel is at least so bright, as a part of its brightest.
const BLANK: f32 = 0.75;

/// Takes away what stands in `place`.
pub(crate) fn remove(image: &mut RgbImage, place: Area, dice: &mut Dice) -> Option<Area> {
    if place.width() < 3 || place.height() < 3 {
        return None;
    }
    match dice.between(0, 3) {
        0 => paint(image, place, 0.0, dice),
        1 => {
            let Some(blank) = blank_near(image, place, dice) else {
                paint(image, place, 1.0, dice);
                return Some(place);
            };
            let (under, own) = (paper(image, place), paper(&blank, whole(&blank)));
            for (x, y) in place.pixels() {
                let from = blank.get_pixel(x - place.left, y - place.top).0;
                let colour = [0, 1, 2].map(|channel| f32::from(from[channel]) + under[channel] - own[channel]);
                lay(image, x, y, colour, 1.0);
            }
        }
        _ => fill(image, place, dice),
    }
    Some(place)
}

fn whole(image: &RgbImage) -> Area {
    Area { left: 0, top: 0, right: image.width(), bottom: image.height() }
}

/// Paints over in the colour of the paper, with so many grey levels of grain.
fn paint(image: &mut RgbImage, place: Area, grain: f32, dice: &mut Dice) {
    let colour = paper(image, place);
    for (x, y) in place.pixels() {
        let shade = grain * dice.bell();
        lay(image, x, y, colour.map(|value| value + shade), 1.0);
    }
}

/// Blank paper of the same size near by.
fn blank_near(image: &RgbImage, place: Area, dice: &mut Dice) -> Option<RgbImage> {
    let (width, height) = (place.width(), place.height());
    let (across, down) = (image.width().checked_sub(width)?, image.height().checked_sub(height)?);
    (0..TRIES).find_map(|_| {
        let mut near =
            |at: u32, reach: f32, most: u32| (at as f32 + dice.range(-reach, reach)).clamp(0.0, most as f32) as u32;
        let (left, top) = (near(place.left, 200.0, across), near(place.top, 60.0, down));
        let patch = cut(image, Area { left, top, right: left + width, bottom: top + height });
        let darkest = patch.pixels().map(|pixel| brightness(*pixel)).min()? as f32;
        let brightest = patch.pixels().map(|pixel| brightness(*pixel)).max()? as f32;
        (darkest >= BLANK * brightest).then_some(patch)
    })
}

/// Fills from around: every pixel becomes the mean of its neighbours, over and over, until the edges have run together;
/// then the grain of the paper comes back.
fn fill(image: &mut RgbImage, place: Area, dice: &mut Dice) {
    let around = place.grown(1).within(image);
    let start = paper(image, place);
    let grain = grain(image, place);
    for (channel, start) in start.into_iter().enumerate() {
        let values = even(image, place, around, channel, start);
        for ((x, y), value) in around.pixels().zip(values) {
            let pixel = Area { left: x, top: y, right: x + 1, bottom: y + 1 };
            if place.meets(&pixel) {
                image.get_pixel_mut(x, y).0[channel] = (value + grain * dice.bell()).round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}

/// One channel of `around` after `place` was evened out; it begins with the level `start`.
fn even(image: &RgbImage, place: Area, around: Area, channel: usize, start: f32) -> Vec<f32> {
    let (width, height) = (around.width() as usize, around.height() as usize);
    let inside: Vec<bool> =
        around.pixels().map(|(x, y)| place.meets(&Area { left: x, top: y, right: x + 1, bottom: y + 1 })).collect();
    let level = |((x, y), inside): ((u32, u32), &bool)| {
        let known = f32::from(image.get_pixel(x, y).0[channel]);
        // Ink at the edge would run into the place.
        if *inside || known < 0.7 * start { start } else { known }
    };
    let mut values: Vec<f32> = around.pixels().zip(&inside).map(level).collect();
    let count = values.len();
    for i in (0..ROUNDS).flat_map(|_| 0..count) {
        if inside[i] {
            let (x, y) = (i % width, i / width);
            let at = |x: usize, y: usize| values[y.min(height - 1) * width + x.min(width - 1)];
            values[i] = (at(x.saturating_sub(1), y) + at(x + 1, y) + at(x, y.saturating_sub(1)) + at(x, y + 1)) / 4.0;
        }
    }
    values
}

/// How much the brightness of the paper around `place` varies from pixel to pixel, in grey levels.
fn grain(image: &RgbImage, place: Area) -> f32 {
    let patch = cut(image, place.grown(6));
    let light = paper(image, place)[1] * 0.9;
    let pairs = patch.rows().flat_map(|row| {
        let row: Vec<f32> = row.map(|pixel| f32::from(pixel.0[1])).collect();
        row.windows(2).filter(|pair| pair.iter().all(|v| *v > light)).map(|p| (p[0] - p[1]).abs()).collect::<Vec<_>>()
    });
    let (sum, count) = pairs.fold((0.0, 0), |(sum, count), off| (sum + off, count + 1));
    (sum / count.max(1) as f32).min(6.0)
}
