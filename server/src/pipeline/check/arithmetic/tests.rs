//! Table tests of the rules, on findings written down as amounts in cents.

use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::civil::date;
use slipstream_models::entities::ItemKind;

use super::*;
use crate::pipeline::check::{Candidate, Decimal, ItemFindings, PaymentFindings, TaxFindings};

/// A field that stands on a line of its own.
pub(super) fn found<T>(value: T) -> Option<Found<T>> {
    static LINE: AtomicUsize = AtomicUsize::new(0);
    let spans = vec![Span { line: LINE.fetch_add(1, Ordering::Relaxed), start: 0, end: 1 }];
    Some(Found::new(Candidate { value: Some(value), text: "x".into(), spans, confidence: 0.9 }, vec![]))
}

pub(super) fn money(minor: i64) -> Option<Found<Money>> {
    found(Money { minor, currency: None })
}

pub(super) fn items(amounts: &[i64]) -> Vec<ItemFindings> {
    amounts.iter().map(|a| ItemFindings { amount: money(*a), ..ItemFindings::default() }).collect()
}

pub(super) fn tax(rate: i64, net: Option<i64>, amount: i64) -> TaxFindings {
    TaxFindings { rate: found(Decimal::new(rate, 1)), net: net.and_then(money), amount: money(amount) }
}

pub(super) fn paid(method: &str, amount: i64) -> PaymentFindings {
    PaymentFindings { method: found(method.to_owned()), amount: money(amount) }
}

fn outcome(findings: &Findings, code: &str) -> Option<Outcome> {
    check_all(findings, date(2026, 11, 22)).into_iter().find(|c| c.code == code).map(|c| c.outcome)
}

/// Runs every case and lists those with another outcome.
fn table(code: &str, cases: Vec<(&str, Findings, Outcome)>) {
    let wrong: Vec<_> = cases
        .iter()
        .filter(|(_, f, expected)| outcome(f, code) != Some(*expected))
        .map(|(name, f, expected)| format!("{code}, {name}: {:?}, expected {expected:?}", outcome(f, code)))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn items_and_total() {
    use Outcome::{Contradicted, Proved, Unproved};
    let with =
        |amounts: &[i64], total: i64| Findings { items: items(amounts), total: money(total), ..Findings::default() };
    let unread = ItemFindings { kind: ItemKind::Item, ..ItemFindings::default() };
    table(
        "items_sum_to_total",
        vec![
            ("plain", with(&[500, 400], 900), Proved),
            ("discount", with(&[500, 400, -100], 800), Proved),
            ("wrong", with(&[500, 400], 1000), Contradicted),
            ("tax on top", Findings { tax_total: money(54), ..with(&[500, 400], 954) }, Proved),
            ("tax table on top", Findings { taxes: vec![tax(60, None, 54)], ..with(&[500, 400], 954) }, Proved),
            ("tax within", Findings { tax_total: money(54), ..with(&[500, 400], 900) }, Proved),
            (
                "rounding",
                Findings { rounding: Some(Money { minor: -2, currency: None }), ..with(&[500, 402], 900) },
                Proved,
            ),
            (
                "tax, tip and rounding",
                Findings {
                    tax_total: money(54),
                    tip: money(100),
                    rounding: Some(Money { minor: 1, currency: None }),
                    ..with(&[900], 1055)
                },
                Proved,
            ),
            ("no items", with(&[], 900), Unproved),
            ("an unread amount", Findings { items: vec![unread], total: money(900), ..Findings::default() }, Unproved),
            ("no total", Findings { items: items(&[900]), ..Findings::default() }, Unproved),
            ("overflow", with(&[i64::MAX, i64::MAX], 900), Unproved),
        ],
    );
}

#[test]
fn subtotal_tax_and_total() {
    use Outcome::{Contradicted, Proved, Unproved};
    let with = |subtotal, tax_total, total| Findings {
        subtotal: money(subtotal),
        tax_total,
        total: money(total),
        ..Findings::default()
    };
    table(
        "subtotal_plus_tax_is_total",
        vec![
            ("on top", with(900, money(54), 954), Proved),
            ("within", with(900, money(54), 900), Proved),
            ("wrong", with(900, money(54), 964), Contradicted),
            ("rounded to five cents", with(903, money(54), 955), Unproved),
            ("rounded to a whole", with(913, money(54), 1000), Unproved),
            ("too far from a whole", with(873, money(54), 1000), Contradicted),
            ("a cent off", with(903, money(54), 956), Contradicted),
            ("tax not read", with(900, None, 954), Unproved),
            ("more than the total", with(900, None, 854), Contradicted),
            (
                "service",
                Findings { service: Some(Money { minor: 90, currency: None }), ..with(900, money(54), 1044) },
                Proved,
            ),
            ("no subtotal", Findings { total: money(900), ..Findings::default() }, Unproved),
        ],
    );
    let table_of = |rows: Vec<TaxFindings>, total| Findings { taxes: rows, total: money(total), ..Findings::default() };
    table(
        "net_plus_tax_is_total",
        vec![
            ("two rates", table_of(vec![tax(190, Some(1000), 190), tax(70, Some(100), 7)], 1297), Proved),
            ("wrong", table_of(vec![tax(190, Some(1000), 190)], 1290), Contradicted),
            ("a row without net", table_of(vec![tax(190, None, 190)], 1190), Unproved),
            ("no table", table_of(vec![], 1190), Unproved),
        ],
    );
    table(
        "taxes_sum_to_tax_total",
        vec![
            (
                "equal",
                Findings { tax_total: money(197), ..table_of(vec![tax(190, None, 190), tax(70, None, 7)], 0) },
                Proved,
            ),
            ("different", Findings { tax_total: money(198), ..table_of(vec![tax(190, None, 190)], 0) }, Contradicted),
            ("no total tax", table_of(vec![tax(190, None, 190)], 0), Unproved),
        ],
    );
}

#[test]
fn taxes_and_their_rates() {
    use Outcome::{Contradicted, Proved, Unproved};
    let with = |row, total| Findings { taxes: vec![row], total: money(total), ..Findings::default() };
    table(
        "tax_matches_rate",
        vec![
            ("of net", with(tax(190, Some(1000), 190), 1190), Proved),
            ("a cent off", with(tax(190, Some(1003), 190), 1193), Proved),
            ("of gross", with(tax(190, Some(1190), 190), 1190), Proved),
            ("wrong", with(tax(190, Some(1000), 209), 1209), Contradicted),
            ("rate with decimals", with(tax(77, Some(10000), 770), 10770), Proved),
            ("of the total", with(tax(190, None, 190), 1190), Proved),
            ("perhaps of a part", with(tax(190, None, 100), 1190), Unproved),
            ("no taxes", Findings { total: money(1), ..Findings::default() }, Unproved),
        ],
    );
}

#[test]
fn payments_and_total() {
    use Outcome::{Contradicted, Proved, Unproved};
    let with = |payments, change: Option<i64>, total| Findings {
        payments,
        change: change.map(|minor| Money { minor, currency: None }),
        total: money(total),
        ..Findings::default()
    };
    table(
        "payment_minus_change_is_total",
        vec![
            ("exact", with(vec![paid("VISA", 900)], None, 900), Proved),
            ("with change", with(vec![paid("CASH", 1000)], Some(100), 900), Proved),
            ("change among the payments", with(vec![paid("CASH", 1000), paid("CHANGE", 100)], None, 900), Proved),
            ("two payments", with(vec![paid("VOUCHER", 500), paid("CASH", 400)], None, 900), Proved),
            ("change not read", with(vec![paid("CASH", 1000)], None, 900), Unproved),
            ("too little", with(vec![paid("CASH", 800)], None, 900), Contradicted),
            ("wrong change", with(vec![paid("CASH", 1000)], Some(200), 900), Contradicted),
            ("no payment", with(vec![], None, 900), Unproved),
        ],
    );
}

#[test]
fn quantities_prices_and_dates() {
    use Outcome::{Contradicted, Proved, Unproved};
    let item = |quantity, price, amount| {
        let item = ItemFindings {
            quantity: found(quantity),
            unit_price: found(price),
            amount: money(amount),
            ..ItemFindings::default()
        };
        Findings { items: vec![item], ..Findings::default() }
    };
    table(
        "quantity_times_unit_price_is_amount",
        vec![
            ("pieces", item(Decimal::new(3, 0), Decimal::new(199, 2), 597), Proved),
            ("weight", item(Decimal::new(532, 3), Decimal::new(199, 2), 106), Proved),
            ("a return", item(Decimal::new(1, 0), Decimal::new(199, 2), -199), Proved),
            ("wrong", item(Decimal::new(3, 0), Decimal::new(199, 2), 697), Contradicted),
            ("nothing", Findings::default(), Unproved),
        ],
    );
    let on = |day| Findings { date: found(day), ..Findings::default() };
    table(
        "date_not_in_future",
        vec![
            ("past", on(date(2026, 11, 21)), Proved),
            ("today", on(date(2026, 11, 22)), Proved),
            ("tomorrow", on(date(2026, 11, 23)), Contradicted),
            ("none", Findings::default(), Unproved),
        ],
    );
}

#[test]
fn items_and_subtotal() {
    use Outcome::{Contradicted, Proved, Unproved};
    let with = |amounts: &[i64], subtotal: i64| Findings {
        items: items(amounts),
        subtotal: money(subtotal),
        ..Findings::default()
    };
    let reduced = || {
        let reduction = ItemFindings { kind: ItemKind::Discount, amount: money(-100), ..ItemFindings::default() };
        items(&[500, 400]).into_iter().chain([reduction]).collect()
    };
    table(
        "items_sum_to_subtotal",
        vec![
            ("plain", with(&[500, 400], 900), Proved),
            ("a reduction above", Findings { items: reduced(), ..with(&[], 800) }, Proved),
            ("a reduction below", Findings { items: reduced(), ..with(&[], 900) }, Proved),
            ("without the tax of the prices", Findings { tax_total: money(50), ..with(&[500, 400], 850) }, Proved),
            ("wrong", with(&[500, 400], 910), Contradicted),
            ("no subtotal", Findings { items: items(&[900]), ..Findings::default() }, Unproved),
        ],
    );
}

#[test]
fn a_row_may_show_its_price_after_the_reduction() {
    let row = ItemFindings {
        quantity: found(Decimal::new(2, 0)),
        unit_price: found(Decimal::new(500, 2)),
        amount: money(900),
        ..ItemFindings::default()
    };
    let reduction = |of| ItemFindings { kind: ItemKind::Discount, amount: money(-100), of, ..ItemFindings::default() };
    let of = |of| Findings { items: vec![row.clone(), reduction(of)], ..Findings::default() };
    let rule = "quantity_times_unit_price_is_amount";
    assert_eq!(outcome(&of(Some(0)), rule), Some(Outcome::Proved));
    assert_eq!(outcome(&of(None), rule), Some(Outcome::Contradicted));
}

#[test]
fn a_check_knows_what_it_compared() {
    let findings = Findings { subtotal: money(900), total: money(900), ..Findings::default() };
    let check = check_all(&findings, date(2026, 11, 22)).into_iter().find(|c| c.code == "subtotal_plus_tax_is_total");
    assert!(
        check.is_some_and(|c| c.spans.len() == 2 && c.confidence == 0.9 && c.detail == "subtotal 9.00 = total 9.00")
    );
}
