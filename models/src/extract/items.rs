//! Tags and links of tokens to rows: purchases, taxes, payments and serial numbers.
//!
//! Tokens of one role that stand side by side in a line are a run. A run points
//! at the token that it likes best, on average; runs that are connected are a
//! row. A closing amount points at itself, so that no row has two. The
//! trainer's `rows.py` does the same, but for what is told by all rows of a
//! page together ([`super::tags`], [`lean`]) and for the rows that a
//! purchase may span at most.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use super::decode::{Document, Head};
use super::lean;
use super::network::{Link, Links};
use super::tags::{
    AMOUNT, CODE, DESCRIPTION, LIST, PAYMENT_AMOUNT, PAYMENT_METHOD, QUANTITY, SERIAL_NUMBER, TAX_AMOUNT, TAX_NET,
    TAX_RATE, Tags, UNIT_PRICE, largest,
};
use super::tokens::DATE;
use crate::entities::{Entity, ItemEntities, ItemKind, PaymentEntities, TaxEntities};

const PURCHASE: [usize; 5] = [DESCRIPTION, QUANTITY, UNIT_PRICE, AMOUNT, CODE];
const TAX: [usize; 3] = [TAX_RATE, TAX_NET, TAX_AMOUNT];
const PAYMENT: [usize; 2] = [PAYMENT_METHOD, PAYMENT_AMOUNT];

/// Roles that every row has one of at most, and is known by.
const CLOSING: [usize; 3] = [AMOUNT, TAX_AMOUNT, PAYMENT_AMOUNT];

/// Runs farther apart than this many rows of the page are of different purchases, taxes or payments: the network
/// judges every pair of a page, and on a list of hundreds it likes one or the other far away.
const REACH: usize = 8;

/// The tags and links of a page.
pub(super) struct Rows<'a> {
    document: &'a Document<'a>,
    links: &'a Links,
    tags: Tags<'a>,
}

impl<'a> Rows<'a> {
    /// The rows that tokens with these scores make; role scores are divided by `temperature`.
    pub(super) fn new(document: &'a Document<'a>, heads: &[Head], links: &'a Links, temperature: f32) -> Self {
        Self { document, links, tags: Tags::new(document, heads, temperature) }
    }

    /// The list of purchases.
    pub(super) fn purchases(&self) -> Vec<ItemEntities> {
        let mut rows: Vec<Vec<usize>> = self.rows(&PURCHASE).into_iter().filter(|row| self.names_one(row)).collect();
        self.cut_to_the_list(&mut rows);
        let kinds: Vec<ItemKind> = rows.iter().map(|tokens| self.kind(tokens)).collect();
        let anchors: Vec<usize> = rows.iter().filter_map(|tokens| self.anchor(tokens)).collect();
        let item = |(i, (tokens, kind)): (usize, (&Vec<usize>, &ItemKind))| {
            let field = |role| self.entity(tokens, role);
            ItemEntities {
                kind: *kind,
                description: field(DESCRIPTION),
                quantity: field(QUANTITY),
                unit_price: field(UNIT_PRICE),
                amount: field(AMOUNT),
                code: field(CODE),
                of: self.owner(i, &kinds, &anchors),
            }
        };
        rows.iter().zip(&kinds).enumerate().map(item).collect()
    }

    /// Whether a row says anything of a purchase. A lone quantity or code does not; nor does a lone amount that is nothing,
    /// as the change is, or that stands beside a date, where it is a time.
    fn names_one(&self, row: &[usize]) -> bool {
        let token = |i: &usize| self.document.tokens.get(*i);
        let beside_date = |line: usize| self.document.tokens.iter().any(|t| t.line == line && t.kind == DATE);
        match row {
            [lone] if self.tags.role(*lone) == Some(AMOUNT) => {
                token(lone).is_some_and(|token| token.amount != Some(0) && !beside_date(token.line))
            }
            _ => row.iter().any(|i| matches!(self.tags.role(*i), Some(DESCRIPTION | AMOUNT))),
        }
    }

    /// Leaves out what stands before and behind a long list: names without an amount, which are of the shop and of payments.
    fn cut_to_the_list(&self, rows: &mut Vec<Vec<usize>>) {
        let has = |row: &[usize], role: usize| row.iter().any(|i| self.tags.role(*i) == Some(role));
        let priced = |row: &Vec<usize>| has(row, AMOUNT);
        if rows.iter().filter(|row| priced(row)).count() < LIST {
            return;
        }
        rows.truncate(rows.iter().rposition(priced).map_or(0, |last| last + 1));
        rows.drain(..rows.iter().position(priced).unwrap_or(0));
    }

    /// The tax table.
    pub(super) fn taxes(&self) -> Vec<TaxEntities> {
        let row = |tokens: &Vec<usize>| {
            let field = |role| self.entity(tokens, role);
            TaxEntities { rate: field(TAX_RATE), net: field(TAX_NET), amount: field(TAX_AMOUNT) }
        };
        self.rows(&TAX).iter().map(row).collect()
    }

    /// The payments.
    pub(super) fn payments(&self) -> Vec<PaymentEntities> {
        let row = |tokens: &Vec<usize>| {
            let field = |role| self.entity(tokens, role);
            PaymentEntities { method: field(PAYMENT_METHOD), amount: field(PAYMENT_AMOUNT) }
        };
        self.rows(&PAYMENT).iter().map(row).collect()
    }

    /// The serial numbers.
    pub(super) fn serial_numbers(&self) -> Vec<Entity> {
        self.rows(&[SERIAL_NUMBER]).iter().filter_map(|tokens| self.entity(tokens, SERIAL_NUMBER)).collect()
    }

    /// Runs of neighbouring tokens with one of the `wanted` roles.
    fn runs(&self, wanted: &[usize]) -> Vec<Vec<usize>> {
        let mut runs: Vec<Vec<usize>> = Vec::new();
        for (i, tag) in self.tags.iter().enumerate().filter(|(_, tag)| wanted.contains(&tag.role)) {
            let goes_on = |last: usize| {
                last + 1 == i
                    && self.tags.role(last) == Some(tag.role)
                    && self.tags.line(last) == self.tags.line(i)
                    && !CLOSING.contains(&tag.role)
            };
            match runs.last_mut() {
                Some(run) if run.last().is_some_and(|last| goes_on(*last)) => run.push(i),
                _ => runs.push(vec![i]),
            }
        }
        runs
    }

    /// Token numbers of each row, rows in the order of their closing amounts.
    fn rows(&self, wanted: &[usize]) -> Vec<Vec<usize>> {
        let runs = self.runs(wanted);
        let owner_of: Vec<(usize, usize)> =
            runs.iter().enumerate().flat_map(|(owner, run)| run.iter().map(move |token| (*token, owner))).collect();
        let likes =
            |run: &[usize], to: usize| run.iter().map(|from| self.links.score(Link::Row, *from, to)).sum::<f32>();
        let closes =
            |run: &&Vec<usize>| run.first().and_then(|i| self.tags.role(*i)).is_some_and(|r| CLOSING.contains(&r));
        let closing_rows: BTreeSet<usize> =
            runs.iter().filter(closes).filter_map(|run| self.tags.page_row(*run.first()?)).collect();
        let mut points_at: Vec<usize> = runs
            .iter()
            .enumerate()
            .map(|(own, run)| {
                if closes(&run) {
                    return own;
                }
                let near =
                    run.first().and_then(|token| self.tags.page_row(*token)).map(|row| reach(row, &closing_rows));
                let within = owner_of.iter().filter(|(token, _)| {
                    near.as_ref().zip(self.tags.page_row(*token)).is_some_and(|(near, row)| near.contains(&row))
                });
                let scored = within.map(|(token, owner)| (likes(run, *token), *owner));
                scored.fold((f32::NEG_INFINITY, own), |best, new| if new.0 > best.0 { new } else { best }).1
            })
            .collect();
        for (run, amount) in self.leaning(&runs, &likes) {
            if let Some(own) = points_at.get_mut(run) {
                *own = amount;
            }
        }
        for (run, longest) in self.parted(&runs) {
            if let Some(own) = points_at.get_mut(run) {
                *own = longest;
            }
        }
        let mut joined: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (i, run) in runs.iter().enumerate() {
            joined.entry(root(&points_at, i)).or_default().extend(run);
        }
        let mut rows: Vec<Vec<usize>> = joined.into_values().collect();
        rows.iter_mut().for_each(|row| row.sort_unstable());
        rows.sort_by_key(|row| self.anchor(row));
        rows
    }

    /// Parts of a name that something stands between, with the longest part in their line: no line names two purchases.
    fn parted(&self, runs: &[Vec<usize>]) -> Vec<(usize, usize)> {
        let mut of_line: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (i, first) in runs.iter().enumerate().filter_map(|(i, run)| Some((i, *run.first()?))) {
            if let Some(line) = self.tags.line(first).filter(|_| self.tags.role(first) == Some(DESCRIPTION)) {
                of_line.entry(line).or_default().push(i);
            }
        }
        let length = |run: &usize| runs.get(*run).map_or(0, Vec::len);
        let with_longest = |parts: Vec<usize>| {
            // Of parts as long as each other, the first.
            let longest = parts.iter().copied().rev().max_by_key(length);
            parts.into_iter().filter_map(move |part| Some((part, longest.filter(|longest| *longest != part)?)))
        };
        of_line.into_values().flat_map(with_longest).collect()
    }

    /// Runs of lines without an amount, with the amounts, which are runs of one token, that they belong to together.
    fn leaning(&self, runs: &[Vec<usize>], likes: &impl Fn(&[usize], usize) -> f32) -> Vec<(usize, usize)> {
        let place = |run: &Vec<usize>| {
            let token = *run.first()?;
            let (row, role) = (self.tags.page_row(token)?, self.tags.role(token)?);
            Some(lean::Run { row, role, closes: CLOSING.contains(&role) })
        };
        let Some(places) = runs.iter().map(place).collect::<Option<Vec<_>>>() else { return Vec::new() };
        let mean = |run: usize, amount: usize| {
            let (run, to) = (runs.get(run)?, *runs.get(amount)?.first()?);
            Some(likes(run, to) / run.len() as f32)
        };
        lean::lean(&places, |run, amount| mean(run, amount).unwrap_or(0.0))
    }

    /// The token that a row is known by: its closing amount, or its first token.
    fn anchor(&self, row: &[usize]) -> Option<usize> {
        let closes = |token: &&usize| self.tags.role(**token).is_some_and(|role| CLOSING.contains(&role));
        row.iter().rev().find(closes).or(row.first()).copied()
    }

    /// The row that purchase `i` belongs to, if it is a discount or a deposit.
    fn owner(&self, i: usize, kinds: &[ItemKind], anchors: &[usize]) -> Option<usize> {
        let belongs = |kind: &ItemKind| matches!(kind, ItemKind::Discount | ItemKind::Deposit);
        if !kinds.get(i).is_some_and(belongs) {
            return None;
        }
        let from = *anchors.get(i)?;
        let candidates = kinds.iter().zip(anchors).enumerate().filter(|(j, (kind, _))| *j == i || !belongs(kind));
        let scored = candidates.map(|(j, (_, to))| (self.links.score(Link::Item, from, *to), j));
        let best = scored.fold((f32::NEG_INFINITY, i), |best, new| if new.0 > best.0 { new } else { best }).1;
        (best != i).then_some(best)
    }

    /// The value of `role` in a row. A description may go on over several lines;
    /// of other roles the most probable run of neighbouring tokens counts.
    fn entity(&self, row: &[usize], role: usize) -> Option<Entity> {
        let confidence = |i: &usize| self.tags.get(*i).map_or(0.0, |t| t.confidence);
        let members: Vec<usize> = row.iter().copied().filter(|i| self.tags.role(*i) == Some(role)).collect();
        let mean = |run: &[usize]| run.iter().map(confidence).sum::<f32>() / run.len().max(1) as f32;
        let chosen: &[usize] = if matches!(role, DESCRIPTION | PAYMENT_METHOD) {
            &members
        } else {
            members.chunk_by(|a, b| b - a == 1).max_by(|a, b| mean(a).total_cmp(&mean(b)))?
        };
        if chosen.is_empty() {
            return None;
        }
        let tokens: Vec<_> = chosen.iter().filter_map(|i| self.document.tokens.get(*i).cloned()).collect();
        let best = self.document.weighed(self.document.reading(&tokens, mean(chosen)));
        Some(Entity { best, alternatives: Vec::new() })
    }

    /// The kind that the row's tokens agree on.
    fn kind(&self, row: &[usize]) -> ItemKind {
        let mut sums = [0.0; 4];
        for tag in row.iter().filter_map(|i| self.tags.get(*i)) {
            sums.iter_mut().zip(&tag.kinds).for_each(|(sum, score)| *sum += score);
        }
        match largest(&sums).0 {
            1 => ItemKind::Discount,
            2 => ItemKind::Deposit,
            3 => ItemKind::Return,
            _ => ItemKind::Item,
        }
    }
}

/// The rows of the page whose tokens may be of one purchase, tax or payment with what stands in `row`: up to the next
/// closing amount in either direction, since none reaches over another.
fn reach(row: usize, closing_rows: &BTreeSet<usize>) -> RangeInclusive<usize> {
    let (first, last) = (row.saturating_sub(REACH), row + REACH);
    let above = closing_rows.range(first..row).next_back().copied();
    let below = closing_rows.range(row + 1..=last).next().copied();
    above.unwrap_or(first)..=below.unwrap_or(last)
}

/// Where `i` gets by following `points_at`: what points at itself, or the lowest of a ring.
fn root(points_at: &[usize], i: usize) -> usize {
    let next = |i: usize| points_at.get(i).copied().unwrap_or(i);
    // After as many steps as there are runs, the walk is at its end or in its ring.
    let end = (0..points_at.len()).fold(i, |at, _| next(at));
    std::iter::successors(Some(next(end)), |at| Some(next(*at))).take_while(|at| *at != end).fold(end, usize::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purchase_spans_a_few_rows_and_reaches_over_no_other() {
        let amounts = BTreeSet::from([12, 15, 18, 40]);
        assert_eq!(reach(16, &amounts), 15..=18);
        assert_eq!(reach(15, &amounts), 12..=18, "its own amount may be another's");
        assert_eq!(reach(25, &amounts), 18..=33, "however much the network likes what is farther away");
        assert_eq!(reach(3, &BTreeSet::new()), 0..=11);
    }

    #[test]
    fn walks_end_at_what_points_at_itself_or_at_the_lowest_of_a_ring() {
        let points_at = [0, 0, 1, 4, 5, 3, 3];
        let roots: Vec<usize> = (0..7).map(|i| root(&points_at, i)).collect();
        assert_eq!(roots, [0, 0, 0, 3, 3, 3, 3]);
    }
}
