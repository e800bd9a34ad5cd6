//! Numbers that carry check digits: tax numbers, bank accounts, article numbers.
//!
//! One misread digit breaks the check in nine of ten cases or more, so a number
//! that passes was read right, and of several readings the one that passes is
//! taken. A number that fails may still be printed so: shops' own codes have as
//! many digits as article numbers, and a national number without its country's
//! letters may be of another kind.

use iban::Iban;
use slipstream_models::{TextLines, entities::Span};
use vat_id_validator::check_vat_by_country;

use super::{
    Candidate, Findings, Found,
    arithmetic::{CheckResult, Outcome},
    misread::add_misread,
    page::{Page, PageLine, Word},
    tidy,
};

/// The rule of tax numbers. The check digits are those of each country, as the
/// Union's information exchange (VIES) and the countries publish them.
const TAX_ID: &str = "tax_id_checksum";

/// The rule of bank accounts (ISO 13616, ISO 7064 MOD 97-10).
const IBAN: &str = "iban_checksum";

/// The rule of article numbers (GS1 General Specifications, modulo 10).
const CODES: &str = "item_codes_checksum";

/// Takes the reading of a tax number or an article number that passes its
/// check, where the most probable one does not and just one other does.
pub(super) fn mend(findings: &mut Findings, lines: &TextLines) {
    let country = findings.country_code();
    take_valid(&mut findings.merchant_tax_id, lines, TAX_ID, |id| tax_id(id, country) == Some(true));
    for item in &mut findings.items {
        let looks_like_one =
            item.code.as_ref().and_then(Found::value).is_some_and(|code| article_number(code).is_some());
        if looks_like_one {
            take_valid(&mut item.code, lines, CODES, |code| article_number(code) == Some(true));
        }
    }
}

fn take_valid(field: &mut Option<Found<String>>, lines: &TextLines, code: &'static str, valid: impl Fn(&str) -> bool) {
    let best_is_valid = |found: &Found<String>| found.value().is_some_and(|value| valid(value));
    if field.as_ref().is_none_or(best_is_valid) {
        return;
    }
    add_misread(field, lines, tidy);
    let Some(found) = field else { return };
    let passes = |a: &Candidate<String>| a.value.as_ref().is_some_and(|value| valid(value));
    let mut passing = found.alternatives.iter().enumerate().filter(|(_, a)| passes(a)).map(|(index, _)| index);
    if let (Some(index), None) = (passing.next(), passing.next()) {
        found.repair(index, code);
    }
}

/// What the check digits say.
pub(super) fn check_all(findings: &Findings, page: &Page) -> Vec<CheckResult> {
    vec![check_tax_id(findings), check_codes(findings), check_iban(page)]
}

fn check_tax_id(findings: &Findings) -> CheckResult {
    let result = |outcome, detail: &str, field: Option<&Found<String>>| CheckResult {
        code: TAX_ID,
        outcome,
        detail: detail.to_owned(),
        confidence: field.map_or(1.0, |f| f.best.confidence),
        spans: field.map(|f| f.best.spans.clone()).unwrap_or_default(),
    };
    let field = findings.merchant_tax_id.as_ref();
    let Some(id) = field.and_then(Found::value) else {
        return result(Outcome::Unproved, "no tax number was read", None);
    };
    match tax_id(id, findings.country_code()) {
        Some(true) => result(Outcome::Proved, "the check digits agree", field),
        Some(false) => result(Outcome::Contradicted, "the check digits do not agree", field),
        None => result(Outcome::Unproved, "the number has no check digits that are known", field),
    }
}

fn check_codes(findings: &Findings) -> CheckResult {
    let codes = findings.items.iter().filter_map(|item| item.code.as_ref());
    let valid: Vec<_> = codes.filter(|f| f.value().and_then(|code| article_number(code)) == Some(true)).collect();
    let (outcome, detail) = match valid.len() {
        0 => (Outcome::Unproved, "no article number with a check digit that agrees was read".to_owned()),
        n => (Outcome::Proved, format!("{n} article numbers")),
    };
    CheckResult {
        code: CODES,
        outcome,
        detail,
        confidence: valid.iter().map(|f| f.best.confidence).fold(1.0, f32::min),
        spans: valid.iter().flat_map(|f| f.best.spans.iter().copied()).collect(),
    }
}

fn check_iban(page: &Page) -> CheckResult {
    let found = page.lines.iter().flat_map(ibans).next();
    let (outcome, detail) = match &found {
        Some((_, true)) => (Outcome::Proved, "the check digits agree"),
        Some((_, false)) => (Outcome::Contradicted, "the check digits do not agree"),
        None => (Outcome::Unproved, "no bank account was read"),
    };
    let spans = found.map(|(spans, _)| spans).unwrap_or_default();
    CheckResult { code: IBAN, outcome, detail: detail.to_owned(), confidence: 1.0, spans }
}

/// Where bank accounts of a line stand, and whether their check digits agree.
/// Other numbers begin with two letters and two digits too, so one that fails
/// is an account only where the line says so.
fn ibans(line: &PageLine) -> Vec<(Vec<Span>, bool)> {
    let named = line.words.iter().any(|word| word.upper.contains("IBAN"));
    let starts = (0..line.words.len()).filter_map(|at| line.words.get(at..).filter(|rest| begins_like_iban(rest)));
    starts
        .filter_map(|rest| {
            let mut text = String::new();
            let mut spans = Vec::new();
            for word in rest.iter().take_while(|word| word.upper.bytes().all(|b| b.is_ascii_alphanumeric())) {
                text.push_str(&word.upper);
                spans.push(word.span);
                if text.parse::<Iban>().is_ok() {
                    return Some((spans, true));
                }
            }
            (named && text.len() >= SHORTEST_IBAN).then_some((spans, false))
        })
        .collect()
}

/// Characters of Norway's accounts, the shortest of all.
const SHORTEST_IBAN: usize = 15;

fn begins_like_iban(words: &[Word]) -> bool {
    let mut first = words.first().into_iter().flat_map(|word| word.upper.bytes());
    (0..2).all(|_| first.next().is_some_and(|b| b.is_ascii_uppercase()))
        && (0..2).all(|_| first.next().is_some_and(|b| b.is_ascii_digit()))
}

/// What the check digits of a tax number say; `None` where it has none that are
/// known. With the letters of its country a number is what it says it is;
/// without them it counts only if it passes as one of the page's country.
fn tax_id(printed: &str, country: Option<&str>) -> Option<bool> {
    let compact: String = printed.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_uppercase();
    if !(MIN_TAX_ID..=MAX_TAX_ID).contains(&compact.len()) {
        return None;
    }
    let (letters, digits) = compact.split_at(2);
    if letters.bytes().all(|b| b.is_ascii_uppercase()) && digits.bytes().any(|b| b.is_ascii_digit()) {
        let result = check_vat_by_country(&compact, letters);
        return result.is_supported_country.then_some(result.is_valid);
    }
    let country = country?;
    let as_printed = check_vat_by_country(&compact, country).is_valid;
    (as_printed || check_vat_by_country(&format!("{country}{compact}"), country).is_valid).then_some(true)
}

/// Characters of a tax number, its country's letters included.
const MIN_TAX_ID: usize = 8;
const MAX_TAX_ID: usize = 16;

/// Whether the check digit of a GTIN-8, -12, -13 or -14 agrees; `None` for what has another number of digits.
fn article_number(code: &str) -> Option<bool> {
    let digits: Vec<u32> = code.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
    if !matches!(digits.len(), 8 | 12 | 13 | 14) {
        return None;
    }
    // From the right, the check digit first: weights 1, 3, 1, 3 …
    let sum: u32 = digits.iter().rev().enumerate().map(|(i, d)| if i % 2 == 0 { *d } else { 3 * d }).sum();
    Some(sum.is_multiple_of(10))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use slipstream_models::entities::{Entities, Entity, ItemEntities, Reading};

    use super::*;
    use crate::pipeline::check::{CheckSettings, check, page::lines_of};

    #[test]
    fn tax_numbers_are_checked_as_their_country_does() {
        let cases = [
            ("DE 136695976", None, Some(true)),
            ("DE 136695975", None, Some(false)),
            ("ATU12345675", None, Some(true)),
            ("NL004495445B01", None, Some(true)),
            ("FR 40 303265045", None, Some(true)),
            ("00743110157", Some("IT"), Some(true)),
            ("00743110158", Some("IT"), None),
            ("501964843", Some("PT"), Some(true)),
            ("12/345/67890", Some("DE"), None),
            ("000123456789", Some("MY"), None),
            ("ÄÖ123456789", None, None),
            ("", None, None),
        ];
        let wrong: Vec<_> = cases.iter().filter(|(id, country, expected)| tax_id(id, *country) != *expected).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn article_numbers_end_with_their_check_digit() {
        let cases = [
            ("4006381333931", Some(true)),
            ("4006381333932", Some(false)),
            ("96385074", Some(true)),
            ("036000291452", Some(true)),
            ("123", None),
            ("40063813339X1", None),
        ];
        let wrong: Vec<_> = cases.iter().filter(|(code, expected)| article_number(code) != *expected).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn bank_accounts_are_found_on_the_page() {
        let outcome = |text: &str| check_iban(&Page::new(&lines_of(&[text]))).outcome;
        let cases = [
            ("IBAN: DE89 3704 0044 0532 0130 00", Outcome::Proved),
            ("Konto DE89370400440532013000 BIC COBADEFFXXX", Outcome::Proved),
            ("IBAN DE88 3704 0044 0532 0130 00", Outcome::Contradicted),
            ("Ref. DE88 3704 0044 0532 0130 00", Outcome::Unproved),
            ("IBAN", Outcome::Unproved),
            ("TOTAL 9.00", Outcome::Unproved),
        ];
        let wrong: Vec<_> = cases.iter().filter(|(text, expected)| outcome(text) != *expected).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn of_two_readings_the_one_that_passes_is_taken() {
        let reading = |text: &str, confidence| Reading {
            text: text.to_owned(),
            spans: vec![Span { line: 0, start: 0, end: 1 }],
            confidence,
        };
        let entity = |best: &str, other: &str| {
            Some(Entity { best: reading(best, 0.6), alternatives: vec![reading(other, 0.3)] })
        };
        let entities = Entities {
            merchant_tax_id: entity("DE 136695975", "DE 136695976"),
            items: vec![ItemEntities { code: entity("4006381333932", "4006381333931"), ..ItemEntities::default() }],
            ..Entities::default()
        };
        let found = check(&entities, &lines_of(&["x"]), &CheckSettings::on(jiff::civil::date(2026, 1, 1)));
        let read =
            |field: &Option<Found<String>>| field.as_ref().and_then(|f| Some((f.value()?.clone(), f.repaired_by?)));
        assert_eq!(read(&found.merchant_tax_id), Some(("DE 136695976".to_owned(), TAX_ID)));
        assert_eq!(read(&found.items[0].code), Some(("4006381333931".to_owned(), CODES)));
        let outcome = |code| found.checks.iter().find(|c| c.code == code).map(|c| c.outcome);
        assert_eq!(outcome(TAX_ID), Some(Outcome::Proved));
        assert_eq!(outcome(CODES), Some(Outcome::Proved));
    }

    proptest! {
        #[test]
        fn nothing_that_is_printed_is_too_odd(text in "[A-Z]{0,2}[0-9A-Za-zÄ€ ./-]{0,24}", country in "[A-Z]{2}") {
            tax_id(&text, Some(&country));
            article_number(&text);
            check_iban(&Page::new(&lines_of(&[&text])));
        }

        #[test]
        fn any_single_wrong_digit_of_an_article_number_is_noticed(digits in "[0-9]{12}", at in 0_usize..13, by in 1_u32..10) {
            let number = (0..10).map(|d| format!("{digits}{d}")).find(|n| article_number(n) == Some(true));
            let mut number: Vec<u32> = number.unwrap_or_default().chars().filter_map(|c| c.to_digit(10)).collect();
            number[at] = (number[at] + by) % 10;
            let wrong: String = number.iter().map(u32::to_string).collect();
            prop_assert_eq!(article_number(&wrong), Some(false));
        }
    }
}
