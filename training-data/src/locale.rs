//! Locales: how a country prints names, addresses, numbers, dates, taxes and the words around them.
//!
//! A locale is data, not code: `locales/TAG.txt` holds one list a line,
//! `key: entry | entry *3`, where `*3` makes an entry three times as likely. A
//! country file may build on a language file and replace some of its lists.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::dice::Dice;

/// The word lists and formats of one country's receipts.
#[derive(Debug)]
pub struct Locale {
    /// BCP 47 tag, for example `de-DE`.
    pub tag: &'static str,
    lists: HashMap<&'static str, Vec<&'static str>>,
}

/// The tags and files of all locales; later files replace lists of earlier ones.
const SOURCES: &[(&str, &[&str])] = &[
    ("en-MY", &[include_str!("../locales/en.txt"), include_str!("../locales/en-MY.txt")]),
    ("en-GB", &[include_str!("../locales/en.txt"), include_str!("../locales/en-GB.txt")]),
    ("en-US", &[include_str!("../locales/en.txt"), include_str!("../locales/en-US.txt")]),
    ("de-DE", &[include_str!("../locales/de-DE.txt")]),
    ("fr-FR", &[include_str!("../locales/fr-FR.txt")]),
    ("nl-NL", &[include_str!("../locales/nl-NL.txt")]),
    ("es-ES", &[include_str!("../locales/es-ES.txt")]),
    ("pt-PT", &[include_str!("../locales/pt-PT.txt")]),
    ("it-IT", &[include_str!("../locales/it-IT.txt")]),
    ("da-DK", &[include_str!("../locales/da-DK.txt")]),
    ("sv-SE", &[include_str!("../locales/sv-SE.txt")]),
    ("fi-FI", &[include_str!("../locales/fi-FI.txt")]),
];

/// All locales, in a fixed order.
pub fn all() -> &'static [Locale] {
    static ALL: OnceLock<Vec<Locale>> = OnceLock::new();
    ALL.get_or_init(|| SOURCES.iter().map(|(tag, files)| Locale::parse(tag, files)).collect())
}

/// The locale with this tag (`de-DE`), or all locales of a language (`de`).
pub fn find(name: &str) -> Vec<&'static Locale> {
    all().iter().filter(|l| l.tag == name || l.language() == name).collect()
}

impl Locale {
    fn parse(tag: &'static str, files: &[&'static str]) -> Self {
        let mut lists = HashMap::new();
        for line in files.iter().flat_map(|f| f.lines()).filter(|l| !l.starts_with("//")) {
            if let Some((key, entries)) = line.split_once(':') {
                lists.insert(key.trim(), entries.split(" | ").flat_map(weighted_entry).collect());
            }
        }
        Self { tag, lists }
    }

    /// The entries of a list, or none where the locale lacks it.
    pub fn list(&self, key: &str) -> &[&'static str] {
        self.lists.get(key).map_or(&[], Vec::as_slice)
    }

    /// The entries of all lists, in no particular order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &'static str> {
        self.lists.values().flatten().copied()
    }

    /// The only or first entry of a list, or nothing.
    pub fn one(&self, key: &str) -> &'static str {
        self.list(key).first().copied().unwrap_or_default()
    }

    /// A random entry of a list, or nothing where the locale lacks it.
    pub fn pick(&self, dice: &mut Dice, key: &str) -> &'static str {
        dice.pick(self.list(key))
    }

    /// True where the locale has such a list with an entry in it.
    pub fn has(&self, key: &str) -> bool {
        !self.one(key).is_empty()
    }

    /// A number from a list with one entry, or `otherwise`.
    pub(crate) fn number(&self, key: &str, otherwise: f64) -> f64 {
        self.one(key).parse().unwrap_or(otherwise)
    }

    /// ISO 639-1 code.
    pub fn language(&self) -> &'static str {
        self.tag.split('-').next().unwrap_or_default()
    }

    /// ISO 3166-1 alpha-2 code.
    pub fn country(&self) -> &'static str {
        self.tag.rsplit('-').next().unwrap_or_default()
    }

    /// ISO 4217 code.
    pub fn currency(&self) -> &'static str {
        self.one("currency")
    }

    /// A random entry of the list `key` with each `{name}` in it replaced by
    /// what `value` says or, where it says nothing, by an entry of the list
    /// `name`, expanded in turn. Then `#`, `~` and `^` become digits and letters.
    pub(crate) fn expand(&self, dice: &mut Dice, key: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
        let entry = self.pick(dice, key);
        self.fill(dice, entry, value, 0)
    }

    fn fill(&self, dice: &mut Dice, template: &str, value: &dyn Fn(&str) -> Option<String>, depth: usize) -> String {
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, tail)) = after.split_once('}') else { break };
            out.push_str(&dice.fill(before));
            match value(name) {
                Some(text) => out.push_str(&text),
                // The depth keeps a list that names itself from looping.
                None if depth < 6 => {
                    let entry = self.pick(dice, name);
                    out.push_str(&self.fill(dice, entry, value, depth + 1));
                }
                None => {}
            }
            rest = tail;
        }
        out.push_str(&dice.fill(rest));
        out
    }
}

/// An entry as often as its weight says: `TOTAL *3` is three times `TOTAL`.
fn weighted_entry(entry: &'static str) -> impl Iterator<Item = &'static str> {
    let entry = entry.trim();
    let (text, times) = match entry.rsplit_once(" *") {
        Some((text, times)) => times.parse().map_or((entry, 1), |n: usize| (text.trim(), n)),
        None => (entry, 1),
    };
    std::iter::repeat_n(text, times)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists of which every locale needs at least one entry.
    const REQUIRED: &str = "currency sign decimal group money months weekdays date time person coin head tail \
        name brand legal trade_grocery trade_restaurant trade_household trade_health trade_fuel branch greeting title \
        customer_label address phone phone_label fax_label tax_id_label tax_id web date_label time_label \
        receipt_label receipt_number cashier_label cashier till_label till reference_label reference table_label \
        table head_item head_quantity head_price head_amount count subtotal total_net total total_rounded rounding \
        tax_total tax_added tax_included tax_table tax_sum head_rate head_net head_tax head_gross savings service tip \
        cash card voucher paid_by change times litre discount coupon returned slip slip_amount thanks note dated_note \
        product article weighed dish maker size variety extra extra_lead rates tax_codes registration \
        loyalty tare modifier void unnamed qr qr_caption goods_grocery goods_weighed goods_restaurant goods_household goods_health goods_fuel";

    #[test]
    fn every_locale_is_complete() {
        let mut missing = Vec::new();
        for locale in all() {
            missing.extend(REQUIRED.split_whitespace().filter(|k| !locale.has(k)).map(|k| (locale.tag, k)));
        }
        assert!(missing.is_empty(), "{missing:?}");
        assert!(all().iter().all(|l| l.list("months").len() == 12 && l.list("weekdays").len() == 7));
    }

    #[test]
    fn templates_name_lists_that_exist() {
        // Names that the code fills in.
        const GIVEN: &str = "n m no coin trade good percent rate until site q p kg days iban points balance t item caret \
            stamp day compact signature hex host taxid amounts net tax total paid";
        let mut unknown = Vec::new();
        for locale in all() {
            for template in locale.lists.values().flatten() {
                let names = template.split('{').skip(1).filter_map(|t| t.split_once('}')).map(|t| t.0);
                unknown.extend(
                    names
                        .filter(|n| !GIVEN.split_whitespace().any(|g| g == *n) && !locale.has(n))
                        .map(|n| (locale.tag, n)),
                );
            }
        }
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn entries_weigh_what_they_say() {
        let weighted: Vec<_> = "TOTAL *3 | A * B".split(" | ").flat_map(weighted_entry).collect();
        assert_eq!(weighted, ["TOTAL", "TOTAL", "TOTAL", "A * B"]);
    }
}
