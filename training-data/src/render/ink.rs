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

/// Tiles of 2^TILE pixels a side.
const TILE: u32 = 3;

/// Which tiles of a page have ink in them, or so close that sampling feels it.
pub(crate) struct Inked {
    columns: usize,
    tiles: Vec<bool>,
}

impl Inked {
    /// False where a sample in this pixel is surely blank.
    #[inline]
    pub(crate) fn near(&self, x: usize, y: usize) -> bool {
        self.tiles.get((y >> TILE) * self.columns + (x >> TILE)).copied().unwrap_or(true)
    }
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

    /// Where there is ink.
    pub(crate) fn inked(&self) -> Inked {
        let columns = (self.width >> TILE) + 2;
        let mut tiles = vec![false; columns * ((self.height >> TILE) + 2)];
        for (y, row) in self.coverage.chunks(self.width.max(1)).enumerate() {
            for (x, _) in row.iter().enumerate().filter(|(_, c)| **c > 0.0) {
                // A point is mixed from the pixels around it, so ink is felt one pixel further.
                for (x, y) in [
                    (x.saturating_sub(1), y.saturating_sub(1)),
                    (x + 1, y.saturating_sub(1)),
                    (x.saturating_sub(1), y + 1),
                    (x + 1, y + 1),
                ] {
                    if let Some(tile) = tiles.get_mut((y >> TILE) * columns + (x >> TILE)) {
                        *tile = true;
                    }
                }
            }
        }
        Inked { columns, tiles }
    }

    /// Coverage at a point, bilinear between pixel centres.
    #[inline]
    pub(crate) fn sample(&self, x: f32, y: f32) -> f32 {
        // Counted from the centre of a pixel beyond the corner, so that cutting decimals off is rounding down.
        let (x, y) = (x + 0.5, y + 0.5);
        if x < 0.0 || y < 0.0 {
            return 0.0;
        }
        // Conversions to 32 bits are one instruction, those to 64 many, and no page is that large.
        let (column, row) = (x as i32 as usize, y as i32 as usize);
        let (fx, fy) = (x - column as f32, y - row as f32);
        let inside = column > 0 && row > 0 && column < self.width && row < self.height;
        let [a, b, c, d] = if inside {
            let corner = (row - 1) * self.width + column - 1;
            let pair = |at: usize| self.coverage.get(at..at + 2).map_or([0.0; 2], |p| [p[0], p[1]]);
            let ([a, b], [c, d]) = (pair(corner), pair(corner + self.width));
            [a, b, c, d]
        } else {
            [[1, 1], [0, 1], [1, 0], [0, 0]].map(|[dx, dy]| match (column.checked_sub(dx), row.checked_sub(dy)) {
                (Some(x), Some(y)) if x < self.width => self.coverage.get(y * self.width + x).copied().unwrap_or(0.0),
                _ => 0.0,
            })
        };
        (a * (1.0 - fx) + b * fx) * (1.0 - fy) + (c * (1.0 - fx) + d * fx) * fy
    }
}
