//! Bar codes: rows across an area of stripes, read one by one until enough of them agree.

use crate::blurred;
use crate::budget::Budget;
use crate::geometry::Point;
use crate::image::Plane;
use crate::profile::{Edges, Profile};
use crate::stripes::Stripes;
use crate::symbology::Symbology;
use crate::windows::{self, Window};

/// A code that rows agreed on, in pixels of the plane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read {
    pub(crate) symbology: Symbology,
    pub(crate) value: String,
    /// Clockwise from the code's top left.
    pub(crate) corners: [Point; 4],
}

/// Rows of an area in one pass.
const ROWS: usize = 19;

/// One way to make edges of rows.
#[derive(Debug, Clone, Copy)]
struct Pass {
    edges: Edges,
    /// Whether shadows and the surroundings are taken out before.
    flatten: bool,
    /// Sharpening, with how much of the difference from the mean.
    sharpen: f32,
    /// Degrees that rows are turned against the area's direction.
    turn: f32,
    /// Light bars on dark ground, as on cans that shine.
    inverted: bool,
}

const PLAIN: Pass = Pass { edges: Edges::Middle, flatten: true, sharpen: 0.0, turn: 0.0, inverted: false };

/// What is tried, cheapest and likeliest first.
const PASSES: [Pass; 11] = [
    Pass { edges: Edges::Extremes(0.3), ..PLAIN },
    PLAIN,
    Pass { edges: Edges::Extremes(0.12), ..PLAIN },
    Pass { flatten: false, ..PLAIN },
    Pass { sharpen: 2.0, ..PLAIN },
    Pass { edges: Edges::Extremes(0.2), sharpen: 2.0, ..PLAIN },
    Pass { edges: Edges::Extremes(0.2), inverted: true, ..PLAIN },
    Pass { inverted: true, sharpen: 2.0, ..PLAIN },
    Pass { edges: Edges::Extremes(0.2), sharpen: 1.0, turn: 3.0, ..PLAIN },
    Pass { edges: Edges::Extremes(0.2), sharpen: 1.0, turn: -3.0, ..PLAIN },
    Pass { edges: Edges::Extremes(0.05), flatten: false, ..PLAIN },
];

/// Passes after which an area is given up where no part of a row has the shape of a code.
const PASSES_WITHOUT_SHAPE: usize = 3;

/// Rows after which an area is given up where hardly one has the edges of a code.
const ROWS_WITHOUT_EDGES: usize = 5;

/// Edges that a row has to have at the least; a UPC-E has 34, some of which blur may take.
const FEWEST_EDGES: usize = 30;

/// A value as one row has it.
#[derive(Debug, Clone)]
struct Sighting {
    row: usize,
    window: Window,
    /// Where the row crosses the area's middle, and its direction.
    middle: Point,
    across: Point,
    /// Ends of the code on the row, in pixels from its middle.
    from: f32,
    to: f32,
}

/// A value with the rows that have it.
struct Vote {
    symbology: Symbology,
    value: String,
    rows: Vec<Sighting>,
}

impl Vote {
    fn distinct_rows(&self) -> usize {
        let mut rows: Vec<_> = self.rows.iter().map(|s| s.row).collect();
        rows.sort_unstable();
        rows.dedup();
        rows.len()
    }
}

/// Rows that have to agree: the fewer the digits and the weaker the checks of a code, the more.
fn rows_needed(symbology: Symbology) -> usize {
    match symbology {
        Symbology::Ean13 | Symbology::UpcA | Symbology::QrCode => 2,
        Symbology::Code128 => 2,
        Symbology::Ean8 | Symbology::UpcE => 3,
    }
}

/// Reads the code of an area. `area` is in pixels of `plane`.
pub(crate) fn read(plane: &Plane, area: &Stripes, budget: &mut Budget) -> Option<Read> {
    if plane.width < 2 || plane.height < 2 {
        return None;
    }
    let rows = Rows::new(plane, area);
    let mut votes: Vec<Vote> = Vec::new();
    let mut shapes = 0;
    for (number, pass) in PASSES.into_iter().enumerate() {
        // Where no part of any row had the shape of a code, edges are not to be had this way.
        if number >= PASSES_WITHOUT_SHAPE && shapes == 0 && !pass.inverted {
            continue;
        }
        let mut edges_seen = 0;
        for (tried, row) in order().enumerate() {
            if number == 0 && tried == ROWS_WITHOUT_EDGES && edges_seen < 2 || !budget.take_row() {
                return None;
            }
            let line = rows.line(row, &pass);
            let edges = line.profile.edges(pass.edges, rows.window(&line.profile));
            if number == 0 && tried < ROWS_WITHOUT_EDGES {
                let all = line.profile.edges(Edges::Extremes(0.12), rows.window(&line.profile));
                edges_seen += usize::from(all.len() >= FEWEST_EDGES);
            }
            let seen = windows::read(&edges);
            shapes += seen.shapes;
            for (window, value) in seen.read {
                note(&mut votes, value, line.sighting(window, rows.reach));
            }
            if let Some(best) = settled(&votes) {
                return Some(finish(best, area));
            }
        }
    }
    for inverted in [false, true] {
        for row in order().step_by(2) {
            let line = rows.line(row, &Pass { inverted, ..PLAIN });
            for (window, value) in blurred::read(&line.profile, rows.window(&line.profile), budget) {
                note(&mut votes, value, line.sighting(window, rows.reach));
            }
            if let Some(best) = settled(&votes) {
                return Some(finish(best, area));
            }
        }
    }
    None
}

/// The rows of an area.
struct Rows<'a> {
    plane: &'a Plane,
    area: &'a Stripes,
    /// Pixels of a row to each side of the area's middle: quiet zones belong to it, and what glare took from the area.
    reach: f32,
    /// Pixels of a module, were the code an EAN-13 that fills the area.
    module: f32,
}

/// A row with its brightness.
struct Line {
    row: usize,
    middle: Point,
    across: Point,
    profile: Profile,
}

impl<'a> Rows<'a> {
    fn new(plane: &'a Plane, area: &'a Stripes) -> Self {
        Self { plane, area, reach: area.half_across * 1.35 + 8.0, module: area.half_across * 2.0 / 95.0 }
    }

    /// A row, made ready for the edges of a pass.
    fn line(&self, row: usize, pass: &Pass) -> Line {
        let (sin, cos) = pass.turn.to_radians().sin_cos();
        let area = self.area;
        let across = Point::new(area.across.x * cos - area.across.y * sin, area.across.x * sin + area.across.y * cos);
        let spacing = 2.0 * area.half_along / ROWS as f32;
        let offset = (row as f32 + 0.5 - ROWS as f32 / 2.0) * spacing;
        let middle = area.centre.moved(area.across.quarter(), offset);
        let band = (spacing * 0.45).min(3.0);
        let times = (5.0 / self.module).clamp(1.0, 4.0) as usize;
        let mut profile = Profile::sample(self.plane, middle, across, self.reach, self.reach, band);
        if pass.inverted {
            profile = profile.inverted();
        }
        if pass.flatten {
            profile = profile.flattened((self.module * 7.0) as usize + 2);
        }
        profile = profile.denser(times);
        if pass.sharpen > 0.0 {
            profile = profile.sharper((self.module * profile.density).ceil() as usize, pass.sharpen);
        }
        Line { row, middle, across, profile }
    }

    /// Samples over which contrast is judged.
    fn window(&self, profile: &Profile) -> usize {
        (self.reach * profile.density / 6.0) as usize
    }
}

impl Line {
    fn sighting(&self, window: Window, reach: f32) -> Sighting {
        let place = |edge: f32| edge / self.profile.density - reach;
        let (from, to) = (place(window.from), place(window.to));
        Sighting { row: self.row, window, middle: self.middle, across: self.across, from, to }
    }
}

/// Rows, the middle one first.
fn order() -> impl Iterator<Item = usize> {
    // Far apart first: glare and folds are in one place.
    (0..ROWS).map(|i| (i * 7 + ROWS / 2) % ROWS)
}

fn note(votes: &mut Vec<Vote>, value: String, sighting: Sighting) {
    let symbology = sighting.window.symbology;
    match votes.iter_mut().find(|v| v.symbology == symbology && v.value == value) {
        Some(vote) => vote.rows.push(sighting),
        None => votes.push(Vote { symbology, value, rows: vec![sighting] }),
    }
}

/// The value that enough rows have, if no other one comes near.
fn settled(votes: &[Vote]) -> Option<&Vote> {
    let best = votes.iter().max_by_key(|v| v.distinct_rows())?;
    let others: usize = votes.iter().filter(|v| !std::ptr::eq(*v, best)).map(Vote::distinct_rows).sum();
    let rows = best.distinct_rows();
    (rows >= rows_needed(best.symbology) + others).then_some(best)
}

/// The code with its place: its ends on the outermost rows that have it, continued to the ends of the bars.
fn finish(vote: &Vote, area: &Stripes) -> Read {
    let along = area.across.quarter();
    let ends = |s: &Sighting| (s.middle.moved(s.across, s.from), s.middle.moved(s.across, s.to));
    let count = vote.rows.len().max(1) as f32;
    let (from, to) = vote
        .rows
        .iter()
        .map(ends)
        .fold((Point::default(), Point::default()), |sum, (from, to)| (sum.0.plus(from), sum.1.plus(to)));
    let (from, to) = (from.times(1.0 / count), to.times(1.0 / count));
    // The mean row may lie off the middle; bars go from one end of the area to the other.
    let offset = from.plus(to).times(0.5).minus(area.centre).dot(along);
    let (up, down) = (-area.half_along - offset, area.half_along - offset);
    let mut corners = [from.moved(along, up), to.moved(along, up), to.moved(along, down), from.moved(along, down)];
    if vote.rows.iter().filter(|s| s.window.backwards).count() * 2 > vote.rows.len() {
        corners.rotate_left(2);
    }
    Read { symbology: vote.symbology, value: vote.value.clone(), corners }
}
