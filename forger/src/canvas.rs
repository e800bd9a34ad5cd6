//! Colours of ink and paper, and pixels laid over others.

use image::{Rgb, RgbImage};

use crate::Area;

pub(crate) type Colour = [f32; 3];

/// The pixels of `area`, the darkest first; never empty.
fn sorted(image: &RgbImage, area: Area) -> Vec<Rgb<u8>> {
    let mut pixels: Vec<Rgb<u8>> = area.within(image).pixels().map(|(x, y)| *image.get_pixel(x, y)).collect();
    pixels.sort_by_key(|pixel| brightness(*pixel));
    if pixels.is_empty() { vec![Rgb([255; 3])] } else { pixels }
}

pub(crate) fn brightness(Rgb([r, g, b]): Rgb<u8>) -> u32 {
    2 * u32::from(r) + 5 * u32::from(g) + u32::from(b)
}

/// The mean colour of the pixels between two parts of all, by brightness.
fn mean(pixels: &[Rgb<u8>], from: f32, to: f32) -> Colour {
    let place = |part: f32| (part * pixels.len() as f32) as usize;
    let first = place(from).min(pixels.len().saturating_sub(1));
    let chosen = pixels.get(first..place(to).max(first + 1)).unwrap_or_default();
    let sum = |channel: usize| chosen.iter().filter_map(|p| p.0.get(channel)).map(|v| f32::from(*v)).sum::<f32>();
    [0, 1, 2].map(|channel| sum(channel) / chosen.len().max(1) as f32)
}

/// The colour of the paper around `area`.
pub(crate) fn paper(image: &RgbImage, area: Area) -> Colour {
    mean(&sorted(image, area.grown(5)), 0.6, 0.9)
}

/// The colour of the ink in `area`.
pub(crate) fn ink(image: &RgbImage, area: Area) -> Colour {
    mean(&sorted(image, area), 0.0, 0.08)
}

/// Lays `colour` over a pixel, as far as `cover` (0 to 1) says.
pub(crate) fn lay(image: &mut RgbImage, x: u32, y: u32, colour: Colour, cover: f32) {
    if let Some(pixel) = image.get_pixel_mut_checked(x, y) {
        for (value, over) in pixel.0.iter_mut().zip(colour) {
            *value = (f32::from(*value) * (1.0 - cover) + over * cover).round().clamp(0.0, 255.0) as u8;
        }
    }
}

/// A copy of `area`.
pub(crate) fn cut(image: &RgbImage, area: Area) -> RgbImage {
    let area = area.within(image);
    RgbImage::from_fn(area.width(), area.height(), |x, y| *image.get_pixel(area.left + x, area.top + y))
}
