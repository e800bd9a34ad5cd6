//! From a page to what the backbone takes: brightness, noise residual and tint of every pixel.
//!
//! The trainer's `planes.py` computes the same.

use rayon::prelude::*;

use crate::raster::Raster;

/// Pixels of a cell's side: a block of JPEG.
pub(super) const CELL: usize = 8;

/// Grey levels: larger residuals are print, not noise.
const RESIDUAL_BOUND: f32 = 8.0;
/// Grey levels of difference between red and blue.
const TINT_SCALE: f32 = 32.0;

/// The part of a page that whole cells cover, as numbers.
pub(super) struct Planes {
    /// Cells down and across.
    pub(super) cells: (usize, usize),
    /// `[rows·8][columns·8][3]`: brightness, residual, tint, each about -1 to 1.
    pub(super) image: Vec<f32>,
}

/// Brightness of a pixel, 0 to 255.
pub(super) fn luminance(rgb: &[u8]) -> f32 {
    0.114 * f32::from(rgb[2]) + 0.587 * f32::from(rgb[1]) + 0.299 * f32::from(rgb[0])
}

/// The planes of `page`, without the incomplete cells at its right and lower edge.
pub(super) fn planes(page: &Raster) -> Planes {
    let (rows, columns) = (page.height() / CELL, page.width() / CELL);
    let (height, width) = (rows * CELL, columns * CELL);
    let source = page.rgb();
    let mut brightness = vec![0.0_f32; height * width];
    let row_of = |y: usize| source[y * page.width() * 3..].chunks_exact(3).take(width);
    brightness.par_chunks_exact_mut(width.max(1)).enumerate().for_each(|(y, to)| {
        for (value, rgb) in to.iter_mut().zip(row_of(y)) {
            *value = luminance(rgb);
        }
    });
    let mut image = vec![0.0; height * width * 3];
    image.par_chunks_exact_mut((width * 3).max(1)).enumerate().for_each(|(y, to)| {
        let line = |y: usize| &brightness[y * width..(y + 1) * width];
        let lines = [line(y.saturating_sub(1)), line(y), line((y + 1).min(height - 1))];
        for (x, (pixel, rgb)) in to.chunks_exact_mut(3).zip(row_of(y)).enumerate() {
            let (left, right) = (x.saturating_sub(1), (x + 1).min(width - 1));
            let value = lines[1][x];
            // Second differences in both directions at once: blind to flat parts and to even slopes.
            let sides = lines[0][x] + lines[2][x] + lines[1][left] + lines[1][right];
            let corners = lines[0][left] + lines[0][right] + lines[2][left] + lines[2][right];
            let residual = (2.0 * sides - corners) / 4.0 - value;
            let tint = f32::from(rgb[0]) - f32::from(rgb[2]);
            pixel.copy_from_slice(&[
                value / 128.0 - 1.0,
                residual.clamp(-RESIDUAL_BOUND, RESIDUAL_BOUND) / RESIDUAL_BOUND,
                (tint / TINT_SCALE).clamp(-1.0, 1.0),
            ]);
        }
    });
    Planes { cells: (rows, columns), image }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incomplete_cells_are_left_out() {
        let page = Raster::new(19, 9, vec![128; 19 * 9 * 3]).unwrap_or_else(|e| unreachable!("{e}"));
        let planes = planes(&page);
        assert_eq!((planes.cells, planes.image.len()), ((1, 2), 384));
        let tiny = Raster::new(7, 30, vec![0; 630]).unwrap_or_else(|e| unreachable!("{e}"));
        assert!(super::planes(&tiny).image.is_empty());
    }

    #[test]
    fn an_even_slope_has_no_residual_and_a_dot_has_its_own_height() {
        let slope = (0..16 * 16).flat_map(|i| [(i % 16 * 4) as u8; 3]).collect();
        let slope = Raster::new(16, 16, slope).unwrap_or_else(|e| unreachable!("{e}"));
        let inner = |p: &Planes, x: usize, y: usize| p.image[(y * 16 + x) * 3 + 1];
        assert!(inner(&planes(&slope), 7, 7).abs() < 1e-5);
        let mut dot = vec![100; 16 * 16 * 3];
        dot[(5 * 16 + 5) * 3..(5 * 16 + 6) * 3].fill(104);
        let dot = Raster::new(16, 16, dot).unwrap_or_else(|e| unreachable!("{e}"));
        assert!((inner(&planes(&dot), 5, 5) + 0.5).abs() < 1e-5);
    }
}
