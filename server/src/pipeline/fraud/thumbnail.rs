//! An embedded thumbnail that shows something else than the picture: the picture was changed by a program that left the
//! thumbnail as it was.
//!
//! A thumbnail is too small to show a changed digit; another picture, or another part of it, it does show.

use std::io::Cursor;

use image::{DynamicImage, GrayImage, ImageFormat, ImageReader, Limits, metadata::Orientation};
use slipstream_models::Raster;

use super::{FraudSignal, Place};
use crate::pipeline::decode::Metadata;

/// Strength: some cameras embed thumbnails of another shape, and some programs forget to turn them.
const DIFFERS: f32 = 0.4;
/// Pixels of a thumbnail's longer side; 160 is usual.
const MOST_SIDE: u32 = 640;
/// Cells a side that both are reduced to.
const CELLS: usize = 24;
/// Grey levels at most of the bars with which a thumbnail is filled up to its shape.
const BAR: u8 = 24;
/// Shapes agree whose ratios of width to height differ by no more than this part.
const SHAPE: f32 = 0.08;
/// Correlation of brightness from which both show the same.
const SAME: f32 = 0.6;
/// Standard deviation of grey levels below which there is nothing to compare.
const FLAT: f32 = 6.0;

/// What a thumbnail shows that the picture does not.
pub(super) fn thumbnail_differs(metadata: &Metadata, upload: &Raster) -> Option<FraudSignal> {
    let thumbnail = decoded(metadata.provenance.thumbnail.as_deref()?, metadata.orientation)?;
    let (left, top, width, height) = without_bars(&thumbnail)?;
    let ratio = |width: usize, height: usize| width as f32 / height.max(1) as f32;
    let stretch = ratio(width, height) / ratio(upload.width(), upload.height()).max(f32::MIN_POSITIVE);
    let explanation = if stretch.ln().abs() > SHAPE {
        "the thumbnail in the file has another shape than the picture: it was cut after it was taken"
    } else {
        let small = thumbnail.as_raw();
        let stride = thumbnail.width() as usize;
        let of_thumbnail = cells((width, height), |x, y| small.get((top + y) * stride + left + x).copied());
        let rgb = upload.rgb();
        let of_upload = cells((upload.width(), upload.height()), |x, y| {
            // Green is most of brightness.
            rgb.get((y * upload.width() + x) * 3 + 1).copied()
        });
        if correlation(&of_thumbnail, &of_upload)? >= SAME {
            return None;
        }
        "the thumbnail in the file shows another picture"
    };
    let explanation = explanation.to_owned();
    Some(FraudSignal { code: "thumbnail_differs", score: DIFFERS, place: Place::Nowhere, explanation })
}

/// The thumbnail in grey, turned like the picture.
fn decoded(jpeg: &[u8], orientation: u8) -> Option<GrayImage> {
    let mut reader = ImageReader::with_format(Cursor::new(jpeg), ImageFormat::Jpeg);
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(16 << 20);
    reader.limits(limits);
    let mut image = DynamicImage::ImageLuma8(reader.decode().ok()?.into_luma8());
    image.apply_orientation(Orientation::from_exif(orientation).unwrap_or(Orientation::NoTransforms));
    Some(image.into_luma8())
}

/// Left, top, width and height of what is between black bars.
fn without_bars(image: &GrayImage) -> Option<(usize, usize, usize, usize)> {
    let (width, height) = (image.width(), image.height());
    let bar_row = |y: &u32| (0..width).all(|x| image.get_pixel(x, *y).0[0] <= BAR);
    let bar_column = |x: &u32| (0..height).all(|y| image.get_pixel(*x, y).0[0] <= BAR);
    let (top, left) = ((0..height).take_while(bar_row).count(), (0..width).take_while(bar_column).count());
    let bottom = height as usize - (0..height).rev().take_while(bar_row).count();
    let right = width as usize - (0..width).rev().take_while(bar_column).count();
    (right > left + 8 && bottom > top + 8).then(|| (left, top, right - left, bottom - top))
}

/// The mean brightness of each of [`CELLS`]² cells, from at most 64 points each.
fn cells((width, height): (usize, usize), at: impl Fn(usize, usize) -> Option<u8>) -> Vec<f32> {
    const POINTS: usize = 8;
    let place = |cell: usize, point: usize, side: usize| (cell * POINTS + point) * side / (CELLS * POINTS);
    let cell = |i: usize| {
        let (row, column) = (i / CELLS, i % CELLS);
        let points = (0..POINTS * POINTS)
            .filter_map(|p| at(place(column, p % POINTS, width), place(row, p / POINTS, height)).map(f32::from));
        points.sum::<f32>() / (POINTS * POINTS) as f32
    };
    (0..CELLS * CELLS).map(cell).collect()
}

/// Pearson's correlation; nothing where either is flat.
fn correlation(a: &[f32], b: &[f32]) -> Option<f32> {
    let n = a.len().max(1) as f32;
    let mean = |values: &[f32]| values.iter().sum::<f32>() / n;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product =
        |x: &[f32], y: &[f32], mx: f32, my: f32| x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum::<f32>() / n;
    let [spread_a, spread_b] = [product(a, a, mean_a, mean_a), product(b, b, mean_b, mean_b)].map(f32::sqrt);
    (spread_a > FLAT && spread_b > FLAT).then(|| product(a, b, mean_a, mean_b) / (spread_a * spread_b))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::pipeline::decode::Format;

    /// Bright and dark patches that depend on `seed`, `width`×`height` pixels, a patch a twelfth of a side.
    fn picture(width: u32, height: u32, seed: u32) -> image::RgbImage {
        image::RgbImage::from_fn(width, height, |x, y| {
            let patch = (x * 12 / width) * 31 + (y * 12 / height) * 17 + seed;
            image::Rgb([(patch.wrapping_mul(2_654_435_761) >> 24) as u8; 3])
        })
    }

    fn metadata(thumbnail: &image::RgbImage, orientation: u8) -> Metadata {
        let mut jpeg = Cursor::new(Vec::new());
        thumbnail.write_to(&mut jpeg, ImageFormat::Jpeg).unwrap();
        let mut metadata = Metadata::new(Format::Jpeg, (1, 1));
        metadata.orientation = orientation;
        metadata.provenance.thumbnail = Some(jpeg.into_inner());
        metadata
    }

    fn raster(image: &image::RgbImage) -> Raster {
        Raster::new(image.width() as usize, image.height() as usize, image.as_raw().clone()).unwrap()
    }

    fn differs(thumbnail: &image::RgbImage, orientation: u8, upload: &image::RgbImage) -> bool {
        thumbnail_differs(&metadata(thumbnail, orientation), &raster(upload)).is_some()
    }

    #[test]
    fn the_same_picture_made_small_does_not_differ() {
        let upload = picture(600, 800, 1);
        assert!(!differs(&picture(120, 160, 1), 1, &upload));
        // Turned by a quarter, as cameras store it.
        assert!(!differs(&image::imageops::rotate270(&picture(120, 160, 1)), 6, &upload));
        // Filled up with bars to 4:3.
        let mut filled = image::RgbImage::new(214, 160);
        image::imageops::replace(&mut filled, &picture(120, 160, 1), 47, 0);
        assert!(!differs(&filled, 1, &upload));
    }

    #[test]
    fn another_picture_and_another_shape_differ() {
        let upload = picture(600, 800, 1);
        assert!(differs(&picture(120, 160, 5), 1, &upload));
        assert!(differs(&picture(160, 160, 1), 1, &upload));
    }

    #[test]
    fn what_cannot_be_compared_says_nothing() {
        let flat = image::RgbImage::from_pixel(120, 160, image::Rgb([200; 3]));
        assert!(!differs(&flat, 1, &picture(600, 800, 1)));
        let mut metadata = metadata(&flat, 1);
        metadata.provenance.thumbnail = Some(b"\xff\xd8 damaged".to_vec());
        assert!(thumbnail_differs(&metadata, &raster(&picture(60, 80, 1))).is_none());
        assert!(!differs(&picture(641, 10, 1), 1, &picture(600, 800, 1)), "larger than any thumbnail");
    }
}
