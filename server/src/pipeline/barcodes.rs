//! The barcodes stage: `Raster` → the bar codes and QR codes on it.
//!
//! Codes are read on the image as it was uploaded: they say themselves which way is up.

use slipstream_barcodes::{Barcode, Pixels};
use slipstream_models::{Point, Quad, Raster};

/// A code and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Code {
    /// The page of a PDF, from 1; `None` for images.
    pub page: Option<u32>,
    /// The kind of code, in snake case.
    pub symbology: &'static str,
    /// What it says.
    pub value: String,
    /// Corners in pixels of the page, clockwise from the code's top left, within the page.
    pub quad: Quad,
}

/// All codes that can be read without doubt.
pub fn barcodes(page: &Raster) -> Vec<Code> {
    // A raster always holds as many pixels as it says.
    let Ok(pixels) = Pixels::rgb(page.width(), page.height(), page.rgb()) else { return Vec::new() };
    let (right, bottom) = (page.width() as f32, page.height() as f32);
    let code = |Barcode { symbology, value, polygon }: Barcode| Code {
        page: None,
        symbology: symbology.name(),
        value,
        quad: Quad(polygon.map(|p| Point::new(p.x.clamp(0.0, right), p.y.clamp(0.0, bottom)))),
    };
    slipstream_barcodes::read(&pixels).into_iter().map(code).collect()
}
