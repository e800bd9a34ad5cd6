//! What extraction finds in the lines: every value is a copy of characters that stand on the page.
//!
//! Nothing is normalised here; dates, amounts and currencies become values in
//! the server's `check` stage.

use serde::{Deserialize, Serialize};

/// A run of characters of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Index into [`crate::TextLines::lines`].
    pub line: usize,
    /// First character, counted in [`crate::TextLine::chars`].
    pub start: usize,
    /// One past the last character.
    pub end: usize,
}

/// One candidate for a field: the characters of its spans, joined by one space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The characters as printed.
    pub text: String,
    /// Where they stand; never empty.
    pub spans: Vec<Span>,
    /// Probability that this is the field's value, 0 to 1.
    pub confidence: f32,
}

/// A field's most probable reading and the runners-up, most probable first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// The most probable reading.
    pub best: Reading,
    /// Other readings with a different text, at most three.
    pub alternatives: Vec<Reading>,
}

/// The kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A till receipt.
    #[default]
    Receipt,
    /// An invoice.
    Invoice,
    /// A product or its packaging.
    Product,
    /// Something else with text on it.
    Other,
}

/// What a row of the list of purchases is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// Something bought.
    #[default]
    Item,
    /// A reduction.
    Discount,
    /// A container deposit.
    Deposit,
    /// Something given back.
    Return,
}

/// One row of the list of purchases.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ItemEntities {
    /// What the row is.
    pub kind: ItemKind,
    /// What was bought.
    pub description: Option<Entity>,
    /// How many, or how much by weight.
    pub quantity: Option<Entity>,
    /// Price of one.
    pub unit_price: Option<Entity>,
    /// Price of the row.
    pub amount: Option<Entity>,
    /// Article number or similar.
    pub code: Option<Entity>,
    /// Of discounts and deposits: the row of [`Entities::items`] that they belong to; `None` where it is the whole purchase.
    pub of: Option<usize>,
}

/// One row of the tax table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TaxEntities {
    /// The rate, as printed ("19 %").
    pub rate: Option<Entity>,
    /// The amount before tax.
    pub net: Option<Entity>,
    /// The tax.
    pub amount: Option<Entity>,
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PaymentEntities {
    /// How it was paid, as printed.
    pub method: Option<Entity>,
    /// How much.
    pub amount: Option<Entity>,
}

/// What the page as a whole looks like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Guess {
    /// A code.
    pub value: &'static str,
    /// Probability that it is right, 0 to 1.
    pub confidence: f32,
}

/// Everything extraction found on one page; `None` where the page does not show it.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Entities {
    /// The kind of document.
    pub kind: DocumentKind,
    /// Probability of the kind, 0 to 1.
    pub kind_confidence: f32,
    /// The language, ISO 639-1.
    pub language: Option<Guess>,
    /// The country, ISO 3166-1 alpha-2.
    pub country: Option<Guess>,
    /// The seller's name.
    pub merchant_name: Option<Entity>,
    /// The seller's address.
    pub merchant_address: Option<Entity>,
    /// The seller's telephone number.
    pub merchant_phone: Option<Entity>,
    /// The seller's tax number.
    pub merchant_tax_id: Option<Entity>,
    /// The day of purchase.
    pub date: Option<Entity>,
    /// The time of purchase.
    pub time: Option<Entity>,
    /// The receipt's own number.
    pub receipt_number: Option<Entity>,
    /// The sum before tax or before rounding.
    pub subtotal: Option<Entity>,
    /// All taxes together.
    pub tax_total: Option<Entity>,
    /// What was to be paid.
    pub total: Option<Entity>,
    /// The tip.
    pub tip: Option<Entity>,
    /// The list of purchases, from top to bottom.
    pub items: Vec<ItemEntities>,
    /// The tax table, from top to bottom.
    pub taxes: Vec<TaxEntities>,
    /// How it was paid, from top to bottom.
    pub payments: Vec<PaymentEntities>,
    /// Serial numbers of what was bought.
    pub serial_numbers: Vec<Entity>,
}
