//! Digits as strokes, so that drawing them takes no font: each is a few lines through points of a unit square.

use std::f32::consts::TAU;

/// A point, 0 to 1 across and down.
type Point = (f32, f32);

/// The lines of a digit from 0 to 9, each through its points; nothing for other numbers.
pub(crate) fn strokes(digit: usize) -> Vec<Vec<Point>> {
    match digit {
        0 => vec![arc((0.5, 0.5), (0.5, 0.5), 0.0, 1.0)],
        1 => vec![vec![(0.15, 0.25), (0.55, 0.0), (0.55, 1.0)]],
        2 => vec![[arc((0.5, 0.28), (0.5, 0.28), 0.5, 1.05), vec![(0.0, 1.0), (1.0, 1.0)]].concat()],
        3 => vec![arc((0.48, 0.26), (0.46, 0.26), 0.55, 1.25), arc((0.48, 0.75), (0.52, 0.25), -0.25, 0.45)],
        4 => vec![vec![(0.75, 1.0), (0.75, 0.0), (0.0, 0.68), (1.0, 0.68)]],
        5 => vec![[vec![(0.92, 0.0), (0.12, 0.0), (0.08, 0.45)], arc((0.46, 0.68), (0.5, 0.32), -0.36, 0.42)].concat()],
        6 => vec![vec![(0.8, 0.02), (0.3, 0.3), (0.03, 0.65)], arc((0.5, 0.68), (0.47, 0.32), 0.0, 1.0)],
        7 => vec![vec![(0.0, 0.0), (1.0, 0.0), (0.4, 1.0)]],
        8 => vec![arc((0.5, 0.25), (0.42, 0.25), 0.0, 1.0), arc((0.5, 0.75), (0.5, 0.25), 0.0, 1.0)],
        9 => vec![arc((0.5, 0.32), (0.47, 0.32), 0.0, 1.0), vec![(0.97, 0.35), (0.7, 0.7), (0.2, 0.98)]],
        _ => Vec::new(),
    }
}

/// A part of an ellipse, from one part of a whole turn to another; 0 is right, a quarter is down.
fn arc(centre: Point, radii: Point, from: f32, to: f32) -> Vec<Point> {
    const STEPS: usize = 24;
    let at = |step: usize| {
        let angle = TAU * (from + (to - from) * step as f32 / STEPS as f32);
        (centre.0 + radii.0 * angle.cos(), centre.1 + radii.1 * angle.sin())
    };
    (0..=STEPS).map(at).collect()
}

/// How far a point is from the nearest of the lines.
pub(crate) fn distance(lines: &[Vec<Point>], (x, y): Point) -> f32 {
    let segments = lines.iter().flat_map(|line| line.windows(2));
    let to_segment = |pair: &[Point]| {
        let [(ax, ay), (bx, by)] = [pair[0], pair[1]];
        let (dx, dy) = (bx - ax, by - ay);
        let along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy).max(f32::MIN_POSITIVE);
        let along = along.clamp(0.0, 1.0);
        (x - ax - along * dx).hypot(y - ay - along * dy)
    };
    segments.map(to_segment).fold(f32::INFINITY, f32::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_fills_its_square_and_no_two_are_the_same() {
        for digit in 0..10 {
            let points: Vec<Point> = strokes(digit).concat();
            let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
            for (x, y) in &points {
                assert!((-0.1..=1.1).contains(x) && (-0.1..=1.1).contains(y), "{digit}: {x} {y}");
                (low, high) = (low.min(*y), high.max(*y));
            }
            assert!(low < 0.1 && high > 0.9, "{digit}: {low} to {high}");
            assert!((0..digit).all(|other| strokes(other) != strokes(digit)));
        }
        assert!(strokes(10).is_empty());
    }

    #[test]
    fn distance_is_to_the_nearest_line() {
        let lines = [vec![(0.0, 0.0), (1.0, 0.0)], vec![(0.0, 1.0), (1.0, 1.0)]];
        assert!((distance(&lines, (0.5, 0.2)) - 0.2).abs() < 1e-6);
        assert!((distance(&lines, (2.0, 1.0)) - 1.0).abs() < 1e-6);
        assert_eq!(distance(&[], (0.0, 0.0)), f32::INFINITY);
    }
}
