//! Finds bar codes and QR codes on photos of receipts, and reads them.
//!
//! Most receipts have no code, so that finding out has to cost next to nothing: one pass over the pixels of a
//! reduced image finds areas of parallel bars ([`stripes`]) and the eyes of QR codes ([`finder`]). What is found is looked
//! at closely, in the image's own resolution where it has to be:
//!
//! - Bars are crossed by rows ([`profile`]), edges of which are compared with the shapes that codes have ([`windows`]);
//!   where they are blurred, brightness is compared with whole digits ([`blurred`], [`soft`]). Rows have to agree.
//! - QR codes get a grid through their eyes ([`qr`], [`grid`]) that follows crumpled paper ([`warp`]).
//!
//! Widths of bars and bits of modules then go to [rxing](https://docs.rs/rxing), which decodes them and checks the error
//! correction ([`rx`]).
//!
//! Read are EAN-13, EAN-8, UPC-A, UPC-E, Code 128 and QR codes. Codes without a check of their own (Code 39, ITF, Codabar)
//! are not: where nothing says that a reading is right, text and patterns become readings. The work for one image is bounded
//! ([`budget`]), nothing panics, and no input is kept.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))]
#![allow(clippy::neg_cmp_op_on_partial_ord, reason = "what is no number has to be refused as well")]

mod blurred;
mod budget;
pub mod check_digit;
mod finder;
mod geometry;
mod grid;
mod image;
mod linear;
mod profile;
mod qr;
mod rx;
mod scan;
mod soft;
mod squares;
mod stripes;
mod symbology;
mod templates;
mod warp;
mod windows;

pub use geometry::Point;
pub use image::{Pixels, SizeError};
pub use symbology::Symbology;

/// A code on an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Barcode {
    /// Its kind.
    pub symbology: Symbology,
    /// What it says: all digits with the check digit, or the text.
    pub value: String,
    /// Where it stands, in pixels of the image, clockwise from the code's top left. May reach beyond the image where
    /// the code does.
    pub polygon: [Point; 4],
}

/// All codes on an image that can be read without doubt, QR codes first.
///
/// Takes milliseconds where there is nothing that looks like a code, and a tenth of a second at most for what looks like
/// many. Besides the image it needs about two bytes for each of 1.6 million pixels.
pub fn read(pixels: &Pixels<'_>) -> Vec<Barcode> {
    scan::scan(pixels)
}
