//! When two values are the same, and what follows for precision, recall and F1.

use std::collections::BTreeMap;

use serde::Serialize;
use slipstream_api::Field;

use super::truth::{Expected, FieldName};

/// When a value that was read is the same as the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// The printed text, after trimming, case folding and with any run of white
    /// space as one blank.
    Text,
    /// The printed text without any white space, case folded.
    TextWithoutSpaces,
    /// The amount: currency signs and grouping aside, `9` is `9.00`.
    Amount,
    /// The canonical value, exactly.
    Value,
    /// The canonical value of a time, to the minute.
    Minute,
}

impl Compare {
    /// The form of a truth value in which it is compared.
    fn expected(self, value: &str) -> String {
        match self {
            Self::Text => folded(value),
            Self::TextWithoutSpaces => folded(value).replace(' ', ""),
            Self::Amount => amount(value).unwrap_or_else(|| folded(value)),
            Self::Value => value.to_owned(),
            Self::Minute => value.chars().take("HH:MM".len()).collect(),
        }
    }

    /// The form of what was read in which it is compared.
    fn read(self, field: &Field) -> String {
        match self {
            Self::Text | Self::TextWithoutSpaces => self.expected(&field.text),
            Self::Amount => self.expected(field.value.as_deref().unwrap_or(&field.text)),
            Self::Value | Self::Minute => self.expected(field.value.as_deref().unwrap_or_default()),
        }
    }
}

/// Trimmed, lower case, any run of white space as one blank.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The letters and digits alone; an amount keeps its meaning, so it stays.
fn letters_and_digits(text: &str, compare: Compare) -> String {
    if compare == Compare::Amount { text.to_owned() } else { text.chars().filter(|c| c.is_alphanumeric()).collect() }
}

/// A printed amount as a decimal without trailing zeros: `RM 1,234.50` is
/// `1234.5`. The last point or comma is the decimal mark unless three digits
/// follow, as in `1,234`.
fn amount(text: &str) -> Option<String> {
    let number: String = text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-')).collect();
    let negative = number.starts_with('-') || number.ends_with('-');
    let number = number.trim_matches('-').trim_end_matches(['.', ',']);
    let (whole, decimals) = match number.rfind(['.', ',']) {
        Some(mark) if number.len() - mark - 1 != 3 || number[..mark].trim_matches('0').is_empty() => {
            (&number[..mark], number[mark + 1..].trim_end_matches('0'))
        }
        _ => (number, ""),
    };
    let whole: String = whole.chars().filter(char::is_ascii_digit).collect();
    let whole = whole.trim_start_matches('0');
    if !number.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") })
}

/// Counts of one field, or of several together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    /// Values that were read.
    read: usize,
    /// Values that there are.
    expected: usize,
    /// Values that were read and are the same.
    same: usize,
    /// The same on letters and digits alone.
    same_letters: usize,
}

/// Precision, recall and F1, each 0 to 1; 0 where there is nothing to divide by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scores {
    /// Share of what was read that is right.
    pub precision: f64,
    /// Share of what there is that was read right.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// F1 when only letters and digits count.
    pub f1_letters_and_digits: f64,
}

/// Counts over receipts, by field.
#[derive(Debug, Clone, Default)]
pub struct Scoreboard {
    fields: BTreeMap<FieldName, Tally>,
}

impl Scoreboard {
    /// Counts one field of one receipt; `read` is what was read, if anything.
    pub fn add(&mut self, expected: &Expected, read: Option<&Field>) {
        let compare = expected.compare;
        let truths: Vec<String> =
            expected.values.iter().map(|v| compare.expected(v)).filter(|v| !v.is_empty()).collect();
        let read = read.map(|field| compare.read(field)).filter(|value| !value.is_empty());
        let letters = |text: &str| letters_and_digits(text, compare);
        let tally = self.fields.entry(expected.field).or_default();
        tally.expected += usize::from(!truths.is_empty());
        if let Some(read) = read {
            tally.read += 1;
            tally.same += usize::from(truths.contains(&read));
            tally.same_letters += usize::from(truths.iter().any(|truth| letters(truth) == letters(&read)));
        }
    }

    /// The scores of each field that has any truth.
    pub fn fields(&self) -> impl Iterator<Item = (FieldName, Scores)> {
        self.fields.iter().filter(|(_, tally)| tally.expected > 0).map(|(name, tally)| (*name, tally.scores()))
    }

    /// The scores over all values of all fields.
    pub fn micro(&self) -> Scores {
        let all = self.fields.values().fold(Tally::default(), |sum, tally| Tally {
            read: sum.read + tally.read,
            expected: sum.expected + tally.expected,
            same: sum.same + tally.same,
            same_letters: sum.same_letters + tally.same_letters,
        });
        all.scores()
    }
}

impl Tally {
    fn scores(&self) -> Scores {
        let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        // 2PR / (P + R) with the counts put in.
        let f1 = |same: usize| share(2 * same, self.read + self.expected);
        Scores {
            precision: share(self.same, self.read),
            recall: share(self.same, self.expected),
            f1: f1(self.same),
            f1_letters_and_digits: f1(self.same_letters),
        }
    }
}

#[cfg(test)]
mod tests {
    use slipstream_api::Polygon;

    use super::*;

    fn field(text: &str, value: Option<&str>) -> Field {
        Field {
            value: value.map(str::to_owned),
            text: text.to_owned(),
            confidence: 1.0,
            polygon: Polygon([[0.0; 2]; 4]),
            alternatives: Vec::new(),
        }
    }

    /// Whether `read` counts as right, strictly and on letters and digits.
    fn verdict(compare: Compare, truth: &str, read: &Field) -> (bool, bool) {
        let expected = Expected { field: FieldName::Total, values: vec![truth.to_owned()], compare };
        let mut board = Scoreboard::default();
        board.add(&expected, Some(read));
        (board.micro().f1 == 1.0, board.micro().f1_letters_and_digits == 1.0)
    }

    #[test]
    fn amounts_are_decimals() {
        let cases = [
            ("9.00", Some("9")),
            ("RM9.00", Some("9")),
            ("$ 1,234.50", Some("1234.5")),
            ("1.234,50", Some("1234.5")),
            ("1,234", Some("1234")),
            ("0.125", Some("0.125")),
            (".50", Some("0.5")),
            ("0.00", Some("0")),
            ("-5.10", Some("-5.1")),
            ("5.10-", Some("-5.1")),
            ("10,5", Some("10.5")),
            ("total", None),
            ("", None),
        ];
        let wrong: Vec<_> = cases
            .into_iter()
            .filter(|(text, expected)| amount(text).as_deref() != *expected)
            .map(|(text, _)| (text, amount(text)))
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn values_are_compared_as_their_kind_asks() {
        let cases = [
            (Compare::Text, "BOOK  Corner ", field("book corner", None), (true, true)),
            (Compare::Text, "NO. 53, JALAN", field("NO.53,JALAN", None), (false, true)),
            (Compare::Text, "25/12/2018", field("25/12/2018", Some("2018-12-25")), (true, true)),
            (Compare::TextWithoutSpaces, "BookCorner", field("Book Corner", None), (true, true)),
            (Compare::Amount, "RM9.00", field("9,00", Some("9.00")), (true, true)),
            (Compare::Amount, "9", field("9.00", None), (true, true)),
            // Without the point it would be another amount, also for the lenient count.
            (Compare::Amount, "9.00", field("900", Some("900")), (false, false)),
            (Compare::Value, "2018-12-25", field("25/12/2018", Some("2018-12-25")), (true, true)),
            (Compare::Value, "2018-12-25", field("2018-12-25", None), (false, false)),
            (Compare::Minute, "20:13", field("8:13:39 PM", Some("20:13:39")), (true, true)),
        ];
        let wrong: Vec<_> =
            cases.iter().filter(|(compare, truth, read, right)| verdict(*compare, truth, read) != *right).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn precision_counts_what_was_read_and_recall_what_there_is() {
        let expected = |values: &[&str]| Expected {
            field: FieldName::Total,
            values: values.iter().map(|v| (*v).to_owned()).collect(),
            compare: Compare::Amount,
        };
        let mut board = Scoreboard::default();
        board.add(&expected(&["1.00"]), Some(&field("1.00", None)));
        board.add(&expected(&["2.00"]), Some(&field("3.00", None)));
        board.add(&expected(&["4.00", "5.00"]), Some(&field("5.00", None)));
        board.add(&expected(&["6.00"]), None);
        board.add(&expected(&[]), Some(&field("7.00", None)));
        let scores = board.micro();
        assert_eq!((scores.precision, scores.recall, scores.f1), (0.5, 0.5, 0.5));
        assert_eq!(board.fields().collect::<Vec<_>>(), [(FieldName::Total, scores)]);
    }
}
