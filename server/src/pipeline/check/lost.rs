//! Purchases that the tagger passed over.
//!
//! Of two hundred rows it may take a few for something else. A row of the list that no field was read from, a name with an
//! amount at its end, is a purchase where all such rows together are exactly what the list lacks to the subtotal or total.

use slipstream_models::TextLines;
use slipstream_models::entities::{Entities, Entity, ItemEntities, Reading, Span};
use slipstream_models::extract::reading_rows;

use super::amounts::Amounts;
use super::labelled;
use super::money::Money;
use super::page::Page;

/// Rows that the list has at least: of a few amounts, one is by chance what another lacks.
const LIST: usize = 5;
/// How far amounts are believed that complete a sum, and the names beside them.
const BELIEF: [f32; 2] = [0.95, 0.9];

/// A row that may be a purchase.
struct Lost {
    row: usize,
    name: Vec<Span>,
    amount: Span,
    value: Money,
}

/// The entities with the purchases that the sum proves; none where it proves none.
pub(super) fn restored(entities: &Entities, lines: &TextLines, page: &Page, amounts: &Amounts) -> Option<Entities> {
    if entities.items.len() < LIST {
        return None;
    }
    let value = |entity: &Option<Entity>| entity.as_ref().and_then(|e| amounts.parse(&e.best.text));
    let priced = entities.items.iter().filter(|item| item.amount.is_some());
    let read = priced.map(|item| amounts.parse_row(&item.amount.as_ref()?.best.text, item.kind));
    let read = Money::checked_sum(read.collect::<Option<Vec<_>>>()?)?;
    if nothing_lacks(entities, page, amounts, read) {
        return None;
    }
    let rows = reading_rows(lines);
    // A purchase that was passed over may have been taken for a sum.
    [[&entities.subtotal, &entities.total].as_slice(), &[&entities.total]].into_iter().find_map(|sums| {
        let lost = lost(entities, lines, amounts, &rows, sums);
        let missing = Money::checked_sum(lost.iter().map(|lost| lost.value))?;
        let completes = |whole: Money| whole.checked_sub(read) == Some(missing) && missing.minor != 0;
        sums.iter().filter_map(|sum| value(sum)).any(completes).then(|| with(entities, lines, &rows, lost))
    })
}

/// Whether purchases of `read` in all, with what is charged beside them, come to the subtotal or total: their row for the
/// tax or for service is no purchase then, though it is what the list alone lacks.
fn nothing_lacks(entities: &Entities, page: &Page, amounts: &Amounts, read: Money) -> bool {
    let value = |entity: &Option<Entity>| entity.as_ref().and_then(|e| amounts.parse(&e.best.text));
    let table = Money::checked_sum(entities.taxes.iter().filter_map(|tax| value(&tax.amount)));
    let taxes = [None, value(&entities.tax_total), table];
    let others = [value(&entities.tip), labelled::service(page, amounts), labelled::rounding(page, amounts)];
    let sums = [value(&entities.subtotal), value(&entities.total)];
    // Each of the others is charged or not.
    (0..1_u32 << others.len()).any(|charged| {
        let chosen = others.iter().enumerate().filter(|(i, _)| charged >> i & 1 == 1).filter_map(|(_, other)| *other);
        let beside: Vec<Money> = chosen.chain([read]).collect();
        taxes.iter().any(|tax| {
            let whole = Money::checked_sum(beside.iter().copied().chain(*tax));
            whole.is_some() && sums.contains(&whole)
        })
    })
}

/// Rows between the first purchase and the `sums` with a name and an amount that no field was read from.
fn lost(
    entities: &Entities,
    lines: &TextLines,
    amounts: &Amounts,
    rows: &[Vec<usize>],
    sums: &[&Option<Entity>],
) -> Vec<Lost> {
    let row_of = |entity: &Option<Entity>| row_of(rows, entity.as_ref()?);
    let Some(first) = entities.items.iter().filter_map(|i| row_of(&i.amount)).min() else { return Vec::new() };
    let Some(end) = sums.iter().filter_map(|sum| row_of(sum)).filter(|row| *row > first).min() else {
        return Vec::new();
    };
    let taken = taken(entities, sums);
    let free = |span: &Span| !taken.iter().any(|t| t.line == span.line && t.start < span.end && span.start < t.end);
    let candidate = |(row, members): (usize, &Vec<usize>)| {
        // Behind the amount there may be a line for the letter of its tax.
        let (place, amount) =
            members.iter().enumerate().rev().take(2).find_map(|(i, line)| Some((i, amount_at_end(lines, *line)?)))?;
        let amount = Some(amount).filter(free)?;
        let value = amounts.parse(&lines.text_at(&[amount])).filter(|value| value.minor > 0)?;
        let ends = members.iter().take(place + 1).filter_map(|line| {
            let end = if *line == amount.line { amount.start } else { lines.lines.get(*line)?.chars.len() };
            trimmed(lines, Span { line: *line, start: 0, end })
        });
        let name: Vec<Span> = ends.collect();
        let letters = name.iter().flat_map(|span| lines.chars_at(span)).filter(|c| c.ch.is_alphabetic());
        (letters.count() >= 2 && name.iter().all(free)).then_some(Lost { row, name, amount, value })
    };
    rows.iter().enumerate().take(end).skip(first).filter_map(candidate).collect()
}

/// The entities with `lost` in the list, and nowhere else: names that were taken for part of another purchase's leave it.
fn with(entities: &Entities, lines: &TextLines, rows: &[Vec<usize>], lost: Vec<Lost>) -> Entities {
    let mut entities = entities.clone();
    let stands = |entity: &Entity| lost.iter().any(|lost| entity.best.spans.contains(&lost.amount));
    for sum in [&mut entities.subtotal, &mut entities.tax_total, &mut entities.tip] {
        sum.take_if(|sum| stands(sum));
    }
    entities.taxes.retain(|tax| ![&tax.net, &tax.amount].into_iter().flatten().any(stands));
    for Lost { row, name, amount, .. } in lost {
        for item in &mut entities.items {
            item.description = item.description.take().and_then(|entity| without(entity, &name, lines));
            for number in [&mut item.quantity, &mut item.code] {
                number.take_if(|number| {
                    number.best.spans.iter().any(|span| name.iter().any(|own| own.line == span.line))
                });
            }
        }
        let entity = |spans: Vec<Span>, belief: f32| {
            let (text, confidence) = (lines.text_at(&spans), belief * lines.legibility(&spans));
            Some(Entity { best: Reading { text, spans, confidence }, alternatives: Vec::new() })
        };
        let item = ItemEntities {
            description: entity(name, BELIEF[1]),
            amount: entity(vec![amount], BELIEF[0]),
            ..ItemEntities::default()
        };
        let later = |item: &ItemEntities| {
            item.amount.as_ref().or(item.description.as_ref()).and_then(|e| row_of(rows, e)).is_some_and(|r| r > row)
        };
        let at = entities.items.iter().position(later).unwrap_or(entities.items.len());
        for of in entities.items.iter_mut().filter_map(|item| item.of.as_mut()) {
            *of += usize::from(*of >= at);
        }
        entities.items.insert(at, item);
    }
    // What was nothing but the name of a purchase that has its own now.
    let kept: Vec<bool> = entities.items.iter().map(|i| i.amount.is_some() || i.description.is_some()).collect();
    let place = |old: usize| kept.iter().take(old).filter(|kept| **kept).count();
    let mut keeps = kept.iter();
    entities.items.retain(|_| keeps.next().is_none_or(|kept| *kept));
    entities.items.iter_mut().for_each(|item| item.of = item.of.map(place));
    entities
}

/// The entity without what it says in the lines of `name`.
fn without(mut entity: Entity, name: &[Span], lines: &TextLines) -> Option<Entity> {
    let before = entity.best.spans.len();
    entity.best.spans.retain(|span| !name.iter().any(|other| other.line == span.line));
    if entity.best.spans.is_empty() {
        return None;
    }
    if entity.best.spans.len() < before {
        entity.best.text = lines.text_at(&entity.best.spans);
    }
    Some(entity)
}

/// Every span that the `sums`, or an amount of a table, were read from. Numbers in names are often taken for a
/// quantity or a code, of whatever purchase is next.
fn taken(entities: &Entities, sums: &[&Option<Entity>]) -> Vec<Span> {
    let items = entities.items.iter().flat_map(|i| {
        // A price without an amount is the amount.
        let price = i.amount.as_ref().and(i.unit_price.as_ref());
        [i.amount.as_ref(), price]
    });
    let payments = entities.payments.iter().flat_map(|p| [p.method.as_ref(), p.amount.as_ref()]);
    let all = sums.iter().map(|sum| sum.as_ref()).chain(items).chain(payments).flatten();
    all.flat_map(|entity| entity.best.spans.iter().copied()).collect()
}

fn row_of(rows: &[Vec<usize>], entity: &Entity) -> Option<usize> {
    let line = entity.best.spans.first()?.line;
    rows.iter().position(|row| row.contains(&line))
}

/// The amount with two decimals that a line ends with, but for a mark or a letter or two of its tax.
fn amount_at_end(lines: &TextLines, line: usize) -> Option<Span> {
    let chars: Vec<char> = lines.lines.get(line)?.chars.iter().map(|c| c.ch).collect();
    let mark = chars.iter().rev().take_while(|c| !c.is_ascii_digit()).count();
    if mark > " AB".len() {
        return None;
    }
    let end = chars.len() - mark;
    let start = chars.get(..end)?.iter().rposition(|c| c.is_whitespace()).map_or(0, |i| i + 1);
    let digits = |part: &[char]| !part.is_empty() && part.iter().all(char::is_ascii_digit);
    let word = chars.get(start..end)?;
    let (whole, decimals) = word.split_at_checked(word.len().checked_sub(3)?)?;
    let plain = whole.iter().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',')) && whole.first()?.is_ascii_digit();
    (plain && matches!(decimals.first(), Some('.' | ',')) && digits(decimals.get(1..)?)).then_some(Span {
        line,
        start,
        end,
    })
}

/// The span without blanks at its ends; none where there is nothing else.
fn trimmed(lines: &TextLines, span: Span) -> Option<Span> {
    let chars = lines.chars_at(&span);
    let first = chars.iter().position(|c| !c.ch.is_whitespace())?;
    let last = chars.iter().rposition(|c| !c.ch.is_whitespace())?;
    Some(Span { start: span.start + first, end: span.start + last + 1, ..span })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use slipstream_models::entities::TaxEntities;

    use super::*;
    use crate::pipeline::check::page::lines_of;

    const PAGE: [&str; 9] = [
        "Beispielmarkt",
        "Brot 1,00",
        "Milch 2,00",
        "Käse 4,00",
        "Salz 0,50",
        "Reis 3,00",
        "Mehl 0,90",
        "Quark 1,10",
        "Summe 12,50",
    ];

    fn entity(line: usize, start: usize, end: usize) -> Option<Entity> {
        let spans = vec![Span { line, start, end }];
        let text = lines_of(&PAGE).text_at(&spans);
        Some(Entity { best: Reading { text, spans, confidence: 0.9 }, alternatives: Vec::new() })
    }

    /// The purchases of all lines but `lost`, and the total.
    fn entities(lost: &[usize]) -> Entities {
        let item = |line: usize| {
            let length = PAGE[line].chars().count();
            ItemEntities {
                description: entity(line, 0, length - 5),
                amount: entity(line, length - 4, length),
                ..ItemEntities::default()
            }
        };
        let items = (1..8).filter(|line| !lost.contains(line)).map(item).collect();
        Entities { items, total: entity(8, 6, 11), ..Entities::default() }
    }

    fn names(entities: &Entities) -> Vec<&str> {
        entities.items.iter().map(|i| i.description.as_ref().map_or("", |d| d.best.text.as_str())).collect()
    }

    #[test]
    fn rows_that_complete_the_sum_are_purchases_where_they_stand() {
        let lines = lines_of(&PAGE);
        let mut read = entities(&[3, 6]);
        // One of the names went to the next row, a discount points behind it.
        let name = &mut read.items[2].description.as_mut().unwrap().best;
        name.spans.insert(0, Span { line: 3, start: 0, end: 4 });
        name.text = "Käse Salz".to_owned();
        read.items[4].of = Some(3);
        let whole = restored(&read, &lines, &Page::new(&lines), &Amounts::new(&read, None)).unwrap();
        assert_eq!(names(&whole), ["Brot", "Milch", "Käse", "Salz", "Reis", "Mehl", "Quark"]);
        assert_eq!(whole.items[6].of, Some(4));
    }

    #[test]
    fn without_the_sum_nothing_is_added() {
        let lines = lines_of(&PAGE);
        let mut read = entities(&[3, 6]);
        read.total = entity(7, 6, 10);
        assert_eq!(restored(&read, &lines, &Page::new(&lines), &Amounts::new(&read, None)), None);
        let complete = entities(&[]);
        assert_eq!(restored(&complete, &lines, &Page::new(&lines), &Amounts::new(&complete, None)), None);
    }

    #[test]
    fn the_row_of_a_tax_that_is_added_is_no_purchase() {
        // "Quark" is a tax here, which the list lacks to the total.
        let lines = lines_of(&PAGE);
        let mut read = entities(&[7]);
        read.taxes = vec![TaxEntities { amount: entity(7, 6, 10), ..TaxEntities::default() }];
        assert_eq!(restored(&read, &lines, &Page::new(&lines), &Amounts::new(&read, None)), None);
        read.taxes.clear();
        assert!(restored(&read, &lines, &Page::new(&lines), &Amounts::new(&read, None)).is_some());
    }
}
