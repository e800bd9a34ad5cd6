//! A quantity that ran together with its unit price.
//!
//! "3 184,95 554,85" is three times 184,95. Its first two numbers look like one,
//! grouped by a blank, and the tagger takes them for a unit price of 3 184,95.
//! Only where the parts multiply to the row's amount are they taken apart.

use slipstream_models::entities::{Entity, ItemEntities, Reading, Span};

use super::amounts::Amounts;

/// The item with its quantity and unit price taken apart, where its amount demands that.
pub(super) fn taken_apart(item: &ItemEntities, amounts: &Amounts) -> Option<ItemEntities> {
    if item.quantity.is_some() {
        return None;
    }
    let (quantity, unit_price) = split(&item.unit_price.as_ref()?.best)?;
    let amount = amounts.parse(&item.amount.as_ref()?.best.text)?;
    let whole = amounts.parse_quantity(&quantity.text)?;
    let product = whole.mul_to_units(amounts.parse_unit_price(&unit_price.text)?, amount.minor_digits())?;
    let alone = |best: Reading| Some(Entity { best, alternatives: Vec::new() });
    (product.checked_abs()? == amount.minor.checked_abs()?).then(|| ItemEntities {
        quantity: alone(quantity),
        unit_price: alone(unit_price),
        ..item.clone()
    })
}

/// The number before the first blank, and the rest, which must look like a group of thousands.
fn split(reading: &Reading) -> Option<(Reading, Reading)> {
    let [span] = reading.spans.as_slice() else { return None };
    let (head, tail) = reading.text.split_once(' ')?;
    let counts = (1..=3).contains(&head.len()) && head.bytes().all(|b| b.is_ascii_digit());
    let group = tail.bytes().take_while(u8::is_ascii_digit).count() == 3;
    if !counts || !group || reading.text.chars().count() != span.end.checked_sub(span.start)? {
        return None;
    }
    let part = |text: &str, start: usize, end: usize| Reading {
        text: text.to_owned(),
        spans: vec![Span { start, end, ..*span }],
        confidence: reading.confidence,
    };
    Some((part(head, span.start, span.start + head.len()), part(tail, span.start + head.len() + 1, span.end)))
}

#[cfg(test)]
mod tests {
    use slipstream_models::entities::Entities;

    use super::*;

    fn entity(text: &str, start: usize) -> Option<Entity> {
        let spans = vec![Span { line: 2, start, end: start + text.chars().count() }];
        Some(Entity { best: Reading { text: text.to_owned(), spans, confidence: 0.9 }, alternatives: vec![] })
    }

    fn parts(unit_price: &str, amount: &str) -> Option<(String, String, Vec<Span>)> {
        let item =
            ItemEntities { unit_price: entity(unit_price, 4), amount: entity(amount, 20), ..ItemEntities::default() };
        let amounts = Amounts::new(&Entities { items: vec![item.clone()], ..Entities::default() }, None);
        let item = taken_apart(&item, &amounts)?;
        let (quantity, price) = (item.quantity?.best, item.unit_price?.best);
        Some((quantity.text, price.text, [quantity.spans, price.spans].concat()))
    }

    #[test]
    fn a_quantity_and_a_price_that_multiply_to_the_amount_are_two_numbers() {
        let (quantity, price, spans) = parts("3 184,95", "554,85").unwrap_or_default();
        assert_eq!((quantity.as_str(), price.as_str()), ("3", "184,95"));
        assert_eq!(spans, [Span { line: 2, start: 4, end: 5 }, Span { line: 2, start: 6, end: 12 }]);
        assert!(parts("1 257,99", "257,99").is_some());
    }

    #[test]
    fn a_price_of_thousands_stays_one() {
        for (price, amount) in
            [("1 257,99", "1 257,99"), ("3 184,95", "500,00"), ("257,99", "257,99"), ("2 57,99", "115,98")]
        {
            assert_eq!(parts(price, amount), None, "{price} {amount}");
        }
    }
}
