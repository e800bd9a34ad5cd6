//! Digits within words that are letters, and letters that lost their accents.
//!
//! `O` and `0`, `S` and `5` look alike in many typefaces, and a recogniser that sees a line does not always say which it is.
//! In a word of letters the letter is meant, if the recogniser named it as the other possibility: names, addresses and goods
//! are read that way, and an `O` among digits is a zero. Of the letters that a language has and others lack, `Ø` loses its
//! stroke and `Å` its ring in small print, and letters that it lacks stand for those that it has (`ä` in French for `â`): where
//! the page's language is known, its own are believed as soon as the recogniser hesitates. The reading as it was stays an
//! alternative.

use slipstream_models::entities::{Entity, Reading};
use slipstream_models::{CharReading, TextLines};

/// Letters that a word has at least, for each of its digits ...
const LETTERS: usize = 2;
/// ... and if it begins with a digit, which counts or measures more often than not.
const LETTERS_BEHIND: usize = 4;

/// Probability from which an accented letter of the page's language is believed.
const ACCENTED: f32 = 0.04;

/// What words are read with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letters<'a> {
    /// The page.
    pub(super) lines: &'a TextLines,
    /// ISO 639-1 code of its language.
    pub(super) language: Option<&'static str>,
}

impl Letters<'_> {
    /// The letter of the page's language that is meant by `c`, where that is another one. Without its accent nothing is
    /// foreign: a name may be, and the language of a short page is a guess.
    fn native(&self, c: &CharReading) -> Option<char> {
        let language = self.language?;
        let (lacking, own) = (lacking(language), own(language)?);
        let is_own = |letter: char| letter.to_lowercase().all(|letter| own.contains(letter));
        let is_foreign = c.ch.is_alphabetic() && !c.ch.is_ascii() && !is_own(c.ch);
        let of_pair = |letter: char| lacking.split(' ').any(|pair| pair.chars().eq([c.ch, letter]));
        let same_case = |letter: char| letter.is_uppercase() == c.ch.is_uppercase();
        let named = c.alternatives.iter().filter(|other| other.confidence >= ACCENTED);
        let mut letters = named.filter_map(|other| single(&other.text));
        letters.find(|letter| of_pair(*letter) || (is_foreign && same_case(*letter) && is_own(*letter)))
    }
}

/// Characters that small print turns into others, as pairs of what is read and what the language has.
fn lacking(language: &str) -> &'static str {
    match language {
        "da" => "oø OØ aå AÅ aæ AÆ",
        "fi" => "aä AÄ oö OÖ",
        "sv" => "aå AÅ aä AÄ oö OÖ",
        "de" => "aä AÄ oö OÖ uü UÜ Bß",
        "es" | "pt" => "°º",
        _ => "",
    }
}

/// The small letters beyond a to z that a language has, those of its usual foreign words included.
fn own(language: &str) -> Option<&'static str> {
    Some(match language {
        "da" => "æøåéü",
        "de" => "äöüßé",
        "en" => "éèêçñ",
        "es" => "áéíóúüñçºª",
        "fi" => "äöåéšž",
        "fr" => "àâæçéèêëîïôœùûüÿ",
        "it" => "àáèéìíòóùúçº",
        "nl" => "áéèëêíïóöúüç",
        "pt" => "áâãàçéêíóôõúüºª",
        "sv" => "åäöéàü",
        _ => return None,
    })
}

/// The entity with letters in its words.
pub(super) fn lettered(entity: &Entity, letters: Letters<'_>) -> Entity {
    let lines = letters.lines;
    // What stands between two spans is a blank.
    let mut chars: Vec<Option<&CharReading>> = Vec::new();
    for (i, span) in entity.best.spans.iter().enumerate() {
        if i > 0 {
            chars.push(None);
        }
        chars.extend(lines.chars_at(span).iter().map(Some));
    }
    let mut text: Vec<char> = chars.iter().map(|c| c.map_or(' ', |c| c.ch)).collect();
    let mut changed = false;
    let mut start = 0;
    for word in chars.split(|c| c.is_none_or(|c| c.ch.is_whitespace())) {
        let word: Vec<&CharReading> = word.iter().copied().flatten().collect();
        let native = word.iter().enumerate().filter_map(|(at, c)| Some((at, letters.native(c)?)));
        for (at, letter) in meant(&word).into_iter().chain(zeros(&word)).chain(native) {
            if let Some(ch) = text.get_mut(start + at) {
                (*ch, changed) = (letter, true);
            }
        }
        start += word.len() + 1;
    }
    if !changed {
        return entity.clone();
    }
    let best = Reading { text: text.into_iter().collect(), ..entity.best.clone() };
    let mut alternatives = entity.alternatives.clone();
    alternatives.insert(0, entity.best.clone());
    Entity { best, alternatives }
}

/// Positions of a word's digits with the letters that they are, if all of them are letters.
fn meant(word: &[&CharReading]) -> Vec<(usize, char)> {
    let letters: Vec<char> = word.iter().map(|c| c.ch).filter(|ch| ch.is_alphabetic()).collect();
    let digits: Vec<(usize, &CharReading)> =
        word.iter().copied().enumerate().filter(|(_, c)| c.ch.is_ascii_digit()).collect();
    let begins = word.iter().find(|c| c.ch.is_alphanumeric()).is_some_and(|c| c.ch.is_ascii_digit());
    let needed = if begins { LETTERS_BEHIND } else { LETTERS } * digits.len();
    // A province behind an Italian address: `(B0)`. Initials: `5.A.`
    let bracketed = letters.len() == 1 && digits.len() == 1 && word.first().is_some_and(|c| c.ch == '(');
    let initials = !letters.is_empty()
        && word.chunks(2).all(|pair| matches!(pair, [c, point] if c.ch.is_alphanumeric() && point.ch == '.'));
    if digits.is_empty() || (letters.len() < needed && !bracketed && !initials) {
        return Vec::new();
    }
    let upper = letters.iter().all(|ch| ch.is_uppercase());
    let letter = |c: &CharReading| {
        let mut named = c.alternatives.iter().filter_map(|other| single(&other.text));
        let first = named.find(|ch| ch.is_alphabetic() && ch.is_uppercase() == upper);
        first.filter(|ch| looks_like(c.ch, *ch))
    };
    digits.iter().map(|(i, c)| Some((*i, letter(c)?))).collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// Positions of the letters O in a number, which the recogniser named as zeros.
fn zeros(word: &[&CharReading]) -> Vec<(usize, char)> {
    let is_o = |c: &CharReading| matches!(c.ch, 'O' | 'o');
    let is_number = word.iter().any(|c| c.ch.is_ascii_digit()) && word.iter().all(|c| !c.ch.is_alphabetic() || is_o(c));
    let is_zero = |c: &CharReading| is_o(c) && c.alternatives.iter().any(|other| other.text == "0");
    let places = word.iter().enumerate().filter(|(_, c)| is_number && is_zero(c));
    places.map(|(at, _)| (at, '0')).collect()
}

fn single(text: &str) -> Option<char> {
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// Whether a digit and a letter can be the same shape.
fn looks_like(digit: char, letter: char) -> bool {
    let letters = match digit {
        '0' => "OoDQØø",
        '1' => "IilL",
        '2' => "Zz",
        '4' => "A",
        '5' => "Ss",
        '6' => "Gb",
        '8' => "B",
        _ => "",
    };
    letters.contains(letter)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use slipstream_models::CharAlternative;
    use slipstream_models::entities::Span;

    use super::*;
    use crate::pipeline::check::page::lines_of;

    /// The whole of `line` as a reading, lettered; the recogniser took its characters perhaps for those of `other`.
    fn lettered_text(line: &str, other: &str) -> String {
        lettered_in(None, line, other)
    }

    fn lettered_in(language: Option<&'static str>, line: &str, other: &str) -> String {
        let mut page = lines_of(&[line]);
        for (c, other) in page.lines[0].chars.iter_mut().zip(other.chars()).filter(|(c, other)| c.ch != *other) {
            c.alternatives.push(CharAlternative { text: other.to_string(), confidence: 0.2 });
        }
        let spans = vec![Span { line: 0, start: 0, end: line.chars().count() }];
        let entity =
            Entity { best: Reading { text: line.to_owned(), spans, confidence: 0.9 }, alternatives: Vec::new() };
        let found = lettered(&entity, Letters { lines: &page, language });
        assert_eq!(found.alternatives.first().map(|a| a.text.as_str()), (found.best.text != line).then_some(line));
        found.best.text
    }

    #[test]
    fn digits_in_words_of_letters_are_letters() {
        assert_eq!(lettered_text("C/ NOGUERAS 1 BILBA0", "C/ NOGUERAS l BILBAO"), "C/ NOGUERAS 1 BILBAO");
        assert_eq!(lettered_text("VIA R0MA (B0)", "VIA ROMA (BO)"), "VIA ROMA (BO)");
        assert_eq!(lettered_text("FORSBO5GATAN", "FORSBOSGATAN"), "FORSBOSGATAN");
    }

    #[test]
    fn letters_get_the_accents_of_their_language() {
        assert_eq!(lettered_in(Some("da"), "Norregade", "Nørregade"), "Nørregade");
        assert_eq!(lettered_in(Some("sv"), "Norregade", "Nørregade"), "Norregade");
        assert_eq!(lettered_in(None, "Norregade", "Nørregade"), "Norregade");
        assert_eq!(lettered_in(Some("sv"), "ASGATAN", "ÅSGATAN"), "ÅSGATAN");
    }

    #[test]
    fn letters_that_a_language_lacks_stand_for_its_own() {
        let cases = [
            ("da", "DALSGÄRD", "DALSGÅRD", "DALSGÅRD"),
            ("fr", "Pätes", "Pâtes", "Pâtes"),
            ("fr", "Vous ćconomisez", "Vous économisez", "Vous économisez"),
            ("de", "HAUPTSTRABE", "HAUPTSTRAßE", "HAUPTSTRAßE"),
            ("pt", "N.° 5", "N.º 5", "N.º 5"),
            ("it", "N° 5", "Nº 5", "N° 5"),
            // A letter of the other case is another word's, and French has both of these.
            ("fr", "ÄGE", "âGE", "ÄGE"),
            ("en", "Nørregade", "Norregade", "Nørregade"),
            ("fr", "pèche", "pêche", "pèche"),
        ];
        for (language, line, other, meant) in cases {
            assert_eq!(lettered_in(Some(language), line, other), meant);
        }
    }

    #[test]
    fn an_o_among_digits_is_a_zero() {
        assert_eq!(
            lettered_text("HALLATORINTIE 8O HELSINKI", "HALLATORINTIE 80 HELSINKI"),
            "HALLATORINTIE 80 HELSINKI"
        );
        assert_eq!(lettered_text("2902 OB", "2902 0B"), "2902 OB");
        assert_eq!(lettered_text("El Faro 5.A.U.", "El Faro S.A.U."), "El Faro S.A.U.");
        assert_eq!(lettered_text("3.5.", "3.S."), "3.5.");
    }

    #[test]
    fn numbers_and_measures_stay() {
        for (line, other) in [("5KG", "SKG"), ("20S", "2OS"), ("1.5L", "1.SL"), ("B12", "BI2"), ("0190", "O19O")] {
            assert_eq!(lettered_text(line, other), line);
        }
    }

    #[test]
    fn what_the_recogniser_did_not_name_is_not_believed() {
        assert_eq!(lettered_text("BILBA0", "BILBA0"), "BILBA0");
        assert_eq!(lettered_text("BILBA0", "BILBA9"), "BILBA0");
        // Letters of the other case are no words' either.
        assert_eq!(lettered_text("BILBA0", "BILBAo"), "BILBA0");
    }
}
