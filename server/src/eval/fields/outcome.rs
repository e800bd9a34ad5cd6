//! What came of one receipt: every value that there is or that was read, compared.

use std::path::PathBuf;

use serde_json::Value;
use slipstream_api::{Document, Field, ReceiptResponse, Status};

use super::bags::BagOutcome;
use super::ceiling::{Reach, Reading};
use super::proof::{self, MarkedAmount};
use super::rows::{self, ITEMS, PAYMENTS, TAXES};
use super::tables::TableOutcome;
use crate::eval::score::Verdict;
use crate::eval::truth::{About, Expected, FieldName, Sample};

/// One receipt, compared with its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Its name in the data set.
    pub id: String,
    /// The photo.
    pub image: PathBuf,
    /// What it is as a whole.
    pub about: About,
    /// What came of the upload; none where it could not be read.
    pub status: Option<Status>,
    /// The single values, in the order of the truth.
    pub fields: Vec<FieldOutcome>,
    /// The tables, where the truth has any.
    pub tables: Option<TableOutcomes>,
    /// Values without an order.
    pub bags: Vec<BagOutcome>,
    /// What the answer concludes of the page as a whole, by its name, where the truth says it.
    pub conclusions: Vec<(&'static str, Verdict)>,
    /// The amounts that were read.
    pub amounts: Vec<MarkedAmount>,
    /// Values that were read, of whatever field or table: what a page without fields should have none of.
    pub values_read: usize,
}

/// A single value.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldOutcome {
    /// The truth.
    pub expected: Expected,
    /// What was read.
    pub read: Option<Field>,
    /// Whether that is right.
    pub verdict: Verdict,
    /// Whether the truth can be formed from what was read of the page.
    pub reach: Reach,
}

/// The tables of a receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct TableOutcomes {
    /// The list of purchases.
    pub items: TableOutcome,
    /// The taxes.
    pub taxes: TableOutcome,
    /// The payments.
    pub payments: TableOutcome,
}

impl Outcome {
    /// Compares an answer with the truth; without an answer nothing was read.
    pub fn new(sample: &Sample, answer: Option<&ReceiptResponse>) -> Self {
        let nothing = Document::default();
        let document = answer.map_or(&nothing, |answer| &answer.document);
        let json = serde_json::to_value(document).unwrap_or_default();
        let reading = Reading::new(answer.and_then(|answer| answer.lines.as_deref()).unwrap_or_default());
        let field = |expected: &Expected| field(expected, document, &reading);
        let fields: Vec<FieldOutcome> = sample.truth.iter().map(field).collect();
        let total = fields.iter().find(|f| f.expected.field == FieldName::Total);
        let total_right = total.map(|f| f.verdict.same);
        Self {
            id: sample.id.clone(),
            image: sample.image.clone(),
            about: sample.about.clone(),
            status: answer.map(|answer| answer.status),
            tables: sample.tables.as_ref().map(|truth| TableOutcomes {
                items: TableOutcome::new(&ITEMS, &truth.items, rows::items(document, &json), &reading),
                taxes: TableOutcome::new(&TAXES, &truth.taxes, rows::taxes(document), &reading),
                payments: TableOutcome::new(&PAYMENTS, &truth.payments, rows::payments(document), &reading),
            }),
            bags: sample.bags.iter().map(|bag| BagOutcome::new(bag, document, &reading)).collect(),
            conclusions: conclusions(&sample.about, sample.tables.is_some(), &json),
            amounts: proof::amounts(&json, total_right),
            values_read: values(&json),
            fields,
        }
    }
}

fn field(expected: &Expected, document: &Document, reading: &Reading) -> FieldOutcome {
    let read = expected.field.of(document).cloned();
    let values = || expected.values.iter().map(String::as_str);
    let verdict = expected.compare.judge(values(), read.as_ref());
    // What was read can be formed, also where its words are no neighbours or a
    // doubtful character was read in its second way.
    let Reach { strict, letters } = reading.forms(expected.compare, values());
    let reach = Reach { strict: strict || verdict.same, letters: letters || verdict.same_letters };
    FieldOutcome { expected: expected.clone(), read, verdict, reach }
}

/// Compares what is said of the page as a whole; the kind only where the truth is about whole documents.
fn conclusions(about: &About, whole: bool, document: &Value) -> Vec<(&'static str, Verdict)> {
    let kind = serde_json::to_value(about.kind).ok().and_then(|kind| kind.as_str().map(str::to_owned));
    let said = |name: &str| document[name].as_str().map(str::to_owned);
    let all = [
        ("kind", kind.filter(|_| whole), said("kind")),
        ("language", about.language.clone(), said("language")),
        ("country", about.country.clone(), said("country")),
        ("currency", about.currency.clone(), document["currency"]["value"].as_str().map(str::to_owned)),
    ];
    let judge = |(name, truth, read): (&'static str, Option<String>, Option<String>)| {
        let same = truth == read;
        Some((name, Verdict { expected: truth.is_some(), read: read.is_some(), same, same_letters: same }))
            .filter(|_| truth.is_some())
    };
    all.into_iter().filter_map(judge).collect()
}

/// Values in a document as it is sent: every object with a printed text, but for
/// the currency, which is concluded, and other readings of the same value.
fn values(json: &Value) -> usize {
    match json {
        Value::Object(members) if members.contains_key("alternatives") => 1,
        Value::Object(members) => {
            members.iter().filter(|(name, _)| *name != "currency").map(|(_, member)| values(member)).sum()
        }
        Value::Array(members) => members.iter().map(values).sum(),
        _ => 0,
    }
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
