//! What a worker and its parent say to each other, over pipes.
//!
//! ```text
//! parent → worker:  u32 length, Request as JSON · u32 length, the document · for each page wanted: u32 page
//! worker → parent:  u8 kind, u32 length, payload
//!                   first Opened or Failed; for each page wanted PageHead, then its pixels (RGB, row by row)
//! ```
//!
//! Numbers are little-endian. The worker has seen hostile bytes, so its parent
//! believes nothing of what it says before it has been held against the limits.

use std::io::{self, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::confine::Confinement;
use crate::document::{EmbeddedInvoice, Limits, OpenError, PageSize};
use crate::text::Line;

/// Bytes of a request's head at most.
const MAX_REQUEST: usize = 4096;

/// Bytes of JSON at most: a page of a hundred thousand glyphs, or an invoice of five thousand lines.
const MAX_JSON: usize = 32 << 20;

/// Bytes of a frame's head.
pub const HEAD: usize = 5;

/// What the document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A PDF.
    Pdf,
    /// An e-invoice in XML, without pages.
    Xml,
}

/// What the parent wants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What the document is.
    pub kind: Kind,
    /// How much of it is read.
    pub limits: Limits,
    /// What the worker allows itself.
    pub confinement: Confinement,
    /// Whether an e-invoice is looked for.
    pub invoice: bool,
}

/// An opened document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// The sizes that its pages have once they are rendered.
    pub pages: Vec<PageSize>,
    /// The e-invoice in it.
    pub invoice: Option<EmbeddedInvoice>,
    /// Programs that say they wrote it.
    pub software: Vec<String>,
}

/// A rendered page, but for its pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageHead {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// Its visible text.
    pub lines: Vec<Line>,
}

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// [`Opened`].
    Opened,
    /// [`OpenError`].
    Failed,
    /// [`PageHead`].
    Page,
    /// Pixels of the page before.
    Pixels,
}

/// The head of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHead {
    /// What follows.
    pub kind: FrameKind,
    /// How many bytes of it.
    pub length: usize,
}

/// The worker said what it must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the worker broke the protocol: {0}")]
pub struct FrameError(&'static str);

impl FrameKind {
    fn byte(self) -> u8 {
        match self {
            Self::Opened => b'O',
            Self::Failed => b'F',
            Self::Page => b'P',
            Self::Pixels => b'R',
        }
    }
}

impl FrameHead {
    /// Reads a head; pixels are at most `max_pixels`.
    ///
    /// # Errors
    /// A kind that does not exist, or a length beyond the bounds.
    pub fn parse(head: [u8; HEAD], max_pixels: u64) -> Result<Self, FrameError> {
        let [kind, length @ ..] = head;
        let length = u32::from_le_bytes(length) as usize;
        let kinds = [FrameKind::Opened, FrameKind::Failed, FrameKind::Page, FrameKind::Pixels];
        let kind = kinds.into_iter().find(|k| k.byte() == kind).ok_or(FrameError("an unknown kind of frame"))?;
        let most = match kind {
            FrameKind::Pixels => max_pixels.saturating_mul(3),
            _ => MAX_JSON as u64,
        };
        if length as u64 > most {
            return Err(FrameError("a frame beyond the bounds"));
        }
        Ok(Self { kind, length })
    }
}

/// Writes a frame.
///
/// # Errors
/// When the parent is gone.
pub fn write_frame(out: &mut impl Write, kind: FrameKind, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
    out.write_all(&[kind.byte()])?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(payload)?;
    out.flush()
}

/// Writes a frame of JSON.
///
/// # Errors
/// When the parent is gone.
pub fn write_json(out: &mut impl Write, kind: FrameKind, value: &impl Serialize) -> io::Result<()> {
    write_frame(out, kind, &serde_json::to_vec(value)?)
}

/// The bytes before the document: the request, and how long the document is.
///
/// # Errors
/// For a document of 4 GiB and more.
pub fn request_head(request: &Request, document_bytes: usize) -> io::Result<Vec<u8>> {
    let json = serde_json::to_vec(request)?;
    let length = |bytes: usize| u32::try_from(bytes).map(u32::to_le_bytes).map_err(io::Error::other);
    Ok([&length(json.len())?[..], &json, &length(document_bytes)?].concat())
}

/// The bytes that ask for a page.
pub fn page_request(page: usize) -> [u8; 4] {
    u32::try_from(page).unwrap_or(u32::MAX).to_le_bytes()
}

/// Reads a request; `None` at the end of input.
///
/// # Errors
/// When the parent is gone or breaks the protocol.
pub fn read_request(input: &mut impl Read) -> io::Result<Request> {
    let length = read_u32(input)?.ok_or(io::ErrorKind::UnexpectedEof)? as usize;
    if length > MAX_REQUEST {
        return Err(io::Error::other("a request beyond the bounds"));
    }
    let mut json = vec![0; length];
    input.read_exact(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

/// Reads the document behind a request.
///
/// # Errors
/// When the parent is gone.
pub fn read_document(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let length = read_u32(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut document = Vec::new();
    let got = input.take(u64::from(length)).read_to_end(&mut document)?;
    if got < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(document)
}

/// Reads which page is wanted next; `None` where there is none.
///
/// # Errors
/// When the input fails or ends within a number.
pub fn read_page_request(input: &mut impl Read) -> io::Result<Option<usize>> {
    Ok(read_u32(input)?.map(|page| page as usize))
}

fn read_u32(input: &mut impl Read) -> io::Result<Option<u32>> {
    let mut bytes = [0; 4];
    match input.read(&mut bytes)? {
        0 => return Ok(None),
        got => input.read_exact(bytes.get_mut(got..).unwrap_or_default())?,
    }
    Ok(Some(u32::from_le_bytes(bytes)))
}

/// Reads what the worker found, and holds it against the limits of the request.
///
/// # Errors
/// Anything that a worker which keeps to the request would not say.
pub fn opened(payload: &[u8], request: &Request) -> Result<Opened, FrameError> {
    let opened: Opened = json(payload)?;
    let limits = &request.limits;
    let pixels = |s: &PageSize| u64::from(s.width) * u64::from(s.height);
    let fits = |s: &PageSize| s.width > 0 && s.height > 0 && pixels(s) <= bound(limits.max_page_pixels);
    if opened.pages.len() > limits.max_pages || (request.kind == Kind::Pdf) == opened.pages.is_empty() {
        return Err(FrameError("not as many pages as may be"));
    }
    if !opened.pages.iter().all(fits) {
        return Err(FrameError("a page beyond the bounds"));
    }
    Ok(opened)
}

/// Reads why a document is not read.
///
/// # Errors
/// Bytes that are no such reason.
pub fn failed(payload: &[u8]) -> Result<OpenError, FrameError> {
    json(payload)
}

/// Reads the head of a page that was announced to have the size `expected`.
///
/// # Errors
/// Another size, or a line that is not whole.
pub fn page(payload: &[u8], expected: PageSize) -> Result<PageHead, FrameError> {
    let page: PageHead = json(payload)?;
    if (page.width, page.height) != (usize::from(expected.width), usize::from(expected.height)) {
        return Err(FrameError("a page of another size"));
    }
    let whole = |line: &Line| {
        line.text.chars().count() == line.spans.len()
            && line.quad.iter().flatten().all(|c| c.is_finite())
            && line.spans.iter().flatten().all(|s| (0.0..=1.0).contains(s))
    };
    if !page.lines.iter().all(whole) {
        return Err(FrameError("a line that is not whole"));
    }
    Ok(page)
}

/// Pixels of a page whose sides are rounded up: at most a row and a column more.
fn bound(max_page_pixels: u64) -> u64 {
    max_page_pixels.saturating_add(2 * u64::from(u16::MAX))
}

/// The most pixels that one page of a request can have.
pub fn most_pixels(limits: &Limits) -> u64 {
    bound(limits.max_page_pixels)
}

fn json<T: DeserializeOwned>(payload: &[u8]) -> Result<T, FrameError> {
    serde_json::from_slice(payload).map_err(|_| FrameError("JSON that does not fit"))
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
