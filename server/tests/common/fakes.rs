//! Models without weights: they see the lines that a test wrote, and can be held up or broken.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use slipstream::registry::{
    DetectModel, ExtractModel, ForgeryModel, ModelFailure, ModelSet, RecogniseModel, SecondReader,
};
use slipstream_api::ModelInfo;
use slipstream_models::crop::LineCrop;
use slipstream_models::detect::{TextRegion, TextRegions};
use slipstream_models::entities::{Entity, Reading, Span};
use slipstream_models::forgery::{EditedRegion, ForgeryVerdict};
use slipstream_models::{Entities, Quad, Raster, TextLine, TextLines};

/// What the page says. Line `i` stands `LINE_HEIGHT * i` below the top.
pub const LINES: [&str; 4] = ["HOFLADEN SONNIG", "28.02.2024 12:05", "APFELSAFT 3,50", "TOTAL 9,00 EUR"];

/// Pixels from line to line.
pub const LINE_HEIGHT: usize = 40;

/// Makes everybody wait who comes while it is closed.
#[derive(Default)]
pub struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
    /// How many may come by although it is closed.
    admitted: AtomicUsize,
    /// How many came by so far.
    pub arrived: AtomicUsize,
}

impl Gate {
    pub fn close(&self) {
        *self.closed.lock().unwrap() = true;
    }

    pub fn open(&self) {
        *self.closed.lock().unwrap() = false;
        self.opened.notify_all();
    }

    /// Lets one by, and stays closed for the others.
    pub fn let_one_by(&self) {
        let _closed = self.closed.lock().unwrap();
        self.admitted.fetch_add(1, Ordering::SeqCst);
        self.opened.notify_all();
    }

    fn pass(&self) {
        self.arrived.fetch_add(1, Ordering::SeqCst);
        let closed = self.closed.lock().unwrap();
        let is_admitted =
            || self.admitted.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        drop(self.opened.wait_while(closed, |closed| *closed && !is_admitted()).unwrap());
    }

    /// Waits until `count` came by.
    pub async fn wait_for(&self, count: usize) {
        for _ in 0..2_000 {
            if self.arrived.load(Ordering::SeqCst) >= count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("only {} of {count} arrived", self.arrived.load(Ordering::SeqCst));
    }
}

/// The fakes' common state.
#[derive(Default)]
pub struct Fakes {
    pub detect_gate: Gate,
    pub recognise_gate: Gate,
    /// Stands before the classifier of pixels.
    pub forgery_gate: Gate,
    /// The stage that panics, if any.
    pub panics: Mutex<Option<&'static str>>,
    /// The stage that fails, if any.
    pub fails: Mutex<Option<&'static str>>,
    /// Whether pages have no text.
    pub blind: Mutex<bool>,
    /// The width of pages whose lines run upwards, if any.
    pub sideways_width: Mutex<Option<usize>>,
    /// How many lines still to come read badly, because they are upside down.
    pub upside_down_lines: AtomicUsize,
    /// Lines in each call of the recogniser.
    pub batches: Mutex<Vec<usize>>,
    /// The line that the recogniser is unsure of, if any.
    pub doubtful_line: Mutex<Option<usize>>,
    /// Lines that the second reader was asked about.
    pub reread: AtomicUsize,
}

struct Fake(Arc<Fakes>);

/// How sure the recogniser is of a doubtful line.
pub const DOUBT: f32 = 0.5;

/// A second reader, as sure of every line as it was told to be; it reads in small letters.
struct Second {
    fakes: Arc<Fakes>,
    confidence: f32,
}

impl Fakes {
    pub fn model_set(fakes: &Arc<Self>) -> ModelSet {
        let info = |stage: &str| ModelInfo {
            stage: stage.to_owned(),
            name: format!("fake-{stage}"),
            parameters: 0,
            licence: "Apache-2.0".to_owned(),
        };
        ModelSet {
            id: "fakes".to_owned(),
            models: ["detect", "recognise", "extract"].map(info).into(),
            detect: Arc::new(Fake(Arc::clone(fakes))),
            recognise: Arc::new(Fake(Arc::clone(fakes))),
            reread: None,
            extract: Arc::new(Fake(Arc::clone(fakes))),
            forgery: None,
        }
    }

    /// A classifier that finds one edited place on every page.
    pub fn classifier(fakes: &Arc<Self>) -> Arc<dyn ForgeryModel> {
        Arc::new(Fake(Arc::clone(fakes)))
    }

    /// The same models, with a second reader for lines that are less than 0.7 sure.
    pub fn model_set_with_second(fakes: &Arc<Self>, confidence: f32) -> ModelSet {
        let model = Arc::new(Second { fakes: Arc::clone(fakes), confidence });
        ModelSet { reread: Some(SecondReader { model, below: 0.7 }), ..Self::model_set(fakes) }
    }

    fn misbehave(&self, stage: &'static str) -> Result<(), ModelFailure> {
        let panics = *self.panics.lock().unwrap() == Some(stage);
        assert!(!panics, "{stage} was told to panic");
        let fails = *self.fails.lock().unwrap() == Some(stage);
        if fails { Err(ModelFailure::new("told to fail")) } else { Ok(()) }
    }
}

impl DetectModel for Fake {
    fn detect(&self, page: &Raster) -> Result<TextRegions, ModelFailure> {
        self.0.detect_gate.pass();
        self.0.misbehave("detect")?;
        let lines = if *self.0.blind.lock().unwrap() { 0 } else { LINES.len() };
        let sideways = *self.0.sideways_width.lock().unwrap() == Some(page.width());
        let region = |i: usize| {
            let start = (LINE_HEIGHT * i) as f32;
            let quad = if sideways {
                Quad::from_bounds(start, 0.0, start + 20.0, page.height() as f32)
            } else {
                Quad::from_bounds(0.0, start, page.width() as f32, start + 20.0)
            };
            TextRegion { quad, score: 1.0 }
        };
        Ok(TextRegions { regions: (0..lines).map(region).collect() })
    }
}

impl RecogniseModel for Fake {
    fn recognise(&self, crops: &[&LineCrop]) -> Result<Vec<TextLine>, ModelFailure> {
        self.0.batches.lock().unwrap().push(crops.len());
        self.0.recognise_gate.pass();
        self.0.misbehave("recognise")?;
        let read = |crop: &&LineCrop| {
            let line = line_of(crop);
            let less = |lines: usize| lines.checked_sub(1);
            let upside_down = self.0.upside_down_lines.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok();
            let doubtful = *self.0.doubtful_line.lock().unwrap() == Some(line);
            let confidence = if upside_down { 0.4 } else { 0.95 };
            TextLine::evenly_spaced(text_of(line), if doubtful { DOUBT } else { confidence }, crop.quad())
        };
        Ok(crops.iter().map(read).collect())
    }
}

impl RecogniseModel for Second {
    fn recognise(&self, crops: &[&LineCrop]) -> Result<Vec<TextLine>, ModelFailure> {
        self.fakes.reread.fetch_add(crops.len(), Ordering::SeqCst);
        self.fakes.misbehave("reread")?;
        let read = |crop: &&LineCrop| {
            let text = text_of(line_of(crop)).to_lowercase();
            TextLine::evenly_spaced(&text, self.confidence, crop.quad())
        };
        Ok(crops.iter().map(read).collect())
    }
}

/// The place that the classifier finds.
pub const EDITED: Quad = Quad::from_bounds(16.0, 24.0, 48.0, 40.0);
/// Pixels up to which it sees a page as it is.
pub const SEEN_PIXELS: usize = 400 * 480;

impl ForgeryModel for Fake {
    fn classify(&self, _: &Raster) -> Result<ForgeryVerdict, ModelFailure> {
        self.0.forgery_gate.pass();
        self.0.misbehave("forgery")?;
        let regions = vec![EditedRegion { quad: EDITED, score: 1.0 }];
        Ok(ForgeryVerdict { score: 0.9, regions, ..ForgeryVerdict::default() })
    }

    fn max_pixels(&self) -> usize {
        SEEN_PIXELS
    }
}

fn line_of(crop: &LineCrop) -> usize {
    (crop.quad().bounds().1 / LINE_HEIGHT as f32).round() as usize
}

fn text_of(line: usize) -> &'static str {
    LINES.get(line).unwrap_or(&"")
}

impl ExtractModel for Fake {
    fn extract(&self, pages: &[&TextLines]) -> Result<Vec<Entities>, ModelFailure> {
        self.0.misbehave("extract")?;
        let page = |lines: &&TextLines| Entities {
            merchant_name: entity(lines, 0, 0..15),
            date: entity(lines, 1, 0..10),
            total: entity(lines, 3, 6..10),
            ..Entities::default()
        };
        Ok(pages.iter().map(page).collect())
    }
}

fn entity(lines: &TextLines, line: usize, chars: std::ops::Range<usize>) -> Option<Entity> {
    let text = lines.lines.get(line)?.chars.get(chars.clone())?.iter().map(|c| c.ch).collect();
    let spans = vec![Span { line, start: chars.start, end: chars.end }];
    Some(Entity { best: Reading { text, spans, confidence: 0.9 }, alternatives: Vec::new() })
}
