//! The country of purchase, from what is printed: tax numbers, telephone
//! numbers, post codes, legal forms and tax rates.
//!
//! Each kind of evidence has a weight; the country with the greatest sum is
//! believed when it has `MIN_WEIGHT` and stands clear of the second.

use std::collections::BTreeMap;

use jiff::civil::Date;
use slipstream_models::entities::Span;

use super::{
    country_tables::{LANGUAGE_COUNTRIES, PHONE_CODES, PHRASES, RATES, TAX_IDS, US_STATES, USES_CURRENCY},
    date::{DateOrder, order_shown},
    money::Currency,
    number::Decimal,
    page::{Evidence, Page, PageLine, Word},
};

/// Less than this is no evidence, only a hint.
const MIN_WEIGHT: u32 = 2;

/// What is already known when the country is looked for.
#[derive(Debug, Clone, Default)]
pub struct CountryHints {
    /// The currency, where its sign belongs to one currency only.
    pub currency: Option<Evidence<Currency>>,
    /// ISO 639-1 code of the language.
    pub language: Option<Evidence<&'static str>>,
    /// Printed tax rates, in per cent, and where they stand.
    pub rates: Vec<(Decimal, Span)>,
}

/// The country with the best evidence, as an ISO 3166-1 alpha-2 code, with the
/// strongest piece of it. `None` where evidence is missing or contradicts
/// itself.
pub fn country(page: &Page, hints: &CountryHints, today: Date) -> Option<Evidence<&'static str>> {
    let mut votes = Votes::default();
    for line in &page.lines {
        for (i, word) in line.words.iter().enumerate() {
            tax_number(&mut votes, &line.words[i..]);
            phone_code(&mut votes, line.words.get(..i).unwrap_or_default(), word);
            post_code(&mut votes, &line.words[i..]);
        }
    }
    us_phone(&mut votes, page);
    phrases(&mut votes, page);
    month_first_date(&mut votes, page, today);
    language_and_rates(&mut votes, hints);
    if let Some(sign) = &hints.currency {
        let mut users = countries_of(sign.value);
        if let (Some(only), None) = (users.next(), users.next()) {
            votes.add(only, 2, sign.span);
        }
    }
    votes.winner(hints.currency.as_ref().map(|e| e.value)).map(|(country, span)| page.evidence(country, span))
}

/// The countries that use `currency`; empty for one that is not in the table.
pub fn countries_of(currency: Currency) -> impl Iterator<Item = &'static str> {
    USES_CURRENCY.iter().filter(move |(_, code)| *code == currency.code()).map(|(country, _)| *country)
}

/// The currency of `country`.
pub fn currency_of(country: &str) -> Option<Currency> {
    USES_CURRENCY.iter().find(|(c, _)| *c == country).and_then(|(_, code)| Currency::from_code(code))
}

/// The order in which `country` writes all-digit dates.
pub fn date_order(country: &str) -> DateOrder {
    match country {
        "US" | "PH" => DateOrder::MonthDayYear,
        "CN" | "HU" | "JP" | "KR" | "LT" | "SE" => DateOrder::YearMonthDay,
        _ => DateOrder::DayMonthYear,
    }
}

#[derive(Debug, Default)]
struct Votes {
    /// Sum of weights, the greatest weight and where it stands.
    by_country: BTreeMap<&'static str, (u32, u32, Span)>,
}

impl Votes {
    fn add(&mut self, country: &'static str, weight: u32, span: Span) {
        let (sum, greatest, place) = self.by_country.entry(country).or_insert((0, 0, span));
        *sum += weight;
        if weight > *greatest {
            (*greatest, *place) = (weight, span);
        }
    }

    fn winner(&self, currency: Option<Currency>) -> Option<(&'static str, Span)> {
        // A printed currency rules out the countries that do not use it.
        let possible = |country: &str| currency.is_none_or(|c| countries_of(c).any(|x| x == country));
        let mut ranked: Vec<_> = self.by_country.iter().filter(|(c, _)| possible(c)).collect();
        ranked.sort_by_key(|(_, (sum, _, _))| std::cmp::Reverse(*sum));
        let second = ranked.get(1).map_or(0, |(_, (sum, _, _))| *sum);
        let (country, (sum, _, span)) = ranked.first()?;
        (*sum >= MIN_WEIGHT && *sum > second).then_some((**country, *span))
    }
}

/// A VAT number with its country's prefix and length, in one to four words.
fn tax_number(votes: &mut Votes, words: &[Word]) {
    let mut joined = String::new();
    for word in words.iter().take(4) {
        joined.extend(word.upper.chars().filter(|c| c.is_alphanumeric()));
        for &(country, pattern) in TAX_IDS {
            if matches_pattern(&joined, pattern) {
                let span = Span { end: word.span.end, ..words[0].span };
                votes.add(country, 4, span);
                return;
            }
        }
    }
}

/// `#` is a digit, `?` a letter or digit, anything else itself.
fn matches_pattern(text: &str, pattern: &str) -> bool {
    text.chars().count() == pattern.chars().count()
        && text.chars().zip(pattern.chars()).all(|(c, p)| match p {
            '#' => c.is_ascii_digit(),
            '?' => c.is_ascii_alphanumeric(),
            _ => c == p,
        })
}

/// `+36 1 …`, or `0036 1 …` behind a word for telephones: many tax and receipt numbers begin with two zeros.
fn phone_code(votes: &mut Votes, before: &[Word], word: &Word) {
    const LABELS: [&str; 9] = ["T", "TEL", "TÉL", "PHONE", "FON", "FAX", "MOB", "TLF", "PUH"];
    let is_label = |w: &Word| {
        LABELS.iter().any(|label| {
            let rest = w.upper.strip_prefix(label);
            rest.is_some_and(|rest| label.len() > 1 || !rest.starts_with(char::is_alphanumeric))
        })
    };
    let text = word.upper.trim_start_matches('(');
    let national = || text.strip_prefix("00").filter(|_| before.iter().any(is_label));
    let Some(digits) = text.strip_prefix('+').or_else(national) else { return };
    for &(country, code) in PHONE_CODES {
        if digits.starts_with(code) {
            votes.add(country, 3, word.span);
            return;
        }
    }
}

/// Post codes that have a shape of their own: US state and ZIP, Canada, United Kingdom, `D-50667`.
fn post_code(votes: &mut Votes, words: &[Word]) {
    let [first, rest @ ..] = words else { return };
    let prefixed = [
        ("D-#####", "DE"),
        ("A-####", "AT"),
        ("CH-####", "CH"),
        ("F-#####", "FR"),
        ("I-#####", "IT"),
        ("E-#####", "ES"),
    ];
    for (pattern, country) in prefixed {
        if matches_pattern(&first.upper, pattern) {
            votes.add(country, 3, first.span);
        }
    }
    let Some(second) = rest.first() else { return };
    let span = Span { end: second.span.end, ..first.span };
    let (a, b) = (first.upper.trim_end_matches(['.', ',']), second.upper.as_str());
    let state =
        US_STATES.contains(&a.get(a.len().saturating_sub(2)..).unwrap_or("")) && (a.len() == 2 || a.contains(','));
    if state && (matches_pattern(b, "#####") || matches_pattern(b, "#####-####")) {
        votes.add("US", 4, span);
    }
    let letters_at =
        |s: &str, at: &[usize]| at.iter().all(|&i| s.chars().nth(i).is_some_and(|c| c.is_ascii_uppercase()));
    if matches_pattern(a, "?#?") && matches_pattern(b, "#?#") && letters_at(a, &[0, 2]) && letters_at(b, &[1]) {
        votes.add("CA", 3, span);
    }
    let outward =
        ["?#", "?##", "??#", "??##", "?#?", "??#?"].iter().any(|p| matches_pattern(a, p)) && letters_at(a, &[0]);
    if outward && matches_pattern(b, "#??") && letters_at(b, &[1, 2]) {
        votes.add("GB", 3, span);
    }
}

/// `(555) 123-4567` and the like are written so in North America.
fn us_phone(votes: &mut Votes, page: &Page) {
    for (line, page_line) in page.lines.iter().enumerate() {
        let shape: String = page_line
            .text
            .chars()
            .map(|c| {
                if c.is_ascii_digit() {
                    '#'
                } else if c.is_ascii() {
                    c
                } else {
                    '?'
                }
            })
            .collect();
        for pattern in ["(###) ###-####", "(###)###-####", "###-###-####", "###.###.####"] {
            let Some(at) = shape.find(pattern) else { continue };
            let (before, after) = (&shape[..at], &shape[at + pattern.len()..]);
            if !before.ends_with(['#', '-']) && !after.starts_with(['#', '-']) {
                votes.add("US", 2, Span { line, start: at, end: at + pattern.len() });
                return;
            }
        }
    }
}

/// `12/31/2025`: hardly anybody else puts the month first.
fn month_first_date(votes: &mut Votes, page: &Page, today: Date) {
    let month_first = |l: &&PageLine| order_shown([l.text.as_str()], today) == Some(DateOrder::MonthDayYear);
    if let Some([first, .., last] | [first @ last]) = page.lines.iter().find(month_first).map(|l| l.words.as_slice()) {
        votes.add("US", 2, Span { end: last.span.end, ..first.span });
    }
}

/// Legal forms, names of taxes and registers, names of countries.
fn phrases(votes: &mut Votes, page: &Page) {
    for &(country, weight, phrase) in PHRASES {
        let parts: Vec<&str> = phrase.split(' ').collect();
        let bare = |w: &Word| w.upper.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
        let place = page
            .lines
            .iter()
            .flat_map(|l| l.words.windows(parts.len()))
            .find(|words| words.iter().zip(&parts).all(|(w, p)| w.upper == *p || bare(w) == *p));
        if let Some([first, .., last] | [first @ last]) = place {
            votes.add(country, weight, Span { end: last.span.end, ..first.span });
        }
    }
}

/// The language speaks for the countries where it is spoken; a rate counts once
/// the language narrows the countries down, because many share 20 %.
fn language_and_rates(votes: &mut Votes, hints: &CountryHints) {
    let Some(language) = &hints.language else { return };
    for &(_, country, weight) in LANGUAGE_COUNTRIES.iter().filter(|(l, ..)| *l == language.value) {
        if weight > 0 {
            votes.add(country, weight, language.span);
        }
        let known = RATES.iter().find(|(c, _)| *c == country).map_or(&[][..], |(_, r)| *r);
        if let Some((_, span)) =
            hints.rates.iter().find(|(rate, _)| rate.to_units(1).is_some_and(|r| known.contains(&r)))
        {
            votes.add(country, 2, *span);
        }
    }
}

/// Whether `country` taxes or lately taxed at `rate`, in per cent; nothing where its rates are not known here. No tax at all
/// is possible everywhere.
pub fn is_tax_rate(country: &str, rate: Decimal) -> Option<bool> {
    let (_, rates) = RATES.iter().find(|(known, _)| *known == country)?;
    Some(rate.is_zero() || rate.to_units(1).is_some_and(|tenths| rates.contains(&tenths)))
}

#[cfg(test)]
#[path = "country_tests.rs"]
mod tests;
