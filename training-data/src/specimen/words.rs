//! Words: those of a locale, and others that look like them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::dice::Dice;
use crate::locale::{self, Locale};

/// Letters that the next one depends on.
const ORDER: usize = 3;
/// Longer words are cut.
const LONGEST: usize = 15;

/// The words of a locale and a Markov chain of their letters.
pub(super) struct Words {
    known: Vec<String>,
    /// What follows each run of letters, as often as it does; `None` at the end of a word.
    next: BTreeMap<[char; ORDER], Vec<Option<char>>>,
}

impl Words {
    /// Learnt once per locale.
    pub(super) fn of(locale: &Locale) -> &'static Words {
        static ALL: OnceLock<Vec<(&str, Words)>> = OnceLock::new();
        static NONE: OnceLock<Words> = OnceLock::new();
        let all = ALL.get_or_init(|| locale::all().iter().map(|l| (l.tag, Words::learn(l))).collect());
        let found = all.iter().find(|(tag, _)| *tag == locale.tag).map(|(_, words)| words);
        found.unwrap_or_else(|| NONE.get_or_init(|| Words { known: Vec::new(), next: BTreeMap::new() }))
    }

    fn learn(locale: &Locale) -> Self {
        let mut known = BTreeSet::new();
        for entry in locale.entries() {
            // Names of other lists are no words.
            let text: String = entry.split('{').map(|part| part.rsplit('}').next().unwrap_or_default()).collect();
            let parts = text.split(|c: char| !c.is_alphabetic());
            known.extend(parts.filter(|w| w.chars().count() >= 3).map(str::to_string));
        }
        let mut next: BTreeMap<[char; ORDER], Vec<Option<char>>> = BTreeMap::new();
        for word in &known {
            let mut last = [' '; ORDER];
            for c in word.to_lowercase().chars().map(Some).chain([None]) {
                next.entry(last).or_default().push(c);
                last.rotate_left(1);
                if let (Some(place), Some(c)) = (last.last_mut(), c) {
                    *place = c;
                }
            }
        }
        Self { known: known.into_iter().collect(), next }
    }

    /// A word of the locale as its lists write it.
    pub(super) fn real(&self, dice: &mut Dice) -> String {
        self.known.get(dice.index(self.known.len())).cloned().unwrap_or_default()
    }

    /// A word that does not exist, in small letters.
    pub(super) fn invented(&self, dice: &mut Dice) -> String {
        let mut word = String::new();
        let mut last = [' '; ORDER];
        for _ in 0..LONGEST {
            let Some(c) = self.next.get(&last).and_then(|n| n.get(dice.index(n.len())).copied()).flatten() else {
                break;
            };
            word.push(c);
            last.rotate_left(1);
            if let Some(place) = last.last_mut() {
                *place = c;
            }
        }
        word
    }
}

/// Changes the case of a word.
pub(super) fn titled(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |c| capital(c).chain(chars).collect())
}

/// The capital of a letter; `ß` stays.
fn capital(c: char) -> impl Iterator<Item = char> {
    let kept = (c == 'ß').then_some(c);
    let raised = kept.is_none().then(|| c.to_uppercase());
    kept.into_iter().chain(raised.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invented_words_look_like_the_language() {
        let words = Words::of(locale::find("de")[0]);
        let dice = &mut Dice::new(5, 5);
        let drawn: Vec<String> = (0..400).map(|_| words.invented(dice)).collect();
        assert!(drawn.iter().all(|w| !w.is_empty() && w.chars().all(char::is_alphabetic)));
        assert!(drawn.iter().any(|w| w.contains("sch")) && drawn.iter().any(|w| w.contains('ä')));
        let new = drawn.iter().filter(|w| !words.known.iter().any(|k| k.to_lowercase() == **w)).count();
        assert!(new > 100, "{new}");
        assert_eq!(titled("ärger"), "Ärger");
    }
}
