//! Typefaces and their metrics, measured once so that layout needs no rasteriser.

mod families;
mod file_name;

use std::collections::HashMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, PxScaleFactor, point};

use crate::dice::Dice;
pub(crate) use families::BUILT_IN;
pub use families::{FontError, Typefaces};

/// A typeface. The built-in ones are of the DejaVu family, whose licence allows embedding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Face {
    /// Fixed width, the look of most tills.
    #[default]
    Mono,
    /// Fixed width, bold.
    MonoBold,
    /// Proportional.
    Sans,
    /// Proportional, bold.
    SansBold,
    /// Proportional and narrow.
    Condensed,
    /// Proportional, narrow and bold.
    CondensedBold,
    /// With serifs, as some invoice printers have it.
    Serif,
    /// With serifs, bold.
    SerifBold,
    /// Loaded from a folder, see [`Typefaces`].
    Loaded(Typeface),
}

/// A handle of a typeface that was loaded from files. It stays loaded until the program ends.
#[derive(Clone, Copy)]
pub struct Typeface(&'static Loaded);

/// What a handle points to.
struct Loaded {
    name: String,
    bold: Option<Typeface>,
    glyphs: Glyphs,
}

impl fmt::Debug for Typeface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Typeface").field(&self.0.name).finish()
    }
}

impl PartialEq for Typeface {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}

impl Eq for Typeface {}

impl Hash for Typeface {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(self.0, state);
    }
}

impl Typeface {
    /// Keeps a typeface for good. `files` are tried one after the other for
    /// each character; only those of ASCII count as known if `limited`.
    fn keep(name: String, files: Vec<FontRef<'static>>, bold: Option<Typeface>, limited: bool) -> Self {
        let mut glyphs = Glyphs::of(files, true);
        if limited {
            glyphs.metrics.latin.truncate(0x80);
            glyphs.metrics.others.clear();
        }
        Self(Box::leak(Box::new(Loaded { name, bold, glyphs })))
    }
}

impl Face {
    const BUILT_IN: [Face; 8] = [
        Face::Mono,
        Face::MonoBold,
        Face::Sans,
        Face::SansBold,
        Face::Condensed,
        Face::CondensedBold,
        Face::Serif,
        Face::SerifBold,
    ];

    /// A random built-in face, in about the shares that tills have.
    pub(crate) fn draw_built_in(dice: &mut Dice) -> Self {
        const FACES: [Face; 6] = [Face::Mono, Face::MonoBold, Face::Sans, Face::Condensed, Face::Serif, Face::SansBold];
        FACES.get(dice.weighted(&[0.5, 0.08, 0.18, 0.12, 0.06, 0.06])).copied().unwrap_or_default()
    }

    /// The bold face of the same family, or the face itself where there is none.
    pub(crate) fn bold(self) -> Self {
        match self {
            Face::Mono | Face::MonoBold => Face::MonoBold,
            Face::Sans | Face::SansBold => Face::SansBold,
            Face::Condensed | Face::CondensedBold => Face::CondensedBold,
            Face::Serif | Face::SerifBold => Face::SerifBold,
            Face::Loaded(loaded) => Face::Loaded(loaded.0.bold.unwrap_or(loaded)),
        }
    }

    /// True where all characters are equally wide.
    pub(crate) fn is_fixed(self) -> bool {
        match self {
            Face::Mono | Face::MonoBold => true,
            Face::Loaded(_) => (self.metrics().width("W") - self.metrics().width("i")).abs() < 1e-3,
            _ => false,
        }
    }

    /// True where this face and its bold partner have a glyph for every character.
    pub(crate) fn covers(self, text: &str) -> bool {
        let (plain, bold) = (self.metrics(), self.bold().metrics());
        text.chars().all(|c| plain.has(c) && bold.has(c))
    }

    fn file(self) -> &'static [u8] {
        match self {
            Face::Mono | Face::Loaded(_) => dejavu::sans_mono::regular(),
            Face::MonoBold => dejavu::sans_mono::bold(),
            Face::Sans => dejavu::sans::regular(),
            Face::SansBold => dejavu::sans::bold(),
            Face::Condensed => dejavu::sans_condensed::regular(),
            Face::CondensedBold => dejavu::sans_condensed::bold(),
            Face::Serif => dejavu::serif::regular(),
            Face::SerifBold => dejavu::serif::bold(),
        }
    }

    /// The outlines and their metrics.
    pub(crate) fn glyphs(self) -> &'static Glyphs {
        static TABLES: [OnceLock<Glyphs>; 8] = [const { OnceLock::new() }; 8];
        static NONE: OnceLock<Glyphs> = OnceLock::new();
        if let Face::Loaded(loaded) = self {
            return &loaded.0.glyphs;
        }
        let read = || FontRef::try_from_slice(self.file()).into_iter().collect();
        match Self::BUILT_IN.iter().position(|f| *f == self).and_then(|i| TABLES.get(i)) {
            Some(table) => table.get_or_init(|| Glyphs::of(read(), false)),
            None => NONE.get_or_init(Glyphs::default),
        }
    }

    /// Metrics of the characters that receipts use.
    pub(crate) fn metrics(self) -> &'static Metrics {
        &self.glyphs().metrics
    }
}

/// Outlines from one or several files.
#[derive(Default)]
pub(crate) struct Glyphs {
    files: Vec<FontRef<'static>>,
    /// By how much the outlines are enlarged, so that capitals of all faces are equally tall.
    pub(crate) enlarged: f32,
    metrics: Metrics,
}

/// Height of DejaVu's capitals in ems.
const CAPITAL: f32 = 0.729;

impl Glyphs {
    /// `levelled` faces are enlarged until their capitals are as tall as
    /// DejaVu's, since layout counts on that.
    fn of(files: Vec<FontRef<'static>>, levelled: bool) -> Self {
        let mut glyphs = Self { metrics: Metrics::measure(&files, 1.0), files, enlarged: 1.0 };
        let capital = glyphs.metrics.glyph('H').ink.map_or(CAPITAL, |ink| -ink[1]);
        if levelled && capital > 0.05 {
            glyphs.enlarged = CAPITAL / capital;
            glyphs.metrics = Metrics::measure(&glyphs.files, glyphs.enlarged);
        }
        glyphs
    }

    /// The first file that has the character, or the first of all.
    pub(crate) fn file_with(&self, c: char) -> Option<&FontRef<'static>> {
        file_with(&self.files, c)
    }
}

fn file_with<'a>(files: &'a [FontRef<'static>], c: char) -> Option<&'a FontRef<'static>> {
    files.iter().find(|f| f.glyph_id(c).0 != 0).or_else(|| files.first())
}

/// The place of a character's ink relative to its origin on the baseline, in
/// ems, with y pointing down.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Glyph {
    /// Distance to the next character's origin.
    pub(crate) advance: f32,
    /// `[left, top, right, bottom]` of the ink, none for a space.
    pub(crate) ink: Option<[f32; 4]>,
    /// The face has this character.
    known: bool,
}

/// Measured characters of one face.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    latin: Vec<Glyph>,
    others: HashMap<char, Glyph>,
}

/// Characters outside of Latin-1 and Latin Extended-A that receipts use.
const OTHERS: &str = "€–—‘’“”„•…™ẞ×№ȘșȚț‰";

impl Metrics {
    fn measure(files: &[FontRef<'static>], enlarged: f32) -> Self {
        let glyph = |c: char| {
            let Some(font) = file_with(files, c) else { return Glyph::default() };
            let upem = font.units_per_em().unwrap_or(2048.0);
            let id = font.glyph_id(c);
            // Bounds come in whole pixels, so measure on a large em.
            let factor = PxScaleFactor { horizontal: 1000.0 / upem, vertical: 1000.0 / upem };
            let ink = font.outline(id).map(|o| o.px_bounds(factor, point(0.0, 0.0)));
            Glyph {
                advance: font.h_advance_unscaled(id) / upem * enlarged,
                ink: ink.map(|r| [r.min.x, r.min.y, r.max.x, r.max.y].map(|v| v / 1000.0 * enlarged)),
                // Some fonts give characters that they lack an empty outline.
                known: id.0 != 0 && ink.is_some() != c.is_whitespace(),
            }
        };
        if files.is_empty() {
            return Self::default();
        }
        Self {
            latin: (0..0x180_u32).filter_map(char::from_u32).map(glyph).collect(),
            others: OTHERS.chars().map(|c| (c, glyph(c))).collect(),
        }
    }

    /// True where the face draws this character.
    fn has(&self, c: char) -> bool {
        self.latin.get(c as usize).or_else(|| self.others.get(&c)).is_some_and(|g| g.known)
    }

    /// A character's metrics; those of `?` where it was not measured.
    pub(crate) fn glyph(&self, c: char) -> Glyph {
        let found = self.latin.get(c as usize).or_else(|| self.others.get(&c));
        found.or_else(|| self.latin.get('?' as usize)).copied().unwrap_or_default()
    }

    /// Length of `text` in ems.
    pub(crate) fn width(&self, text: &str) -> f32 {
        text.chars().map(|c| self.glyph(c).advance).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_those_of_letters() {
        let mono = Face::Mono.metrics();
        assert!((mono.width("WWWW") - mono.width("iiii")).abs() < 1e-6);
        assert!(Face::Sans.metrics().width("W") > Face::Sans.metrics().width("i"));
        let [left, top, right, bottom] = mono.glyph('H').ink.unwrap_or_default();
        assert!((-0.75..-0.65).contains(&top) && bottom.abs() < 0.02 && left > 0.0 && right < mono.glyph('H').advance);
        assert!(mono.glyph('p').ink.is_some_and(|i| i[3] > 0.15) && mono.glyph(' ').ink.is_none());
        assert!(mono.glyph('€').ink.is_some());
    }
}
