//! What is known about a synthetic receipt: the manifest's record, one JSON object a receipt.

use serde::{Deserialize, Serialize};

use crate::locale::Locale;

/// A field that characters of a line belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The seller's name: the registered name where one is printed, else the shop's.
    MerchantName,
    /// The seller's address, over one or several lines.
    MerchantAddress,
    /// The seller's telephone number.
    MerchantPhone,
    /// The seller's tax number.
    MerchantTaxId,
    /// The day of purchase.
    Date,
    /// The time of purchase.
    Time,
    /// The receipt's own number.
    ReceiptNumber,
    /// The sum before tax, tip or rounding.
    Subtotal,
    /// All taxes together.
    TaxTotal,
    /// What was to be paid, after rounding and tip.
    Total,
    /// The tip.
    Tip,
    /// What was bought.
    ItemDescription,
    /// How many, or how much by weight, without the unit.
    ItemQuantity,
    /// Price of one.
    ItemUnitPrice,
    /// Price of the row.
    ItemAmount,
    /// Article number.
    ItemCode,
    /// What a reduction is for.
    DiscountDescription,
    /// The reduction, with its sign.
    DiscountAmount,
    /// What a container deposit is for.
    DepositDescription,
    /// The deposit.
    DepositAmount,
    /// What was given back.
    ReturnDescription,
    /// The money given back, with its sign.
    ReturnAmount,
    /// A rate of the tax table, without the percent sign.
    TaxRate,
    /// The amount that the tax was computed on, without the tax.
    TaxNet,
    /// The tax at one rate.
    TaxAmount,
    /// How it was paid.
    PaymentMethod,
    /// How much was handed over.
    PaymentAmount,
    /// A serial number of something bought; its group is the index into [`Truth::serial_numbers`].
    SerialNumber,
}

/// A field's place in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The field.
    pub field: Field,
    /// First character, counted in the line's text.
    pub start: usize,
    /// One past the last character.
    pub end: usize,
    /// Index into [`Truth::items`], [`Truth::taxes`] or [`Truth::payments`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<usize>,
}

/// A run of text as a detector would box it: columns that stand apart are lines of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The characters, as printed.
    pub text: String,
    /// `[left, top, right, bottom]` in pixels of the page.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
    /// The corners, clockwise from the text's top left, where the page was rendered askew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quad: Option<[[f32; 2]; 4]>,
    /// The fields in this line, from left to right, without overlap.
    pub labels: Vec<Label>,
    /// The words with their boxes, where an imported data set has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Word>,
}

/// A word of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// The characters.
    pub text: String,
    /// `[left, top, right, bottom]` in pixels of the page.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
}

/// The page's size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSize {
    /// Width.
    pub width: u32,
    /// Height.
    pub height: u32,
}

/// The receipt's single values. What the page does not show is `None`; money
/// is a decimal string with a point.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each field is documented at `Field` unless noted here")]
pub struct Fields {
    pub merchant_name: Option<String>,
    pub merchant_address: Option<String>,
    pub merchant_phone: Option<String>,
    pub merchant_tax_id: Option<String>,
    /// `YYYY-MM-DD`.
    pub date: Option<String>,
    /// `HH:MM`.
    pub time: Option<String>,
    pub receipt_number: Option<String>,
    pub subtotal: Option<String>,
    pub tax_total: Option<String>,
    pub total: Option<String>,
    pub tip: Option<String>,
    /// ISO 4217 code, printed or not; `None` where an imported receipt does not tell.
    pub currency: Option<String>,
    /// A charge for service; printed without a label.
    pub service_charge: Option<String>,
    /// The rounding to the smallest coin; printed without a label.
    pub rounding: Option<String>,
    /// Cash handed back; printed without a label.
    pub change: Option<String>,
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
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Item {
    /// What the row is.
    pub kind: ItemKind,
    /// As printed; several lines are joined by one space.
    pub description: Option<String>,
    /// Decimal string, for example `2` or `0.534`.
    pub quantity: Option<String>,
    /// Decimal string.
    pub unit_price: Option<String>,
    /// Decimal string, negative for reductions and returns.
    pub amount: Option<String>,
    /// Article number.
    pub code: Option<String>,
    /// Of a reduction or deposit: the row it belongs to, as an index into [`Truth::items`]; `None` where it is the whole purchase.
    #[serde(default)]
    pub of: Option<usize>,
}

/// One row of the tax table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tax {
    /// Percent as a decimal string, for example `19` or `5.5`.
    pub rate: Option<String>,
    /// The amount without the tax.
    pub net: Option<String>,
    /// The tax.
    pub amount: Option<String>,
}

/// One payment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Payment {
    /// As printed.
    pub method: Option<String>,
    /// Decimal string; for cash what was handed over, change included.
    pub amount: Option<String>,
}

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A receipt with fields.
    Receipt,
    /// An invoice with fields.
    Invoice,
    /// A page of unrelated lines, to learn reading from.
    Lines,
}

/// Everything that is known about one receipt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// Locale, seed and index, for example `de-DE-1-42`; `de-DE-lines-1-42` for a page of lines.
    pub id: String,
    /// What the page is, in collections of several kinds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The typeface's family, where it was chosen among several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typeface: Option<String>,
    /// ISO 639-1 code; empty where an imported receipt does not tell.
    pub language: String,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    /// ISO 4217 code.
    pub currency: Option<String>,
    /// The page's size.
    pub page: PageSize,
    /// The rendered image's file name beside the manifest's image folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The text, from top to bottom and from left to right.
    pub lines: Vec<Line>,
    /// The single values.
    pub fields: Fields,
    /// The list of purchases in the printed order.
    pub items: Vec<Item>,
    /// The tax table in the printed order.
    pub taxes: Vec<Tax>,
    /// The payments in the printed order.
    pub payments: Vec<Payment>,
    /// Serial numbers in the printed order.
    #[serde(default)]
    pub serial_numbers: Vec<String>,
    /// Bar codes and QR codes from top to bottom; absent where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub barcodes: Vec<Barcode>,
    /// The amount that contradicts the others, on receipts that are wrong on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inconsistency: Option<Inconsistency>,
    /// Where an imported receipt comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The part that an imported receipt belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
    /// SHA-256 of an imported receipt's image file, in small hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_sha256: Option<String>,
}

/// One printed amount that is not what the others add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inconsistency {
    /// The field; its value in the truth is the printed one.
    pub field: Field,
    /// Its row, where it stands in a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<usize>,
    /// What the page says, as a decimal string.
    pub printed: String,
    /// What would have been right.
    pub consistent: String,
}

/// A kind of bar code, by the names of the server's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Symbology {
    /// EAN-13.
    #[serde(rename = "ean_13")]
    Ean13,
    /// A QR code.
    #[serde(rename = "qr_code")]
    QrCode,
}

/// A code on the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Barcode {
    /// Its kind.
    pub symbology: Symbology,
    /// What a reader gets.
    pub value: String,
    /// `[left, top, right, bottom]` of its dark modules, in pixels of the page.
    #[serde(rename = "box")]
    pub bounds: [f32; 4],
    /// The corners, clockwise from its top left, where the page was rendered askew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quad: Option<[[f32; 2]; 4]>,
}

/// A data set that a receipt was imported from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The data set's name.
    pub name: String,
    /// Under which licence it is published.
    pub licence: String,
    /// What it may serve for.
    #[serde(rename = "use")]
    pub purpose: Purpose,
    /// How far its truth can be trusted.
    pub note: String,
}

/// What the receipts of a data set may serve for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Weights may be trained on them.
    Training,
    /// To measure and nothing else: no weights may be trained on them.
    ValidationOnly,
}

/// A part of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// To learn from.
    Train,
    /// To measure with.
    Validation,
}

impl Truth {
    /// The truth of a page without tables, and without fields but the currency.
    pub(crate) fn of_page(id: String, locale: &Locale, page: PageSize, lines: Vec<Line>) -> Self {
        let currency = Some(locale.currency().to_string());
        Self {
            id,
            kind: None,
            typeface: None,
            language: locale.language().to_string(),
            country: Some(locale.country().to_string()),
            currency: currency.clone(),
            page,
            image: None,
            lines,
            fields: Fields { currency, ..Fields::default() },
            items: Vec::new(),
            taxes: Vec::new(),
            payments: Vec::new(),
            serial_numbers: Vec::new(),
            barcodes: Vec::new(),
            inconsistency: None,
            source: None,
            split: None,
            image_sha256: None,
        }
    }

    /// The printed text of a field: its labelled characters from top to
    /// bottom, joined by one space. `group` selects a row of a table.
    pub fn printed(&self, field: Field, group: Option<usize>) -> Vec<String> {
        let mut found = Vec::new();
        for line in &self.lines {
            for label in line.labels.iter().filter(|l| l.field == field && l.group == group) {
                found.push(line.text.chars().skip(label.start).take(label.end - label.start).collect());
            }
        }
        found
    }
}
