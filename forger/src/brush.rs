//! Strokes over characters: one that makes another digit of it, or one that hides it.

use image::RgbImage;

use crate::Area;
use crate::canvas::{ink, lay, paper};
use crate::dice::Dice;
use crate::digits::distance;

/// Paints one or two strokes in `place`.
pub(crate) fn brush(image: &mut RgbImage, place: Area, dice: &mut Dice) -> Option<Area> {
    let (width, height) = (place.width() as f32, place.height() as f32);
    if width < 3.0 || height < 6.0 {
        return None;
    }
    let hides = dice.happens(0.25);
    let colour = match (hides, dice.happens(0.3)) {
        (true, _) => paper(image, place),
        (false, true) => [0.0; 3],
        (false, false) => ink(image, place),
    };
    let half = if hides { height / 4.0 } else { (height * dice.range(0.04, 0.08)).max(0.8) };
    let soft = if dice.happens(0.3) { 0.01 } else { 1.0 };
    let lines: Vec<Vec<(f32, f32)>> = (0..dice.between(1, 2))
        .map(|_| {
            let mut corner = || {
                let (x, y) = (dice.range(0.1, 0.9), dice.range(0.1, 0.9));
                (place.left as f32 + x * width, place.top as f32 + y * height)
            };
            let (a, b, c) = (corner(), corner(), corner());
            // A parabola from the first to the last, drawn towards the middle one.
            let at = |t: f32, a: f32, b: f32, c: f32| (1.0 - t) * (1.0 - t) * a + 2.0 * t * (1.0 - t) * b + t * t * c;
            (0..=10).map(|i| i as f32 / 10.0).map(|t| (at(t, a.0, b.0, c.0), at(t, a.1, b.1, c.1))).collect()
        })
        .collect();
    let mut touched: Option<Area> = None;
    for (x, y) in place.grown(half.ceil() as u32 + 1).within(image).pixels() {
        let cover = 0.5 + (half - distance(&lines, (x as f32 + 0.5, y as f32 + 0.5))) / soft;
        if cover > 0.0 {
            lay(image, x, y, colour, cover.min(1.0));
            let pixel = Area { left: x, top: y, right: x + 1, bottom: y + 1 };
            touched = Some(touched.map_or(pixel, |area| area.with(&pixel)));
        }
    }
    touched
}
