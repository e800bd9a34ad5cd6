//! Codes on rendered pages say what the truth says.
#![allow(clippy::unwrap_used)]

use image::imageops;
use rxing::BarcodeFormat;
use rxing::helpers::detect_in_luma;
use slipstream_training_data::truth::Symbology;
use slipstream_training_data::{RenderOptions, generate, locale, render};

#[test]
fn readers_read_the_codes_where_the_truth_has_them() {
    let (mut found, mut wrong) = ([0, 0], Vec::new());
    for index in 0..120 {
        let receipt = generate(&locale::all()[index as usize % 12], 31, index);
        if receipt.truth.barcodes.is_empty() {
            continue;
        }
        let page = render(&receipt, &RenderOptions::clean());
        for code in &page.truth.barcodes {
            let (format, kind) = match code.symbology {
                Symbology::Ean13 => (BarcodeFormat::EAN_13, 0),
                Symbology::QrCode => (BarcodeFormat::QR_CODE, 1),
            };
            // With some white around, which may be beyond the page's edge.
            let [left, top, right, bottom] = code.bounds.map(|v| v as i64);
            let mut cut = image::GrayImage::from_pixel(
                (right - left) as u32 + 60,
                (bottom - top) as u32 + 60,
                image::Luma([250]),
            );
            let inside =
                imageops::crop_imm(&page.image, left as u32, top as u32, (right - left) as u32, (bottom - top) as u32);
            imageops::overlay(&mut cut, &imageops::grayscale(&*inside), 30, 30);
            let (width, height) = cut.dimensions();
            match detect_in_luma(cut.into_raw(), width, height, Some(format)) {
                Ok(read) if read.getText() == code.value => found[kind] += 1,
                read => {
                    wrong.push((receipt.truth.id.clone(), code.value.clone(), read.map(|r| r.getText().to_string())))
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(found.iter().all(|n| *n > 4), "{found:?}");
}
