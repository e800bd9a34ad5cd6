//! Lines of a purchase that carry no amount lean the same way all over a page.
//!
//! A till prints codes, or counts and prices, above the amount or below it, and does so for every purchase. In a long list
//! the network sees too little around a token to tell which, and its guesses change from purchase to purchase. So the lines
//! that hold the same roles are counted together: all belong to the amount above, or all to the one below.

use std::collections::{BTreeMap, BTreeSet};

/// The most that one line says for or against a direction, in logits: one odd line must not turn a page.
const MOST: f32 = 4.0;
/// Lines that it takes to speak of a habit.
const HABIT: usize = 2;

/// A run of tokens of one role, as far as its direction is concerned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Visual row, counted from the top.
    pub(super) row: usize,
    /// Position in the list of roles.
    pub(super) role: usize,
    /// Whether it is the amount that closes a row.
    pub(super) closes: bool,
}

/// A line's runs, and the closing amounts next to it.
struct Between {
    members: Vec<usize>,
    above: Option<usize>,
    below: Option<usize>,
}

/// For each run that leans with others: the closing amount that it belongs to. Both are positions in `runs`.
///
/// `runs` stand in reading order; `likes` scores a run and a closing amount, in logits.
pub(super) fn lean(runs: &[Run], likes: impl Fn(usize, usize) -> f32) -> Vec<(usize, usize)> {
    let mut rows: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (i, run) in runs.iter().enumerate() {
        rows.entry(run.row).or_default().push(i);
    }
    let roles =
        |members: &[usize]| members.iter().filter_map(|i| runs.get(*i)).map(|run| run.role).collect::<BTreeSet<_>>();
    let closes = |members: &[usize]| members.iter().copied().find(|i| runs.get(*i).is_some_and(|run| run.closes));
    let mut habits: BTreeMap<BTreeSet<usize>, Vec<Between>> = BTreeMap::new();
    for (row, members) in rows.iter().filter(|(_, members)| closes(members).is_none()) {
        let own = roles(members);
        // An amount whose row holds such a value itself has no need of another.
        let needs = |(_, there): (&usize, &Vec<usize>)| {
            let amount = closes(there)?;
            Some(own.is_disjoint(&roles(there)).then_some(amount))
        };
        let above = rows.range(..row).rev().find_map(needs).flatten();
        let below = rows.range(row + 1..).find_map(needs).flatten();
        habits.entry(own).or_default().push(Between { members: members.clone(), above, below });
    }
    let mut chosen = Vec::new();
    for lines in habits.into_values().filter(|lines| lines.len() >= HABIT) {
        let upwards: f32 = lines.iter().map(|line| line.upwards(&likes)).sum();
        for line in lines {
            if let Some(amount) = if upwards > 0.0 { line.above } else { line.below } {
                chosen.extend(line.members.into_iter().map(|i| (i, amount)));
            }
        }
    }
    chosen
}

impl Between {
    /// How much speaks for the amount above rather than the one below.
    fn upwards(&self, likes: &impl Fn(usize, usize) -> f32) -> f32 {
        match (self.above, self.below) {
            (Some(above), Some(below)) => {
                let sum: f32 = self.members.iter().map(|i| likes(*i, above) - likes(*i, below)).sum();
                sum.clamp(-MOST, MOST)
            }
            (Some(_), None) => MOST,
            (None, Some(_)) => -MOST,
            (None, None) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DESCRIPTION: usize = 1;
    const AMOUNT: usize = 4;
    const CODE: usize = 5;

    /// Runs of rows, each row given by its roles.
    fn page(rows: &[&[usize]]) -> Vec<Run> {
        let places = rows.iter().enumerate().flat_map(|(row, roles)| roles.iter().map(move |role| (row, *role)));
        places.map(|(row, role)| Run { row, role, closes: role == AMOUNT }).collect()
    }

    #[test]
    fn codes_that_lean_both_ways_go_where_most_go() {
        let runs =
            page(&[&[DESCRIPTION, AMOUNT], &[CODE], &[DESCRIPTION, AMOUNT], &[CODE], &[DESCRIPTION, AMOUNT], &[CODE]]);
        // The second code likes the amount below it better, the others the one above.
        let likes = |run: usize, to: usize| if run == 5 && to == 7 || run == 2 && to == 1 { 2.0 } else { 0.0 };
        assert_eq!(lean(&runs, likes), [(2, 1), (5, 4), (8, 7)]);
    }

    #[test]
    fn one_code_below_the_last_amount_tells_where_all_belong() {
        let below = page(&[&[DESCRIPTION, AMOUNT], &[CODE], &[DESCRIPTION, AMOUNT], &[CODE]]);
        assert_eq!(lean(&below, |_, _| 0.0), [(2, 1), (5, 4)]);
        let above = page(&[&[CODE], &[DESCRIPTION, AMOUNT], &[CODE], &[DESCRIPTION, AMOUNT]]);
        assert_eq!(lean(&above, |_, _| 0.0), [(0, 2), (3, 5)]);
    }

    #[test]
    fn a_note_below_a_named_purchase_is_no_name_of_the_next() {
        let runs = page(&[&[DESCRIPTION, AMOUNT], &[DESCRIPTION], &[DESCRIPTION, AMOUNT], &[DESCRIPTION], &[AMOUNT]]);
        assert_eq!(lean(&runs, |_, _| 1.0), [(5, 6)]);
    }

    #[test]
    fn one_line_is_no_habit() {
        assert!(lean(&page(&[&[DESCRIPTION, AMOUNT], &[CODE]]), |_, _| 0.0).is_empty());
        assert!(lean(&[], |_, _| 0.0).is_empty());
    }
}
