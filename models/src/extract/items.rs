//! Tags of tokens to rows: purchases, taxes and payments.

use super::config::ROLES;
use super::decode::{Document, Head};
use crate::entities::{Entity, ItemEntities, ItemKind, PaymentEntities, TaxEntities};

/// Positions in [`ROLES`].
const DESCRIPTION: usize = 1;
const QUANTITY: usize = 2;
const UNIT_PRICE: usize = 3;
const AMOUNT: usize = 4;
const CODE: usize = 5;
const TAX_RATE: usize = 6;
const TAX_NET: usize = 7;
const TAX_AMOUNT: usize = 8;
const PAYMENT_METHOD: usize = 9;
const PAYMENT_AMOUNT: usize = 10;

const PURCHASE: [usize; 5] = [DESCRIPTION, QUANTITY, UNIT_PRICE, AMOUNT, CODE];
const TAX: [usize; 3] = [TAX_RATE, TAX_NET, TAX_AMOUNT];
const PAYMENT: [usize; 2] = [PAYMENT_METHOD, PAYMENT_AMOUNT];

/// What a token is.
pub(super) struct Tag {
    /// Position in [`ROLES`].
    role: usize,
    /// Probability of the role.
    confidence: f32,
    /// Whether it begins a row.
    begins: bool,
    /// Scores of the kinds of purchase rows.
    kinds: Vec<f32>,
}

/// The most probable tag of every token; role scores are divided by `temperature`.
pub(super) fn tags(heads: &[Head], temperature: f32) -> Vec<Tag> {
    heads
        .iter()
        .map(|head| {
            let (role, best) = largest(head.roles);
            let total: f32 = head.roles.iter().map(|s| ((s - best) / temperature).exp()).sum();
            Tag { role, confidence: 1.0 / total.max(1.0), begins: head.begin > 0.0, kinds: head.kinds.to_vec() }
        })
        .collect()
}

fn largest(scores: &[f32]) -> (usize, f32) {
    let first = (0, scores.first().copied().unwrap_or(0.0));
    scores.iter().copied().enumerate().fold(first, |best, new| if new.1 > best.1 { new } else { best })
}

/// The list of purchases.
pub(super) fn purchases(doc: &Document, tags: &[Tag]) -> Vec<ItemEntities> {
    let row = |tokens: &[usize]| {
        let field = |role| entity(doc, tags, tokens, role);
        let item = ItemEntities {
            kind: kind(tags, tokens),
            description: field(DESCRIPTION),
            quantity: field(QUANTITY),
            unit_price: field(UNIT_PRICE),
            amount: field(AMOUNT),
            code: field(CODE),
        };
        // A lone quantity or code says nothing of a purchase.
        (item.description.is_some() || item.amount.is_some()).then_some(item)
    };
    rows(doc, tags, &PURCHASE, AMOUNT).iter().filter_map(|tokens| row(tokens)).collect()
}

/// The tax table.
pub(super) fn taxes(doc: &Document, tags: &[Tag]) -> Vec<TaxEntities> {
    let row = |tokens: &Vec<usize>| {
        let field = |role| entity(doc, tags, tokens, role);
        TaxEntities { rate: field(TAX_RATE), net: field(TAX_NET), amount: field(TAX_AMOUNT) }
    };
    rows(doc, tags, &TAX, TAX_AMOUNT).iter().map(row).collect()
}

/// The payments.
pub(super) fn payments(doc: &Document, tags: &[Tag]) -> Vec<PaymentEntities> {
    let row = |tokens: &Vec<usize>| {
        let field = |role| entity(doc, tags, tokens, role);
        PaymentEntities { method: field(PAYMENT_METHOD), amount: field(PAYMENT_AMOUNT) }
    };
    rows(doc, tags, &PAYMENT, PAYMENT_AMOUNT).iter().map(row).collect()
}

/// Token numbers of each row. A row begins where the network says so, or where
/// a second `closing` amount shows up on another row of the page: two prices
/// are two rows, even when their words are the same.
fn rows(doc: &Document, tags: &[Tag], wanted: &[usize], closing: usize) -> Vec<Vec<usize>> {
    let mut rows: Vec<Vec<usize>> = Vec::new();
    let mut closed_at = None;
    for (i, (tag, token)) in tags.iter().zip(doc.tokens).enumerate() {
        if !wanted.contains(&tag.role) {
            continue;
        }
        let page_row = doc.lines.get(token.line).map(|l| l.row);
        let second = tag.role == closing && closed_at.is_some() && closed_at != page_row;
        match rows.last_mut() {
            Some(row) if !tag.begins && !second => row.push(i),
            _ => {
                rows.push(vec![i]);
                closed_at = None;
            }
        }
        if tag.role == closing {
            closed_at = page_row;
        }
    }
    rows
}

/// The value of `role` in a row. A description may go on over several lines;
/// of other roles the most probable run of neighbouring tokens counts.
fn entity(doc: &Document, tags: &[Tag], row: &[usize], role: usize) -> Option<Entity> {
    let confidence = |i: &usize| tags.get(*i).map_or(0.0, |t| t.confidence);
    let members: Vec<usize> = row.iter().copied().filter(|i| tags.get(*i).is_some_and(|t| t.role == role)).collect();
    let mean = |run: &[usize]| run.iter().map(confidence).sum::<f32>() / run.len().max(1) as f32;
    let chosen: &[usize] = if matches!(role, DESCRIPTION | PAYMENT_METHOD) {
        &members
    } else {
        members.chunk_by(|a, b| b - a == 1).max_by(|a, b| mean(a).total_cmp(&mean(b)))?
    };
    if chosen.is_empty() {
        return None;
    }
    let tokens: Vec<_> = chosen.iter().filter_map(|i| doc.tokens.get(*i).cloned()).collect();
    Some(Entity { best: doc.reading(&tokens, mean(chosen)), alternatives: Vec::new() })
}

/// The kind that the row's tokens agree on.
fn kind(tags: &[Tag], row: &[usize]) -> ItemKind {
    let mut sums = [0.0; 4];
    for tag in row.iter().filter_map(|i| tags.get(*i)) {
        sums.iter_mut().zip(&tag.kinds).for_each(|(sum, score)| *sum += score);
    }
    match largest(&sums).0 {
        1 => ItemKind::Discount,
        2 => ItemKind::Deposit,
        3 => ItemKind::Return,
        _ => ItemKind::Item,
    }
}

// The positions above are those of the head.
const _: () = assert!(ROLES.len() == PAYMENT_AMOUNT + 1);
