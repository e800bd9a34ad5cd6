//! Two invented receipts that the trainer recorded: tokens, features, keys and
//! scores must come out the same here; and no input may do harm.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde::Deserialize;

use super::network::Link;
use super::*;
use crate::geometry::{Point, Quad};
use crate::text::TextLine;

const TOLERANCE: f32 = 2e-3;

#[derive(Deserialize)]
struct Fixture {
    pages: Vec<Recorded>,
}

#[derive(Deserialize)]
struct Recorded {
    lines: Vec<RecordedLine>,
    tokens: Vec<RecordedToken>,
    features: Vec<Vec<u32>>,
    rows: Vec<i64>,
    columns: Vec<f32>,
    pieces: Vec<Vec<u32>>,
    grams: Vec<Vec<u32>>,
    scores: Vec<Vec<f32>>,
    nulls: Vec<f32>,
    page: Vec<f32>,
    /// Scores of each link from each token to each.
    links: Vec<Vec<Vec<f32>>>,
}

#[derive(Deserialize)]
struct RecordedLine {
    quad: [(f32, f32); 4],
    text: String,
}

#[derive(Debug, PartialEq, Deserialize)]
struct RecordedToken {
    line: usize,
    start: usize,
    end: usize,
    text: String,
    kind: String,
}

static EXTRACTOR: LazyLock<Extractor> =
    LazyLock::new(|| Extractor::load(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("weights/extract")).unwrap());

fn recorded() -> Vec<Recorded> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/extract/receipts.json");
    serde_json::from_str::<Fixture>(&std::fs::read_to_string(path).unwrap()).unwrap().pages
}

fn page(recorded: &Recorded) -> TextLines {
    let line = |l: &RecordedLine| TextLine::evenly_spaced(&l.text, 1.0, Quad(l.quad.map(|(x, y)| Point::new(x, y))));
    TextLines { lines: recorded.lines.iter().map(line).collect(), page_width: 400, page_height: 500 }
}

#[test]
fn tokens_features_and_keys_are_those_of_the_trainer() {
    for recorded in recorded() {
        let prepared = EXTRACTOR.prepare(&page(&recorded));
        let tokens: Vec<RecordedToken> = prepared
            .tokens
            .iter()
            .map(|t| RecordedToken {
                line: prepared.lines[t.line].number,
                start: t.start,
                end: t.end,
                text: t.text.clone(),
                kind: tokens::KINDS[t.kind].to_owned(),
            })
            .collect();
        assert_eq!(tokens, recorded.tokens);
        let input = EXTRACTOR.input(&prepared).unwrap();
        for (i, (ours, theirs)) in input.features.buckets.iter().zip(&recorded.features).enumerate() {
            assert_eq!(ours.to_vec(), *theirs, "features of token {i}, {:?}", recorded.tokens[i]);
        }
        assert_eq!(input.features.rows, recorded.rows);
        assert_eq!(input.features.columns, recorded.columns);
        for (i, keys) in input.keys.iter().enumerate() {
            assert_eq!(keys.pieces, recorded.pieces[i], "pieces of {:?}", recorded.tokens[i]);
            assert_eq!(keys.grams, recorded.grams[i], "n-grams of {:?}", recorded.tokens[i]);
        }
    }
}

#[test]
fn scores_are_those_of_the_trainer_alone_and_in_a_padded_batch() {
    let recorded = recorded();
    let prepared = |r: &Recorded| EXTRACTOR.prepare(&page(r));
    let together = EXTRACTOR.scores(&recorded.iter().map(prepared).collect::<Vec<_>>()).unwrap();
    let alone = recorded.iter().flat_map(|r| EXTRACTOR.scores(&[prepared(r)]).unwrap());
    for (scores, expected) in together.into_iter().chain(alone).zip(recorded.iter().chain(&recorded)) {
        assert_eq!(scores.tokens.len(), expected.scores.len());
        let pairs = scores.tokens.iter().flatten().zip(expected.scores.iter().flatten());
        let pairs = pairs.chain(scores.nulls.iter().zip(&expected.nulls)).chain(scores.page.iter().zip(&expected.page));
        let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst <= TOLERANCE, "scores differ by up to {worst}");
        for (link, recorded) in [Link::Row, Link::Item].into_iter().zip(&expected.links) {
            let pairs =
                recorded.iter().enumerate().flat_map(|(i, row)| row.iter().enumerate().map(move |(j, s)| (i, j, s)));
            let worst = pairs.map(|(i, j, s)| (scores.links.score(link, i, j) - s).abs()).fold(0.0, f32::max);
            assert!(worst <= TOLERANCE, "scores of {link:?} differ by up to {worst}");
        }
    }
}

#[test]
fn every_value_is_a_copy_of_the_characters_its_spans_name() {
    let recorded = recorded();
    let pages: Vec<TextLines> = recorded.iter().map(page).collect();
    let found = EXTRACTOR.extract(&pages.iter().collect::<Vec<_>>()).unwrap();
    let text = |e: &Option<crate::entities::Entity>| e.as_ref().map(|e| e.best.text.clone()).unwrap_or_default();
    assert_eq!(text(&found[0].merchant_name), "PUSTAKA CONTOH SDN BHD");
    assert_eq!(text(&found[0].date), "25/12/2019");
    assert_eq!(text(&found[0].total), "1,283.25");
    for (page, entities) in pages.iter().zip(&found) {
        assert_copies(page, entities);
    }
}

/// Every reading's text is its spans' characters, joined by one space.
fn assert_copies(page: &TextLines, entities: &Entities) {
    let e = entities.clone();
    let single = [
        e.merchant_name,
        e.merchant_address,
        e.merchant_phone,
        e.merchant_tax_id,
        e.date,
        e.time,
        e.receipt_number,
        e.subtotal,
        e.tax_total,
        e.total,
        e.tip,
    ];
    let items = e.items.into_iter().flat_map(|i| [i.description, i.quantity, i.unit_price, i.amount, i.code]);
    let taxes = e.taxes.into_iter().flat_map(|t| [t.rate, t.net, t.amount]);
    let payments = e.payments.into_iter().flat_map(|p| [p.method, p.amount]);
    for entity in single.into_iter().chain(items).chain(taxes).chain(payments).flatten().chain(e.serial_numbers) {
        assert!(entity.alternatives.len() <= 3);
        for reading in std::iter::once(&entity.best).chain(&entity.alternatives) {
            assert!(!reading.spans.is_empty());
            assert!((0.0..=1.0).contains(&reading.confidence), "{}", reading.confidence);
            let part = |s: &crate::entities::Span| -> String {
                assert!(s.start < s.end, "{s:?}");
                page.lines[s.line].chars[s.start..s.end].iter().map(|c| c.ch).collect()
            };
            assert_eq!(reading.text, reading.spans.iter().map(part).collect::<Vec<_>>().join(" "));
        }
    }
}

#[test]
fn an_empty_page_between_others_has_no_entities() {
    let (empty, full) = (TextLines::default(), page(&recorded()[0]));
    let found = EXTRACTOR.extract(&[&empty, &full, &empty]).unwrap();
    assert_eq!(found[0], Entities::default());
    assert!(found[1].total.is_some());
    assert_eq!(found[2], Entities::default());
}

#[test]
fn a_very_long_page_is_read_window_by_window() {
    let mut long = page(&recorded()[0]);
    let tail = long.lines.split_off(11);
    for i in 0..500 {
        let top = 270.0 + 25.0 * i as f32;
        let text = format!("BARANG NOMBOR {i} 1.00");
        long.lines.push(TextLine::evenly_spaced(&text, 1.0, Quad::from_bounds(10.0, top, 380.0, top + 18.0)));
    }
    let down = |line: TextLine| TextLine { quad: line.quad.map(|p| Point::new(p.x, p.y + 12_500.0)), ..line };
    long.lines.extend(tail.into_iter().map(down));
    assert!(EXTRACTOR.token_count(&long) > 2 * WINDOW);
    let found = EXTRACTOR.extract(&[&long]).unwrap();
    assert_copies(&long, &found[0]);
    assert_eq!(found[0].merchant_name.as_ref().unwrap().best.text, "PUSTAKA CONTOH SDN BHD");
}

#[test]
fn a_config_of_other_features_is_refused() {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("weights/extract");
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap();
    let config = read("config.json").replace("\"amount_twin\"", "\"amount_twins\"");
    let weights = std::fs::read(dir.join("model.safetensors")).unwrap();
    let error = Extractor::from_buffers(&weights, &config, &read("tokenizer.json")).err().unwrap();
    assert!(error.to_string().contains("features"), "{error}");
    assert!(Extractor::from_buffers(&weights[..100], &read("config.json"), &read("tokenizer.json")).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_page_gives_exact_copies(lines in prop::collection::vec(
        ("\\PC{0,24}|[ -~]{0,30}|[0-9]{1,30}[.,/: -]?[0-9]{0,20}", prop::array::uniform8(prop_oneof![
            8 => -1e4_f32..1e4, 1 => Just(f32::NAN), 1 => Just(f32::MAX), 1 => Just(0.0_f32)])), 0..24)) {
        let quad = |c: &[f32; 8]| Quad([0, 2, 4, 6].map(|i| Point::new(c[i], c[i + 1])));
        let lines = lines.iter().map(|(text, c)| TextLine::evenly_spaced(text, 0.5, quad(c))).collect();
        let page = TextLines { lines, page_width: 1_000, page_height: 1_000 };
        let found = EXTRACTOR.extract(&[&page]).unwrap();
        assert_copies(&page, &found[0]);
    }
}
