//! Any text, as the lines of a receipt in which every field was found: no rule
//! panics.

#![no_main]

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use slipstream::pipeline::check::{CheckSettings, check};
use slipstream_models::entities::{Entity, ItemEntities, PaymentEntities, Reading, Span, TaxEntities};
use slipstream_models::{CharAlternative, Entities, Quad, TextLine, TextLines};

/// Lines beyond these are left out: they would only make a run slower.
const MOST_LINES: usize = 40;

fuzz_target!(|text: &str| {
    let place = |i: usize| Quad::from_bounds(10.0, 20.0 * i as f32, 200.0, 20.0 * i as f32 + 15.0);
    // Every character could be the one before it.
    let line = |(i, text): (usize, &str)| {
        let mut line = TextLine::evenly_spaced(text, 0.9, place(i));
        for i in 1..line.chars.len() {
            // Or nothing, or both.
            let before = line.chars[i - 1].ch;
            let texts = [before.to_string(), String::new(), format!("{before}{}", line.chars[i].ch)];
            line.chars[i].alternatives = texts.map(|text| CharAlternative { text, confidence: 0.3 }).into();
        }
        line
    };
    let lines: Vec<TextLine> = text.lines().take(MOST_LINES).enumerate().map(line).collect();
    let reading = |i: usize, confidence: f32| {
        let line = lines.get(i % lines.len().max(1))?;
        let spans = vec![Span { line: i % lines.len(), start: 0, end: line.chars.len() }];
        Some(Reading { text: line.text(), spans, confidence })
    };
    let entity = |i: usize| {
        let alternatives = [reading(i + 1, 0.15), reading(i + 2, 0.05)].into_iter().flatten().collect();
        Some(Entity { best: reading(i, 0.8)?, alternatives })
    };
    let item = |i: usize| ItemEntities {
        description: entity(i),
        quantity: entity(i + 1),
        unit_price: entity(i + 2),
        amount: entity(i + 3),
        ..ItemEntities::default()
    };
    let entities = Entities {
        merchant_name: entity(0),
        merchant_address: entity(1),
        merchant_phone: entity(2),
        merchant_tax_id: entity(3),
        date: entity(4),
        time: entity(5),
        receipt_number: entity(6),
        subtotal: entity(7),
        tax_total: entity(8),
        total: entity(9),
        tip: entity(10),
        items: (11..35).step_by(4).map(item).collect(),
        taxes: vec![TaxEntities { rate: entity(36), net: entity(37), amount: entity(38) }],
        payments: vec![PaymentEntities { method: entity(39), amount: entity(40) }],
        ..Entities::default()
    };
    let page = TextLines { lines: lines.clone(), page_width: 210, page_height: 20 * MOST_LINES };
    let _ = check(&entities, &page, &CheckSettings::on(date(2026, 1, 1)));
});
