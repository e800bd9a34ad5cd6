//! Gathers the glyphs that a page draws.

use hayro::hayro_interpret::font::{Glyph as PdfGlyph, GlyphRun};
use hayro::hayro_interpret::hayro_cmap::BfString;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::xref::XRef;
use hayro::kurbo::{Affine, BezPath, Point, Rect};

use super::Glyph;
use crate::document::PageSize;

/// Glyphs of one page beyond which its text is left out: a page of small print has some ten thousand.
const MAX_GLYPHS: usize = 100_000;

/// Advance of a glyph that has none of its own, in parts of the font size.
const USUAL_ADVANCE: f64 = 0.5;

/// Units that fonts are measured in, for one font size.
const UNITS: f64 = 1000.0;

/// Every visible glyph of a page that is rendered at `size`, in the order of drawing.
pub(crate) fn glyphs<'a>(
    page: &'a Page<'a>,
    xref: &'a XRef,
    size: PageSize,
    settings: &InterpreterSettings,
) -> Vec<Glyph> {
    let (width, height) = page.render_dimensions();
    let fit = |pixels: u16, points: f32| f64::from(pixels) / f64::from(points);
    let transform = Affine::scale_non_uniform(fit(size.width, width), fit(size.height, height))
        * page.initial_transform(true).to_kurbo();
    let bounds = Rect::new(0.0, 0.0, f64::from(size.width), f64::from(size.height));
    let cache = InterpreterCache::new();
    let mut context = Context::new(transform, bounds, &cache, xref, settings.clone());
    let mut gatherer = Gatherer { bounds, glyphs: Vec::new(), overflown: false };
    interpret_page(page, &mut context, &mut gatherer);
    if gatherer.overflown { Vec::new() } else { gatherer.glyphs }
}

struct Gatherer {
    bounds: Rect,
    glyphs: Vec<Glyph>,
    overflown: bool,
}

impl Gatherer {
    fn add(&mut self, glyph: &PdfGlyph<'_>, to_page: Affine) {
        let advance = match glyph {
            PdfGlyph::Outline(glyph) => glyph.advance_width(),
            PdfGlyph::Type3(glyph) => glyph.advance_width(),
        };
        let advance = advance.map(f64::from).filter(|a| a.is_finite() && *a > 0.0).unwrap_or(USUAL_ADVANCE * UNITS);
        let (origin, end, up) =
            (to_page * Point::ZERO, to_page * Point::new(advance, 0.0), to_page * Point::new(0.0, UNITS));
        let (along, size) = (end - origin, (up - origin).hypot());
        let length = along.hypot();
        let centre = origin + (along + (up - origin)) * 0.5;
        if !(length.is_finite() && size.is_finite() && length > 1e-3 && size > 1.0 && self.bounds.contains(centre)) {
            return;
        }
        let text = match glyph.as_unicode() {
            Some(BfString::Char(c)) => c.to_string(),
            Some(BfString::String(s)) => s,
            None => String::new(),
        };
        self.glyphs.push(Glyph {
            text,
            origin: [origin.x as f32, origin.y as f32],
            along: [(along.x / length) as f32, (along.y / length) as f32],
            advance: length as f32,
            size: size as f32,
        });
    }
}

impl Device<'_> for Gatherer {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, props: DrawProps<'_>, mode: &DrawMode) {
        // Invisible text lies over scans, and is what some other program read there.
        if matches!(mode, DrawMode::Invisible) {
            return;
        }
        for glyph in run.glyphs() {
            if self.glyphs.len() >= MAX_GLYPHS {
                self.overflown = true;
                return;
            }
            self.add(glyph, props.transform * glyph.transform());
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'_>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}
    fn draw_image(&mut self, _: Image<'_, '_>, _: ImageDrawProps<'_>) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}
}
