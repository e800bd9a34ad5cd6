//! A page of a PDF as pixels.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};

use crate::document::Document;
use crate::text::{self, Line};

/// 8-bit RGB pixels, row-major, no padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pixels {
    /// Pixels across.
    pub width: usize,
    /// Pixels down.
    pub height: usize,
    /// `height` rows of `width` triples.
    pub rgb: Vec<u8>,
}

/// Renders the pages of one document; fonts that pages share are prepared once.
pub struct Renderer<'a> {
    document: &'a Document,
    cache: RenderCache<'a>,
    settings: InterpreterSettings,
}

impl<'a> Renderer<'a> {
    /// For the pages of `document`.
    pub fn new(document: &'a Document) -> Self {
        Self { document, cache: RenderCache::new(), settings: InterpreterSettings::default() }
    }

    /// The pixels of a page, on white; `None` where there is no such page.
    pub fn pixels(&self, page: usize) -> Option<Pixels> {
        let size = self.document.sizes().get(page)?;
        let page = self.document.pdf.pages().get(page)?;
        // The renderer cuts sizes off; a hair more keeps the size as planned.
        let (width, height) = page.render_dimensions();
        let whole = |pixels: u16, points: f32| (f32::from(pixels) + 0.01) / points;
        let pixmap = hayro::render(
            page,
            &self.cache,
            &self.settings,
            &RenderSettings::default(),
            &PixmapSettings { x_scale: whole(size.width, width), y_scale: whole(size.height, height), bg_color: WHITE },
        );
        // On white, so every pixel is opaque.
        let rgb = pixmap.data().iter().flat_map(|p| [p.r, p.g, p.b]).collect();
        Some(Pixels { width: usize::from(pixmap.width()), height: usize::from(pixmap.height()), rgb })
    }

    /// The lines of visible text on a page, in pixels of [`Renderer::pixels`]; none where there are too many glyphs to be print.
    pub fn lines(&self, page: usize) -> Vec<Line> {
        let Some((size, page)) = self.document.sizes().get(page).zip(self.document.pdf.pages().get(page)) else {
            return Vec::new();
        };
        let glyphs = text::glyphs(page, self.document.pdf.xref(), *size, &self.settings);
        text::lines(glyphs)
    }
}
