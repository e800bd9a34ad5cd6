//! Lines as rows: what a detector cut into one box or three is one row, whichever way the page was turned.

use crate::fold::folded;
use crate::page::Line;

/// A row of the page, in the frame of its text: x along the text, y across it, the origin where the page's is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    /// Its text from left to right, folded.
    pub(super) text: String,
    /// Left end.
    pub(super) left: f32,
    /// Right end.
    pub(super) right: f32,
    /// Middle.
    pub(super) y: f32,
    /// Height of its text.
    pub(super) height: f32,
}

/// The rows of a page from top to bottom, and how to get back to its pixels.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// Median height of a row in pixels: the unit that makes pages of different sizes comparable.
    pub(super) unit: f32,
    /// Cosine and sine of the angle that the text runs at.
    direction: (f32, f32),
}

/// Two boxes are in one row when their middles are closer than this part of the smaller height.
const SAME_ROW: f32 = 0.5;

impl Rows {
    /// The rows of `lines`; those without letters, or whose quad has no extent, are left out.
    pub(super) fn new(lines: &[Line]) -> Self {
        let direction = direction(lines);
        let mut boxes: Vec<Row> = lines.iter().filter_map(|line| upright(line, direction)).collect();
        boxes.sort_by(|a, b| a.y.total_cmp(&b.y));
        let mut rows: Vec<Vec<Row>> = Vec::new();
        for one in boxes {
            // Rows that started last are the nearest; columns make a few of them overlap.
            match rows.iter_mut().rev().take(3).find(|row| belongs(&one, row)) {
                Some(row) => row.push(one),
                None => rows.push(vec![one]),
            }
        }
        let mut rows: Vec<Row> = rows.into_iter().filter_map(joined).collect();
        rows.sort_by(|a, b| a.y.total_cmp(&b.y));
        let mut heights: Vec<f32> = rows.iter().map(|row| row.height).collect();
        heights.sort_by(f32::total_cmp);
        let unit = heights.get(heights.len() / 2).copied().unwrap_or(1.0).max(1.0);
        Self { rows, unit, direction }
    }

    /// The pixel of the page that a point of the frame stands for.
    pub(super) fn pixel(&self, x: f32, y: f32) -> (f32, f32) {
        let (cos, sin) = self.direction;
        (x * cos - y * sin, x * sin + y * cos)
    }
}

/// Mean direction of the text, long lines counting more.
fn direction(lines: &[Line]) -> (f32, f32) {
    let (mut x, mut y) = (0.0, 0.0);
    for Line { quad: [tl, tr, br, bl], .. } in lines {
        x += tr[0] - tl[0] + br[0] - bl[0];
        y += tr[1] - tl[1] + br[1] - bl[1];
    }
    let length = x.hypot(y);
    if length.is_finite() && length > 0.0 { (x / length, y / length) } else { (1.0, 0.0) }
}

fn upright(line: &Line, (cos, sin): (f32, f32)) -> Option<Row> {
    let text = folded(&line.text);
    let turned = line.quad.map(|[x, y]| (x * cos + y * sin, y * cos - x * sin));
    let [tl, tr, br, bl] = turned;
    let (left, right) = ((tl.0 + bl.0) / 2.0, (tr.0 + br.0) / 2.0);
    let (top, bottom) = ((tl.1 + tr.1) / 2.0, (bl.1 + br.1) / 2.0);
    let (y, height) = ((top + bottom) / 2.0, bottom - top);
    let extended = right > left && height > 0.0 && (right - left).is_finite() && y.is_finite() && height.is_finite();
    (extended && !text.is_empty()).then_some(Row { text, left, right, y, height })
}

/// Whether a box stands beside the boxes of a row.
fn belongs(one: &Row, row: &[Row]) -> bool {
    row.iter().all(|other| {
        let overlap = one.right.min(other.right) - one.left.max(other.left);
        overlap < 0.3 * (one.right - one.left).min(other.right - other.left)
    }) && row.iter().any(|other| (one.y - other.y).abs() < SAME_ROW * one.height.min(other.height))
}

fn joined(mut boxes: Vec<Row>) -> Option<Row> {
    boxes.sort_by(|a, b| a.left.total_cmp(&b.left));
    let mut boxes = boxes.into_iter();
    let mut row = boxes.next()?;
    let (mut weight, mut height, mut y) = (1.0, row.height, row.y);
    for next in boxes {
        row.text.push_str(&next.text);
        row.right = row.right.max(next.right);
        (weight, height, y) = (weight + 1.0, height + next.height, y + next.y);
    }
    Some(Row { height: height / weight, y: y / weight, ..row })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str, x: f32, y: f32, degrees: f32) -> Line {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let turn = |x: f32, y: f32| [x * cos - y * sin, x * sin + y * cos];
        let right = x + 10.0 * text.len() as f32;
        let quad = [turn(x, y), turn(right, y), turn(right, y + 20.0), turn(x, y + 20.0)];
        Line { text: text.to_owned(), certainties: Vec::new(), quad }
    }

    fn texts(degrees: f32) -> Vec<String> {
        let lines = [
            line("2.00", 400.0, 43.0, degrees),
            line("SHOP", 150.0, 0.0, degrees),
            line("MILK", 0.0, 40.0, degrees),
            line("TOTAL 2.00", 0.0, 80.0, degrees),
        ];
        Rows::new(&lines).rows.into_iter().map(|row| row.text).collect()
    }

    #[test]
    fn a_row_is_the_same_however_the_page_is_turned() {
        let upright = texts(0.0);
        assert_eq!(upright, ["5H0P", "M11K200", "T0TA1200"]);
        let wrong: Vec<_> = [-5.0, 5.0, 90.0, 180.0].into_iter().filter(|d| texts(*d) != upright).collect();
        assert!(wrong.is_empty(), "turned by {wrong:?}");
    }

    #[test]
    fn points_go_back_to_the_pixels_they_came_from() {
        let rows = Rows::new(&[line("SOMETHING", 100.0, 50.0, 30.0)]);
        let (x, y) = rows.pixel(rows.rows[0].left, rows.rows[0].y);
        let expected = line("SOMETHING", 100.0, 60.0, 30.0).quad[0];
        assert!((x - expected[0]).abs() < 0.01 && (y - expected[1]).abs() < 0.01, "{x} {y}");
    }

    #[test]
    fn quads_that_are_none_are_left_out() {
        let nan = Line { text: "A".into(), certainties: Vec::new(), quad: [[f32::NAN; 2]; 4] };
        let flat = Line { text: "A".into(), certainties: Vec::new(), quad: [[5.0; 2]; 4] };
        assert!(Rows::new(&[nan, flat]).rows.is_empty());
    }
}
