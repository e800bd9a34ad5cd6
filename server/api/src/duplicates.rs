//! Whether a receipt was seen before.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an earlier receipt is to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateVerdict {
    /// The same image: sent again, or cut, turned, resized, compressed.
    SameImage,
    /// The same paper, on another photo or scan.
    SameReceiptAgain,
    /// Another till slip that happens to agree: the same shop, day and amount.
    EqualPurchase,
    /// Nothing that was remembered agrees with it.
    Distinct,
}

/// Whether a receipt was seen before; there when the request asked for it with `duplicates=`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Duplicates {
    /// What the earlier receipt that agrees most is to this one.
    pub verdict: DuplicateVerdict,
    /// How much speaks for one and the same receipt, 0 to 1.
    pub score: f32,
    /// The id that this receipt was remembered under; absent when it was only looked up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The earlier receipt; absent for a distinct one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<EarlierReceipt>,
    /// What agreed and what differed; absent for a distinct one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<DuplicateEvidence>,
}

/// A receipt that was remembered before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EarlierReceipt {
    /// The `id` of `duplicates` in the answer to it.
    pub id: String,
    /// When it was remembered, as RFC 3339 writes it.
    #[schema(example = "2026-11-26T09:30:00Z")]
    pub seen: String,
}

/// What agreed and what differed. Fields are `merchant`, `date`, `time`, `total`, `receipt_number` and `items`; those that
/// one of the two does not show, or that neither was sure of, are in no list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DuplicateEvidence {
    /// Fields with the same value.
    #[schema(example = json!(["merchant", "date", "total"]))]
    pub agreed: Vec<String>,
    /// Fields whose values differ by what may have been misread.
    pub nearly_agreed: Vec<String>,
    /// Fields that both readings are sure of and that differ.
    #[schema(example = json!(["time", "receipt_number"]))]
    pub differed: Vec<String>,
    /// Share of pieces of text with digits that both show, of those that the smaller one can show, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_shared: Option<f32>,
    /// Numbers that the earlier one shows surely and this one not at all; a crop shows fewer.
    pub numbers_only_earlier: u32,
    /// Numbers that this one shows surely and the earlier one not at all.
    pub numbers_only_here: u32,
    /// Rows of text that are the same.
    pub rows_same: u32,
    /// Rows of text in the same place that read other digits.
    pub rows_different: u32,
    /// How far rows are from where they would be on one image, in heights of a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_moved: Option<f32>,
    /// Share of bits in which hashes of the pixels of equal rows differ, 0 to about 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_look_different: Option<f32>,
}

/// What came of erasing a customer's fingerprints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Erased {
    /// Receipts whose fingerprints were erased.
    pub erased: u64,
}
