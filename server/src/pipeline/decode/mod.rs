//! The decode stage: bytes → [`Decoded`].
//!
//! The header is held against the limits before a single pixel is allocated,
//! so that a small file that claims to be huge costs nothing.
//!
//! PDFs and e-invoices go another way ([`super::pdf`]): a page is a program, and
//! no rasteriser bounds what its compressed streams unfold to, so they are
//! opened in a process of their own that may be killed.

mod format;
mod metadata;
mod pixels;

use std::io::Cursor;

use image::{ImageDecoder, ImageError, ImageReader, Limits, error::LimitErrorKind};
use slipstream_api::ErrorCode;
use slipstream_models::Raster;
use slipstream_provenance::{Container, Provenance};

pub use format::Format;
pub use metadata::Metadata;

use format::{Sniffed, sniff};

/// How large an upload may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeLimits {
    /// Bytes of the file.
    pub max_bytes: usize,
    /// Pixels of the picture.
    pub max_pixels: u64,
    /// Pixels of its longer side.
    pub max_side: u32,
}

/// 20 MB, 50 megapixels, 40,000 pixels a side: above what phones produce, and more than three metres of a till roll at 300 dpi.
impl Default for DecodeLimits {
    fn default() -> Self {
        Self { max_bytes: 20_000_000, max_pixels: 50_000_000, max_side: 40_000 }
    }
}

/// A decoded upload.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The pixels, upright by the EXIF orientation, on white where they were transparent.
    pub raster: Raster,
    /// What the file says about itself.
    pub metadata: Metadata,
}

/// Why an upload was not decoded.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No bytes.
    #[error("the body is empty, send the bytes of a JPEG, PNG, WebP or PDF")]
    Empty,
    /// More bytes than allowed.
    #[error("the file has {got} bytes, send at most {max}")]
    TooManyBytes {
        /// Bytes of the file.
        got: usize,
        /// [`DecodeLimits::max_bytes`].
        max: usize,
    },
    /// More pixels than allowed.
    #[error("the image is {width}×{height} pixels, send at most {max_pixels} pixels and {max_side} a side")]
    TooManyPixels {
        /// Pixels across, as the header claims.
        width: u32,
        /// Pixels down, as the header claims.
        height: u32,
        /// [`DecodeLimits::max_pixels`].
        max_pixels: u64,
        /// [`DecodeLimits::max_side`].
        max_side: u32,
    },
    /// Decoding would take more memory than the limits allow, for example for a compressed colour profile.
    #[error("the image takes too much memory to decode, save it again as a plain JPEG")]
    TooMuchMemory,
    /// Not a format that is read here.
    #[error("{found} is not supported, send a JPEG, PNG, WebP or PDF")]
    Unsupported {
        /// What it is instead.
        found: String,
    },
    /// The right format, but damaged.
    #[error("the {format} is damaged ({reason}), send it again")]
    Damaged {
        /// The format.
        format: Format,
        /// What the decoder found.
        reason: String,
    },
}

impl DecodeError {
    /// The code that a client sees.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Empty => ErrorCode::Malformed,
            Self::TooManyBytes { .. } | Self::TooManyPixels { .. } | Self::TooMuchMemory => ErrorCode::TooLarge,
            Self::Unsupported { .. } => ErrorCode::UnsupportedMedia,
            Self::Damaged { .. } => ErrorCode::Undecodable,
        }
    }
}

impl DecodeLimits {
    fn check_size(&self, width: u32, height: u32) -> Result<(), DecodeError> {
        if width.max(height) > self.max_side || u64::from(width) * u64::from(height) > self.max_pixels {
            let Self { max_pixels, max_side, .. } = *self;
            return Err(DecodeError::TooManyPixels { width, height, max_pixels, max_side });
        }
        Ok(())
    }

    /// Memory for one decoded picture: eight bytes a pixel (16-bit RGBA), and a floor for tables and profiles.
    fn max_alloc(&self) -> u64 {
        self.max_pixels.saturating_mul(8).saturating_add(16 << 20)
    }
}

/// Decodes an upload. `declared` is its media type, where one was declared; it
/// only helps to tell damaged pictures from things that never were pictures.
pub fn decode(bytes: &[u8], declared: Option<&str>, limits: &DecodeLimits) -> Result<Decoded, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    if bytes.len() > limits.max_bytes {
        return Err(DecodeError::TooManyBytes { got: bytes.len(), max: limits.max_bytes });
    }
    match sniff(bytes) {
        Sniffed::Supported(Format::Jpeg) => decode_image(bytes, Format::Jpeg, Container::Jpeg, limits),
        Sniffed::Supported(Format::Png) => decode_image(bytes, Format::Png, Container::Png, limits),
        Sniffed::Supported(Format::WebP) => decode_image(bytes, Format::WebP, Container::WebP, limits),
        Sniffed::Supported(format @ (Format::Pdf | Format::Xml)) => {
            Err(DecodeError::Unsupported { found: format.to_string() })
        }
        Sniffed::Unsupported(found) => Err(DecodeError::Unsupported { found: found.to_owned() }),
        Sniffed::Unknown => Err(unknown(declared)),
    }
}

/// The format of an upload that is read here, by its first bytes.
pub(super) fn format_of(bytes: &[u8]) -> Option<Format> {
    match sniff(bytes) {
        Sniffed::Supported(format) => Some(format),
        Sniffed::Unsupported(_) | Sniffed::Unknown => None,
    }
}

/// Bytes of no known format that were declared to be a picture are a damaged one.
fn unknown(declared: Option<&str>) -> DecodeError {
    let media_type = declared.and_then(|d| d.split(';').next()).map(|d| d.trim().to_ascii_lowercase());
    let formats = [Format::Jpeg, Format::Png, Format::WebP, Format::Pdf];
    match formats.into_iter().find(|f| Some(f.media_type()) == media_type.as_deref()) {
        Some(format) => DecodeError::Damaged { format, reason: "it does not begin like one".to_owned() },
        None => DecodeError::Unsupported { found: "this file format".to_owned() },
    }
}

fn decode_image(
    bytes: &[u8],
    format: Format,
    container: Container,
    limits: &DecodeLimits,
) -> Result<Decoded, DecodeError> {
    let damaged = |e: ImageError| match e {
        ImageError::Limits(l) if matches!(l.kind(), LimitErrorKind::InsufficientMemory) => DecodeError::TooMuchMemory,
        other => DecodeError::Damaged { format, reason: other.to_string() },
    };
    let codec = match container {
        Container::Jpeg => image::ImageFormat::Jpeg,
        Container::Png => image::ImageFormat::Png,
        Container::WebP => image::ImageFormat::WebP,
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), codec);
    let mut allowed = Limits::default();
    allowed.max_alloc = Some(limits.max_alloc());
    reader.limits(allowed);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    limits.check_size(width, height)?;

    let mut metadata = Metadata::new(format, (width, height));
    // Metadata that cannot be read is no reason to refuse a picture that can.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    metadata.orientation = orientation.to_exif();
    metadata.provenance = Provenance::of(bytes, container);
    if !metadata.provenance.complete {
        return Err(DecodeError::Damaged { format, reason: "its end is missing".to_owned() });
    }

    let image = image::DynamicImage::from_decoder(decoder).map_err(damaged)?;
    let raster =
        pixels::upright_rgb(image, orientation).map_err(|e| DecodeError::Damaged { format, reason: e.to_string() })?;
    Ok(Decoded { raster, metadata })
}

#[cfg(test)]
#[path = "mod_tests.rs"]
mod tests;
