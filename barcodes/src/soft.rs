//! Reads EAN and UPC codes whose bars run into each other: instead of edges, whole digits are compared with the brightness.
//!
//! Boundaries between digits may lie anywhere near where even spacing has them, so that bottles and crumpled bags are
//! followed; of all ways to place them the best is found by dynamic programming.

use crate::profile::Profile;
use crate::templates::{LANES, Piece, SAMPLES, Template, normalise, product};

/// How far boundaries may lie off even spacing at the ends and in the middle of a code, in modules.
const OFF_AT_ENDS: f32 = 1.5;
const OFF_IN_MIDDLE: f32 = 3.0;

/// How much wider or narrower than even spacing a piece may be.
const STRETCH: f32 = 0.22;

/// A code as brightness has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Match {
    /// Form of each piece.
    pub(crate) forms: Vec<usize>,
    /// Correlation of the whole code, -1 to 1.
    pub(crate) likeness: f32,
    /// The smallest correlation of a piece.
    pub(crate) weakest: f32,
    /// The smallest distance of a digit's correlation from that of the next best digit.
    pub(crate) margin: f32,
    /// Ends of the code in samples of the profile.
    pub(crate) from: f32,
    pub(crate) to: f32,
}

/// The best placing of a template that begins near `from` and ends near `to`, in samples; boundaries lie `steps` to a
/// module. Costs about 0.03 ms times the square of the steps.
pub(crate) fn fit(profile: &Profile, template: &Template, from: f32, to: f32, steps: i32) -> Option<Match> {
    let module = (to - from) / template.modules() as f32;
    if !(module > 0.5) || from < 0.0 || to >= profile.levels.len() as f32 {
        return None;
    }
    let count = template.pieces.len();
    // Steps that boundary `i` may lie off.
    let reach = |i: usize| {
        let inner = i.min(count - i) as f32 / (count as f32 / 2.0);
        ((OFF_AT_ENDS + (OFF_IN_MIDDLE - OFF_AT_ENDS) * inner) * steps as f32) as i32
    };
    let mut nominal = vec![from];
    for piece in &template.pieces {
        nominal.push(nominal.last().copied().unwrap_or(from) + piece.modules as f32 * module);
    }
    let place = |i: usize, step: i32| nominal[i] + step as f32 * module / steps as f32;
    // For each place of a boundary: the best score up to there, and the step of the boundary before.
    let mut best: Vec<Vec<(f32, i32)>> = vec![vec![(0.0, 0); (2 * reach(0) + 1) as usize]];
    let mut scratch = Vec::new();
    for (i, piece) in template.pieces.iter().enumerate() {
        let (before, after) = (reach(i), reach(i + 1));
        let mut scores = vec![(f32::MIN, 0); (2 * after + 1) as usize];
        let off = ((STRETCH * piece.modules as f32 * steps as f32) as i32).max(1);
        for step in -before..=before {
            let sofar = best[i][(step + before) as usize].0;
            if sofar == f32::MIN {
                continue;
            }
            for next in (step - off).max(-after)..=(step + off).min(after) {
                let likeness = compare(profile, piece, place(i, step), place(i + 1, next), &mut scratch).0;
                let stretch = (next - step) as f32 / (steps as f32 * piece.modules as f32);
                let score = sofar + (likeness - 1.5 * stretch * stretch) * piece.modules as f32;
                let entry = &mut scores[(next + after) as usize];
                if score > entry.0 {
                    *entry = (score, step);
                }
            }
        }
        best.push(scores);
    }
    trace(profile, template, &best, reach, place)
}

/// Follows the best scores back from the end.
fn trace(
    profile: &Profile,
    template: &Template,
    best: &[Vec<(f32, i32)>],
    reach: impl Fn(usize) -> i32,
    place: impl Fn(usize, i32) -> f32,
) -> Option<Match> {
    let count = template.pieces.len();
    let ends = best.last()?;
    let (last, _) = ends.iter().enumerate().max_by(|a, b| a.1.0.total_cmp(&b.1.0))?;
    let mut step = last as i32 - reach(count);
    let to = place(count, step);
    let mut found = Match { forms: vec![0; count], likeness: 0.0, weakest: 1.0, margin: 1.0, from: 0.0, to };
    let mut scratch = Vec::new();
    for i in (0..count).rev() {
        let piece = &template.pieces[i];
        let before = best[i + 1][(step + reach(i + 1)) as usize].1;
        let (likeness, form, margin) = compare(profile, piece, place(i, before), place(i + 1, step), &mut scratch);
        found.forms[i] = form;
        found.likeness += likeness * piece.modules as f32 / template.modules() as f32;
        found.weakest = found.weakest.min(likeness);
        found.margin = found.margin.min(margin);
        step = before;
    }
    found.from = place(0, step);
    Some(found)
}

/// The form of a piece that is most like the brightness between two places: its correlation, its number, and by how much
/// it is better than the next one.
fn compare(profile: &Profile, piece: &Piece, from: f32, to: f32, scratch: &mut Vec<f32>) -> (f32, usize, f32) {
    let module = (to - from) / piece.modules as f32;
    scratch.clear();
    scratch.extend((0..piece.samples()).map(|i| profile.at(from + ((i as f32 + 0.5) / SAMPLES as f32 - 1.0) * module)));
    normalise(scratch);
    scratch.resize(scratch.len().next_multiple_of(LANES), 0.0);
    let (mut first, mut second) = ((f32::MIN, 0), f32::MIN);
    for (form, seen) in piece.seen.iter().enumerate() {
        let likeness = product(seen, scratch);
        if likeness > first.0 {
            second = first.0;
            first = (likeness, form);
        } else if likeness > second {
            second = likeness;
        }
    }
    (first.0, first.1, if piece.seen.len() > 1 { first.0 - second } else { 1.0 })
}
