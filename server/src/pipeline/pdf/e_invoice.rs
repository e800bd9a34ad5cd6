//! What an e-invoice states, as values with the places where the pages print them, and held against the pages.

use std::collections::HashSet;

use jiff::civil::Date;
use slipstream_api::{self as api, Outcome};
use slipstream_models::TextLines;
use slipstream_models::entities::{DocumentKind, ItemKind, Span};
use slipstream_pdf::invoice::{self, Adjustment, Invoice, Line, Number};

use super::super::check::{
    Candidate, CheckResult, Currency, Decimal, Findings, Found, ItemFindings, Money, PaymentFindings, TaxFindings,
    arithmetic,
};
use super::super::document::Placement;
use super::print::Print;

/// The rule that holds the XML against the pages.
const MATCHES_PAGE: &str = "e_invoice_matches_page";

/// The rule about quantities and prices, which knows nothing of allowances of a line.
const QUANTITIES: &str = "quantity_times_unit_price_is_amount";

/// What the answer says of an e-invoice beside its values.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Stated {
    /// ISO 4217 code, with its place.
    pub currency: Option<(String, Vec<Span>)>,
    /// ISO 3166-1 code of the seller's address.
    pub country: Option<String>,
    /// Whether it gives money back.
    pub is_credit_note: bool,
}

impl Stated {
    /// Adds what it says to the answer's document.
    pub(in super::super) fn complete(&self, document: &mut api::Document, place: &Placement<'_>) {
        if self.is_credit_note {
            document.kind = api::DocumentKind::CreditNote;
        }
        document.country.clone_from(&self.country);
        document.currency = self.currency.as_ref().map(|(code, spans)| api::Field {
            value: Some(code.clone()),
            text: code.clone(),
            confidence: 1.0,
            polygon: place.polygon_of(spans),
            page: place.page_of(spans),
            ..api::Field::default()
        });
    }
}

/// The values of `invoice`, placed on `lines`, and what the rules say of them;
/// `pages` is what was read from the pages.
pub(super) fn state(invoice: &Invoice, lines: &TextLines, pages: &Findings, today: Date) -> (Findings, Stated) {
    let print = Print::new(lines, today);
    let code = invoice.currency.as_deref();
    let stating = Stating { print: &print, currency: code.and_then(Currency::from_code), pages };
    let mut findings = stating.findings(invoice);
    arithmetic::proof::mark(&mut findings);
    findings.checks = arithmetic::check_all(&findings, today);
    if let Some(check) = findings.checks.iter_mut().find(|check| check.code == QUANTITIES) {
        *check = lines_add_up(&invoice.lines, stating.currency);
    }
    findings.checks.push(matches_page(&findings, invoice, pages, &print));
    let place_of_currency = |code: &str| match &pages.currency {
        Some(printed) if printed.value.code() == code => vec![printed.span],
        _ => print.texts(code).into_iter().take(1).collect(),
    };
    let stated = Stated {
        currency: code.map(|code| (code.to_owned(), place_of_currency(code))),
        country: invoice.seller.country.clone(),
        is_credit_note: invoice.is_credit_note,
    };
    (findings, stated)
}

/// The check of an e-invoice that cannot be read: the values are those of the pages.
pub(super) fn unreadable(name: &str, reason: &str) -> CheckResult {
    let detail = format!("{name} cannot be read: {reason}");
    CheckResult { code: MATCHES_PAGE, outcome: Outcome::Unproved, detail, confidence: 1.0, spans: Vec::new() }
}

/// Makes values of what is stated.
struct Stating<'a> {
    print: &'a Print<'a>,
    currency: Option<Currency>,
    pages: &'a Findings,
}

/// A stated value: certain, and where it is printed.
fn found<T>(value: Option<T>, text: &str, spans: Vec<Span>) -> Found<T> {
    Found::new(Candidate { value, text: text.to_owned(), spans, confidence: 1.0 }, Vec::new())
}

fn decimal(number: &Number) -> Option<Decimal> {
    number.value.map(exact)
}

fn exact(value: slipstream_pdf::Decimal) -> Decimal {
    Decimal::new(value.mantissa(), value.scale())
}

impl Stating<'_> {
    fn findings(&self, invoice: &Invoice) -> Findings {
        let (seller, pages) = (&invoice.seller, self.pages);
        let total = invoice.total.as_ref().or(invoice.due.as_ref());
        let mut used = HashSet::new();
        let lines = invoice.lines.iter().map(|line| self.line(line, &mut used));
        let adjustments: Vec<_> = invoice.adjustments.iter().map(|a| self.adjustment(a)).collect();
        Findings {
            kind: Some(DocumentKind::Invoice),
            language: pages.language.clone(),
            merchant_name: self.text(&seller.name, &pages.merchant_name),
            merchant_address: self.address(&seller.address),
            merchant_phone: self.text(&seller.phone, &pages.merchant_phone),
            merchant_tax_id: self.text(&seller.tax_id, &pages.merchant_tax_id),
            date: invoice.date.as_ref().map(|day| self.date(day)),
            receipt_number: self.text(&invoice.number, &pages.receipt_number),
            subtotal: self.amount(invoice.net.as_ref(), &pages.subtotal),
            tax_total: self.amount(invoice.tax_total.as_ref(), &pages.tax_total),
            total: self.amount(total, &pages.total),
            items: lines.collect::<Vec<_>>().into_iter().chain(adjustments).collect(),
            taxes: invoice.taxes.iter().map(|tax| self.tax(tax)).collect(),
            payments: self.payments(invoice),
            ..Findings::default()
        }
    }

    /// A text: where the pages' reading of the same field says the same, else where it is printed first.
    fn text(&self, text: &Option<String>, read: &Option<Found<String>>) -> Option<Found<String>> {
        let text = text.as_ref()?;
        let places = self.print.texts(text);
        let read = read.as_ref().map_or(&[][..], |found| &found.best.spans);
        let at_read = places.iter().find(|place| read.iter().any(|span| span.line == place.line));
        let spans = at_read.or(places.first()).copied().into_iter().collect();
        Some(found(Some(text.clone()), text, spans))
    }

    fn address(&self, lines: &[String]) -> Option<Found<String>> {
        let text = lines.join(" ");
        (!text.is_empty()).then(|| found(Some(text.clone()), &text, self.print.address(lines)))
    }

    fn date(&self, day: &invoice::Day) -> Found<Date> {
        let value = day.ymd.and_then(|(y, m, d)| Date::new(y, m, d).ok());
        let spans = match (value, &self.pages.date) {
            (Some(value), Some(read)) if read.value() == Some(&value) => read.best.spans.clone(),
            (Some(value), _) => self.print.dates(value).into_iter().take(1).collect(),
            (None, _) => Vec::new(),
        };
        found(value, &day.text, spans)
    }

    fn money(&self, number: &Number) -> Option<Money> {
        Money::from_decimal(decimal(number)?, self.currency)
    }

    /// An amount of the whole invoice.
    fn amount(&self, number: Option<&Number>, read: &Option<Found<Money>>) -> Option<Found<Money>> {
        let number = number?;
        let value = self.money(number);
        let same = |m: &Money| value.is_some_and(|v| v.minor == m.minor && v.minor_digits() == m.minor_digits());
        let spans = self.print.total(&self.places(number), read, same);
        Some(found(value, &number.text, spans))
    }

    fn places(&self, number: &Number) -> Vec<Span> {
        decimal(number).map(|number| self.print.numbers(number)).unwrap_or_default()
    }

    /// One of several values of a row, whose place is on the row of `anchor`.
    fn on_row(&self, number: &Number, anchor: Option<Span>) -> Vec<Span> {
        anchor.and_then(|anchor| self.print.on_row(&self.places(number), anchor)).into_iter().collect()
    }

    fn line(&self, line: &Line, used: &mut HashSet<(usize, usize)>) -> ItemFindings {
        let mut first_free = |text: &Option<String>| {
            let places = text.as_deref().map(|text| self.print.texts(text)).unwrap_or_default();
            // Two rows may have the same description; each is printed once.
            places.into_iter().find(|place| used.insert((place.line, place.start)))
        };
        let (code, description) = (first_free(&line.code), first_free(&line.description));
        let anchor = description.or(code);
        let amount = |number: &Number| found(self.money(number), &number.text, self.on_row(number, anchor));
        let number = |number: &Number| found(decimal(number), &number.text, self.on_row(number, anchor));
        let text = |text: &Option<String>, place: Option<Span>| {
            text.as_ref().map(|text| found(Some(text.clone()), text, place.into_iter().collect()))
        };
        let price = line.price.as_ref().map(|price| {
            let basis = line.price_basis.as_ref().and_then(|basis| basis.value).filter(|basis| !basis.is_zero());
            let each = match (price.value, basis) {
                (Some(price), Some(basis)) => price.divided_exactly(basis).map(exact),
                (price, _) => price.map(exact),
            };
            found(each, &price.text, self.on_row(price, anchor))
        });
        ItemFindings {
            kind: ItemKind::Item,
            description: text(&line.description, description),
            quantity: line.quantity.as_ref().map(number),
            unit_price: price,
            amount: line.amount.as_ref().map(amount),
            code: text(&line.code, code),
            of: None,
        }
    }

    /// An allowance is a discount row, and a charge one more item.
    fn adjustment(&self, adjustment: &Adjustment) -> ItemFindings {
        let Adjustment { is_charge, reason, amount } = adjustment;
        let anchor = reason.as_deref().and_then(|reason| self.print.texts(reason).first().copied());
        let sign =
            |money: Money| if *is_charge { money } else { Money { minor: money.minor.saturating_neg(), ..money } };
        let amount = amount.as_ref().map(|number| {
            let spans = match anchor {
                Some(_) => self.on_row(number, anchor),
                None => self.places(number).into_iter().take(1).collect(),
            };
            found(self.money(number).map(sign), &number.text, spans)
        });
        ItemFindings {
            kind: if *is_charge { ItemKind::Item } else { ItemKind::Discount },
            description: reason.as_ref().map(|text| found(Some(text.clone()), text, anchor.into_iter().collect())),
            amount,
            ..ItemFindings::default()
        }
    }

    fn tax(&self, tax: &invoice::Tax) -> TaxFindings {
        // The tax has more digits of its own than the base, which is often the subtotal as well.
        let nets = tax.net.as_ref().map(|net| self.places(net)).unwrap_or_default();
        let place =
            |number: &Number| self.places(number).into_iter().find_map(|at| Some((at, self.print.on_row(&nets, at)?)));
        let row = tax.amount.as_ref().and_then(place);
        let anchor = row.map(|(amount, _)| amount);
        TaxFindings {
            rate: tax.rate.as_ref().map(|rate| {
                let percent = |sign: &str| self.print.texts(&format!("{}{sign}", plain(rate)));
                let places: Vec<Span> = percent("").into_iter().chain(percent("%")).collect();
                let spans = anchor.and_then(|at| self.print.on_row(&places, at)).into_iter().collect();
                found(decimal(rate), &rate.text, spans)
            }),
            net: tax.net.as_ref().map(|net| {
                let spans = row.map(|(_, net)| net).or(nets.last().copied()).into_iter().collect();
                found(self.money(net), &net.text, spans)
            }),
            amount: tax.amount.as_ref().map(|amount| {
                let spans = anchor.or(self.places(amount).last().copied()).into_iter().collect();
                found(self.money(amount), &amount.text, spans)
            }),
        }
    }

    /// How it is paid. How much was paid is only told where all of it was: an
    /// invoice that asks for a transfer has not got it yet.
    fn payments(&self, invoice: &Invoice) -> Vec<PaymentFindings> {
        let prepaid = invoice.prepaid.as_ref().filter(|paid| {
            let paid = decimal(paid);
            paid.is_some_and(|paid| !paid.is_zero()) && paid == invoice.total.as_ref().and_then(decimal)
        });
        let mut paid = prepaid.map(|number| {
            found(
                self.money(number),
                &number.text,
                self.print.total(&self.places(number), &None::<Found<Money>>, |_| false),
            )
        });
        let mut payments: Vec<PaymentFindings> = invoice
            .payments
            .iter()
            .filter_map(|payment| {
                let name = payment
                    .words
                    .clone()
                    .or_else(|| payment.code.as_deref().and_then(invoice::payment_means).map(str::to_owned));
                let text = payment.words.as_ref().or(payment.code.as_ref())?;
                let spans =
                    self.print.texts(text.as_str()).into_iter().take(usize::from(payment.words.is_some())).collect();
                Some(PaymentFindings { method: Some(found(name, text, spans)), amount: paid.take() })
            })
            .collect();
        if paid.is_some() {
            payments.push(PaymentFindings { method: None, amount: paid });
        }
        payments
    }
}

/// A rate without the zeros that XML writes and invoices do not.
fn plain(number: &Number) -> String {
    number.value.map_or_else(|| number.text.clone(), |value| value.to_string())
}

/// Whether each line's amount is its quantity times its price, less its allowances (EN 16931, BR-LIN and PEPPOL R120).
fn lines_add_up(lines: &[Line], currency: Option<Currency>) -> CheckResult {
    let ends = |outcome, detail| CheckResult { code: QUANTITIES, outcome, detail, confidence: 1.0, spans: Vec::new() };
    let (mut agree, mut differ) = (0, Vec::new());
    for line in lines {
        let Some((product, stated)) = product_and_amount(line, currency) else { continue };
        let apart = product.abs_diff(stated);
        if apart <= 1 {
            agree += 1;
        } else if apart > rounding(line).saturating_add(1) {
            let text = |number: &Option<Number>| number.as_ref().map(|n| n.text.clone()).unwrap_or_default();
            let (quantity, price, amount) = (text(&line.quantity), text(&line.price), text(&line.amount));
            differ.push(format!("{quantity} × {price} is not {amount}"));
        }
    }
    match (agree, differ.is_empty()) {
        (0, true) => ends(Outcome::Unproved, "no line states quantity, price and amount".to_owned()),
        (n, true) => ends(Outcome::Proved, format!("{n} lines")),
        _ => ends(Outcome::Contradicted, differ.join(", ")),
    }
}

/// By how many minor units an amount may be off because its price was rounded, to two decimals or more, before it was
/// stated: half a unit of the price's last digit for each of the quantity. That proves nothing, and contradicts nothing.
fn rounding(line: &Line) -> u64 {
    let (Some(quantity), Some(price)) = (&line.quantity, &line.price) else { return 0 };
    let (Some(quantity), Some(price)) = (quantity.value, price.value) else { return 0 };
    let finer = u32::from(price.scale().saturating_sub(2)) + u32::from(quantity.scale());
    10_u64.checked_pow(finer).map_or(0, |unit| quantity.mantissa().unsigned_abs().div_ceil(unit) / 2)
}

/// What a line's amount should be and what it is, in minor units; `None` where something is missing or does not fit.
fn product_and_amount(line: &Line, currency: Option<Currency>) -> Option<(i64, i64)> {
    let amount = Money::from_decimal(decimal(line.amount.as_ref()?)?, currency)?;
    let value = |number: &Number| number.value;
    let (quantity, price) = (value(line.quantity.as_ref()?)?, value(line.price.as_ref()?)?);
    let basis = match &line.price_basis {
        Some(basis) => value(basis).filter(|basis| !basis.is_zero())?,
        None => slipstream_pdf::Decimal::parse("1")?,
    };
    // quantity · price / basis, in minor units: integers, rounded once.
    let power = |exponent: u8| 10_i128.checked_pow(u32::from(exponent));
    let digits = power(amount.minor_digits())?;
    let above = i128::from(quantity.mantissa()) * i128::from(price.mantissa());
    let above = above.checked_mul(digits)?.checked_mul(power(basis.scale())?)?;
    let below =
        i128::from(basis.mantissa()).checked_mul(power(quantity.scale())?)?.checked_mul(power(price.scale())?)?;
    let (above, below) = if below < 0 { (-above, -below) } else { (above, below) };
    let rounded = (above.abs() + below / 2) / below * above.signum();
    let mut product = i64::try_from(rounded).ok()?;
    let minor = |number: &Number| Some(Money::from_decimal(decimal(number)?, currency)?.minor);
    for reduction in &line.reductions {
        product = product.checked_sub(minor(reduction)?)?;
    }
    for charge in &line.charges {
        product = product.checked_add(minor(charge)?)?;
    }
    Some((product, amount.minor))
}

/// Holds the stated total against the pages.
///
/// Proved where the pages were read to have that total, or to ask for what the
/// invoice says is due while the total is printed as well. Contradicted where
/// the pages have another total, and the stated one is not printed anywhere.
fn matches_page(stated: &Findings, invoice: &Invoice, pages: &Findings, print: &Print<'_>) -> CheckResult {
    let ends = |outcome, detail: String, confidence: f32, spans: &[Span]| CheckResult {
        code: MATCHES_PAGE,
        outcome,
        detail,
        confidence,
        spans: spans.to_vec(),
    };
    let Some(total) = stated.total.as_ref().and_then(|t| t.value().copied()) else {
        return ends(Outcome::Unproved, "the e-invoice states no total".to_owned(), 1.0, &[]);
    };
    let Some((read, money)) = pages.total.as_ref().and_then(|read| Some((read, *read.value()?))) else {
        return ends(
            Outcome::Unproved,
            format!("no total was read on the pages, the e-invoice states {total}"),
            1.0,
            &[],
        );
    };
    let is = |number: Option<&Number>| {
        let number = number.and_then(decimal).and_then(|d| Money::from_decimal(d, total.currency));
        number.is_some_and(|n| n.minor.unsigned_abs() == money.minor.unsigned_abs())
    };
    let number = invoice.total.as_ref().or(invoice.due.as_ref());
    let printed = number.and_then(decimal).is_some_and(|number| !print.numbers(number).is_empty());
    let (confidence, spans) = (read.best.confidence, read.best.spans.as_slice());
    if is(number) {
        ends(Outcome::Proved, format!("the pages and the e-invoice have total {total}"), confidence, spans)
    } else if printed && is(invoice.due.as_ref()) {
        let detail = format!("the pages ask for {money}, which is due of total {total}, printed as well");
        ends(Outcome::Proved, detail, confidence, spans)
    } else if printed {
        let detail = format!("the pages seem to have total {money}, and print the e-invoice's total {total}, too");
        ends(Outcome::Unproved, detail, confidence, spans)
    } else {
        let detail = format!("the pages have total {money}, the e-invoice states {total}");
        ends(Outcome::Contradicted, detail, confidence, spans)
    }
}

#[cfg(test)]
#[path = "e_invoice_tests.rs"]
mod tests;
