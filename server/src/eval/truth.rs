//! What a receipt should say: one form for all data sets.

use std::path::PathBuf;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use slipstream_api::{Document, Field};
use slipstream_models::Quad;

use super::score::Compare;
use crate::hash::fnv1a;

/// One receipt of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its name in the data set.
    pub id: String,
    /// The photo.
    pub image: PathBuf,
    /// What it is as a whole.
    pub about: About,
    /// What it says; a field without an entry has no truth and is not counted.
    pub truth: Vec<Expected>,
    /// Its tables; none where the data set says nothing of rows.
    pub tables: Option<Tables>,
    /// Values of which it is known that they are there, but not in which row.
    pub bags: Vec<Bag>,
}

/// What is known of a page as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// What it is.
    pub kind: PageKind,
    /// ISO 639-1 code.
    pub language: Option<String>,
    /// ISO 3166-1 alpha-2 code.
    pub country: Option<String>,
    /// ISO 4217 code.
    pub currency: Option<String>,
}

/// What a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// A till receipt.
    #[default]
    Receipt,
    /// An invoice.
    Invoice,
    /// Text without fields: nothing on it is a receipt's value.
    #[serde(alias = "prose")]
    Lines,
}

/// The truth about one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The field, by the data set's own name for it.
    pub field: FieldName,
    /// Any of these is right; empty when the receipt does not show the field.
    pub values: Vec<String>,
    /// When a value that was read is the same.
    pub compare: Compare,
    /// Where it stands, in pixels of the image; empty where that is not known.
    pub places: Vec<Quad>,
}

/// The tables of a receipt, from top to bottom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tables {
    /// The list of purchases; columns: [`super::fields::rows::ITEMS`].
    pub items: Vec<TrueRow>,
    /// The taxes; columns: [`super::fields::rows::TAXES`].
    pub taxes: Vec<TrueRow>,
    /// The payments; columns: [`super::fields::rows::PAYMENTS`].
    pub payments: Vec<TrueRow>,
}

/// A row of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrueRow {
    /// What it is, where its table has several kinds of rows.
    pub kind: Option<String>,
    /// Which row it belongs to, where it is a reduction or a deposit of another one.
    pub of: Option<usize>,
    /// Its values, in the order of the table's columns.
    pub cells: Vec<Option<TrueCell>>,
}

/// A value of a table.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrueCell {
    /// The value; text as printed, its lines joined by one blank.
    pub value: String,
    /// The parts of a text that stand in different lines; empty where that is not known.
    pub pieces: Vec<String>,
    /// Where they stand, in pixels of the image; empty where that is not known.
    pub places: Vec<Quad>,
}

/// Values of one kind, in no order.
#[derive(Debug, Clone, PartialEq)]
pub struct Bag {
    /// What they are.
    pub name: BagName,
    /// The values, with their places where these are known.
    pub values: Vec<(String, Option<Quad>)>,
    /// When a value that was read is the same.
    pub compare: Compare,
}

/// What the values of a bag are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BagName {
    /// Descriptions of purchases.
    Description,
    /// Quantities of purchases.
    Quantity,
    /// Amounts of purchases.
    Amount,
    /// Serial numbers of the goods.
    SerialNumber,
}

/// A field of the document, with the name that reports use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum FieldName {
    Company,
    Address,
    Phone,
    Date,
    Time,
    ReceiptNumber,
    Subtotal,
    Tax,
    Total,
    Tip,
    TaxId,
}

impl FieldName {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Address => "address",
            Self::Phone => "phone",
            Self::Date => "date",
            Self::Time => "time",
            Self::ReceiptNumber => "receipt_number",
            Self::Subtotal => "subtotal",
            Self::Tax => "tax",
            Self::Total => "total",
            Self::Tip => "tip",
            Self::TaxId => "tax_id",
        }
    }

    /// Where the field is in what was read.
    pub fn of(self, document: &Document) -> Option<&Field> {
        match self {
            Self::Company => document.merchant.name.as_ref(),
            Self::Address => document.merchant.address.as_ref(),
            Self::Phone => document.merchant.phone.as_ref(),
            Self::Date => document.date.as_ref(),
            Self::Time => document.time.as_ref(),
            Self::ReceiptNumber => document.receipt_number.as_ref(),
            Self::Subtotal => document.subtotal.as_ref(),
            Self::Tax => document.tax_total.as_ref(),
            Self::Total => document.total.as_ref(),
            Self::Tip => document.tip.as_ref(),
            Self::TaxId => document.merchant.tax_id.as_ref(),
        }
    }
}

/// Which part of a data set is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Split {
    /// Receipts of companies that training never saw.
    #[default]
    Validation,
    /// Everything.
    All,
}

impl Split {
    /// Whether receipts of `company` belong to this part.
    pub fn holds(self, company: &str) -> bool {
        self == Self::All || is_validation(company)
    }
}

/// The split that training keeps to: a fifth of all companies, by a hash of the
/// name's letters and digits without its legal form, so that all spellings of a
/// company fall on the same side.
fn is_validation(company: &str) -> bool {
    let letters: String = company.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let stem = letters.strip_suffix("sdnbhd").or_else(|| letters.strip_suffix("bhd")).unwrap_or(&letters);
    fnv1a(stem.bytes()).is_multiple_of(5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_company_fall_on_the_same_side() {
        for company in ["Kedai Runcit Melati", "Pasaraya Cahaya", "Restoran Selera", "Hardware Centre", "Book Corner"] {
            let side = is_validation(company);
            for spelling in [
                company.to_uppercase(),
                format!("{company} SDN BHD"),
                format!("{company} Sdn. Bhd."),
                format!("{company} BHD"),
                company.replace(' ', "-"),
            ] {
                assert_eq!(is_validation(&spelling), side, "{spelling}");
            }
        }
    }

    #[test]
    fn the_importer_of_training_data_splits_alike() {
        let names = (0..300).map(|i| format!("Kedai {i}")).chain(["MR. D.I.Y. (M) SDN. BHD".to_owned(), String::new()]);
        let apart: Vec<_> =
            names.filter(|name| is_validation(name) != slipstream_training_data::import::validates(name)).collect();
        assert!(apart.is_empty(), "{apart:?}");
    }

    #[test]
    fn about_a_fifth_is_for_validation() {
        let held = (0..1000).filter(|i| is_validation(&format!("company {i}"))).count();
        assert!((150..250).contains(&held), "{held}");
        assert!((0..1000).all(|i| Split::All.holds(&format!("company {i}"))));
    }
}
