//! The path of a PDF: a worker renders its pages, each is read like a photo, and all together are one document.
//!
//! ```text
//! open ─→ for each page: render → quality → detect → crop → recognise (→ orient) ─→ stack
//!   └─ e-invoice ────────────────────────────────→ extract → check ─→ fraud → duplicates → document
//! ```
//!
//! Bytes are opened and rendered in a process of their own (`worker`); one
//! page is in memory at a time. Where the PDF states its text, that stands for
//! what was read wherever the pixels bear it out (`layer`). An e-invoice in
//! the PDF is the truth about its values; what the pages show is held against it.

mod e_invoice;
mod error;
mod layer;
mod print;
pub mod stack;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use slipstream_api::{Include, PixelCheck, Source, Status};
use slipstream_models::crop::cut;
use slipstream_models::raster::Turn;
use slipstream_models::{LineCrops, Raster};
use slipstream_pdf::document::EmbeddedInvoice;
use slipstream_pdf::frames::{Kind, Opened};
use slipstream_pdf::text::Line;

pub use error::DocumentError;
pub use worker::{COMMAND, PdfSettings};

use super::answer::Parts;
use super::barcodes::Code;
use super::decode::{Format, Metadata};
use super::duplicates::Seen;
use super::fraud::pixels::left_for;
use super::quality::{Issue, QualityReport};
use super::{Checkpoint, Job, Pipeline, Read, ReadError, Reading, Stage, StageTimes, Suspect, Upload};
use super::{detect, extract, latest_day, recognise};
use stack::Stack;
use worker::{RenderedPage, Worker};

pub(super) use e_invoice::Stated;

/// What kind of document an upload is, if it is one of those that go this way.
pub(super) fn kind(bytes: &[u8]) -> Option<Kind> {
    match super::decode::format_of(bytes)? {
        Format::Pdf => Some(Kind::Pdf),
        Format::Xml => Some(Kind::Xml),
        Format::Jpeg | Format::Png | Format::WebP => None,
    }
}

/// What the pages of a document show.
struct Pages {
    stack: Stack,
    quality: QualityReport,
    codes: Vec<Code>,
}

impl Pipeline {
    /// Reads a PDF or an e-invoice in XML.
    pub(super) async fn read_document(
        &self,
        kind: Kind,
        upload: Upload,
        job: &Job,
        include: Include,
        (times, waited): (StageTimes, Duration),
    ) -> Result<Reading, ReadError> {
        let (worker, opened) = times.run(Stage::Decode, self.open(kind, upload.bytes, job)).await?;
        let pixels = opened.pages.iter().map(|page| u64::from(page.width) * u64::from(page.height)).sum();
        job.progress(Checkpoint::Decoded, pixels).await?;
        let Pages { stack, quality, codes } = self.read_pages(worker, &opened, &times, job).await?;
        let (lines, sheets) = (Arc::new(stack.lines), stack.sheets);
        job.progress(Checkpoint::Read, extract::characters(&lines)).await?;
        let (shows_document, mut findings) = self.understand(&times, &lines, &quality, job).await?;
        let mut stated = None;
        match opened.invoice {
            Some(EmbeddedInvoice { invoice: Ok(invoice), .. }) => {
                let lines = Arc::clone(&lines);
                let state = move || e_invoice::state(&invoice, &lines, &findings, latest_day());
                let (found, about) = times.run(Stage::Check, job.compute(&self.compute, Stage::Check, state)).await;
                (findings, stated) = (found, Some(about));
            }
            Some(EmbeddedInvoice { name, invoice: Err(reason) }) => {
                findings.checks.push(e_invoice::unreadable(&name, &reason));
            }
            None => {}
        }
        let (status, source) = match stated {
            Some(_) => (Status::Extracted, Source::EInvoice),
            None => (shows_document, Source::Pdf),
        };
        let first = opened.pages.first().map_or((0, 0), |page| (u32::from(page.width), u32::from(page.height)));
        let mut metadata = Metadata::new(if kind == Kind::Pdf { Format::Pdf } else { Format::Xml }, first);
        opened.software.iter().for_each(|name| metadata.provenance.add_software(name));
        let pixels = left_for(include, PixelCheck::Rendered);
        let suspect = Suspect { metadata, pixels, upload: None, page: None };
        let (findings, fraud) = times.run(Stage::Fraud, self.fraud(job, suspect, findings)).await;
        let seen = || Seen::new(&lines, &findings, None);
        let duplicates = self.duplicates(&times, job, status, seen).await?;
        let pages = super::answer::Sheets { sheets, sizes: opened.pages, source, stated };
        let parts =
            Parts { status, lines, turn: Turn::None, findings, quality, fraud, duplicates, codes, pages: Some(pages) };
        Ok(self.document(parts, job, include, (times, waited)).await)
    }

    /// Starts a worker on an upload; it computes in the place of one of this process's threads.
    async fn open(&self, kind: Kind, bytes: Bytes, job: &Job) -> Result<(Worker, Opened), DocumentError> {
        let max = self.settings.decode.max_bytes;
        if bytes.len() > max {
            return Err(DocumentError::TooManyBytes { got: bytes.len(), max });
        }
        job.outside(&self.compute, Stage::Decode, Worker::open(&self.settings.pdf, kind, &bytes)).await
    }

    /// Renders and reads one page after the other; the worker ends with the last.
    async fn read_pages(
        &self,
        mut worker: Worker,
        opened: &Opened,
        times: &StageTimes,
        job: &Job,
    ) -> Result<Pages, ReadError> {
        let mut stack = Stack::default();
        let (mut quality, mut codes) = (Vec::new(), Vec::new());
        for page in 0..opened.pages.len() {
            let render = job.outside(&self.compute, Stage::Decode, worker.page(opened, page));
            let RenderedPage { raster, lines } = times.run(Stage::Decode, render).await?;
            let raster = Arc::new(raster);
            quality.push(times.run(Stage::Quality, self.quality(job, Arc::clone(&raster))).await);
            let found = times.run(Stage::Barcodes, self.barcodes(job, Arc::clone(&raster))).await;
            codes.extend(found.into_iter().map(|code| Code { page: u32::try_from(page + 1).ok(), ..code }));
            let Read { lines, turn, .. } = if layer::is_layer(&lines) {
                self.read_layer(times, raster, lines, job).await?
            } else {
                self.read_page(times, raster, job).await?
            };
            stack.push(Arc::unwrap_or_clone(lines), turn);
        }
        Ok(Pages { stack, quality: all(&quality), codes })
    }

    /// From pixels and stated text to lines.
    async fn read_layer(
        &self,
        times: &StageTimes,
        raster: Arc<Raster>,
        layer: Vec<Line>,
        job: &Job,
    ) -> Result<Read, ReadError> {
        let (size, pixels) = ((raster.width(), raster.height()), Arc::clone(&raster));
        let regions = times.run(Stage::Detect, detect::detect(job, Arc::clone(&raster))).await?;
        let quads = layer::quads(&layer, &regions);
        let crops = job.compute(&self.compute, Stage::Crop, move || cut(&raster, &quads));
        let crops = times.run(Stage::Crop, crops).await;
        // A line without area has nothing to be read, so it leaves the layer with its crop.
        let has_area = |at: usize| crops.get(at).is_some_and(Option::is_some);
        let layer: Vec<Line> = layer.into_iter().enumerate().filter(|(at, _)| has_area(*at)).map(|(_, l)| l).collect();
        let crops = LineCrops { crops: crops.into_iter().flatten().collect() };
        let mut read = times.run(Stage::Recognise, recognise::recognise(job, crops)).await?;
        layer::vouch(&layer, &mut read.lines);
        let mut settled = times.run(Stage::Recognise, recognise::settle(job, read)).await?;
        // The second reader may bear out what the first one misread.
        layer::vouch(&layer, &mut settled.lines);
        Ok(Read { lines: Arc::new(recognise::text(settled.lines, size)), turn: Turn::None, raster: pixels })
    }
}

/// The report of all pages: each issue as bad as on the worst page; pages with nothing on them count only where all are so.
fn all(pages: &[QualityReport]) -> QualityReport {
    let with_content: Vec<&QualityReport> = pages.iter().filter(|page| !page.is_blank()).collect();
    if with_content.is_empty() {
        return pages.first().cloned().unwrap_or(QualityReport { usable: true, issues: Vec::new() });
    }
    let mut issues: Vec<Issue> = Vec::new();
    for issue in with_content.iter().flat_map(|page| &page.issues) {
        match issues.iter_mut().find(|known| known.kind == issue.kind) {
            Some(known) => known.severity = known.severity.max(issue.severity),
            // Which page a place is on could not be told.
            None => issues.push(Issue { place: None, ..*issue }),
        }
    }
    issues.sort_by(|a, b| b.severity.total_cmp(&a.severity));
    QualityReport { usable: with_content.iter().all(|page| page.usable), issues }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::quality::IssueKind;

    fn report(usable: bool, issues: &[(IssueKind, f32)]) -> QualityReport {
        QualityReport {
            usable,
            issues: issues.iter().map(|&(kind, severity)| Issue { kind, severity, place: None }).collect(),
        }
    }

    #[test]
    fn the_worst_page_counts_and_empty_ones_do_not() {
        let blank = report(false, &[(IssueKind::Blank, 1.0)]);
        let good = report(true, &[(IssueKind::Glare, 0.2), (IssueKind::Blur, 0.1)]);
        let bad = report(false, &[(IssueKind::Blur, 0.9)]);
        assert_eq!(all(&[good.clone(), blank.clone()]), good);
        let both = report(false, &[(IssueKind::Blur, 0.9), (IssueKind::Glare, 0.2)]);
        assert_eq!(all(&[good, bad, blank.clone()]), both);
        assert_eq!(all(&[blank.clone(), blank.clone()]), blank);
        assert!(all(&[]).usable);
    }
}
