//! Digits drawn anew where others stood, in the ink of those.

use image::RgbImage;

use crate::Area;
use crate::canvas::{ink, lay};
use crate::dice::Dice;
use crate::digits::{distance, strokes};
use crate::remove::remove;

/// Draws `count` digits in `place`.
pub(crate) fn retype(image: &mut RgbImage, place: Area, count: usize, dice: &mut Dice) -> Option<Area> {
    if place.width() < 4 || place.height() < 8 {
        return None;
    }
    let black = dice.happens(0.25);
    let colour = ink(image, place).map(|value| if black { 0.0 } else { (value + dice.range(-10.0, 10.0)).max(0.0) });
    let cleared = remove(image, place, dice)?;
    let margin = 2.0_f32.min(place.height() as f32 / 8.0);
    let tall = place.height() as f32 - 2.0 * margin;
    let pitch = place.width() as f32 / count.max(1) as f32;
    let wide = (0.75 * pitch).min(0.62 * tall).max(2.0);
    // Half the width of a stroke, and over how many pixels its edge fades.
    let (half, soft) = (tall * dice.range(0.05, 0.09), dice.range(0.5, 1.2));
    for i in 0..count.max(1) {
        let lines = strokes(dice.between(0, 9));
        let left = place.left as f32 + pitch * (i as f32 + 0.5) - wide / 2.0;
        let top = place.top as f32 + margin;
        let scaled: Vec<Vec<(f32, f32)>> = lines
            .into_iter()
            .map(|line| {
                line.into_iter().map(|(x, y)| (left + x * wide, top + half + y * (tall - 2.0 * half))).collect()
            })
            .collect();
        let reach = (half + soft).ceil();
        let columns = (left - reach).max(0.0) as u32..(left + wide + reach).max(0.0) as u32;
        for (x, y) in columns.flat_map(|x| (place.top..place.bottom).map(move |y| (x, y))) {
            let cover = 0.5 + (half - distance(&scaled, (x as f32 + 0.5, y as f32 + 0.5))) / soft;
            if cover > 0.0 && (place.left..place.right).contains(&x) {
                lay(image, x, y, colour, cover.min(1.0));
            }
        }
    }
    Some(cleared)
}
