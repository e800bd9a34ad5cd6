//! Times of day written like amounts.
//!
//! In Denmark, Finland, Sweden and Italy, `16.02` is a time as often as a price, and the tagger, which only takes tokens that
//! look like times for one, does not see it. It counts as the time beside the date, or alone behind a word for it.

use slipstream_models::TextLines;
use slipstream_models::entities::{Entity, Reading, Span};

use super::page::{Page, PageLine};
use super::time;

/// Upper-case words in front of a time.
const LABELS: &[&str] = &[
    "KL", "KLO", "KELLO", "KLOCKAN", "KLOKKEN", "TID", "AIKA", "UHR", "UHRZEIT", "ZEIT", "ORA", "ORE", "ORARIO",
    "HORA", "HEURE", "TIJD", "TIME",
];
/// How far such a time is believed where it is read without doubt.
const BELIEF: f32 = 0.9;

/// A time behind the date at `date` in its line, or else alone behind a word for it, in its line or the one before.
pub(super) fn beside(date: Option<&Span>, page: &Page, lines: &TextLines) -> Option<Entity> {
    let behind_date = date.and_then(|date| {
        let line = page.lines.get(date.line)?;
        let (start, end) = dotted(line, date.end)?;
        Some(Span { line: date.line, start, end })
    });
    let span = behind_date.or_else(|| labelled(page))?;
    let spans = vec![span];
    let (text, confidence) = (lines.text_at(&spans), BELIEF * lines.legibility(&spans));
    time::parse_time(&text)?;
    Some(Entity { best: Reading { text, spans, confidence }, alternatives: Vec::new() })
}

/// The first time behind a word for it.
fn labelled(page: &Page) -> Option<Span> {
    let is_label = |word: &str| LABELS.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()));
    let labels = |line: &PageLine| line.words.iter().rposition(|w| is_label(&w.upper));
    page.lines.iter().enumerate().find_map(|(i, line)| {
        let start = match labels(line) {
            Some(label) => line.words.get(label)?.span.end,
            // The label is the end of the line before: columns are lines of their own.
            None => {
                let before = page.lines.get(i.checked_sub(1)?)?;
                (labels(before)? + 1 == before.words.len()).then_some(0)?
            }
        };
        // Of three numbers, behind a label alone, most are a date.
        let (start, end) = dotted(line, start).filter(|(start, end)| end - start <= "16.02".len())?;
        Some(Span { line: i, start, end })
    })
}

/// Start and end of `16.02` or `16.02.33` at the end of `line`, with nothing but marks and words for times between `from` and it.
fn dotted(line: &PageLine, from: usize) -> Option<(usize, usize)> {
    let chars: Vec<char> = line.text.chars().collect();
    let digit = |i: usize| chars.get(i).is_some_and(char::is_ascii_digit);
    let start = (from..chars.len()).find(|i| digit(*i))?;
    let between: String = chars.get(from..start)?.iter().collect();
    let mut words = between.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    if !words.all(|word| LABELS.contains(&word.to_uppercase().as_str())) {
        return None;
    }
    let hours = if digit(start + 1) { 2 } else { 1 };
    let pair = |at: usize| chars.get(at) == Some(&'.') && digit(at + 1) && digit(at + 2);
    let mut end = start + hours;
    while pair(end) && end < start + hours + 6 {
        end += 3;
    }
    let rest: String = chars.get(end..)?.iter().collect();
    let rest = rest.trim_matches(|c: char| !c.is_alphanumeric()).to_uppercase();
    (end > start + hours && (rest.is_empty() || LABELS.contains(&rest.as_str()))).then_some((start, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::check::page::lines_of;

    fn found(texts: &[&str], date: Option<Span>) -> Option<String> {
        let lines = lines_of(texts);
        beside(date.as_ref(), &Page::new(&lines), &lines).map(|e| e.best.text)
    }

    #[test]
    fn a_time_follows_the_date_or_a_word_for_it() {
        let date = |start, end| Some(Span { line: 0, start, end });
        for (texts, date, expected) in [
            (&["Dato : 24.07.18 16.02"][..], date(7, 15), Some("16.02")),
            (&["24.07.18 kl. 9.02.33"], date(0, 8), Some("9.02.33")),
            (&["16.06.21 - 12.51 Uhr"], date(0, 8), Some("12.51")),
            (&["Tid", ": 22.14"], None, Some("22.14")),
            (&["Klo 8.05"], None, Some("8.05")),
            (&["16.06.21 12,51"], date(0, 8), None),
            (&["16.06.21 12.51 EUR"], date(0, 8), None),
            (&["16.06.21 bon 12.51"], date(0, 8), None),
            (&["16.06.21 12.5"], date(0, 8), None),
            (&["16.06.21 16.62"], date(0, 8), None),
            (&["Uhr 16.06.21"], None, None),
            (&["Armbanduhr 19.99"], None, None),
            (&["Tid 1 2 3", "22.14"], None, None),
        ] {
            assert_eq!(found(texts, date).as_deref(), expected, "{texts:?}");
        }
    }
}
