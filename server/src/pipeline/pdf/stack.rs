//! The pages of a document under one another, so that extraction and rules see one long page.

use slipstream_models::raster::{Turn, turn_back};
use slipstream_models::{Point, Quad, TextLines};

/// A page in the stack.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sheet {
    /// How far below the top of the stack it begins, in pixels.
    pub top: f32,
    /// Pixels across, as its lines were read.
    pub width: usize,
    /// Pixels down, as its lines were read.
    pub height: usize,
    /// What was done to the rendered page before its lines were read.
    pub turn: Turn,
}

impl Sheet {
    /// The sheet that `quad` of the stack lies on, with its number from 0; none without sheets.
    pub fn of<'a>(sheets: &'a [Self], quad: &Quad) -> Option<(usize, &'a Self)> {
        let middle = quad.centre().y;
        // Sheets come from top to bottom, so the last that begins above the middle holds it.
        let number = sheets.partition_point(|sheet| sheet.top <= middle).max(1) - 1;
        Some((number, sheets.get(number)?))
    }

    /// The quad in pixels of the rendered page.
    pub fn place(&self, quad: &Quad) -> Quad {
        let own = quad.map(|p| Point::new(p.x, p.y - self.top));
        turn_back(&own, self.turn, self.width, self.height)
    }
}

/// Pages that were read so far.
#[derive(Debug, Default)]
pub struct Stack {
    /// All lines, placed in the stack.
    pub lines: TextLines,
    /// The pages.
    pub sheets: Vec<Sheet>,
}

impl Stack {
    /// Lays a page under the others.
    pub fn push(&mut self, page: TextLines, turn: Turn) {
        let TextLines { lines, page_width: width, page_height: height } = page;
        let top = self.lines.page_height as f32;
        self.sheets.push(Sheet { top, width, height, turn });
        self.lines.lines.extend(lines.into_iter().map(|mut line| {
            line.quad = line.quad.map(|p| Point::new(p.x, p.y + top));
            line
        }));
        self.lines.page_width = self.lines.page_width.max(width);
        self.lines.page_height += height;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]
mod tests {
    use slipstream_models::TextLine;

    use super::*;

    fn page(width: usize, height: usize, quad: Quad) -> TextLines {
        TextLines { lines: vec![TextLine::evenly_spaced("x", 1.0, quad)], page_width: width, page_height: height }
    }

    #[test]
    fn a_line_goes_back_to_its_page_whatever_its_turn() {
        let quad = Quad::from_bounds(10.0, 20.0, 50.0, 30.0);
        let mut stack = Stack::default();
        stack.push(page(100, 200, quad), Turn::None);
        stack.push(page(200, 100, quad), Turn::Half);
        stack.push(page(100, 200, quad), Turn::None);
        assert_eq!((stack.lines.page_width, stack.lines.page_height), (200, 500));
        let back: Vec<_> = stack
            .lines
            .lines
            .iter()
            .map(|line| Sheet::of(&stack.sheets, &line.quad).unwrap())
            .map(|(number, sheet)| (number, sheet.place(&stack.lines.lines[number].quad).bounds()))
            .collect();
        let upright = (10.0, 20.0, 50.0, 30.0);
        assert_eq!(back, [(0, upright), (1, (150.0, 70.0, 190.0, 80.0)), (2, upright)]);
    }

    #[test]
    fn a_quad_above_all_sheets_is_on_the_first_and_none_without_any() {
        let high = Quad::from_bounds(0.0, -9.0, 5.0, -3.0);
        let mut stack = Stack::default();
        assert!(Sheet::of(&stack.sheets, &high).is_none());
        stack.push(page(100, 200, high), Turn::None);
        assert_eq!(Sheet::of(&stack.sheets, &high).unwrap().0, 0);
    }
}
