//! Where bar codes may be: areas whose brightness changes along one direction only.
//!
//! Each cell of 8×8 pixels gets its structure tensor, the sums of products of
//! the brightness gradient. Bars make it lopsided (coherent) over a wide area with one
//! direction; the strokes of text go several ways within a few cells, edges of
//! paper and rules are narrow. One pass over the pixels, everything else is per cell.

use crate::geometry::Point;
use crate::image::Plane;

/// Pixels across and down a cell.
pub(crate) const CELL: usize = 8;

/// Mean squared gradient from which a cell is not flat, in squared grey levels over two pixels.
const MIN_ENERGY: f32 = 30.0;

/// Share of a cell's gradient that has to go one way.
const MIN_COHERENCE: f32 = 0.62;

/// How alike the directions of neighbours have to be: the cosine of twice the angle between them.
const MIN_ALIKE: f32 = 0.82;

/// Pixels from the first to the last bar. The narrowest code, a UPC-E of 51 modules, has to have a pixel for each.
const MIN_ACROSS: f32 = 44.0;

/// Pixels along the bars.
const MIN_ALONG: f32 = 10.0;

/// An area of parallel bars, in pixels of the plane it was found on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stripes {
    pub(crate) centre: Point,
    /// Unit vector across the bars.
    pub(crate) across: Point,
    /// Half of the extent across the bars.
    pub(crate) half_across: f32,
    /// Half of the extent along the bars.
    pub(crate) half_along: f32,
    /// Cells of the area.
    pub(crate) cells: usize,
}

impl Stripes {
    /// The area on a plane `scale` times as large.
    pub(crate) fn scaled(&self, scale: f32) -> Self {
        Self {
            centre: self.centre.times(scale),
            half_across: self.half_across * scale,
            half_along: self.half_along * scale,
            ..*self
        }
    }

    /// Whether the other area is about the same one.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let near = |a: f32, b: f32| (0.75..1.33).contains(&(a / b));
        self.centre.distance(other.centre) < 0.25 * self.half_along.min(self.half_across)
            && self.across.dot(other.across).abs() > 0.97
            && near(self.half_across, other.half_across)
            && near(self.half_along, other.half_along)
    }
}

/// The sums of a cell.
#[derive(Debug, Clone, Copy, Default)]
struct Tensor {
    xx: f32,
    yy: f32,
    xy: f32,
}

/// At most `most` areas, those of the most cells first.
pub(crate) fn find(plane: &Plane, most: usize) -> Vec<Stripes> {
    let (columns, rows) = (plane.width / CELL, plane.height / CELL);
    if columns < 3 || rows < 3 {
        return Vec::new();
    }
    let directions = directions(&smooth(&tensors(plane, columns, rows), columns, rows));
    let mut seen = vec![false; columns * rows];
    let mut found = Vec::new();
    let mut area = Vec::new();
    for start in 0..directions.len() {
        if seen[start] || directions[start].is_none() {
            continue;
        }
        grow(start, &directions, columns, rows, &mut seen, &mut area);
        found.extend(stripes(&area, &directions, columns));
    }
    found.sort_by_key(|s| std::cmp::Reverse(s.cells));
    found.truncate(most);
    found
}

/// One pass over the pixels; the outermost pixels have no gradient and count as flat.
fn tensors(plane: &Plane, columns: usize, rows: usize) -> Vec<Tensor> {
    let mut tensors = vec![Tensor::default(); columns * rows];
    // The left neighbour of a row's first cell does not exist, so cells begin at the second pixel.
    let used = columns * CELL;
    for y in 1..(rows * CELL).min(plane.height - 1) {
        let (above, here, below) = (plane.row(y - 1), plane.row(y), plane.row(y + 1));
        let cells = &mut tensors[y / CELL * columns..][..columns];
        let last = if used + 1 < plane.width { columns } else { columns - 1 };
        for (column, cell) in cells.iter_mut().enumerate().take(last) {
            let at = column * CELL + 1;
            let (left, right) = (&here[at - 1..at - 1 + CELL], &here[at + 1..at + 1 + CELL]);
            let (up, down) = (&above[at..at + CELL], &below[at..at + CELL]);
            let (mut xx, mut yy, mut xy) = (0_i32, 0_i32, 0_i32);
            for i in 0..CELL {
                let x = i16::from(right[i]) - i16::from(left[i]);
                let y = i16::from(down[i]) - i16::from(up[i]);
                xx += i32::from(x) * i32::from(x);
                yy += i32::from(y) * i32::from(y);
                xy += i32::from(x) * i32::from(y);
            }
            cell.xx += xx as f32;
            cell.yy += yy as f32;
            cell.xy += xy as f32;
        }
    }
    tensors
}

/// Each cell summed with its eight neighbours.
fn smooth(tensors: &[Tensor], columns: usize, rows: usize) -> Vec<Tensor> {
    let add = |a: Tensor, b: &Tensor| Tensor { xx: a.xx + b.xx, yy: a.yy + b.yy, xy: a.xy + b.xy };
    let mut wide = Vec::with_capacity(tensors.len());
    for row in tensors.chunks_exact(columns) {
        wide.extend(
            (0..columns).map(|c| row[c.saturating_sub(1)..(c + 2).min(columns)].iter().fold(Tensor::default(), add)),
        );
    }
    let mut sums = Vec::with_capacity(tensors.len());
    for r in 0..rows {
        let near = r.saturating_sub(1)..(r + 2).min(rows);
        sums.extend((0..columns).map(|c| near.clone().map(|r| &wide[r * columns + c]).fold(Tensor::default(), add)));
    }
    sums
}

/// Unit vectors of twice the angle of the gradient, for cells that have one direction.
fn directions(tensors: &[Tensor]) -> Vec<Option<Point>> {
    let direction = |t: &Tensor| {
        let energy = t.xx + t.yy;
        let along = Point::new(t.xx - t.yy, 2.0 * t.xy);
        let strength = along.length();
        let coherent = energy >= MIN_ENERGY * (9 * CELL * CELL) as f32 && strength >= MIN_COHERENCE * energy;
        coherent.then(|| along.times(1.0 / strength))
    };
    tensors.iter().map(direction).collect()
}

/// All cells that hang together with `start` and change their direction slowly, into `area`.
fn grow(
    start: usize,
    directions: &[Option<Point>],
    columns: usize,
    rows: usize,
    seen: &mut [bool],
    area: &mut Vec<usize>,
) {
    area.clear();
    area.push(start);
    seen[start] = true;
    let mut next = 0;
    while let Some(&cell) = area.get(next) {
        next += 1;
        let Some(here) = directions[cell] else { continue };
        let (column, row) = (cell % columns, cell / columns);
        for r in row.saturating_sub(1)..(row + 2).min(rows) {
            for c in column.saturating_sub(1)..(column + 2).min(columns) {
                let other = r * columns + c;
                if !seen[other] && directions[other].is_some_and(|d| d.dot(here) >= MIN_ALIKE) {
                    seen[other] = true;
                    area.push(other);
                }
            }
        }
    }
}

/// The area as an oblong along its mean direction, if a code could have that shape.
fn stripes(area: &[usize], directions: &[Option<Point>], columns: usize) -> Option<Stripes> {
    const LEAST_CELLS: usize = 8;
    if area.len() < LEAST_CELLS {
        return None;
    }
    let sum = area.iter().filter_map(|&c| directions[c]).fold(Point::default(), Point::plus);
    let angle = sum.y.atan2(sum.x) / 2.0;
    let across = Point::new(angle.cos(), angle.sin());
    let along = across.quarter();
    let middle = |cell: usize| {
        // Cells begin one pixel to the right, see `tensors`.
        Point::new((cell % columns * CELL) as f32 + 5.0, (cell / columns * CELL) as f32 + 4.0)
    };
    let (mut low, mut high) = (Point::new(f32::MAX, f32::MAX), Point::new(f32::MIN, f32::MIN));
    for &cell in area {
        let at = Point::new(middle(cell).dot(across), middle(cell).dot(along));
        low = Point::new(low.x.min(at.x), low.y.min(at.y));
        high = Point::new(high.x.max(at.x), high.y.max(at.y));
    }
    let half_across = (high.x - low.x + CELL as f32) / 2.0;
    let half_along = (high.y - low.y + CELL as f32) / 2.0;
    let filled = (area.len() * CELL * CELL) as f32 / (4.0 * half_across * half_along);
    if 2.0 * half_across < MIN_ACROSS || 2.0 * half_along < MIN_ALONG || filled < 0.3 {
        return None;
    }
    let centre = across.times((low.x + high.x) / 2.0).plus(along.times((low.y + high.y) / 2.0));
    Some(Stripes { centre, across, half_across, half_along, cells: area.len() })
}
