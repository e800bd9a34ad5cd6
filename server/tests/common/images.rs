//! Invented images, good and bad.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// Paper with bars where text would be, sharp and bright.
fn paper() -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(400, 480, |x, y| {
        let ink = y % 40 < 20 && (x / 3 + y / 5) % 2 == 0;
        if ink { Rgb([20, 20, 20]) } else { Rgb([235, 235, 235]) }
    }))
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// A receipt as PNG, 400 by 480 pixels.
pub fn receipt_png() -> Vec<u8> {
    encoded(&paper(), ImageFormat::Png)
}

/// A receipt as JPEG.
pub fn receipt_jpeg() -> Vec<u8> {
    encoded(&paper(), ImageFormat::Jpeg)
}

/// A receipt as JPEG of a quality from 1 to 100.
pub fn receipt_jpeg_of(quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    paper().write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality)).unwrap();
    bytes
}

/// A receipt with a wide margin, as PNG of 500 by 480 pixels.
pub fn large_png() -> Vec<u8> {
    let mut page = RgbImage::from_pixel(500, 480, Rgb([235; 3]));
    image::imageops::replace(&mut page, &paper().into_rgb8(), 0, 0);
    encoded(&DynamicImage::ImageRgb8(page), ImageFormat::Png)
}

/// A receipt of which the preview was sent, as PNG of 100 by 120 pixels.
pub fn thumbnail_png() -> Vec<u8> {
    encoded(&paper().thumbnail_exact(100, 120), ImageFormat::Png)
}

/// A receipt as WebP.
pub fn receipt_webp() -> Vec<u8> {
    encoded(&paper(), ImageFormat::WebP)
}

/// A JPEG that ends in the middle.
pub fn truncated_jpeg() -> Vec<u8> {
    let mut bytes = receipt_jpeg();
    bytes.truncate(bytes.len() / 2);
    bytes
}

/// A few bytes that claim to be a PNG of `side` by `side` pixels.
pub fn claimed_png(side: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(side.to_be_bytes());
    header.extend(side.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    for chunk in [header, b"IDAT\x08\x1d\x01\0\0\xff\xff\0\0\0\x01".to_vec(), b"IEND".to_vec()] {
        png.extend((chunk.len() as u32 - 4).to_be_bytes());
        png.extend(&chunk);
        png.extend(crc32(&chunk).to_be_bytes());
    }
    png
}

/// A receipt as PNG with a text entry that is small and unfolds to 64 MiB.
pub fn png_with_bomb() -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![b'x'; 64 << 20]).unwrap();
    let chunk = [&b"zTXtComment\0\0"[..], &packed.finish().unwrap()].concat();
    let png = receipt_png();
    // Behind the signature and the header's chunk.
    let (head, rest) = png.split_at(8 + 25);
    let length = (chunk.len() as u32 - 4).to_be_bytes();
    [head, &length, &chunk, &crc32(&chunk).to_be_bytes(), rest].concat()
}

/// A receipt as JPEG with a segment of this marker and body.
pub fn jpeg_with_segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let jpeg = receipt_jpeg();
    let (start, rest) = jpeg.split_at(2);
    [start, &[0xff, marker], &(body.len() as u16 + 2).to_be_bytes(), body, rest].concat()
}

/// A single pixel, as PNG.
pub fn dot_png() -> Vec<u8> {
    encoded(&DynamicImage::ImageRgb8(RgbImage::from_pixel(1, 1, Rgb([90; 3]))), ImageFormat::Png)
}

/// CRC-32 as PNG uses it (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}
