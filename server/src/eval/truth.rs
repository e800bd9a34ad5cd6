//! What a receipt should say: one form for all data sets.

use std::path::PathBuf;

use clap::ValueEnum;
use slipstream_api::{Document, Field};

use super::score::Compare;
use crate::hash::fnv1a;

/// One receipt of a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its name in the data set.
    pub id: String,
    /// The photo.
    pub image: PathBuf,
    /// What it says; a field without an entry has no truth and is not counted.
    pub truth: Vec<Expected>,
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
    fn about_a_fifth_is_for_validation() {
        let held = (0..1000).filter(|i| is_validation(&format!("company {i}"))).count();
        assert!((150..250).contains(&held), "{held}");
        assert!((0..1000).all(|i| Split::All.holds(&format!("company {i}"))));
    }
}
