//! Typefaces and their metrics, measured once so that layout needs no rasteriser.

use std::collections::HashMap;
use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, PxScaleFactor, point};

/// A typeface. All are of the DejaVu family, whose licence allows embedding.
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
}

impl Face {
    /// The bold face of the same family.
    pub(crate) fn bold(self) -> Self {
        match self {
            Face::Mono | Face::MonoBold => Face::MonoBold,
            Face::Sans | Face::SansBold => Face::SansBold,
            Face::Condensed | Face::CondensedBold => Face::CondensedBold,
            Face::Serif | Face::SerifBold => Face::SerifBold,
        }
    }

    fn file(self) -> &'static [u8] {
        match self {
            Face::Mono => dejavu::sans_mono::regular(),
            Face::MonoBold => dejavu::sans_mono::bold(),
            Face::Sans => dejavu::sans::regular(),
            Face::SansBold => dejavu::sans::bold(),
            Face::Condensed => dejavu::sans_condensed::regular(),
            Face::CondensedBold => dejavu::sans_condensed::bold(),
            Face::Serif => dejavu::serif::regular(),
            Face::SerifBold => dejavu::serif::bold(),
        }
    }

    /// The parsed font, or nothing should its file be unreadable.
    pub(crate) fn font(self) -> Option<FontRef<'static>> {
        FontRef::try_from_slice(self.file()).ok()
    }

    /// Metrics of the characters that receipts use.
    pub(crate) fn metrics(self) -> &'static Metrics {
        static TABLES: [OnceLock<Metrics>; 8] = [const { OnceLock::new() }; 8];
        static NONE: OnceLock<Metrics> = OnceLock::new();
        match TABLES.get(self as usize) {
            Some(table) => table.get_or_init(|| Metrics::measure(self)),
            None => NONE.get_or_init(Metrics::default),
        }
    }
}

/// The place of a character's ink relative to its origin on the baseline, in
/// ems, with y pointing down.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Glyph {
    /// Distance to the next character's origin.
    pub(crate) advance: f32,
    /// `[left, top, right, bottom]` of the ink, none for a space.
    pub(crate) ink: Option<[f32; 4]>,
}

/// Measured characters of one face.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    latin: Vec<Glyph>,
    others: HashMap<char, Glyph>,
}

/// Characters outside of Latin-1 and Latin Extended-A that receipts use.
const OTHERS: &str = "€–—‘’“”„•…™ẞ×";

impl Metrics {
    fn measure(face: Face) -> Self {
        let Some(font) = face.font() else { return Self::default() };
        let upem = font.units_per_em().unwrap_or(2048.0);
        let glyph = |c: char| {
            let id = font.glyph_id(c);
            // Bounds come in whole pixels, so measure on a large em.
            let factor = PxScaleFactor { horizontal: 1000.0 / upem, vertical: 1000.0 / upem };
            let ink = font.outline(id).map(|o| o.px_bounds(factor, point(0.0, 0.0)));
            Glyph {
                advance: font.h_advance_unscaled(id) / upem,
                ink: ink.map(|r| [r.min.x, r.min.y, r.max.x, r.max.y].map(|v| v / 1000.0)),
            }
        };
        Self {
            latin: (0..0x180_u32).filter_map(char::from_u32).map(glyph).collect(),
            others: OTHERS.chars().map(|c| (c, glyph(c))).collect(),
        }
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
