//! What the arithmetic of a page says of each amount on it.

use std::collections::{BTreeMap, HashMap};

use super::tokens::minor_units;

/// Buckets of one amount: how often the value stands there; its rank by size;
/// whether it is the difference of two others; whether a value within 4
/// hundredths stands beside it (rounding), and which is the round one; whether
/// it is the sum of two others, or part of a sum; whether it could be gross or
/// net at one of the tax rates. All 0 for tokens that are no amount.
pub(super) type AmountFeatures = [u32; 6];

/// From how many of the largest amounts differences are taken.
const LARGEST: usize = 12;
/// More different amounts than this stand on no page; beyond it, sums are not looked for.
const MOST_VALUES: usize = 400;
/// 6 percent, in hundredths of a percent: it often goes unsaid.
const USUAL_RATE: i64 = 600;
const HIGHEST_RATE: i64 = 3_000;
const MOST_RATES: usize = 8;

/// Tax rates to try, in hundredths of a percent, from the printed percentages.
pub(super) fn printed_rates<'a>(percentages: impl Iterator<Item = &'a str>) -> Vec<i64> {
    let printed = percentages.filter_map(|text| minor_units(text.replace('%', "").trim()));
    let mut rates: Vec<i64> =
        printed.filter(|r| *r > 0 && *r <= HIGHEST_RATE).chain(std::iter::once(USUAL_RATE)).collect();
    rates.sort_unstable();
    rates.dedup();
    rates.truncate(MOST_RATES);
    rates
}

/// The features of every token; `values` are hundredths, none for tokens that
/// are no amount, `rates` hundredths of a percent. Sizes are compared without sign.
pub(super) fn features(values: &[Option<i64>], rates: &[i64]) -> Vec<AmountFeatures> {
    let mut count: BTreeMap<i64, u32> = BTreeMap::new();
    for value in values.iter().flatten() {
        *count.entry(value.abs()).or_default() += 1;
    }
    let known: Vec<i64> = count.keys().rev().copied().take(MOST_VALUES).collect();
    let has = |v: i64| count.contains_key(&v);
    let difference = |v: i64| known.iter().take(LARGEST).any(|a| *a > v && v > 0 && a - v > 0 && has(a - v));
    let near = |v: i64| count.range(v - 2..=v + 2).next().is_some();
    let mut of_value: HashMap<i64, AmountFeatures> = HashMap::new();
    for (rank, &v) in known.iter().enumerate() {
        let often = count.get(&v).copied().unwrap_or(0);
        let is_difference = difference(v);
        let twin = count.range(v - 4..=v + 4).any(|(other, _)| *other != v);
        let is_sum = known.iter().any(|b| *b > 0 && *b < v && has(v - b));
        let is_part = v > 0 && known.iter().any(|b| *b > v && has(b - v));
        let gross = v > 100 && rates.iter().any(|r| near((2 * v * r + 10_000 + r) / (2 * (10_000 + r))));
        let net = v > 100 && rates.iter().any(|r| near((2 * v * r + 10_000) / 20_000));
        of_value.insert(
            v,
            [
                often.min(5),
                1 + (rank as u32).min(7),
                1 + u32::from(is_difference) + u32::from(is_difference && often > 1),
                1 + 2 * u32::from(twin) + u32::from(v % 5 == 0),
                1 + 2 * u32::from(is_sum) + u32::from(is_part),
                1 + 2 * u32::from(gross) + u32::from(net),
            ],
        );
    }
    let lookup = |value: &Option<i64>| value.and_then(|v| of_value.get(&v.abs()).copied()).unwrap_or_default();
    values.iter().map(lookup).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_with_its_tax_and_its_parts_is_seen() {
        // 10.00 + 0.60 (6 %) = 10.60; paid 20.00, change 9.40.
        let values = [Some(1_000), Some(60), Some(1_060), Some(2_000), Some(940), None];
        let found = features(&values, &[600]);
        assert_eq!(found[2], [1, 2, 2, 2, 1 + 2 + 1, 1 + 2], "sum of two, part of 20.00, gross of 0.60");
        assert_eq!(found[1][2], 2, "the tax is a difference");
        assert_eq!(found[5], [0; 6]);
    }

    #[test]
    fn huge_amounts_do_not_overflow() {
        let huge = 99_999_999_999_900;
        assert_eq!(features(&[Some(huge), Some(-huge)], &[3_000]).len(), 2);
    }
}
