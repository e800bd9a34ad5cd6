//! The receipt's main language, guessed from words that tills print.

use std::collections::BTreeSet;

use super::page::{Evidence, Page, Word};

/// ISO 639-1 code and words that no other language of the table prints on receipts.
const WORDS: [(&str, &[&str]); 14] = [
    (
        "cs",
        &[
            "CELKEM",
            "DPH",
            "ČÁSTKA",
            "HOTOVOST",
            "DĚKUJEME",
            "ÚČTENKA",
            "KČ",
            "CENA",
            "DOKLAD",
            "PLATBA",
            "DIČ",
            "ZÁKLAD",
        ],
    ),
    (
        "da",
        &[
            "MOMS",
            "BELØB",
            "HERAF",
            "KVITTERING",
            "DANKORT",
            "BYTTEPENGE",
            "AT BETALE",
            "TAK",
            "BETALT",
            "KASSE",
            "TLF.",
            "CVR",
        ],
    ),
    (
        "de",
        &[
            "SUMME",
            "MWST",
            "MWST.",
            "UST",
            "GESAMT",
            "GESAMTBETRAG",
            "BETRAG",
            "BAR",
            "RÜCKGELD",
            "GEGEBEN",
            "STEUER",
            "NETTO",
            "BRUTTO",
            "DANK",
            "EINKAUF",
            "BON-NR.",
            "UHR",
            "DATUM",
            "STEUERNUMMER",
            "UND",
            "RECHNUNG",
            "BELEG",
            "KARTENZAHLUNG",
            "ZAHLEN",
            "PFAND",
            "TEL",
        ],
    ),
    (
        "en",
        &[
            "CASH", "CHANGE", "THANK", "YOU", "TAX", "SUBTOTAL", "RECEIPT", "DATE", "QTY", "AMOUNT", "DUE", "BALANCE",
            "CASHIER", "TABLE", "ITEM", "ITEMS", "PLEASE", "COME", "AGAIN", "ROUNDING", "PRICE", "INVOICE", "GOODS",
            "SERVER", "GUEST", "CHECK",
        ],
    ),
    (
        "es",
        &[
            "IVA",
            "TOTAL",
            "EFECTIVO",
            "CAMBIO",
            "GRACIAS",
            "FACTURA",
            "FECHA",
            "IMPORTE",
            "ENTREGADO",
            "TARJETA",
            "CANT",
            "UDS",
            "PRECIO",
            "SU",
            "COMPRA",
            "BASE",
            "CUOTA",
            "TICKET",
        ],
    ),
    ("fi", &["YHTEENSÄ", "ALV", "KORTTI", "KÄTEINEN", "KIITOS", "KUITTI", "VEROTON", "VEROLLINEN", "KPL"]),
    (
        "fr",
        &[
            "TVA", "TTC", "ESPÈCES", "ESPECES", "RENDU", "MERCI", "MONTANT", "CARTE", "BANCAIRE", "TÉL", "SIRET",
            "TICKET", "PAYER", "HT", "VOTRE", "VISITE", "ARTICLES", "CAISSE", "FACTURE", "RUE", "ET",
        ],
    ),
    ("hu", &["ÖSSZESEN", "ÁFA", "NYUGTA", "FT", "KÉSZPÉNZ", "KÖSZÖNJÜK", "ADÓSZÁM", "BANKKÁRTYA"]),
    (
        "it",
        &[
            "IVA",
            "TOTALE",
            "CONTANTE",
            "CONTANTI",
            "RESTO",
            "GRAZIE",
            "SCONTRINO",
            "DOCUMENTO",
            "COMMERCIALE",
            "IMPORTO",
            "EURO",
            "PAGAMENTO",
            "PREZZO",
            "SUBTOTALE",
            "PAGATO",
            "DI",
            "CUI",
            "P.IVA",
            "ELETTRONICO",
        ],
    ),
    (
        "nl",
        &[
            "TOTAAL",
            "BTW",
            "PIN",
            "CONTANT",
            "WISSELGELD",
            "BEDANKT",
            "BON",
            "KASSABON",
            "BEDRAG",
            "TE",
            "BETALEN",
            "SUBTOTAAL",
            "AANTAL",
            "EXCL",
            "DANK",
            "KORTING",
            "STATIEGELD",
        ],
    ),
    ("no", &["MVA", "SUM", "KVITTERING", "BELØP", "TAKK", "KORT", "VEKSEL", "HERAV", "KONTANT", "ORG.NR", "VARER"]),
    (
        "pl",
        &[
            "SUMA",
            "PTU",
            "PLN",
            "GOTÓWKA",
            "RESZTA",
            "PARAGON",
            "FISKALNY",
            "SPRZEDAŻ",
            "NIP",
            "KARTA",
            "RAZEM",
            "OPODATKOWANA",
            "OPOD.",
            "ZAPŁATY",
            "DZIĘKUJEMY",
        ],
    ),
    (
        "pt",
        &[
            "IVA",
            "TROCO",
            "DINHEIRO",
            "OBRIGADO",
            "FATURA",
            "NIF",
            "CONTRIBUINTE",
            "MULTIBANCO",
            "VALOR",
            "PREÇO",
            "DATA",
            "QTD",
            "SUBTOTAL",
            "TAXA",
            "CAIXA",
        ],
    ),
    (
        "sv",
        &[
            "MOMS",
            "TOTALT",
            "BELOPP",
            "KVITTO",
            "KONTANT",
            "VÄXEL",
            "TACK",
            "ATT",
            "BETALA",
            "KÖP",
            "VÄLKOMMEN",
            "ORG.NR",
            "NETTO",
            "BRUTTO",
            "KASSA",
            "KORTKÖP",
        ],
    ),
];

/// Different words that must be seen; one may be part of a name.
const MIN_WORDS: usize = 2;

/// The ISO 639-1 code of the language whose words the page shows most of, if
/// one stands out, with the first of those words.
pub(super) fn language(page: &Page) -> Option<Evidence<&'static str>> {
    let bare = |w: &Word| w.upper.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let seen: BTreeSet<String> = page.words().flat_map(|w| [w.upper.clone(), bare(w)]).collect();
    let mut counts: Vec<_> = WORDS
        .iter()
        .map(|(code, words)| (words.iter().filter(|w| seen.contains(**w)).count(), *code, *words))
        .collect();
    counts.sort_by_key(|(n, ..)| std::cmp::Reverse(*n));
    let [(n, code, words), (second, ..), ..] = counts.as_slice() else { return None };
    if *n < MIN_WORDS || n == second {
        return None;
    }
    let first = page.words().find(|w| words.contains(&w.upper.as_str()) || words.contains(&bare(w).as_str()))?;
    Some(page.evidence(*code, first.span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::check::page::lines_of;

    #[test]
    fn languages_of_small_receipts() {
        let cases: [(&[&str], Option<&str>); 9] = [
            (&["Summe 9,00", "inkl. MwSt 19%", "Vielen Dank"], Some("de")),
            (&["SUBTOTAL 9.00", "TAX 0.50", "CASH 10.00", "THANK YOU"], Some("en")),
            (&["TOTAL TTC 9,00", "dont TVA 20%", "Merci de votre visite"], Some("fr")),
            (&["TOTALE 9,00", "di cui IVA", "Contanti", "Resto"], Some("it")),
            (&["TOTAL 9,00", "IVA 21%", "EFECTIVO", "GRACIAS POR SU COMPRA"], Some("es")),
            (&["SUMA PLN 9,00", "PARAGON FISKALNY"], Some("pl")),
            (&["TOTALT 90,00", "Moms 25%", "Tack för ditt köp"], Some("sv")),
            (&["TOTAL 9.00"], None),
            (&[], None),
        ];
        let wrong: Vec<_> = cases
            .iter()
            .map(|(lines, expected)| (lines, language(&Page::new(&lines_of(lines))).map(|e| e.value), *expected))
            .filter(|(_, got, expected)| got != expected)
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
