//! Wire types and error codes of the Slipstream HTTP contract, version 1.
//!
//! Everything a client can receive is a type of this crate, and nothing else
//! lives here: no I/O, no models, no HTTP framework. Values of the document are
//! strings in a canonical form (see [`Field`]), so that no client has to guess
//! what a floating-point amount was meant to be.
//!
//! | module | what a client sees |
//! |---|---|
//! | [`receipt`] | the answer of `POST /v1/receipts` |
//! | [`document`] | the receipt's fields |
//! | [`trust`] | photo quality, fraud signals, arithmetic checks |
//! | [`duplicates`] | whether a receipt was seen before |
//! | [`problem`] | error answers (RFC 9457) |
//! | [`include`](mod@include) | the `include=` query parameter |
//! | [`operations`] | models and health |

pub mod document;
pub mod duplicates;
pub mod include;
pub mod operations;
pub mod problem;
pub mod receipt;
pub mod trust;

pub use document::{
    Alternative, Barcode, Document, DocumentKind, Field, LineItem, LineItemKind, Merchant, Payment, Polygon, Source,
    Tax,
};
pub use duplicates::{DuplicateEvidence, DuplicateVerdict, Duplicates, EarlierReceipt, Erased};
pub use include::{Include, ParseIncludeError};
pub use operations::{Health, HealthState, ModelInfo, ModelSetInfo, ModelsResponse};
pub use problem::{ErrorCode, PROBLEM_MEDIA_TYPE, Problem};
pub use receipt::{Line, Page, ReceiptResponse, Status};
pub use trust::{Check, Fraud, Outcome, PixelCheck, Quality, QualityIssue, Signal};
