//! QR codes: eyes to corners, corners to a grid, the grid to bits, bits to text.

use crate::budget::Budget;
use crate::geometry::Point;
use crate::grid::{self, Grid, Threshold};
use crate::image::Plane;
use crate::rx;
use crate::squares::Corners;
use crate::warp::Warp;

/// A code that was read, in pixels of the plane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read {
    pub(crate) value: String,
    /// Clockwise from the code's top left.
    pub(crate) corners: [Point; 4],
}

/// Share of the timing patterns that has to be right.
const MIN_TIMING: f32 = 0.7;

/// Reads the code with the given eyes. They and the code are in pixels of `plane`.
pub(crate) fn read(plane: &Plane, corners: &Corners, budget: &mut Budget) -> Option<Read> {
    if plane.width < 2 || plane.height < 2 {
        return None;
    }
    let dimensions = dimensions(plane, corners);
    // Warping costs some milliseconds, so that all flat grids go first.
    for warped in [false, true] {
        for &(dimension, _) in &dimensions {
            for grid in grids(plane, corners, dimension) {
                if warped && !budget.take_warp() {
                    return None;
                }
                let warp = if warped { Warp::fit(plane, &grid) } else { Warp::none() };
                if let Some(value) = read_grid(plane, &grid, &warp) {
                    return Some(Read { value, corners: grid.outline() });
                }
            }
        }
    }
    None
}

/// The text of the modules where they are, with one threshold after the other.
fn read_grid(plane: &Plane, grid: &Grid, warp: &Warp) -> Option<String> {
    let levels = grid::levels(plane, grid, warp);
    [Threshold::Around(5), Threshold::Global, Threshold::Middle(5), Threshold::Around(3)]
        .into_iter()
        .find_map(|how| rx::qr(&grid::dark(&levels, grid.dimension, how), grid.dimension))
}

/// Numbers of modules that the timing patterns speak for, the likeliest first.
fn dimensions(plane: &Plane, corners: &Corners) -> Vec<(usize, f32)> {
    let version = ((corners.modules() - 17.0) / 4.0).round() as isize;
    // The larger the code, the more an error in the size of a module shifts.
    let reach = 1 + version.max(0) / 8;
    let mut all: Vec<(usize, f32)> = (version - reach..=version + reach)
        .filter(|version| (1..=40).contains(version))
        .filter_map(|version| {
            let dimension = 17 + 4 * version as usize;
            let timing = grid::timing(plane, &Grid::flat(corners, dimension)?);
            (timing >= MIN_TIMING).then_some((dimension, timing))
        })
        .collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1));
    all.truncate(2);
    all
}

/// Grids to try: through the alignment pattern where there is one, then through the eyes alone.
fn grids(plane: &Plane, corners: &Corners, dimension: usize) -> Vec<Grid> {
    let Some(flat) = Grid::flat(corners, dimension) else { return Vec::new() };
    let mut grids = Vec::new();
    if dimension > 21 {
        grids.extend(alignment(plane, &flat).and_then(|place| Grid::aligned(corners, dimension, place)));
    }
    grids.push(flat);
    grids
}

/// The middle of the bottom right alignment pattern: the place near where `grid` has it whose surroundings look most like it.
fn alignment(plane: &Plane, grid: &Grid) -> Option<Point> {
    let near = grid.dimension as f32 - 6.5;
    // Perspective moves the fourth corner by some hundredths of the side.
    let reach = (grid.dimension as f32 * 0.12).clamp(3.0, 9.0);
    let mut best = (0.0, None);
    let steps = (reach * 4.0) as i32;
    for dy in -steps..=steps {
        for dx in -steps..=steps {
            let (x, y) = (near + dx as f32 / 4.0, near + dy as f32 / 4.0);
            let score = likeness(plane, grid, x, y);
            // Nearer places are likelier.
            let score = score - 0.01 * (dx.abs().max(dy.abs())) as f32 / 4.0;
            if score > best.0 {
                best = (score, Some(grid.place(x, y)));
            }
        }
    }
    if best.0 > 0.5 { best.1 } else { None }
}

/// Correlation (-1 to 1) of the 25 modules around a point with an alignment pattern.
fn likeness(plane: &Plane, grid: &Grid, x: f32, y: f32) -> f32 {
    let (mut sum, mut squares, mut product) = (0.0, 0.0, 0.0);
    // The pattern has 17 dark modules of 25.
    let (dark, light) = (-8.0_f32, 17.0_f32);
    for row in -2..=2_i32 {
        for column in -2..=2_i32 {
            let level = plane.sample(grid.place(x + column as f32, y + row as f32));
            let ring = row.abs().max(column.abs());
            product += level * if ring == 1 { light } else { dark };
            sum += level;
            squares += level * level;
        }
    }
    let variance = squares - sum * sum / 25.0;
    if variance <= 25.0 * 4.0 {
        return 0.0;
    }
    let pattern = 17.0 * dark * dark + 8.0 * light * light;
    product / (variance * pattern).sqrt()
}
