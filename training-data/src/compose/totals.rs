//! From the sum of the goods to what is to be paid.

use super::{Anchor, Cell, Composer};
use crate::text::Text;
use crate::truth::{Field, ItemKind};

/// Counts, subtotal, service, tax lines, rounding and the total.
pub(super) fn write(page: &mut Composer) {
    if page.dice.chance(0.25) {
        count(page);
    }
    let sale = page.sale;
    let more_follows = sale.tax_added || sale.service.is_some() || sale.tip.is_some();
    let states_net = !sale.tax_added && page.dice.chance(page.locale.number("net_share", 0.12));
    if states_net {
        amount(page, "total_net", Some(Field::Subtotal), sale.net(), false);
        amount(page, "tax_total", Some(Field::TaxTotal), sale.tax(), false);
    } else if more_follows || page.dice.chance(0.4) {
        amount(page, "subtotal", Some(Field::Subtotal), sale.goods, false);
    }
    if page.dice.chance(0.1) {
        discounts(page);
    }
    if let Some(service) = sale.service {
        let rate = sale.service_rate.to_string();
        let label = page.phrase("service", &|name| (name == "rate").then(|| rate.clone()));
        let value = page.money(None, service);
        page.pair(Text::plain(label), value);
    }
    if sale.tax_added {
        super::taxes::write_added(page);
    }
    if let Some(tip) = sale.tip {
        if page.dice.chance(0.5) {
            amount(page, "total", None, sale.unrounded() - tip, false);
        }
        amount(page, "tip", Some(Field::Tip), tip, false);
    }
    if sale.rounds && (sale.rounding != 0 || page.dice.chance(0.6)) {
        if page.dice.chance(0.5) {
            let field = (sale.rounding == 0).then_some(Field::Total);
            amount(page, "total", field, sale.unrounded(), false);
        }
        amount(page, "rounding", None, sale.rounding, false);
        let key = if page.dice.chance(0.5) { "total_rounded" } else { "total" };
        amount(page, key, Some(Field::Total), sale.total, true);
    } else {
        amount(page, "total", Some(Field::Total), sale.total, true);
    }
    if !sale.tax_added && !states_net && page.dice.chance(0.3) {
        super::taxes::write_included(page);
    }
}

/// A label and an amount; the grand total may be set large.
fn amount(page: &mut Composer, key: &str, field: Option<Field>, minor: i64, grand: bool) {
    if field == Some(Field::Subtotal) {
        page.subtotal = Some(minor);
    }
    let label = page.word(key) + page.look.total_colon;
    let value = page.money(field.map(|f| (f, None)), minor);
    let apart = grand && page.dice.chance(0.12);
    let space = if grand { page.dice.pick(&[0.0, 0.0, 0.3, 0.6]) } else { 0.0 };
    let big = grand && page.look.big_total;
    let scale = if big { page.dice.pick(&[[1.0, 1.6], [1.3, 1.3], [1.6, 1.6], [1.0, 1.0]]) } else { [1.0, 1.0] };
    let row = if apart {
        // The currency stands in a column of its own: "SUM   EUR   12,50".
        let number = page.look.numbers.money(minor);
        let number = field.map_or_else(|| Text::plain(number.clone()), |f| Text::field(f, number.clone()));
        let sign = page.word("sign");
        let sign = Cell { at: Anchor::Centre(0.6), text: Text::plain(sign) };
        page.row(vec![
            Cell { at: Anchor::Left(0.0), text: Text::plain(label) },
            sign,
            Cell { at: Anchor::Right(1.0), text: number },
        ])
    } else {
        page.pair(Text::plain(label), value)
    };
    row.scale = scale;
    row.bold = big;
    row.before = space;
}

/// How many rows or pieces were sold; numbers that are no money.
fn count(page: &mut Composer) {
    let items = page.sale.entries.iter().filter(|e| e.kind == ItemKind::Item);
    let pieces: i64 = items.clone().map(|e| if e.unit.is_some() { 1 } else { e.quantity_milli / 1000 }).sum();
    let n = if page.dice.chance(0.5) { pieces } else { items.count() as i64 };
    let label = page.word("count") + page.look.total_colon;
    let value = if page.dice.chance(0.1) { page.look.numbers.fixed(n * 100, 2) } else { n.to_string() };
    if page.dice.chance(0.4) {
        page.left(Text::plain(format!("{label} {value}")));
    } else {
        page.pair(Text::plain(label), Text::plain(value));
    }
}

/// The sum of all reductions, which is part of no sum.
fn discounts(page: &mut Composer) {
    let off: i64 = page.sale.entries.iter().filter(|e| e.kind == ItemKind::Discount).map(|e| -e.amount).sum();
    let label = page.word("savings") + page.look.total_colon;
    let value = page.money(None, off);
    page.pair(Text::plain(label), value);
}
