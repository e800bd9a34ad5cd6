use jiff::civil::date;
use slipstream_api::PixelCheck;

use super::*;
use crate::pipeline::{
    check::{Candidate, Found, Money, PaymentFindings, arithmetic::check_all},
    decode::Format,
};

const NOT_JUDGED: Pixels = Pixels::NotJudged(PixelCheck::Off);

fn metadata() -> Metadata {
    Metadata::new(Format::Jpeg, (100, 100))
}

fn report(metadata: &Metadata, findings: &Findings) -> FraudReport {
    fraud(&Evidence { metadata, findings, pixels: &NOT_JUDGED, upload: None, page: None })
}

fn found<T>(value: T, confidence: f32) -> Option<Found<T>> {
    let spans = vec![Span { line: 0, start: 0, end: 1 }];
    Some(Found::new(Candidate { value: Some(value), text: "x".into(), spans, confidence }, vec![]))
}

fn money(minor: i64) -> Option<Found<Money>> {
    found(Money { minor, currency: None }, 1.0)
}

fn checked(findings: Findings) -> Findings {
    Findings { checks: check_all(&findings, date(2026, 11, 22)), ..findings }
}

fn codes(report: &FraudReport) -> Vec<&str> {
    report.signals.iter().map(|s| s.code).collect()
}

#[test]
fn nothing_suspicious_scores_nothing() {
    assert_eq!(report(&metadata(), &checked(Findings::default())), FraudReport::default());
}

#[test]
fn a_date_must_not_lie_ahead_of_today_or_of_the_photo() {
    let dated = |d| checked(Findings { date: found(d, 1.0), ..Findings::default() });
    assert_eq!(codes(&report(&metadata(), &dated(date(2026, 11, 23)))), ["date_in_future"]);
    let mut taken = metadata();
    taken.provenance.taken_at = Some(date(2026, 3, 1).at(12, 0, 0, 0));
    assert!(report(&taken, &dated(date(2026, 3, 2))).signals.is_empty());
    assert_eq!(codes(&report(&taken, &dated(date(2026, 3, 3)))), ["date_after_photo"]);
}

#[test]
fn a_changed_total_contradicts_what_leads_to_it() {
    let with = |total| {
        checked(Findings {
            subtotal: money(900),
            tax_total: money(54),
            total: money(total),
            change: Some(Money { minor: 46, currency: None }),
            payments: vec![PaymentFindings { method: None, amount: money(1000) }],
            ..Findings::default()
        })
    };
    assert!(report(&metadata(), &with(954)).signals.is_empty());
    let report = report(&metadata(), &with(1954));
    assert_eq!(codes(&report), ["digits_in_conflict", "arithmetic_contradiction"]);
    assert!(report.signals.iter().all(|s| matches!(&s.place, Place::Characters(spans) if !spans.is_empty())));
}

#[test]
fn doubt_about_the_reading_weakens_a_contradiction() {
    let with = |confidence| {
        let total = found(Money { minor: 1954, currency: None }, confidence);
        checked(Findings { subtotal: money(900), tax_total: money(54), total, ..Findings::default() })
    };
    let strength = |c| report(&metadata(), &with(c)).signals.iter().map(|signal| signal.score).fold(0.0, f32::max);
    assert!(strength(0.3) < strength(1.0) * 0.1 && strength(0.3) > 0.0);
}

#[test]
fn a_tax_rate_has_to_be_one_of_the_country() {
    use crate::pipeline::check::number::Decimal;
    use crate::pipeline::check::{TaxFindings, page};
    let with = |country, tenths| {
        let span = Span { line: 0, start: 0, end: 1 };
        let rate = found(Decimal::new(tenths, 1), 1.0);
        checked(Findings {
            country: Some(page::Evidence { value: country, span, text: "x".to_owned() }),
            taxes: vec![TaxFindings { rate, ..TaxFindings::default() }],
            ..Findings::default()
        })
    };
    assert_eq!(codes(&report(&metadata(), &with("DE", 180))), ["impossible_tax_rate"]);
    for (country, tenths) in [("DE", 190), ("DE", 0), ("US", 180)] {
        assert!(report(&metadata(), &with(country, tenths)).signals.is_empty(), "{country} {tenths}");
    }
}
