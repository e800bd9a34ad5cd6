//! Whether a receipt was seen before, from fingerprints that hold neither image nor text.
//!
//! ```text
//! lines, pixels → page fingerprint     ┐
//!                                      ├→ index: check, remember → verdict with evidence
//! values        → purchase fingerprint ┘
//! ```
//!
//! | module | what it knows |
//! |---|---|
//! | [`page`] | what fingerprints are made of |
//! | [`key`] | the secret, and the keys of tenants |
//! | [`fingerprint`] | everything that is kept of a receipt, and its bytes |
//! | [`verdict`] | whether two fingerprints are of one receipt, and what speaks for it |
//! | [`index`] | fingerprints of all tenants in one file |
//!
//! Time is an argument: seconds since 1970. Nothing here reads a clock.

mod codec;
pub mod fingerprint;
mod fold;
mod image;
pub mod index;
pub mod key;
pub mod page;
pub mod purchase;
pub mod verdict;

pub use fingerprint::Fingerprint;
pub use index::{Index, IndexError, Remembered, Settings};
pub use key::{Secret, SecretTooShort, TenantKey};
pub use page::{Day, Line, Minute, Page, Photo, Purchase, Told};
pub use purchase::Field;
pub use verdict::{Evidence, Judgement, Outcome, Verdict};
