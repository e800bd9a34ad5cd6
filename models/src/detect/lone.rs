//! Single characters that the network overlooks, such as a column of quantities.
//!
//! To the network a digit with nothing beside it is a speck. But a till prints
//! such digits on the rows of its other text, one below the other. So the free
//! parts of the rows that were found are searched for ink as high as a
//! character, and what has company in its column becomes a box. Whether it can
//! be read is for the recogniser to say.

use super::TextRegion;
use super::closer::usual_height;
use crate::geometry::{Point, Quad};
use crate::raster::Raster;

/// Samples for the height of a line.
const GRID: usize = 8;
/// Samples that are looked at above and below a character's row: ink that goes on there is a rule or a picture.
const BEYOND: usize = 2;
/// Samples by which a row may lie higher or lower further along, on paper that is bent.
const SHIFT: usize = 3;
/// How far from a line, in its heights, its row is followed.
const REACH: f32 = 14.0;
/// Lines this many heights wide show how the rows around them run.
const WIDE: f32 = 6.0;
/// How dark ink is, as a share of what the line's own ink is.
const INK: f32 = 0.45;
/// Heights of a line: the width and the height of one or two characters, and the room around them.
const WIDTH: (f32, f32) = (0.06, 1.3);
const HEIGHT: (f32, f32) = (0.3, 1.0);
const ROOM: f32 = 0.5;
/// Gaps within a number, in heights of a line.
const GAP: f32 = 0.35;
/// How far off its column a character may stand, and how far away the next one, in heights of a line.
const OFF_COLUMN: f32 = 0.5;
const NEXT: f32 = 5.0;
/// Two boxes of one character, from two rows, are closer than this, in heights of a line.
const SAME: f32 = 0.7;
/// What these boxes get as a score: nothing measured it.
const SCORE: f32 = 0.5;
/// Less contrast between a line and its paper, in steps of 255, finds creases.
const LEAST_CONTRAST: f32 = 40.0;

/// A row of text, as a frame: `along` and `across` are of length one.
#[derive(Debug, Clone, Copy)]
struct Row {
    origin: Point,
    along: Point,
    across: Point,
    height: f32,
    width: f32,
}

/// Ink in a free part of a row, in samples from the row's origin.
#[derive(Debug, Clone, Copy)]
struct Speck {
    left: isize,
    right: isize,
    top: usize,
    bottom: usize,
    /// By how much the row lies lower here.
    shift: isize,
}

/// Boxes of single characters beside `regions`.
pub(super) fn find(page: &Raster, regions: &[TextRegion]) -> Vec<TextRegion> {
    let Some(usual) = usual_height(regions) else { return Vec::new() };
    let rows = rows(regions, usual);
    let found: Vec<(Row, Quad)> =
        rows.iter().flat_map(|row| specks(page, row, regions).into_iter().map(|s| (*row, row.quad(s)))).collect();
    let mut kept: Vec<TextRegion> = Vec::new();
    for (row, quad) in &found {
        let centre = quad.centre();
        let seen = kept.iter().any(|k| k.quad.centre().distance(centre) < SAME * row.height);
        // On a page at an angle, a row may pass a character that stands on another and was found there.
        let (x0, y0, x1, y1) = quad.bounds();
        let holds = |p: Point| (x0..x1).contains(&p.x) && (y0..y1).contains(&p.y);
        if !seen
            && !regions.iter().any(|region| holds(region.quad.centre()))
            && found.iter().any(|(_, other)| row.is_column(centre, other.centre()))
        {
            kept.push(TextRegion { quad: *quad, score: SCORE });
        }
    }
    kept
}

/// The rows that the lines among `regions` stand on. Boxes of short words are often turned a little, so these run as
/// the nearest wide line does.
fn rows(regions: &[TextRegion], usual: f32) -> Vec<Row> {
    let mut rows: Vec<Row> = regions
        .iter()
        .filter(|r| r.quad.width() > 1.5 * r.quad.height() && (0.6..1.6).contains(&(r.quad.height() / usual)))
        .filter_map(|r| Row::of(&r.quad))
        .collect();
    let wide: Vec<Row> = rows.iter().filter(|r| r.width > WIDE * r.height).copied().collect();
    for row in rows.iter_mut().filter(|r| r.width <= WIDE * r.height) {
        let away = |other: &&Row| (other.origin.y - row.origin.y).abs();
        if let Some(near) = wide.iter().min_by(|a, b| away(a).total_cmp(&away(b))) {
            *row = row.running_as(near);
        }
    }
    rows
}

impl Row {
    fn of(quad: &Quad) -> Option<Self> {
        let [a, b, _, d] = quad.0;
        let (width, height) = (a.distance(b), a.distance(d));
        let unit = |to: Point, length: f32| Point::new((to.x - a.x) / length, (to.y - a.y) / length);
        (width >= 4.0 && height >= 4.0).then(|| Self {
            origin: a,
            along: unit(b, width),
            across: unit(d, height),
            height,
            width,
        })
    }

    /// The same row, turned about its middle to the direction of another.
    fn running_as(&self, other: &Self) -> Self {
        let middle = self.at(0.5 * self.width, 0.5 * self.height);
        let turned = Self { origin: middle, along: other.along, across: other.across, ..*self };
        Self { origin: turned.at(-0.5 * self.width, -0.5 * self.height), ..turned }
    }

    /// A place on the page from one on the row.
    fn at(&self, u: f32, v: f32) -> Point {
        Point::new(
            self.origin.x + u * self.along.x + v * self.across.x,
            self.origin.y + u * self.along.y + v * self.across.y,
        )
    }

    /// A place on the row from one on the page.
    fn place(&self, p: Point) -> (f32, f32) {
        let (x, y) = (p.x - self.origin.x, p.y - self.origin.y);
        (x * self.along.x + y * self.along.y, x * self.across.x + y * self.across.y)
    }

    fn step(&self) -> f32 {
        self.height / GRID as f32
    }

    /// The box of a speck, as high as the row.
    fn quad(&self, speck: Speck) -> Quad {
        let margin = 0.2 * self.height;
        let (left, right) = (speck.left as f32 * self.step() - margin, (speck.right + 1) as f32 * self.step() + margin);
        let top = speck.shift as f32 * self.step();
        let bottom = top + self.height;
        Quad([self.at(left, top), self.at(right, top), self.at(right, bottom), self.at(left, bottom)])
    }

    /// Whether two characters stand one below the other, on different rows that are near each other.
    fn is_column(&self, a: Point, b: Point) -> bool {
        let ((u, v), (other_u, other_v)) = (self.place(a), self.place(b));
        let rows = (v - other_v).abs() / self.height;
        (u - other_u).abs() < OFF_COLUMN * self.height && (0.6..NEXT).contains(&rows)
    }

    /// Where the row is taken by boxes, from and to in samples; a little more than the boxes.
    fn taken(&self, regions: &[TextRegion]) -> Vec<(isize, isize)> {
        let on_row = |quad: &Quad| {
            let corners = quad.0.map(|p| self.place(p).1);
            let (top, bottom) =
                (corners.iter().copied().fold(f32::MAX, f32::min), corners.iter().copied().fold(f32::MIN, f32::max));
            top < 0.7 * self.height && bottom > 0.3 * self.height
        };
        let extent = |quad: &Quad| {
            let us = quad.0.map(|p| self.place(p).0);
            let (left, right) =
                (us.iter().copied().fold(f32::MAX, f32::min), us.iter().copied().fold(f32::MIN, f32::max));
            ((left / self.step()).floor() as isize, (right / self.step()).ceil() as isize)
        };
        regions.iter().map(|r| &r.quad).filter(|quad| on_row(quad)).map(extent).collect()
    }

    /// The samples of the row that are looked at, from and to: those on the page, not too far from the line.
    fn span(&self, page: &Raster) -> (isize, isize) {
        let inside = |i: isize| {
            let p = self.at((i as f32 + 0.5) * self.step(), 0.5 * self.height);
            p.x >= 0.0 && p.y >= 0.0 && p.x < page.width() as f32 && p.y < page.height() as f32
        };
        let (reach, end) = ((REACH * GRID as f32) as isize, (self.width / self.step()) as isize);
        let left = (0..reach).take_while(|i| inside(-i)).last().unwrap_or(0);
        let right = (end..end + reach).take_while(|i| inside(*i)).last().unwrap_or(end);
        (-left, right)
    }
}

/// Brightness of the page at a point, 0 to 255; that of the nearest pixel of the edge beyond it.
fn brightness(page: &Raster, p: Point) -> f32 {
    let x = (p.x.max(0.0) as usize).min(page.width() - 1);
    let y = (p.y.max(0.0) as usize).min(page.height() - 1);
    let at = 3 * (y * page.width() + x);
    page.rgb()
        .get(at..at + 3)
        .map_or(255.0, |c| 0.299 * f32::from(c[0]) + 0.587 * f32::from(c[1]) + 0.114 * f32::from(c[2]))
}

/// How much darker a line's ink is than its paper.
fn contrast(page: &Raster, row: &Row) -> f32 {
    let columns = ((row.width / row.step()) as usize).min(40 * GRID);
    let mut all: Vec<f32> = (0..columns)
        .flat_map(|i| (0..GRID).map(move |j| (i, j)))
        .map(|(i, j)| brightness(page, row.at((i as f32 + 0.5) * row.step(), (j as f32 + 0.5) * row.step())))
        .collect();
    all.sort_by(f32::total_cmp);
    let share = |s: f32| all.get((s * all.len() as f32) as usize).copied().unwrap_or(0.0);
    share(0.85) - share(0.06)
}

/// Ink of the size of a character in the free parts of a row.
fn specks(page: &Raster, row: &Row, regions: &[TextRegion]) -> Vec<Speck> {
    let contrast = contrast(page, row);
    if contrast < LEAST_CONTRAST {
        return Vec::new();
    }
    let (first, last) = row.span(page);
    let taken = row.taken(regions);
    let is_taken = |i: isize| taken.iter().any(|(from, to)| (*from..=*to).contains(&i));
    // Columns of brightness, top to bottom, and the lightest of each, which is paper.
    let samples = GRID + 2 * (BEYOND + SHIFT);
    let height_of = |j: usize| (j as f32 + 0.5 - (BEYOND + SHIFT) as f32) * row.step();
    let columns: Vec<Option<Vec<f32>>> = (first..=last)
        .map(|i| {
            let u = (i as f32 + 0.5) * row.step();
            (!is_taken(i)).then(|| (0..samples).map(|j| brightness(page, row.at(u, height_of(j)))).collect())
        })
        .collect();
    let lightest: Vec<f32> = columns.iter().map(|c| c.iter().flatten().copied().fold(0.0, f32::max)).collect();
    // Light changes slowly: one limit for every few columns will do.
    let limits: Vec<f32> = (0..columns.len()).step_by(GRID / 2).map(|i| paper(&lightest, i) - INK * contrast).collect();
    let blocked = |i: isize| i < 0 || columns.get(i as usize).is_none_or(Option::is_none);
    let mut found = Vec::new();
    for from in [SHIFT, 0, 2 * SHIFT] {
        let extent = |(i, column): (usize, &Option<Vec<f32>>)| {
            let window = column.as_ref()?.get(from..from + GRID + 2 * BEYOND)?;
            let limit = limits.get(2 * i / GRID)?;
            Some((window.iter().position(|v| v < limit)?, window.iter().rposition(|v| v < limit)?))
        };
        let ink: Vec<Option<(usize, usize)>> = columns.iter().enumerate().map(extent).collect();
        let shift = from as isize - SHIFT as isize;
        found.extend(characters(&ink, blocked).into_iter().map(|s| Speck {
            left: s.left + first,
            right: s.right + first,
            shift,
            ..s
        }));
    }
    found
}

/// Brightness of the paper around a column: the median of the lightest samples of the columns around.
fn paper(lightest: &[f32], column: usize) -> f32 {
    let mut around = lightest[column.saturating_sub(GRID)..(column + GRID).min(lightest.len())].to_vec();
    around.retain(|v| *v > 0.0);
    around.sort_by(f32::total_cmp);
    around.get(around.len() / 2).copied().unwrap_or(255.0)
}

/// Runs of inked columns that have the size of a character and room around them. `ink` holds the
/// first and last dark sample of each column; `blocked` columns are off the page or in a box.
fn characters(ink: &[Option<(usize, usize)>], blocked: impl Fn(isize) -> bool) -> Vec<Speck> {
    let grid = GRID as f32;
    let mut found: Vec<Speck> = Vec::new();
    for (i, column) in ink.iter().enumerate() {
        let (Some((top, bottom)), i) = (*column, i as isize) else { continue };
        match found.last_mut() {
            Some(s) if ((i - s.right) as f32) <= GAP * grid => {
                (s.right, s.top, s.bottom) = (i, s.top.min(top), s.bottom.max(bottom));
            }
            _ => found.push(Speck { left: i, right: i, top, bottom, shift: 0 }),
        }
    }
    let room = (ROOM * grid).ceil() as isize;
    let free =
        |from: isize, to: isize| (from..to).all(|i| !blocked(i) && ink.get(i as usize).is_some_and(Option::is_none));
    found.retain(|s| {
        let (width, height) = ((s.right - s.left + 1) as f32 / grid, (s.bottom - s.top + 1) as f32 / grid);
        let within = s.top >= BEYOND && s.bottom < BEYOND + GRID;
        let sized = (WIDTH.0..WIDTH.1).contains(&width) && (HEIGHT.0..=HEIGHT.1).contains(&height);
        within && sized && free(s.left - room, s.left) && free(s.right + 1, s.right + 1 + room)
    });
    found
}

#[cfg(test)]
#[path = "lone_tests.rs"]
mod tests;
