//! Reading order: lines to rows from top to bottom, each from left to right.
//!
//! The page is first made level (see [`Level`]), so that rows of a photo taken
//! at an angle stay together. The trainer's `order.py` does the same, in the
//! same arithmetic.

use super::level::Level;
use crate::geometry::Quad;
use crate::text::TextLines;

/// How many rows back a line may still join.
const OPEN_ROWS: usize = 4;

/// A line in reading order.
#[derive(Debug, Clone)]
pub(super) struct OrderedLine {
    /// Index into [`TextLines::lines`].
    pub(super) number: usize,
    /// Left, top, right and bottom edge on the levelled page, in pixels.
    pub(super) bounds: [f64; 4],
    /// Row from the top, counted from 0.
    pub(super) row: usize,
}

impl OrderedLine {
    fn centre(&self) -> f64 {
        (self.bounds[1] + self.bounds[3]) / 2.0
    }

    fn height(&self) -> f64 {
        self.bounds[3] - self.bounds[1]
    }

    /// Whether two lines share too much of their width to stand beside each other.
    fn stacked(&self, other: &Self) -> bool {
        let ([a0, _, a1, _], [b0, _, b1, _]) = (self.bounds, other.bounds);
        a1.min(b1) - a0.max(b0) >= 0.3 * (a1 - a0).min(b1 - b0)
    }
}

struct Row {
    members: Vec<OrderedLine>,
    centre: f64,
    height: f64,
}

/// Indices into [`TextLines::lines`] of the lines that hold text, in the order
/// in which extraction reads them: from top to bottom, of a row from left to right.
pub fn reading_order(page: &TextLines) -> Vec<usize> {
    read_order(page).into_iter().map(|line| line.number).collect()
}

/// The same row by row, from top to bottom.
pub fn reading_rows(page: &TextLines) -> Vec<Vec<usize>> {
    let lines = read_order(page);
    lines.chunk_by(|a, b| a.row == b.row).map(|row| row.iter().map(|line| line.number).collect()).collect()
}

/// The lines that hold text, in reading order. Lines with a corner that is not
/// a finite number are left out: they stand nowhere.
pub(super) fn read_order(page: &TextLines) -> Vec<OrderedLine> {
    let finite = |quad: &Quad| quad.0.iter().all(|p| p.x.is_finite() && p.y.is_finite());
    let usable = || page.lines.iter().enumerate().filter(|(_, line)| finite(&line.quad));
    let level = Level::of(&usable().map(|(_, line)| &line.quad).collect::<Vec<_>>());
    let mut lines: Vec<_> = usable()
        .filter(|(_, line)| line.chars.iter().any(|c| !c.ch.is_whitespace()))
        .map(|(number, line)| OrderedLine { number, bounds: level.bounds(&line.quad), row: 0 })
        .collect();
    lines.sort_by(|a, b| a.centre().total_cmp(&b.centre()).then(a.number.cmp(&b.number)));

    let mut rows: Vec<Row> = Vec::new();
    for line in lines {
        let first = rows.len().saturating_sub(OPEN_ROWS);
        let home = rows.get_mut(first..).and_then(|open| {
            open.iter_mut().rev().find(|row| {
                (line.centre() - row.centre).abs() < 0.5 * line.height().min(row.height)
                    && !row.members.iter().any(|m| line.stacked(m))
            })
        });
        match home {
            Some(row) => {
                row.members.push(line);
                let n = row.members.len() as f64;
                row.centre = row.members.iter().map(OrderedLine::centre).sum::<f64>() / n;
                row.height = row.members.iter().map(OrderedLine::height).sum::<f64>() / n;
            }
            None => rows.push(Row { centre: line.centre(), height: line.height(), members: vec![line] }),
        }
    }
    let mut ordered = Vec::new();
    for (number, mut row) in rows.into_iter().enumerate() {
        row.members.sort_by(|a, b| a.bounds[0].total_cmp(&b.bounds[0]).then(a.number.cmp(&b.number)));
        ordered.extend(row.members.into_iter().map(|line| OrderedLine { row: number, ..line }));
    }
    ordered
}

/// The middle value; of two middle values their mean. 0 for none.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match (values.get(n / 2), values.get((n / 2).wrapping_sub(1))) {
        (Some(&upper), Some(&lower)) if n.is_multiple_of(2) => (lower + upper) / 2.0,
        (Some(&middle), _) => middle,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Point;
    use crate::text::TextLine;

    fn page(boxes: &[(f32, f32, f32, f32)], tilt: f32) -> TextLines {
        let turn = |p: Point| Point::new(p.x - tilt * p.y, p.y + tilt * p.x);
        let lines = boxes
            .iter()
            .map(|&(l, t, r, b)| TextLine::evenly_spaced("x", 1.0, Quad::from_bounds(l, t, r, b).map(turn)))
            .collect();
        TextLines { lines, page_width: 500, page_height: 500 }
    }

    fn rows(page: &TextLines) -> Vec<(usize, usize)> {
        read_order(page).iter().map(|l| (l.row, l.number)).collect()
    }

    #[test]
    fn columns_of_a_row_come_from_left_to_right() {
        let boxes = [(300.0, 11.0, 360.0, 30.0), (10.0, 10.0, 100.0, 30.0), (10.0, 40.0, 100.0, 60.0)];
        assert_eq!(rows(&page(&boxes, 0.0)), [(0, 1), (0, 0), (1, 2)]);
    }

    #[test]
    fn a_tilted_page_keeps_its_rows() {
        // At this tilt the right column hangs a whole row lower than the left one.
        let boxes = [
            (10.0, 10.0, 150.0, 30.0),
            (300.0, 10.0, 400.0, 30.0),
            (10.0, 40.0, 150.0, 60.0),
            (300.0, 40.0, 400.0, 60.0),
        ];
        assert_eq!(rows(&page(&boxes, 0.1)), [(0, 0), (0, 1), (1, 2), (1, 3)]);
    }

    #[test]
    fn lines_without_a_place_or_without_text_are_left_out() {
        let mut page = page(&[(0.0, 0.0, 10.0, 10.0), (0.0, 20.0, f32::NAN, 30.0)], 0.0);
        page.lines.push(TextLine::evenly_spaced("  ", 1.0, Quad::from_bounds(0.0, 40.0, 10.0, 50.0)));
        assert_eq!(rows(&page), [(0, 0)]);
    }
}
