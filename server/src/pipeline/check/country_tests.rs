//! Table tests of country evidence.

use super::*;
use crate::pipeline::check::page::lines_of;

fn country_of(texts: &[&str], hints: &CountryHints) -> Option<(&'static str, String)> {
    country(&Page::new(&lines_of(texts)), hints, jiff::civil::date(2026, 11, 22)).map(|e| (e.value, e.text))
}

/// Lines of a page; the country and the evidence that must be found.
type Case = (&'static [&'static str], Option<(&'static str, &'static str)>);

#[test]
fn evidence_as_printed() {
    let cases: &[Case] = &[
        (&["USt-IdNr.: DE 123 456 789"], Some(("DE", "DE 123 456 789"))),
        (&["UID: ATU12345678"], Some(("AT", "ATU12345678"))),
        (&["CHE-123.456.789 MWST"], Some(("CH", "CHE-123.456.789"))),
        (&["NL123456789B01"], Some(("NL", "NL123456789B01"))),
        (&["Tel: +49 30 123456"], Some(("DE", "+49"))),
        (&["Tel 0049 30 123456"], Some(("DE", "0049"))),
        (&["T.: 00493012345"], Some(("DE", "00493012345"))),
        (&["Ref 00361295331", "GST 008285458581"], None),
        (&["Tel. +420123456789"], Some(("CZ", "+420123456789"))),
        (&["Some Diner", "Springfield, IL 62701"], Some(("US", "IL 62701"))),
        (&["Call (555) 123-4567"], Some(("US", "(555) 123-4567"))),
        (&["Toronto ON M5V 2T6"], Some(("CA", "M5V 2T6"))),
        (&["LEEDS LS1 4AP"], Some(("GB", "LS1 4AP"))),
        (&["KEDAI CONTOH SDN BHD", "JALAN SATU"], Some(("MY", "SDN BHD"))),
        (&["KEDAI CONTOH SDN. BHD."], Some(("MY", "SDN. BHD."))),
        (&["P.IVA 01234567890"], Some(("IT", "P.IVA"))),
        (&["D-50667 Köln"], Some(("DE", "D-50667"))),
        (&["Date 12/31/2024"], Some(("US", "Date 12/31/2024"))),
        // One weak hint, or none, is no evidence.
        (&["Beispiel GmbH"], None),
        (&["TOTAL 9.00"], None),
        (&["no 1234567890123"], None),
        // Contradicting evidence of equal weight.
        (&["Tel +49 30 1", "Tel +33 1 2"], None),
    ];
    let wrong: Vec<_> = cases
        .iter()
        .map(|(texts, expected)| (texts, country_of(texts, &CountryHints::default()), expected))
        .filter(|(_, got, expected)| got.as_ref().map(|(c, t)| (*c, t.as_str())) != **expected)
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_printed_currency_rules_out_other_countries() {
    let of = |code: &str, texts: &[&str]| {
        let span = Span { line: 0, start: 0, end: 3 };
        let currency = Currency::from_code(code).map(|value| Evidence { value, text: code.into(), span });
        country_of(texts, &CountryHints { currency, ..CountryHints::default() }).map(|(c, _)| c)
    };
    assert_eq!(of("CHF", &["Tel +49 30 1"]), Some("CH"));
    assert_eq!(of("EUR", &["Tel +41 30 1"]), None);
    assert_eq!(of("EUR", &["Tel +49 30 1"]), Some("DE"));
}

#[test]
fn rates_tell_countries_of_one_language_apart() {
    let span = Span { line: 0, start: 0, end: 3 };
    for (units, expected) in [(190, "DE"), (81, "CH"), (130, "AT")] {
        let language = Some(Evidence { value: "de", text: "Summe".into(), span });
        let hints = CountryHints { language, rates: vec![(Decimal::new(units, 1), span)], ..CountryHints::default() };
        assert_eq!(country_of(&["19% "], &hints).map(|(c, _)| c), Some(expected), "{units}");
    }
}

#[test]
fn every_country_has_a_known_currency() {
    let lost: Vec<_> = USES_CURRENCY.iter().filter(|(c, _)| currency_of(c).is_none()).collect();
    assert!(lost.is_empty(), "{lost:?}");
}
