//! The `include=` query parameter: which optional members an answer carries.

use std::{fmt, str::FromStr};

/// The optional members of [`crate::ReceiptResponse`] that a client asked for.
///
/// Parsed from a comma list of `text,lines,quality,fraud,timings`; an empty
/// list asks for none of them. Without the parameter the default holds:
/// everything but `lines`, which is large and rarely needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Include {
    /// `text`.
    pub text: bool,
    /// `lines`.
    pub lines: bool,
    /// `quality`.
    pub quality: bool,
    /// `fraud`.
    pub fraud: bool,
    /// `timings_ms`, asked for as `timings`.
    pub timings: bool,
}

/// A word in `include` that names no member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("include does not know {word:?}, use a comma list of {}", Include::WORDS.join(", "))]
pub struct ParseIncludeError {
    /// The unknown word.
    pub word: String,
}

impl Include {
    /// Every word that `include` may hold.
    pub const WORDS: [&'static str; 5] = ["text", "lines", "quality", "fraud", "timings"];
    /// Only the document and its checks.
    pub const NONE: Self = Self { text: false, lines: false, quality: false, fraud: false, timings: false };
    /// Everything.
    pub const ALL: Self = Self { text: true, lines: true, quality: true, fraud: true, timings: true };
}

impl Default for Include {
    fn default() -> Self {
        Self { text: true, lines: false, quality: true, fraud: true, timings: true }
    }
}

impl FromStr for Include {
    type Err = ParseIncludeError;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        let mut include = Self::NONE;
        for word in list.split(',').map(str::trim).filter(|w| !w.is_empty()) {
            match word {
                "text" => include.text = true,
                "lines" => include.lines = true,
                "quality" => include.quality = true,
                "fraud" => include.fraud = true,
                "timings" => include.timings = true,
                // The word comes back in an error answer, so its length is bounded.
                _ => return Err(ParseIncludeError { word: word.chars().take(32).collect() }),
            }
        }
        Ok(include)
    }
}

impl fmt::Display for Include {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = [self.text, self.lines, self.quality, self.fraud, self.timings];
        let words: Vec<_> = Self::WORDS.into_iter().zip(on).filter_map(|(word, on)| on.then_some(word)).collect();
        f.write_str(&words.join(","))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_everything_but_lines() {
        assert_eq!(Include::default().to_string(), "text,quality,fraud,timings");
    }

    #[test]
    fn lists_parse_in_any_order_and_print_back() {
        for (given, printed) in
            [("", ""), ("lines", "lines"), (" fraud , text,", "text,fraud"), ("timings,timings", "timings")]
        {
            assert_eq!(given.parse::<Include>().unwrap().to_string(), printed, "{given:?}");
        }
        assert_eq!(Include::ALL.to_string().parse(), Ok(Include::ALL));
    }

    #[test]
    fn an_unknown_word_is_answered_with_the_known_ones() {
        let error = "text,boxes".parse::<Include>().unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"include does not know "boxes", use a comma list of text, lines, quality, fraud, timings"#
        );
        assert_eq!("x".repeat(5000).parse::<Include>().unwrap_err().word.len(), 32);
    }
}
