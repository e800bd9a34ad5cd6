//! Tables as columns and rows: one form for purchases, taxes and payments.

use serde_json::Value;
use slipstream_api::{Document, Field, LineItemKind};

use crate::eval::score::Compare;

/// A column of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Its name in reports.
    pub name: &'static str,
    /// When a value that was read is the same.
    pub compare: Compare,
    /// What an equal value adds to the likeness of two rows; of a text its similarity does, in part.
    pub weight: f32,
    /// Whether it counts in the table's own F1.
    pub counts: bool,
}

const fn column(name: &'static str, compare: Compare, weight: f32, counts: bool) -> Column {
    Column { name, compare, weight, counts }
}

/// The list of purchases.
pub const ITEMS: [Column; 5] = [
    column("description", Compare::Text, 2.0, true),
    column("quantity", Compare::Decimal, 0.3, true),
    column("unit_price", Compare::Decimal, 0.3, true),
    column("amount", Compare::Decimal, 1.5, true),
    column("code", Compare::Text, 0.5, false),
];

/// Position in [`ITEMS`].
pub const DESCRIPTION: usize = 0;

/// Position in [`ITEMS`].
pub const AMOUNT: usize = 3;

/// The tax table.
pub const TAXES: [Column; 3] = [
    column("rate", Compare::Decimal, 1.0, true),
    column("net", Compare::Decimal, 1.0, true),
    column("amount", Compare::Decimal, 1.0, true),
];

/// The payments.
pub const PAYMENTS: [Column; 2] =
    [column("method", Compare::Text, 2.0, true), column("amount", Compare::Decimal, 1.5, true)];

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReadRow {
    /// What it is, where its table has several kinds of rows.
    pub kind: Option<&'static str>,
    /// Which row it belongs to, as the answer says.
    pub of: Option<usize>,
    /// Its values, in the order of the table's columns.
    pub cells: Vec<Option<Field>>,
}

/// The list of purchases; `json` is the document as it is sent.
pub fn items(document: &Document, json: &Value) -> Vec<ReadRow> {
    let row = |(i, item): (usize, &slipstream_api::LineItem)| ReadRow {
        kind: Some(kind(item.kind)),
        of: json["line_items"][i]["of"].as_u64().and_then(|of| usize::try_from(of).ok()),
        cells: vec![
            item.description.clone(),
            item.quantity.clone(),
            item.unit_price.clone(),
            item.amount.clone(),
            item.code.clone(),
        ],
    };
    document.line_items.iter().enumerate().map(row).collect()
}

/// The tax table.
pub fn taxes(document: &Document) -> Vec<ReadRow> {
    let cells = |tax: &slipstream_api::Tax| vec![tax.rate.clone(), tax.net.clone(), tax.amount.clone()];
    document.taxes.iter().map(|tax| ReadRow { cells: cells(tax), ..ReadRow::default() }).collect()
}

/// The payments.
pub fn payments(document: &Document) -> Vec<ReadRow> {
    let cells = |payment: &slipstream_api::Payment| vec![payment.method.clone(), payment.amount.clone()];
    document.payments.iter().map(|payment| ReadRow { cells: cells(payment), ..ReadRow::default() }).collect()
}

fn kind(kind: LineItemKind) -> &'static str {
    match kind {
        LineItemKind::Item => "item",
        LineItemKind::Discount => "discount",
        LineItemKind::Deposit => "deposit",
        LineItemKind::Return => "return",
    }
}
