//! The receipt's currency and the print that shows it.
//!
//! A sign that belongs to one currency decides; one that several share (`$`,
//! `kr`, `¥`) needs the country; without a sign the country decides, and its
//! evidence is the currency's. Without any evidence there is no currency:
//! guessing one would turn an amount into a wrong amount.

use std::collections::BTreeMap;

use slipstream_models::entities::Span;

use super::{
    country::currency_of,
    money::Currency,
    page::{Evidence, Page, Word},
};

/// Upper-case signs and abbreviations that belong to one currency.
const SIGNS: &[(&str, &str)] = &[
    ("A$", "AUD"),
    ("AU$", "AUD"),
    ("C$", "CAD"),
    ("CA$", "CAD"),
    ("EURO", "EUR"),
    ("FR.", "CHF"),
    ("FT", "HUF"),
    ("HK$", "HKD"),
    ("KČ", "CZK"),
    ("LEI", "RON"),
    ("NT$", "TWD"),
    ("NZ$", "NZD"),
    ("R$", "BRL"),
    ("RM", "MYR"),
    ("RP", "IDR"),
    ("RS.", "INR"),
    ("S$", "SGD"),
    ("SFR", "CHF"),
    ("SFR.", "CHF"),
    ("TL", "TRY"),
    ("US$", "USD"),
    ("ZŁ", "PLN"),
    ("£", "GBP"),
    ("₩", "KRW"),
    ("₫", "VND"),
    ("€", "EUR"),
    ("₱", "PHP"),
    ("₴", "UAH"),
    ("₹", "INR"),
    ("₺", "TRY"),
    ("₽", "RUB"),
    ("฿", "THB"),
];

/// Signs that several currencies share, and those currencies.
const SHARED_SIGNS: &[(&str, &[&str])] = &[
    ("$", &["USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD", "ARS", "CLP", "COP"]),
    ("KR", &["SEK", "NOK", "DKK", "ISK"]),
    ("KR.", &["SEK", "NOK", "DKK", "ISK"]),
    ("¥", &["JPY", "CNY"]),
    ("R", &["ZAR", "BRL"]),
];

/// Codes that are also words or names ("SDN BHD", "RON 95"), and count only beside an amount with decimals.
const WORDLIKE_CODES: &[&str] = &["BHD", "MAD", "PEN", "QAR", "RON", "SAR", "TRY"];

/// Signs that follow their amount, and before a number are something else ("FT 4").
const FOLLOWING_SIGNS: &[&str] = &["FT", "KČ", "LEI", "TL", "ZŁ"];

/// So many numbers with two decimals are amounts, not one weight or version.
const CENTS: usize = 2;

/// What the page prints of its currency.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Printed {
    /// The currency that most signs name, with the first of them.
    pub sign: Option<Evidence<Currency>>,
    /// Signs that several currencies share, with those currencies.
    shared: Option<(Span, &'static [&'static str])>,
    /// Amounts are printed with two decimals.
    cents: bool,
}

/// Looks for currency signs and codes on the page.
pub fn printed(page: &Page) -> Printed {
    let mut votes: BTreeMap<&'static str, (usize, Span)> = BTreeMap::new();
    let mut shared = None;
    let cents = page.words().filter(|w| has_two_decimals(&w.upper)).count() >= CENTS;
    for line in &page.lines {
        for (i, word) in line.words.iter().enumerate() {
            let around = Around::new(&line.words, i);
            let (sign, span) = sign_part(word);
            let named = sign_currency(&sign, &around);
            if let Some(code) = named.filter(|code| !cents || Currency::from_code(code).is_some_and(has_cents)) {
                votes.entry(code).or_insert((0, span)).0 += 1;
            } else if around.beside_number && shared.is_none() {
                shared = SHARED_SIGNS.iter().find(|(s, _)| *s == sign).map(|(_, codes)| (span, *codes));
            }
        }
    }
    let mut ranked: Vec<_> = votes.into_iter().collect();
    ranked.sort_by_key(|(_, (n, _))| std::cmp::Reverse(*n));
    let sign = match ranked.as_slice() {
        [(_, (n, _)), (_, (second, _)), ..] if n == second => None,
        [(code, (_, span)), ..] => Currency::from_code(code).map(|c| page.evidence(c, *span)),
        [] => None,
    };
    Printed { sign, shared, cents }
}

/// The receipt's currency given its country.
pub fn currency(
    page: &Page,
    printed: &Printed,
    country: Option<&Evidence<&'static str>>,
) -> Option<Evidence<Currency>> {
    if printed.sign.is_some() {
        return printed.sign.clone();
    }
    let country = country?;
    let of_country = currency_of(country.value).filter(|c| !printed.cents || has_cents(*c))?;
    match printed.shared {
        Some((span, codes)) if codes.contains(&of_country.code()) => Some(page.evidence(of_country, span)),
        // Tills whose fonts lack the country's own sign print a dollar; other signs contradict.
        Some((_, codes)) if !codes.contains(&"USD") => None,
        _ => Some(Evidence { value: of_country, text: country.text.clone(), span: country.span }),
    }
}

/// The part of a word that may be a sign: what stands before or after its
/// digits (`RM9.00`, `9,00€`), or the whole word, without brackets and signs of an amount.
fn sign_part(word: &Word) -> (String, Span) {
    let chars: Vec<char> = word.upper.chars().collect();
    // Upper-casing can change the number of characters (`ß`); then only the whole word is looked at.
    if chars.len() != word.span.end - word.span.start {
        return (word.upper.clone(), word.span);
    }
    let is_amount = |c: &char| c.is_ascii_digit() || matches!(c, '-' | '+' | '(' | ')' | '/' | '*' | '=');
    let in_amount = |c: &char| is_amount(c) || matches!(c, '.' | ',');
    let lead = chars.iter().take_while(|c| is_amount(c)).count();
    let from_digits = if lead > 0 { chars.iter().take_while(|c| in_amount(c)).count() } else { 0 };
    let len = chars[from_digits..].iter().take_while(|c| !is_amount(c)).count();
    let span = Span { start: word.span.start + from_digits, end: word.span.start + from_digits + len, ..word.span };
    (chars[from_digits..from_digits + len].iter().collect(), span)
}

/// What stands beside a word that may be a sign.
struct Around {
    beside_number: bool,
    beside_decimals: bool,
    follows_number: bool,
    /// Nothing, or a number, comes next on the line: "TOTAL (RM)", not "RM PLAZA".
    no_word_follows: bool,
}

impl Around {
    fn new(words: &[Word], at: usize) -> Self {
        let here = words.get(at);
        let (before, after) = (at.checked_sub(1).and_then(|i| words.get(i)), words.get(at + 1));
        let number = |w: Option<&Word>| w.is_some_and(|w| w.upper.chars().any(|c| c.is_ascii_digit()));
        let decimals = |w: Option<&Word>| w.is_some_and(|w| has_two_decimals(&w.upper));
        Self {
            beside_number: number(here) || number(before) || number(after),
            beside_decimals: decimals(here) || decimals(before) || decimals(after),
            follows_number: number(before) || here.is_some_and(|w| w.upper.starts_with(|c: char| c.is_ascii_digit())),
            no_word_follows: after.is_none() || number(after),
        }
    }
}

/// Whether the currency has two decimals: on a page of cents, letters that name another are something else.
fn has_cents(currency: Currency) -> bool {
    currency.minor_digits() == 2
}

/// Whether the word's last number ends in a mark and two digits.
fn has_two_decimals(word: &str) -> bool {
    let number = word.trim_matches(|c: char| !c.is_ascii_digit());
    number.rsplit_once(['.', ',']).is_some_and(|(whole, d)| !whole.is_empty() && d.len() == 2)
}

fn sign_currency(sign: &str, around: &Around) -> Option<&'static str> {
    let bare = sign.trim_matches(|c: char| matches!(c, '(' | ')' | '[' | ']'));
    if let Some((_, code)) = SIGNS.iter().find(|(s, _)| *s == bare) {
        // "RM" and "RP" are also parts of names; the signs proper are not.
        let is_word = bare.chars().all(|c| c.is_ascii_alphabetic() || c == '.') && bare != "EURO";
        let counts = match bare {
            _ if FOLLOWING_SIGNS.contains(&bare) => around.follows_number,
            _ => !is_word || around.beside_number || around.no_word_follows,
        };
        return counts.then_some(code);
    }
    let code = Currency::from_code(sign.trim_matches(|c: char| !c.is_alphanumeric()))?.code();
    (!WORDLIKE_CODES.contains(&code) || around.beside_decimals).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::check::{country::CountryHints, country::country, page::lines_of};

    /// Lines of a page; the currency and the evidence that must be found.
    type Case = (&'static [&'static str], Option<(&'static str, &'static str)>);

    const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 22);

    fn currency_with_evidence(texts: &[&str]) -> Option<(&'static str, String)> {
        let page = Page::new(&lines_of(texts));
        let printed = printed(&page);
        let hints = CountryHints { currency: printed.sign.clone(), ..CountryHints::default() };
        let country = country(&page, &hints, TODAY);
        currency(&page, &printed, country.as_ref()).map(|e| (e.value.code(), e.text))
    }

    #[test]
    fn currencies_as_printed() {
        let cases: &[Case] = &[
            (&["TOTAL RM 9.00"], Some(("MYR", "RM"))),
            (&["TOTAL RM9.00"], Some(("MYR", "RM"))),
            (&["Summe 9,00€"], Some(("EUR", "€"))),
            (&["Summe EUR 9,00"], Some(("EUR", "EUR"))),
            (&["Summe (EUR)", "9,00"], Some(("EUR", "EUR"))),
            (&["£9.00"], Some(("GBP", "£"))),
            (&["SUMA PLN 9,00"], Some(("PLN", "PLN"))),
            (&["Celkem 90 Kč"], Some(("CZK", "Kč"))),
            (&["TOTAL CHF 9.00", "EUR 8.50", "CHF 10.00"], Some(("CHF", "CHF"))),
            (&["S$9.00"], Some(("SGD", "S$"))),
            // A shared sign needs the country.
            (&["TOTAL $9.00"], None),
            (&["TOTAL $9.00", "Springfield, IL 62701"], Some(("USD", "$"))),
            (&["TOTAL $9.00", "Toronto ON M5V 2T6"], Some(("CAD", "$"))),
            (&["TOTALT 90,00 kr", "Tel +46 8 123"], Some(("SEK", "kr"))),
            (&["TOTALT 90,00 kr", "Tel +49 30 123"], None),
            (&["TOTAL $9.00", "KEDAI CONTOH SDN BHD"], Some(("MYR", "SDN BHD"))),
            // The country's evidence is the currency's.
            (&["Summe 9,00", "USt-IdNr. DE123456789"], Some(("EUR", "DE123456789"))),
            // No evidence, no guess.
            (&["TOTAL 9.00"], None),
            (&["RM PLAZA", "TOTAL 9.00"], None),
            (&["TOTAL (RM)", "9.00"], Some(("MYR", "RM"))),
            (&["RON 95 41.50 L", "FT 4"], None),
            (&["TOTAL 9,00 RON"], Some(("RON", "RON"))),
            (&["TOTAL 1 990 Ft"], Some(("HUF", "Ft"))),
            (&["TOTAL $9.00", "12/31/2024"], Some(("USD", "$"))),
            (&["PLEASE TRY AGAIN", "TOTAL 9.00"], None),
            (&["EUR 9.00", "USD 10.00"], None),
            // Letters of a signature name no currency that the amounts cannot be in.
            (&["Brot 3,50", "Milch 1,20", "TSE-Signatur:", "JPY"], Some(("EUR", "TSE-Signatur"))),
            (&["Brot 350", "Summe 350", "JPY"], Some(("JPY", "JPY"))),
            (&["Tel +81 3 1234 5678", "TOTAL 3.50", "TAX 0.35"], None),
        ];
        let wrong: Vec<_> = cases
            .iter()
            .map(|(texts, expected)| (texts, currency_with_evidence(texts), expected))
            .filter(|(_, got, expected)| got.as_ref().map(|(c, t)| (*c, t.as_str())) != **expected)
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn every_sign_names_a_known_currency() {
        let codes = SIGNS.iter().map(|(_, c)| *c).chain(SHARED_SIGNS.iter().flat_map(|(_, c)| c.iter().copied()));
        let lost: Vec<_> = codes.filter(|c| Currency::from_code(c).is_none()).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }
}
