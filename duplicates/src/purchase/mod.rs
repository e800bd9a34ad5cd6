//! The fingerprint of a purchase: keyed hashes of its fields, and of combinations of them.
//!
//! A field that is misread has another hash. So combinations of three fields are what is looked up: whichever two of
//! merchant, date, time, total and receipt number were misread, one combination is left without them. How far apart two
//! readings of a field are shows in their [`neighbours`]: hashes of the value with a character left out, which two
//! values share when one character differs.

mod neighbours;

use crate::fold::folded;
use crate::image::{numerals, shingles::HASH_BITS};
use crate::key::{Role, TenantKey};
use crate::page::{Purchase, Told};
pub(crate) use neighbours::MAX_NEIGHBOURS;

/// What identifies a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Field {
    /// Name of the shop.
    Merchant,
    /// Day.
    Date,
    /// Minute of the day.
    Time,
    /// What was paid.
    Total,
    /// Number of the receipt.
    ReceiptNumber,
    /// Amounts of the items.
    Items,
}

impl Field {
    /// All of them, in the order in which they are kept.
    pub const ALL: [Self; 6] = [Self::Merchant, Self::Date, Self::Time, Self::Total, Self::ReceiptNumber, Self::Items];

    /// Its stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Merchant => "merchant",
            Self::Date => "date",
            Self::Time => "time",
            Self::Total => "total",
            Self::ReceiptNumber => "receipt_number",
            Self::Items => "items",
        }
    }
}

use Field::{Date, Items, Merchant, ReceiptNumber, Time, Total};

/// What is looked up. All ten triples of the first five fields, so that any two may be wrong; and with the items those
/// that help where a till prints neither time nor number.
const COMBINATIONS: [[Field; 3]; 12] = [
    [Merchant, Date, Time],
    [Merchant, Date, Total],
    [Merchant, Date, ReceiptNumber],
    [Merchant, Time, Total],
    [Merchant, Time, ReceiptNumber],
    [Merchant, Total, ReceiptNumber],
    [Date, Time, Total],
    [Date, Time, ReceiptNumber],
    [Date, Total, ReceiptNumber],
    [Time, Total, ReceiptNumber],
    [Merchant, Date, Items],
    [Date, Total, Items],
];

/// Most combinations of a purchase.
pub(crate) const MAX_COMBINATIONS: usize = COMBINATIONS.len();

/// Items without an amount between them say nothing.
const MIN_ITEMS: usize = 2;

/// What is kept of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldPrint {
    /// Keyed hash of the value.
    pub(crate) value: u32,
    /// Probability of the value, in 255ths.
    pub(crate) confidence: u8,
    /// The hash that the printed value has among the numerals of a page, if it has one.
    pub(crate) numeral: Option<u32>,
    /// Keyed hashes of what is near the value, ascending.
    pub(crate) near: Vec<u16>,
}

/// What is kept of a purchase.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PurchasePrint {
    /// By [`Field::ALL`].
    pub(crate) fields: [Option<FieldPrint>; 6],
    /// Hashes of combinations, none twice.
    pub(crate) combinations: Vec<u64>,
}

impl PurchasePrint {
    pub(crate) fn new(purchase: &Purchase, key: &TenantKey) -> Self {
        let Purchase { merchant, date, time, total, receipt_number, items } = purchase;
        let values = [
            merchant.as_ref().and_then(Value::name),
            date.as_ref().map(|told| {
                let day = told.value;
                Value::digits(format!("{:04}{:02}{:02}", day.year, day.month, day.day), told)
            }),
            time.as_ref().map(|told| Value::digits(format!("{:02}{:02}", told.value.hour, told.value.minute), told)),
            total.as_ref().map(|told| Value::digits(told.value.to_string(), told)),
            receipt_number.as_ref().and_then(Value::number),
            Value::items(items),
        ];
        let combination = |fields: &[Field; 3]| {
            let texts: Option<Vec<&[u8]>> =
                fields.iter().map(|f| Some(values.get(*f as usize)?.as_ref()?.text.as_bytes())).collect();
            let which = fields.map(|field| field as u8);
            let mut parts: Vec<&[u8]> = texts?;
            parts.push(&which);
            Some(key.hash(Role::Combination, &parts) >> (64 - HASH_BITS))
        };
        let mut combinations: Vec<u64> = COMBINATIONS.iter().filter_map(combination).collect();
        combinations.sort_unstable();
        combinations.dedup();
        let prints = Field::ALL.map(|field| Some(values.get(field as usize)?.as_ref()?.print(field, key)));
        Self { fields: prints, combinations }
    }

    /// What is kept of `field`.
    pub(crate) fn field(&self, field: Field) -> Option<&FieldPrint> {
        self.fields.get(field as usize)?.as_ref()
    }
}

/// A field's value as it is hashed.
struct Value {
    text: String,
    /// What is near it.
    near: Vec<String>,
    confidence: f32,
    printed: String,
}

impl Value {
    /// A shop's name; nothing when no word of it is left.
    fn name(told: &Told<String>) -> Option<Self> {
        let near = neighbours::words(&told.value);
        let text = near.concat();
        (!text.is_empty()).then(|| Self { text, near, confidence: told.confidence, printed: String::new() })
    }

    /// A number that may hold letters; nothing when neither is left.
    fn number(told: &Told<String>) -> Option<Self> {
        let text = folded(&told.value);
        (!text.is_empty()).then(|| Self::digits(text, told))
    }

    fn digits<T>(text: String, told: &Told<T>) -> Self {
        let near = neighbours::deletions(&text);
        Self { text, near, confidence: told.confidence, printed: told.printed.clone() }
    }

    /// The amounts in ascending order, whatever order they were read in.
    fn items(items: &[i64]) -> Option<Self> {
        let mut amounts = items.to_vec();
        amounts.sort_unstable();
        let near: Vec<String> = amounts.iter().map(i64::to_string).collect();
        // How sure they are was not told; a list of many is rarely right to the last amount.
        let value = Self { text: near.join(" "), near, confidence: 0.5, printed: String::new() };
        (items.len() >= MIN_ITEMS).then_some(value)
    }

    fn print(&self, field: Field, key: &TenantKey) -> FieldPrint {
        let name = field.name().as_bytes();
        let near = |text: &String| (key.hash(Role::Neighbour, &[name, text.as_bytes()]) >> 48) as u16;
        let mut near: Vec<u16> = self.near.iter().map(near).collect();
        near.sort_unstable();
        near.dedup();
        near.truncate(MAX_NEIGHBOURS);
        FieldPrint {
            value: (key.hash(Role::Field, &[name, self.text.as_bytes()]) >> 32) as u32,
            confidence: (self.confidence.clamp(0.0, 1.0) * 255.0) as u8,
            numeral: numerals::of_value(&self.printed, key),
            near,
        }
    }
}
