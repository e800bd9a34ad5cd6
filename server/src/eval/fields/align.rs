//! Which row that was read is which row of the truth.

use crate::eval::score::{Compare, alphanumeric};
use crate::eval::truth::TrueRow;

use super::rows::{Column, ReadRow};

/// Rows less alike than this are not the same row: half a description, or an amount.
const MIN_LIKENESS: f32 = 1.0;

/// Rows of the same kind are a bit more alike.
const KIND_WEIGHT: f32 = 0.3;

/// The pairs of rows `(truth, read)`, both from top to bottom, whose likenesses
/// add up to the most. A row is in one pair at most.
pub fn align(columns: &[Column], truth: &[TrueRow], read: &[ReadRow]) -> Vec<(usize, usize)> {
    let truth: Vec<Row> = truth.iter().map(|row| Row::of_truth(columns, row)).collect();
    let read: Vec<Row> = read.iter().map(|row| Row::of_reading(columns, row)).collect();
    best_pairs(truth.len(), read.len(), |t, r| {
        let (t, r) = (truth.get(t)?, read.get(r)?);
        Some(likeness(columns, t, r)).filter(|l| *l >= MIN_LIKENESS)
    })
}

/// A row with its values in the form in which they are compared.
struct Row {
    kind: Option<String>,
    cells: Vec<Option<String>>,
}

impl Row {
    fn of_truth(columns: &[Column], row: &TrueRow) -> Self {
        let form = |(column, cell): (&Column, &Option<_>)| {
            let cell: Option<&crate::eval::truth::TrueCell> = cell.as_ref();
            cell.map(|cell| reduced(column.compare, &column.compare.expected(&cell.value)))
        };
        Self { kind: row.kind.clone(), cells: columns.iter().zip(&row.cells).map(form).collect() }
    }

    fn of_reading(columns: &[Column], row: &ReadRow) -> Self {
        let form = |(column, cell): (&Column, &Option<slipstream_api::Field>)| {
            cell.as_ref().map(|cell| reduced(column.compare, &column.compare.read(cell)))
        };
        Self { kind: row.kind.map(str::to_owned), cells: columns.iter().zip(&row.cells).map(form).collect() }
    }
}

/// Texts are alike by their letters and digits.
fn reduced(compare: Compare, form: &str) -> String {
    if compare.is_text() { alphanumeric(form) } else { form.to_owned() }
}

fn likeness(columns: &[Column], a: &Row, b: &Row) -> f32 {
    let cells = columns.iter().zip(a.cells.iter().zip(&b.cells));
    let alike = |(column, (a, b)): (&Column, (&Option<String>, &Option<String>))| match (a, b) {
        (Some(a), Some(b)) if column.compare.is_text() => column.weight * similarity(a, b),
        (Some(a), Some(b)) if a == b => column.weight,
        _ => 0.0,
    };
    let kind = if a.kind.is_some() && a.kind == b.kind { KIND_WEIGHT } else { 0.0 };
    cells.map(alike).sum::<f32>() + kind
}

/// 1 for equal texts, 0 for texts that have nothing in common or nothing at all.
pub fn similarity(a: &str, b: &str) -> f32 {
    if a.is_empty() || b.is_empty() { 0.0 } else { strsim::normalized_levenshtein(a, b) as f32 }
}

/// The pairs `(i, j)` of `0..n` and `0..m`, both rising, with the highest sum
/// of `weight`; pairs without a weight are not made. Takes `n · m` weights.
fn best_pairs(n: usize, m: usize, weight: impl Fn(usize, usize) -> Option<f32>) -> Vec<(usize, usize)> {
    #[derive(Clone, Copy)]
    enum Step {
        Pair,
        SkipFirst,
        SkipSecond,
    }
    // Sums over the first i and j, row by row; the steps remember the way back.
    let mut before = vec![0.0_f32; m + 1];
    let mut steps = vec![Step::SkipFirst; n * m];
    for i in 0..n {
        let mut sums = vec![0.0_f32; m + 1];
        for j in 0..m {
            let (mut best, mut step) = (before[j + 1], Step::SkipFirst);
            if sums[j] > best {
                (best, step) = (sums[j], Step::SkipSecond);
            }
            if let Some(w) = weight(i, j)
                && before[j] + w > best
            {
                (best, step) = (before[j] + w, Step::Pair);
            }
            sums[j + 1] = best;
            steps[i * m + j] = step;
        }
        before = sums;
    }
    let (mut i, mut j) = (n, m);
    let mut pairs = Vec::new();
    while i > 0 && j > 0 {
        match steps[(i - 1) * m + j - 1] {
            Step::Pair => {
                (i, j) = (i - 1, j - 1);
                pairs.push((i, j));
            }
            Step::SkipFirst => i -= 1,
            Step::SkipSecond => j -= 1,
        }
    }
    pairs.reverse();
    pairs
}

#[cfg(test)]
#[path = "align_tests.rs"]
mod tests;
