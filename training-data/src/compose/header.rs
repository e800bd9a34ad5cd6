//! The seller, the title and the facts of the sale: date, time, numbers, people.

use super::{Anchor, Cell, Composer};
use crate::look::PairStyle;
use crate::text::Text;
use crate::truth::Field;

/// Name, address, numbers and title.
pub(super) fn write(page: &mut Composer) {
    if page.dice.chance(page.locale.number("greeting_share", 0.06)) {
        let greeting = page.phrase("greeting", &|_| None);
        page.heading(Text::plain(greeting));
    }
    write_name(page);
    let parts = match page.dice.weighted(&[0.6, 0.2, 0.1, 0.1]) {
        0 => [address, numbers, tax_id],
        1 => [tax_id, address, numbers],
        2 => [address, tax_id, numbers],
        _ => [numbers, address, tax_id],
    };
    for part in parts {
        part(page);
    }
    if page.dice.chance(page.locale.number("title_share", 0.35)) {
        if page.dice.chance(0.3) {
            page.separator();
        }
        let title = page.word("title");
        let title = match page.dice.weighted(&[0.8, 0.1, 0.1]) {
            0 => title,
            1 => format!("- {title} -"),
            _ => format!("** {title} **"),
        };
        let bold = page.dice.chance(0.4);
        let row = page.heading(Text::plain(title));
        row.before = 0.4;
        row.bold = bold;
    }
    if page.dice.chance(page.locale.number("customer_share", 0.04)) {
        customer(page);
    }
}

fn write_name(page: &mut Composer) {
    let merchant = page.merchant;
    if let Some(brand) = &merchant.brand {
        let wide = page.dice.real(1.2, 2.2) as f32;
        let row = page.heading(Text::plain(brand));
        row.scale = [wide, wide];
        row.bold = true;
    }
    let mut name = Text::field(Field::MerchantName, &merchant.name);
    let mut registration = merchant.registration.clone().map(Text::plain);
    let beside = page.dice.chance(0.45);
    if let Some(number) = registration.take_if(|_| beside) {
        name = name.then(" ").join(number);
    }
    let tall = if merchant.brand.is_some() { 1.0 } else { page.dice.pick(&[1.0, 1.0, 1.0, 1.2, 1.5, 1.9]) };
    let (bold, double_height) = (page.dice.chance(0.4), page.dice.chance(0.3));
    let row = page.heading(name);
    row.scale = [if double_height { 1.0 } else { tall }, tall];
    row.bold = bold;
    if let Some(number) = registration {
        page.heading(number);
    }
    if let Some(branch) = &merchant.branch {
        page.heading(Text::plain(branch));
    }
}

/// The address: on its own rows, or with neighbouring rows joined.
fn address(page: &mut Composer) {
    if page.dice.chance(0.04) {
        return;
    }
    let mut rows: Vec<String> = Vec::new();
    let compact = page.dice.chance(0.25);
    for line in &page.merchant.address {
        match rows.last_mut() {
            Some(row) if compact && row.chars().count() + line.chars().count() < page.look.columns => {
                row.push_str(if row.ends_with(',') || page.locale.has("address_by_space") { " " } else { ", " });
                row.push_str(line);
            }
            _ => rows.push(line.clone()),
        }
    }
    for row in rows {
        page.heading(Text::field(Field::MerchantAddress, row));
    }
}

/// Telephone, fax and web.
fn numbers(page: &mut Composer) {
    if page.dice.chance(0.75) {
        let colon = page.look.colon;
        let phone = page.word("phone_label") + colon;
        let mut text = Text::plain(phone).tagged((Field::MerchantPhone, None), &page.merchant.phone);
        if page.dice.chance(0.2) {
            let fax = page.word("fax_label") + colon + &page.merchant.fax;
            if page.dice.chance(0.5) {
                text = text.then(" ").then(fax);
                page.heading(text);
            } else {
                page.heading(text);
                page.heading(Text::plain(fax));
            }
        } else {
            page.heading(text);
        }
    }
    if page.dice.chance(0.15) {
        let ending = page.locale.pick(page.dice, "web");
        let site = match page.dice.index(3) {
            0 => format!("www.{}{ending}", page.merchant.host),
            1 => format!("info@{}{ending}", page.merchant.host),
            _ => format!("{}{ending}", page.merchant.host),
        };
        page.heading(Text::plain(site));
    }
}

fn tax_id(page: &mut Composer) {
    if page.dice.chance(page.locale.number("tax_id_share", 0.6)) {
        let label = page.word("tax_id_label") + page.look.colon;
        let text = Text::plain(label).tagged((Field::MerchantTaxId, None), &page.merchant.tax_id);
        let text = if page.dice.chance(0.12) { Text::plain("(").join(text).then(")") } else { text };
        page.heading(text);
    }
}

/// Whom an invoice is made out to: a name and an address that are not the seller's.
fn customer(page: &mut Composer) {
    let other = crate::merchant::Merchant::draw(page.dice, page.locale);
    let label = page.word("customer_label") + page.look.colon;
    page.left(Text::plain(label)).before = 0.5;
    let name = if page.dice.chance(0.5) { other.name } else { page.phrase("person", &|_| None) };
    page.left(Text::plain(name));
    if page.dice.chance(0.7) {
        for line in other.address {
            page.left(Text::plain(line));
        }
    }
}

/// A label (which may be empty) and its value.
type Fact = (String, Text);

/// Date, time, receipt number, till, cashier and the like.
pub(super) fn write_facts(page: &mut Composer) {
    let facts = draw_facts(page);
    let colon = page.look.colon;
    let inline = |(label, value): Fact| {
        if label.is_empty() { value } else { Text::plain(label + colon).join(value) }
    };
    match page.look.pairs {
        PairStyle::Inline => facts.into_iter().for_each(|f| {
            page.left(inline(f));
        }),
        PairStyle::Columns => {
            let column = page.dice.real(0.24, 0.42) as f32;
            let lead = page.dice.pick(&[": ", ":", ""]);
            for (label, value) in facts {
                if label.is_empty() {
                    page.left(value);
                    continue;
                }
                let label = Cell { at: Anchor::Left(0.0), text: Text::plain(label) };
                page.row(vec![label, Cell { at: Anchor::Left(column), text: Text::plain(lead).join(value) }]);
            }
        }
        PairStyle::Spread => {
            for (label, value) in facts {
                let colon = if label.is_empty() { "" } else { colon.trim_end() };
                let label = Cell { at: Anchor::Left(0.0), text: Text::plain(label + colon) };
                page.row(vec![label, Cell { at: Anchor::Right(1.0), text: value }]);
            }
        }
        PairStyle::TwoByTwo => {
            let column = page.dice.real(0.52, 0.62) as f32;
            let flush = page.dice.chance(0.5);
            let mut facts = facts.into_iter();
            while let Some(first) = facts.next() {
                let mut cells = vec![Cell { at: Anchor::Left(0.0), text: inline(first) }];
                if let Some(second) = facts.next() {
                    let at = if flush { Anchor::Right(1.0) } else { Anchor::Left(column) };
                    cells.push(Cell { at, text: inline(second) });
                }
                page.row(cells);
            }
        }
        PairStyle::Bare => {
            // Values stand in one row, three to five of them, as on supermarket tills.
            let n = facts.len().max(1) as f32;
            let cells = facts
                .into_iter()
                .enumerate()
                .map(|(i, (_, text))| Cell { at: Anchor::Left(i as f32 / n), text })
                .collect();
            page.row(cells);
        }
    }
}

fn draw_facts(page: &mut Composer) -> Vec<Fact> {
    let (locale, moment) = (page.locale, page.sale.moment);
    let date = moment.print(page.locale.pick(page.dice, "date"), locale);
    let time = moment.print(page.locale.pick(page.dice, "time"), locale);
    let labelled = page.dice.chance(0.75);
    let label = |page: &mut Composer, key: &str| if labelled { page.word(key) } else { String::new() };
    let mut facts: Vec<Fact> = Vec::new();
    let timed = page.dice.chance(0.88);
    if page.dice.chance(0.55) || !timed {
        let mut text = Text::field(Field::Date, date);
        if timed {
            let gap = page.dice.pick(&[" ", " ", "  ", " - ", ", "]);
            text = text.then(gap).tagged((Field::Time, None), time);
            let suffix = page.word("time_suffix");
            if page.dice.chance(0.3) && !suffix.is_empty() {
                text = text.then(" ").then(suffix);
            }
        }
        facts.push((label(page, "date_label"), text));
    } else {
        facts.push((label(page, "date_label"), Text::field(Field::Date, date)));
        facts.push((label(page, "time_label"), Text::field(Field::Time, time)));
    }
    if page.dice.chance(0.82) {
        let number = page.phrase("receipt_number", &|_| None);
        facts.push((page.word("receipt_label"), Text::field(Field::ReceiptNumber, number)));
    }
    for (key, share) in [("cashier", 0.55), ("till", 0.4), ("reference", 0.25), ("reference", 0.1)] {
        if page.dice.chance(share) {
            let value = page.phrase(key, &|_| None);
            facts.push((page.word(&format!("{key}_label")), Text::plain(value)));
        }
    }
    if page.merchant.shop == crate::merchant::Shop::Restaurant && page.dice.chance(0.5) {
        let value = page.phrase("table", &|_| None);
        facts.push((page.word("table_label"), Text::plain(value)));
    }
    for i in (1..facts.len()).rev() {
        if page.dice.chance(0.6) {
            let other = page.dice.index(i + 1);
            facts.swap(i, other);
        }
    }
    facts
}
