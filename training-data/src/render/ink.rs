//! Coverage of a page by ink, drawn from runs of text and lines.

use ab_glyph::{Font, PxScale, point};

use crate::layout::{Run, Sheet, Zeros};
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
            self.text(run, sheet.zeros);
        }
        for &[left, top, right, bottom] in &sheet.rules {
            for y in top.round() as usize..bottom.round().max(top.round() + 1.0) as usize {
                for x in left as usize..right as usize {
                    self.cover(x, y, 1.0);
                }
            }
        }
    }

    fn text(&mut self, run: &Run, zeros: Zeros) {
        let (glyphs, metrics) = (run.face.glyphs(), run.face.metrics());
        let mut x = run.x;
        for c in run.text.chars() {
            let Some(font) = glyphs.file_with(c) else { continue };
            // ab_glyph scales by the font's height, layout by its em.
            let height = run.em * font.height_unscaled() / font.units_per_em().unwrap_or(2048.0) * glyphs.enlarged;
            let scale = PxScale { x: height * run.stretch, y: height };
            let glyph = font.glyph_id(c).with_scale_and_position(scale, point(x, run.y));
            if let Some(outline) = font.outline_glyph(glyph) {
                let bounds = outline.px_bounds();
                let corner = bounds.min;
                outline.draw(|dx, dy, coverage| {
                    let (x, y) = (corner.x + dx as f32, corner.y + dy as f32);
                    if x >= 0.0 && y >= 0.0 {
                        self.cover(x as usize, y as usize, coverage);
                    }
                });
                if c == '0' {
                    self.mark(zeros, [bounds.min.x, bounds.min.y, bounds.max.x, bounds.max.y], run.em);
                }
            }
            x += metrics.glyph(c).advance * run.em * run.stretch;
        }
    }

    /// Marks a zero, unless its typeface does so itself: then its middle has ink already.
    fn mark(&mut self, zeros: Zeros, [left, top, right, bottom]: [f32; 4], em: f32) {
        let Some(ends) = zeros.stroke() else { return };
        let (x, y) = ((left + right) / 2.0, (top + bottom) / 2.0);
        if self.sample(x, y) > 0.2 {
            return;
        }
        let [from, to] = ends.map(|[dx, dy]| [x + dx * (right - left) / 2.0, y + dy * (bottom - top) / 2.0]);
        // As wide as a thin stroke of common faces; a dot is the end of a wider pen.
        let radius = em * if zeros == Zeros::Dotted { 0.07 } else { 0.035 };
        let reach =
            |a: f32, b: f32| (a.min(b) - radius - 1.0).max(0.0) as usize..(a.max(b) + radius + 2.0).max(0.0) as usize;
        for row in reach(from[1], to[1]) {
            for column in reach(from[0], to[0]) {
                let distance = distance([column as f32 + 0.5, row as f32 + 0.5], [from, to]);
                // The edge crosses a pixel over the length of one.
                self.cover(column, row, radius + 0.5 - distance);
            }
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

/// Of a point from the nearest point of a segment.
fn distance(point: [f32; 2], [from, to]: [[f32; 2]; 2]) -> f32 {
    let along = [to[0] - from[0], to[1] - from[1]];
    let offset = [point[0] - from[0], point[1] - from[1]];
    let length = (along[0].powi(2) + along[1].powi(2)).max(1e-9);
    let at = ((offset[0] * along[0] + offset[1] * along[1]) / length).clamp(0.0, 1.0);
    (offset[0] - at * along[0]).hypot(offset[1] - at * along[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::font::Face;

    /// A zero of 60 pixels, and how much ink its middle has.
    fn zero(face: Face, zeros: Zeros) -> (Ink, f32) {
        let run = Run { text: "0".to_string(), x: 10.0, y: 60.0, em: 60.0, stretch: 1.0, face };
        let mut ink = Ink::blank(PageSize { width: 60, height: 80 });
        ink.draw(&Sheet { runs: vec![run], zeros, ..Sheet::default() });
        let [left, top, right, bottom] = face.metrics().glyph('0').ink.unwrap_or_default().map(|v| v * 60.0);
        let middle = ink.sample(10.0 + (left + right) / 2.0, 60.0 + (top + bottom) / 2.0);
        (ink, middle)
    }

    #[test]
    fn every_mark_fills_the_middle_of_a_zero_in_its_own_way() {
        let plain = zero(Face::Sans, Zeros::AsDrawn);
        assert!(plain.1 < 0.01);
        let marked = Zeros::MARKS.map(|mark| zero(Face::Sans, mark));
        for (i, (ink, middle)) in marked.iter().enumerate() {
            assert!(*middle > 0.9, "{:?}: {middle}", Zeros::MARKS[i]);
            assert!(marked.iter().skip(i + 1).all(|(other, _)| other.coverage != ink.coverage));
        }
    }

    #[test]
    fn a_typeface_that_marks_its_zeros_keeps_its_own_mark() {
        // DejaVu Sans Mono has a dotted zero.
        assert_eq!(zero(Face::Mono, Zeros::AsDrawn).0.coverage, zero(Face::Mono, Zeros::SlashedThrough).0.coverage);
    }
}
