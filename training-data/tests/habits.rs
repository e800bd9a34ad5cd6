//! The habits of shops occur, in every country that has them, and are told in the truth.

use std::collections::BTreeSet;

use slipstream_training_data::truth::{Item, ItemKind, Symbology, Truth};
use slipstream_training_data::{generate, locale};

/// What the truth says of some receipts of a country.
fn receipts(tag: &str) -> Vec<Truth> {
    let locale = locale::find(tag)[0];
    (0..400).map(|index| generate(locale, 8, index).truth).collect()
}

fn any_item(truth: &Truth, wanted: impl Fn(&Item) -> bool) -> bool {
    truth.items.iter().any(wanted)
}

/// True where a line holds this word, in any case.
fn says(truth: &Truth, word: &str) -> bool {
    truth.lines.iter().any(|l| l.text.to_lowercase().contains(word))
}

#[test]
fn every_country_voids_counts_below_zero_and_prints_codes() {
    for locale in locale::all() {
        let below_zero =
            |i: &Item| i.kind == ItemKind::Return && i.quantity.as_ref().is_some_and(|q| q.starts_with('-'));
        let code = |t: &Truth, kind: Symbology| t.barcodes.iter().any(|c| c.symbology == kind);
        let receipts = receipts(locale.tag);
        let with = |habit: &dyn Fn(&Truth) -> bool| receipts.iter().filter(|t| habit(t)).count();
        let counts = [
            with(&|t| any_item(t, below_zero)),
            with(&|t| any_item(t, |i| i.amount.as_deref() == Some("0.00"))),
            with(&|t| any_item(t, |i| i.kind == ItemKind::Discount && i.of.is_none())),
            with(&|t| code(t, Symbology::Ean13)),
            with(&|t| code(t, Symbology::QrCode)),
            with(&|t| t.fields.tip.is_some()),
        ];
        assert!(counts.iter().all(|n| *n > 0), "{}: {counts:?}", locale.tag);
    }
}

#[test]
fn deposits_are_gathered_and_sums_rounded_where_countries_do_that() {
    let gathered = |t: &Truth| any_item(t, |i| i.kind == ItemKind::Deposit && i.of.is_none());
    let rounded = |t: &Truth| t.fields.rounding.as_ref().is_some_and(|r| r != "0.00");
    for tag in ["de-DE", "nl-NL", "da-DK", "sv-SE", "fi-FI"] {
        assert!(receipts(tag).iter().any(gathered), "{tag}");
    }
    let rounding: BTreeSet<&str> =
        locale::all().iter().map(|l| l.tag).filter(|tag| receipts(tag).iter().any(rounded)).collect();
    assert_eq!(rounding, BTreeSet::from(["da-DK", "en-MY", "fi-FI", "nl-NL", "sv-SE"]));
}

#[test]
fn signatures_points_tares_and_suggested_tips_stand_in_the_text() {
    let cases: [(&str, &[&str]); 8] = [
        ("de-DE", &["tse-start", "tse info"]),
        ("fr-FR", &["nf525"]),
        ("pt-PT", &["atcud:"]),
        ("es-ES", &["veri*factu"]),
        ("sv-SE", &["kontrollkod"]),
        ("en-US", &["tip guide", "suggested"]),
        ("da-DK", &["pointsaldo", "tara"]),
        ("fi-FI", &["pistesaldo", "taara"]),
    ];
    for (tag, words) in cases {
        let receipts = receipts(tag);
        for word in words {
            assert!(receipts.iter().any(|t| says(t, word)), "{tag} never says {word:?}");
        }
    }
}
