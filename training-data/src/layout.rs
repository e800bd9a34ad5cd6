//! From rows of cells to places on a page: text runs to draw and the lines a detector would box.

use crate::compose::{Anchor, Cell, PlacedCode, Row};
use crate::font::{Face, Metrics};
use crate::look::Look;
use crate::truth::{Barcode, Line, PageSize};

/// Text to draw with one typeface at one place, in pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The characters.
    pub text: String,
    /// Where the first character starts.
    pub x: f32,
    /// The baseline.
    pub y: f32,
    /// Height of an em.
    pub em: f32,
    /// Width of an em relative to its height.
    pub stretch: f32,
    /// The typeface.
    pub face: Face,
}

/// Everything that is to be drawn, in pixels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sheet {
    /// Texts.
    pub runs: Vec<Run>,
    /// Filled rectangles, `[left, top, right, bottom]`.
    pub rules: Vec<[f32; 4]>,
    /// How zeros are told from the letter O.
    pub zeros: Zeros,
}

/// What tells a zero from the letter O. Tills and terminals mark it in many
/// ways, and a reader that knows few of them takes the others for an 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Zeros {
    /// What the typeface has.
    #[default]
    AsDrawn,
    /// A stroke from the lower left to the upper right, within the zero.
    Slashed,
    /// The same stroke, beyond the zero on both sides.
    SlashedThrough,
    /// A stroke from the upper left to the lower right.
    BackSlashed,
    /// A dot in the middle.
    Dotted,
    /// An upright stroke in the middle.
    Barred,
}

impl Zeros {
    /// All marks.
    pub(crate) const MARKS: [Zeros; 5] =
        [Zeros::Slashed, Zeros::SlashedThrough, Zeros::BackSlashed, Zeros::Dotted, Zeros::Barred];

    /// Both ends of the mark's stroke, relative to the middle of the zero's ink and its half width and height.
    pub(crate) fn stroke(self) -> Option<[[f32; 2]; 2]> {
        match self {
            Zeros::AsDrawn => None,
            Zeros::Slashed => Some([[-0.5, 0.5], [0.5, -0.5]]),
            Zeros::SlashedThrough => Some([[-1.05, 1.0], [1.05, -1.0]]),
            Zeros::BackSlashed => Some([[-0.5, -0.5], [0.5, 0.5]]),
            Zeros::Dotted => Some([[0.0, -0.03], [0.0, 0.03]]),
            Zeros::Barred => Some([[0.0, -0.35], [0.0, 0.35]]),
        }
    }
}

/// Columns further apart than this many ems are boxed as lines of their own:
/// one and a half times the height of a capital.
const SPLIT_GAP: f32 = 1.1;
/// Columns closer than this many ems do not fit on one row.
const LEAST_GAP: f32 = 0.45;
/// Space around the ink in a detector's box, in ems.
const BOX_PADDING: f32 = 0.06;
/// Height of a small letter, in ems. A box holds at least that above the baseline: cut to its ink alone, a row of
/// points could as well be one of dashes, asterisks or underscores.
const SMALL_LETTER: f32 = 0.5;

/// Share of its advance that the ink of a character covers, from which no gap to the next one is seen on a receipt.
const UNBROKEN: f32 = 0.97;

/// What stands on a page, and where.
pub(crate) struct Page {
    pub(crate) sheet: Sheet,
    pub(crate) lines: Vec<Line>,
    pub(crate) barcodes: Vec<Barcode>,
    pub(crate) size: PageSize,
}

/// Places all rows on a page that is as long as they need.
pub(crate) fn lay_out(rows: Vec<Row>, look: &Look) -> Page {
    let inner = look.inner_ems() * look.em * look.stretch;
    let [side, top, bottom] = look.margins.map(|m| m * look.em);
    let mut pen = Pen { look, inner, side, y: top, sheet: Sheet::default(), lines: Vec::new(), barcodes: Vec::new() };
    for row in rows {
        pen.row(row);
    }
    let size = PageSize { width: (inner + 2.0 * side).ceil() as u32, height: (pen.y + bottom).ceil() as u32 };
    Page { sheet: pen.sheet, lines: pen.lines, barcodes: pen.barcodes, size }
}

struct Pen<'a> {
    look: &'a Look,
    inner: f32,
    side: f32,
    y: f32,
    sheet: Sheet,
    lines: Vec<Line>,
    barcodes: Vec<Barcode>,
}

/// A cell with its place on the row.
struct Placed {
    line: Line,
    x: [f32; 2],
    /// Top and bottom relative to the baseline: of the ink, and of a small letter.
    y: [f32; 2],
}

impl Pen<'_> {
    fn row(&mut self, row: Row) {
        let em = self.look.em * row.scale[1];
        let stretch = self.look.stretch * row.scale[0] / row.scale[1];
        self.y += row.before * self.look.em;
        if row.rule {
            let y = self.y + 0.4 * em;
            self.sheet.rules.push([self.side, y, self.side + self.inner, y + (em * 0.07).max(1.0)]);
            self.y += 0.8 * em;
        }
        if let Some(placed) = &row.code {
            self.code(placed);
        }
        let face = if row.bold { self.look.face.bold() } else { self.look.face };
        let metrics = face.metrics();
        let width = |text: &str| metrics.width(text) * em * stretch;
        let mut current: Vec<Placed> = Vec::new();
        for cell in row.cells {
            let at = cell.at;
            for part in cell.text.wrap(self.inner, width) {
                let placed = self.place(&Cell { at, text: part }, metrics, em, stretch);
                let collides = current.last().is_some_and(|p| placed.x[0] < p.x[1] + LEAST_GAP * em);
                if collides {
                    self.flush(std::mem::take(&mut current), face, em, stretch);
                }
                current.push(placed);
            }
        }
        self.flush(current, face, em, stretch);
    }

    /// Draws a code in whole pixels a module; nothing where it is wider than the page.
    fn code(&mut self, placed: &PlacedCode) {
        let PlacedCode { code, at, module, height } = placed;
        let side = (module * self.look.em).round().max(2.0);
        let (width, quiet) = (code.width as f32 * side, code.quiet() as f32 * side);
        let room = self.inner - width;
        if room < 2.0 * quiet {
            return;
        }
        let left = (self.side + (room * at).clamp(quiet, room - quiet)).round();
        let top = (self.y + quiet.min(self.look.em)).round();
        let tall = if code.height() > 1 { side } else { (height * self.look.em).round() };
        for (row, from, to) in code.runs() {
            let y = top + row as f32 * tall;
            self.sheet.rules.push([left + from as f32 * side, y, left + to as f32 * side, y + tall]);
        }
        let bottom = top + code.height() as f32 * tall;
        let bounds = [left, top, left + width, bottom];
        self.barcodes.push(Barcode { symbology: code.symbology, value: code.value.clone(), bounds, quad: None });
        self.y = bottom + quiet.min(self.look.em) * 0.5;
    }

    fn place(&self, cell: &Cell, metrics: &Metrics, em: f32, stretch: f32) -> Placed {
        let (text, labels) = cell.text.flatten();
        let width = metrics.width(&text) * em * stretch;
        let x = match cell.at {
            Anchor::Left(at) => at * self.inner,
            Anchor::Right(at) => at * self.inner - width,
            Anchor::Centre(at) => at * self.inner - width / 2.0,
        };
        let x = self.side + x.min(self.inner - width).max(0.0);
        let [mut left, mut top, mut right, mut bottom] = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
        let mut pen = x;
        for c in text.chars() {
            let glyph = metrics.glyph(c);
            if let Some(ink) = glyph.ink {
                left = left.min(pen + ink[0] * em * stretch);
                right = right.max(pen + ink[2] * em * stretch);
                top = top.min(ink[1] * em);
                bottom = bottom.max(ink[3] * em);
            }
            pen += glyph.advance * em * stretch;
        }
        let bounds = [left, 0.0, right, 0.0];
        Placed {
            line: Line { text, bounds, quad: None, labels, words: Vec::new() },
            x: [x, x + width],
            y: [top.min(-SMALL_LETTER * em), bottom.max(0.0)],
        }
    }

    /// Draws the cells on the next baseline and joins those that stand close.
    fn flush(&mut self, cells: Vec<Placed>, face: Face, em: f32, stretch: f32) {
        let cells: Vec<Placed> = cells.into_iter().filter(|c| c.line.bounds[0] <= c.line.bounds[2]).collect();
        if cells.is_empty() {
            return;
        }
        let leading = self.look.leading * em;
        let baseline = self.y + 0.78 * em + (leading - em) / 2.0;
        self.y += leading;
        let mut end = f32::MIN;
        for cell in cells {
            let Placed { mut line, x, y } = cell;
            if let Some([top, bottom]) = unbroken(&line.text, face.metrics()) {
                self.sheet.rules.push([line.bounds[0], baseline + top * em, line.bounds[2], baseline + bottom * em]);
                continue;
            }
            self.sheet.runs.push(Run { text: line.text.clone(), x: x[0], y: baseline, em, stretch, face });
            let pad = BOX_PADDING * em;
            line.bounds = [line.bounds[0] - pad, baseline + y[0] - pad, line.bounds[2] + pad, baseline + y[1] + pad];
            match self.lines.last_mut() {
                Some(last) if x[0] - end <= SPLIT_GAP * em && end > f32::MIN => append(last, line),
                _ => self.lines.push(line),
            }
            end = x[1];
        }
    }
}

/// Top and bottom in ems of a text that is one stroke from end to end, as underscores are in most faces. Nobody can tell
/// how many there are, so they are drawn as any other rule, which is no line of text.
fn unbroken(text: &str, metrics: &Metrics) -> Option<[f32; 2]> {
    let mut stroke = None;
    for c in text.chars() {
        let glyph = metrics.glyph(c);
        let ink = glyph.ink.filter(|ink| matches!(c, '_' | '-') && ink[2] - ink[0] >= UNBROKEN * glyph.advance)?;
        stroke = Some([ink[1], ink[3]]);
    }
    stroke.filter(|_| text.chars().count() > 1)
}

/// Joins the next column to a line, with one space.
fn append(line: &mut Line, next: Line) {
    line.text.push(' ');
    let shift = line.text.chars().count();
    line.text.push_str(&next.text);
    line.labels.extend(next.labels.into_iter().map(|mut l| {
        (l.start, l.end) = (l.start + shift, l.end + shift);
        l
    }));
    let (a, b) = (line.bounds, next.bounds);
    line.bounds = [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
}
