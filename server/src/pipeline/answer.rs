//! The last step of the document stage: what the stages found becomes the answer.

use std::sync::Arc;

use slipstream_api::{self as api, Document, Include, ReceiptResponse, Source, Status};
use slipstream_models::TextLines;
use slipstream_models::raster::Turn;
use slipstream_pdf::PageSize;

use super::barcodes::Code;
use super::check::Findings;
use super::document::{self, Placement};
use super::duplicates::{self, DuplicateReport};
use super::fraud::FraudReport;
use super::pdf::{Stated, stack::Sheet};
use super::quality::QualityReport;

/// What the stages found.
pub(super) struct Parts {
    pub(super) status: Status,
    pub(super) lines: Arc<TextLines>,
    pub(super) turn: Turn,
    pub(super) findings: Findings,
    pub(super) quality: QualityReport,
    pub(super) fraud: FraudReport,
    /// Whether it was seen before, where somebody asked.
    pub(super) duplicates: Option<DuplicateReport>,
    /// Bar codes and QR codes.
    pub(super) codes: Vec<Code>,
    /// The pages of a PDF; none for an image.
    pub(super) pages: Option<Sheets>,
}

/// The pages of a PDF, and what stands in it beside them.
pub(super) struct Sheets {
    pub(super) sheets: Vec<Sheet>,
    pub(super) sizes: Vec<PageSize>,
    pub(super) source: Source,
    /// What an e-invoice says that no finding holds.
    pub(super) stated: Option<Stated>,
}

impl Parts {
    /// The answer with the optional members that `include` asks for, but
    /// without timings: the stage that writes it has not ended yet.
    pub(super) fn answer(self, id: String, model_set: String, include: Include) -> ReceiptResponse {
        let place = match &self.pages {
            None => Placement::new(&self.lines, self.turn),
            Some(pages) => Placement::on_sheets(&self.lines, &pages.sheets, pages.source),
        };
        let mut document = match self.status {
            Status::NotADocument => Document { source: place.source(), ..Document::default() },
            Status::Extracted | Status::NeedsBetterPhoto => document::document(&self.findings, &place),
        };
        if let Some(stated) = self.pages.as_ref().and_then(|pages| pages.stated.as_ref()) {
            stated.complete(&mut document, &place);
        }
        // A code says itself that it was read rightly, whatever it stands on.
        document.barcodes = document::barcodes(&self.codes);
        let page = |size: &PageSize| api::Page { width: size.width.into(), height: size.height.into() };
        ReceiptResponse {
            id,
            model_set,
            status: self.status,
            document,
            pages: self.pages.as_ref().map(|pages| pages.sizes.iter().map(page).collect()),
            text: include.text.then(|| document::text(&self.lines)),
            lines: include.lines.then(|| document::lines(&place)),
            quality: include.quality.then(|| document::quality(&self.quality)),
            fraud: include.fraud.then(|| document::fraud(&self.fraud, &place)),
            duplicates: self.duplicates.as_ref().map(duplicates::answer),
            checks: document::checks(&self.findings.checks),
            timings_ms: None,
        }
    }
}
