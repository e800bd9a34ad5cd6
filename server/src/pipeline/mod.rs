//! The path of a receipt: one file a stage, one function that composes them.
//!
//! ```text
//! decode → quality → detect → crop → recognise → orient → extract → check → fraud → document
//! ```
//!
//! Each stage takes the previous stage's type, so a wrong order does not
//! compile. Stages that run a model wait in its queue; the others compute on
//! the compute threads. Nothing computes on the runtime.

pub mod answer;
pub mod check;
pub mod crop;
pub mod decode;
pub mod detect;
pub mod document;
pub mod error;
pub mod extract;
pub mod fraud;
pub mod orient;
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
use slipstream_api::{Include, ReceiptResponse, Status};
use slipstream_batcher::Priority;
use slipstream_models::crop::cut;
use slipstream_models::raster::{Turn, turn_back};
use slipstream_models::{Entities, LineCrop, Quad, Raster, TextLines, orientation};
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use crate::compute::Compute;
use crate::registry::{Registry, Serving};
use answer::Parts;
use check::{CheckSettings, Findings};
use decode::{DecodeError, DecodeLimits, Decoded, Metadata};
use document::DocumentSettings;
pub use error::ReadError;
use fraud::FraudReport;
use orient::Page;
use quality::{QualityReport, QualitySettings};
pub use stage::{Stage, StageTimes};

/// A deadline for work that nobody waits for: further than any folder of receipts reaches.
pub const UNHURRIED: Duration = Duration::from_secs(365 * 24 * 3600);

/// An image as it came.
#[derive(Debug, Clone)]
pub struct Upload {
    /// The encoded image.
    pub bytes: Bytes,
    /// The media type that its sender declared.
    pub declared: Option<String>,
}

/// What a receipt keeps from admission to answer.
#[derive(Clone)]
pub struct Job {
    /// The request's id.
    pub id: String,
    /// The set of models that reads it, all stages of it.
    pub serving: Arc<Serving>,
    /// When the answer is worth nothing any more.
    pub deadline: Instant,
    /// Whether somebody waits.
    pub priority: Priority,
}

/// What was read, and how long each stage took.
#[derive(Debug)]
pub struct Reading {
    /// The answer.
    pub response: ReceiptResponse,
    /// Times by stage, in the order in which they ended.
    pub times: Vec<(Stage, Duration)>,
}

/// How stages are set up.
#[derive(Debug, Clone, Copy)]
pub struct PipelineSettings {
    /// What is decoded at all.
    pub decode: DecodeLimits,
    /// When a photo is too poor.
    pub quality: QualitySettings,
    /// When a page is taken for a document.
    pub document: DocumentSettings,
    /// Pages that are decoded at the same time; further uploads wait as the
    /// few compressed bytes that they are.
    pub max_pages: usize,
}

/// Reads receipts with whatever models its registry serves; clones share everything.
#[derive(Clone)]
pub struct Pipeline {
    settings: PipelineSettings,
    compute: Compute,
    registry: Registry,
    pages: Arc<Semaphore>,
}

impl Pipeline {
    /// A pipeline that computes on `compute` with the models of `registry`.
    pub fn new(settings: PipelineSettings, compute: Compute, registry: Registry) -> Self {
        Self { pages: Arc::new(Semaphore::new(settings.max_pages)), settings, compute, registry }
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
        let deadline = tokio::time::Instant::from_std(job.deadline);
        timeout_at(deadline, self.all_stages(upload, job, include)).await.map_err(|_| ReadError::DeadlineExceeded)?
    }

    async fn all_stages(&self, upload: Upload, job: &Job, include: Include) -> Result<Reading, ReadError> {
        let times = StageTimes::default();
        let Ok(_place) = self.pages.acquire().await else { return Err(ReadError::Closed) };
        let Decoded { raster, metadata } = times.run(Stage::Decode, self.decode(upload)).await?;
        let raster = Arc::new(raster);
        let quality = times.run(Stage::Quality, self.quality(Arc::clone(&raster))).await;
        let Read { lines, turn } = self.read_page(&times, raster, job).await?;
        let status = document::status(&lines, &quality, &self.settings.document);
        let findings = if status == Status::NotADocument {
            // What a model finds in the text of a street sign is no receipt's value.
            Findings::default()
        } else {
            let entities = times.run(Stage::Extract, extract::extract(job, Arc::clone(&lines))).await?;
            times.run(Stage::Check, self.check(entities, Arc::clone(&lines))).await
        };
        let (findings, fraud) = times.run(Stage::Fraud, self.fraud(metadata, findings)).await;
        let parts = Parts { status, lines, turn, findings, quality, fraud };
        let mut response = times.run(Stage::Document, self.document(parts, job, include)).await;

        let times = times.list();
        if include.timings {
            let ms = |(stage, took): &(Stage, Duration)| (stage.name().to_owned(), took.as_secs_f64() * 1e3);
            response.timings_ms = Some(times.iter().map(ms).collect());
        }
        Ok(Reading { response, times })
    }

    /// From pixels to text, with the page turned upright where it has to be.
    async fn read_page(&self, times: &StageTimes, raster: Arc<Raster>, job: &Job) -> Result<Read, ReadError> {
        let mut page = Page::uploaded(raster);
        let mut regions = times.run(Stage::Detect, detect::detect(job, Arc::clone(&page.raster))).await?;
        if orientation::runs_vertically(&regions) {
            page = times.run(Stage::Orient, page.turned(&self.compute, Turn::Quarter)).await;
            regions = times.run(Stage::Detect, detect::detect(job, Arc::clone(&page.raster))).await?;
        }
        let crops = times.run(Stage::Crop, crop::crop(&self.compute, Arc::clone(&page.raster), regions)).await;
        let sample = orientation::upside_down_sample(&crops);
        let mut read = times.run(Stage::Recognise, recognise::recognise(job, crops)).await?;
        if times.run(Stage::Orient, orient::is_upside_down(job, &read.lines, sample)).await? {
            page = times.run(Stage::Orient, page.turned(&self.compute, Turn::Half)).await;
            let regions = times.run(Stage::Detect, detect::detect(job, Arc::clone(&page.raster))).await?;
            let crops = times.run(Stage::Crop, crop::crop(&self.compute, Arc::clone(&page.raster), regions)).await;
            read = times.run(Stage::Recognise, recognise::recognise(job, crops)).await?;
        }
        let settled = times.run(Stage::Recognise, recognise::settle(job, read)).await?;
        let lines = recognise::text(settled.lines, page.size());
        Ok(Read { lines: Arc::new(lines), turn: page.turn })
    }

    /// Reads the lines alone, with quads in pixels of the uploaded image: the
    /// first half of [`Pipeline::read`], for measuring it.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn read_lines(&self, upload: Upload, job: &Job) -> Result<TextLines, ReadError> {
        let times = StageTimes::default();
        let Ok(_place) = self.pages.acquire().await else { return Err(ReadError::Closed) };
        let Decoded { raster, .. } = times.run(Stage::Decode, self.decode(upload)).await?;
        let Read { lines, turn } = self.read_page(&times, Arc::new(raster), job).await?;
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
    pub async fn cut(&self, upload: Upload, quads: Vec<Quad>) -> Result<Vec<Option<LineCrop>>, DecodeError> {
        let Decoded { raster, .. } = self.decode(upload).await?;
        let page = Arc::new(raster);
        let crops = self.compute.run(move || cut(&page, &quads)).await;
        Ok(crops)
    }

    async fn decode(&self, upload: Upload) -> Result<Decoded, DecodeError> {
        let limits = self.settings.decode;
        self.compute.run(move || decode::decode(&upload.bytes, upload.declared.as_deref(), &limits)).await
    }

    async fn quality(&self, raster: Arc<Raster>) -> QualityReport {
        let settings = self.settings.quality;
        self.compute.run(move || quality::quality(&raster, &settings)).await
    }

    async fn check(&self, entities: Entities, lines: Arc<TextLines>) -> Findings {
        let settings = CheckSettings { today: latest_day() };
        self.compute.run(move || check::check(&entities, &lines, &settings)).await
    }

    async fn fraud(&self, metadata: Metadata, findings: Findings) -> (Findings, FraudReport) {
        let look = move || {
            let report = fraud::fraud(&metadata, &findings);
            (findings, report)
        };
        self.compute.run(look).await
    }

    async fn document(&self, parts: Parts, job: &Job, include: Include) -> ReceiptResponse {
        let (id, model_set) = (job.id.clone(), job.serving.id().to_owned());
        self.compute.run(move || parts.answer(id, model_set, include)).await
    }
}

/// The text of a page.
struct Read {
    lines: Arc<TextLines>,
    /// What was done to the uploaded image before its lines were read.
    turn: Turn,
}

/// The latest day that it can be anywhere on Earth: the day in UTC+14.
fn latest_day() -> Date {
    const LINE_ISLANDS: Offset = Offset::constant(14);
    LINE_ISLANDS.to_datetime(Timestamp::now()).date()
}
