//! Calls into rxing, which decodes what this crate has found and straightened.
//!
//! rxing indexes and subtracts without checks in places, so that bars which no writer makes can panic
//! inside it; it holds no state, so such a call counts as "nothing read" and leaves nothing behind.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::common::{BitArray, BitMatrix};
use rxing::oned::{Code128Reader, EAN8Reader, EAN13Reader, OneDReader, UPCEReader};
use rxing::qrcode::decoder::qrcode_decoder;
use rxing::{DecodeHints, RXingResult};

use crate::symbology::Symbology;

/// Widths of bars and spaces in turn, both ends bars, in the unit that `bits` says.
pub(crate) fn linear(symbology: Symbology, widths: &[f32], unit: f32, quiet: f32) -> Option<String> {
    let row = bits(widths, unit, quiet)?;
    let hints = DecodeHints::default();
    let result = quietly(|| match symbology {
        Symbology::Ean13 | Symbology::UpcA => EAN13Reader.decode_row(0, &row, &hints),
        Symbology::Ean8 => EAN8Reader.decode_row(0, &row, &hints),
        Symbology::UpcE => UPCEReader.decode_row(0, &row, &hints),
        Symbology::Code128 | Symbology::QrCode => Code128Reader.decode_row(0, &row, &hints),
    })?;
    Some(RXingResult::getText(&result).to_owned())
}

/// A row of bits with `unit` bits for a width of one and spaces of `quiet` widths at both ends.
fn bits(widths: &[f32], unit: f32, quiet: f32) -> Option<BitArray> {
    const MOST_BITS: f32 = 65_536.0;
    let length = widths.iter().sum::<f32>() + 2.0 * quiet;
    if !(length * unit < MOST_BITS) {
        return None;
    }
    let mut row = BitArray::with_size((length * unit).ceil() as usize + 1);
    let mut from = quiet;
    for (i, width) in widths.iter().enumerate() {
        let to = from + width;
        if i % 2 == 0 {
            let (start, end) = ((from * unit).round() as usize, (to * unit).round() as usize);
            // One by one: `setRange` counts on arithmetic that wraps, which a build with checks does not forgive.
            (start..end.min(row.get_size())).for_each(|at| row.set(at));
        }
        from = to;
    }
    Some(row)
}

/// The text of a QR code from its modules, row by row, dark ones true.
pub(crate) fn qr(modules: &[bool], dimension: usize) -> Option<String> {
    let mut bits = BitMatrix::with_single_dimension(u32::try_from(dimension).ok()?).ok()?;
    for (y, row) in modules.chunks_exact(dimension).enumerate() {
        for (x, _) in row.iter().enumerate().filter(|(_, dark)| **dark) {
            bits.set(x as u32, y as u32);
        }
    }
    let result = quietly(|| qrcode_decoder::decode_bitmatrix(&bits))?;
    Some(result.getText().to_owned())
}

/// What the call gave, unless it failed or panicked.
fn quietly<T>(call: impl FnOnce() -> rxing::common::Result<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(call)).ok()?.ok()
}
