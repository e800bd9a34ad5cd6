//! What was handed over and given back, and the slip of the card terminal.

use super::Composer;
use crate::sale::Method;
use crate::text::Text;
use crate::truth::Field;

/// Payments, change and, for cards, perhaps the terminal's slip.
pub(super) fn write(page: &mut Composer) {
    let sale = page.sale;
    // Some tills print no payment at all.
    if page.dice.chance(0.06) {
        return;
    }
    if page.dice.chance(0.2) {
        page.separator();
    }
    for (index, (method, minor)) in sale.payments.iter().enumerate() {
        let key = match method {
            Method::Cash => "cash",
            Method::Card => "card",
            Method::Voucher => "voucher",
        };
        let (before, name) = if page.dice.chance(0.12) {
            (page.word("paid_by") + " ", page.word(key))
        } else {
            (String::new(), page.word(key))
        };
        let label = Text::plain(before).tagged((Field::PaymentMethod, Some(index)), name).then(page.look.total_colon);
        let value = page.money(Some((Field::PaymentAmount, Some(index))), *minor);
        page.pair(label, value);
    }
    let cash = sale.payments.iter().any(|p| p.0 == Method::Cash);
    if cash && (sale.change > 0 || page.dice.chance(0.5)) {
        let label = page.word("change") + page.look.total_colon;
        let value = page.money(None, sale.change);
        page.pair(Text::plain(label), value);
    }
    if !cash && page.dice.chance(0.4) {
        slip(page);
    }
}

/// Lines of a card terminal: numbers that are neither dates nor amounts.
fn slip(page: &mut Composer) {
    page.separator();
    let lines = page.dice.int(2..=6);
    for _ in 0..lines {
        let line = page.phrase("slip", &|_| None);
        if page.dice.chance(0.3) {
            page.centre(Text::plain(line));
        } else {
            page.left(Text::plain(line));
        }
    }
    super::extras::slip(page);
    if page.dice.chance(0.5) {
        let label = page.word("slip_amount");
        let value = page.money(None, page.sale.total);
        page.pair(Text::plain(label), value);
    }
    if page.dice.chance(0.4) {
        let (date, time) = (page.locale.pick(page.dice, "date"), page.locale.pick(page.dice, "time"));
        let moment = page.sale.moment;
        let date = Text::field(Field::Date, moment.print(date, page.locale));
        let text = date.then(" ").tagged((Field::Time, None), moment.print(time, page.locale));
        page.left(text);
    }
}
