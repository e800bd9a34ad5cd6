//! The fraud stage, by rules: what the file and the printed values give away.
//!
//! Each signal has a strength that says how rarely honest receipts show it,
//! chosen by hand and not learnt; a model that looks at the pixels takes this
//! place later. Independent signals combine as a noisy or: the score is the
//! probability that at least one of them is right.

use slipstream_models::entities::Span;

use super::{
    check::{Findings, Outcome, agreed_by_others},
    decode::Metadata,
};

/// One sign of fraud.
#[derive(Debug, Clone, PartialEq)]
pub struct FraudSignal {
    /// Stable name.
    pub code: &'static str,
    /// Strength, 0 to 1.
    pub score: f32,
    /// Where it was noticed; empty when it has no place on the page.
    pub spans: Vec<Span>,
    /// What was noticed, in a sentence for a reviewer.
    pub explanation: String,
}

/// All signs of fraud.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FraudReport {
    /// 0 (nothing suspicious) to 1.
    pub score: f32,
    /// What was noticed, strongest first.
    pub signals: Vec<FraudSignal>,
}

/// Programs that draw or generate pictures, and how rarely an honest receipt went through them.
/// Lower case; a scanner's or phone's own software is not here.
const EDITORS: [(&str, f32); 23] = [
    ("stable diffusion", 0.9),
    ("midjourney", 0.9),
    ("dall-e", 0.9),
    ("dall·e", 0.9),
    ("firefly", 0.9),
    ("photoshop", 0.6),
    ("gimp", 0.6),
    ("affinity photo", 0.6),
    ("pixelmator", 0.6),
    ("paint.net", 0.6),
    ("photopea", 0.6),
    ("corel", 0.6),
    ("krita", 0.6),
    ("inkscape", 0.6),
    ("illustrator", 0.6),
    ("canva", 0.5),
    ("picsart", 0.5),
    ("facetune", 0.5),
    ("meitu", 0.5),
    ("photodirector", 0.4),
    ("snapseed", 0.3),
    ("imagemagick", 0.2),
    ("lightroom", 0.15),
];

/// Rules that forged amounts break, and how rarely an honest receipt that was
/// read well breaks them. Lists of items are long and the easiest to misread.
const RULES: [(&str, f32); 6] = [
    ("subtotal_plus_tax_is_total", 0.35),
    ("net_plus_tax_is_total", 0.35),
    ("tax_matches_rate", 0.3),
    ("payment_minus_change_is_total", 0.3),
    ("items_sum_to_total", 0.15),
    ("quantity_times_unit_price_is_amount", 0.15),
];

/// Looks for signs of fraud in what the file says and in what was checked.
pub fn fraud(metadata: &Metadata, findings: &Findings) -> FraudReport {
    let signals = [
        editing_software(metadata),
        date_in_future(findings),
        date_after_photo(metadata, findings),
        arithmetic_contradiction(findings),
        digits_in_conflict(findings),
    ];
    let mut signals: Vec<FraudSignal> = signals.into_iter().flatten().collect();
    signals.sort_by(|a, b| b.score.total_cmp(&a.score));
    let honest: f32 = signals.iter().map(|s| 1.0 - s.score).product();
    FraudReport { score: 1.0 - honest, signals }
}

fn editing_software(metadata: &Metadata) -> Option<FraudSignal> {
    let strength = |name: &String| {
        let lower = name.to_lowercase();
        EDITORS.iter().find(|(editor, _)| lower.contains(editor)).map(|(_, score)| (*score, name.clone()))
    };
    let (score, name) = metadata.software.iter().filter_map(strength).max_by(|a, b| a.0.total_cmp(&b.0))?;
    let explanation = format!("the file says that it was written by {name}");
    Some(FraudSignal { code: "editing_software", score, spans: Vec::new(), explanation })
}

fn date_in_future(findings: &Findings) -> Option<FraudSignal> {
    let check =
        findings.checks.iter().find(|c| c.code == "date_not_in_future" && c.outcome == Outcome::Contradicted)?;
    Some(FraudSignal {
        code: "date_in_future",
        score: 0.8 * check.confidence,
        spans: check.spans.clone(),
        explanation: format!("the receipt is dated in the future: {}", check.detail),
    })
}

/// A receipt cannot be photographed before it is printed; a day's grace covers
/// a camera clock in another time zone.
fn date_after_photo(metadata: &Metadata, findings: &Findings) -> Option<FraudSignal> {
    let taken = metadata.taken_at?.date();
    let found = findings.date.as_ref()?;
    let printed = *found.value()?;
    (printed > taken.tomorrow().ok()?).then(|| FraudSignal {
        code: "date_after_photo",
        // Camera clocks that were never set are commoner than forgers.
        score: 0.4 * found.best.confidence,
        spans: found.best.spans.clone(),
        explanation: format!("the photo was taken on {taken}, before the printed date {printed}"),
    })
}

/// The strongest broken rule; one wrong amount breaks several, so they are not independent.
fn arithmetic_contradiction(findings: &Findings) -> Option<FraudSignal> {
    let broken = findings.checks.iter().filter(|c| c.outcome == Outcome::Contradicted).filter_map(|c| {
        let (_, weight) = RULES.iter().find(|(code, _)| *code == c.code)?;
        // Twice: an uncertain reading explains the contradiction better than a forger does.
        Some((weight * c.confidence * c.confidence, c))
    });
    let (score, check) = broken.max_by(|a, b| a.0.total_cmp(&b.0))?;
    Some(FraudSignal {
        code: "arithmetic_contradiction",
        score,
        spans: check.spans.clone(),
        explanation: format!("the amounts do not agree: {}", check.detail),
    })
}

/// Forgers change the total and forget the amounts that lead to it.
fn digits_in_conflict(findings: &Findings) -> Option<FraudSignal> {
    let expected = agreed_by_others(findings)?;
    let total = findings.total.as_ref()?;
    Some(FraudSignal {
        code: "digits_in_conflict",
        score: 0.6 * total.best.confidence,
        spans: total.best.spans.clone(),
        explanation: format!("the total reads {}, but other amounts agree on {expected}", total.best.text),
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::pipeline::{
        check::{Candidate, Found, Money, PaymentFindings, arithmetic::check_all},
        decode::Format,
    };

    fn metadata() -> Metadata {
        Metadata::new(Format::Jpeg, (100, 100))
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
        assert_eq!(fraud(&metadata(), &checked(Findings::default())), FraudReport::default());
        let phone = Metadata { software: vec!["16.1.2".into(), "HDR+ 1.0".into()], ..metadata() };
        assert_eq!(fraud(&phone, &Findings::default()).score, 0.0);
    }

    #[test]
    fn editors_are_named() {
        let edited =
            Metadata { software: vec!["scanner".into(), "Adobe Photoshop 25.0 (Windows)".into()], ..metadata() };
        let report = fraud(&edited, &Findings::default());
        assert_eq!(codes(&report), ["editing_software"]);
        assert_eq!(
            report.signals[0].explanation,
            "the file says that it was written by Adobe Photoshop 25.0 (Windows)"
        );
        assert!((report.score - 0.6).abs() < 1e-6);
    }

    #[test]
    fn a_date_must_not_lie_ahead_of_today_or_of_the_photo() {
        let dated = |d| checked(Findings { date: found(d, 1.0), ..Findings::default() });
        assert_eq!(codes(&fraud(&metadata(), &dated(date(2026, 11, 23)))), ["date_in_future"]);
        let taken = Metadata { taken_at: Some(date(2026, 3, 1).at(12, 0, 0, 0)), ..metadata() };
        assert!(fraud(&taken, &dated(date(2026, 3, 2))).signals.is_empty());
        assert_eq!(codes(&fraud(&taken, &dated(date(2026, 3, 3)))), ["date_after_photo"]);
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
        assert!(fraud(&metadata(), &with(954)).signals.is_empty());
        let report = fraud(&metadata(), &with(1954));
        assert_eq!(codes(&report), ["digits_in_conflict", "arithmetic_contradiction"]);
        assert!(report.signals.iter().all(|s| !s.spans.is_empty()));
        assert!((report.score - (1.0 - 0.4 * 0.65)).abs() < 1e-6, "a noisy or, got {}", report.score);
    }

    #[test]
    fn doubt_about_the_reading_weakens_a_contradiction() {
        let with = |confidence| {
            let total = found(Money { minor: 1954, currency: None }, confidence);
            checked(Findings { subtotal: money(900), tax_total: money(54), total, ..Findings::default() })
        };
        let score = |c| fraud(&metadata(), &with(c)).score;
        assert!(score(0.3) < score(1.0) * 0.1 && score(0.3) > 0.0);
    }
}
