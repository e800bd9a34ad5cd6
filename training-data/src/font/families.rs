//! Families of typefaces, the built-in one and those of a folder, and the choice among them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ab_glyph::FontRef;

use super::file_name::{Style, family};
use super::{Face, Typeface};
use crate::dice::Dice;

/// Name of the built-in family.
pub(crate) const BUILT_IN: &str = "dejavu";
/// Bases of faces that nobody prints text in: negatives, hollow letters, and
/// outlines that overlap so that they cancel each other.
const UNSUITABLE: [&str; 4] = ["ocrbe", "ocrbx", "ocrbf", "spleen-6x12"];
/// Families whose characters beyond ASCII are other characters in their place.
const ASCII_ONLY: [&str; 1] = ["ocr-a"];
/// Weights below are too thin to be read in a photograph.
const LEAST_WEIGHT: u32 = 300;
/// From here on a face counts as bold.
const BOLD: u32 = 600;
/// How often a family's italics are chosen, where it has some.
const ITALIC_SHARE: f64 = 0.04;
/// How often the choice within a family falls on bold.
const BOLD_SHARE: f64 = 0.15;

/// Families to set pages in, each in an equal share.
#[derive(Debug, Clone)]
pub struct Typefaces(Vec<Family>);

/// Faces of one design. The built-in family has none here: it keeps its own shares.
#[derive(Debug, Clone, Default)]
struct Family {
    name: String,
    plain: Vec<Face>,
    bold: Vec<Face>,
    italic: Vec<Face>,
}

/// Why typefaces could not be had.
#[derive(Debug, thiserror::Error)]
pub enum FontError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read fonts from {path}: {source}")]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A name that no family has.
    #[error("no typeface {name:?}: choose among {known}")]
    Unknown {
        /// The name.
        name: String,
        /// All names.
        known: String,
    },
    /// Nothing is left to choose from.
    #[error("no typeface is left; hold out fewer of {known}")]
    NoneLeft {
        /// All names.
        known: String,
    },
}

impl Default for Typefaces {
    /// The built-in family alone.
    fn default() -> Self {
        Self(vec![Family { name: BUILT_IN.to_string(), ..Family::default() }])
    }
}

impl Typefaces {
    /// The built-in family and those of all `.ttf` and `.otf` files below
    /// `folder`. A family is a folder; files that cannot be parsed are left out.
    ///
    /// # Errors
    /// A folder or file that cannot be read.
    pub fn load(folder: &Path) -> Result<Self, FontError> {
        let mut files = Vec::new();
        find(folder, &mut files)?;
        files.sort();
        let mut families: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for file in files {
            let name = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
            families.entry(family(&name)).or_default().push(file);
        }
        let mut all = Self::default();
        for (name, files) in families.into_iter().filter(|(name, _)| name != BUILT_IN) {
            all.0.push(Family::load(name, &files)?);
        }
        all.0.retain(|f| f.name == BUILT_IN || !f.plain.is_empty() || !f.bold.is_empty());
        Ok(all)
    }

    /// The names of all families.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|f| f.name.as_str()).collect()
    }

    /// Without the named families.
    ///
    /// # Errors
    /// A name that no family has, and when none is left.
    pub fn without(self, names: &[String]) -> Result<Self, FontError> {
        self.keep(names, false)
    }

    /// The named families alone.
    ///
    /// # Errors
    /// A name that no family has.
    pub fn only(self, names: &[String]) -> Result<Self, FontError> {
        self.keep(names, true)
    }

    fn keep(self, names: &[String], named: bool) -> Result<Self, FontError> {
        let known = self.names().join(", ");
        let names: Vec<String> = names.iter().map(|n| family(n.trim())).collect();
        if let Some(name) = names.iter().find(|n| !self.0.iter().any(|f| f.name == **n)) {
            return Err(FontError::Unknown { name: name.clone(), known });
        }
        let left: Vec<Family> = self.0.into_iter().filter(|f| names.contains(&f.name) == named).collect();
        if left.is_empty() { Err(FontError::NoneLeft { known }) } else { Ok(Self(left)) }
    }

    /// A random face with its family's name, or nothing where no face has all
    /// characters of `text`.
    pub(crate) fn draw(&self, dice: &mut Dice, text: &str) -> Option<(Face, &str)> {
        let mut left: Vec<&Family> = self.0.iter().collect();
        while !left.is_empty() {
            let family = left.swap_remove(dice.index(left.len()));
            if let Some(face) = family.draw(dice, text) {
                return Some((face, &family.name));
            }
        }
        None
    }
}

impl Family {
    fn load(name: String, files: &[PathBuf]) -> Result<Self, FontError> {
        let mut styles: Vec<(Style, Vec<FontRef<'static>>)> = Vec::new();
        for path in files {
            let style = Style::of(&path.file_stem().unwrap_or_default().to_string_lossy());
            let bytes = fs::read(path).map_err(|source| FontError::Unreadable { path: path.clone(), source })?;
            // Faces are handed around as copies and live as long as the program.
            let Ok(font) = FontRef::try_from_slice(Box::leak(bytes.into_boxed_slice())) else { continue };
            let same = |s: &Style| (&s.base, s.weight, s.italic) == (&style.base, style.weight, style.italic);
            match styles.iter_mut().find(|(s, _)| same(s)) {
                Some((_, fonts)) if style.extension => fonts.push(font),
                Some((_, fonts)) => fonts.insert(0, font),
                None => styles.push((style, vec![font])),
            }
        }
        // Bold ones first, so that the others find their partners.
        styles.sort_by_key(|(s, _)| std::cmp::Reverse(s.weight));
        let mut family = Family { name, ..Family::default() };
        let mut bold: Vec<(Style, Typeface)> = Vec::new();
        // Its strokes are rows of dots, which vanish unless they are thick.
        let least = if family.name == "doto" { BOLD } else { LEAST_WEIGHT };
        let suits = |s: &Style| s.weight >= least && !UNSUITABLE.contains(&s.base.as_str());
        let limited = ASCII_ONLY.contains(&family.name.as_str());
        for (style, fonts) in styles.into_iter().filter(|(s, _)| suits(s)) {
            let partners = bold.iter().filter(|(b, _)| b.base == style.base && b.italic == style.italic);
            let partner = partners.min_by_key(|(b, _)| b.weight.abs_diff(700)).map(|b| b.1);
            let partner = partner.filter(|_| style.weight < BOLD);
            let typeface = Typeface::keep(format!("{} {}", style.base, style.weight), fonts, partner, limited);
            if !Face::Loaded(typeface).covers("AZaz09") {
                continue;
            }
            match (style.italic, style.weight >= BOLD) {
                (true, _) => family.italic.push(Face::Loaded(typeface)),
                (false, true) => family.bold.push(Face::Loaded(typeface)),
                (false, false) => family.plain.push(Face::Loaded(typeface)),
            }
            if style.weight >= BOLD {
                bold.push((style, typeface));
            }
        }
        Ok(family)
    }

    fn draw(&self, dice: &mut Dice, text: &str) -> Option<Face> {
        if self.name == BUILT_IN {
            return Some(Face::draw_built_in(dice)).filter(|f| f.covers(text));
        }
        let (italic, bold) = (dice.chance(ITALIC_SHARE), dice.chance(BOLD_SHARE));
        let mut kinds = [&self.plain, &self.bold, &self.italic];
        if italic {
            kinds.swap(0, 2);
        } else if bold {
            kinds.swap(0, 1);
        }
        for kind in kinds {
            let fitting: Vec<Face> = kind.iter().copied().filter(|f| f.covers(text)).collect();
            if !fitting.is_empty() {
                return Some(dice.pick(&fitting));
            }
        }
        None
    }
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), FontError> {
    let unreadable = |source| FontError::Unreadable { path: folder.to_path_buf(), source };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        if path.is_dir() {
            find(&path, files)?;
        } else if ending == "ttf" || ending == "otf" {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::layout::Run;
    use crate::{generate_in, generate_lines, locale};

    /// A family whose face lacks all letters with marks.
    fn limited() -> Typefaces {
        let font = FontRef::try_from_slice(dejavu::sans::regular()).unwrap();
        let face = Face::Loaded(Typeface::keep("plain".to_string(), vec![font], None, true));
        Typefaces(vec![Family { name: "plain".to_string(), plain: vec![face], ..Family::default() }])
    }

    #[test]
    fn no_page_has_a_character_that_its_typeface_lacks() {
        let faces = [limited(), Typefaces::default()];
        let mut missing = Vec::new();
        let mut used = [0; 2];
        for index in 0..240 {
            let locale = &locale::all()[index as usize % locale::all().len()];
            for (i, faces) in faces.iter().enumerate() {
                for page in [generate_in(locale, 8, index, faces), generate_lines(locale, 8, index, faces)] {
                    used[i] += usize::from(page.truth.typeface.as_deref() == Some("plain"));
                    let lacks = |r: &&Run| !r.face.covers(&r.text);
                    missing.extend(page.sheet.runs.iter().filter(lacks).map(|r| (r.face, r.text.clone())));
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
        // Receipts in capitals without marks and all pages of lines can do with it.
        assert!(used[0] > 300 && used[1] == 0, "{used:?}");
    }

    #[test]
    fn folders_are_families_with_bold_partners() {
        let folder = tempfile::tempdir().unwrap();
        let family = folder.path().join("deep/fonts-invented");
        fs::create_dir_all(&family).unwrap();
        fs::write(family.join("Invented-Regular.ttf"), dejavu::sans_mono::regular()).unwrap();
        fs::write(family.join("Invented-Bold.ttf"), dejavu::sans_mono::bold()).unwrap();
        fs::write(family.join("broken.otf"), b"no font").unwrap();
        let all = Typefaces::load(folder.path()).unwrap();
        assert_eq!(all.names(), ["dejavu", "invented"]);
        let only = all.clone().only(&["fonts-invented".to_string()]).unwrap();
        let dice = &mut Dice::new(1, 1);
        let (face, name) = only.draw(dice, "Größe").unwrap();
        assert_eq!(name, "invented");
        assert!(face.is_fixed() && face.bold() == face.bold().bold());
        let plain = only.0[0].plain[0];
        assert_ne!(plain, plain.bold());
        assert!(only.draw(dice, "漢").is_none());
        assert_eq!(all.clone().without(&["invented".to_string()]).unwrap().names(), ["dejavu"]);
        assert!(all.clone().only(&["inventd".to_string()]).unwrap_err().to_string().contains("dejavu, invented"));
        assert!(all.without(&["invented".to_string(), "dejavu".to_string()]).is_err());
        assert!(Typefaces::load(&folder.path().join("missing")).is_err());
    }
}
