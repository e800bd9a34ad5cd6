//! The three eyes of a QR code: concentric squares that any line through their middle crosses in the ratio 1:1:3:1:1.
//!
//! Rows are scanned with a threshold of their surroundings; a crossing in the ratio is checked down the column through
//! its middle, then along the row again, then along a diagonal. Text passes the first check often and the others hardly ever.

use crate::geometry::Point;
use crate::image::Plane;
use crate::stripes::CELL;

/// An eye, in pixels of its plane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Eye {
    pub(crate) centre: Point,
    /// Pixels a module, as measured along rows and columns: too large by up to a factor of 1.41 for codes that stand on a corner.
    pub(crate) module: f32,
    /// Crossings that found it.
    pub(crate) hits: u32,
}

/// Cells on each side whose mean makes the threshold of a cell.
const REACH: usize = 2;

/// A level is dark when it is this much below the threshold; so flat paper is light.
const MARGIN: u8 = 4;

/// Crossings that are checked on one plane, which bounds the work on textures.
const MOST_CHECKS: usize = 20_000;

/// Eyes that are kept.
const MOST_EYES: usize = 40;

/// A plane with its thresholds.
struct Binary<'a> {
    plane: &'a Plane,
    columns: usize,
    /// Of each cell: the level below which a pixel is dark.
    thresholds: Vec<u8>,
}

/// The eyes on a plane, those with most crossings first.
pub(crate) fn find(plane: &Plane) -> Vec<Eye> {
    if plane.width < 2 * CELL || plane.height < 2 * CELL {
        return Vec::new();
    }
    let binary = Binary::new(plane);
    let mut eyes: Vec<Eye> = Vec::new();
    let mut checks = 0;
    for y in (1..plane.height).step_by(2) {
        binary.crossings(y, |centre, module| {
            if checks < MOST_CHECKS {
                checks += 1;
                if let Some(eye) = binary.check(centre, y, module) {
                    note(&mut eyes, eye);
                }
            }
        });
    }
    eyes.sort_by_key(|eye| std::cmp::Reverse(eye.hits));
    eyes.truncate(MOST_EYES);
    eyes
}

/// Adds an eye, to one that is at its place already if there is.
fn note(eyes: &mut Vec<Eye>, eye: Eye) {
    let same = |other: &&mut Eye| {
        other.centre.distance(eye.centre) < 2.0 * other.module && (0.6..1.6).contains(&(eye.module / other.module))
    };
    if let Some(other) = eyes.iter_mut().find(same) {
        let (old, all) = (other.hits as f32, (other.hits + 1) as f32);
        other.centre = other.centre.times(old).plus(eye.centre).times(1.0 / all);
        other.module = (other.module * old + eye.module) / all;
        other.hits += 1;
    } else if eyes.len() < 4 * MOST_EYES {
        eyes.push(eye);
    }
}

impl<'a> Binary<'a> {
    fn new(plane: &'a Plane) -> Self {
        let (columns, rows) = (plane.width.div_ceil(CELL), plane.height.div_ceil(CELL));
        // Sums over all cells above and to the left, with a row and a column of zeros.
        let mut sums = vec![0_u64; (columns + 1) * (rows + 1)];
        for row in 0..rows {
            let height = CELL.min(plane.height - row * CELL);
            let mut cells = vec![0_u32; columns];
            for y in row * CELL..row * CELL + height {
                for (cell, pixels) in cells.iter_mut().zip(plane.row(y).chunks(CELL)) {
                    *cell += pixels.iter().map(|&v| u32::from(v)).sum::<u32>();
                }
            }
            let mut line = 0;
            for (column, cell) in cells.iter().enumerate() {
                let width = CELL.min(plane.width - column * CELL);
                line += u64::from(*cell / (width * height) as u32);
                sums[(row + 1) * (columns + 1) + column + 1] = sums[row * (columns + 1) + column + 1] + line;
            }
        }
        let mut thresholds = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            let (top, bottom) = (row.saturating_sub(REACH), (row + REACH + 1).min(rows));
            for column in 0..columns {
                let (left, right) = (column.saturating_sub(REACH), (column + REACH + 1).min(columns));
                let at = |row: usize, column: usize| sums[row * (columns + 1) + column];
                let sum = at(bottom, right) + at(top, left) - at(top, right) - at(bottom, left);
                let mean = sum / ((bottom - top) * (right - left)) as u64;
                thresholds.push((mean as u8).saturating_sub(MARGIN));
            }
        }
        Self { plane, columns, thresholds }
    }

    fn dark(&self, x: usize, y: usize) -> bool {
        self.plane.data[y * self.plane.width + x] < self.thresholds[y / CELL * self.columns + x / CELL]
    }

    /// Hands every crossing of row `y` in the ratio of an eye to `take`: its middle and the pixels a module.
    fn crossings(&self, y: usize, mut take: impl FnMut(f32, f32)) {
        let row = self.plane.row(y);
        let thresholds = &self.thresholds[y / CELL * self.columns..][..self.columns];
        // The last five runs; the newest is last.
        let mut runs = [0_u32; 5];
        let (mut run, mut was_dark) = (0, false);
        for (cell, (pixels, &threshold)) in row.chunks(CELL).zip(thresholds).enumerate() {
            for (i, &pixel) in pixels.iter().enumerate() {
                let dark = pixel < threshold;
                if dark == was_dark {
                    run += 1;
                    continue;
                }
                runs = [runs[1], runs[2], runs[3], runs[4], run];
                if was_dark && let Some(module) = ratio(&runs) {
                    let end = (cell * CELL + i) as f32;
                    take(end - (runs[4] + runs[3]) as f32 - runs[2] as f32 / 2.0, module);
                }
                (run, was_dark) = (1, dark);
            }
        }
        let end = row.len() as f32;
        runs = [runs[1], runs[2], runs[3], runs[4], run];
        if was_dark && let Some(module) = ratio(&runs) {
            take(end - (runs[4] + runs[3]) as f32 - runs[2] as f32 / 2.0, module);
        }
    }

    /// The eye around a crossing at (`x`, row `y`), if it is one in the other directions too.
    fn check(&self, x: f32, y: usize, module: f32) -> Option<Eye> {
        let limit = (module * 6.0) as usize + 2;
        let column = x as usize;
        let (middle, down) = self.walk(column, y, (0, 1), limit)?;
        if !(0.5..2.0).contains(&(down / module)) {
            return None;
        }
        let row = middle.y as usize;
        let (middle, across) = self.walk(column, row, (1, 0), limit)?;
        let centre = Point::new(middle.x, row as f32 + 0.5);
        // Blur rounds corners, so that a diagonal has to have the runs and not the ratio.
        self.side(centre.x as usize, row, (-1, -1), limit)?;
        self.side(centre.x as usize, row, (1, 1), limit)?;
        let (again, down) = self.walk(centre.x as usize, row, (0, 1), limit)?;
        Some(Eye { centre: Point::new(centre.x, again.y), module: (down + across) / 2.0, hits: 1 })
    }

    /// From a dark pixel both ways along `step`, through five runs in the ratio of an eye: their middle, and the steps a module.
    fn walk(&self, x: usize, y: usize, step: (isize, isize), limit: usize) -> Option<(Point, f32)> {
        let before = self.side(x, y, (-step.0, -step.1), limit)?;
        let after = self.side(x, y, step, limit)?;
        // Both sides counted the pixel they began with.
        let runs = [before[2], before[1], before[0] + after[0] - 1, after[1], after[2]];
        let module = ratio(&runs)?;
        let forward = after[0] as f32 - runs[2] as f32 / 2.0;
        let middle = Point::new(x as f32 + forward * step.0 as f32, y as f32 + forward * step.1 as f32);
        Some((middle, module))
    }

    /// Dark, light, dark pixels from a dark one on, each run of at most `limit`.
    fn side(&self, x: usize, y: usize, step: (isize, isize), limit: usize) -> Option<[u32; 3]> {
        let mut runs = [0_u32; 3];
        let (mut x, mut y, mut run) = (x, y, 0);
        loop {
            if self.dark(x, y) != (run % 2 == 0) {
                run += 1;
            }
            // Nothing there means that the pixel this began with was light.
            let Some(count) = runs.get_mut(run) else { break };
            *count += 1;
            if *count as usize > limit {
                return None;
            }
            match (x.checked_add_signed(step.0), y.checked_add_signed(step.1)) {
                (Some(next_x), Some(next_y)) if next_x < self.plane.width && next_y < self.plane.height => {
                    (x, y) = (next_x, next_y);
                }
                _ => break,
            }
        }
        (runs[0] > 0 && runs[2] > 0).then_some(runs)
    }
}

/// Pixels a module, where dark, light, dark, light, dark runs are in the ratio 1:1:3:1:1.
fn ratio(runs: &[u32; 5]) -> Option<f32> {
    let total = runs.iter().sum::<u32>() as f32;
    if total < 7.0 || runs[2] < 2 {
        return None;
    }
    let module = total / 7.0;
    // Half a module, and half a pixel for where pixels begin.
    let off = module * 0.5 + 0.5;
    let fits = |run: u32, modules: f32| (run as f32 - modules * module).abs() < off * modules.min(1.5);
    let ring = fits(runs[0], 1.0) && fits(runs[1], 1.0) && fits(runs[3], 1.0) && fits(runs[4], 1.0);
    (ring && fits(runs[2], 3.0)).then_some(module)
}
