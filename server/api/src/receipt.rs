//! The answer of `POST /v1/receipts`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    document::{Document, Polygon},
    duplicates::Duplicates,
    trust::{Check, Fraud, Quality},
};

/// What came of the upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The document was read.
    Extracted,
    /// The photo is too poor to be relied on; `quality` says what to do about it.
    NeedsBetterPhoto,
    /// The image shows no document; every field of `document` is null or empty.
    NotADocument,
}

/// One line of text on the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Line {
    /// The characters as read.
    pub text: String,
    /// Mean probability of its characters, 0 to 1.
    pub confidence: f32,
    /// Where it stands.
    pub polygon: Polygon,
    /// The page of the PDF, from 1; left out for images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
}

/// A page of a PDF as it was looked at; polygons are in its pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

/// The answer of `POST /v1/receipts`. The members `text`, `lines`, `quality`,
/// `fraud` and `timings_ms` are there when `include` asked for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptResponse {
    /// The request's id, the same as in the `x-request-id` header.
    pub id: String,
    /// The set of models that read this receipt, all stages of it.
    pub model_set: String,
    /// What came of the upload.
    pub status: Status,
    /// What was read.
    pub document: Document,
    /// The pages of a PDF in their order; left out for images, empty for an e-invoice without a PDF.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages: Option<Vec<Page>>,
    /// The whole text, one line of the page a line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The lines of text with their places, in reading order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<Vec<Line>>,
    /// Whether the photo can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<Quality>,
    /// Signs that the receipt is not what it claims to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraud: Option<Fraud>,
    /// Whether it was seen before; there when `duplicates` asked for it and the image shows a document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicates: Option<Duplicates>,
    /// The rules that the values were held against.
    pub checks: Vec<Check>,
    /// Milliseconds spent in each stage, by the stage's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timings_ms: Option<BTreeMap<String, f64>>,
}
