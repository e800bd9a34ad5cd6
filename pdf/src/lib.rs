//! PDFs as pages of pixels and text, and the e-invoices in them.
//!
//! | step | module |
//! |---|---|
//! | bytes to pages, within limits | [`document`] |
//! | the e-invoice among the embedded files | `embedded`, [`invoice`] |
//! | a page to pixels | [`render`] |
//! | a page to lines of text with their places | [`text`] |
//! | all of it in a process of its own | [`worker`], [`confine`], [`frames`] |
//!
//! A PDF is a program, and its compressed streams unfold to whatever its writer
//! liked: no bound inside the renderer holds memory or time. So whoever takes
//! PDFs from strangers starts [`worker::run`] in a child process, which first
//! limits itself ([`confine::confine`]), and ends it when time is up.

pub mod confine;
pub mod decimal;
pub mod document;
mod embedded;
pub mod frames;
pub mod invoice;
pub mod render;
pub mod text;
pub mod worker;

pub use decimal::Decimal;
pub use document::{Document, Limits, OpenError, PageSize};
pub use invoice::{Invoice, InvoiceError};
