//! Cut-outs of a photo around what failed, as SVG with the pixels inside.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ExtendedColorType, RgbImage};
use slipstream_models::{Quad, Raster};

/// Largest cut-out as it is shown, in pixels: width, height.
const LARGEST: (f32, f32) = (560.0, 300.0);

/// How high a line of text is shown, in pixels.
const LINE_HEIGHT: f32 = 24.0;

/// A photo of which the place is not known is shown whole, at most so high.
const OVERVIEW_HEIGHT: f32 = 260.0;

/// Good enough to see what is printed.
const JPEG_QUALITY: u8 = 70;

/// A truth that stands in more rows than this is printed more than once.
const MOST_ROWS: f32 = 12.0;

/// What stands further apart than so many rows gets cut-outs of its own.
const MOST_ROWS_BETWEEN: f32 = 6.0;

/// Left, top, right and bottom edge, in pixels of the photo.
type Bounds = (f32, f32, f32, f32);

/// Cut-outs that show what was read and what is right, or the whole photo where neither has a place.
pub(super) fn write(out: &mut String, photo: &Raster, read: &[Quad], truth: &[Quad]) {
    let meant = nearest(read, truth);
    // What goes over several lines has one place around all of them when read, and a place for each in the truth.
    let heights = read.iter().chain(&meant).map(|quad| quad.height().max(1.0));
    let row = heights.reduce(f32::min).unwrap_or(1.0);
    let views: Vec<Bounds> = match (around(read), around(&meant)) {
        (None, None) => vec![],
        (Some(one), None) | (None, Some(one)) => vec![one],
        (Some(read), Some(truth)) => {
            let both = union(read, truth);
            if both.3 - both.1 <= MOST_ROWS_BETWEEN.max((truth.3 - truth.1) / row + 2.0) * row {
                vec![both]
            } else {
                vec![truth, read]
            }
        }
    };
    let (width, height) = (photo.width() as f32, photo.height() as f32);
    if views.is_empty() {
        let scale = (OVERVIEW_HEIGHT / height).min(LARGEST.0 / width).min(1.0);
        write_view(out, photo, (0.0, 0.0, width, height), scale, &[], &[]);
    }
    for (left, top, right, bottom) in views {
        let (beside, above) = (5.0 * row, 0.9 * row);
        let view = (
            (left - beside).max(0.0),
            (top - above).max(0.0),
            (right + beside).min(width),
            (bottom + above).min(height),
        );
        let fitting = (LARGEST.0 / (view.2 - view.0)).min(LARGEST.1 / (view.3 - view.1));
        write_view(out, photo, view, (LINE_HEIGHT / row).min(3.0).min(fitting), read, truth);
    }
}

/// The places of the truth, or of several repetitions the one next to what was read.
fn nearest(read: &[Quad], truth: &[Quad]) -> Vec<Quad> {
    let row = truth.iter().map(Quad::height).fold(1.0, f32::max);
    if around(truth).is_none_or(|all| all.3 - all.1 <= MOST_ROWS * row) {
        return truth.to_vec();
    }
    let to_read = |quad: &&Quad| read.first().map_or(0.0, |read| quad.centre().distance(read.centre()));
    truth.iter().min_by(|a, b| to_read(a).total_cmp(&to_read(b))).copied().into_iter().collect()
}

fn around(quads: &[Quad]) -> Option<Bounds> {
    quads.iter().map(Quad::bounds).reduce(union)
}

fn union(a: Bounds, b: Bounds) -> Bounds {
    (a.0.min(b.0), a.1.min(b.1), a.2.max(b.2), a.3.max(b.3))
}

/// One cut-out, shown `scale` times as large as in the photo.
fn write_view(out: &mut String, photo: &Raster, view: Bounds, scale: f32, read: &[Quad], truth: &[Quad]) {
    let [left, top, right, bottom] =
        [view.0.floor(), view.1.floor(), view.2.ceil(), view.3.ceil()].map(|x| x.max(0.0) as usize);
    let Some(pixels) = cut(photo, left, top, right, bottom) else { return };
    let (width, height) = (pixels.width() as f32, pixels.height() as f32);
    let Some(jpeg) = encoded(&pixels, scale) else { return };
    let _ = write!(
        out,
        "<svg viewBox=\"{left} {top} {width} {height}\" width=\"{:.0}\" height=\"{:.0}\">\
         <image x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
         href=\"data:image/jpeg;base64,{jpeg}\"/>",
        width * scale,
        height * scale
    );
    for (class, quads) in [("truth", truth), ("read", read)] {
        for quad in quads {
            let points: Vec<String> = quad.0.iter().map(|p| format!("{:.1},{:.1}", p.x, p.y)).collect();
            let _ = write!(out, "<polygon class=\"{class}\" points=\"{}\"/>", points.join(" "));
        }
    }
    out.push_str("</svg>");
}

/// The pixels between these edges, as far as the photo has them; none where it has none.
fn cut(photo: &Raster, left: usize, top: usize, right: usize, bottom: usize) -> Option<RgbImage> {
    let (right, bottom) = (right.min(photo.width()), bottom.min(photo.height()));
    if left >= right || top >= bottom {
        return None;
    }
    let row = |y: usize| photo.rgb().get((y * photo.width() + left) * 3..(y * photo.width() + right) * 3);
    let rgb: Vec<u8> = (top..bottom).filter_map(row).flatten().copied().collect();
    RgbImage::from_raw(u32::try_from(right - left).ok()?, u32::try_from(bottom - top).ok()?, rgb)
}

/// The pixels as JPEG in base 64, made smaller where they are shown smaller.
fn encoded(pixels: &RgbImage, scale: f32) -> Option<String> {
    let small = |side: u32| ((side as f32 * scale).round() as u32).max(1);
    let shrunk;
    let pixels = if scale < 1.0 {
        shrunk = imageops::resize(pixels, small(pixels.width()), small(pixels.height()), FilterType::Triangle);
        &shrunk
    } else {
        pixels
    };
    let mut jpeg = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY);
    encoder.encode(pixels, pixels.width(), pixels.height(), ExtendedColorType::Rgb8).ok()?;
    Some(STANDARD.encode(jpeg))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn photo() -> Raster {
        Raster::new(400, 600, vec![200; 400 * 600 * 3]).unwrap()
    }

    fn views(read: &[Quad], truth: &[Quad]) -> Vec<(f32, f32, f32, f32)> {
        let mut out = String::new();
        write(&mut out, &photo(), read, truth);
        let boxes = out.split("viewBox=\"").skip(1).map(|rest| rest.split('"').next().unwrap());
        let number = |text: &str| text.parse::<f32>().unwrap();
        boxes
            .map(|view| view.split(' ').map(number).collect::<Vec<_>>())
            .map(|v| (v[0], v[1], v[0] + v[2], v[1] + v[3]))
            .collect()
    }

    #[test]
    fn a_cut_out_holds_what_it_is_about() {
        let (read, truth) =
            (Quad::from_bounds(100.0, 100.0, 150.0, 120.0), Quad::from_bounds(100.0, 130.0, 180.0, 150.0));
        let found = views(&[read], &[truth]);
        assert_eq!(found.len(), 1);
        assert!(found[0].0 < 100.0 && found[0].1 < 100.0 && found[0].2 > 180.0 && found[0].3 > 150.0, "{found:?}");
    }

    #[test]
    fn what_stands_far_apart_is_shown_apart() {
        let (read, truth) = (Quad::from_bounds(0.0, 0.0, 50.0, 20.0), Quad::from_bounds(300.0, 500.0, 400.0, 520.0));
        assert_eq!(views(&[read], &[truth]).len(), 2);
        let again = Quad::from_bounds(300.0, 30.0, 400.0, 50.0);
        assert_eq!(views(&[read], &[truth, again]).len(), 1, "the repetition beside it is meant");
    }

    #[test]
    fn places_beyond_the_photo_are_cut_off() {
        let outside = Quad::from_bounds(390.0, 590.0, 500.0, 700.0);
        assert!(views(&[outside], &[]).iter().all(|v| v.2 <= 400.0 && v.3 <= 600.0));
        let nowhere = Quad::from_bounds(5000.0, 5000.0, 5100.0, 5020.0);
        assert_eq!(views(&[nowhere], &[]), []);
        assert_eq!(views(&[], &[]), [(0.0, 0.0, 400.0, 600.0)], "without a place the whole photo");
    }
}
