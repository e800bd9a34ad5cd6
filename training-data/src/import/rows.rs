//! Which descriptions, quantities and prices are one purchase, by where they stand.
//!
//! Boxes at one height are a row. A price closes a purchase: descriptions
//! without a price go with the price below them that has no description of its
//! own, or else with the purchase above, as a second line of its name.

/// What a box holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Description,
    Quantity,
    Price,
}

/// A box of the list of purchases.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    pub(super) part: Part,
    /// Which line it is.
    pub(super) line: usize,
    /// The corners, clockwise from the text's top left.
    pub(super) quad: [[f32; 2]; 4],
}

/// One purchase: lines, from top to bottom and from left to right.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Purchase {
    pub(super) descriptions: Vec<usize>,
    pub(super) quantities: Vec<usize>,
    pub(super) prices: Vec<usize>,
}

/// Boxes whose middles are further apart than this share of their height are on two rows.
const ROW: f32 = 0.5;

impl Piece {
    fn height(&self) -> f32 {
        let [a, b, c, d] = self.quad;
        ((d[1] - a[1]) + (c[1] - b[1])) / 2.0
    }

    fn left(&self) -> f32 {
        self.quad[0][0]
    }

    /// Height of the middle on a page that falls by `slope` to the right.
    fn level(&self, slope: f32) -> f32 {
        let middle = |axis: usize| self.quad.iter().map(|p| p[axis]).sum::<f32>() / 4.0;
        middle(1) - slope * middle(0)
    }

    /// How far the text falls to the right; long texts alone tell.
    fn slope(&self) -> Option<f32> {
        let (dx, dy) = (self.quad[1][0] - self.quad[0][0], self.quad[1][1] - self.quad[0][1]);
        (dx > 3.0 * self.height().abs()).then(|| dy / dx)
    }
}

fn median(mut values: Vec<f32>) -> Option<f32> {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

/// All purchases from top to bottom.
pub(super) fn purchases(pieces: &[Piece]) -> Vec<Purchase> {
    let slope = median(pieces.iter().filter_map(Piece::slope).collect()).unwrap_or(0.0);
    let height = median(pieces.iter().map(Piece::height).collect()).unwrap_or(1.0).max(1.0);
    let mut sorted: Vec<&Piece> = pieces.iter().collect();
    sorted.sort_by(|a, b| a.level(slope).total_cmp(&b.level(slope)));
    let mut rows: Vec<Vec<&Piece>> = Vec::new();
    for piece in sorted {
        let level = |row: &Vec<&Piece>| row.iter().map(|p| p.level(slope)).sum::<f32>() / row.len().max(1) as f32;
        match rows.last_mut() {
            Some(row) if piece.level(slope) - level(row) < ROW * height => row.push(piece),
            _ => rows.push(vec![piece]),
        }
    }
    let mut all: Vec<Purchase> = Vec::new();
    // Described, and without a price so far.
    let mut open = Purchase::default();
    for mut row in rows {
        row.sort_by(|a, b| a.left().total_cmp(&b.left()));
        let of = |part: Part| row.iter().filter(|p| p.part == part).map(|p| p.line).collect::<Vec<_>>();
        let found =
            Purchase { descriptions: of(Part::Description), quantities: of(Part::Quantity), prices: of(Part::Price) };
        if found.prices.is_empty() {
            open.extend(found);
        } else if found.descriptions.is_empty() {
            // The numbers of what is described above.
            let mut purchase = std::mem::take(&mut open);
            purchase.extend(found);
            all.push(purchase);
        } else {
            close(&mut all, std::mem::take(&mut open));
            all.push(found);
        }
    }
    close(&mut all, open);
    all
}

/// A name without a price is the second line of the purchase above it; at the top, it is one itself.
fn close(all: &mut Vec<Purchase>, open: Purchase) {
    match all.last_mut() {
        Some(above) => above.extend(open),
        None if open != Purchase::default() => all.push(open),
        None => {}
    }
}

impl Purchase {
    fn extend(&mut self, other: Purchase) {
        self.descriptions.extend(other.descriptions);
        self.quantities.extend(other.quantities);
        self.prices.extend(other.prices);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Boxes of 100 by 20 pixels at these places, on a page that falls by `slope`.
    fn pieces(places: &[(Part, f32, f32)], slope: f32) -> Vec<Piece> {
        let piece = |(line, (part, x, y)): (usize, &(Part, f32, f32))| {
            let at = |dx: f32, dy: f32| [x + dx, y + dy + slope * (x + dx)];
            Piece { part: *part, line, quad: [at(0.0, 0.0), at(100.0, 0.0), at(100.0, 20.0), at(0.0, 20.0)] }
        };
        places.iter().enumerate().map(piece).collect()
    }

    fn purchase(descriptions: &[usize], quantities: &[usize], prices: &[usize]) -> Purchase {
        Purchase { descriptions: descriptions.to_vec(), quantities: quantities.to_vec(), prices: prices.to_vec() }
    }

    #[test]
    fn boxes_of_a_row_are_a_purchase_on_level_and_on_slanting_pages() {
        use Part::{Description, Price, Quantity};
        let page = [
            (Price, 500.0, 2.0),
            (Description, 60.0, 0.0),
            (Quantity, 0.0, 1.0),
            (Quantity, 0.0, 30.0),
            (Description, 60.0, 31.0),
            (Description, 180.0, 30.0),
            (Price, 500.0, 29.0),
        ];
        for slope in [0.0, 0.1, -0.1] {
            let found = purchases(&pieces(&page, slope));
            assert_eq!(found, [purchase(&[1], &[2], &[0]), purchase(&[4, 5], &[3], &[6])], "{slope}");
        }
    }

    #[test]
    fn names_without_a_price_go_with_the_numbers_below_or_the_purchase_above() {
        use Part::{Description, Price, Quantity};
        let below = [(Description, 0.0, 0.0), (Quantity, 50.0, 30.0), (Price, 500.0, 30.0)];
        assert_eq!(purchases(&pieces(&below, 0.0)), [purchase(&[0], &[1], &[2])]);
        let above = [
            (Description, 0.0, 0.0),
            (Price, 500.0, 0.0),
            (Description, 20.0, 30.0),
            (Description, 0.0, 60.0),
            (Price, 500.0, 60.0),
        ];
        assert_eq!(purchases(&pieces(&above, 0.0)), [purchase(&[0, 2], &[], &[1]), purchase(&[3], &[], &[4])]);
        assert_eq!(purchases(&pieces(&[(Description, 0.0, 0.0)], 0.0)), [purchase(&[0], &[], &[])]);
        assert_eq!(purchases(&[]), []);
    }
}
