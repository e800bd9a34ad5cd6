//! The receipt's fields: what was read, where it stands and how sure the reading is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::trust::Outcome;

/// Four corners `[x, y]` in pixels of the uploaded image after its EXIF
/// rotation, or of the page of a PDF as `pages` has it, clockwise from the
/// **text's** top left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(value_type = Vec<Vec<f32>>, example = json!([[12.0, 40.0], [96.0, 40.0], [96.0, 58.0], [12.0, 58.0]]))]
pub struct Polygon(pub [[f32; 2]; 4]);

/// One value of the document.
///
/// `value` is canonical: money is a decimal string with the currency's own
/// number of decimals (`"9.00"`), a date is `YYYY-MM-DD`, a time is `HH:MM` or
/// `HH:MM:SS`, a currency is an ISO 4217 code, a rate is a percentage
/// (`"19"`, `"7.7"`), a quantity is a decimal string (`"2"`, `"0.532"`).
/// Everything else is the printed text with its spacing tidied.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Field {
    /// The canonical value; null when the document shows the field but what is
    /// printed cannot be understood with certainty.
    pub value: Option<String>,
    /// The characters as printed.
    pub text: String,
    /// Probability that the value is right, 0 to 1.
    pub confidence: f32,
    /// Where it stands; null for a value of an e-invoice whose print was not found, and only there.
    pub polygon: Option<Polygon>,
    /// The page of the PDF, from 1; left out for images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// Other readings, most probable first; empty when there is no doubt.
    pub alternatives: Vec<Alternative>,
    /// Of an amount: whether the other amounts of the document bear it out; left out for everything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Outcome>,
    /// What chose this reading over a more probable one, which then stands among the alternatives: the code of a
    /// check. Left out where the most probable reading stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repaired_by: Option<String>,
}

/// A reading that was considered for a [`Field`] and not chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Alternative {
    /// The canonical value, in the form that [`Field`] describes.
    pub value: Option<String>,
    /// The characters as printed.
    pub text: String,
    /// Probability that this reading is right, 0 to 1.
    pub confidence: f32,
    /// Where it stands.
    pub polygon: Polygon,
    /// The page of the PDF, from 1; left out for images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
}

/// The kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// A till receipt.
    Receipt,
    /// An invoice.
    Invoice,
    /// An e-invoice that gives money back; its amounts have the signs of its XML.
    CreditNote,
    /// A product or its packaging.
    Product,
    /// Something else, or nothing.
    #[default]
    Other,
}

/// Where the values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Read from an image.
    #[default]
    Image,
    /// Read from the pages of a PDF.
    Pdf,
    /// Stated by the XML of an e-invoice (ZUGFeRD, Factur-X, XRechnung): `text` is as in the XML.
    EInvoice,
}

/// The seller.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Merchant {
    /// Name as printed.
    pub name: Option<Field>,
    /// Address as printed, its lines joined by one space.
    pub address: Option<Field>,
    /// Telephone number.
    pub phone: Option<Field>,
    /// Tax number.
    pub tax_id: Option<Field>,
}

/// What a row of the list of purchases is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineItemKind {
    /// Something bought.
    #[default]
    Item,
    /// A reduction; its amount is negative.
    Discount,
    /// A container deposit.
    Deposit,
    /// Something given back; its amount is negative.
    Return,
}

/// One row of the list of purchases.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct LineItem {
    /// What the row is.
    pub kind: LineItemKind,
    /// What was bought.
    pub description: Option<Field>,
    /// How many, or how much by weight.
    pub quantity: Option<Field>,
    /// Price of one.
    pub unit_price: Option<Field>,
    /// Price of the row.
    pub amount: Option<Field>,
    /// Article number or similar.
    pub code: Option<Field>,
    /// Of a discount or deposit: index of the row of `line_items` that it belongs to; absent where it is the whole purchase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<usize>,
}

/// One row of the tax table.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Tax {
    /// The rate in per cent.
    pub rate: Option<Field>,
    /// The amount before tax.
    pub net: Option<Field>,
    /// The tax.
    pub amount: Option<Field>,
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Payment {
    /// How it was paid, as printed.
    pub method: Option<Field>,
    /// How much.
    pub amount: Option<Field>,
}

/// A bar code on the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Barcode {
    /// The kind of code, in snake case (`ean_13`, `qr_code`).
    #[schema(example = "ean_13")]
    pub symbology: String,
    /// What it encodes.
    pub value: String,
    /// Where it stands.
    pub polygon: Polygon,
    /// The page of the PDF, from 1; left out for images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
}

/// Everything read from the page; a field that the page does not show is null,
/// a list of which it shows nothing is empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Document {
    /// Where the values come from.
    #[serde(default)]
    pub source: Source,
    /// The kind of document.
    pub kind: DocumentKind,
    /// ISO 3166-1 alpha-2 code of the country of purchase, where there is evidence for it.
    pub country: Option<String>,
    /// ISO 639-1 code of the main language, where there is evidence for it.
    pub language: Option<String>,
    /// The seller.
    pub merchant: Merchant,
    /// The day of purchase.
    pub date: Option<Field>,
    /// The time of purchase.
    pub time: Option<Field>,
    /// ISO 4217 code of the currency; its `text` is the printed evidence.
    pub currency: Option<Field>,
    /// The receipt's own number.
    pub receipt_number: Option<Field>,
    /// The sum before tax or before rounding.
    pub subtotal: Option<Field>,
    /// All taxes together.
    pub tax_total: Option<Field>,
    /// What was to be paid.
    pub total: Option<Field>,
    /// The tip.
    pub tip: Option<Field>,
    /// The tax table, from top to bottom.
    pub taxes: Vec<Tax>,
    /// How it was paid, from top to bottom.
    pub payments: Vec<Payment>,
    /// The list of purchases, from top to bottom.
    pub line_items: Vec<LineItem>,
    /// Serial numbers of the goods.
    pub serial_numbers: Vec<Field>,
    /// Bar codes on the page.
    pub barcodes: Vec<Barcode>,
}
