//! When two values are the same, and what follows for precision, recall and F1.

use std::ops::AddAssign;

use serde::Serialize;
use slipstream_api::Field;

use crate::pipeline::check::merchants;

/// When a value that was read is the same as the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// The printed text, after trimming, case folding and with any run of white
    /// space as one blank.
    Text,
    /// The printed text without any white space, case folded.
    TextWithoutSpaces,
    /// The letters and digits of the truth are somewhere in those of the printed text.
    Contains,
    /// The amount: currency signs and grouping aside, `9` is `9.00`.
    Amount,
    /// A canonical decimal: `0.500` is `0.5`, and `1.234` never a thousand and something.
    Decimal,
    /// The canonical value, exactly.
    Value,
    /// The canonical value of a time, to the minute.
    Minute,
}

impl Compare {
    /// The form of a truth value in which it is compared.
    pub fn expected(self, value: &str) -> String {
        match self {
            Self::Text => folded(value),
            Self::TextWithoutSpaces => folded(value).replace(' ', ""),
            Self::Contains => alphanumeric(&folded(value)),
            Self::Amount => amount(value).unwrap_or_else(|| folded(value)),
            Self::Decimal => decimal(value),
            Self::Value => value.to_owned(),
            Self::Minute => value.chars().take("HH:MM".len()).collect(),
        }
    }

    /// The form of what was read in which it is compared.
    pub fn read(self, field: &Field) -> String {
        match self {
            Self::Text | Self::TextWithoutSpaces | Self::Contains => self.expected(written(field)),
            Self::Amount => self.expected(field.value.as_deref().unwrap_or(&field.text)),
            Self::Decimal | Self::Value | Self::Minute => self.expected(field.value.as_deref().unwrap_or_default()),
        }
    }

    /// Whether the printed characters are compared, and not the value that they stand for.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::TextWithoutSpaces | Self::Contains)
    }

    /// Whether forms of truth and reading are the same.
    fn same(self, truth: &str, read: &str) -> bool {
        if self == Self::Contains { read.contains(truth) } else { read == truth }
    }

    /// The same on letters and digits alone; an amount keeps its meaning.
    fn same_letters(self, truth: &str, read: &str) -> bool {
        match self {
            Self::Amount | Self::Decimal => truth == read,
            _ => self.same(&alphanumeric(truth), &alphanumeric(read)),
        }
    }

    /// Compares one value; `truths` are those that are right, any of them, and
    /// there is no value when all are empty. An empty reading is none.
    pub fn judge<'a>(self, truths: impl IntoIterator<Item = &'a str>, read: Option<&Field>) -> Verdict {
        let forms = truths.into_iter().map(|value| self.expected(value));
        let truths: Vec<String> = forms.filter(|value| !value.is_empty()).collect();
        let read = read.map(|field| self.read(field)).filter(|value| !value.is_empty());
        let any = |same: &dyn Fn(&str, &str) -> bool| {
            read.as_deref().is_some_and(|read| truths.iter().any(|truth| same(truth, read)))
        };
        Verdict {
            expected: !truths.is_empty(),
            read: read.is_some(),
            same: any(&|truth, read| self.same(truth, read)),
            same_letters: any(&|truth, read| self.same_letters(truth, read)),
        }
    }
}

/// What the answer says is printed: the characters as they were read, or what a directory of merchants makes of them.
fn written(field: &Field) -> &str {
    match &field.value {
        Some(value) if field.repaired_by.as_deref() == Some(merchants::CODE) => value,
        _ => &field.text,
    }
}

/// Trimmed, lower case, any run of white space as one blank.
pub fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The letters and digits alone.
pub fn alphanumeric(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A canonical decimal without trailing zeros and without a sign that means nothing.
fn decimal(text: &str) -> String {
    let text = text.trim();
    let short = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    if short == "-0" { "0".to_owned() } else { short.to_owned() }
}

/// A printed amount as a decimal without trailing zeros: `RM 1,234.50` is
/// `1234.5`. The last point or comma is the decimal mark unless three digits
/// follow, as in `1,234`.
pub fn amount(text: &str) -> Option<String> {
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

/// What came of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Verdict {
    /// There is a value.
    pub expected: bool,
    /// One was read.
    pub read: bool,
    /// It is right.
    pub same: bool,
    /// It is right when only letters and digits count.
    pub same_letters: bool,
}

/// Counts of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Values that were read.
    pub read: usize,
    /// Values that there are.
    pub expected: usize,
    /// Values that were read and are the same.
    pub same: usize,
    /// The same on letters and digits alone.
    pub same_letters: usize,
}

impl From<Verdict> for Tally {
    fn from(verdict: Verdict) -> Self {
        Self {
            read: verdict.read.into(),
            expected: verdict.expected.into(),
            same: verdict.same.into(),
            same_letters: verdict.same_letters.into(),
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.expected += other.expected;
        self.same += other.same;
        self.same_letters += other.same_letters;
    }
}

impl<T: Into<Self>> FromIterator<T> for Tally {
    fn from_iter<I: IntoIterator<Item = T>>(parts: I) -> Self {
        parts.into_iter().fold(Self::default(), |mut sum, part| {
            sum += part.into();
            sum
        })
    }
}

/// Precision, recall and F1, each 0 to 1; 0 where there is nothing to divide by.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
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

impl Tally {
    /// What the counts say.
    pub fn scores(&self) -> Scores {
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

/// `part / whole`; 0 where there is nothing.
pub fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
#[path = "score_tests.rs"]
mod tests;
