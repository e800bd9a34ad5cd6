//! Characters that belong to a value though the tagger left them out.
//!
//! Tokens end at brackets and at the first letter behind a time, so a reading can
//! lack the bracket that `212) 972-1001` needs, and the half of the day of
//! `5:13PM`, without which the time is wrong by twelve hours. What is added
//! stands on the page, next to the reading.

use slipstream_models::TextLines;
use slipstream_models::entities::{Entity, Reading, Span};

/// Every reading with the bracket that its own one lacks, where that stands beside it.
pub(super) fn with_brackets(entity: &Entity, lines: &TextLines) -> Entity {
    each(
        entity,
        |reading| {
            let (unopened, unclosed) = lone_brackets(&reading.text);
            let mut spans = reading.spans.clone();
            if let Some(first) = spans.first_mut()
                && unopened
                && first.start > 0
                && character(lines, first.line, first.start - 1) == Some('(')
            {
                first.start -= 1;
            }
            if let Some(last) = spans.last_mut()
                && unclosed
                && character(lines, last.line, last.end) == Some(')')
            {
                last.end += 1;
            }
            spans
        },
        lines,
    )
}

/// Every reading of a time with the half of the day behind it.
pub(super) fn with_half_of_day(entity: &Entity, lines: &TextLines) -> Entity {
    each(
        entity,
        |reading| {
            let mut spans = reading.spans.clone();
            if let Some(last) = spans.last_mut()
                && let Some(length) = half_of_day(lines, *last)
            {
                last.end += length;
            }
            spans
        },
        lines,
    )
}

/// How many characters behind `span` are a half of the day: ` PM`, `:p.m.`, `AM`.
fn half_of_day(lines: &TextLines, span: Span) -> Option<usize> {
    let rest: Vec<char> = (span.end..).map_while(|i| character(lines, span.line, i)).take(8).collect();
    let gap = rest.iter().take(2).take_while(|c| matches!(c, ' ' | ':' | '.')).count();
    let mut end = gap;
    for wanted in ['a', 'm'] {
        let half = |c: char| c.eq_ignore_ascii_case(&wanted) || (wanted == 'a' && c.eq_ignore_ascii_case(&'p'));
        end += usize::from(rest.get(end).copied().is_some_and(half));
        if end == gap {
            return None;
        }
        end +=
            usize::from(rest.get(end) == Some(&'.') && rest.get(end + 1).is_some_and(|c| c.eq_ignore_ascii_case(&'m')));
    }
    let whole = rest.get(end).is_none_or(|c| !c.is_alphanumeric());
    // A lone letter counts only right behind the digits: "2:51p", but not "2:51 A".
    let letters = rest.get(gap..end)?.iter().filter(|c| c.is_alphabetic()).count();
    (whole && (letters == 2 || gap == 0)).then_some(end)
}

/// Whether a bracket closes that was not opened, and whether one stays open.
fn lone_brackets(text: &str) -> (bool, bool) {
    let (mut depth, mut unopened) = (0_usize, false);
    for c in text.chars() {
        match (c, depth) {
            ('(', _) => depth += 1,
            (')', 0) => unopened = true,
            (')', _) => depth -= 1,
            _ => {}
        }
    }
    (unopened, depth > 0)
}

/// The entity with other spans; the texts follow.
fn each(entity: &Entity, spans: impl Fn(&Reading) -> Vec<Span>, lines: &TextLines) -> Entity {
    let completed = |reading: &Reading| {
        let spans = spans(reading);
        if spans == reading.spans {
            return reading.clone();
        }
        Reading { text: lines.text_at(&spans), spans, ..*reading }
    };
    Entity { best: completed(&entity.best), alternatives: entity.alternatives.iter().map(completed).collect() }
}

fn character(lines: &TextLines, line: usize, at: usize) -> Option<char> {
    lines.lines.get(line)?.chars.get(at).map(|c| c.ch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::check::page::lines_of;

    /// The part of `line` between the bars as a reading, completed.
    fn completed(line: &str, complete: fn(&Entity, &TextLines) -> Entity) -> String {
        let bars: Vec<usize> = line.chars().enumerate().filter(|(_, c)| *c == '|').map(|(i, _)| i).collect();
        let plain = line.replace('|', "");
        let span = Span { line: 0, start: bars[0], end: bars[1] - 1 };
        let text = plain.chars().skip(span.start).take(span.end - span.start).collect();
        let reading = Reading { text, spans: vec![span], confidence: 0.9 };
        complete(&Entity { best: reading, alternatives: vec![] }, &lines_of(&[&plain])).best.text
    }

    #[test]
    fn a_reading_gets_the_bracket_that_its_own_one_lacks() {
        let cases = [
            ("Tel (|212) 972-1001|", "(212) 972-1001"),
            ("(|212) 972-1001|)", "(212) 972-1001"),
            ("Tel |212 972-1001|", "212 972-1001"),
            ("Tel |212) 972-1001|", "212) 972-1001"),
            ("|Contoh (M|) Sdn", "Contoh (M)"),
            ("(|Contoh|)", "Contoh"),
        ];
        for (line, expected) in cases {
            assert_eq!(completed(line, with_brackets), expected, "{line}");
        }
    }

    #[test]
    fn a_time_gets_the_half_of_its_day() {
        let cases = [
            ("|5:13:00|PM", "5:13:00PM"),
            ("|5:13| pm Thu", "5:13 pm"),
            ("|05:10|:PM", "05:10:PM"),
            ("|2:05| p.m.", "2:05 p.m"),
            ("|2:51:35|p", "2:51:35p"),
            ("|2:51| A", "2:51"),
            ("|2:05| paid", "2:05"),
            ("|2:05| AMEX", "2:05"),
            ("|14:05| Uhr", "14:05"),
            ("|14:05|", "14:05"),
        ];
        for (line, expected) in cases {
            assert_eq!(completed(line, with_half_of_day), expected, "{line}");
        }
    }
}
