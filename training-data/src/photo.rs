//! From a page to a photograph or scan of it, with truth that follows every bend.
//!
//! The page is printed at the size at which the camera sees it, worn, bent and
//! lit; a grid of nodes says for every pixel which point of the paper it shows.
//! Blur works on the coverage by ink alone, since light changes slowly.

mod camera;
mod expose;
mod ground;
mod light;
mod optics;
mod options;
mod strike;
mod surface;

use image::codecs::jpeg::JpegEncoder;
use image::{ImageError, ImageFormat, RgbImage};

use crate::dice::Dice;
use crate::layout::{Run, Sheet};
use crate::receipt::Receipt;
use crate::render::ink::Ink;
use crate::render::{Rendered, faults};
use crate::truth::{PageSize, Truth};
use camera::Camera;
use surface::{Bend, Profile};

pub use ground::Ground;
pub use options::PhotoOptions;

/// Height of small letters in ems, as DejaVu has them.
const X_HEIGHT: f32 = 0.547;
/// Pixels between a line and the photograph's edge, at least.
const LEAST_MARGIN: f32 = 3.0;
/// Angle of the waves of a curl of strength one, and of the sharpest fold, in radians.
const FOLD: f32 = 0.28;

/// Takes a picture of a page. Every line of the truth gets a quad.
pub fn photograph(receipt: &Receipt, options: &PhotoOptions) -> Rendered {
    let dice = &mut Dice::new(options.seed, 1);
    let (sheet, mut truth, em) = scaled(receipt, options);
    let ink = print(&sheet, truth.page, em, options, dice);
    let mut camera = place(&truth, options, dice);
    let size = frame(&mut camera, &truth, options);
    let lines = truth.lines.iter_mut().map(|l| (&mut l.bounds, &mut l.quad));
    let codes = truth.barcodes.iter_mut().map(|c| (&mut c.bounds, &mut c.quad));
    for (bounds, corners) in lines.chain(codes) {
        let quad = camera.quad(*bounds).map(|p| p.map(|v| v * options.enlarge));
        *bounds = around(&quad);
        *corners = Some(quad);
    }
    let mut image = expose::expose(&ink, &camera, size, options, dice);
    if let Some(quality) = options.first_quality {
        image = recompressed(image, quality);
    }
    if options.enlarge > 1.0 {
        image = optics::enlarge(&image, options.enlarge);
    }
    truth.page = PageSize { width: image.width(), height: image.height() };
    Rendered { image, truth }
}

/// The picture as a JPEG file of this quality, 1 to 100.
///
/// # Errors
/// What the encoder reports, for pictures of more than 65535 pixels a side.
pub fn to_jpeg(image: &RgbImage, quality: u8) -> Result<Vec<u8>, ImageError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality.clamp(1, 100)).encode_image(image)?;
    Ok(bytes)
}

/// The picture after a round through JPEG, or as it is should that fail.
fn recompressed(image: RgbImage, quality: u8) -> RgbImage {
    let again = to_jpeg(&image, quality).and_then(|b| image::load_from_memory_with_format(&b, ImageFormat::Jpeg));
    again.map_or(image, |i| i.into_rgb8())
}

/// The page at the size at which the camera will see it, and its em.
fn scaled(receipt: &Receipt, options: &PhotoOptions) -> (Sheet, Truth, f32) {
    let mut ems: Vec<f32> = receipt.sheet.runs.iter().map(|r| r.em).collect();
    ems.sort_by(f32::total_cmp);
    let usual = ems.get(ems.len() / 2).copied().unwrap_or(20.0);
    let em = options.x_height / X_HEIGHT;
    let y = em / usual;
    let x = y / options.stretch.max(0.1);
    let rectangle = |[left, top, right, bottom]: [f32; 4]| [left * x, top * y, right * x, bottom * y];
    let run = |r: &Run| Run { x: r.x * x, y: r.y * y, em: r.em * y, stretch: r.stretch * x / y, ..r.clone() };
    let sheet = Sheet {
        runs: receipt.sheet.runs.iter().map(run).collect(),
        rules: receipt.sheet.rules.iter().map(|r| rectangle(*r)).collect(),
        zeros: receipt.sheet.zeros,
    };
    let mut truth = receipt.truth.clone();
    truth.lines.iter_mut().for_each(|l| l.bounds = rectangle(l.bounds));
    truth.barcodes.iter_mut().for_each(|c| c.bounds = rectangle(c.bounds));
    let PageSize { width, height } = truth.page;
    truth.page = PageSize { width: (width as f32 * x).ceil() as u32, height: (height as f32 * y).ceil() as u32 };
    (sheet, truth, em)
}

/// The worn print.
fn print(sheet: &Sheet, page: PageSize, em: f32, options: &PhotoOptions, dice: &mut Dice) -> Ink {
    let mut ink = Ink::blank(page);
    ink.draw(sheet);
    let strike = options.strike / 100.0 * em;
    if strike > 0.0 {
        strike::double(&mut ink, strike, dice.chance(0.4));
    } else if strike < 0.0 {
        strike::thin(&mut ink, (-strike).min(1.0));
    }
    // Finer dots than four pixels would only make the print pale.
    if let Some(missing) = options.dots.filter(|_| em > 26.0) {
        let pitch = em / dice.real(6.5, 8.0) as f32;
        strike::dots(&mut ink, dice, pitch, missing);
    }
    if options.ribbon > 0.0 {
        strike::ribbon(&mut ink, dice, options.ribbon);
    }
    faults::fade(&mut ink, dice, options.fading);
    faults::drop_columns(&mut ink, dice, options.dead_dots);
    faults::speckle(&mut ink, dice, options.speckle);
    ink
}

/// The bent paper before the camera.
fn place(truth: &Truth, options: &PhotoOptions, dice: &mut Dice) -> Camera {
    let PageSize { width, height } = truth.page;
    let bend = |curl: f32, folds: usize, fold: f32, feed: f32| Bend { curl, folds, fold, feed };
    let across = Profile::draw(dice, width as usize, bend(options.curl[1], options.folds[1], FOLD / 2.0, 0.0));
    let along = Profile::draw(dice, height as usize, bend(options.curl[0], options.folds[0], FOLD, options.feed));
    let distance = options.distance.max(1.0) * width.max(height) as f32;
    Camera::new(across, along, options.angles.map(f32::to_radians), distance)
}

/// Chooses the part of the table that the photograph shows: all lines and codes
/// are in it. Returns its width and height.
fn frame(camera: &mut Camera, truth: &Truth, options: &PhotoOptions) -> [usize; 2] {
    let (w, h) = (truth.page.width as f32, truth.page.height as f32);
    let edge = (0..=16).map(|i| i as f32 / 16.0).flat_map(|t| [[w * t, 0.0], [w * t, h], [0.0, h * t], [w, h * t]]);
    let paper = around(&edge.map(|p| camera.forth(p)).collect::<Vec<_>>());
    let shown = truth.lines.iter().map(|l| l.bounds).chain(truth.barcodes.iter().map(|c| c.bounds));
    let lines = around(&shown.flat_map(|bounds| camera.quad(bounds)).collect::<Vec<_>>());
    let side = |i: usize, outwards: f32| {
        let margin = options.margins.get(i).copied().unwrap_or_default() * w;
        let (paper, lines) = (paper[i] + outwards * margin, lines[i] + outwards * LEAST_MARGIN);
        if outwards < 0.0 { paper.min(lines) } else { paper.max(lines) }
    };
    let [left, top, right, bottom] = [side(0, -1.0), side(1, -1.0), side(2, 1.0), side(3, 1.0)];
    camera.shift([-left, -top]);
    [(right - left).ceil().max(16.0) as usize, (bottom - top).ceil().max(16.0) as usize]
}

/// `[left, top, right, bottom]` of all points; of nothing where there are none.
fn around(points: &[[f32; 2]]) -> [f32; 4] {
    let of = |axis: usize, pick: fn(f32, f32) -> f32| points.iter().map(|p| p[axis]).reduce(pick).unwrap_or_default();
    [of(0, f32::min), of(1, f32::min), of(0, f32::max), of(1, f32::max)]
}
