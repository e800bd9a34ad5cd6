//! Amounts that stand there if one character was misread.
//!
//! The recogniser says what else an uncertain character may be. Each such
//! reading of an amount becomes an alternative; which of them is believed is for
//! the receipt's sums to decide ([`super::total`], [`super::arithmetic::repair`]). Nothing is invented: every
//! alternative is a reading that the recogniser proposed.

use slipstream_models::TextLines;

use super::{Candidate, Findings, Found, amounts::Amounts};

/// Alternatives that are added to a field at most.
const MOST: usize = 4;

/// Adds to every amount, unit price and quantity the other values that its characters may stand for.
pub(super) fn add_to_all(findings: &mut Findings, lines: &TextLines, amounts: &Amounts) {
    let single = [&mut findings.subtotal, &mut findings.tax_total, &mut findings.total, &mut findings.tip];
    let taxes = findings.taxes.iter_mut().flat_map(|tax| [&mut tax.net, &mut tax.amount]);
    let payments = findings.payments.iter_mut().map(|payment| &mut payment.amount);
    for amount in single.into_iter().chain(taxes).chain(payments) {
        add_misread(amount, lines, |text| amounts.parse(text));
    }
    for item in &mut findings.items {
        let kind = item.kind;
        add_misread(&mut item.amount, lines, |text| amounts.parse_row(text, kind));
        add_misread(&mut item.unit_price, lines, |text| amounts.parse_unit_price(text));
        add_misread(&mut item.quantity, lines, |text| amounts.parse_quantity(text));
    }
}

/// Adds to `found` the other values that its characters may stand for.
pub(super) fn add_misread<T: PartialEq + Clone>(
    found: &mut Option<Found<T>>,
    lines: &TextLines,
    parse: impl Fn(&str) -> Option<T>,
) {
    let Some(found) = found else { return };
    let mut others = readings(&found.best, lines, parse);
    others.retain(|o| o.value != found.best.value && found.alternatives.iter().all(|a| a.value != o.value));
    others.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut seen = Vec::new();
    others.retain(|o| {
        let new = !seen.contains(&o.value);
        seen.push(o.value.clone());
        new
    });
    found.alternatives.extend(others.into_iter().take(MOST));
    found.alternatives.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
}

/// The candidate with one character replaced, for every character that may be another.
fn readings<T>(candidate: &Candidate<T>, lines: &TextLines, parse: impl Fn(&str) -> Option<T>) -> Vec<Candidate<T>> {
    let [span] = candidate.spans.as_slice() else { return Vec::new() };
    let chars = lines.chars_at(span);
    let mut found = Vec::new();
    for (i, uncertain) in chars.iter().enumerate() {
        for other in &uncertain.alternatives {
            let before = chars[..i].iter().map(|c| c.ch);
            let text: String = before.chain(other.text.chars()).chain(chars[i + 1..].iter().map(|c| c.ch)).collect();
            let share = (other.confidence / uncertain.confidence.max(f32::MIN_POSITIVE)).min(1.0);
            if let Some(value) = parse(&text) {
                let (spans, confidence) = (candidate.spans.clone(), candidate.confidence * share);
                found.push(Candidate { value: Some(value), text, spans, confidence });
            }
        }
    }
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use jiff::civil::date;
    use slipstream_models::entities::{Entities, Entity, Reading, Span};
    use slipstream_models::{CharAlternative, Quad, TextLine};

    use super::super::{CheckSettings, check};
    use super::*;

    /// The line, and an entity that is its end from character `start` on.
    fn line(page: &mut Vec<TextLine>, text: &str, start: usize) -> Option<Entity> {
        let y = 20.0 * page.len() as f32;
        page.push(TextLine::evenly_spaced(text, 0.9, Quad::from_bounds(0.0, y, 100.0, y + 15.0)));
        let spans = vec![Span { line: page.len() - 1, start, end: text.chars().count() }];
        let text = text.chars().skip(start).collect();
        Some(Entity { best: Reading { text, spans, confidence: 0.9 }, alternatives: Vec::new() })
    }

    /// A receipt of 10.00 + 0.60 whose total reads `total`; `doubt` is a character of it and what else it may be.
    fn findings(total: &str, doubt: (usize, &str)) -> Findings {
        let mut page = Vec::new();
        let mut entities = Entities {
            subtotal: line(&mut page, "SUBTOTAL 10.00", 9),
            tax_total: line(&mut page, "GST 0.60", 4),
            ..Entities::default()
        };
        entities.total = line(&mut page, &format!("TOTAL {total}"), 6);
        let other = CharAlternative { text: doubt.1.to_owned(), confidence: 0.3 };
        page.last_mut().unwrap().chars[6 + doubt.0].alternatives.push(other);
        let lines = TextLines { lines: page, page_width: 100, page_height: 100 };
        check(&entities, &lines, &CheckSettings::on(date(2026, 1, 1)))
    }

    fn total(findings: &Findings) -> (String, Vec<String>) {
        let total = findings.total.as_ref().unwrap();
        (total.best.text.clone(), total.alternatives.iter().map(|a| a.text.clone()).collect())
    }

    #[test]
    fn a_misread_digit_is_corrected_where_the_sums_prove_it() {
        assert_eq!(total(&findings("18.60", (1, "0"))), ("10.60".to_owned(), vec!["18.60".to_owned()]));
    }

    #[test]
    fn a_lost_point_is_found_again() {
        assert_eq!(total(&findings("1060", (2, ".6"))).0, "10.60");
    }

    #[test]
    fn a_reading_that_agrees_stays() {
        assert_eq!(total(&findings("10.60", (1, "8"))), ("10.60".to_owned(), vec!["18.60".to_owned()]));
    }

    #[test]
    fn a_total_that_a_misread_subtotal_refutes_stays() {
        // 18.00 + 0.60, with the subtotal read as 10.00 and both eights in doubt.
        let mut page = Vec::new();
        let mut entities = Entities {
            subtotal: line(&mut page, "SUBTOTAL 10.00", 9),
            tax_total: line(&mut page, "GST 0.60", 4),
            ..Entities::default()
        };
        entities.total = line(&mut page, "TOTAL 18.60", 6);
        for (line, other) in [(0, "8"), (2, "0")] {
            let place = page[line].chars.len() - 4;
            page[line].chars[place].alternatives.push(CharAlternative { text: other.to_owned(), confidence: 0.3 });
        }
        let lines = TextLines { lines: page, page_width: 100, page_height: 100 };
        assert_eq!(total(&check(&entities, &lines, &CheckSettings::on(date(2026, 1, 1)))).0, "18.60");
    }

    #[test]
    fn what_is_no_amount_is_no_alternative() {
        assert_eq!(total(&findings("18.60", (1, "B"))), ("18.60".to_owned(), vec![]));
    }
}
