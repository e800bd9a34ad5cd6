//! Coverage of a page by ink, drawn from runs of text and lines.

use ab_glyph::{Font, PxScale, point};

use crate::layout::{Run, Sheet};
use crate::truth::PageSize;

/// How much of each pixel is covered, 0 to 1, row by row.
pub(crate) struct Ink {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) coverage: Vec<f32>,
}

impl Ink {
    pub(crate) fn blank(page: PageSize) -> Self {
        let (width, height) = (page.width as usize, page.height as usize);
        Self { width, height, coverage: vec![0.0; width * height] }
    }

    /// Draws all texts and lines of a sheet.
    pub(crate) fn draw(&mut self, sheet: &Sheet) {
        for run in &sheet.runs {
            self.text(run);
        }
        for &[left, top, right, bottom] in &sheet.rules {
            for y in top.round() as usize..bottom.round().max(top.round() + 1.0) as usize {
                for x in left as usize..right as usize {
                    self.cover(x, y, 1.0);
                }
            }
        }
    }

    fn text(&mut self, run: &Run) {
        let (glyphs, metrics) = (run.face.glyphs(), run.face.metrics());
        let mut x = run.x;
        for c in run.text.chars() {
            let Some(font) = glyphs.file_with(c) else { continue };
            // ab_glyph scales by the font's height, layout by its em.
            let height = run.em * font.height_unscaled() / font.units_per_em().unwrap_or(2048.0) * glyphs.enlarged;
            let scale = PxScale { x: height * run.stretch, y: height };
            let glyph = font.glyph_id(c).with_scale_and_position(scale, point(x, run.y));
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|dx, dy, coverage| {
                    let (x, y) = (corner.x + dx as f32, corner.y + dy as f32);
                    if x >= 0.0 && y >= 0.0 {
                        self.cover(x as usize, y as usize, coverage);
                    }
                });
            }
            x += metrics.glyph(c).advance * run.em * run.stretch;
        }
    }

    fn cover(&mut self, x: usize, y: usize, coverage: f32) {
        if x >= self.width {
            return;
        }
        if let Some(pixel) = self.coverage.get_mut(y * self.width + x) {
            *pixel = pixel.max(coverage.clamp(0.0, 1.0));
        }
    }

    /// Coverage at a point, bilinear between pixel centres.
    pub(crate) fn sample(&self, x: f32, y: f32) -> f32 {
        let (x, y) = (x - 0.5, y - 0.5);
        let (x0, y0) = (x.floor(), y.floor());
        let (fx, fy) = (x - x0, y - y0);
        let at = |dx: f32, dy: f32| {
            let (x, y) = (x0 + dx, y0 + dy);
            if x < 0.0 || y < 0.0 || x >= self.width as f32 {
                return 0.0;
            }
            self.coverage.get(y as usize * self.width + x as usize).copied().unwrap_or(0.0)
        };
        let top = at(0.0, 0.0) * (1.0 - fx) + at(1.0, 0.0) * fx;
        let bottom = at(0.0, 1.0) * (1.0 - fx) + at(1.0, 1.0) * fx;
        top * (1.0 - fy) + bottom * fy
    }
}
