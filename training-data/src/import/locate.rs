//! Where values stand in lines, for data sets that do not say.
//!
//! A value is labelled only where there is little doubt: a name or an address
//! where most of it is found, a date as it is printed, a total on a row that
//! says so or where its number stands only once.

use super::values::{amount, number};
use crate::truth::{Field, Label, Line};

/// Shorter parts of a name or address are found by chance.
const LEAST_TELLING: usize = 4;
/// Less than this share of a name or address is not labelled.
const LEAST_FOUND: f32 = 0.6;
/// Words that say that a total stands on their row, and words that say that it does not.
const TOTALS: [&str; 8] = ["total", "amount due", "balance", "to pay", "zu zahlen", "summe", "betrag", "gesamt"];
const NO_TOTALS: [&str; 5] = ["sub", "saving", "discount", "tax", "zwischen"];

/// Letters and digits alone, in one case.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn label(field: Field, line: &Line) -> Label {
    Label { field, start: 0, end: line.text.chars().count(), group: None }
}

/// Labels the lines that make up a name or an address.
pub(super) fn words(lines: &mut [Line], field: Field, value: &str) {
    let whole = folded(value);
    let parts: Vec<String> = lines.iter().map(|l| folded(&l.text)).collect();
    let mut left = whole.clone();
    let mut found = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        // A short value is a line of its own or nothing.
        let tells = part.len() >= LEAST_TELLING || *part == whole;
        if let Some(at) = left.find(part.as_str()).filter(|_| tells && !part.is_empty()) {
            left.replace_range(at..at + part.len(), "");
            found.push(i);
        }
    }
    let share = 1.0 - left.len() as f32 / whole.len().max(1) as f32;
    for i in found.into_iter().filter(|_| share >= LEAST_FOUND) {
        if let Some(line) = lines.get_mut(i).filter(|l| l.labels.is_empty()) {
            line.labels.push(label(field, line));
        }
    }
}

/// Labels every place where these characters stand.
pub(super) fn characters(lines: &mut [Line], field: Field, value: &str) {
    for line in lines.iter_mut().filter(|_| !value.is_empty()) {
        if let Some(at) = line.text.find(value) {
            let start = line.text.get(..at).map_or(0, |t| t.chars().count());
            let end = start + value.chars().count();
            if line.labels.iter().all(|l| l.end <= start || end <= l.start) {
                line.labels.push(Label { field, start, end, group: None });
                line.labels.sort_by_key(|l| l.start);
            }
        }
    }
}

/// Labels the total, a decimal string.
pub(super) fn total(lines: &mut [Line], value: &str) {
    let places: Vec<(usize, usize, usize)> = lines
        .iter()
        .enumerate()
        .filter_map(|(i, line)| {
            // The last word is the amount, also behind other words.
            let (start, end) = last_number(&line.text)?;
            let printed: String = line.text.chars().skip(start).take(end - start).collect();
            (amount(&printed).as_deref() == Some(value)).then_some((i, start, end))
        })
        .collect();
    let said: Vec<_> =
        places.iter().copied().filter(|(i, ..)| lines.get(*i).is_some_and(|l| says_total(l, lines))).collect();
    let chosen = if said.is_empty() && places.len() == 1 { places } else { said };
    for (i, start, end) in chosen {
        if let Some(line) = lines.get_mut(i).filter(|l| l.labels.is_empty()) {
            line.labels.push(Label { field: Field::Total, start, end, group: None });
        }
    }
}

/// The number in the last word with a digit.
fn last_number(text: &str) -> Option<(usize, usize)> {
    let chars: Vec<char> = text.chars().collect();
    let last = chars.iter().rposition(char::is_ascii_digit)?;
    let from = chars.iter().take(last).rposition(|c| *c == ' ').map_or(0, |i| i + 1);
    let word: String = chars.get(from..=last)?.iter().collect();
    number(&word).map(|(start, end)| (from + start, from + end))
}

/// True where the line, or one beside it, says that a total stands here.
fn says_total(line: &Line, lines: &[Line]) -> bool {
    let [_, top, right, bottom] = line.bounds;
    let middle = (top + bottom) / 2.0;
    let beside =
        |l: &&Line| std::ptr::eq(*l, line) || (l.bounds[1] < middle && middle < l.bounds[3] && l.bounds[0] < right);
    let row: String = lines.iter().filter(beside).map(|l| l.text.to_lowercase() + " ").collect();
    TOTALS.iter().any(|w| row.contains(w)) && !NO_TOTALS.iter().any(|w| row.contains(w))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(texts: &[(&str, f32, f32)]) -> Vec<Line> {
        let line = |(text, x, y): &(&str, f32, f32)| {
            super::super::line((*text).to_string(), [[*x, *y], [x + 50.0, *y], [x + 50.0, y + 10.0], [*x, y + 10.0]])
        };
        texts.iter().map(line).collect()
    }

    fn labelled(lines: &[Line]) -> Vec<(usize, String)> {
        let text = |l: &Line, a: &Label| l.text.chars().skip(a.start).take(a.end - a.start).collect();
        lines.iter().enumerate().flat_map(|(i, l)| l.labels.iter().map(move |a| (i, text(l, a)))).collect()
    }

    #[test]
    fn names_and_addresses_are_found_over_lines_where_most_is_there() {
        let mut page = lines(&[
            ("CORNER CO", 0.0, 0.0),
            ("12, LONG ROAD,", 0.0, 20.0),
            ("NORTH TOWN.", 0.0, 40.0),
            ("TEA", 0.0, 60.0),
        ]);
        words(&mut page, Field::MerchantAddress, "12 Long Road, North Town");
        assert_eq!(labelled(&page), [(1, "12, LONG ROAD,".to_string()), (2, "NORTH TOWN.".to_string())]);
        words(&mut page, Field::MerchantName, "Corner Company of the Far Far North");
        assert_eq!(labelled(&page).len(), 2, "a small part is not enough");
    }

    #[test]
    fn a_total_stands_where_its_row_says_so_or_stands_alone() {
        let rows = [
            ("SUBTOTAL", 0.0, 0.0),
            ("9.00", 80.0, 0.0),
            ("Total:", 0.0, 20.0),
            ("RM 9.00", 80.0, 21.0),
            ("CASH 9.00", 0.0, 40.0),
        ];
        let mut page = lines(&rows);
        total(&mut page, "9.00");
        assert_eq!(labelled(&page), [(3, "9.00".to_string())]);
        let mut page = lines(&[("9.00", 80.0, 0.0), ("8.00", 80.0, 20.0)]);
        total(&mut page, "8.00");
        assert_eq!(labelled(&page), [(1, "8.00".to_string())]);
        let mut page = lines(&[("9.00", 80.0, 0.0), ("9.00", 80.0, 20.0)]);
        total(&mut page, "9.00");
        assert!(labelled(&page).is_empty(), "either may be it");
    }

    #[test]
    fn printed_characters_are_found_in_their_lines() {
        let mut page = lines(&[("Größe 1 am 01/02/2020 9:00", 0.0, 0.0)]);
        characters(&mut page, Field::Date, "01/02/2020");
        assert_eq!(labelled(&page), [(0, "01/02/2020".to_string())]);
    }
}
