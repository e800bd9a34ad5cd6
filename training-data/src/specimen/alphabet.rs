//! The characters that pages of lines show.

use crate::dice::Dice;
use crate::format::Casing;

/// Letters with marks of the ten languages, small ones; capitals are derived.
const NEAR: &str = "äöüéèêëàâçîïôùûœæñáíóúãõåøìòý";
/// Letters of neighbouring languages, for names and imported goods.
const FAR: &str = "ąćęłńśźżčďěňřšťůžőűășțğş";
/// Letters whose other case is something else, or that have none.
const SINGLE: &str = "ßẞıİºª";
/// Signs beside those of ASCII.
const SIGNS: &str = "€£§°№„“”‘’«»–—…•·×¿¡½²³±´®©™";

/// All characters beside the space, each once.
pub fn alphabet() -> String {
    let letters = NEAR.chars().chain(FAR.chars());
    let both = letters.flat_map(|c| std::iter::once(c).chain(c.to_uppercase()));
    let ascii = ('!'..='~').filter(|c| !RARE_ASCII.contains(*c));
    ascii.chain(both).chain(SINGLE.chars()).chain(SIGNS.chars()).collect()
}

/// Characters of ASCII that receipts do not print; they would only be mistaken for others.
const RARE_ASCII: &str = "`^";

/// The letter without its mark, where there is one that looks alike.
fn base(c: char) -> Option<char> {
    Some(match c {
        'ä' | 'à' | 'â' | 'á' | 'ã' | 'å' | 'ą' | 'ă' | 'æ' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' => 'd',
        'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'î' | 'ï' | 'í' | 'ì' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ö' | 'ô' | 'ó' | 'õ' | 'ø' | 'ò' | 'ő' | 'œ' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' | 'ß' => 's',
        'ť' | 'ț' => 't',
        'ü' | 'ù' | 'û' | 'ú' | 'ů' | 'ű' => 'u',
        'ý' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        _ => return None,
    })
}

/// Gives one letter of `word` a mark, any of the alphabet with equal chance: a
/// letter that looks alike where there is one, else any letter. The word takes
/// the case of that letter, so that both cases of each are equally frequent.
pub(super) fn mark(dice: &mut Dice, word: &str) -> String {
    let both = NEAR.chars().chain(FAR.chars()).flat_map(|c| std::iter::once(c).chain(c.to_uppercase()));
    let all: Vec<char> = both.chain(SINGLE.chars()).collect();
    let marked = dice.pick(&all);
    let small = if marked == 'İ' { 'i' } else { marked.to_lowercase().next().unwrap_or(marked) };
    let shouted = word.chars().filter(|c| c.is_uppercase()).nth(1).is_some();
    let cased = match (marked.is_uppercase(), shouted) {
        (true, _) => Casing::Upper.apply(word),
        // Not of İ, whose small letter is made of two characters.
        (false, true) => {
            word.chars().map(|c| if c == 'İ' { 'i' } else { c.to_lowercase().next().unwrap_or(c) }).collect()
        }
        (false, false) => word.to_string(),
    };
    let mut chars: Vec<char> = cased.chars().collect();
    let like = base(small).unwrap_or(small);
    let places = |fits: &dyn Fn(&char) -> bool| -> Vec<usize> {
        chars.iter().enumerate().filter(|(_, c)| fits(c)).map(|(i, _)| i).collect()
    };
    let mut at = places(&|c| like.eq_ignore_ascii_case(c));
    if at.is_empty() {
        at = places(&|c| c.is_ascii_alphabetic());
    }
    if let Some(place) = at.get(dice.index(at.len())).and_then(|i| chars.get_mut(*i)) {
        *place = match (place.is_uppercase(), marked) {
            (true, 'ß') => 'ẞ',
            (true, 'ı') => 'İ',
            (true, _) => marked.to_uppercase().next().unwrap_or(marked),
            (false, _) => small,
        };
    }
    chars.into_iter().collect()
}

/// A random sign, with which lines are decorated at a low rate.
pub(super) fn sign(dice: &mut Dice) -> char {
    let all: Vec<char> = SIGNS.chars().chain("!#$%&()*+;<=>?@[]\\_{|}~'\"".chars()).collect();
    dice.pick(&all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_listed_once() {
        let mut all: Vec<char> = alphabet().chars().collect();
        let listed = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), listed);
        assert!("äÄßẞœŒñÑåÅşŞțȚıİ€№".chars().all(|c| all.contains(&c)));
    }

    #[test]
    fn a_marked_word_is_of_one_case() {
        let mut dice = Dice::new(4, 4);
        for _ in 0..500 {
            let word = mark(&mut dice, "STRASSE");
            let cases = [char::is_lowercase as fn(char) -> bool, char::is_uppercase].map(|f| word.chars().any(f));
            assert!(cases != [true, true] || word.contains(['ª', 'º']), "{word}");
        }
    }
}
