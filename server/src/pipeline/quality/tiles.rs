//! The photo in tiles: brightness, contrast, and how much detail there is in which direction.

use super::grey::Grey;

/// Side of a tile in pixels of the reduced picture: one or two lines of text.
pub(super) const TILE: usize = 32;

/// Planes on which detail is measured, each half the size of the one before.
pub(super) const PLANES: usize = 3;

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

/// All whole tiles, row by row.
pub(super) struct Tiles {
    pub(super) across: usize,
    pub(super) all: Vec<Tile>,
}

impl Tiles {
    pub(super) fn new(grey: &Grey) -> Self {
        let (across, down) = (grey.width / TILE, grey.height / TILE);
        let mut all: Vec<Tile> = (0..across * down).map(|i| tile(grey, i % across, i / across)).collect();
        let add = |all: &mut [Tile], plane: &Grey, number: usize| {
            for (i, tile) in all.iter_mut().enumerate() {
                tile.detail[number] = tensor(plane, i % across, i / across, TILE >> number);
            }
        };
        add(&mut all, grey, 0);
        let half = grey.half();
        add(&mut all, &half, 1);
        add(&mut all, &half.half(), 2);
        Self { across, all }
    }

    /// Left, top, right and bottom of tile `i` in pixels of the reduced picture.
    pub(super) fn bounds(&self, i: usize) -> [usize; 4] {
        let (x, y) = (i % self.across * TILE, i / self.across * TILE);
        [x, y, x + TILE, y + TILE]
    }
}

fn tile(grey: &Grey, tx: usize, ty: usize) -> Tile {
    let (mut sum, mut squares, mut brightest, mut blown) = (0_u32, 0_u32, 0_u8, 0_u32);
    for y in ty * TILE..(ty + 1) * TILE {
        let row = &grey.levels[y * grey.width + tx * TILE..][..TILE];
        for &level in row {
            brightest = brightest.max(level);
            blown += u32::from(level >= BLOWN_OUT_LEVEL);
            sum += u32::from(level);
            squares += u32::from(level) * u32::from(level);
        }
    }
    let n = (TILE * TILE) as f32;
    let mean = sum as f32 / n;
    Tile {
        mean,
        deviation: (squares as f32 / n - mean * mean).max(0.0).sqrt(),
        brightest,
        blown_out: blown as f32 > BLOWN_OUT * n,
        detail: Default::default(),
    }
}

/// Differences across and down between all squares of four pixels (Roberts' cross, turned) in a tile of `side` pixels.
fn tensor(plane: &Grey, tx: usize, ty: usize, side: usize) -> Tensor {
    let (columns, rows) = (side.min(plane.width - 1 - tx * side), side.min(plane.height - 1 - ty * side));
    let (mut xx, mut xy, mut yy) = (0_i64, 0_i64, 0_i64);
    for y in ty * side..ty * side + rows {
        let row = |y: usize| &plane.levels[y * plane.width + tx * side..][..=columns];
        let (above, below) = (row(y), row(y + 1));
        let (mut row_xx, mut row_xy, mut row_yy) = (0_i32, 0_i32, 0_i32);
        for x in 0..columns {
            let [a, b, c, d] = [above[x], above[x + 1], below[x], below[x + 1]].map(i16::from);
            let (dx, dy) = (i32::from(b + d - a - c), i32::from(c + d - a - b));
            row_xx += dx * dx;
            row_xy += dx * dy;
            row_yy += dy * dy;
        }
        (xx, xy, yy) = (xx + i64::from(row_xx), xy + i64::from(row_xy), yy + i64::from(row_yy));
    }
    // Each difference is of two pairs.
    let n = (4 * columns * rows).max(1) as f32;
    Tensor { xx: xx as f32 / n, xy: xy as f32 / n, yy: yy as f32 / n }
}
