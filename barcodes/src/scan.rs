//! From pixels to codes: reduced planes, candidates on each of them, and a closer look at every candidate.

use std::borrow::Cow;

use crate::budget::Budget;
use crate::finder::{self, Eye};
use crate::geometry::Point;
use crate::image::{Pixels, Plane};
use crate::stripes::{self, Stripes};
use crate::{Barcode, Symbology, linear, qr, squares};

/// Pixels of the largest plane that candidates are looked for on.
const MOST_PIXELS: usize = 1_600_000;

/// Pixels of a part of the image that is looked at in full resolution.
const MOST_CLOSE_PIXELS: f32 = 3_000_000.0;

/// Planes, each half the size of the one before: the modules of a code that fills the image are too large for the first.
const LEVELS: usize = 4;

/// Areas of bars that are looked at on each plane.
const MOST_AREAS: usize = 12;

/// Groups of eyes that are looked at on each plane.
const MOST_GROUPS: usize = 24;

/// Pixels a module from which a plane shows all that there is to see.
const CLEAR_MODULE: f32 = 3.0;

/// An image with its planes.
struct Scene<'a> {
    pixels: &'a Pixels<'a>,
    /// Pixels of the image a pixel of the first plane.
    step: usize,
    planes: Vec<Plane>,
}

/// All codes on the image.
pub(crate) fn scan(pixels: &Pixels<'_>) -> Vec<Barcode> {
    let scene = Scene::new(pixels);
    let mut budget = Budget::default();
    let mut found = Vec::new();
    scene.squares(&mut budget, &mut found);
    scene.bars(&mut budget, &mut found);
    found
}

impl<'a> Scene<'a> {
    fn new(pixels: &'a Pixels<'a>) -> Self {
        let mut step = 1;
        while (pixels.width() / step) * (pixels.height() / step) > MOST_PIXELS {
            step += 1;
        }
        let mut planes = vec![pixels.reduced(step)];
        while planes.len() < LEVELS
            && let Some(plane) = planes.last().filter(|p| p.width.min(p.height) >= 12 * stripes::CELL)
        {
            planes.push(plane.half());
        }
        Self { pixels, step, planes }
    }

    fn squares(&self, budget: &mut Budget, found: &mut Vec<Barcode>) {
        for (level, plane) in self.planes.iter().enumerate() {
            let scale = (1 << level) as f32;
            let larger = |eye: Eye| Eye { centre: eye.centre.times(scale), module: eye.module * scale, ..eye };
            let eyes: Vec<Eye> = finder::find(plane).into_iter().map(larger).collect();
            let mut used: Vec<usize> = Vec::new();
            for corners in squares::group(&eyes, MOST_GROUPS) {
                let middle = corners.top_right.plus(corners.bottom_left).times(0.5);
                if corners.eyes.iter().any(|eye| used.contains(eye)) || self.seen(found, &corners) {
                    continue;
                }
                let radius = corners.top_right.distance(corners.bottom_left) * 0.75 + 8.0 * corners.module;
                let view = self.view(middle, radius, radius, corners.module);
                if let Some(read) = qr::read(&view.plane, &corners.map(|p| view.enter(p), view.scale), budget) {
                    used.extend(corners.eyes);
                    let polygon = read.corners.map(|p| self.leave(view.leave(p)));
                    note(found, Barcode { symbology: Symbology::QrCode, value: read.value, polygon });
                }
            }
        }
    }

    fn bars(&self, budget: &mut Budget, found: &mut Vec<Barcode>) {
        let mut tried: Vec<Stripes> = Vec::new();
        for (level, plane) in self.planes.iter().enumerate() {
            for area in stripes::find(plane, MOST_AREAS) {
                let area = area.scaled((1 << level) as f32);
                if self.known(found, area.centre) || tried.iter().any(|other| other.is_like(&area)) {
                    continue;
                }
                tried.push(area);
                let (across, along) = (area.half_across * 1.4 + 10.0, area.half_along + 4.0);
                let width = (area.across.x * across).abs() + (area.across.y * along).abs();
                let height = (area.across.y * across).abs() + (area.across.x * along).abs();
                let view = self.view(area.centre, width, height, area.half_across * 2.0 / 95.0);
                let close = Stripes { centre: view.enter(area.centre), ..area.scaled(view.scale) };
                if let Some(read) = linear::read(&view.plane, &close, budget) {
                    let polygon = read.corners.map(|p| self.leave(view.leave(p)));
                    note(found, Barcode { symbology: read.symbology, value: read.value, polygon });
                }
            }
        }
    }

    /// Whether a QR code with about these corners was read; a smaller one can stand inside of another.
    fn seen(&self, found: &[Barcode], corners: &squares::Corners) -> bool {
        let (first, third) = (self.leave(corners.top_right), self.leave(corners.bottom_left));
        let size = first.distance(third);
        let middle = first.plus(third).times(0.5);
        found.iter().any(|code| {
            let [_, a, _, b] = code.polygon;
            a.plus(b).times(0.5).distance(middle) < 0.2 * size && (0.7..1.8).contains(&(a.distance(b) / size))
        })
    }

    /// Whether a point of the first plane lies on a code that was read.
    fn known(&self, found: &[Barcode], at: Point) -> bool {
        let at = self.leave(at);
        found.iter().any(|code| {
            let side = |i: usize| {
                let (a, b) = (code.polygon[i], code.polygon[(i + 1) % 4]);
                b.minus(a).cross(at.minus(a)) >= 0.0
            };
            (0..4).all(side)
        })
    }

    /// From the first plane to the image.
    fn leave(&self, at: Point) -> Point {
        at.times(self.step as f32)
    }

    /// What is around a point of the first plane: that plane, or the image itself where modules are small.
    fn view(&self, centre: Point, half_width: f32, half_height: f32, module: f32) -> View<'_> {
        let step = self.step as f32;
        let whole = View { plane: Cow::Borrowed(&self.planes[0]), scale: 1.0, corner: Point::default() };
        if self.step == 1 || module >= CLEAR_MODULE {
            return whole;
        }
        let left = ((centre.x - half_width) * step).max(0.0).floor();
        let top = ((centre.y - half_height) * step).max(0.0).floor();
        let right = ((centre.x + half_width) * step).min(self.pixels.width() as f32);
        let bottom = ((centre.y + half_height) * step).min(self.pixels.height() as f32);
        let (width, height) = (right - left, bottom - top);
        if !(width >= 1.0 && height >= 1.0 && width * height <= MOST_CLOSE_PIXELS) {
            return whole;
        }
        let plane = self.pixels.crop(left as usize, top as usize, width as usize, height as usize);
        View { plane: Cow::Owned(plane), scale: step, corner: Point::new(left, top) }
    }
}

/// Adds a code, unless it is one that was read already: glare parts codes into several areas.
fn note(found: &mut Vec<Barcode>, code: Barcode) {
    let middle = |code: &Barcode| code.polygon[0].plus(code.polygon[2]).times(0.5);
    let size = |code: &Barcode| code.polygon[0].distance(code.polygon[2]);
    let same = |other: &Barcode| {
        (other.symbology, &other.value) == (code.symbology, &code.value)
            && middle(other).distance(middle(&code)) < size(other).max(size(&code))
    };
    if !found.iter().any(same) {
        found.push(code);
    }
}

/// A plane that shows a part of the first plane, maybe larger.
struct View<'a> {
    plane: Cow<'a, Plane>,
    /// Pixels of this plane a pixel of the first.
    scale: f32,
    /// Where its top left corner lies, in its own pixels.
    corner: Point,
}

impl View<'_> {
    /// From the first plane.
    fn enter(&self, at: Point) -> Point {
        at.times(self.scale).minus(self.corner)
    }

    /// Back to the first plane.
    fn leave(&self, at: Point) -> Point {
        at.plus(self.corner).times(1.0 / self.scale)
    }
}
