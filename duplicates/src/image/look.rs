//! How a row and a page look: hashes of pixels, taken in the frame of the text, so that turning, resizing and cropping
//! the image change little.

use super::rows::{Row, Rows};
use crate::page::Photo;

/// Cells of a row's hash: neighbours along the text are compared.
const COLUMNS: usize = 9;
const ROWS: usize = 4;

/// Samples of a cell, along and across.
const SAMPLES: (usize, usize) = (5, 3);

/// A difference hash of the row's pixels: bit by bit, whether a cell is brighter than its right neighbour.
/// Light and contrast do not change it, and JPEG little.
pub(super) fn row_look(row: &Row, rows: &Rows, photo: &Photo) -> u32 {
    let (width, top) = (row.right - row.left, row.y - row.height / 2.0);
    let cell = |column: usize, line: usize| {
        let mut sum = 0.0;
        for i in 0..SAMPLES.0 {
            for j in 0..SAMPLES.1 {
                let along = (column as f32 + (i as f32 + 0.5) / SAMPLES.0 as f32) / COLUMNS as f32;
                let across = (line as f32 + (j as f32 + 0.5) / SAMPLES.1 as f32) / ROWS as f32;
                let (x, y) = rows.pixel(row.left + along * width, top + across * row.height);
                sum += photo.luma(x, y);
            }
        }
        sum
    };
    let mut hash = 0;
    for line in 0..ROWS {
        let cells: [f32; COLUMNS] = std::array::from_fn(|column| cell(column, line));
        for pair in cells.windows(2) {
            hash = hash << 1 | u32::from(matches!(pair, [left, right] if left > right));
        }
    }
    hash
}

/// Samples of the page along each side, and coefficients that are kept along each side.
const SIDE: usize = 32;
const KEPT: usize = 8;

/// Samples of a cell of the page along each side.
const FINE: usize = 3;

/// A perceptual hash of the page inside the frame of its rows: signs of the lowest frequencies of a cosine transform
/// against their median. It is the same for images that hold the same rows; a crop changes it.
pub(super) fn page_look(rows: &Rows, photo: &Photo) -> u64 {
    let (mut left, mut top, mut right, mut bottom) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
    for row in &rows.rows {
        (left, right) = (left.min(row.left), right.max(row.right));
        (top, bottom) = (top.min(row.y - row.height / 2.0), bottom.max(row.y + row.height / 2.0));
    }
    let sample = |i: usize, j: usize| {
        let (along, across) = (i as f32 + 0.5, j as f32 + 0.5);
        let side = (SIDE * FINE) as f32;
        let (x, y) = rows.pixel(left + (right - left) * along / side, top + (bottom - top) * across / side);
        photo.luma(x, y)
    };
    let mut cells = [[0.0_f32; SIDE]; SIDE];
    for (j, line) in cells.iter_mut().enumerate() {
        for (i, cell) in line.iter_mut().enumerate() {
            let fine = (0..FINE * FINE).map(|k| sample(i * FINE + k % FINE, j * FINE + k / FINE));
            *cell = fine.sum();
        }
    }
    signs(&cells)
}

/// The signs of the lowest frequencies but the mean, against their median.
fn signs(cells: &[[f32; SIDE]; SIDE]) -> u64 {
    let wave = |frequency: usize, place: usize| {
        (std::f32::consts::PI * frequency as f32 * (place as f32 + 0.5) / SIDE as f32).cos()
    };
    let mut low = Vec::with_capacity(KEPT * KEPT);
    for across in 0..KEPT {
        // Columns first, so that each is summed once for all frequencies along.
        let columns: [f32; SIDE] =
            std::array::from_fn(|i| cells.iter().enumerate().map(|(j, line)| line[i] * wave(across, j)).sum());
        for along in 0..KEPT {
            low.push(columns.iter().enumerate().map(|(i, sum)| sum * wave(along, i)).sum::<f32>());
        }
    }
    let mut sorted = low.get(1..).unwrap_or_default().to_vec();
    sorted.sort_by(f32::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
    low.iter().skip(1).fold(0, |hash, value| hash << 1 | u64::from(*value > median))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::page::Line;

    /// A page with two rows of bars: `thickness` of each by its place.
    fn picture(scale: usize, light: f32, thickness: impl Fn(usize) -> usize) -> (Vec<u8>, usize, usize) {
        let (width, height) = (200 * scale, 100 * scale);
        let mut rgb = Vec::new();
        for y in 0..height / scale {
            let row = (0..width / scale).map(|x| {
                let ink = (20..40).contains(&y) || (60..80).contains(&y);
                let dark = ink && x % 20 < thickness(x / 20 + y / 40 * 10);
                ((if dark { 40.0 } else { 220.0 }) * light) as u8
            });
            let row: Vec<u8> = row.flat_map(|v| vec![v; 3 * scale]).collect();
            (0..scale).for_each(|_| rgb.extend_from_slice(&row));
        }
        (rgb, width, height)
    }

    fn looks(scale: usize, light: f32, thickness: impl Fn(usize) -> usize) -> (u64, u32) {
        let (rgb, width, height) = picture(scale, light, thickness);
        let s = scale as f32;
        let quad = |top: f32| {
            [[0.0, top * s], [200.0 * s, top * s], [200.0 * s, top * s + 20.0 * s], [0.0, top * s + 20.0 * s]]
        };
        let line = |top| Line { text: "ROW".into(), certainties: Vec::new(), quad: quad(top) };
        let rows = Rows::new(&[line(20.0), line(60.0)]);
        let photo = Photo::new(width, height, &rgb).unwrap();
        (page_look(&rows, &photo), row_look(&rows.rows[0], &rows, &photo))
    }

    #[test]
    fn size_and_light_do_not_change_a_look_and_another_picture_does() {
        let first = |i: usize| [3, 17, 9, 2, 14, 6, 18, 4, 11, 16][i % 10] ^ (i / 10);
        let other = |i: usize| [15, 2, 12, 18, 5, 16, 3, 13, 7, 1][i % 10];
        let (page, row) = looks(1, 1.0, first);
        for (scale, light) in [(2, 1.0), (3, 0.6), (1, 0.8)] {
            let (page_again, row_again) = looks(scale, light, first);
            assert!((page ^ page_again).count_ones() <= 4, "page at {scale}, {light}");
            assert!((row ^ row_again).count_ones() <= 2, "row at {scale}, {light}");
        }
        let (page_other, row_other) = looks(1, 1.0, other);
        assert!((page ^ page_other).count_ones() >= 12 && (row ^ row_other).count_ones() >= 6);
    }
}
