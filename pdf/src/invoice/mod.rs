//! E-invoices: what the XML of ZUGFeRD, Factur-X and XRechnung states.
//!
//! Two syntaxes say the same thing (EN 16931): UN/CEFACT CII, in its forms of
//! ZUGFeRD 1 and since, and UBL 2.1. Elements are found by their local names:
//! namespaces changed with every release, the names hardly did.

mod cii;
mod codes;
mod encoding;
mod ubl;
mod xml;

use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;

pub use codes::payment_means;
pub use xml::InvoiceError;

use xml::{Element, with_root};

/// Which syntax an e-invoice is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Syntax {
    /// UN/CEFACT Cross Industry Invoice, and what ZUGFeRD 1 made of it.
    Cii,
    /// OASIS Universal Business Language.
    Ubl,
}

/// A number with the characters that state it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// As in the XML.
    pub text: String,
    /// The number; `None` where the characters are none.
    pub value: Option<Decimal>,
}

/// A calendar day with the characters that state it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// As in the XML.
    pub text: String,
    /// Year, month and day; `None` where the characters are no date.
    pub ymd: Option<(i16, i8, i8)>,
}

/// The seller.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Seller {
    /// Name (BT-27, or the trading name BT-28 where that is missing).
    pub name: Option<String>,
    /// Lines of the address as they are written on letters (BT-35, 36, 162, 38 with 37); without the country.
    pub address: Vec<String>,
    /// ISO 3166-1 alpha-2 code of the address' country (BT-40).
    pub country: Option<String>,
    /// Telephone (BT-42).
    pub phone: Option<String>,
    /// VAT identifier (BT-31), or else the tax number (BT-32).
    pub tax_id: Option<String>,
}

/// One line of the invoice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Line {
    /// What was sold (BT-153).
    pub description: Option<String>,
    /// GTIN (BT-157), or else the seller's article number (BT-155).
    pub code: Option<String>,
    /// How many (BT-129).
    pub quantity: Option<Number>,
    /// Net price (BT-146) of `price_basis` units.
    pub price: Option<Number>,
    /// Units that the price is for (BT-149); 1 where it is not stated.
    pub price_basis: Option<Number>,
    /// Allowances of the line, less its charges (BT-136, BT-141), which its amount already has in it.
    pub reductions: Vec<Number>,
    /// Charges of the line.
    pub charges: Vec<Number>,
    /// Net amount of the line (BT-131).
    pub amount: Option<Number>,
}

/// An allowance or a charge on the whole invoice (BG-20, BG-21).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Whether it is added to the amounts; an allowance is taken off.
    pub is_charge: bool,
    /// Why (BT-97, BT-104).
    pub reason: Option<String>,
    /// How much, without a sign (BT-92, BT-99).
    pub amount: Option<Number>,
}

/// A row of the tax table (BG-23).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tax {
    /// Rate in per cent (BT-119).
    pub rate: Option<Number>,
    /// What is taxed (BT-116).
    pub net: Option<Number>,
    /// The tax (BT-117).
    pub amount: Option<Number>,
}

/// How it is to be paid, or was (BG-16).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// UNTDID 4461 code (BT-81).
    pub code: Option<String>,
    /// In words (BT-82).
    pub words: Option<String>,
}

/// An e-invoice; what it does not state is `None` or empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invoice {
    /// How it is written.
    pub syntax: Syntax,
    /// Whether it gives money back: UNTDID 1001 code 381 and its kin (BT-3), or a UBL credit note.
    pub is_credit_note: bool,
    /// Invoice number (BT-1).
    pub number: Option<String>,
    /// Date of issue (BT-2).
    pub date: Option<Day>,
    /// ISO 4217 code (BT-5).
    pub currency: Option<String>,
    /// Who sells.
    pub seller: Seller,
    /// The lines, in their order.
    pub lines: Vec<Line>,
    /// Allowances and charges on the whole.
    pub adjustments: Vec<Adjustment>,
    /// The tax table.
    pub taxes: Vec<Tax>,
    /// Total without tax (BT-109).
    pub net: Option<Number>,
    /// All taxes in the invoice's currency (BT-110).
    pub tax_total: Option<Number>,
    /// Total with tax (BT-112).
    pub total: Option<Number>,
    /// Paid before (BT-113).
    pub prepaid: Option<Number>,
    /// Left to pay (BT-115).
    pub due: Option<Number>,
    /// How it is paid.
    pub payments: Vec<Payment>,
}

/// Lines that are taken at most; an invoice with more is refused, since part of it would be no truth.
pub const MAX_LINES: usize = 5_000;

/// Reads an e-invoice.
///
/// # Errors
/// XML that is damaged or beyond the bounds, or that is no invoice.
pub fn parse(bytes: &[u8]) -> Result<Invoice, InvoiceError> {
    let text = encoding::decode(bytes)?;
    let invoice = with_root(&text, |root| {
        if root.child(&["ExchangedDocument", "HeaderExchangedDocument"]).is_some() {
            Some(cii::invoice(root))
        } else if matches!(root.name(), "Invoice" | "CreditNote") && root.child(&["ID"]).is_some() {
            Some(ubl::invoice(root))
        } else {
            None
        }
    })?;
    let invoice = invoice.ok_or(InvoiceError::NoInvoice)?;
    if invoice.lines.len() > MAX_LINES {
        return Err(InvoiceError::TooManyLines { got: invoice.lines.len() });
    }
    Ok(invoice)
}

/// The number that an element states.
fn number(element: Option<Element<'_, '_>>) -> Option<Number> {
    let text = element?.text()?;
    Some(Number { value: Decimal::parse(&text), text })
}

/// The day in `text`: `20240228` (UNTDID 2379 format 102) or `2024-02-28`, whatever follows.
fn day(text: String) -> Day {
    let digits: Vec<&str> = match text.split('T').next().unwrap_or_default().split('-').collect::<Vec<_>>().as_slice() {
        [y, m, d] => vec![y, m, d.get(..2).unwrap_or(d)],
        [all] if all.len() >= 8 && all.is_ascii() => vec![&all[..4], &all[4..6], &all[6..8]],
        _ => Vec::new(),
    };
    let number = |at: usize| digits.get(at).filter(|t| t.bytes().all(|b| b.is_ascii_digit()))?.parse::<i16>().ok();
    let part = |at: usize, most: i16| number(at).filter(|n| (1..=most).contains(n)).and_then(|n| i8::try_from(n).ok());
    let ymd = number(0).zip(part(1, 12)).zip(part(2, 31)).map(|((y, m), d)| (y, m, d));
    Day { text, ymd }
}

#[cfg(test)]
#[path = "mod_tests.rs"]
mod tests;
