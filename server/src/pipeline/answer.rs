//! The last step of the document stage: what the stages found becomes the answer.

use std::sync::Arc;

use slipstream_api::{Document, Include, ReceiptResponse, Status};
use slipstream_models::TextLines;
use slipstream_models::raster::Turn;

use super::check::Findings;
use super::document::{self, Placement};
use super::fraud::FraudReport;
use super::quality::QualityReport;

/// What the stages found.
pub(super) struct Parts {
    pub(super) status: Status,
    pub(super) lines: Arc<TextLines>,
    pub(super) turn: Turn,
    pub(super) findings: Findings,
    pub(super) quality: QualityReport,
    pub(super) fraud: FraudReport,
}

impl Parts {
    /// The answer with the optional members that `include` asks for, but
    /// without timings: the stage that writes it has not ended yet.
    pub(super) fn answer(self, id: String, model_set: String, include: Include) -> ReceiptResponse {
        let place = Placement::new(&self.lines, self.turn);
        ReceiptResponse {
            id,
            model_set,
            status: self.status,
            document: match self.status {
                Status::NotADocument => Document::default(),
                Status::Extracted | Status::NeedsBetterPhoto => document::document(&self.findings, &place),
            },
            text: include.text.then(|| document::text(&self.lines)),
            lines: include.lines.then(|| document::lines(&place)),
            quality: include.quality.then(|| document::quality(&self.quality)),
            fraud: include.fraud.then(|| document::fraud(&self.fraud, &place)),
            checks: document::checks(&self.findings.checks),
            timings_ms: None,
        }
    }
}
