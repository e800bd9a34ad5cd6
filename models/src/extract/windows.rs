//! Long pages in parts: the network's time and memory grow with the square of the tokens that it sees together.
//!
//! A receipt of two hundred rows is read some hundred tokens at a time. Every window sees the head and the totals of the
//! page as well, and a few tokens more than it answers for, so that no purchase is cut in two. Features are those of the
//! whole page.

use std::ops::Range;

use super::features::Features;
use super::network::{Input, Scores};

/// Tokens of a window at most: as many as pages have that the network was trained on.
pub(super) const WINDOW: usize = 1024;
/// Tokens at either end of the page that every window sees.
const ENDS: usize = 128;
/// Tokens beside its own that a window sees in either direction.
const BESIDE: usize = 64;

/// A part of a page, as numbers of tokens.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    /// What the network sees, in reading order.
    sees: Vec<Range<usize>>,
    /// What it answers for, of that.
    owns: Vec<Range<usize>>,
}

/// The windows of a page of `count` tokens; each token is owned by one of them. The first one owns both ends.
pub(super) fn windows(count: usize, most: usize) -> Vec<Window> {
    if count <= most {
        let all = 0..count;
        return vec![Window { sees: vec![all.clone()], owns: vec![all] }];
    }
    let (head, tail) = (0..ENDS, count - ENDS..count);
    let body = tail.start - head.end;
    let parts = body.div_ceil(most - 2 * (ENDS + BESIDE));
    let border = |part: usize| head.end + body * part / parts;
    let window = |part: usize| {
        let own = border(part)..border(part + 1);
        let seen = own.start.saturating_sub(BESIDE).max(head.end)..(own.end + BESIDE).min(tail.start);
        let owns = if part == 0 { vec![head.clone(), own, tail.clone()] } else { vec![own] };
        Window { sees: vec![head.clone(), seen, tail.clone()], owns }
    };
    (0..parts).map(window).collect()
}

impl Window {
    /// What the network is shown of `page`.
    pub(super) fn of(&self, page: &Input) -> Input {
        Input {
            features: Features {
                buckets: self.part(&page.features.buckets),
                columns: self.part(&page.features.columns),
                rows: self.part(&page.features.rows),
            },
            keys: self.part(&page.keys),
        }
    }

    fn part<T: Clone>(&self, all: &[T]) -> Vec<T> {
        self.sees.iter().filter_map(|range| all.get(range.clone())).flatten().cloned().collect()
    }

    /// Pairs of the number of a token on the page and in the window, of those that it owns.
    fn owned(&self) -> impl Iterator<Item = (usize, usize)> {
        let seen = self.sees.iter().cloned().flatten().enumerate();
        seen.filter(|(_, token)| self.owns.iter().any(|own| own.contains(token))).map(|(place, token)| (token, place))
    }
}

/// The scores of a page, given those of its windows. What is said of the page as a whole is the first one's.
pub(super) fn joined(page: &Features, parts: Vec<(Window, Scores)>) -> Scores {
    let mut parts = parts.into_iter();
    let Some((window, scores)) = parts.next() else { return Scores::default() };
    if parts.len() == 0 {
        return scores;
    }
    let mut all = Scores {
        tokens: vec![Vec::new(); page.rows.len()],
        links: scores.links.spread(page),
        nulls: scores.nulls.clone(),
        page: scores.page.clone(),
    };
    for (window, mut scores) in std::iter::once((window, scores)).chain(parts) {
        for (token, place) in window.owned() {
            if let (Some(to), Some(from)) = (all.tokens.get_mut(token), scores.tokens.get_mut(place)) {
                *to = std::mem::take(from);
            }
            all.links.take(token, &scores.links, place);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_fits_is_one_window() {
        for count in [0, 1024] {
            let all = 0..count;
            assert_eq!(windows(count, 1024), [Window { sees: vec![all.clone()], owns: vec![all] }]);
        }
    }

    #[test]
    fn every_token_is_owned_once_and_no_window_is_too_large() {
        for count in [1025, 1300, 2048, 2300, 9999] {
            let windows = windows(count, 1024);
            let mut owners = vec![0; count];
            for window in &windows {
                let seen: Vec<usize> = window.sees.iter().cloned().flatten().collect();
                assert!(seen.len() <= 1024 && seen.is_sorted_by(|a, b| a < b), "{count}: {window:?}");
                for (token, place) in window.owned() {
                    assert_eq!(seen[place], token);
                    owners[token] += 1;
                }
            }
            assert!(owners.iter().all(|owners| *owners == 1), "{count}");
        }
    }

    #[test]
    fn neighbours_of_what_a_window_owns_are_seen() {
        let windows = windows(2300, 1024);
        let own = 639..1150;
        assert_eq!(windows[1].owns, std::slice::from_ref(&own));
        assert_eq!(windows[1].sees, [0..128, 575..1214, 2172..2300]);
    }
}
