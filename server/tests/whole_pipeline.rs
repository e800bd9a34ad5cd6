//! The whole path with the real models: rendered receipts in, checked values out.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage, imageops};
use slipstream::cli::{Engine, EngineArgs};
use slipstream::pipeline::fraud::pixels::ForgeryMode;
use slipstream::pipeline::{Job, Upload};
use slipstream::registry::Preset;
use slipstream::scheduling::Scheduling;
use slipstream_api::{Include, ReceiptResponse, Status};
use slipstream_batcher::Priority;
use slipstream_models::Device;

use slipstream_training_data::{PhotoOptions, Rendered, Wishes, generate_as, locale, photograph, samples};

async fn engine() -> Engine {
    let models = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/weights").into();
    let args = EngineArgs {
        models: Some(models),
        preset: Preset::Balanced,
        detector: None,
        recogniser: None,
        second_recogniser: None,
        reread_below: None,
        language_model: true,
        device: Device::Cpu,
        threads: Some(2),
        max_megapixels: 50,
        barcodes: true,
        forgery: ForgeryMode::default(),
        stop_unreadable: 0.75,
        ignore_e_invoices: false,
        merchants: None,
    };
    let engine = Engine::start(args, Scheduling::unbounded()).unwrap();
    engine.load().await.unwrap();
    engine
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

async fn read(engine: &Engine, bytes: Vec<u8>) -> ReceiptResponse {
    let serving = engine.pipeline.registry().current().unwrap();
    let job = Job::unhurried("test".into(), serving, Priority::Interactive);
    let upload = Upload { bytes: bytes.into(), declared: None };
    engine.pipeline.read(upload, &job, Include::ALL).await.unwrap().response
}

async fn read_image(engine: &Engine, image: RgbImage) -> ReceiptResponse {
    read(engine, encoded(&DynamicImage::ImageRgb8(image), ImageFormat::Png)).await
}

/// The printed date and total, and what should have been found.
fn date_and_total(response: &ReceiptResponse) -> [Option<String>; 2] {
    let document = &response.document;
    [&document.date, &document.total].map(|f| f.as_ref().and_then(|f| f.value.clone()))
}

fn expected(sample: &Rendered) -> [Option<String>; 2] {
    [sample.truth.fields.date.clone(), sample.truth.fields.total.clone()]
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_are_read_whatever_their_language() {
    let engine = engine().await;
    let mut wrong = Vec::new();
    for sample in samples() {
        let truth = expected(&sample);
        let response = read_image(&engine, sample.image).await;
        assert_eq!(response.status, Status::Extracted);
        if date_and_total(&response) != truth {
            wrong.push((sample.truth.id, date_and_total(&response), truth));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_a_long_list_is_read_once() {
    let engine = engine().await;
    for (language, invoice) in [("sv", true), ("fr", false)] {
        let wishes = Wishes { long: true, invoice, ..Wishes::default() };
        let receipt = generate_as(locale::find(language)[0], 7, 1, wishes);
        let Rendered { image, truth } = photograph(&receipt, &PhotoOptions::scan(7, 1));
        let response = read_image(&engine, image).await;
        let expected: Vec<_> = truth.items.iter().map(|item| item.amount.clone()).collect();
        let items = response.document.line_items.iter();
        let read: Vec<_> = items.map(|item| item.amount.as_ref().and_then(|a| a.value.clone())).collect();
        assert!(expected.len() > 200);
        assert_eq!(read, expected, "{}", truth.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turned_receipt_reads_as_if_upright() {
    let engine = engine().await;
    let sample = samples().swap_remove(0);
    let upright = read_image(&engine, sample.image.clone()).await;
    let corner = |response: &ReceiptResponse| {
        let total = response.document.total.as_ref().unwrap();
        total.polygon.unwrap().0[0]
    };
    let (width, height) = (sample.image.width() as f32, sample.image.height() as f32);
    let [x, y] = corner(&upright);
    let turned = [
        (imageops::rotate90(&sample.image), [height - y, x]),
        (imageops::rotate180(&sample.image), [width - x, height - y]),
        (imageops::rotate270(&sample.image), [y, width - x]),
    ];
    for (image, [expected_x, expected_y]) in turned {
        let response = read_image(&engine, image).await;
        assert_eq!(date_and_total(&response), expected(&sample));
        let [x, y] = corner(&response);
        assert!((x - expected_x).abs() < 12.0 && (y - expected_y).abs() < 12.0, "({x}, {y}) in the turned image");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_without_a_document_have_no_fields() {
    let engine = engine().await;
    let blank = RgbImage::from_pixel(600, 800, image::Rgb([250, 250, 248]));
    // Smooth hills of colour, as in a photo of a meadow.
    let hills = RgbImage::from_fn(640, 480, |x, y| {
        let wave = |a: f32, b: f32| (128.0 + 90.0 * ((x as f32 / a).sin() * (y as f32 / b).cos())) as u8;
        image::Rgb([wave(37.0, 53.0), wave(61.0, 29.0), wave(83.0, 71.0)])
    });
    for image in [blank, hills] {
        let response = read_image(&engine, image).await;
        assert_eq!(response.status, Status::NotADocument);
        let document = response.document;
        assert!(document.merchant.name.is_none() && document.total.is_none() && document.date.is_none());
        assert!(document.line_items.is_empty() && document.taxes.is_empty() && document.payments.is_empty());
    }
}

/// The 95 modules of an EAN-13, true where there is a bar (GS1 General Specifications, 5.2.1).
fn ean13(digits: &str) -> Vec<bool> {
    const LEFT: [&str; 10] =
        ["0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011"];
    const PARITY: [&str; 10] =
        ["LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL"];
    let digits: Vec<usize> = digits.bytes().map(|b| usize::from(b - b'0')).collect();
    let inverted = |code: &str| code.chars().map(|c| if c == '0' { '1' } else { '0' }).collect::<String>();
    let left = digits[1..7].iter().zip(PARITY[digits[0]].chars()).map(|(digit, set)| match set {
        'L' => LEFT[*digit].to_owned(),
        _ => inverted(LEFT[*digit]).chars().rev().collect(),
    });
    let left: String = left.collect();
    let right: String = digits[7..].iter().map(|digit| inverted(LEFT[*digit])).collect();
    format!("101{left}01010{right}101").chars().map(|c| c == '1').collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bar_code_is_read_whichever_way_the_receipt_lies() {
    let engine = engine().await;
    let sample = samples().swap_remove(0);
    let mut page =
        RgbImage::from_pixel(sample.image.width().max(420), sample.image.height() + 160, image::Rgb([250; 3]));
    imageops::replace(&mut page, &sample.image, 0, 0);
    let top = sample.image.height() + 30;
    for (module, _) in ean13("4006381333931").iter().enumerate().filter(|(_, bar)| **bar) {
        for (dx, y) in (0..3).flat_map(|dx| (top..top + 100).map(move |y| (dx, y))) {
            page.put_pixel(60 + 3 * module as u32 + dx, y, image::Rgb([20; 3]));
        }
    }
    for (turn, image) in [("upright", page.clone()), ("on its side", imageops::rotate90(&page))] {
        let response = read_image(&engine, image).await;
        let codes: Vec<_> =
            response.document.barcodes.iter().map(|b| (b.symbology.as_str(), b.value.as_str())).collect();
        assert_eq!(codes, [("ean_13", "4006381333931")], "{turn}");
        assert_eq!(date_and_total(&response), expected(&sample), "{turn}");
    }
    let [x, y] = read_image(&engine, page).await.document.barcodes[0].polygon.0[0];
    assert!((x - 60.0).abs() < 12.0 && (y - top as f32).abs() < 40.0, "({x}, {y})");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_pixel_reads() {
    let engine = engine().await;
    let sample = samples().swap_remove(1);
    let image = DynamicImage::ImageRgb8(sample.image.clone());
    let cases = [
        ("grey", encoded(&DynamicImage::ImageLuma8(image.to_luma8()), ImageFormat::Png)),
        ("16-bit", encoded(&DynamicImage::ImageRgb16(image.to_rgb16()), ImageFormat::Png)),
        ("alpha", encoded(&DynamicImage::ImageRgba8(image.to_rgba8()), ImageFormat::Png)),
        ("jpeg", encoded(&image, ImageFormat::Jpeg)),
        ("webp", encoded(&image, ImageFormat::WebP)),
    ];
    for (kind, bytes) in cases {
        assert_eq!(date_and_total(&read(&engine, bytes).await), expected(&sample), "{kind}");
    }
}
