//! Values without an order: what a data set names without saying in which row it stands.

use slipstream_api::{Document, Field};

use super::ceiling::{Reach, Reading};
use crate::eval::score::{Tally, alphanumeric};
use crate::eval::truth::{Bag, BagName};

/// The values of one receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct BagOutcome {
    /// The values that there are.
    pub truth: Bag,
    /// The values that were read.
    pub read: Vec<Field>,
    /// Which is which: `(truth, read)`; a value is in one pair at most.
    pub pairs: Vec<(usize, usize)>,
    /// Of the values that there are: whether they can be formed from what was read of the page.
    pub reach: Vec<Reach>,
    tally: Tally,
}

impl BagName {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Quantity => "quantity",
            Self::Amount => "amount",
            Self::SerialNumber => "serial_number",
        }
    }

    /// The values of `document`.
    fn of(self, document: &Document) -> Vec<Field> {
        let items = document.line_items.iter();
        match self {
            Self::Description => items.filter_map(|item| item.description.clone()).collect(),
            Self::Quantity => items.filter_map(|item| item.quantity.clone()).collect(),
            Self::Amount => items.filter_map(|item| item.amount.clone()).collect(),
            Self::SerialNumber => document.serial_numbers.clone(),
        }
    }
}

impl BagOutcome {
    /// Compares the values of `document` with those of `truth`, each with one
    /// other at most; `reading` is what was read of the page.
    pub fn new(truth: &Bag, document: &Document, reading: &Reading) -> Self {
        let read = truth.name.of(document);
        let truths: Vec<String> = truth.values.iter().map(|(value, _)| truth.compare.expected(value)).collect();
        let reads: Vec<String> = read.iter().map(|field| truth.compare.read(field)).collect();
        let filled = |forms: &[String]| forms.iter().filter(|form| !form.is_empty()).count();
        let pairs = pairs(&truths, &reads);
        let letters = |form: &String| if truth.compare.is_text() { alphanumeric(form) } else { form.clone() };
        let [loose_truths, loose_reads] = [&truths, &reads].map(|forms| forms.iter().map(letters).collect::<Vec<_>>());
        let tally = Tally {
            read: filled(&reads),
            expected: filled(&truths),
            same: pairs.len(),
            same_letters: self::pairs(&loose_truths, &loose_reads).len(),
        };
        let reach = truth.values.iter().map(|(value, _)| reading.forms(truth.compare, [value.as_str()])).collect();
        Self { truth: truth.clone(), read, pairs, reach, tally }
    }

    /// What the values count for.
    pub fn tally(&self) -> Tally {
        self.tally
    }
}

/// Equal values, each used once; empty ones are none.
fn pairs(truths: &[String], reads: &[String]) -> Vec<(usize, usize)> {
    let mut free = vec![true; reads.len()];
    let partner = |(t, truth): (usize, &String)| {
        let equal = |(r, read): (usize, &String)| free[r] && !truth.is_empty() && truth == read;
        let found = reads.iter().enumerate().position(equal)?;
        free[found] = false;
        Some((t, found))
    };
    truths.iter().enumerate().filter_map(partner).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use slipstream_api::LineItem;

    use super::super::testing::field;
    use super::*;
    use crate::eval::score::Compare;

    fn tally(truth: &[&str], read: &[&str]) -> Tally {
        let values = truth.iter().map(|text| ((*text).to_owned(), None)).collect();
        let bag = Bag { name: BagName::Description, values, compare: Compare::TextWithoutSpaces };
        let item = |text: &&str| LineItem { description: Some(field(text, Some(text), 1.0)), ..LineItem::default() };
        let document = Document { line_items: read.iter().map(item).collect(), ..Document::default() };
        BagOutcome::new(&bag, &document, &Reading::default()).tally()
    }

    #[test]
    fn a_value_counts_as_often_as_it_is_there() {
        let found = tally(&["Coke", "Coke", "DietCoke", ""], &["diet coke", "COKE", "Coke", "Coke", "Fries"]);
        assert_eq!(found, Tally { read: 5, expected: 3, same: 3, same_letters: 3 });
        assert_eq!(tally(&["Tea(hot)"], &["Tea hot"]), Tally { read: 1, expected: 1, same: 0, same_letters: 1 });
    }

    proptest! {
        #[test]
        fn order_does_not_matter(mut words in prop::collection::vec("[abc]{1,2}", 0..12), turn in 0_usize..12) {
            let texts = words.clone();
            words.rotate_left(turn.min(texts.len()));
            let [texts, words] = [&texts, &words].map(|list| list.iter().map(String::as_str).collect::<Vec<_>>());
            let n = texts.len();
            prop_assert_eq!(tally(&texts, &words), Tally { read: n, expected: n, same: n, same_letters: n });
        }
    }
}
