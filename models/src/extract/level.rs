//! Makes the rows of a page level: one that is tilted, seen at an angle, or slightly bent.
//!
//! Long lines tell the slope where they stand. On a photo taken at an angle it changes over the page, so that a purchase's
//! amount on the right can stand several rows below its name on the left, and one slope for the whole page cannot mend that.
//! The slope is therefore fitted as a plane over the page, by least squares that hold outliers down (iteratively reweighted,
//! with the weights of Geman and McClure's kind), and every point is moved along the curve through it. Mirrored in the
//! trainer's `level.py`.

use super::order::median;
use crate::geometry::Quad;

/// Lines that it takes to fit more than one slope.
const ENOUGH: usize = 6;
/// How strongly a slope that changes over the page is held to be none; in shares of the weight of all lines.
const RIDGE: f64 = 0.002;
/// Rounds of reweighting; after five the coefficients stand still.
const ROUNDS: usize = 5;
/// Slopes that differ by less are never outliers.
const TOLERANCE: f64 = 0.003;

/// How a page is made level.
#[derive(Debug, Clone, Default)]
pub(super) struct Level {
    /// The direction of the median line.
    along: (f64, f64),
    /// The middle of the turned page, and half its width.
    middle: (f64, f64),
    half_width: f64,
    /// The slope left after turning: in the middle, and by how much it grows to the right and downwards over `half_width`.
    slope: [f64; 3],
}

/// A line that tells the slope.
struct Witness {
    at: [f64; 3],
    slope: f64,
    weight: f64,
}

impl Level {
    /// The level of a page of these lines; corners have to be finite.
    pub(super) fn of(quads: &[&Quad]) -> Self {
        let slope =
            median(quads.iter().filter_map(|quad| sides(corners(quad))).map(|(run, rise, _)| rise / run).collect());
        let norm = (1.0 + slope * slope).sqrt();
        let mut level = Self { along: (1.0 / norm, slope / norm), ..Self::default() };
        let turned: Vec<[(f64, f64); 4]> = quads.iter().map(|quad| corners(quad).map(|p| level.turn(p))).collect();
        let points = || turned.iter().flatten();
        let [left, right] = range(points().map(|p| p.0));
        let [top, bottom] = range(points().map(|p| p.1));
        level.middle = ((left + right) / 2.0, (top + bottom) / 2.0);
        level.half_width = ((right - left) / 2.0).max(0.5);
        let witnesses: Vec<Witness> = turned.iter().filter_map(|quad| level.witness(*quad)).collect();
        if witnesses.len() >= ENOUGH {
            level.slope = fit(&witnesses);
        }
        level
    }

    /// Left, top, right and bottom edge of a line on the level page.
    pub(super) fn bounds(&self, quad: &Quad) -> [f64; 4] {
        let points = corners(quad).map(|p| self.level(self.turn(p)));
        let [left, right] = range(points.iter().map(|p| p.0));
        let [top, bottom] = range(points.iter().map(|p| p.1));
        [left, top, right, bottom]
    }

    fn turn(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (ux, uy) = self.along;
        (x * ux + y * uy, y * ux - x * uy)
    }

    /// The place of a turned point from the middle, in half widths.
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        ((x - self.middle.0) / self.half_width, (y - self.middle.1) / self.half_width)
    }

    fn level(&self, point: (f64, f64)) -> (f64, f64) {
        let (u, v) = self.place(point);
        let [middle, right, down] = self.slope;
        (point.0, point.1 - self.half_width * u * (middle + right * u / 2.0 + down * v))
    }

    /// A turned line's slope, that of its upper and lower edge together.
    fn witness(&self, quad: [(f64, f64); 4]) -> Option<Witness> {
        let (run, rise, weight) = sides(quad)?;
        let [a, b, c, d] = quad;
        let centre = ((a.0 + b.0 + c.0 + d.0) / 4.0, (a.1 + b.1 + c.1 + d.1) / 4.0);
        let below = (c.1 - d.1) / (c.0 - d.0).max(1e-6);
        let (u, v) = self.place(centre);
        Some(Witness { at: [1.0, u, v], slope: (rise / run + below) / 2.0, weight })
    }
}

fn corners(quad: &Quad) -> [(f64, f64); 4] {
    quad.0.map(|p| (f64::from(p.x), f64::from(p.y)))
}

/// Run and rise of the upper edge of a line that is clearly longer than high and not steep, and what its slope weighs.
fn sides([a, b, _, d]: [(f64, f64); 4]) -> Option<(f64, f64, f64)> {
    let (run, rise) = (b.0 - a.0, b.1 - a.1);
    let side = ((d.0 - a.0) * (d.0 - a.0) + (d.1 - a.1) * (d.1 - a.1)).sqrt();
    (run > 3.0 * side && rise.abs() <= run).then_some((run, rise, run * run))
}

fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)])
}

/// Coefficients of the slope.
fn fit(witnesses: &[Witness]) -> [f64; 3] {
    let mut coefficients = [0.0; 3];
    let mut trust = vec![1.0; witnesses.len()];
    for _ in 0..ROUNDS {
        let (mut matrix, mut right, mut total) = ([[0.0; 3]; 3], [0.0; 3], 0.0);
        for (witness, trust) in witnesses.iter().zip(&trust) {
            let weight = witness.weight * trust;
            total += weight;
            for ((row, sum), a) in matrix.iter_mut().zip(&mut right).zip(witness.at) {
                *sum += weight * a * witness.slope;
                row.iter_mut().zip(witness.at).for_each(|(cell, b)| *cell += weight * a * b);
            }
        }
        let [_, [_, second, _], [_, _, third]] = &mut matrix;
        *second += RIDGE * total;
        *third += RIDGE * total;
        let Some(solved) = solve(&matrix, &right) else { return [0.0; 3] };
        coefficients = solved;
        let off: Vec<f64> = witnesses
            .iter()
            .map(|w| (w.at.iter().zip(coefficients).map(|(a, c)| a * c).sum::<f64>() - w.slope).abs())
            .collect();
        let usual = (1.5 * 1.48 * median(off.clone())).max(TOLERANCE);
        trust = off.into_iter().map(|off| (usual / off.max(usual)).powi(2)).collect();
    }
    coefficients
}

/// Cramer's rule; None where the matrix has no inverse.
fn solve(matrix: &[[f64; 3]; 3], right: &[f64; 3]) -> Option<[f64; 3]> {
    let [[a, b, c], [d, e, f], [g, h, i]] = *matrix;
    let [p, q, r] = *right;
    let whole = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
    let first = p * (e * i - f * h) - b * (q * i - f * r) + c * (q * h - e * r);
    let second = a * (q * i - f * r) - p * (d * i - f * g) + c * (d * r - q * g);
    let third = a * (e * r - q * h) - b * (d * r - q * g) + p * (d * h - e * g);
    let solved = [first / whole, second / whole, third / whole];
    solved.iter().all(|value| value.is_finite()).then_some(solved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;

    /// Rows of three lines, each seen through `bend`.
    fn page(bend: impl Fn(f32, f32) -> f32) -> Vec<Quad> {
        let row =
            |y: f32| [(0.0, 300.0), (400.0, 650.0), (800.0, 950.0)].map(|(l, r)| Quad::from_bounds(l, y, r, y + 30.0));
        (0..20)
            .flat_map(|i| row(50.0 * i as f32))
            .map(|quad| quad.map(|p| Point::new(p.x, p.y + bend(p.x, p.y))))
            .collect()
    }

    /// The most that lines of one row stand apart after levelling.
    fn unevenness(quads: &[Quad]) -> f64 {
        let level = Level::of(&quads.iter().collect::<Vec<_>>());
        let centre = |quad: &Quad| {
            let [_, top, _, bottom] = level.bounds(quad);
            (top + bottom) / 2.0
        };
        let spread = |row: &[Quad]| {
            let [low, high] = range(row.iter().map(centre));
            high - low
        };
        quads.chunks(3).map(spread).fold(0.0, f64::max)
    }

    #[test]
    fn a_tilted_page_becomes_level() {
        assert!(unevenness(&page(|x, _| 0.1 * x)) < 2.0);
    }

    #[test]
    fn a_page_seen_at_an_angle_becomes_level() {
        // Rows run together to the right: at the top they fall by 80 pixels, at the bottom they rise by as many.
        assert!(unevenness(&page(|x, y| x / 950.0 * (80.0 - 0.16 * y))) < 8.0);
    }

    #[test]
    fn a_bent_page_becomes_level() {
        assert!(unevenness(&page(|x, _| (x / 950.0 - 0.5).powi(2) * 160.0)) < 8.0);
    }

    #[test]
    fn a_line_that_stands_askew_turns_no_page() {
        let mut quads = page(|_, _| 0.0);
        quads.push(Quad::from_bounds(0.0, 1_100.0, 300.0, 1_130.0).map(|p| Point::new(p.x, p.y + 0.5 * p.x)));
        let level = Level::of(&quads.iter().collect::<Vec<_>>());
        assert!(level.slope.iter().all(|s| s.abs() < 0.02), "{:?}", level.slope);
    }

    #[test]
    fn pages_of_few_lines_are_turned_and_no_more() {
        let quads = [Quad::from_bounds(0.0, 0.0, 100.0, 10.0)];
        assert_eq!(Level::of(&[&quads[0]]).slope, [0.0; 3]);
        assert_eq!(Level::of(&[]).slope, [0.0; 3]);
    }
}
