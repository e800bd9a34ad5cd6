//! Receipts whose sums contradict each other, on request: one printed amount is another than it should be.

use crate::compose::Row;
use crate::dice::Dice;
use crate::format::plain;
use crate::sale::{Method, Sale};
use crate::truth::{Field, Inconsistency, Truth};

/// Changes digits of one amount that other printed amounts prove wrong:
/// a row's, the subtotal, the total, or what a card paid.
///
/// Amounts that are printed more than once are left alone, as it would not be
/// clear which of them the page says. Nothing is changed where none is left.
pub(crate) fn alter(rows: &mut [Row], sale: &Sale, dice: &mut Dice) -> Option<Inconsistency> {
    let card_alone = matches!(sale.payments.as_slice(), [(Method::Card, _)]);
    let telling = |field| match field {
        Field::ItemAmount | Field::DiscountAmount | Field::DepositAmount | Field::ReturnAmount => true,
        Field::Subtotal | Field::Total => true,
        Field::PaymentAmount => card_alone,
        _ => false,
    };
    let mut amounts: Vec<_> = rows
        .iter_mut()
        .flat_map(|row| &mut row.cells)
        .flat_map(|cell| cell.text.tagged_mut())
        .filter(|((field, _), _)| telling(*field))
        .collect();
    let once: Vec<bool> =
        amounts.iter().map(|(tag, _)| amounts.iter().filter(|(t, _)| t == tag).count() == 1).collect();
    let mut kept = once.into_iter();
    amounts.retain(|_| kept.next().unwrap_or_default());
    // Rows are many and sums are few, so the choice is among fields first.
    let mut fields: Vec<Field> = amounts.iter().map(|((field, _), _)| *field).collect();
    fields.sort();
    fields.dedup();
    let field = fields.get(dice.index(fields.len())).copied()?;
    amounts.retain(|((f, _), _)| *f == field);
    let choice = dice.index(amounts.len());
    let ((_, group), text) = amounts.into_iter().nth(choice)?;
    let consistent = minor(text)?;
    *text = another(text, dice);
    Some(Inconsistency { field, group, printed: plain(minor(text)?, 2), consistent: plain(consistent, 2) })
}

/// What `numbers.money` printed, in minor units.
fn minor(printed: &str) -> Option<i64> {
    let digits: String = printed.chars().filter(char::is_ascii_digit).collect();
    let value: i64 = digits.parse().ok()?;
    Some(if printed.contains('-') { -value } else { value })
}

/// The same number with one digit changed, or two neighbours swapped.
fn another(printed: &str, dice: &mut Dice) -> String {
    let mut chars: Vec<char> = printed.chars().collect();
    let places: Vec<usize> = (0..chars.len()).filter(|i| chars.get(*i).is_some_and(char::is_ascii_digit)).collect();
    let digit = |chars: &[char], n: usize| places.get(n).and_then(|i| chars.get(*i)).copied().unwrap_or('0');
    // A leading zero would not be printed.
    let swaps: Vec<usize> = (1..places.len())
        .filter(|n| digit(&chars, *n) != digit(&chars, n - 1) && (*n > 1 || digit(&chars, 1) != '0'))
        .collect();
    if !swaps.is_empty() && dice.chance(0.4) {
        let n = swaps.get(dice.index(swaps.len())).copied().unwrap_or(1);
        if let (Some(a), Some(b)) = (places.get(n - 1), places.get(n)) {
            chars.swap(*a, *b);
        }
    } else {
        let n = dice.index(places.len());
        let least = if n == 0 && places.len() > 3 { '1' } else { '0' };
        let others: Vec<char> = (least..='9').filter(|c| *c != digit(&chars, n)).collect();
        if let Some(place) = places.get(n).and_then(|i| chars.get_mut(*i)) {
            *place = others.get(dice.index(others.len())).copied().unwrap_or('1');
        }
    }
    chars.into_iter().collect()
}

/// Lets the truth say what is printed, and that it contradicts the rest.
pub(crate) fn admit(truth: &mut Truth, inconsistency: Inconsistency) {
    let printed = Some(inconsistency.printed.clone());
    let item = inconsistency.group.and_then(|g| truth.items.get_mut(g));
    match (inconsistency.field, item) {
        (Field::Subtotal, _) => truth.fields.subtotal = printed,
        (Field::Total, _) => truth.fields.total = printed,
        (Field::PaymentAmount, _) => truth.payments.iter_mut().for_each(|p| p.amount.clone_from(&printed)),
        (_, Some(item)) => item.amount = printed,
        (_, None) => {}
    }
    truth.inconsistency = Some(inconsistency);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_number_is_never_the_same_and_as_long() {
        let dice = &mut Dice::new(5, 0);
        for printed in ["0,00", "9.99", "10.00", "1.234,50-", "-.20", "1 000,00"] {
            for _ in 0..400 {
                let other = another(printed, dice);
                assert!(minor(&other) != minor(printed), "{printed} is still {other}");
                assert_eq!(other.chars().count(), printed.chars().count());
                let leads = other.trim_start_matches('-').starts_with('0');
                assert!(!leads || other.chars().filter(char::is_ascii_digit).count() <= 3, "{printed} became {other}");
            }
        }
    }
}
