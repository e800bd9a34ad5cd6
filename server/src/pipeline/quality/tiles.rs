//! The photo in tiles: brightness, contrast, and how much detail there is in which direction.

use slipstream_models::Raster;

use super::grey::Grid;

/// Side of a tile in pixels of the reduced picture: one or two lines of text.
pub(super) const TILE: usize = 32;

/// Planes on which detail is measured, each half the size of the one before.
pub(super) const PLANES: usize = 4;

/// Level from which a sensor has nothing left to tell.
pub(super) const BLOWN_OUT_LEVEL: u8 = 252;

/// Share of a tile's pixels that are blown out where all of it is.
const BLOWN_OUT: f32 = 0.98;

/// Mean squares of the differences between neighbours: the structure tensor (Bigün and Granlund 1987).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tensor {
    xx: f32,
    xy: f32,
    yy: f32,
}

impl Tensor {
    /// Root mean square difference in the direction with most and in the one with least, in grey levels, without `noise`,
    /// the mean square that each direction has of it.
    pub(super) fn extremes(&self, noise: f32) -> (f32, f32) {
        let (xx, yy) = (self.xx - noise, self.yy - noise);
        let middle = (xx + yy) / 2.0;
        let apart = ((xx - yy) / 2.0).hypot(self.xy);
        ((middle + apart).max(0.0).sqrt(), (middle - apart).max(0.0).sqrt())
    }

    /// Mean square difference over both directions.
    pub(super) fn power(&self) -> f32 {
        (self.xx + self.yy) / 2.0
    }

    pub(super) fn mean(tensors: impl ExactSizeIterator<Item = Self>) -> Self {
        let n = tensors.len().max(1) as f32;
        let sum = tensors.fold(Self::default(), |a, b| Self { xx: a.xx + b.xx, xy: a.xy + b.xy, yy: a.yy + b.yy });
        Self { xx: sum.xx / n, xy: sum.xy / n, yy: sum.yy / n }
    }
}

/// What a square of the picture looks like.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tile {
    pub(super) mean: f32,
    /// Standard deviation of the levels.
    pub(super) deviation: f32,
    /// The brightest level: the paper, on a tile with print.
    pub(super) brightest: u8,
    /// Whether hardly a pixel has anything left to tell.
    pub(super) blown_out: bool,
    /// Detail on each plane.
    pub(super) detail: [Tensor; PLANES],
}

/// The whole tiles of the bands that are looked at, row by row.
pub(super) struct Tiles {
    pub(super) grid: Grid,
    pub(super) all: Vec<Tile>,
}

impl Tiles {
    pub(super) fn new(raster: &Raster) -> Self {
        let grid = Grid::new(raster);
        let mut all = Vec::new();
        let mut square = [[0; TILE]; TILE];
        for band in grid.bands(raster) {
            for x in 0..grid.across {
                for (row, to) in band.chunks_exact(grid.width.max(1)).zip(&mut square) {
                    if let Some(from) = row.as_chunks::<TILE>().0.get(x) {
                        *to = *from;
                    }
                }
                all.push(tile(&square));
            }
        }
        Self { grid, all }
    }

    /// Left, top, right and bottom of tile `i` in pixels of the reduced picture.
    pub(super) fn bounds(&self, i: usize) -> [usize; 4] {
        let Grid { across, stride, height, .. } = self.grid;
        let (x, y) = (i % across * TILE, i / across * TILE * stride);
        [x, y, x + TILE, (y + TILE * stride).min(height)]
    }
}

fn tile(square: &[[u8; TILE]; TILE]) -> Tile {
    let (mut sum, mut squares, mut brightest, mut blown) = (0_u32, 0_u32, 0_u8, 0_u32);
    for row in square {
        let (mut row_sum, mut row_squares, mut row_blown) = (0_u16, 0_u32, 0_u8);
        for &level in row {
            brightest = brightest.max(level);
            row_blown += u8::from(level >= BLOWN_OUT_LEVEL);
            row_sum += u16::from(level);
            row_squares += u32::from(u16::from(level) * u16::from(level));
        }
        sum += u32::from(row_sum);
        squares += row_squares;
        blown += u32::from(row_blown);
    }
    let half: [[u8; 16]; 16] = halved(square);
    let quarter: [[u8; 8]; 8] = halved(&half);
    let eighth: [[u8; 4]; 4] = halved(&quarter);
    let n = (TILE * TILE) as f32;
    let mean = sum as f32 / n;
    Tile {
        mean,
        deviation: (squares as f32 / n - mean * mean).max(0.0).sqrt(),
        brightest,
        blown_out: blown as f32 > BLOWN_OUT * n,
        detail: [tensor(square), tensor(&half), tensor(&quarter), tensor(&eighth)],
    }
}

/// Means of two by two pixels; `M` is twice `N`.
fn halved<const M: usize, const N: usize>(plane: &[[u8; M]; M]) -> [[u8; N]; N] {
    let mut half = [[0; N]; N];
    for (to, [above, below]) in half.iter_mut().zip(plane.as_chunks::<2>().0) {
        for ((to, above), below) in to.iter_mut().zip(above.as_chunks::<2>().0).zip(below.as_chunks::<2>().0) {
            let sum = above.iter().chain(below).map(|level| u16::from(*level)).sum::<u16>();
            *to = ((sum + 2) / 4) as u8;
        }
    }
    half
}

/// Differences across and down between all squares of four pixels (Roberts' cross, turned).
fn tensor<const N: usize>(plane: &[[u8; N]; N]) -> Tensor {
    let (mut xx, mut xy, mut yy) = (0_i32, 0_i32, 0_i32);
    for (above, below) in plane.iter().zip(plane.iter().skip(1)) {
        for x in 0..N - 1 {
            let [a, b, c, d] = [above[x], above[x + 1], below[x], below[x + 1]].map(i16::from);
            let (dx, dy) = (b + d - a - c, c + d - a - b);
            xx += i32::from(dx) * i32::from(dx);
            xy += i32::from(dx) * i32::from(dy);
            yy += i32::from(dy) * i32::from(dy);
        }
    }
    // Each difference is of two pairs.
    let n = (4 * (N - 1) * (N - 1)) as f32;
    Tensor { xx: xx as f32 / n, xy: xy as f32 / n, yy: yy as f32 / n }
}
