//! Taxes: lines above or below the total, and the table of rates.

use super::{Anchor, Cell, Composer};
use crate::format::{Numbers, short};
use crate::sale::TaxRow;
use crate::text::Text;
use crate::truth::Field;

/// Taxes that come on top of the prices: a line a rate, or one for all.
pub(super) fn write_added(page: &mut Composer) {
    let sale = page.sale;
    if page.dice.chance(0.4) {
        let label = page.word("tax_total") + page.look.total_colon;
        let value = page.money(Some((Field::TaxTotal, None)), sale.tax());
        page.pair(Text::plain(label), value);
        return;
    }
    for (index, row) in sale.taxes.iter().enumerate().filter(|(_, row)| row.tax != 0) {
        line(page, "tax_added", index, row);
    }
}

/// Taxes that the prices contain.
pub(super) fn write_included(page: &mut Composer) {
    let sale = page.sale;
    if page.dice.chance(0.3) {
        let label = page.word("tax_total") + page.look.total_colon;
        let value = page.money(Some((Field::TaxTotal, None)), sale.tax());
        page.pair(Text::plain(label), value);
        return;
    }
    for (index, row) in sale.taxes.iter().enumerate() {
        line(page, "tax_included", index, row);
    }
}

/// `incl. 7 % VAT   0.65`: the rate stands within the label.
fn line(page: &mut Composer, key: &str, index: usize, row: &TaxRow) {
    let template = page.word(key);
    let (before, after) = template.split_once("{rate}").unwrap_or((&template, ""));
    let rate = rate(page, row);
    let label = Text::plain(before).tagged((Field::TaxRate, Some(index)), rate).then(after).then(page.look.total_colon);
    let value = page.money(Some((Field::TaxAmount, Some(index))), row.tax);
    page.pair(label, value);
}

/// `VAT 19 % on 100.00   19.00` in an invoice's sums: with the net amount, or without.
pub(super) fn rated(page: &mut Composer, label_at: f32, index: usize, row: &TaxRow) {
    let name = page.word("head_vat");
    let name = name.trim_end_matches([' ', '%', '.']).to_string();
    let rate = rate(page, row);
    let mut label =
        Text::plain(name + " ").tagged((Field::TaxRate, Some(index)), rate).then(page.dice.pick(&["%", " %"]));
    if page.dice.chance(0.3) {
        let net = page.look.numbers.money(row.net);
        label = label.then(page.dice.pick(&[" / ", " (", " - "])).tagged((Field::TaxNet, Some(index)), net);
    }
    let value = page.money(Some((Field::TaxAmount, Some(index))), row.tax);
    page.row(vec![Cell { at: Anchor::Left(label_at), text: label }, Cell { at: Anchor::Right(1.0), text: value }]);
}

fn rate(page: &Composer, row: &TaxRow) -> String {
    let milli = page.sale.rates.get(row.rate).copied().unwrap_or_default();
    let decimal = page.look.numbers.decimal;
    let marks = Numbers { decimal, ..Numbers::default() };
    match page.look.rate_decimals {
        2 if milli % 10 == 0 => marks.fixed(milli / 10, 2),
        1 if milli % 100 == 0 => marks.fixed(milli / 100, 1),
        _ => short(milli, 3).replace('.', &decimal.to_string()),
    }
}

/// Width of the table's columns of amounts, as a fraction of the receipt's.
const COLUMN: f32 = 0.27;

/// The table of rates: rate, net, tax and perhaps gross amounts in columns.
pub(super) fn write_table(page: &mut Composer) {
    if !page.dice.chance(page.locale.number("tax_table_share", 0.55)) {
        return;
    }
    page.separator();
    if page.dice.chance(0.4) {
        let title = page.word("tax_table");
        page.left(Text::plain(title));
    }
    let gross = page.dice.chance(0.4);
    let tax_first = page.dice.chance(0.3);
    let mut columns = if tax_first { vec![Column::Tax, Column::Net] } else { vec![Column::Net, Column::Tax] };
    if gross {
        columns.insert(if page.dice.chance(0.3) { 0 } else { 2 }, Column::Gross);
    }
    let n = columns.len();
    let place = |i: usize| Anchor::Right(1.0 - COLUMN * (n - 1 - i) as f32);
    if page.dice.chance(0.85) {
        let mut cells =
            vec![Cell { at: Anchor::Left(0.0), text: page.short_word("head_rate", 1.0 - COLUMN * n as f32) }];
        for (i, column) in columns.iter().enumerate() {
            let key = match column {
                Column::Net => "head_net",
                Column::Tax => "head_tax",
                Column::Gross => "head_gross",
            };
            cells.push(Cell { at: place(i), text: page.short_word(key, COLUMN) });
        }
        page.row(cells);
    }
    let lead = page.dice.chance(0.5);
    let percent = page.dice.pick(&["%", "%", " %", ""]);
    let equals = page.dice.pick(&[" ", " ", "=", " = ", ": "]);
    let sale = page.sale;
    for (index, row) in sale.taxes.iter().enumerate() {
        let group = Some(index);
        let letter = page.look.tax_codes.get(row.rate).copied().unwrap_or_default();
        let mut text =
            if lead && !letter.is_empty() { Text::plain(format!("{letter}{equals}")) } else { Text::default() };
        text = text.tagged((Field::TaxRate, group), rate(page, row)).then(percent);
        let mut cells = vec![Cell { at: Anchor::Left(0.0), text }];
        for (i, column) in columns.iter().enumerate() {
            let text = match column {
                Column::Net => amount(page, Some((Field::TaxNet, group)), row.net),
                Column::Tax => amount(page, Some((Field::TaxAmount, group)), row.tax),
                Column::Gross => amount(page, None, row.net + row.tax),
            };
            cells.push(Cell { at: place(i), text });
        }
        page.row(cells);
    }
    if sale.taxes.len() > 1 && page.dice.chance(0.35) {
        let label = page.word("tax_sum");
        let mut cells = vec![Cell { at: Anchor::Left(0.0), text: Text::plain(label) }];
        for (i, column) in columns.iter().enumerate() {
            let text = match column {
                Column::Net => amount(page, None, sale.net()),
                Column::Tax => amount(page, Some((Field::TaxTotal, None)), sale.tax()),
                Column::Gross => amount(page, None, sale.net() + sale.tax()),
            };
            cells.push(Cell { at: place(i), text });
        }
        page.row(cells);
    }
}

#[derive(Clone, Copy)]
enum Column {
    Net,
    Tax,
    Gross,
}

fn amount(page: &Composer, tag: Option<(Field, Option<usize>)>, minor: i64) -> Text {
    let number = page.look.numbers.money(minor);
    match tag {
        Some(tag) => Text::default().tagged(tag, number),
        None => Text::plain(number),
    }
}
