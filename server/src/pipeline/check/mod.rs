//! The check stage: `Entities` → `Findings`.
//!
//! Printed characters become values (dates, exact amounts, currency, country),
//! and the values are held against each other. Rules only: no model is called,
//! no clock is read, and every value keeps the characters it came from.

mod amounts;
pub mod arithmetic;
mod clock;
mod complete;
pub mod country;
mod country_tables;
pub mod currency;
pub mod date;
mod deposit;
pub mod found;
mod glued;
mod identifiers;
mod labelled;
mod language;
mod lettering;
mod lost;
pub mod merchants;
mod misread;
pub mod money;
mod months;
pub mod number;
pub mod page;
mod repeated;
pub mod time;
mod total;

use std::sync::Arc;

use jiff::civil::Date;
use slipstream_models::{
    TextLines,
    entities::{DocumentKind, Entities, Entity, Guess, ItemKind, Span},
};

pub use arithmetic::{CheckResult, Outcome};
pub use found::{Candidate, Found};
pub use money::{Currency, Money};
pub use number::Decimal;
pub use time::TimeOfDay;
pub use total::agreed_by_others;

use amounts::Amounts;
use country::CountryHints;
use date::{DateContext, DateOrder};
use lettering::Letters;
use merchants::Directory;
use page::{Evidence, Page};

/// What the check stage is told from outside.
#[derive(Debug, Clone)]
pub struct CheckSettings {
    /// The latest day that it can be anywhere on Earth: the date in UTC+14. A
    /// receipt dated later is from the future.
    pub today: Date,
    /// Merchants whose names and addresses are known; none corrects nothing.
    pub merchants: Arc<Directory>,
}

impl CheckSettings {
    /// On this day, without a directory.
    pub fn on(today: Date) -> Self {
        Self { today, merchants: Arc::default() }
    }
}

/// One row of the list of purchases.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ItemFindings {
    /// What the row is.
    pub kind: ItemKind,
    /// What was bought.
    pub description: Option<Found<String>>,
    /// How many, or how much by weight.
    pub quantity: Option<Found<Decimal>>,
    /// Price of one; not `Money`, because fuel is sold at tenths of a cent.
    pub unit_price: Option<Found<Decimal>>,
    /// Price of the row; below zero for discounts and returns.
    pub amount: Option<Found<Money>>,
    /// Article number or similar.
    pub code: Option<Found<String>>,
    /// Of a discount or deposit: the row of [`Findings::items`] that it belongs to; `None` where it is the whole purchase.
    pub of: Option<usize>,
}

/// One row of the tax table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TaxFindings {
    /// The rate in per cent.
    pub rate: Option<Found<Decimal>>,
    /// The amount before tax.
    pub net: Option<Found<Money>>,
    /// The tax.
    pub amount: Option<Found<Money>>,
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PaymentFindings {
    /// How it was paid, as printed.
    pub method: Option<Found<String>>,
    /// How much.
    pub amount: Option<Found<Money>>,
}

/// Every value of the page, and what the checks came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Findings {
    /// The kind of document; `None` where nothing was read.
    pub kind: Option<DocumentKind>,
    /// ISO 3166-1 alpha-2 code of the country, with what speaks for it.
    pub country: Option<Evidence<&'static str>>,
    /// ISO 639-1 code of the language, with a word of it.
    pub language: Option<Evidence<&'static str>>,
    /// The country that the page as a whole looks like, where nothing on it proves one.
    pub likely_country: Option<&'static str>,
    /// The language that the page as a whole looks like, where too few words of it are known.
    pub likely_language: Option<&'static str>,
    /// The currency, with what speaks for it.
    pub currency: Option<Evidence<Currency>>,
    /// The seller's name.
    pub merchant_name: Option<Found<String>>,
    /// The seller's address.
    pub merchant_address: Option<Found<String>>,
    /// The seller's telephone number.
    pub merchant_phone: Option<Found<String>>,
    /// The seller's tax number.
    pub merchant_tax_id: Option<Found<String>>,
    /// The day of purchase.
    pub date: Option<Found<Date>>,
    /// The time of purchase.
    pub time: Option<Found<TimeOfDay>>,
    /// The receipt's own number.
    pub receipt_number: Option<Found<String>>,
    /// The sum before tax or before rounding.
    pub subtotal: Option<Found<Money>>,
    /// All taxes together.
    pub tax_total: Option<Found<Money>>,
    /// What was to be paid.
    pub total: Option<Found<Money>>,
    /// The tip.
    pub tip: Option<Found<Money>>,
    /// What was added to reach a payable amount; not part of the document.
    pub rounding: Option<Money>,
    /// A charge for service; not part of the document.
    pub service: Option<Money>,
    /// What was given back; not part of the document.
    pub change: Option<Money>,
    /// The list of purchases, from top to bottom.
    pub items: Vec<ItemFindings>,
    /// The tax table, from top to bottom.
    pub taxes: Vec<TaxFindings>,
    /// How it was paid, from top to bottom.
    pub payments: Vec<PaymentFindings>,
    /// Serial numbers of what was bought.
    pub serial_numbers: Vec<Found<String>>,
    /// What the rules came to.
    pub checks: Vec<CheckResult>,
}

impl Findings {
    /// The country that is proved, or else the one that the page looks like.
    pub fn country_code(&self) -> Option<&'static str> {
        self.country.as_ref().map(|evidence| evidence.value).or(self.likely_country)
    }
}

/// Turns what extraction found into values and checks them against each other.
pub fn check(entities: &Entities, lines: &TextLines, settings: &CheckSettings) -> Findings {
    let page = Page::new(lines);
    let place = Place::find(&page, entities, settings.today);
    let amounts = Amounts::new(entities, place.currency.as_ref().map(|e| e.value));
    let restored = lost::restored(entities, lines, &page, &amounts);
    let entities = restored.as_ref().unwrap_or(entities);
    let dates = DateContext { today: settings.today, order: place.date_order, proved: place.order_proved };
    let language = place.language.as_ref().map(|e| e.value).or_else(|| likely(&entities.language));
    let letters = Letters { lines, language };
    let mut findings = Findings {
        kind: Some(entities.kind),
        merchant_name: words(&entities.merchant_name, letters),
        merchant_address: words(&entities.merchant_address, letters),
        merchant_phone: text(&entities.merchant_phone, lines),
        merchant_tax_id: text(&entities.merchant_tax_id, lines),
        date: entities.date.as_ref().map(|e| found_date(e, &dates)),
        time: found_time(entities, lines, &page),
        receipt_number: text(&entities.receipt_number, lines),
        subtotal: amounts.money(&entities.subtotal),
        tax_total: amounts.money(&entities.tax_total),
        total: amounts.money(&entities.total),
        tip: amounts.money(&entities.tip),
        rounding: labelled::rounding(&page, &amounts),
        service: labelled::service(&page, &amounts),
        change: labelled::change(&page, &amounts),
        items: entities.items.iter().map(|i| amounts.item(i, letters)).collect(),
        taxes: entities.taxes.iter().map(|t| amounts.tax(t)).collect(),
        payments: entities.payments.iter().map(|p| amounts.payment(p, lines)).collect(),
        serial_numbers: entities.serial_numbers.iter().map(tidied).collect(),
        likely_country: place.likely_country,
        likely_language: likely(&entities.language),
        country: place.country,
        language: place.language,
        currency: place.currency,
        checks: Vec::new(),
    };
    repeated::join_taxes(&mut findings);
    repeated::place_net(&mut findings);
    misread::add_to_all(&mut findings, lines, &amounts);
    total::prefer_after_tax(&mut findings);
    total::prefer_proved(&mut findings);
    total::prefer_agreed(&mut findings);
    arithmetic::repair::repair(&mut findings);
    arithmetic::proof::mark(&mut findings);
    total::weigh_proof(&mut findings);
    identifiers::mend(&mut findings, lines);
    merchants::correct(&mut findings, &settings.merchants);
    findings.checks = arithmetic::check_all(&findings, settings.today);
    findings.checks.extend(identifiers::check_all(&findings, &page));
    // After the checks, to which it would be a proof of itself.
    findings.tax_total = findings.tax_total.take().or_else(|| only_tax(&findings.taxes));
    findings
}

/// Where the receipt is from, and how dates are written there.
#[derive(Debug, Default)]
struct Place {
    country: Option<Evidence<&'static str>>,
    language: Option<Evidence<&'static str>>,
    likely_country: Option<&'static str>,
    currency: Option<Evidence<Currency>>,
    date_order: Option<DateOrder>,
    /// Whether the page proves that order.
    order_proved: bool,
}

/// Less sure guesses about the page as a whole are not believed.
const LIKELY: f32 = 0.9;

fn likely(guess: &Option<Guess>) -> Option<&'static str> {
    guess.filter(|guess| guess.confidence >= LIKELY).map(|guess| guess.value)
}

impl Place {
    fn find(page: &Page, entities: &Entities, today: Date) -> Self {
        let printed = currency::printed(page);
        let language = language::language(page);
        let rates = entities
            .taxes
            .iter()
            .filter_map(|t| t.rate.as_ref())
            .filter_map(|rate| Some((number::parse_rate(&rate.best.text)?, *rate.best.spans.first()?)));
        let hints = CountryHints { currency: printed.sign.clone(), language: language.clone(), rates: rates.collect() };
        let country = country::country(page, &hints, today);
        let likely_country = likely(&entities.country);
        let currency = currency::currency(page, &printed, country.as_ref());
        let proved = country
            .as_ref()
            .map(|e| country::date_order(e.value))
            .or_else(|| date::order_shown(page.lines.iter().map(|l| l.text.as_str()), today));
        let date_order = proved.or_else(|| likely_country.map(country::date_order));
        Self { country, language, likely_country, currency, date_order, order_proved: proved.is_some() }
    }
}

/// The amount of the only tax that a page shows is what it shows of taxes in total.
fn only_tax(taxes: &[TaxFindings]) -> Option<Found<Money>> {
    let [tax] = taxes else { return None };
    tax.amount.clone()
}

/// A text's value is the text with its blanks tidied.
fn text(entity: &Option<Entity>, lines: &TextLines) -> Option<Found<String>> {
    entity.as_ref().map(|e| tidied(&complete::with_brackets(e, lines)))
}

/// The value of a text that is made of words.
fn words(entity: &Option<Entity>, letters: Letters<'_>) -> Option<Found<String>> {
    text(&entity.as_ref().map(|e| lettering::lettered(e, letters)), letters.lines)
}

fn tidied(entity: &Entity) -> Found<String> {
    Found::from_entity(entity, tidy)
}

fn tidy(text: &str) -> Option<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// How far a date after today is believed: hardly any is printed, and some are misread.
const FUTURE: f32 = 0.5;

/// The time that was tagged, or one that stands where times do.
fn found_time(entities: &Entities, lines: &TextLines, page: &Page) -> Option<Found<TimeOfDay>> {
    let tagged = entities.time.as_ref().map(|e| complete::with_half_of_day(e, lines));
    let date = entities.date.as_ref().and_then(|e| e.best.spans.last());
    let entity = tagged.or_else(|| clock::beside(date, page, lines))?;
    Some(Found::from_entity(&entity, time::parse_time))
}

/// A date that can be read in two ways keeps the other way as an alternative.
fn found_date(entity: &Entity, context: &DateContext) -> Found<Date> {
    let mut found = Found::from_entity(entity, |t| date::parse_date(t, context).first().copied());
    if found.best.value.is_some_and(|day| day > context.today) {
        found.best.confidence *= FUTURE;
    }
    let other_days = date::parse_date(&found.best.text, context);
    if let [_, other, ..] = other_days.as_slice()
        && *other <= context.today
        && !found.alternatives.iter().any(|a| a.value == Some(*other))
    {
        // With the order known the other reading is far-fetched, without it nearly as likely.
        let share = match context.order {
            Some(_) if context.proved => 0.005,
            Some(_) => 0.02,
            None => 0.4,
        };
        let best = &mut found.best;
        let other = Candidate { value: Some(*other), confidence: best.confidence * share, ..best.clone() };
        best.confidence *= 1.0 - share;
        found.alternatives.push(other);
        found.alternatives.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    }
    found
}

/// Every span that a field's best reading was copied from.
pub(crate) fn spans_of<T>(field: &Option<Found<T>>) -> &[Span] {
    field.as_ref().map_or(&[], |f| &f.best.spans)
}

#[cfg(test)]
#[path = "mod_tests.rs"]
mod tests;
