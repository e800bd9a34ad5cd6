//! Container deposits and what was given back or taken off again, by their names:
//! a till calls them by one of few words, and a row that is a deposit or a return
//! must not be counted as a reduction.

use slipstream_models::entities::{ItemEntities, ItemKind};

/// Parts of words that name a deposit, in capitals.
const DEPOSITS: [&str; 4] = ["PFAND", "STATIEGELD", "PANTTI", "CONSIGNE"];

/// Parts of words that say that containers or goods were given back, or that a row was voided.
const RETURNS: [&str; 23] = [
    "LEERGUT",
    "RÜCKGABE",
    "RUCKGABE",
    "RETOUR",
    "RETUR",
    "DÉCONSIGNE",
    "DECONSIGNE",
    "PALAUTUS",
    "TOMGLAS",
    "TOMGODS",
    "STORNO",
    "VOID",
    "REFUND",
    "ANULA",
    "ANNUL",
    "DEVOL",
    "REMBOURS",
    "TERUGBET",
    "PERUUTUS",
    "MAKULER",
    "ÅTERKÖP",
    "ÅTERBETAL",
    "TILBAGEBETAL",
];

/// What the row is, where its words and its sign say so; what the model says elsewhere.
pub(super) fn kind_of(item: &ItemEntities) -> ItemKind {
    let Some(description) = item.description.as_ref().map(|d| d.best.text.to_uppercase()) else { return item.kind };
    let names = |words: &[&str]| words.iter().any(|word| description.contains(word));
    // Swedish and Danish; alone, because it is also a garment.
    let deposit = names(&DEPOSITS) || description.trim_matches(['+', ' ']) == "PANT";
    let negative = item.amount.as_ref().is_some_and(|a| a.best.text.contains(['-', '−', '–', '(']));
    // "-1 x 9,99": what is counted was a thing, not a reduction.
    let counted = item.quantity.as_ref().is_some_and(|q| q.best.text.trim_start().starts_with(['-', '−', '–']));
    let returned = counted || names(&RETURNS);
    match (deposit, returned) {
        (true, false) if !negative => ItemKind::Deposit,
        (true, _) | (_, true) if negative => ItemKind::Return,
        _ => item.kind,
    }
}

#[cfg(test)]
mod tests {
    use slipstream_models::entities::{Entity, Reading};

    use super::*;

    #[test]
    fn words_and_signs_tell_deposits_from_returns() {
        let entity = |text: &str| {
            let best = Reading { text: text.to_owned(), spans: Vec::new(), confidence: 0.9 };
            Some(Entity { best, alternatives: Vec::new() })
        };
        for (description, amount, expected) in [
            ("PFAND", "0,25", ItemKind::Deposit),
            ("Einwegpfand", "0,25 A", ItemKind::Deposit),
            ("+ Pant", "2,00", ItemKind::Deposit),
            ("+ Statiegeld 0,15", "0,15", ItemKind::Deposit),
            ("Leergut Pfand", "3,75-", ItemKind::Return),
            ("Pantretur", "-4,00", ItemKind::Return),
            ("Pfand", "-0,25", ItemKind::Return),
            ("STORNO Lasagne", "10,20-", ItemKind::Return),
            ("Devol. Bufanda", "-11,95", ItemKind::Return),
            ("Storno Rabatt", "1,00", ItemKind::Discount),
            ("LONG PANT", "49.90", ItemKind::Discount),
            ("Rabatt", "1,00", ItemKind::Discount),
            ("Retour article", "9,90", ItemKind::Discount),
        ] {
            let item = ItemEntities {
                kind: ItemKind::Discount,
                description: entity(description),
                amount: entity(amount),
                ..ItemEntities::default()
            };
            assert_eq!(kind_of(&item), expected, "{description} {amount}");
        }
        let counted = ItemEntities {
            kind: ItemKind::Discount,
            description: entity("Bufanda"),
            quantity: entity("-1"),
            amount: entity("-11,95"),
            ..ItemEntities::default()
        };
        assert_eq!(kind_of(&counted), ItemKind::Return);
    }
}
