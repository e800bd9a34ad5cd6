//! From a map of logits to a verdict: the page's score, and the places that look edited.
//!
//! The trainer's `verdict.py` computes the same, and fits what [`Judge`] holds.

use serde::Deserialize;

use super::planes::CELL;
use crate::geometry::Quad;

/// Cells with the highest logits whose mean is looked at.
const TOPS: [usize; 3] = [4, 16, 64];
/// The share of a page's cells that tells its usual level.
const USUAL_SHARE: usize = 20;
const FEATURES: usize = 2 * TOPS.len() + 1;
/// Logits beyond it are certain anyway.
const BOUND: f32 = 12.0;
/// Cells of a region.
const MIN_CELLS: usize = 2;
/// A page gives at most so many regions: a reviewer needs no more.
const MOST_REGIONS: usize = 64;

/// How likely every cell of a page was edited.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HeatMap {
    /// Cells down.
    pub rows: usize,
    /// Cells across.
    pub columns: usize,
    /// Pixels of the page that a cell is wide and tall.
    pub cell: usize,
    /// 0 to 1, `[rows][columns]`; uncalibrated.
    pub values: Vec<f32>,
}

/// A place whose pixels look edited.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EditedRegion {
    /// Where it is, in pixels of the page.
    pub quad: Quad,
    /// The highest value in it, 0 to 1.
    pub score: f32,
}

/// What the pixels say of a page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ForgeryVerdict {
    /// How likely the page was edited, 0 to 1.
    pub score: f32,
    /// How likely each of its cells was.
    pub heat: HeatMap,
    /// Where, the most certain first; may be empty on a page with a high score and the other way round.
    pub regions: Vec<EditedRegion>,
}

/// The fitted part of the verdict.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Judge {
    weights: [f32; FEATURES],
    bias: f32,
    /// Of smoothed logits; cells above it are edited.
    threshold: f32,
}

impl Judge {
    /// The verdict on a page of `size` (width, height) from `logits` of (rows, columns) cells, `cell` pixels each.
    pub(super) fn verdict(
        &self,
        logits: &[f32],
        (rows, columns): (usize, usize),
        cell: usize,
        size: (usize, usize),
    ) -> ForgeryVerdict {
        let smoothed = smooth(logits, rows, columns);
        let scores = features(logits, &smoothed);
        let score = sigmoid(self.bias + scores.iter().zip(&self.weights).map(|(x, w)| x * w).sum::<f32>());
        let heat = HeatMap { rows, columns, cell, values: smoothed.iter().map(|l| sigmoid(*l)).collect() };
        let edge = |cells: usize, end: usize| ((cells * cell).min(end)) as f32;
        let quad = |b: [usize; 4]| {
            Quad::from_bounds(edge(b[0], size.0), edge(b[1], size.1), edge(b[2], size.0), edge(b[3], size.1))
        };
        let found = regions(&smoothed, columns, self.threshold).into_iter();
        let regions = found.map(|(b, level)| EditedRegion { quad: quad(b), score: sigmoid(level) }).collect();
        ForgeryVerdict { score, heat, regions }
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Each cell with its eight neighbours, at the weights of a binomial filter; the border counts twice.
fn smooth(logits: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let at = |y: usize, x: usize| logits[y * columns + x].clamp(-BOUND, BOUND);
    let mut across = Vec::with_capacity(logits.len());
    for y in 0..rows {
        for x in 0..columns {
            across.push((at(y, x.saturating_sub(1)) + at(y, (x + 1).min(columns - 1)) + 2.0 * at(y, x)) / 4.0);
        }
    }
    let mut both = Vec::with_capacity(logits.len());
    for y in 0..rows {
        let line = |y: usize| &across[y * columns..(y + 1) * columns];
        let (above, below) = (line(y.saturating_sub(1)), line((y + 1).min(rows - 1)));
        both.extend(line(y).iter().zip(above).zip(below).map(|((v, a), b)| (2.0 * v + a + b) / 4.0));
    }
    both
}

/// What the score is computed from: means of the highest cells, raw and smoothed, and the page's usual level.
fn features(logits: &[f32], smoothed: &[f32]) -> [f32; FEATURES] {
    let mut features = [0.0; FEATURES];
    let usual = (smoothed.len() / USUAL_SHARE).max(1);
    for (first, values) in [(0, logits), (TOPS.len(), smoothed)] {
        let mut sorted: Vec<f32> = values.iter().map(|v| v.clamp(-BOUND, BOUND)).collect();
        sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let mean = |n: usize| sorted.iter().take(n).sum::<f32>() / n.min(sorted.len()).max(1) as f32;
        for (to, top) in features[first..].iter_mut().zip(TOPS) {
            *to = mean(top);
        }
        // Of the smoothed cells, which come last.
        features[FEATURES - 1] = mean(usual);
    }
    features
}

/// Boxes (left, top, right, bottom, in cells) of connected cells above `threshold` with the highest of each, highest first.
fn regions(smoothed: &[f32], columns: usize, threshold: f32) -> Vec<([usize; 4], f32)> {
    let rows = smoothed.len() / columns.max(1);
    let mut open: Vec<bool> = smoothed.iter().map(|v| *v > threshold).collect();
    let mut found = Vec::new();
    for start in 0..open.len() {
        if !open[start] {
            continue;
        }
        open[start] = false;
        let mut waiting = vec![start];
        let (mut cells, mut level) = (0, f32::NEG_INFINITY);
        let mut bounds = [usize::MAX, usize::MAX, 0, 0];
        while let Some(cell) = waiting.pop() {
            let (y, x) = (cell / columns, cell % columns);
            cells += 1;
            level = level.max(smoothed[cell]);
            bounds = [bounds[0].min(x), bounds[1].min(y), bounds[2].max(x + 1), bounds[3].max(y + 1)];
            for ny in y.saturating_sub(1)..(y + 2).min(rows) {
                for nx in x.saturating_sub(1)..(x + 2).min(columns) {
                    let next = ny * columns + nx;
                    if std::mem::take(&mut open[next]) {
                        waiting.push(next);
                    }
                }
            }
        }
        if cells >= MIN_CELLS {
            found.push((bounds, level));
        }
    }
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found.truncate(MOST_REGIONS);
    found
}

/// The side of a cell on a page that was reduced by `factor`.
pub(super) const fn cell_of(factor: usize) -> usize {
    CELL * factor
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge() -> Judge {
        Judge { weights: [0.1; FEATURES], bias: 0.0, threshold: 0.0 }
    }

    #[test]
    fn connected_cells_are_one_region_and_a_single_cell_is_none() {
        let mut smoothed = vec![-1.0; 6 * 8];
        for cell in [8 + 1, 2 * 8 + 2, 4 * 8 + 6, 4 * 8 + 7] {
            smoothed[cell] = cell as f32;
        }
        smoothed[7] = 3.0;
        assert_eq!(regions(&smoothed, 8, 0.0), [([6, 4, 8, 5], 39.0), ([1, 1, 3, 3], 18.0)]);
    }

    #[test]
    fn regions_stay_on_the_page_and_say_where_the_logits_are_high() {
        let mut logits = vec![-9.0; 5 * 5];
        logits[18..20].fill(12.0);
        logits[23..25].fill(12.0);
        let verdict = judge().verdict(&logits, (5, 5), 16, (75, 79));
        let (left, top, right, bottom) = verdict.regions[0].quad.bounds();
        assert_eq!((right, bottom), (75.0, 79.0));
        assert!(left >= 32.0 && top >= 32.0, "{left} {top}");
        assert_eq!((verdict.heat.rows, verdict.heat.columns, verdict.heat.cell), (5, 5, 16));
    }

    #[test]
    fn more_suspicious_cells_give_a_higher_score() {
        let score = |cells: usize| {
            let mut logits = vec![-4.0; 40 * 40];
            logits[..cells].fill(4.0);
            judge().verdict(&logits, (40, 40), CELL, (320, 320)).score
        };
        assert!(score(0) < score(4) && score(4) < score(30));
    }
}
