//! How the modules of a code on crumpled paper lie beside its grid.
//!
//! Module middles are all dark or all light where the grid lies right, and grey where it is off. From the eyes, where it
//! lies right, outwards, each part of the code is moved by up to half a module to where its modules differ most.

use crate::geometry::Point;
use crate::grid::Grid;
use crate::image::Plane;

/// Modules between two nodes.
const SPACING: usize = 3;

/// Modules to each side of a node that speak for it.
const REACH: i32 = 3;

/// What a shift of one module against the neighbours costs, as a share of the contrast.
const STIFFNESS: f32 = 0.5;

/// Shifts of the nodes of a lattice over the code, in modules.
#[derive(Debug, Clone)]
pub(crate) struct Warp {
    /// Nodes along a side.
    count: usize,
    shifts: Vec<Point>,
}

impl Warp {
    /// No shift anywhere.
    pub(crate) fn none() -> Self {
        Self { count: 1, shifts: vec![Point::default()] }
    }

    /// The shifts that make the modules of `grid` differ most.
    pub(crate) fn fit(plane: &Plane, grid: &Grid) -> Self {
        let count = grid.dimension / SPACING + 2;
        let mut shifts: Vec<Option<Point>> = vec![None; count * count];
        let far = grid.dimension as f32 - 3.5;
        let eyes = [Point::new(3.5, 3.5), Point::new(far, 3.5), Point::new(3.5, far)];
        let place = |i: usize| Point::new((i % count * SPACING) as f32, (i / count * SPACING) as f32);
        let distance = |i: usize| eyes.iter().map(|eye| eye.distance(place(i))).fold(f32::MAX, f32::min);
        let mut order: Vec<usize> = (0..count * count).collect();
        order.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        for round in 0..2 {
            for &node in &order {
                let expected = around(&shifts, count, node).unwrap_or_default();
                let from = if round == 0 { expected } else { shifts[node].unwrap_or(expected) };
                shifts[node] = Some(settle(plane, grid, place(node), from, expected));
            }
        }
        Self { count, shifts: shifts.into_iter().map(Option::unwrap_or_default).collect() }
    }

    /// The shift at a point of the grid, in modules.
    pub(crate) fn at(&self, x: f32, y: f32) -> Point {
        let last = self.count - 1;
        let (x, y) = ((x / SPACING as f32).max(0.0).min(last as f32), (y / SPACING as f32).max(0.0).min(last as f32));
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(last), (top + 1).min(last));
        let (fx, fy) = (x - left as f32, y - top as f32);
        let shift = |x: usize, y: usize| self.shifts[y * self.count + x];
        let upper = shift(left, top).times(1.0 - fx).plus(shift(right, top).times(fx));
        let lower = shift(left, bottom).times(1.0 - fx).plus(shift(right, bottom).times(fx));
        upper.times(1.0 - fy).plus(lower.times(fy))
    }
}

/// The mean shift of the neighbours of a node that have one.
fn around(shifts: &[Option<Point>], count: usize, node: usize) -> Option<Point> {
    let (x, y) = (node % count, node / count);
    let (mut sum, mut known) = (Point::default(), 0.0);
    for row in y.saturating_sub(1)..(y + 2).min(count) {
        for column in x.saturating_sub(1)..(x + 2).min(count) {
            let other = row * count + column;
            if other != node
                && let Some(shift) = shifts[other]
            {
                sum = sum.plus(shift);
                known += 1.0;
            }
        }
    }
    (known > 0.0).then(|| sum.times(1.0 / known))
}

/// The best shift near `from`, in two rounds of smaller steps.
fn settle(plane: &Plane, grid: &Grid, node: Point, from: Point, expected: Point) -> Point {
    let score = |shift: Point| {
        let (contrast, spread) = contrast(plane, grid, node, shift);
        let off = shift.minus(expected);
        contrast - STIFFNESS * spread * off.dot(off)
    };
    let mut best = (score(from), from);
    for (step, reach) in [(0.22, 2_i32), (0.09, 1)] {
        let middle = best.1;
        for dy in -reach..=reach {
            for dx in -reach..=reach {
                let shift = middle.plus(Point::new(dx as f32 * step, dy as f32 * step));
                let score = score(shift);
                if score > best.0 {
                    best = (score, shift);
                }
            }
        }
    }
    best.1
}

/// The mean difference of module middles around a node from their mean, and the largest that it could be.
fn contrast(plane: &Plane, grid: &Grid, node: Point, shift: Point) -> (f32, f32) {
    let (mut levels, mut count) = ([0.0_f32; ((2 * REACH + 1) * (2 * REACH + 1)) as usize], 0);
    let size = grid.dimension as f32;
    let (mut low, mut high) = (f32::MAX, f32::MIN);
    for dy in -REACH..=REACH {
        for dx in -REACH..=REACH {
            let (x, y) = (node.x + dx as f32 + 0.5, node.y + dy as f32 + 0.5);
            // The quiet zone of one module speaks for the outermost modules.
            if x > -1.0 && y > -1.0 && x < size + 1.0 && y < size + 1.0 {
                let level = plane.sample(grid.place(x + shift.x, y + shift.y));
                (low, high) = (low.min(level), high.max(level));
                levels[count] = level;
                count += 1;
            }
        }
    }
    let levels = &levels[..count];
    let middle = (low + high) / 2.0;
    let sum: f32 = levels.iter().map(|l| (l - middle).abs()).sum();
    (sum / count.max(1) as f32, (high - low).max(0.0) / 2.0)
}
