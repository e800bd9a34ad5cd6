//! What customers do to a photo before they send it again, and other photos of the same paper, simulated.
//!
//! Own and small: the training data's camera takes pictures of receipts that it draws, not of pictures that there are.

use std::f32::consts::TAU;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{DynamicImage, ImageError, Rgb, RgbImage};

/// What is done to an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alteration {
    /// A part with 80 % of its area.
    Crop,
    /// A part with 80 % of each side: 64 % of its area.
    NarrowCrop,
    /// Turned by 5° to the left.
    TurnLeft,
    /// Turned by 5° to the right.
    TurnRight,
    /// Saved as JPEG of quality 40.
    Jpeg40,
    /// 0.6 of its size.
    Smaller,
    /// Without colour.
    Grey,
    /// Shown on a screen or printed, and photographed.
    Recaptured,
    /// Another photo of the same paper, which lies and bends otherwise, in other light.
    SecondPhoto,
}

impl Alteration {
    /// Those that are the same image sent again.
    pub(super) const RESUBMISSIONS: [Self; 8] = [
        Self::Crop,
        Self::NarrowCrop,
        Self::TurnLeft,
        Self::TurnRight,
        Self::Jpeg40,
        Self::Smaller,
        Self::Grey,
        Self::Recaptured,
    ];

    /// What reports call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Crop => "crop_80_percent_of_area",
            Self::NarrowCrop => "crop_80_percent_of_each_side",
            Self::TurnLeft => "turned_5_left",
            Self::TurnRight => "turned_5_right",
            Self::Jpeg40 => "jpeg_40",
            Self::Smaller => "resized_0.6",
            Self::Grey => "grey",
            Self::Recaptured => "recaptured",
            Self::SecondPhoto => "second_photo",
        }
    }

    /// The altered image as a JPEG. `seed` decides what chance decides.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn apply(self, image: &RgbImage, seed: u64) -> Result<Vec<u8>, ImageError> {
        let mut chance = Chance(seed ^ 0x9e37_79b9_7f4a_7c15);
        let (altered, quality) = match self {
            Self::Crop => (crop(image, 0.8_f32.sqrt(), &mut chance), 85),
            Self::NarrowCrop => (crop(image, 0.8, &mut chance), 85),
            Self::TurnLeft => (View { angle: -5.0_f32.to_radians(), ..View::straight() }.take(image, 0), 85),
            Self::TurnRight => (View { angle: 5.0_f32.to_radians(), ..View::straight() }.take(image, 0), 85),
            Self::Jpeg40 => (image.clone(), 40),
            Self::Smaller => {
                let size = |side: u32| (side * 3 / 5).max(1);
                (imageops::resize(image, size(image.width()), size(image.height()), FilterType::Triangle), 85)
            }
            Self::Grey => (DynamicImage::ImageRgb8(image.clone()).grayscale().to_rgb8(), 85),
            Self::Recaptured => (View::by_chance(&mut chance, 0.6).take(image, seed), 70),
            Self::SecondPhoto => (View::by_chance(&mut chance, 1.0).take(image, seed), 75),
        };
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(&altered)?;
        Ok(bytes)
    }
}

/// Numbers by chance (SplitMix64), the same for the same seed.
struct Chance(u64);

impl Chance {
    /// Between `from` and `to`.
    fn between(&mut self, from: f32, to: f32) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        from + (to - from) * ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32
    }
}

fn crop(image: &RgbImage, side: f32, chance: &mut Chance) -> RgbImage {
    let part = |whole: u32| ((whole as f32 * side) as u32).max(1);
    let (width, height) = (part(image.width()), part(image.height()));
    let mut start = |whole: u32, part: u32| ((whole - part) as f32 * chance.between(0.0, 1.0)) as u32;
    let (left, top) = (start(image.width(), width), start(image.height(), height));
    imageops::crop_imm(image, left, top, width, height).to_image()
}

/// How a camera sees the image: where it stands, how the paper bends, what the light is like.
struct View {
    /// Radians, clockwise.
    angle: f32,
    /// How much smaller the far side is, along and across.
    tilt: (f32, f32),
    /// Height of the waves of the paper, as a part of its height, and how many there are.
    bend: (f32, f32),
    /// Size of the result.
    scale: f32,
    /// Brightness, and how much of it is lost from one side to the other.
    light: (f32, f32),
    /// Standard deviation of the blur in pixels, and of the noise in levels.
    grain: (f32, f32),
}

impl View {
    const fn straight() -> Self {
        Self { angle: 0.0, tilt: (0.0, 0.0), bend: (0.0, 1.0), scale: 1.0, light: (1.0, 0.0), grain: (0.0, 0.0) }
    }

    fn by_chance(chance: &mut Chance, strength: f32) -> Self {
        let s = strength;
        Self {
            angle: chance.between(-5.0, 5.0).to_radians() * s,
            tilt: (chance.between(-0.12, 0.12) * s, chance.between(-0.12, 0.12) * s),
            bend: (chance.between(-0.006, 0.006) * s, chance.between(0.7, 2.0)),
            scale: chance.between(0.85, 1.15),
            light: (chance.between(0.75, 1.05), chance.between(-0.3, 0.3) * s),
            grain: (chance.between(0.3, 0.8) * s, chance.between(1.0, 5.0) * s),
        }
    }

    /// The picture that is taken.
    fn take(&self, image: &RgbImage, seed: u64) -> RgbImage {
        let (width, height) = (image.width() as f32, image.height() as f32);
        // Room for the corners that turning pushes out.
        let (sin, cos) = (self.angle.sin(), self.angle.cos());
        let room = 1.0 + self.tilt.0.abs().max(self.tilt.1.abs());
        let out_width = ((width * cos + height * sin.abs()) * self.scale * room) as u32;
        let out_height = ((height * cos + width * sin.abs()) * self.scale * room) as u32;
        let (out_width, out_height) = (out_width.max(1), out_height.max(1));
        let mut noise = Chance(seed);
        let mut taken = RgbImage::from_fn(out_width, out_height, |x, y| {
            let (u, v) = (x as f32 - out_width as f32 / 2.0, y as f32 - out_height as f32 / 2.0);
            let (u, v) = (u / self.scale, v / self.scale);
            let depth = 1.0 + self.tilt.0 * 2.0 * u / width + self.tilt.1 * 2.0 * v / height;
            let (u, v) = (u * depth, v * depth);
            let (u, v) = (u * cos + v * sin, v * cos - u * sin);
            let v = v + self.bend.0 * height * (self.bend.1 * TAU * u / width).sin();
            sample(image, u + width / 2.0, v + height / 2.0)
        });
        if self.grain.0 > 0.2 {
            taken = imageops::blur(&taken, self.grain.0);
        }
        for (x, _, pixel) in taken.enumerate_pixels_mut() {
            let light = self.light.0 + self.light.1 * (x as f32 / out_width as f32 - 0.5);
            // The sum of three is near enough to a bell.
            let mut lot = || noise.between(-1.0, 1.0);
            let grain = if self.grain.1 > 0.0 { (lot() + lot() + lot()) * self.grain.1 } else { 0.0 };
            pixel.0 = pixel.0.map(|level| (f32::from(level) * light + grain).clamp(0.0, 255.0) as u8);
        }
        taken
    }
}

/// What lies beside the paper.
const TABLE: Rgb<u8> = Rgb([96, 84, 72]);

/// The colour at (`x`, `y`), between pixels too.
fn sample(image: &RgbImage, x: f32, y: f32) -> Rgb<u8> {
    let (x, y) = (x - 0.5, y - 0.5);
    let inside = x >= 0.0 && y >= 0.0 && x < (image.width() - 1) as f32 && y < (image.height() - 1) as f32;
    if !inside {
        return TABLE;
    }
    let (left, top) = (x as u32, y as u32);
    let (right_part, bottom_part) = (x - left as f32, y - top as f32);
    let at = |dx: u32, dy: u32| image.get_pixel(left + dx, top + dy).0;
    let (a, b, c, d) = (at(0, 0), at(1, 0), at(0, 1), at(1, 1));
    Rgb(std::array::from_fn(|i| {
        let mix = |p: u8, q: u8, part: f32| f32::from(p) * (1.0 - part) + f32::from(q) * part;
        let upper = mix(a[i], b[i], right_part);
        let lower = mix(c[i], d[i], right_part);
        (upper * (1.0 - bottom_part) + lower * bottom_part) as u8
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_alteration_gives_another_image_and_the_same_one_again() {
        let image = RgbImage::from_fn(60, 80, |x, y| Rgb([(x * 4) as u8, (y * 3) as u8, 128]));
        for alteration in Alteration::RESUBMISSIONS.into_iter().chain([Alteration::SecondPhoto]) {
            let bytes = alteration.apply(&image, 5).unwrap();
            assert_eq!(bytes, alteration.apply(&image, 5).unwrap(), "{}", alteration.name());
            assert_ne!(image::load_from_memory(&bytes).unwrap().to_rgb8(), image, "{}", alteration.name());
        }
        let cropped = image::load_from_memory(&Alteration::NarrowCrop.apply(&image, 1).unwrap()).unwrap();
        assert_eq!((cropped.width(), cropped.height()), (48, 64));
    }

    #[test]
    fn the_far_side_is_the_table() {
        let image = RgbImage::from_pixel(50, 50, Rgb([255; 3]));
        let turned = View { angle: 0.09, ..View::straight() }.take(&image, 0);
        assert_eq!(*turned.get_pixel(0, 0), TABLE);
        assert_eq!(*turned.get_pixel(turned.width() / 2, turned.height() / 2), Rgb([255; 3]));
    }
}
