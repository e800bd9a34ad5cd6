//! What the file names of fonts say about weight, slant and script.

/// A font's place in its family, as its file's name has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Style {
    /// The name without weight, slant and script, for example `opensans-cond`.
    pub(super) base: String,
    /// 100 (thin) to 900 (black); 400 where the name says nothing.
    pub(super) weight: u32,
    /// Slanted.
    pub(super) italic: bool,
    /// The file holds only what the plain latin file of the same style lacks.
    pub(super) extension: bool,
}

/// Words for weights; longer ones come before those that they contain.
const WEIGHTS: [(&str, u32); 10] = [
    ("extrabold", 800),
    ("semibold", 600),
    ("regular", 400),
    ("medium", 500),
    ("normal", 400),
    ("black", 900),
    ("light", 300),
    ("bold", 700),
    ("thin", 100),
    ("book", 400),
];

impl Style {
    /// Reads a file name without its ending.
    pub(super) fn of(stem: &str) -> Self {
        let mut base = stem.to_lowercase();
        let mut take = |word: &str| {
            let found = base.contains(word);
            base = base.replace(word, "");
            found
        };
        let extension = take("latin-ext");
        take("latin");
        let mut italic = take("italic") | take("oblique");
        let mut weight = 400;
        for (word, value) in WEIGHTS {
            if take(word) && value != 400 {
                weight = value;
            }
        }
        for value in (1..=9).map(|n| n * 100) {
            if take(&format!("-{value}")) {
                weight = value;
            }
        }
        // Anonymous Pro: `B`, `I` and `BI` behind the name.
        for (ending, bold) in [(" bi", true), (" b", true), (" i", false)] {
            if let Some(rest) = base.strip_suffix(ending) {
                italic |= ending.ends_with('i');
                weight = if bold { 700 } else { weight };
                base = rest.to_string();
                break;
            }
        }
        let base = base.trim_matches(|c: char| !c.is_alphanumeric()).to_string();
        Self { base, weight, italic, extension }
    }
}

/// The family that a folder's name means: `fonts-hack` and
/// `npm-fontsource-vt323` lose what packagers put in front.
pub(super) fn family(folder: &str) -> String {
    let name = folder.to_lowercase();
    let name = name.strip_prefix("npm-fontsource-").or_else(|| name.strip_prefix("fonts-")).unwrap_or(&name);
    // The same outlines as the built-in ones.
    if name.starts_with("dejavu") { "dejavu".to_string() } else { name.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_style() {
        let of = |stem| {
            let s = Style::of(stem);
            (s.base, s.weight, s.italic, s.extension)
        };
        let is = |base: &str, weight, italic, extension| (base.to_string(), weight, italic, extension);
        assert_eq!(of("Hack-BoldItalic"), is("hack", 700, true, false));
        assert_eq!(of("space-mono-latin-ext-700-normal"), is("space-mono", 700, false, true));
        assert_eq!(of("OpenSans-CondLight"), is("opensans-cond", 300, false, false));
        assert_eq!(of("OpenSans-ExtraBold"), is("opensans", 800, false, false));
        assert_eq!(of("Anonymous Pro BI"), is("anonymous pro", 700, true, false));
        assert_eq!(of("Anonymous Pro Minus"), is("anonymous pro minus", 400, false, false));
        assert_eq!(of("spleen-16x32"), is("spleen-16x32", 400, false, false));
        assert_eq!(family("npm-fontsource-vt323"), "vt323");
        assert_eq!(family("fonts-dejavu-core"), "dejavu");
    }
}
