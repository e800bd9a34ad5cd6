//! What happens to a picture between the edit and the upload.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageError, ImageFormat, RgbImage};

use crate::Area;

/// A way from the editor to the upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Treatment {
    /// Kept as it is.
    None,
    /// Saved as JPEG of quality 95.
    Jpeg95,
    /// Saved as JPEG of quality 50.
    Jpeg50,
    /// Scaled to three quarters of its sides and saved as JPEG of quality 90.
    Resize075,
    /// Shown on a screen at four fifths of its sides, and kept from there as it is.
    Screenshot,
}

impl Treatment {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::None, Self::Jpeg95, Self::Jpeg50, Self::Resize075, Self::Screenshot];

    /// What reports call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Jpeg95 => "jpeg95",
            Self::Jpeg50 => "jpeg50",
            Self::Resize075 => "resize075",
            Self::Screenshot => "screenshot",
        }
    }

    /// The picture as it is uploaded, as the bytes of a PNG or a JPEG.
    ///
    /// # Errors
    /// When the picture cannot be encoded: it has no pixels, or too many for the format.
    pub fn upload(self, image: &RgbImage) -> Result<Vec<u8>, ImageError> {
        match self {
            Self::None => png(image),
            Self::Jpeg95 => jpeg(image, 95),
            Self::Jpeg50 => jpeg(image, 50),
            Self::Resize075 => jpeg(&scaled(image, self.scale(), FilterType::CatmullRom), 90),
            Self::Screenshot => png(&scaled(image, self.scale(), FilterType::Triangle)),
        }
    }

    /// Where `area` of `image` is on the upload.
    #[must_use]
    pub fn moved(self, area: &Area, image: &RgbImage) -> Area {
        let (width, height) = size(image, self.scale());
        area.scaled(width as f32 / image.width().max(1) as f32, height as f32 / image.height().max(1) as f32)
    }

    fn scale(self) -> f32 {
        match self {
            Self::None | Self::Jpeg95 | Self::Jpeg50 => 1.0,
            Self::Resize075 => 0.75,
            Self::Screenshot => 0.8,
        }
    }
}

fn size(image: &RgbImage, scale: f32) -> (u32, u32) {
    let side = |side: u32| ((side as f32 * scale).round() as u32).max(1);
    (side(image.width()), side(image.height()))
}

fn scaled(image: &RgbImage, scale: f32, filter: FilterType) -> RgbImage {
    let (width, height) = size(image, scale);
    imageops::resize(image, width, height, filter)
}

fn jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))?;
    Ok(bytes)
}

fn png(image: &RgbImage) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}
