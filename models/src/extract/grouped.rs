//! Quantities that stand so close to an amount that both look like one with grouped digits.
//!
//! `3 401,97` is three thousand in some countries, and three pieces for four hundred on a receipt that prints quantities
//! beside amounts. Where the first group stands in a column of whole numbers that other rows have to themselves, it is one
//! of them.

use super::order::OrderedLine;
use super::tokens::{AMOUNT, Piece};

/// Rows with a whole number in the same column before it is a column of quantities.
const ROWS: usize = 5;
/// No quantity beside an amount has more digits.
const MOST_DIGITS: usize = 3;

/// Where lines are to be cut before they are split into tokens: `(line, character)`.
///
/// `pieces` are the tokens of each of the `lines`, `lengths` their numbers of characters.
pub(super) fn cuts(pieces: &[Vec<Piece>], lengths: &[usize], lines: &[OrderedLine]) -> Vec<(usize, usize)> {
    let across = |line: usize, start: usize, end: usize| {
        let [x0, _, x1, _] = lines.get(line)?.bounds;
        let per_char = (x1 - x0) / (*lengths.get(line)?).max(1) as f64;
        Some((x0 + per_char * start as f64, x0 + per_char * end as f64))
    };
    let lone = |(line, pieces): (usize, &Vec<Piece>)| match pieces.as_slice() {
        [piece] if piece.kind != AMOUNT && is_whole(&piece.text) => across(line, piece.start, piece.end),
        _ => None,
    };
    let quantities: Vec<(f64, f64)> = pieces.iter().enumerate().filter_map(lone).collect();
    let grouped = |(line, pieces): (usize, &Vec<Piece>)| {
        let piece = pieces.iter().find(|piece| piece.kind == AMOUNT)?;
        let (first, _) = piece.text.split_once(' ').filter(|(first, _)| is_whole(first))?;
        let end = piece.start + first.len();
        let (left, right) = across(line, piece.start, end)?;
        let middle = (left + right) / 2.0;
        let beside = quantities.iter().filter(|(x0, x1)| (*x0..=*x1).contains(&middle)).count();
        (beside >= ROWS).then_some((line, end))
    };
    pieces.iter().enumerate().filter_map(grouped).collect()
}

fn is_whole(text: &str) -> bool {
    (1..=MOST_DIGITS).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, kind: usize) -> Vec<Piece> {
        vec![Piece { start: 0, end: text.len(), text: text.to_owned(), kind }]
    }

    /// Rows of a quantity at 400 and an amount behind it, and at last both in one line that starts at `left`.
    fn cut(rows: usize, left: f64) -> Vec<(usize, usize)> {
        let line = |row: usize, x0: f64, x1: f64| OrderedLine { number: 0, bounds: [x0, 0.0, x1, 20.0], row };
        let mut lines: Vec<_> = (0..rows).flat_map(|i| [line(i, 400.0, 410.0), line(i, 430.0, 470.0)]).collect();
        let mut pieces: Vec<_> = (0..rows).flat_map(|_| [piece("1", 0), piece("2,50", AMOUNT)]).collect();
        lines.push(line(rows, left, left + 80.0));
        pieces.push(piece("3 401,97", AMOUNT));
        let lengths: Vec<usize> = pieces.iter().map(|p| p[0].end).collect();
        cuts(&pieces, &lengths, &lines)
    }

    #[test]
    fn a_digit_in_the_column_of_quantities_is_one() {
        assert_eq!(cut(6, 400.0), [(12, 1)]);
    }

    #[test]
    fn groups_elsewhere_and_those_of_pages_without_such_a_column_stay_whole() {
        assert!(cut(6, 420.0).is_empty());
        assert!(cut(3, 400.0).is_empty());
    }
}
