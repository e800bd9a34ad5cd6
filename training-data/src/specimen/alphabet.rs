//! The characters that pages of lines show.

use crate::dice::Dice;

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

/// Gives one letter of `text` a mark, any of the alphabet with equal chance:
/// a letter that looks alike where there is one, else any letter.
pub(super) fn mark(dice: &mut Dice, text: &str) -> String {
    let all: Vec<char> = NEAR.chars().chain(FAR.chars()).chain(SINGLE.chars()).collect();
    let small = dice.pick(&all);
    let mut chars: Vec<char> = text.chars().collect();
    let alike = |c: &char| base(small).is_some_and(|b| b.eq_ignore_ascii_case(c));
    let places = |fits: &dyn Fn(&char) -> bool| -> Vec<usize> {
        chars.iter().enumerate().filter(|(_, c)| fits(c)).map(|(i, _)| i).collect()
    };
    let mut at = places(&alike);
    if at.is_empty() {
        at = places(&|c| c.is_ascii_alphabetic());
    }
    let Some(place) = at.get(dice.index(at.len())).and_then(|i| chars.get_mut(*i)) else { return text.to_string() };
    *place = match (place.is_uppercase(), small) {
        (true, 'ß') => 'ẞ',
        (true, 'ı') => 'İ',
        (true, _) => small.to_uppercase().next().unwrap_or(small),
        (false, 'ẞ') => 'ß',
        (false, 'İ') => 'ı',
        (false, _) => small,
    };
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
    fn marks_keep_the_case() {
        let mut dice = Dice::new(4, 4);
        for _ in 0..500 {
            let upper = mark(&mut dice, "STRASSE");
            assert!(upper.chars().all(|c| !c.is_lowercase() || "ªº".contains(c)), "{upper}");
        }
    }
}
