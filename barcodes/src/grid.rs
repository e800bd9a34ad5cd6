//! The modules of a QR code: where each of them lies, and which of them are dark.

use crate::geometry::Point;
use crate::image::Plane;
use crate::squares::Corners;
use crate::warp::Warp;

/// A plane map from module coordinates to pixels: a homography.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grid {
    /// Row-major coefficients; the last is one.
    map: [f64; 9],
    /// Modules along a side.
    pub(crate) dimension: usize,
}

impl Grid {
    /// The grid through the middles of the eyes and a fourth point at `fourth` (in modules) that lies at `place`.
    /// `None` where three of the points are on a line.
    fn new(corners: &Corners, dimension: usize, fourth: Point, place: Point) -> Option<Self> {
        let far = dimension as f32 - 3.5;
        let from = [Point::new(3.5, 3.5), Point::new(far, 3.5), fourth, Point::new(3.5, far)];
        let to = [corners.top_left, corners.top_right, place, corners.bottom_left];
        Some(Self { map: homography(from, to)?, dimension })
    }

    /// The grid as the three eyes alone have it: a parallelogram.
    pub(crate) fn flat(corners: &Corners, dimension: usize) -> Option<Self> {
        let far = dimension as f32 - 3.5;
        let fourth = corners.top_right.plus(corners.bottom_left).minus(corners.top_left);
        Self::new(corners, dimension, Point::new(far, far), fourth)
    }

    /// The grid with the bottom right alignment pattern at `place`.
    pub(crate) fn aligned(corners: &Corners, dimension: usize, place: Point) -> Option<Self> {
        let near = dimension as f32 - 6.5;
        Self::new(corners, dimension, Point::new(near, near), place)
    }

    /// Where a point of the grid lies; (0.5, 0.5) is the middle of the top left module.
    pub(crate) fn place(&self, x: f32, y: f32) -> Point {
        let (x, y, m) = (f64::from(x), f64::from(y), &self.map);
        let w = m[6] * x + m[7] * y + m[8];
        Point::new(((m[0] * x + m[1] * y + m[2]) / w) as f32, ((m[3] * x + m[4] * y + m[5]) / w) as f32)
    }

    /// The corners of the code, clockwise from the top left.
    pub(crate) fn outline(&self) -> [Point; 4] {
        let far = self.dimension as f32;
        [self.place(0.0, 0.0), self.place(far, 0.0), self.place(far, far), self.place(0.0, far)]
    }
}

/// The homography that takes four points to four others.
fn homography(from: [Point; 4], to: [Point; 4]) -> Option<[f64; 9]> {
    // Two equations a point, eight unknowns.
    let mut rows = [[0.0_f64; 9]; 8];
    for (i, (f, t)) in from.iter().zip(to).enumerate() {
        let (x, y, u, v) = (f64::from(f.x), f64::from(f.y), f64::from(t.x), f64::from(t.y));
        rows[2 * i] = [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u];
        rows[2 * i + 1] = [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v];
    }
    for i in 0..8 {
        let pivot = (i..8).max_by(|&a, &b| rows[a][i].abs().total_cmp(&rows[b][i].abs()))?;
        rows.swap(i, pivot);
        if !(rows[i][i].abs() > 1e-9) {
            return None;
        }
        for j in 0..8 {
            if i != j {
                let factor = rows[j][i] / rows[i][i];
                let pivot = rows[i];
                rows[j].iter_mut().zip(pivot).for_each(|(value, of_pivot)| *value -= factor * of_pivot);
            }
        }
    }
    let mut map = [1.0; 9];
    for (i, row) in rows.iter().enumerate() {
        map[i] = row[8] / row[i];
    }
    map.iter().all(|v| v.is_finite()).then_some(map)
}

/// The brightness of every module, row by row: the mean of five points around its middle.
pub(crate) fn levels(plane: &Plane, grid: &Grid, warp: &Warp) -> Vec<f32> {
    const POINTS: [(f32, f32); 5] = [(0.5, 0.5), (0.3, 0.3), (0.7, 0.3), (0.3, 0.7), (0.7, 0.7)];
    let mut levels = Vec::with_capacity(grid.dimension * grid.dimension);
    for y in 0..grid.dimension {
        for x in 0..grid.dimension {
            let (x, y) = (x as f32, y as f32);
            let shift = warp.at(x + 0.5, y + 0.5);
            let level = |(dx, dy): (f32, f32)| plane.sample(grid.place(x + dx + shift.x, y + dy + shift.y));
            levels.push(POINTS.map(level).iter().sum::<f32>() / POINTS.len() as f32);
        }
    }
    levels
}

/// The share (0 to 1) of modules of the two timing patterns that alternate as they should.
pub(crate) fn timing(plane: &Plane, grid: &Grid) -> f32 {
    let mut right = 0;
    let mut all = 0;
    for across in [true, false] {
        let level = |i: usize| {
            let (a, b) = (i as f32 + 0.5, 6.5);
            plane.sample(if across { grid.place(a, b) } else { grid.place(b, a) })
        };
        // Dark where the number is even; each module against the mean of its neighbours, so that no threshold is needed.
        for i in 8..grid.dimension - 8 {
            let difference = level(i) - (level(i - 1) + level(i + 1)) / 2.0;
            right += usize::from((difference < 0.0) == (i % 2 == 0));
            all += 1;
        }
    }
    right as f32 / all.max(1) as f32
}

/// How modules become dark or light.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Threshold {
    /// One level for all, between the two groups that levels form.
    Global,
    /// The mean of the modules around, this many to each side.
    Around(usize),
    /// The middle of the darkest and the lightest around, this many to each side.
    Middle(usize),
}

/// Which modules are dark.
pub(crate) fn dark(levels: &[f32], dimension: usize, how: Threshold) -> Vec<bool> {
    let around = |i: usize, reach: usize| {
        let (x, y) = (i % dimension, i / dimension);
        let columns = x.saturating_sub(reach)..(x + reach + 1).min(dimension);
        (y.saturating_sub(reach)..(y + reach + 1).min(dimension))
            .flat_map(move |row| levels[row * dimension..][columns.clone()].iter().copied())
    };
    match how {
        Threshold::Global => {
            let threshold = between(levels);
            levels.iter().map(|&level| level < threshold).collect()
        }
        Threshold::Around(reach) => (0..levels.len())
            .map(|i| {
                let (sum, count) = around(i, reach).fold((0.0, 0.0), |(sum, count), l| (sum + l, count + 1.0));
                levels[i] * count < sum
            })
            .collect(),
        Threshold::Middle(reach) => (0..levels.len())
            .map(|i| {
                let (low, high) = around(i, reach).fold((f32::MAX, f32::MIN), |(a, b), l| (a.min(l), b.max(l)));
                2.0 * levels[i] < low + high
            })
            .collect(),
    }
}

/// The level that parts levels into two groups whose means are furthest apart for their sizes (Otsu's).
fn between(levels: &[f32]) -> f32 {
    let mut counts = [0_u32; 256];
    for &level in levels {
        counts[(level.max(0.0) as usize).min(255)] += 1;
    }
    let total: f32 = levels.len() as f32;
    let sum: f32 = counts.iter().enumerate().map(|(level, &n)| level as f32 * n as f32).sum();
    let (mut below, mut sum_below, mut best) = (0.0, 0.0, (0.0, 128.0));
    for (level, &n) in counts.iter().enumerate() {
        below += n as f32;
        sum_below += level as f32 * n as f32;
        let above = total - below;
        if below > 0.0 && above > 0.0 {
            let apart = sum_below / below - (sum - sum_below) / above;
            let score = below * above * apart * apart;
            if score > best.0 {
                best = (score, level as f32 + 1.0);
            }
        }
    }
    best.1
}
