//! Opening a PDF: what it is and how large, before any page is rendered.

use hayro::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use serde::{Deserialize, Serialize};

use crate::embedded;
use crate::invoice::{self, Invoice};

/// How much of a PDF is read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// Pages.
    pub max_pages: usize,
    /// Pixels of one rendered page; a page that would have more is rendered smaller.
    pub max_page_pixels: u64,
    /// Pixels of all rendered pages together.
    pub max_pixels: u64,
    /// Resolution of a page that has room for it, in dots per inch.
    pub dpi: f32,
    /// Resolution below which small print is lost: pages that do not all fit at it are too many.
    pub min_dpi: f32,
}

/// Twenty pages, of which each A4 page at 200 dpi has 3.9 million pixels, and all together what one photo may have.
impl Default for Limits {
    fn default() -> Self {
        Self { max_pages: 20, max_page_pixels: 9_000_000, max_pixels: 50_000_000, dpi: 200.0, min_dpi: 110.0 }
    }
}

/// Why a PDF is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenError {
    /// It needs a password.
    #[error("the PDF is encrypted, save it without a password")]
    Encrypted,
    /// Its structure cannot be made out.
    #[error("the PDF is damaged, save it again")]
    Damaged,
    /// Nothing to look at.
    #[error("the PDF has no pages")]
    NoPages,
    /// More pages than are read.
    #[error("the PDF has {got} pages, send at most {max}")]
    TooManyPages {
        /// Pages of it.
        got: usize,
        /// [`Limits::max_pages`].
        max: usize,
    },
    /// Pages that do not fit even at the lowest resolution.
    #[error("the pages of the PDF have {got} pixels, send at most {max}")]
    TooManyPixels {
        /// Pixels of all pages at [`Limits::min_dpi`].
        got: u64,
        /// [`Limits::max_pixels`].
        max: u64,
    },
    /// An XML file that is no e-invoice.
    #[error("{0}")]
    NoInvoice(String),
}

/// The size that a page will have.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PageSize {
    /// Pixels across.
    pub width: u16,
    /// Pixels down.
    pub height: u16,
    /// Pixels a point, that is a 72nd of an inch.
    pub scale: f32,
}

/// The e-invoice in a PDF, or why it cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbeddedInvoice {
    /// The embedded file.
    pub name: String,
    /// What it states; else what is wrong with it.
    pub invoice: Result<Invoice, String>,
}

/// An open PDF.
pub struct Document {
    pub(crate) pdf: Pdf,
    sizes: Vec<PageSize>,
}

/// Points in an inch.
const POINTS: f32 = 72.0;

/// Longest side of a page in pixels, so that sizes fit what the renderer counts with.
const MAX_SIDE: f32 = 16_000.0;

/// Shortest length that the longer side is rendered at: some printers of receipts measure in other units than points.
const MIN_LONG_SIDE: f32 = 900.0;

impl Document {
    /// Opens a PDF and plans how large its pages are rendered.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(bytes: Vec<u8>, limits: &Limits) -> Result<Self, OpenError> {
        let pdf = Pdf::new(bytes).map_err(|error| match error {
            LoadPdfError::Decryption(DecryptionError::PasswordProtected | DecryptionError::UnsupportedAlgorithm) => {
                OpenError::Encrypted
            }
            LoadPdfError::Decryption(_) | LoadPdfError::Invalid => OpenError::Damaged,
        })?;
        let pages = pdf.pages();
        if pages.is_empty() {
            return Err(OpenError::NoPages);
        }
        if pages.len() > limits.max_pages {
            return Err(OpenError::TooManyPages { got: pages.len(), max: limits.max_pages });
        }
        let points: Vec<(f32, f32)> = pages.iter().map(hayro::hayro_syntax::page::Page::render_dimensions).collect();
        let sizes = plan(&points, limits)?;
        Ok(Self { pdf, sizes })
    }

    /// The sizes of its pages once they are rendered.
    pub fn sizes(&self) -> &[PageSize] {
        &self.sizes
    }

    /// Looks for an e-invoice among the embedded files.
    pub fn invoice(&self) -> Option<EmbeddedInvoice> {
        let file = embedded::invoice_file(&self.pdf)?;
        let invoice = file
            .bytes
            .ok_or_else(|| "it cannot be unpacked".to_owned())
            .and_then(|bytes| invoice::parse(&bytes).map_err(|error| error.to_string()));
        Some(EmbeddedInvoice { name: file.name, invoice })
    }
}

/// Sizes in pixels of pages with sizes in points: at the resolution asked for, or at the best at which all fit.
fn plan(points: &[(f32, f32)], limits: &Limits) -> Result<Vec<PageSize>, OpenError> {
    let at = |dpi: f32| points.iter().map(|(w, h)| page_size(*w, *h, dpi, limits)).collect::<Vec<_>>();
    let pixels = |sizes: &[PageSize]| sizes.iter().map(|s| u64::from(s.width) * u64::from(s.height)).sum::<u64>();
    let whole = at(limits.dpi);
    if pixels(&whole) <= limits.max_pixels {
        return Ok(whole);
    }
    // A little less than the root would say, since sides are rounded up.
    let share = (limits.max_pixels as f64 / pixels(&whole) as f64).sqrt() as f32 * 0.995;
    let smaller = at((limits.dpi * share).max(limits.min_dpi));
    match pixels(&smaller) {
        got if got <= limits.max_pixels => Ok(smaller),
        got => Err(OpenError::TooManyPixels { got, max: limits.max_pixels }),
    }
}

fn page_size(width: f32, height: f32, dpi: f32, limits: &Limits) -> PageSize {
    let side = |points: f32| if points.is_finite() { points.clamp(1.0, 1e6) } else { 1.0 };
    let (width, height) = (side(width), side(height));
    let (long, area) = (width.max(height), width * height);
    let wanted = (dpi / POINTS).max(MIN_LONG_SIDE / long);
    let scale = wanted.min((limits.max_page_pixels as f32 / area).sqrt()).min(MAX_SIDE / long);
    // Clamped to what fits.
    let pixels = |points: f32| (points * scale).ceil().clamp(1.0, MAX_SIDE) as u16;
    PageSize { width: pixels(width), height: pixels(height), scale }
}
