//! Prices of one piece and amounts keep their columns all over a page.
//!
//! Both are numbers beside a name, and in a list of hundreds the network takes a few of either for the other. So those that
//! stand alike (how many numbers their row has, which of them it is, behind a sign of multiplication or not, and where) are
//! counted together: what most of them are, all are.

use std::collections::BTreeMap;

/// Numbers that stand alike before they are a habit.
const HABIT: usize = 6;
/// Share that decides for the others.
const CLEAR: f64 = 0.8;
/// How far the right edges of a column are apart at most, in heights of a line: photos lean, and tills align to the left too.
const APART: f64 = 2.0;

/// A number that the network takes for a price or an amount of a purchase.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    /// Visual row, counted from the top. Numbers stand in reading order.
    pub(super) row: usize,
    /// Right edge, in pixels of the levelled page.
    pub(super) right: f64,
    /// Height of its line.
    pub(super) height: f64,
    /// Whether a sign of multiplication stands before it.
    pub(super) times: bool,
    /// Whether it is taken for the price of one piece.
    pub(super) unit: bool,
}

/// Positions of those in `numbers` that are the other one.
pub(super) fn others(numbers: &[Number]) -> Vec<usize> {
    let mut alike: BTreeMap<(usize, usize, bool), Vec<(usize, Number)>> = BTreeMap::new();
    let mut done = 0;
    for row in numbers.chunk_by(|a, b| a.row == b.row) {
        for (place, number) in row.iter().enumerate() {
            alike.entry((row.len(), row.len() - place, number.times)).or_default().push((done + place, *number));
        }
        done += row.len();
    }
    alike.into_values().filter(|group| group.len() >= HABIT).flat_map(|group| against_the_habit(&group)).collect()
}

fn against_the_habit(group: &[(usize, Number)]) -> Vec<usize> {
    let units = group.iter().filter(|(_, number)| number.unit).count();
    let most = units * 2 > group.len();
    let share = units.max(group.len() - units) as f64 / group.len() as f64;
    let mut edges: Vec<f64> = group.iter().filter(|(_, n)| n.unit == most).map(|(_, n)| n.right).collect();
    edges.sort_by(f64::total_cmp);
    let Some(edge) = edges.get(edges.len() / 2).filter(|_| share >= CLEAR) else { return Vec::new() };
    let odd = |n: &Number| n.unit != most && (n.right - edge).abs() <= APART * n.height;
    group.iter().filter(|(_, number)| odd(number)).map(|(i, _)| *i).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row with a price behind a sign of multiplication, and its amount.
    fn row(row: usize, price_is_unit: bool) -> [Number; 2] {
        let number = |right, times, unit| Number { row, right, height: 20.0, times, unit };
        [number(200.0, true, price_is_unit), number(400.0, false, false)]
    }

    #[test]
    fn a_price_that_was_taken_for_an_amount_is_what_the_others_are() {
        let numbers: Vec<Number> = (0..12).flat_map(|i| row(i, i != 3 && i != 7)).collect();
        assert_eq!(others(&numbers), [6, 14]);
    }

    #[test]
    fn few_or_unclear_numbers_are_no_habit() {
        let few: Vec<Number> = (0..5).flat_map(|i| row(i, i != 3)).collect();
        assert!(others(&few).is_empty());
        let unclear: Vec<Number> = (0..12).flat_map(|i| row(i, i % 3 > 0)).collect();
        assert!(others(&unclear).is_empty());
    }

    #[test]
    fn a_number_elsewhere_or_of_another_kind_of_row_keeps_its_meaning() {
        let mut numbers: Vec<Number> = (0..12).flat_map(|i| row(i, true)).collect();
        numbers[4] = Number { right: 300.0, unit: false, ..numbers[4] };
        numbers.push(Number { row: 99, right: 200.0, height: 20.0, times: false, unit: false });
        assert!(others(&numbers).is_empty());
    }
}
