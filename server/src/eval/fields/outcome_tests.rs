use slipstream_api::{DocumentKind, LineItem, Polygon};

use super::super::testing::{answer, field};
use super::*;
use crate::eval::score::Compare;
use crate::eval::truth::{PageKind, Tables, TrueCell, TrueRow};

fn line(text: &str, y: f32) -> slipstream_api::Line {
    let polygon = Polygon([[0.0, y], [200.0, y], [200.0, y + 16.0], [0.0, y + 16.0]]);
    slipstream_api::Line { text: text.to_owned(), confidence: 0.9, polygon, page: None }
}

fn sample(truth: Vec<(FieldName, &str, Compare)>, tables: Option<Tables>) -> Sample {
    let expected = |(field, value, compare): (FieldName, &str, Compare)| Expected {
        field,
        values: vec![value.to_owned()],
        compare,
        places: vec![],
    };
    Sample {
        id: "r".to_owned(),
        image: "r.jpg".into(),
        about: About {
            kind: PageKind::Receipt,
            language: Some("de".to_owned()),
            country: None,
            currency: Some("EUR".to_owned()),
        },
        truth: truth.into_iter().map(expected).collect(),
        tables,
        bags: vec![],
    }
}

#[test]
fn values_are_judged_and_what_could_be_formed_is_known() {
    let truth = vec![
        (FieldName::Total, "9.00", Compare::Amount),
        (FieldName::Subtotal, "8.00", Compare::Amount),
        (FieldName::Company, "SHOP", Compare::Text),
    ];
    let document = Document {
        kind: DocumentKind::Receipt,
        total: Some(field("9,00", Some("9.00"), 0.8)),
        currency: Some(field("€", Some("EUR"), 0.9)),
        ..Document::default()
    };
    let outcome =
        Outcome::new(&sample(truth, None), Some(&answer(document, vec![line("8,00 9.OO", 0.0), line("SH0P", 20.0)])));
    let reach: Vec<_> = outcome.fields.iter().map(|f| (f.verdict.same, f.reach.strict)).collect();
    assert_eq!(
        reach,
        [(true, true), (false, true), (false, false)],
        "what was read right was reachable, whatever the lines say"
    );
    assert_eq!(
        outcome.conclusions.iter().map(|(name, v)| (*name, v.same)).collect::<Vec<_>>(),
        [("language", false), ("currency", true)]
    );
    assert_eq!((outcome.values_read, outcome.amounts.len()), (1, 1), "a currency is no value of its own");
    assert_eq!(outcome.amounts[0].right, Some(true));
}

#[test]
fn descriptions_are_formed_line_by_line() {
    let cell = |value: &str, pieces: &[&str]| {
        let pieces = pieces.iter().map(|p| (*p).to_owned()).collect();
        Some(TrueCell { value: value.to_owned(), pieces, places: vec![] })
    };
    let items = vec![TrueRow {
        kind: None,
        of: None,
        cells: vec![cell("TEA LOOSE", &["TEA", "LOOSE"]), None, None, cell("-2.00", &[])],
    }];
    let tables = Tables { items, ..Tables::default() };
    let document = Document { line_items: vec![LineItem::default()], ..Document::default() };
    let lines = vec![line("TEA 2,00", 0.0), line("LOOSE", 20.0)];
    let outcome = Outcome::new(&sample(vec![], Some(tables)), Some(&answer(document, lines)));
    let reach = outcome.tables.map(|tables| tables.items.reach);
    let yes = Some(Reach { strict: true, letters: true });
    assert_eq!(
        reach,
        Some(vec![vec![yes, None, None, yes]]),
        "an amount stands between the lines, and nobody prints the minus"
    );
    assert_eq!(outcome.conclusions.len(), 3, "with rows the truth is about a whole document");
}

#[test]
fn a_receipt_that_cannot_be_read_gave_nothing() {
    let outcome = Outcome::new(&sample(vec![(FieldName::Total, "9.00", Compare::Amount)], None), None);
    assert_eq!((outcome.status, outcome.values_read, outcome.fields[0].reach.letters), (None, 0, false));
    assert!(outcome.fields[0].verdict.expected && !outcome.fields[0].verdict.read);
}
