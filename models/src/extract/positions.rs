//! Numbers that count the rows of a list.
//!
//! Invoices often number their purchases. The network judges each token by itself and takes one or the other of these
//! numbers for a quantity or for part of a name, of the row above at times. That they rise by one from row to row tells what
//! they are.

use super::features::Token;
use super::order::OrderedLine;
use super::tokens::AMOUNT;

/// Numbers that rise together before they are taken for positions: quantities may by chance be 1, 2 and 3.
const FEWEST: usize = 4;
/// A number was not found, or was misread, where the next one is larger by this much at most.
const STEP: u32 = 3;
/// Rows from one number to the next at most: purchases go on over several.
const APART: usize = 8;
/// No list is longer.
const MOST_DIGITS: usize = 4;

/// A number at the left of a row.
#[derive(Clone, Copy)]
struct Number {
    token: usize,
    value: u32,
    row: usize,
    /// Its edges, in pixels of the levelled page.
    left: f64,
    right: f64,
}

/// The tokens that count the rows of a list.
pub(super) fn positions(tokens: &[Token], lines: &[OrderedLine]) -> Vec<usize> {
    let number = |(i, token): (usize, &Token)| {
        let line = lines.get(token.line)?;
        let leads = token.start == 0
            && token.kind != AMOUNT
            && token.text.len() <= MOST_DIGITS
            && token.text.chars().all(|c| c.is_ascii_digit())
            && (token.line == 0 || lines.get(token.line - 1).is_none_or(|before| before.row != line.row));
        let [left, _, right, _] = line.bounds;
        let value = token.text.parse().ok().filter(|_| leads)?;
        Some(Number { token: i, value, row: line.row, left, right })
    };
    let numbers = tokens.iter().enumerate().filter_map(number);
    let mut chains: Vec<Vec<Number>> = Vec::new();
    for next in numbers {
        let beside = |chain: &&mut Vec<Number>| chain.last().is_some_and(|last| last.beside(&next));
        match chains.iter_mut().rev().find(beside) {
            Some(chain) if chain.last().is_some_and(|last| last.counts_on(&next)) => chain.push(next),
            _ => chains.push(vec![next]),
        }
    }
    let mut found: Vec<usize> =
        chains.into_iter().filter(|chain| chain.len() >= FEWEST).flatten().map(|number| number.token).collect();
    found.sort_unstable();
    found
}

impl Number {
    /// Whether the other one stands in the same column.
    fn beside(&self, other: &Self) -> bool {
        other.left < self.right && self.left < other.right
    }

    /// Whether `next` may be the number after this one.
    fn counts_on(&self, next: &Self) -> bool {
        next.row <= self.row + APART && (1..=STEP).contains(&next.value.saturating_sub(self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::features::tests::token;

    /// A column of numbers, one a row, and a name beside each.
    fn found(numbers: &[&str]) -> Vec<usize> {
        let line = |row: usize, left: f64, right: f64| OrderedLine {
            number: 0,
            bounds: [left, 20.0 * row as f64, right, 20.0 * row as f64 + 15.0],
            row,
        };
        let rows = || numbers.iter().enumerate();
        let lines: Vec<_> = rows().flat_map(|(row, _)| [line(row, 10.0, 40.0), line(row, 60.0, 200.0)]).collect();
        let tokens: Vec<_> =
            rows().flat_map(|(row, text)| [token(text, 2 * row), token("brot", 2 * row + 1)]).collect();
        positions(&tokens, &lines)
    }

    #[test]
    fn numbers_that_rise_from_row_to_row_are_positions() {
        assert_eq!(found(&["7", "8", "9", "10"]), [0, 2, 4, 6]);
        assert_eq!(found(&["98", "99", "101", "102"]), [0, 2, 4, 6], "one was not found");
    }

    #[test]
    fn quantities_are_none() {
        assert!(found(&["1", "1", "2", "1", "3", "1", "4", "1", "5"]).is_empty());
        assert!(found(&["1", "2", "3"]).is_empty());
        assert!(found(&["4", "3", "2", "1"]).is_empty());
        assert!(found(&["1.", "2a", "x", "4"]).is_empty());
    }

    #[test]
    fn a_misread_number_parts_a_list_and_spoils_nothing_else() {
        assert_eq!(found(&["1", "2", "3", "4", "58", "6", "7", "8", "9"]), [0, 2, 4, 6, 10, 12, 14, 16]);
    }
}
