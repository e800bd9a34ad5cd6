//! Scores of pages and places that were found, and what they come to.

use serde::Serialize;
use slipstream_forger::Area;
use slipstream_models::forgery::ForgeryVerdict;

use crate::eval::forgery::{auc, recall};

/// How well one kind of edit is noticed after one treatment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ForgeryFigures {
    /// Probability that a forged page scores above a genuine one that was treated alike.
    pub auc: f64,
    /// Share of forged pages above the score that 2 % of the genuine ones exceed.
    pub recall_at_2_percent: f64,
    /// F1 of found places: right is one that shares a quarter of the smaller box with an edit.
    pub localisation_f1: f64,
}

/// The part of the smaller of two boxes that both have to share.
const SHARED: f32 = 0.25;

/// Left, top, right and bottom.
type Bounds = (f32, f32, f32, f32);

/// Counts of one kind of edit after one treatment.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Tally {
    /// Of forged pages.
    scores: Vec<f32>,
    /// Places that were found, and those of them that are right.
    found: usize,
    right: usize,
    /// Edits, and those of them that were found.
    edits: usize,
    seen: usize,
}

impl Tally {
    /// Counts what `verdict` says of a page that was edited in `areas`.
    pub(super) fn add(&mut self, verdict: &ForgeryVerdict, areas: &[Area]) {
        let edits: Vec<Bounds> = areas.iter().map(bounds).collect();
        let found: Vec<Bounds> = verdict.regions.iter().map(|region| region.quad.bounds()).collect();
        self.scores.push(verdict.score);
        self.found += found.len();
        self.right += found.iter().filter(|place| edits.iter().any(|edit| touch(**place, *edit))).count();
        self.edits += edits.len();
        self.seen += edits.iter().filter(|edit| found.iter().any(|place| touch(*place, **edit))).count();
    }

    /// Adds the counts of other pages.
    pub(super) fn merge(&mut self, other: Self) {
        self.scores.extend(other.scores);
        self.found += other.found;
        self.right += other.right;
        self.edits += other.edits;
        self.seen += other.seen;
    }

    /// The figures, against the scores of genuine pages.
    pub(super) fn figures(&self, genuine: &[f32]) -> ForgeryFigures {
        let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
        let (precision, sensitivity) = (share(self.right, self.found), share(self.seen, self.edits));
        let sum = precision + sensitivity;
        ForgeryFigures {
            auc: auc(genuine, &self.scores),
            recall_at_2_percent: recall(genuine, &self.scores),
            localisation_f1: if sum > 0.0 { 2.0 * precision * sensitivity / sum } else { 0.0 },
        }
    }
}

fn bounds(area: &Area) -> Bounds {
    (area.left as f32, area.top as f32, area.right as f32, area.bottom as f32)
}

fn touch(a: Bounds, b: Bounds) -> bool {
    let (width, height) = (a.2.min(b.2) - a.0.max(b.0), a.3.min(b.3) - a.1.max(b.1));
    let size = |of: Bounds| (of.2 - of.0) * (of.3 - of.1);
    width > 0.0 && height > 0.0 && width * height >= SHARED * size(a).min(size(b))
}

#[cfg(test)]
mod tests {
    use slipstream_models::Quad;
    use slipstream_models::forgery::EditedRegion;

    use super::*;

    fn verdict(score: f32, places: &[Bounds]) -> ForgeryVerdict {
        let region = |b: &Bounds| EditedRegion { quad: Quad::from_bounds(b.0, b.1, b.2, b.3), score: 1.0 };
        ForgeryVerdict { score, regions: places.iter().map(region).collect(), ..ForgeryVerdict::default() }
    }

    #[test]
    fn places_that_share_enough_are_right() {
        let edit = |left| Area { left, top: 0, right: left + 20, bottom: 20 };
        let mut tally = Tally::default();
        // One of two edits is found, by one of two places.
        tally.add(&verdict(0.9, &[(10.0, 10.0, 40.0, 40.0), (300.0, 0.0, 320.0, 20.0)]), &[edit(0), edit(100)]);
        let figures = tally.figures(&[0.1, 0.2]);
        assert_eq!((figures.auc, figures.recall_at_2_percent, figures.localisation_f1), (1.0, 1.0, 0.5));
        // A corner that both share is too little.
        let mut tally = Tally::default();
        tally.add(&verdict(0.1, &[(12.0, 12.0, 40.0, 40.0)]), &[edit(0)]);
        assert_eq!(tally.figures(&[0.2]).localisation_f1, 0.0);
    }

    #[test]
    fn nothing_measured_is_nothing_noticed() {
        let figures = Tally::default().figures(&[]);
        assert_eq!((figures.auc, figures.recall_at_2_percent, figures.localisation_f1), (0.0, 0.0, 0.0));
    }

    #[test]
    fn counts_add_up() {
        let area = Area { left: 0, top: 0, right: 20, bottom: 20 };
        let (mut one, mut two) = (Tally::default(), Tally::default());
        one.add(&verdict(0.9, &[]), &[area]);
        two.add(&verdict(0.8, &[(0.0, 0.0, 20.0, 20.0)]), &[area]);
        one.merge(two);
        assert_eq!((one.scores.len(), one.edits, one.seen, one.found, one.right), (2, 2, 1, 1, 1));
    }
}
