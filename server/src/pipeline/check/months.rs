//! Month names, longest spelling first within a month.
//!
//! Czech, Danish, Dutch, English, Finnish, French, German, Italian, Malay,
//! Norwegian, Polish, Portuguese, Spanish and Swedish; accents removed.

/// Spellings per month. A printed word matches when it equals a spelling, or
/// when it is an abbreviation of one with at least three letters that fits no other month.
const NAMES: [&[&str]; 12] = [
    &[
        "january", "januar", "janvier", "januari", "gennaio", "enero", "janeiro", "styczen", "stycznia", "leden",
        "ledna", "tammikuu",
    ],
    &[
        "february",
        "februar",
        "fevrier",
        "februari",
        "febbraio",
        "febrero",
        "fevereiro",
        "luty",
        "lutego",
        "unor",
        "unora",
        "helmikuu",
    ],
    &[
        "march",
        "marz",
        "maerz",
        "mrz",
        "mars",
        "maart",
        "mrt",
        "marzo",
        "marco",
        "marzec",
        "marca",
        "brezen",
        "brezna",
        "mac",
        "mar",
        "maaliskuu",
    ],
    &["april", "avril", "aprile", "abril", "kwiecien", "kwietnia", "duben", "dubna", "huhtikuu"],
    &["may", "mai", "mei", "maggio", "mayo", "maio", "maj", "maja", "kveten", "kvetna", "toukokuu"],
    &["june", "juni", "juin", "giugno", "junio", "junho", "jun", "czerwiec", "czerwca", "cerven", "cervna", "kesakuu"],
    &[
        "july", "juli", "juillet", "luglio", "julio", "julho", "jul", "julai", "lipiec", "lipca", "cervenec",
        "cervence", "heinakuu",
    ],
    &[
        "august", "aout", "augustus", "augusti", "agosto", "aug", "ogos", "sierpien", "sierpnia", "srpen", "srpna",
        "elokuu",
    ],
    &[
        "september",
        "septembre",
        "settembre",
        "septiembre",
        "setembro",
        "sept",
        "wrzesien",
        "wrzesnia",
        "zari",
        "syyskuu",
    ],
    &[
        "october",
        "oktober",
        "octobre",
        "ottobre",
        "octubre",
        "outubro",
        "pazdziernik",
        "pazdziernika",
        "rijen",
        "rijna",
        "lokakuu",
    ],
    &["november", "novembre", "noviembre", "novembro", "listopad", "listopada", "listopadu", "marraskuu"],
    &[
        "december",
        "dezember",
        "decembre",
        "dicembre",
        "diciembre",
        "dezembro",
        "disember",
        "desember",
        "grudzien",
        "grudnia",
        "prosinec",
        "prosince",
        "joulukuu",
    ],
];

/// The month (1 to 12) that `word` names, in any case, accented or not.
pub(super) fn month(word: &str) -> Option<i8> {
    let plain: String = word.chars().flat_map(char::to_lowercase).filter_map(unaccented).collect();
    let of = |matches: &dyn Fn(&str) -> bool| {
        let mut months = (1_i8..).zip(NAMES).filter(|(_, names)| names.iter().any(|n| matches(n)));
        match (months.next(), months.next()) {
            (Some((m, _)), None) => Some(m),
            _ => None,
        }
    };
    of(&|name| name == plain).or_else(|| if plain.len() < 3 { None } else { of(&|name| name.starts_with(&plain)) })
}

fn unaccented(c: char) -> Option<char> {
    Some(match c {
        'a'..='z' => c,
        'á' | 'à' | 'â' | 'ä' | 'ã' => 'a',
        'ç' => 'c',
        'é' | 'è' | 'ê' | 'ě' => 'e',
        'í' | 'ì' => 'i',
        'ń' | 'ň' => 'n',
        'ó' | 'ô' | 'ö' => 'o',
        'ř' => 'r',
        'ś' => 's',
        'ú' | 'û' | 'ü' | 'ů' => 'u',
        'ź' | 'ž' => 'z',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_abbreviations_are_known() {
        let cases = [
            ("JAN", Some(1)),
            ("févr", Some(2)),
            ("März", Some(3)),
            ("mar", Some(3)),
            ("Mrz", Some(3)),
            ("abr", Some(4)),
            ("May", Some(5)),
            ("Mai", Some(5)),
            ("juin", Some(6)),
            ("juillet", Some(7)),
            ("août", Some(8)),
            ("ago", Some(8)),
            ("set", Some(9)),
            ("Sept", Some(9)),
            ("października", Some(10)),
            ("OKT", Some(10)),
            ("lis", Some(11)),
            ("Dez", Some(12)),
            ("dic", Some(12)),
            ("gru", Some(12)),
            ("ma", None),
            ("jui", None),
            ("table", None),
            ("", None),
        ];
        let wrong: Vec<_> = cases.iter().filter(|(word, m)| month(word) != *m).map(|(w, _)| (w, month(w))).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
