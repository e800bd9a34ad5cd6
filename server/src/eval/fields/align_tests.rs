use proptest::prelude::*;

use super::super::rows::ITEMS;
use super::super::testing::{Purchase, read_row, true_row};
use super::*;

fn pairs(truth: &[Purchase], read: &[Purchase]) -> Vec<(usize, usize)> {
    let truth: Vec<_> = truth.iter().map(|row| true_row(*row)).collect();
    let read: Vec<_> = read.iter().map(|row| read_row(*row)).collect();
    align(&ITEMS, &truth, &read)
}

#[test]
fn a_dropped_row_leaves_the_others_in_their_places() {
    let truth =
        [("item", "TEA", "-", "-", "1.00"), ("item", "MILK", "-", "-", "2.00"), ("item", "BREAD", "-", "-", "3.00")];
    assert_eq!(pairs(&truth, &[truth[0], truth[2]]), [(0, 0), (2, 1)]);
    assert_eq!(pairs(&truth[1..], &truth), [(0, 1), (1, 2)]);
    assert_eq!(pairs(&truth, &[]), []);
}

#[test]
fn misread_rows_are_still_the_same_rows() {
    let truth = [("item", "TEA GREEN", "-", "-", "1.00"), ("item", "TEA BLACK", "-", "-", "1.00")];
    let read = [("item", "TEA GREE", "-", "-", "1.10"), ("item", "T", "-", "-", "1.00")];
    assert_eq!(pairs(&truth, &read), [(0, 0), (1, 1)]);
    assert_eq!(pairs(&truth[..1], &[("item", "SOAP", "-", "-", "9.00")]), [], "nothing in common");
}

#[test]
fn of_identical_rows_each_has_its_own_partner() {
    let row = ("item", "COKE", "-", "-", "3.00");
    assert_eq!(pairs(&[row; 3], &[row; 2]).len(), 2);
    assert_eq!(pairs(&[row; 2], &[row; 3]).len(), 2);
}

/// The highest sum, tried out.
fn tried(weights: &[Vec<Option<u8>>], i: usize, j: usize) -> u32 {
    let Some(row) = weights.get(i) else { return 0 };
    if j == row.len() {
        return 0;
    }
    let pair = row[j].map_or(0, |w| u32::from(w) + tried(weights, i + 1, j + 1));
    pair.max(tried(weights, i + 1, j)).max(tried(weights, i, j + 1))
}

proptest! {
    #[test]
    fn pairs_rise_and_no_others_weigh_more(
        weights in (1_usize..5).prop_flat_map(|m| prop::collection::vec(prop::collection::vec(prop::option::of(1_u8..20), m), 1..5)),
    ) {
        let (n, m) = (weights.len(), weights[0].len());
        let found = best_pairs(n, m, |i, j| weights[i][j].map(f32::from));
        prop_assert!(found.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1), "{:?}", found);
        let sum: u32 = found.iter().map(|(i, j)| weights[*i][*j].map_or(1_000_000, u32::from)).sum();
        prop_assert_eq!(sum, tried(&weights, 0, 0));
    }

    #[test]
    fn a_table_read_as_it_is_pairs_with_itself(amounts in prop::collection::vec((0_u8..4, 0_u32..3), 1..30)) {
        let words = ["TEA", "MILK 3,5%", "BREAD RYE", "BATTERIES AA"];
        let texts: Vec<String> = amounts.iter().map(|(_, cents)| format!("1.0{cents}")).collect();
        let rows: Vec<Purchase> =
            amounts.iter().zip(&texts).map(|((w, _), text)| ("item", words[usize::from(*w)], "-", "-", text.as_str())).collect();
        prop_assert_eq!(pairs(&rows, &rows), (0..rows.len()).map(|i| (i, i)).collect::<Vec<_>>());
    }
}
