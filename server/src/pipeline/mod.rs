//! The path of a receipt: one file a stage, one function that composes them.
//!
//! ```text
//! decode → quality → barcodes → detect → crop → recognise → orient → extract → check → fraud → duplicates → document
//!                            └──────────→ fraud (pixels) ──────────────────────────┘
//! ```
//!
//! Each stage takes the previous stage's type, so a wrong order does not
//! compile. Stages that run a model wait in its queue; the others compute on
//! the compute threads. Nothing computes on the runtime.

pub mod answer;
pub mod barcodes;
pub mod check;
pub mod crop;
pub mod decode;
pub mod detect;
pub mod document;
pub mod duplicates;
pub mod error;
pub mod extract;
pub mod fraud;
pub mod job;
pub mod orient;
pub mod pdf;
pub mod probe;
pub mod quality;
pub mod recognise;
pub mod stage;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use slipstream_api::{Include, PixelCheck, ReceiptResponse, Status};
use slipstream_batcher::{Turn, TurnLimits, Turns};
use slipstream_models::crop::cut;
use slipstream_models::raster::{self, turn_back};
use slipstream_models::{Entities, LineCrop, Quad, Raster, TextLines, orientation};
use tokio::time::timeout_at;
use tracing::{Instrument, info_span};

use crate::compute::Compute;
use crate::registry::Registry;
use crate::telemetry::metrics;
use answer::Parts;
use barcodes::Code;
use check::{CheckSettings, Findings, merchants::Directory};
use decode::{DecodeError, DecodeLimits, Decoded, Metadata};
use document::DocumentSettings;
use duplicates::{DuplicateReport, Seen};
pub use error::ReadError;
use fraud::pixels::{ForgeryMode, Pixels, left_for, pixels};
use fraud::{Evidence, FraudReport};
pub use job::{Checkpoint, Job};
use orient::Page;
pub use pdf::{DocumentError, PdfSettings};
use quality::{QualityReport, QualitySettings};
pub use stage::{Stage, StageTimes};

/// An image as it came.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The encoded image.
    pub bytes: Bytes,
    /// The media type that its sender declared.
    pub declared: Option<String>,
}

/// What was read, and how long each stage took.
#[derive(Debug)]
pub struct Reading {
    /// The answer.
    pub response: ReceiptResponse,
    /// Time until it was the receipt's turn.
    pub waited: Duration,
    /// Times by stage, in the order in which they ended.
    pub times: Vec<(Stage, Duration)>,
}

/// How stages are set up.
#[derive(Debug, Clone)]
pub struct PipelineSettings {
    /// What is decoded at all.
    pub decode: DecodeLimits,
    /// When a photo is too poor.
    pub quality: QualitySettings,
    /// When a page is taken for a document.
    pub document: DocumentSettings,
    /// Pages that are decoded and read at the same time.
    pub pages: TurnLimits,
    /// How PDFs are read.
    pub pdf: PdfSettings,
    /// Whether bar codes and QR codes are read.
    pub barcodes: bool,
    /// When pixels are looked at for edits.
    pub forgery: ForgeryMode,
    /// Merchants whose names and addresses are known.
    pub merchants: Arc<Directory>,
}

/// Reads receipts with whatever models its registry serves; clones share everything.
#[derive(Clone)]
pub struct Pipeline {
    settings: Arc<PipelineSettings>,
    compute: Compute,
    registry: Registry,
    pages: Turns,
}

impl Pipeline {
    /// A pipeline that computes on `compute` with the models of `registry`, on the current tokio runtime.
    pub fn new(settings: PipelineSettings, compute: Compute, registry: Registry) -> Self {
        Self { pages: Turns::start(settings.pages.clone()), settings: Arc::new(settings), compute, registry }
    }

    /// The models.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Reads an upload before the job's deadline.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read(&self, upload: Upload, job: &Job, include: Include) -> Result<Reading, ReadError> {
        let deadline = tokio::time::Instant::from_std(job.standing.deadline);
        timeout_at(deadline, self.all_stages(upload, job, include)).await.map_err(|_| ReadError::DeadlineExceeded)?
    }

    async fn all_stages(&self, upload: Upload, job: &Job, include: Include) -> Result<Reading, ReadError> {
        let times = StageTimes::default();
        let (_turn, waited) = self.turn(job).await?;
        if let Some(kind) = pdf::kind(&upload.bytes) {
            return self.read_document(kind, upload, job, include, (times, waited)).await;
        }
        let Decoded { raster, metadata } = times.run(Stage::Decode, self.decode(job, upload)).await?;
        let upload = Arc::new(raster);
        job.progress(Checkpoint::Decoded, (upload.width() * upload.height()) as u64).await?;
        let quality = times.run(Stage::Quality, self.quality(job, Arc::clone(&upload))).await;
        if !quality.usable {
            return Ok(self.stopped((&upload, metadata), quality, job, include, (times, waited)).await);
        }
        let codes = times.run(Stage::Barcodes, self.barcodes(job, Arc::clone(&upload))).await;
        let (Read { lines, turn, raster }, pixels) = tokio::try_join!(
            self.read_page(&times, Arc::clone(&upload), job),
            self.pixels(&times, Arc::clone(&upload), &metadata, job, include)
        )?;
        job.progress(Checkpoint::Read, extract::characters(&lines)).await?;
        let (status, findings) = self.understand(&times, &lines, &quality, job).await?;
        // What costs more than a few comparisons is looked at only for an answer that speaks of it.
        let (upload, page) =
            if include.fraud { (Some(upload), Some((Arc::clone(&lines), Arc::clone(&raster)))) } else { (None, None) };
        let suspect = Suspect { metadata, pixels, upload, page };
        let (findings, fraud) = times.run(Stage::Fraud, self.fraud(job, suspect, findings)).await;
        let seen = || Seen::new(&lines, &findings, Some(raster));
        let duplicates = self.duplicates(&times, job, status, seen).await?;
        let parts = Parts { status, lines, turn, findings, quality, fraud, duplicates, codes, pages: None };
        Ok(self.document(parts, job, include, (times, waited)).await)
    }

    /// The answer about a photo that cannot be read: no model sees it, and whoever took it is asked for a better one
    /// within milliseconds.
    async fn stopped(
        &self,
        (upload, metadata): (&Raster, Metadata),
        quality: QualityReport,
        job: &Job,
        include: Include,
        (times, waited): (StageTimes, Duration),
    ) -> Reading {
        let lines = TextLines { page_width: upload.width(), page_height: upload.height(), lines: Vec::new() };
        let status = document::status(&lines, &quality, &self.settings.document);
        let pixels = left_for(include, PixelCheck::Unreadable);
        let suspect = Suspect { metadata, pixels, upload: None, page: None };
        let (findings, fraud) = times.run(Stage::Fraud, self.fraud(job, suspect, Findings::default())).await;
        let (lines, turn) = (Arc::new(lines), raster::Turn::None);
        let parts =
            Parts { status, lines, turn, findings, quality, fraud, duplicates: None, codes: Vec::new(), pages: None };
        self.document(parts, job, include, (times, waited)).await
    }

    /// From text to values. What a model finds in the text of a street sign is no receipt's value.
    async fn understand(
        &self,
        times: &StageTimes,
        lines: &Arc<TextLines>,
        quality: &QualityReport,
        job: &Job,
    ) -> Result<(Status, Findings), ReadError> {
        let nothing = (Status::NotADocument, Findings::default());
        let status = document::status(lines, quality, &self.settings.document);
        if status == Status::NotADocument {
            return Ok(nothing);
        }
        let entities = times.run(Stage::Extract, extract::extract(job, Arc::clone(lines))).await?;
        if status == Status::Extracted && document::is_other(&entities, &self.settings.document) {
            return Ok(nothing);
        }
        Ok((status, times.run(Stage::Check, self.check(job, entities, Arc::clone(lines))).await))
    }

    /// Waits until the job may have its page in memory; gives how long that was.
    async fn turn(&self, job: &Job) -> Result<(Turn, Duration), ReadError> {
        let asked = Instant::now();
        let mut waiting = Waiting::new();
        let turn = self.pages.take(asked, job.standing, job.cost()).instrument(info_span!("turn"));
        let turn = turn.await.ok_or(ReadError::Closed)?;
        waiting.over = true;
        let waited = asked.elapsed();
        metrics::turn(waited);
        Ok((turn, waited))
    }

    /// From pixels to text, with the page turned upright where it has to be.
    async fn read_page(&self, times: &StageTimes, raster: Arc<Raster>, job: &Job) -> Result<Read, ReadError> {
        let mut page = Page::uploaded(raster);
        let mut regions = times.run(Stage::Detect, detect::detect(job, Arc::clone(&page.raster))).await?;
        if orientation::runs_vertically(&regions) {
            page = times.run(Stage::Orient, page.turned(job, &self.compute, raster::Turn::Quarter)).await;
            regions = times.run(Stage::Detect, detect::detect(job, Arc::clone(&page.raster))).await?;
        }
        let crops = times.run(Stage::Crop, crop::crop(job, &self.compute, Arc::clone(&page.raster), regions)).await;
        job.progress(Checkpoint::Found, recognise::width(&crops)).await?;
        let sample = orientation::upside_down_sample(&crops);
        let mut read = times.run(Stage::Recognise, recognise::recognise(job, crops)).await?;
        if times.run(Stage::Orient, orient::is_upside_down(job, &read.lines, sample)).await? {
            page = times.run(Stage::Orient, page.turned(job, &self.compute, raster::Turn::Half)).await;
            let regions = times.run(Stage::Detect, detect::detect(job, Arc::clone(&page.raster))).await?;
            let crops = times.run(Stage::Crop, crop::crop(job, &self.compute, Arc::clone(&page.raster), regions)).await;
            read = times.run(Stage::Recognise, recognise::recognise(job, crops)).await?;
        }
        let settled = times.run(Stage::Recognise, recognise::settle(job, read)).await?;
        let lines = recognise::text(settled.lines, page.size());
        Ok(Read { lines: Arc::new(lines), turn: page.turn, raster: page.raster })
    }

    /// Reads the lines alone, with quads in pixels of the uploaded image: the
    /// first half of [`Pipeline::read`], for measuring it.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_lines(&self, upload: Upload, job: &Job) -> Result<TextLines, ReadError> {
        let times = StageTimes::default();
        let (_turn, _) = self.turn(job).await?;
        let Decoded { raster, .. } = times.run(Stage::Decode, self.decode(job, upload)).await?;
        let Read { lines, turn, .. } = self.read_page(&times, Arc::new(raster), job).await?;
        let mut lines = Arc::unwrap_or_clone(lines);
        for line in &mut lines.lines {
            line.quad = turn_back(&line.quad, turn, lines.page_width, lines.page_height);
        }
        Ok(lines)
    }

    /// Cuts the lines with the given quads out of an upload, for measuring how
    /// lines are read; nothing where a quad has no area.
    ///
    /// # Errors
    /// When the upload cannot be decoded.
    pub async fn cut(&self, job: &Job, upload: Upload, quads: Vec<Quad>) -> Result<Vec<Option<LineCrop>>, DecodeError> {
        let Decoded { raster, .. } = self.decode(job, upload).await?;
        let raster = Arc::new(raster);
        Ok(job.compute(&self.compute, Stage::Crop, move || cut(&raster, &quads)).await)
    }

    /// What the fingerprint of an upload is taken of, for measuring it; nothing for what is no document or cannot be read.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn see(&self, upload: Upload, job: &Job) -> Result<Option<Seen>, ReadError> {
        let times = StageTimes::default();
        let (_turn, _) = self.turn(job).await?;
        let Decoded { raster, .. } = times.run(Stage::Decode, self.decode(job, upload)).await?;
        let raster = Arc::new(raster);
        let quality = times.run(Stage::Quality, self.quality(job, Arc::clone(&raster))).await;
        if !quality.usable {
            return Ok(None);
        }
        let Read { lines, raster, .. } = self.read_page(&times, raster, job).await?;
        let (status, findings) = self.understand(&times, &lines, &quality, job).await?;
        Ok((status != Status::NotADocument).then(|| Seen::new(&lines, &findings, Some(raster))))
    }

    /// Whether the receipt was seen before, where its caller wants to know.
    async fn duplicates(
        &self,
        times: &StageTimes,
        job: &Job,
        status: Status,
        seen: impl FnOnce() -> Seen,
    ) -> Result<Option<DuplicateReport>, ReadError> {
        let Some(asked) = job.asked.clone().filter(|_| status != Status::NotADocument) else { return Ok(None) };
        let look = duplicates::duplicates(job, &self.compute, asked, seen(), status == Status::Extracted);
        Ok(Some(times.run(Stage::Duplicates, look).await?))
    }

    async fn decode(&self, job: &Job, upload: Upload) -> Result<Decoded, DecodeError> {
        let limits = self.settings.decode;
        job.compute(&self.compute, Stage::Decode, move || {
            decode::decode(&upload.bytes, upload.declared.as_deref(), &limits)
        })
        .await
    }

    async fn quality(&self, job: &Job, raster: Arc<Raster>) -> QualityReport {
        let settings = self.settings.quality;
        job.compute(&self.compute, Stage::Quality, move || quality::quality(&raster, &settings)).await
    }

    async fn barcodes(&self, job: &Job, raster: Arc<Raster>) -> Vec<Code> {
        if !self.settings.barcodes {
            return Vec::new();
        }
        job.compute(&self.compute, Stage::Barcodes, move || barcodes::barcodes(&raster)).await
    }

    async fn check(&self, job: &Job, entities: Entities, lines: Arc<TextLines>) -> Findings {
        let settings = CheckSettings { today: latest_day(), merchants: Arc::clone(&self.settings.merchants) };
        job.compute(&self.compute, Stage::Check, move || check::check(&entities, &lines, &settings)).await
    }

    /// The part of the fraud stage that looks at pixels, beside reading; nothing where the answer says nothing of fraud.
    async fn pixels(
        &self,
        times: &StageTimes,
        upload: Arc<Raster>,
        metadata: &Metadata,
        job: &Job,
        include: Include,
    ) -> Result<Pixels, ReadError> {
        if !include.fraud {
            return Ok(Pixels::NotJudged(PixelCheck::Off));
        }
        times.run(Stage::Fraud, pixels(job, self.settings.forgery, metadata, upload)).await
    }

    /// The part that draws conclusions.
    async fn fraud(&self, job: &Job, suspect: Suspect, findings: Findings) -> (Findings, FraudReport) {
        let look = move || {
            let Suspect { metadata, pixels, upload, page } = &suspect;
            let evidence = Evidence {
                metadata,
                findings: &findings,
                pixels,
                upload: upload.as_deref(),
                page: page.as_ref().map(|(lines, raster)| (lines.as_ref(), raster.as_ref())),
            };
            let report = fraud::fraud(&evidence);
            (findings, report)
        };
        job.compute(&self.compute, Stage::Fraud, look).await
    }

    /// The last stage, and the reading with the times of all.
    async fn document(
        &self,
        parts: Parts,
        job: &Job,
        include: Include,
        (times, waited): (StageTimes, Duration),
    ) -> Reading {
        let (id, model_set) = (job.id.clone(), job.serving.id().to_owned());
        let answer = job.compute(&self.compute, Stage::Document, move || parts.answer(id, model_set, include));
        let mut response = times.run(Stage::Document, answer).await;
        let times = times.list();
        if include.timings {
            let ms = |(stage, took): &(Stage, Duration)| (stage.name().to_owned(), took.as_secs_f64() * 1e3);
            response.timings_ms = Some(times.iter().map(ms).collect());
        }
        Reading { response, waited, times }
    }
}

/// Counts a receipt that waits for its turn, until it has it or leaves.
struct Waiting {
    /// The turn came.
    over: bool,
}

impl Waiting {
    fn new() -> Self {
        metrics::turns_waiting().increment(1.0);
        Self { over: false }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        metrics::turns_waiting().decrement(1.0);
        if !self.over {
            metrics::turn_left();
        }
    }
}

/// What the fraud stage looks at beside the findings.
struct Suspect {
    metadata: Metadata,
    pixels: Pixels,
    /// The pixels as uploaded; none of documents in several pages.
    upload: Option<Arc<Raster>>,
    /// The text and the pixels that it was read from; none of documents in several pages.
    page: Option<(Arc<TextLines>, Arc<Raster>)>,
}

/// The text of a page.
struct Read {
    lines: Arc<TextLines>,
    /// What was done to the uploaded image before its lines were read.
    turn: raster::Turn,
    /// The pixels that the lines stand on.
    raster: Arc<Raster>,
}

/// The latest day that it can be anywhere on Earth: the day in UTC+14.
fn latest_day() -> Date {
    const LINE_ISLANDS: Offset = Offset::constant(14);
    LINE_ISLANDS.to_datetime(Timestamp::now()).date()
}
