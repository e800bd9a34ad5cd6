//! What goes wrong with photos, done to photos that are good.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageError, Rgb, RgbImage};

use crate::hash::fnv1a;

/// A fault of a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// None: the photo as it is.
    None,
    /// Out of focus.
    Focus,
    /// Moved while the shutter was open.
    Motion,
    /// Taken from far away, or made small by a messenger.
    Small,
    /// Too little light, and the sensor's noise with it.
    Dark,
    /// Print that has faded.
    Faded,
    /// Saved with too few bytes.
    Compressed,
    /// A lamp that the paper reflects.
    Glare,
}

impl Fault {
    /// All of them, the photo as it is first.
    pub(super) const ALL: [Self; 8] =
        [Self::None, Self::Focus, Self::Motion, Self::Small, Self::Dark, Self::Faded, Self::Compressed, Self::Glare];

    /// What reports call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "as_it_is",
            Self::Focus => "focus",
            Self::Motion => "motion",
            Self::Small => "small",
            Self::Dark => "dark",
            Self::Faded => "faded",
            Self::Compressed => "compressed",
            Self::Glare => "glare",
        }
    }

    /// The photo with this fault, `strength` from 0 (hardly visible) to 1
    /// (nothing can be read), as a file. Noise depends on `seed` alone.
    pub(super) fn apply(self, photo: &RgbImage, strength: f32, seed: u64) -> Result<Vec<u8>, ImageError> {
        let side = photo.width().min(photo.height()) as f32;
        // Lengths are shares of the shorter side: what is seen, not how it was sampled.
        let length = |least: f32, most: f32| side * least * (most / least).powf(strength);
        match self {
            Self::None => jpeg(photo, 92),
            Self::Focus => jpeg(&imageops::fast_blur(photo, length(0.0006, 0.012)), 92),
            Self::Motion => jpeg(&moved(photo, length(0.002, 0.06)), 92),
            Self::Small => {
                let scale = 0.9 * 0.07_f32.powf(strength);
                let [width, height] = [photo.width(), photo.height()].map(|n| ((n as f32 * scale) as u32).max(8));
                jpeg(&imageops::resize(photo, width, height, FilterType::Triangle), 92)
            }
            Self::Dark => jpeg(&levels(photo, 0.0, 0.6 * 0.02_f32.powf(strength), 4.0, seed), 92),
            Self::Faded => {
                let kept = 0.7 * 0.02_f32.powf(strength);
                jpeg(&levels(photo, 230.0 * (1.0 - kept), kept, 3.0, seed), 92)
            }
            Self::Compressed => jpeg(photo, (40.0 * (1.0 - strength)).max(1.0) as u8),
            // Paper that a camera exposes for is grey; only the lamp is white.
            Self::Glare => jpeg(&lit(&levels(photo, 0.0, 0.8, 1.0, seed), 0.1 + 0.8 * strength, seed), 92),
        }
    }
}

fn jpeg(photo: &RgbImage, quality: u8) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    photo.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))?;
    Ok(bytes.into_inner())
}

/// The mean along a slanted way of `length` pixels.
fn moved(photo: &RgbImage, length: f32) -> RgbImage {
    let steps = length.ceil().max(2.0) as u32;
    let (width, height) = photo.dimensions();
    RgbImage::from_fn(width, height, |x, y| {
        let mut sums = [0_u32; 3];
        for step in 0..steps {
            let along = length * (step as f32 / (steps - 1) as f32 - 0.5);
            let at = |start: u32, share: f32, size: u32| {
                (start as f32 + along * share).round().clamp(0.0, size as f32 - 1.0) as u32
            };
            let pixel = photo.get_pixel(at(x, 0.8, width), at(y, 0.6, height));
            for (sum, value) in sums.iter_mut().zip(pixel.0) {
                *sum += u32::from(value);
            }
        }
        Rgb(sums.map(|sum| (sum / steps) as u8))
    })
}

/// `base + gain · level`, with Gaussian noise of `noise` levels.
fn levels(photo: &RgbImage, base: f32, gain: f32, noise: f32, seed: u64) -> RgbImage {
    let mut state = seed | 1;
    let mut uniform = move || {
        // Xorshift (Marsaglia 2003): plain, and the same everywhere.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u64 << 24) as f32
    };
    let mut out = photo.clone();
    for pixel in out.pixels_mut() {
        // The sum of three is bell-shaped enough; its standard deviation is 1/2.
        let bell = 2.0 * (uniform() + uniform() + uniform() - 1.5);
        pixel.0 = pixel.0.map(|level| (base + gain * f32::from(level) + noise * bell).round().clamp(0.0, 255.0) as u8);
    }
    out
}

/// A spot of light over `share` of the picture's area that leaves nothing to see.
fn lit(photo: &RgbImage, share: f32, seed: u64) -> RgbImage {
    let (width, height) = (photo.width() as f32, photo.height() as f32);
    let place = |part: u64| (seed >> part & 0xff) as f32 / 255.0;
    let centre = [width * (0.3 + 0.4 * place(0)), height * (0.3 + 0.4 * place(8))];
    let [across, down] = [width, height].map(|side| side * (share / std::f32::consts::PI).sqrt());
    let mut out = photo.clone();
    for (x, y, pixel) in out.enumerate_pixels_mut() {
        let off = ((x as f32 - centre[0]) / across).hypot((y as f32 - centre[1]) / down);
        let light = 255.0 * (4.0 * (1.2 - off)).clamp(0.0, 1.0);
        pixel.0 = pixel.0.map(|level| (f32::from(level) + light).min(255.0) as u8);
    }
    out
}

/// A number from 0 to 1 that depends on the receipt and the fault alone.
pub(super) fn strength(id: &str, fault: Fault, round: usize) -> (f32, u64) {
    let seed = fnv1a(format!("{id}/{}/{round}", fault.name()).into_bytes());
    ((seed >> 20 & 0xffff) as f32 / 65_535.0, seed)
}
