//! Amounts that only the arithmetic needs, found by the word beside them: change, rounding, service.

use super::{
    amounts::Amounts,
    money::Money,
    page::{Page, PageLine},
};

/// Upper-case words for what is given back.
const CHANGE: &[&str] = &[
    "CHANGE",
    "RÜCKGELD",
    "RUECKGELD",
    "ZURÜCK",
    "RETOUR",
    "RENDU",
    "CAMBIO",
    "RESTO",
    "TROCO",
    "WISSELGELD",
    "TERUG",
    "RESZTA",
    "VÄXEL",
    "BYTTEPENGE",
    "VEKSEL",
    "VAIHTORAHA",
    "VISSZAJÁRÓ",
    "VRÁCENO",
    "BAKI",
];

/// Upper-case words for what is added to reach a payable amount.
const ROUNDING: &[&str] = &[
    "ROUND",
    "ROUNDING",
    "RND",
    "ROUNDED",
    "RUNDUNG",
    "RUNDUNGSDIFFERENZ",
    "ARRONDI",
    "AFRONDING",
    "AVRUNDNING",
    "ÖRESAVRUNDNING",
    "AFRUNDING",
    "ZAOKRĄGLENIE",
    "ZAOKROUHLENÍ",
    "REDONDEO",
    "ARROTONDAMENTO",
    "PYÖRISTYS",
    "KEREKÍTÉS",
    "BUNDARAN",
];

/// Upper-case words for a charge for service.
const SERVICE: &[&str] = &["SVC", "SERVCHG", "BEDIENUNG", "COPERTO", "SERVIZIO", "SERVICIO", "DRICKS"];

/// Rounding never reaches a whole unit of the currencies that round; anything
/// larger is the rounded total beside a label like "rounding" and not the rounding.
const MAX_ROUNDING_MINOR: i64 = 99;

/// What was given back.
pub(super) fn change(page: &Page, amounts: &Amounts) -> Option<Money> {
    beside(page, amounts, |l| has_word(l, CHANGE)).map(|m| Money { minor: m.minor.abs(), ..m })
}

/// What was added, below zero if something was taken off.
pub(super) fn rounding(page: &Page, amounts: &Amounts) -> Option<Money> {
    beside(page, amounts, |l| has_word(l, ROUNDING)).filter(|m| m.minor.abs() <= MAX_ROUNDING_MINOR)
}

/// What was charged for service.
pub(super) fn service(page: &Page, amounts: &Amounts) -> Option<Money> {
    // "Service" alone stands in too many other sentences.
    let is_charge = |l: &PageLine| {
        let upper = l.text.to_uppercase();
        upper.contains("SERV") && ["CHARGE", "CHG", "CHRG"].iter().any(|w| upper.contains(w)) || has_word(l, SERVICE)
    };
    beside(page, amounts, is_charge)
}

/// Whether an upper-case word is one for what is given back.
pub(super) fn is_change(word: &str) -> bool {
    is_one_of(word, CHANGE)
}

fn has_word(line: &PageLine, labels: &[&str]) -> bool {
    line.words.iter().any(|w| is_one_of(&w.upper, labels))
}

fn is_one_of(word: &str, labels: &[&str]) -> bool {
    labels.contains(&word.trim_matches(|c: char| !c.is_alphanumeric()))
}

/// The amount on the first line that is `labelled`, or alone on the line after
/// it: amounts stand in a column of their own, and a detector may cut the row there.
fn beside(page: &Page, amounts: &Amounts, labelled: impl Fn(&PageLine) -> bool) -> Option<Money> {
    let at = page.lines.iter().position(labelled)?;
    let line = &page.lines[at];
    // The label's own words hold no digits, so the amount starts at the first word that has one.
    let has_digit = |s: &str| s.chars().any(|c| c.is_ascii_digit());
    if let Some(first) = line.words.iter().find(|w| has_digit(&w.upper)) {
        let tail: String = line.text.chars().skip(first.span.start).collect();
        return amounts.parse(&tail);
    }
    let next = page.lines.get(at + 1)?;
    (next.words.len() <= 2 && has_digit(&next.text)).then(|| amounts.parse(&next.text)).flatten()
}

#[cfg(test)]
mod tests {
    use slipstream_models::Entities;

    use super::*;
    use crate::pipeline::check::page::lines_of;

    #[test]
    fn service_is_found_by_its_words() {
        let amounts = Amounts::new(&Entities::default(), None);
        let of = |text| service(&Page::new(&lines_of(&[text])), &amounts).map(|m| m.minor);
        let cases = [
            ("SERVICE CHARGE 10% 1.05", Some(105)),
            ("Serv. Chg 1.05", Some(105)),
            ("SVC 1.05", Some(105)),
            ("Customer service 12.30", None),
        ];
        let wrong: Vec<_> = cases.iter().map(|(t, m)| (t, of(t), *m)).filter(|(_, got, m)| got != m).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn change_and_rounding_are_found_by_their_words() {
        let amounts = Amounts::new(&Entities::default(), None);
        let cases: &[(&[&str], Option<i64>, Option<i64>)] = &[
            (&["CASH 10.00", "CHANGE 1.00"], Some(100), None),
            (&["Change Due: RM 1.00"], Some(100), None),
            (&["Rückgeld -1,00"], Some(100), None),
            (&["CHANGE", "1.00"], Some(100), None),
            (&["CHANGE", "Thank you 2 all"], None, None),
            (&["Rounding Adj: -0.02"], None, Some(-2)),
            (&["ROUNDING (0.02)"], None, Some(-2)),
            (&["Rounding 0.01"], None, Some(1)),
            (&["Total after rounding 12.35"], None, None),
            (&["TOTAL 9.00"], None, None),
        ];
        let wrong: Vec<_> = cases
            .iter()
            .map(|(texts, c, r)| (texts, Page::new(&lines_of(texts)), c, r))
            .map(|(texts, page, c, r)| {
                (texts, change(&page, &amounts).map(|m| m.minor), *c, rounding(&page, &amounts).map(|m| m.minor), *r)
            })
            .filter(|(_, got_c, c, got_r, r)| got_c != c || got_r != r)
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
