//! The duplicates stage: what was read of a receipt → whether it was seen before.
//!
//! Taking the fingerprint is computing and runs on the compute threads. Looking up and remembering is a call into a file
//! that waits for the disk, so it has threads of its own.

mod answer;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use slipstream_duplicates::index::{Claim, Match, Remembered};
use slipstream_duplicates::{
    Day, Fingerprint, Index, IndexError, Line, Minute, Page, Photo, Purchase, TenantKey, Told,
};
use slipstream_models::entities::{ItemKind, Span};
use slipstream_models::{Raster, TextLine, TextLines};

use super::check::{Findings, Found};
use super::{Job, ReadError, Stage};
use crate::compute::Compute;
pub(super) use answer::answer;

/// Where fingerprints are kept, and for how long.
#[derive(Clone)]
pub struct Store {
    index: Arc<Index>,
    keep: Duration,
}

impl Store {
    /// Remembers in `index`, for `keep`.
    pub fn new(index: Index, keep: Duration) -> Self {
        Self { index: Arc::new(index), keep }
    }

    /// Erases what `customer` of `tenant` sent; gives how many receipts that were.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn erase(&self, tenant: &str, customer: String) -> Result<u64, IndexError> {
        let key = self.index.tenant(tenant);
        self.call(move |index| index.erase(&key, &customer)).await
    }

    /// Runs a call that waits for the disk on a thread of its own.
    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Index) -> Result<T, IndexError> + Send + 'static,
    ) -> Result<T, IndexError> {
        let index = Arc::clone(&self.index);
        let called = tokio::task::spawn_blocking(move || call(&index)).await;
        called.unwrap_or_else(|_| Err(IndexError::Damaged { detail: "a call failed".to_owned() }))
    }
}

/// What a caller wants to know about its receipt.
#[derive(Clone)]
pub struct Asked {
    store: Store,
    key: TenantKey,
    /// Whose receipt it is.
    customer: Option<String>,
    /// Whether it is remembered.
    remember: bool,
}

impl Asked {
    /// Whether the receipt is a duplicate of another one of `tenant`, and whether to `remember` it as `customer`'s.
    pub fn new(store: Store, tenant: &str, customer: Option<String>, remember: bool) -> Self {
        let key = store.index.tenant(tenant);
        Self { store, key, customer, remember }
    }

    async fn look_up(self, fingerprint: Fingerprint, remember: bool) -> Result<DuplicateReport, IndexError> {
        let Self { store, key, customer, .. } = self;
        let now = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
        let keep_s = store.keep.as_secs();
        let call = move |index: &Index| {
            if !remember {
                return Ok(DuplicateReport { id: None, earlier: index.check(&key, &fingerprint, now)? });
            }
            let claim = Claim { fingerprint: &fingerprint, customer: customer.as_deref(), now, keep_s };
            let Remembered { id, earlier } = index.remember(&key, &claim)?;
            Ok(DuplicateReport { id: Some(id), earlier })
        };
        store.call(call).await
    }
}

/// What came of looking a receipt up.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateReport {
    /// The id that it was remembered under, if it was.
    pub id: Option<String>,
    /// The earlier receipt that it agrees with most; none makes it distinct.
    pub earlier: Option<Match>,
}

/// What fingerprints are taken of.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The lines of the page, or of all pages.
    pub lines: Vec<Line>,
    /// Its values.
    pub purchase: Purchase,
    /// The pixels that the lines stand on; documents in several pages have none.
    pub raster: Option<Arc<Raster>>,
}

impl Seen {
    /// What the stages before found out.
    pub fn new(lines: &TextLines, findings: &Findings, raster: Option<Arc<Raster>>) -> Self {
        let line = |line: &TextLine| Line {
            text: line.text(),
            certainties: certainties(line, lines),
            quad: line.quad.0.map(|corner| [corner.x, corner.y]),
        };
        Self { lines: lines.lines.iter().map(line).collect(), purchase: purchase(findings, lines), raster }
    }

    /// Its fingerprint for the tenant with this key.
    pub fn fingerprint(&self, key: &TenantKey) -> Fingerprint {
        let photo = self.raster.as_ref().and_then(|r| Photo::new(r.width(), r.height(), r.rgb()));
        Fingerprint::new(&Page { lines: &self.lines, photo }, &self.purchase, key)
    }
}

/// The values that identify a purchase.
fn purchase(findings: &Findings, lines: &TextLines) -> Purchase {
    let amounts = findings.items.iter().filter(|item| item.kind == ItemKind::Item);
    Purchase {
        merchant: told(&findings.merchant_name, lines, String::clone),
        date: told(&findings.date, lines, |date| Day {
            year: date.year(),
            month: date.month().unsigned_abs(),
            day: date.day().unsigned_abs(),
        }),
        time: told(&findings.time, lines, |time| Minute { hour: time.hour, minute: time.minute }),
        total: told(&findings.total, lines, |money| money.minor),
        receipt_number: told(&findings.receipt_number, lines, String::clone),
        items: amounts.filter_map(|item| Some(item.amount.as_ref()?.value()?.minor)).collect(),
    }
}

/// A value is as sure as its field is, and as its least sure character: one wrong digit makes another purchase.
fn told<T, U>(found: &Option<Found<T>>, lines: &TextLines, value: impl Fn(&T) -> U) -> Option<Told<U>> {
    let best = &found.as_ref()?.best;
    let value = value(best.value.as_ref()?);
    let of = |span: &Span| {
        let line = lines.lines.get(span.line)?;
        let characters = line.chars.get(span.start..span.end)?.iter().map(|c| c.confidence);
        characters.chain(is_cut(line, lines).then_some(0.0)).reduce(f32::min)
    };
    let confidence = best.spans.iter().filter_map(of).fold(best.confidence, f32::min);
    Some(Told { value, printed: best.text.clone(), confidence })
}

/// How sure each character of a line is. Whatever else stood on a line that the edge of the photo cuts off, nobody can be
/// sure of.
fn certainties(line: &TextLine, page: &TextLines) -> Vec<f32> {
    let cut = is_cut(line, page);
    line.chars.iter().map(|c| if cut { 0.0 } else { c.confidence }).collect()
}

/// A line whose end is closer to an edge, in its own heights, may go on beyond it.
const EDGE: f32 = 0.3;

fn is_cut(line: &TextLine, page: &TextLines) -> bool {
    let (left, top, right, bottom) = line.quad.bounds();
    let edge = EDGE * line.quad.height();
    let beyond = |from: f32, to: f32, size: usize| from < edge || to > size as f32 - edge;
    beyond(left, right, page.page_width) || beyond(top, bottom, page.page_height)
}

/// Looks `seen` up as the job's caller asked. What is not to be `trusted` is looked up only: a photo that is too poor to be
/// read is going to be followed by a better one, which must not be a duplicate of it.
pub(super) async fn duplicates(
    job: &Job,
    compute: &Compute,
    asked: Asked,
    seen: Seen,
    trusted: bool,
) -> Result<DuplicateReport, ReadError> {
    let key = asked.key.clone();
    let fingerprint = job.compute(compute, Stage::Duplicates, move || seen.fingerprint(&key)).await;
    let remember = asked.remember && trusted && !fingerprint.is_empty();
    asked.look_up(fingerprint, remember).await.map_err(ReadError::Duplicates)
}
