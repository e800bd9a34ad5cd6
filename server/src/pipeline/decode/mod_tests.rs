//! Decoding generated and damaged pictures.
#![allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]

use exif::{Field, In, Tag, Value, experimental::Writer};
use image::{
    DynamicImage, ExtendedColorType, ImageEncoder, ImageFormat, Luma, Rgb, Rgba,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
};
use proptest::prelude::*;
use slipstream_provenance::Compression;

use super::*;

const LIMITS: DecodeLimits = DecodeLimits { max_bytes: 1 << 20, max_pixels: 1_000_000, max_side: 2_000 };
const RED: [u8; 3] = [200, 40, 30];
const BLUE: [u8; 3] = [40, 60, 120];

/// 32×16 pixels, the left half red, the right half blue.
fn two_halves() -> DynamicImage {
    DynamicImage::ImageRgb8(image::RgbImage::from_fn(32, 16, |x, _| Rgb(if x < 16 { RED } else { BLUE })))
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn exif_block(fields: &[(Tag, Value)]) -> Vec<u8> {
    let fields: Vec<_> =
        fields.iter().map(|(tag, value)| Field { tag: *tag, ifd_num: In::PRIMARY, value: value.clone() }).collect();
    let mut writer = Writer::new();
    fields.iter().for_each(|f| writer.push_field(f));
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, true).unwrap();
    block.into_inner()
}

fn jpeg_with_exif(block: Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, 95);
    encoder.set_exif_metadata(block).unwrap();
    two_halves().write_with_encoder(encoder).unwrap();
    bytes
}

fn decoded(bytes: &[u8]) -> Decoded {
    decode(bytes, None, &LIMITS).unwrap()
}

fn code(bytes: &[u8], declared: Option<&str>) -> Option<ErrorCode> {
    decode(bytes, declared, &LIMITS).err().map(|e| e.code())
}

fn pixel(raster: &Raster, x: usize, y: usize) -> [u8; 3] {
    let at = (y * raster.width() + x) * 3;
    [raster.rgb()[at], raster.rgb()[at + 1], raster.rgb()[at + 2]]
}

fn near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= 6)
}

#[test]
fn every_kind_of_pixel_gives_the_right_colours() {
    let rgb = two_halves();
    let grey = |c: [u8; 3]| image::Pixel::to_luma(&Rgb(c)).0[0];
    let (grey_red, grey_blue) = ([grey(RED); 3], [grey(BLUE); 3]);
    let palette = include_bytes!("../../../tests/fixtures/palette.png").to_vec();
    let cmyk = include_bytes!("../../../tests/fixtures/adobe_cmyk.jpg").to_vec();
    let ycck = include_bytes!("../../../tests/fixtures/adobe_ycck.jpg").to_vec();
    let cases = [
        ("jpeg", encoded(&rgb, ImageFormat::Jpeg), RED, BLUE),
        ("png", encoded(&rgb, ImageFormat::Png), RED, BLUE),
        ("webp", encoded(&rgb, ImageFormat::WebP), RED, BLUE),
        ("16-bit png", encoded(&DynamicImage::ImageRgb16(rgb.to_rgb16()), ImageFormat::Png), RED, BLUE),
        ("grey jpeg", encoded(&DynamicImage::ImageLuma8(rgb.to_luma8()), ImageFormat::Jpeg), grey_red, grey_blue),
        ("grey png", encoded(&DynamicImage::ImageLuma8(rgb.to_luma8()), ImageFormat::Png), grey_red, grey_blue),
        (
            "16-bit grey png",
            encoded(&DynamicImage::ImageLuma16(rgb.to_luma16()), ImageFormat::Png),
            grey_red,
            grey_blue,
        ),
        ("palette png", palette, RED, BLUE),
        ("Adobe CMYK jpeg", cmyk, RED, BLUE),
        ("Adobe YCCK jpeg", ycck, RED, BLUE),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .map(|(name, bytes, left, right)| (name, decode(bytes, None, &LIMITS), left, right))
        .filter_map(|(name, got, left, right)| match got {
            Ok(d) => {
                let found = (pixel(&d.raster, 3, 8), pixel(&d.raster, d.raster.width() - 3, 8));
                (!near(found.0, *left) || !near(found.1, *right)).then(|| format!("{name}: {found:?}"))
            }
            Err(e) => Some(format!("{name}: {e}")),
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn transparent_pixels_show_white() {
    let pixels = image::RgbaImage::from_fn(4, 1, |x, _| Rgba([0, 0, 0, [0, 128, 255, 255][x as usize]]));
    let deep = DynamicImage::ImageRgba16(DynamicImage::ImageRgba8(pixels.clone()).to_rgba16());
    let grey = image::ImageBuffer::from_fn(4, 1, |x, _| image::LumaA([0_u8, [0, 128, 255, 255][x as usize]]));
    for image in [DynamicImage::ImageRgba8(pixels), deep, DynamicImage::ImageLumaA8(grey)] {
        let found: Vec<u8> =
            decoded(&encoded(&image, ImageFormat::Png)).raster.rgb().iter().step_by(3).copied().collect();
        assert_eq!(found, [255, 127, 0, 0], "{:?}", image.color());
    }
}

#[test]
fn every_orientation_ends_upright() {
    // Where the stored picture's left half (red) must end, as (x, y) of a pixel inside it.
    let cases =
        [(1, (3, 8)), (2, (28, 8)), (3, (28, 8)), (4, (3, 8)), (5, (8, 3)), (6, (8, 3)), (7, (8, 28)), (8, (8, 28))];
    let wrong: Vec<_> = cases
        .iter()
        .map(|(orientation, place)| {
            let block = exif_block(&[(Tag::Orientation, Value::Short(vec![*orientation]))]);
            (orientation, place, decoded(&jpeg_with_exif(block)))
        })
        .filter(|(orientation, (x, y), d)| {
            let size = if **orientation < 5 { (32, 16) } else { (16, 32) };
            (d.raster.width(), d.raster.height()) != size
                || !near(pixel(&d.raster, *x, *y), RED)
                || u16::from(d.metadata.orientation) != **orientation
                || d.metadata.stored_size != (32, 16)
        })
        .map(|(o, _, d)| (o, d.metadata.orientation, d.raster.width()))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn the_file_tells_about_its_making() {
    let text = |t: &str| Value::Ascii(vec![t.as_bytes().to_vec()]);
    let block = exif_block(&[
        (Tag::Make, text("Example")),
        (Tag::Model, text("Phone 7")),
        (Tag::Software, text("Paint Example")),
        (Tag::DateTime, text("2025:12:31 15:00:00")),
        (Tag::DateTimeOriginal, text("2025:12:31 14:05:09")),
    ]);
    let metadata = decoded(&jpeg_with_exif(block)).metadata.provenance;
    assert_eq!(metadata.make.as_deref(), Some("Example"));
    assert_eq!(metadata.model.as_deref(), Some("Phone 7"));
    assert_eq!(metadata.software, ["Paint Example"]);
    assert_eq!(metadata.taken_at.map(|t| t.to_string()).as_deref(), Some("2025-12-31T14:05:09"));
    assert_eq!(metadata.modified_at.map(|t| t.to_string()).as_deref(), Some("2025-12-31T15:00:00"));
    assert!(metadata.thumbnail.is_none() && matches!(metadata.compression, Compression::Jpeg(_)));
    // A damaged block is no reason to refuse the picture.
    assert_eq!(decoded(&jpeg_with_exif(vec![0xff; 40])).metadata.provenance.make, None);
}

#[test]
fn what_is_no_picture_is_refused_by_its_kind() {
    use ErrorCode::{Malformed, Undecodable, UnsupportedMedia};
    let cases: &[(&[u8], Option<&str>, ErrorCode)] = &[
        (b"", None, Malformed),
        (b"hello", Some("text/plain"), UnsupportedMedia),
        (b"<!doctype html><p>", Some("image/jpeg"), UnsupportedMedia),
        (b"%PDF-1.7\n", Some("application/pdf"), UnsupportedMedia),
        (b"GIF89a\x01\x00\x01\x00", Some("image/gif"), UnsupportedMedia),
        (b"\x01\x02\x03", None, UnsupportedMedia),
        (b"\x01\x02\x03", Some("application/octet-stream"), UnsupportedMedia),
        (b"\x01\x02\x03", Some("Image/JPEG; x=y"), Undecodable),
        (b"\xff\xd8", Some("image/jpeg"), Undecodable),
        (b"\x89PNG\r\n\x1a\n", None, Undecodable),
        (b"RIFF\x10\0\0\0WEBPVP8 ", None, Undecodable),
    ];
    let wrong: Vec<_> =
        cases.iter().filter(|(b, d, c)| code(b, *d) != Some(*c)).map(|(b, d, _)| (b, code(b, *d))).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_picture_that_was_cut_off_is_refused() {
    let noisy = DynamicImage::ImageRgb8(image::RgbImage::from_fn(64, 64, |x, y| {
        let v = x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)) >> 7;
        Rgb([v as u8, (v >> 8) as u8, (v >> 16) as u8])
    }));
    let mut wrong = Vec::new();
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let whole = encoded(&noisy, format);
        assert!(decode(&whole, None, &LIMITS).is_ok(), "{format:?}");
        for percent in [15, 50, 90, 97] {
            let cut = &whole[..whole.len() * percent / 100];
            if code(cut, None) != Some(ErrorCode::Undecodable) {
                wrong.push((format, percent, code(cut, None)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// A PNG header with these claims and hardly any data.
fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut ihdr = b"IHDR".to_vec();
    ihdr.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
    ihdr.extend([8, 2, 0, 0, 0]);
    let chunk = |body: &[u8]| {
        let length = u32::try_from(body.len() - 4).unwrap();
        [&length.to_be_bytes()[..], body, &crc32(body).to_be_bytes()].concat()
    };
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(&ihdr), chunk(b"IDAT\x78\x9c"), chunk(b"IEND")].concat()
}

/// CRC of ISO/IEC 15948, annex D.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, b| {
        (0..8).fold(crc ^ u32::from(*b), |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 })
    })
}

#[test]
fn sizes_are_refused_by_the_header_alone() {
    // An allocation for the largest claim would abort the test: it is 12 exabytes.
    for (width, height) in [(60_000, 60_000), (0x7fff_ffff, 0x7fff_ffff), (2_001, 1), (1, 2_001), (1_001, 1_000)] {
        assert_eq!(code(&png_claiming(width, height), None), Some(ErrorCode::TooLarge), "{width}×{height}");
    }
    let error = decode(&png_claiming(60_000, 60_000), None, &LIMITS).unwrap_err();
    assert!(error.to_string().starts_with("the image is 60000×60000 pixels"), "{error}");
    // The same for a JPEG: its frame header with the largest size there is.
    let mut jpeg = encoded(&two_halves(), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|w| w == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    assert_eq!(code(&jpeg, None), Some(ErrorCode::TooLarge));
}

#[test]
fn a_file_may_be_as_large_as_the_limit() {
    let bytes = encoded(&two_halves(), ImageFormat::Png);
    let with = |max_bytes| decode(&bytes, None, &DecodeLimits { max_bytes, ..LIMITS });
    assert!(with(bytes.len()).is_ok());
    assert!(matches!(with(bytes.len() - 1), Err(DecodeError::TooManyBytes { .. })));
}

#[test]
fn a_single_pixel_is_a_picture() {
    let mut bytes = Vec::new();
    let dot = Luma([7_u8]);
    PngEncoder::new(&mut bytes).write_image(&dot.0, 1, 1, ExtendedColorType::L8).unwrap();
    assert_eq!(decoded(&bytes).raster.rgb(), [7, 7, 7]);
}

/// An animation of two equal frames of the picture in `still`, a lossless WebP (RFC 9649, 2.7.1.1).
fn animated(still: &[u8]) -> Vec<u8> {
    let chunk = |kind: &[u8], body: &[u8]| {
        let padding: &[u8] = if body.len() % 2 == 1 { &[0] } else { &[] };
        [kind, &u32::try_from(body.len()).unwrap().to_le_bytes(), body, padding].concat()
    };
    let size = |n: u32| (n - 1).to_le_bytes()[..3].to_vec();
    let canvas = [&[2, 0, 0, 0][..], &size(32), &size(16)].concat();
    let picture = &still[12..];
    let frame = chunk(b"ANMF", &[&[0; 6][..], &size(32), &size(16), &[100, 0, 0, 0], picture].concat());
    let body = [&b"WEBP"[..], &chunk(b"VP8X", &canvas), &chunk(b"ANIM", &[0; 6]), &frame, &frame].concat();
    [&b"RIFF"[..], &u32::try_from(body.len()).unwrap().to_le_bytes(), &body].concat()
}

#[test]
fn an_animation_gives_its_first_frame() {
    let bytes = animated(&encoded(&two_halves(), ImageFormat::WebP));
    let Decoded { raster, metadata } = decoded(&bytes);
    assert_eq!((raster.width(), raster.height()), (32, 16));
    assert!(near(pixel(&raster, 3, 8), RED) && near(pixel(&raster, 28, 8), BLUE));
    assert_eq!(metadata.provenance.compression, Compression::Lossless);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_never_panics(at in 0_usize..600, value in any::<u8>(), which in 0_usize..3) {
        let format = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP][which];
        let mut bytes = encoded(&two_halves(), format);
        let at = at % bytes.len();
        bytes[at] = value;
        let _ = decode(&bytes, None, &LIMITS);
    }
}
