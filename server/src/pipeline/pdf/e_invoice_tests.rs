//! Stated values, their places, and the rules.
#![allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]

use jiff::civil::date;
use slipstream_models::{Quad, TextLine};

use super::*;
use crate::pipeline::check::found::Found as Read;

const TODAY: Date = date(2026, 11, 22);

/// An invoice over two lines: 800 screws at 12.50 a hundred less 5, and two at 0.333, rounded.
fn ubl(total: &str, further: &str) -> Invoice {
    let xml = format!(
        "<Invoice><ID>R-7</ID><IssueDate>2024-02-28</IssueDate><DocumentCurrencyCode>EUR</DocumentCurrencyCode>
        <AllowanceCharge><ChargeIndicator>false</ChargeIndicator><AllowanceChargeReason>Treue</AllowanceChargeReason><Amount>5.00</Amount></AllowanceCharge>
        <TaxTotal><TaxAmount>17.23</TaxAmount><TaxSubtotal><TaxableAmount>90.67</TaxableAmount><TaxAmount>17.23</TaxAmount><TaxCategory><Percent>19.00</Percent></TaxCategory></TaxSubtotal></TaxTotal>
        <LegalMonetaryTotal><TaxExclusiveAmount>90.67</TaxExclusiveAmount><TaxInclusiveAmount>{total}</TaxInclusiveAmount>{further}</LegalMonetaryTotal>
        <PaymentMeans><PaymentMeansCode>58</PaymentMeansCode></PaymentMeans>
        <InvoiceLine><InvoicedQuantity>800</InvoicedQuantity><LineExtensionAmount>95.00</LineExtensionAmount>
          <AllowanceCharge><ChargeIndicator>false</ChargeIndicator><Amount>5.00</Amount></AllowanceCharge>
          <Item><Name>Schrauben</Name></Item><Price><PriceAmount>12.50</PriceAmount><BaseQuantity>100</BaseQuantity></Price></InvoiceLine>
        <InvoiceLine><InvoicedQuantity>2</InvoicedQuantity><LineExtensionAmount>0.67</LineExtensionAmount>
          <Item><Name>Muttern</Name></Item><Price><PriceAmount>0.333</PriceAmount></Price></InvoiceLine></Invoice>"
    );
    slipstream_pdf::invoice::parse(xml.as_bytes()).unwrap()
}

fn page(texts: &[&str]) -> TextLines {
    let line = |(i, text): (usize, &&str)| {
        let top = 30.0 * i as f32;
        let right = 10.0 * text.chars().count() as f32;
        TextLine::evenly_spaced(text, 0.9, Quad::from_bounds(0.0, top, right, top + 20.0))
    };
    TextLines { lines: texts.iter().enumerate().map(line).collect(), page_width: 600, page_height: 900 }
}

fn stated(invoice: &Invoice, lines: &TextLines, pages: &Findings) -> Findings {
    state(invoice, lines, pages, TODAY).0
}

fn outcome(findings: &Findings, code: &str) -> Outcome {
    findings.checks.iter().find(|check| check.code == code).unwrap().outcome
}

/// Pages on which this total was read.
fn reading(minor: i64) -> Findings {
    let value = Some(Money { minor, currency: None });
    let best = Candidate { value, text: String::new(), spans: vec![], confidence: 0.8 };
    let total = Read::new(best, vec![]);
    Findings { total: Some(total), ..Findings::default() }
}

#[test]
fn values_are_exact_and_add_up() {
    let findings = stated(&ubl("107.90", ""), &page(&[]), &Findings::default());
    let amounts: Vec<_> =
        findings.items.iter().map(|i| i.amount.as_ref().unwrap().value().unwrap().to_string()).collect();
    assert_eq!(amounts, ["95.00", "0.67", "-5.00"]);
    assert_eq!(findings.items[2].kind, ItemKind::Discount);
    let price = findings.items[0].unit_price.as_ref().unwrap();
    assert_eq!((price.value().unwrap().to_string().as_str(), price.best.text.as_str()), ("0.125", "12.50"));
    assert_eq!(findings.date.as_ref().unwrap().value(), Some(&date(2024, 2, 28)));
    for code in
        ["items_sum_to_total", "net_plus_tax_is_total", "subtotal_plus_tax_is_total", "tax_matches_rate", QUANTITIES]
    {
        assert_eq!(outcome(&findings, code), Outcome::Proved, "{code}");
    }
    let wrong = stated(&ubl("170.90", ""), &page(&[]), &Findings::default());
    assert_eq!(outcome(&wrong, "items_sum_to_total"), Outcome::Contradicted);
}

#[test]
fn a_price_that_was_rounded_contradicts_nothing() {
    let mut invoice = ubl("107.90", "");
    let line = &mut invoice.lines[0];
    let set = |number: &mut Option<Number>, text: &str| {
        *number = Some(Number { text: text.into(), value: slipstream_pdf::Decimal::parse(text) });
    };
    set(&mut line.price_basis, "1");
    set(&mut line.price, "4.10");
    set(&mut line.quantity, "50");
    line.reductions.clear();
    for (amount, expected) in
        [("205.00", Outcome::Proved), ("204.76", Outcome::Proved), ("204.00", Outcome::Contradicted)]
    {
        set(&mut line_mut(&mut invoice).amount, amount);
        let check = lines_add_up(&invoice.lines, Currency::from_code("EUR"));
        assert_eq!(check.outcome, expected, "{amount}: {}", check.detail);
    }
    set(&mut line_mut(&mut invoice).amount, "204.76");
    assert_eq!(lines_add_up(&invoice.lines[..1], Currency::from_code("EUR")).outcome, Outcome::Unproved);
}

fn line_mut(invoice: &mut Invoice) -> &mut Line {
    &mut invoice.lines[0]
}

#[test]
fn the_total_of_the_pages_is_held_against_the_stated_one() {
    let due = "<PrepaidAmount>7.90</PrepaidAmount><PayableAmount>100.00</PayableAmount>";
    let cases = [
        ("the same", "", &["Total 107,90"][..], Some(10_790), Outcome::Proved),
        ("another", "", &["Total 17,90"], Some(17_90), Outcome::Contradicted),
        ("another, and the stated one is there too", "", &["107,90", "Total 17,90"], Some(17_90), Outcome::Unproved),
        ("what is due", due, &["107,90", "Zahlbetrag 100,00"], Some(10_000), Outcome::Proved),
        ("none", "", &[], None, Outcome::Unproved),
    ];
    for (name, further, lines, read, expected) in cases {
        let pages = read.map(reading).unwrap_or_default();
        let findings = stated(&ubl("107.90", further), &page(lines), &pages);
        assert_eq!(outcome(&findings, MATCHES_PAGE), expected, "{name}");
    }
}

#[test]
fn only_what_is_paid_whole_is_a_payment_with_an_amount() {
    let payments = |further: &str| stated(&ubl("107.90", further), &page(&[]), &Findings::default()).payments;
    let open = payments("<PrepaidAmount>7.90</PrepaidAmount>");
    let method = open[0].method.as_ref().unwrap();
    assert_eq!((method.value().unwrap().as_str(), method.best.text.as_str()), ("SEPA credit transfer", "58"));
    assert!(open[0].amount.is_none());
    let paid = payments("<PrepaidAmount>107.90</PrepaidAmount>");
    assert_eq!(paid[0].amount.as_ref().unwrap().value().unwrap().minor, 10_790);
}

#[test]
fn two_equal_lines_stand_in_two_places() {
    let mut invoice = ubl("107.90", "");
    invoice.lines[1] = invoice.lines[0].clone();
    let lines = page(&["Schrauben 95,00", "Schrauben 95,00"]);
    let findings = stated(&invoice, &lines, &Findings::default());
    let places: Vec<_> = findings.items[..2]
        .iter()
        .map(|i| (i.description.as_ref().unwrap().best.spans[0].line, i.amount.as_ref().unwrap().best.spans[0].line))
        .collect();
    assert_eq!(places, [(0, 0), (1, 1)]);
}
