//! Any decoded picture → upright 8-bit RGB on white.

use image::{DynamicImage, RgbImage, metadata::Orientation};
use slipstream_models::{Raster, raster::RasterSizeError};

/// Converts to RGB and applies the EXIF orientation. Transparent pixels show
/// white, as on paper: a receipt exported without background is black on nothing.
pub(super) fn upright_rgb(image: DynamicImage, orientation: Orientation) -> Result<Raster, RasterSizeError> {
    let rgb = if image.color().has_alpha() { on_white(&image) } else { image.into_rgb8() };
    let mut image = DynamicImage::ImageRgb8(rgb);
    image.apply_orientation(orientation);
    let rgb = image.into_rgb8();
    let (width, height) = (rgb.width() as usize, rgb.height() as usize);
    Raster::new(width, height, rgb.into_raw())
}

fn on_white(image: &DynamicImage) -> RgbImage {
    let rgba = image.to_rgba8();
    let mut rgb = RgbImage::new(rgba.width(), rgba.height());
    for (to, from) in rgb.pixels_mut().zip(rgba.pixels()) {
        let [r, g, b, a] = from.0.map(u32::from);
        let over = |c: u32| u8::try_from((c * a + 255 * (255 - a) + 127) / 255).unwrap_or(u8::MAX);
        to.0 = [over(r), over(g), over(b)];
    }
    rgb
}
