//! What each token is for its row, of purchases, taxes, payments or serial numbers.
//!
//! The network judges each token by itself. What all tokens of a page say together is put right here: numbers that count
//! rows ([`positions`]), amounts that are none, prices and amounts by their columns ([`columns`]), words of a name.

use std::collections::BTreeSet;

use super::columns;
use super::config::ROLES;
use super::decode::{Document, Head};
use super::features::{Token, is_letter};
use super::positions::positions;
use super::tokens::WORD;

/// Positions in [`ROLES`].
pub(super) const NONE: usize = 0;
pub(super) const DESCRIPTION: usize = 1;
pub(super) const QUANTITY: usize = 2;
pub(super) const UNIT_PRICE: usize = 3;
pub(super) const AMOUNT: usize = 4;
pub(super) const CODE: usize = 5;
pub(super) const TAX_RATE: usize = 6;
pub(super) const TAX_NET: usize = 7;
pub(super) const TAX_AMOUNT: usize = 8;
pub(super) const PAYMENT_METHOD: usize = 9;
pub(super) const PAYMENT_AMOUNT: usize = 10;
pub(super) const SERIAL_NUMBER: usize = 11;

/// Amounts that a page has at least before they say how it prints them, or where its list ends.
pub(super) const LIST: usize = 6;
/// Share of them without decimals that are read mistakes.
const MOST_WHOLE: f64 = 0.05;
/// A number without decimals is doubted below this probability.
const DOUBTED: f32 = 0.9;

/// What stands between a quantity and a price, as tokens hold it.
const MULTIPLIES: [&str; 5] = ["x", "*", "@", "a", "\u{d7}"];

/// A word beside a description is taken for a part of it from this probability on: neighbours
/// mostly agree, and the network judges each token by itself.
const COMPLETES: f32 = 0.1;

/// What a token is.
pub(super) struct Tag {
    /// Position in [`ROLES`].
    pub(super) role: usize,
    /// Probability of the role.
    pub(super) confidence: f32,
    /// Probabilities of all roles.
    shares: Vec<f32>,
    /// Scores of the kinds of purchase rows.
    pub(super) kinds: Vec<f32>,
}

impl Tag {
    fn share(&self, role: usize) -> f32 {
        self.shares.get(role).copied().unwrap_or(0.0)
    }
}

/// The tags of a page.
pub(super) struct Tags<'a> {
    document: &'a Document<'a>,
    tags: Vec<Tag>,
}

impl<'a> Tags<'a> {
    /// The most probable tag of every token; role scores are divided by `temperature`.
    pub(super) fn new(document: &'a Document<'a>, heads: &[Head], temperature: f32) -> Self {
        let tag = |head: &Head| {
            let (role, best) = largest(head.roles);
            let total: f32 = head.roles.iter().map(|s| ((s - best) / temperature).exp()).sum();
            let shares = head.roles.iter().map(|s| ((s - best) / temperature).exp() / total).collect();
            Tag { role, confidence: 1.0 / total, shares, kinds: head.kinds.to_vec() }
        };
        let mut tags = Self { document, tags: heads.iter().map(tag).collect() };
        for position in positions(document.tokens, document.lines) {
            if let Some(tag) = tags.tags.get_mut(position) {
                tag.role = NONE;
            }
        }
        tags.doubt_whole_amounts();
        tags.settle_columns();
        tags.complete_descriptions();
        tags
    }

    /// The tag of a token.
    pub(super) fn get(&self, token: usize) -> Option<&Tag> {
        self.tags.get(token)
    }

    /// All of them, token by token.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter()
    }

    /// The role of a token, as its position in [`ROLES`].
    pub(super) fn role(&self, token: usize) -> Option<usize> {
        self.tags.get(token).map(|tag| tag.role)
    }

    /// The line that a token stands in.
    pub(super) fn line(&self, token: usize) -> Option<usize> {
        self.document.tokens.get(token).map(|t| t.line)
    }

    /// The row of the page that a token stands in.
    pub(super) fn page_row(&self, token: usize) -> Option<usize> {
        self.line(token).and_then(|line| self.document.lines.get(line)).map(|line| line.row)
    }

    /// Numbers without decimals that are hardly taken for amounts become what is next likely, on a page whose amounts
    /// have decimals: `126` is a part of a name there, and `1,872` a weight. Beside a price it is an amount that lost its
    /// comma.
    fn doubt_whole_amounts(&mut self) {
        let amounts = || self.tags.iter().zip(self.document.tokens).filter(|(tag, _)| tag.role == AMOUNT);
        let (all, whole) = (amounts().count(), amounts().filter(|(_, token)| !has_cents(&token.text)).count());
        if all < LIST || whole as f64 > MOST_WHOLE * all as f64 {
            return;
        }
        let roles = (0..self.tags.len()).filter(|i| self.role(*i) == Some(UNIT_PRICE));
        let with_price: BTreeSet<usize> = roles.filter_map(|i| self.page_row(i)).collect();
        let lines = self.document.lines;
        let doubtful = |(tag, token): &(&mut Tag, &Token)| {
            let beside_price = lines.get(token.line).is_some_and(|line| with_price.contains(&line.row));
            tag.role == AMOUNT && tag.confidence < DOUBTED && !beside_price && !has_cents(&token.text)
        };
        for (tag, _) in self.tags.iter_mut().zip(self.document.tokens).filter(doubtful) {
            if let Some(share) = tag.shares.get_mut(AMOUNT) {
                *share = 0.0;
            }
            (tag.role, tag.confidence) = largest(&tag.shares);
        }
    }

    /// Prices of one piece and amounts that stand like the other one become it.
    fn settle_columns(&mut self) {
        let priced = |tag: &Tag| matches!(tag.role, UNIT_PRICE | AMOUNT);
        let tokens: Vec<usize> = self.tags.iter().enumerate().filter(|(_, tag)| priced(tag)).map(|(i, _)| i).collect();
        let Some(numbers) = tokens.iter().map(|i| self.number(*i)).collect::<Option<Vec<_>>>() else { return };
        for other in columns::others(&numbers) {
            if let Some(tag) = tokens.get(other).and_then(|i| self.tags.get_mut(*i)) {
                tag.role = if tag.role == AMOUNT { UNIT_PRICE } else { AMOUNT };
                tag.confidence = tag.share(UNIT_PRICE) + tag.share(AMOUNT);
            }
        }
    }

    /// A price or an amount as a part of its column.
    fn number(&self, token: usize) -> Option<columns::Number> {
        let here = self.document.tokens.get(token)?;
        let line = self.document.lines.get(here.line)?;
        let before = token.checked_sub(1).and_then(|i| self.document.tokens.get(i)).filter(|t| t.line == here.line);
        Some(columns::Number {
            row: line.row,
            right: here.x1,
            height: line.bounds[3] - line.bounds[1],
            times: before.is_some_and(|t| MULTIPLIES.contains(&t.text.as_str())),
            unit: self.role(token) == Some(UNIT_PRICE),
        })
    }

    /// Words of no role become part of the description that they stand beside, where they may be.
    fn complete_descriptions(&mut self) {
        let count = self.tags.len();
        for (i, beside) in (1..count).map(|i| (i, i - 1)).chain((1..count).rev().map(|i| (i - 1, i))) {
            let joins = self.role(beside) == Some(DESCRIPTION)
                && self.line(beside) == self.line(i)
                && self.document.tokens.get(i).is_some_and(|t| t.kind == WORD && t.text.contains(is_letter));
            if let Some(tag) =
                self.tags.get_mut(i).filter(|tag| joins && tag.role == NONE && tag.share(DESCRIPTION) >= COMPLETES)
            {
                (tag.role, tag.confidence) = (DESCRIPTION, tag.share(DESCRIPTION));
            }
        }
    }
}

/// The position and the value of the highest score; 0 where there is none.
pub(super) fn largest(scores: &[f32]) -> (usize, f32) {
    let first = (0, scores.first().copied().unwrap_or(0.0));
    scores.iter().copied().enumerate().fold(first, |best, new| if new.1 > best.1 { new } else { best })
}

/// Whether an amount is printed with two decimals.
fn has_cents(text: &str) -> bool {
    let digits = text.trim_matches(|c: char| !c.is_ascii_digit());
    let decimals = digits.rsplit(['.', ',']).next().filter(|decimals| decimals.len() < digits.len());
    decimals.is_some_and(|decimals| decimals.trim().len() == 2)
}

// The positions above are those of the head.
const _: () = assert!(ROLES.len() == SERIAL_NUMBER + 1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::config::{POINTER_FIELDS, SPAN_FIELDS};
    use crate::extract::features::tests::token;
    use crate::extract::network::HEAD;
    use crate::extract::order::OrderedLine;
    use crate::text::TextLines;

    /// A token's text, its row, and the scores of some roles.
    type Printed<'a> = (&'a str, usize, &'a [(usize, f32)]);

    /// The roles of tokens.
    fn roles(page: &[Printed]) -> Vec<usize> {
        let line = |row: &usize| OrderedLine { number: 0, bounds: [0.0, 20.0 * *row as f64, 90.0, 0.0], row: *row };
        let lines: Vec<_> = page.iter().map(|(_, row, _)| line(row)).collect();
        let tokens: Vec<_> = page.iter().enumerate().map(|(i, (text, ..))| token(text, i)).collect();
        let scores: Vec<Vec<f32>> = page
            .iter()
            .map(|(.., likely)| {
                let mut scores = vec![0.0; HEAD];
                let first = 3 * SPAN_FIELDS.len() + POINTER_FIELDS.len();
                likely.iter().for_each(|(role, score)| scores[first + role] = *score);
                scores
            })
            .collect();
        let heads: Vec<Head> = scores.iter().filter_map(|scores| Head::split(scores)).collect();
        let text = TextLines::default();
        let document = Document { page: &text, lines: &lines, tokens: &tokens };
        Tags::new(&document, &heads, 1.0).iter().map(|tag| tag.role).collect()
    }

    const SURE: &[(usize, f32)] = &[(AMOUNT, 9.0)];
    const HARDLY: &[(usize, f32)] = &[(AMOUNT, 5.0), (DESCRIPTION, 4.5)];

    #[test]
    fn a_whole_number_is_no_amount_where_amounts_have_cents() {
        let mut page: Vec<_> = (0..30).map(|row| ("2,50", row, SURE)).collect();
        page.push(("126", 30, HARDLY));
        assert_eq!(roles(&page)[30], DESCRIPTION);
        page.push(("1,79", 30, &[(UNIT_PRICE, 9.0)]));
        assert_eq!(roles(&page)[30], AMOUNT, "it lost its comma");
        page[30].2 = SURE;
        page.pop();
        assert_eq!(roles(&page)[30], AMOUNT, "the network has no doubt");
    }

    #[test]
    fn whole_amounts_are_believed_where_others_are_whole() {
        let page: Vec<_> = (0..30).map(|row| (if row < 25 { "2,50" } else { "126" }, row, HARDLY)).collect();
        assert!(roles(&page).iter().all(|role| *role == AMOUNT));
    }

    #[test]
    fn two_digits_behind_the_last_point_are_cents() {
        assert!(["3,99", "1.234,50", "-3.00", "12 . 50", "9,99-"].into_iter().all(has_cents));
        assert!(!["126", "1,872", "1.234", "5", ""].into_iter().any(has_cents));
    }
}
