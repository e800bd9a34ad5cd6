//! Invoices on a whole page: sender, recipient, facts, a table in columns, taxes, terms.
//!
//! The recipient's name and address, due dates and customer numbers are there
//! to be left alone: they carry no label.

use super::{Anchor, Cell, Composer};
use crate::format::short;
use crate::merchant::Merchant;
use crate::sale::Entry;
use crate::text::Text;
use crate::truth::{Field, ItemKind};

/// All rows of an invoice, from top to bottom.
pub(super) fn write(page: &mut Composer) {
    let recipient_first = page.dice.chance(0.3);
    let right = page.dice.chance(0.35);
    sender(page, right);
    space(page, 1.0);
    let facts_beside = page.dice.chance(0.5);
    if recipient_first {
        title(page);
    }
    let facts = facts(page);
    addressee(page, if facts_beside { facts.clone() } else { Vec::new() });
    space(page, 1.0);
    if !recipient_first {
        title(page);
    }
    if !facts_beside {
        for (label, value) in facts {
            let column = 0.22;
            page.row(vec![
                Cell { at: Anchor::Left(0.0), text: Text::plain(label) },
                Cell { at: Anchor::Left(column), text: value },
            ]);
        }
    }
    space(page, 0.8);
    table(page);
    space(page, 0.6);
    sums(page);
    space(page, 1.5);
    foot(page);
}

fn space(page: &mut Composer, ems: f64) {
    let ems = (ems * page.dice.real(0.6, 1.6)) as f32;
    page.row(Vec::new()).before = ems;
}

/// The seller: name, address, telephone and tax number, at the left or the right.
fn sender(page: &mut Composer, right: bool) {
    let merchant = page.merchant;
    let at = if right { Anchor::Left(0.62) } else { Anchor::Left(0.0) };
    let big = page.dice.pick(&[1.0, 1.2, 1.5, 2.0]);
    let name = Text::field(Field::MerchantName, &merchant.name);
    let row = page.row(vec![Cell { at: if right && big < 1.3 { at } else { Anchor::Left(0.0) }, text: name }]);
    row.scale = [big, big];
    row.bold = big > 1.0;
    for line in &merchant.address {
        page.row(vec![Cell { at, text: Text::field(Field::MerchantAddress, line) }]);
    }
    if page.dice.chance(0.6) {
        let label = page.word("phone_label") + page.look.colon;
        let text = Text::plain(label).tagged((Field::MerchantPhone, None), &merchant.phone);
        page.row(vec![Cell { at, text }]);
    }
    if page.dice.chance(0.5) {
        let label = page.word("tax_id_label") + page.look.colon;
        let text = Text::plain(label).tagged((Field::MerchantTaxId, None), &merchant.tax_id);
        page.row(vec![Cell { at, text }]);
    }
}

fn title(page: &mut Composer) {
    let title = page.word("invoice_title");
    let row = page.left(Text::plain(title));
    row.scale = [1.5, 1.5];
    row.bold = true;
}

/// Labels and values: number, dates, references.
fn facts(page: &mut Composer) -> Vec<(String, Text)> {
    let (locale, moment) = (page.locale, page.sale.moment);
    let pattern = locale.pick(page.dice, "date");
    let days = page.dice.pick(&[7, 10, 14, 30, 30, 60]);
    let number = page.phrase("receipt_number", &|_| None);
    let colon = page.look.colon.trim_end();
    let mut facts = vec![
        (page.word("invoice_number_label"), Text::field(Field::ReceiptNumber, number)),
        (page.word("invoice_date_label"), Text::field(Field::Date, moment.print(pattern, locale))),
    ];
    if page.dice.chance(0.6) {
        facts.push((page.word("due_label"), Text::plain(moment.later(days).print(pattern, locale))));
    }
    for key in ["customer_number_label", "order_label"] {
        if page.dice.chance(0.45) {
            let value = page.phrase("reference", &|_| None);
            facts.push((page.word(key), Text::plain(value)));
        }
    }
    for i in (1..facts.len()).rev() {
        let other = page.dice.index(i + 1);
        facts.swap(i, other);
    }
    facts.into_iter().map(|(label, value)| (label + colon, value)).collect()
}

/// To whom the invoice goes, perhaps with the facts at its right.
fn addressee(page: &mut Composer, facts: Vec<(String, Text)>) {
    let other = Merchant::draw(page.dice, page.locale);
    let mut lines = Vec::new();
    if page.dice.chance(0.6) {
        lines.push(page.word("buyer_label") + page.look.colon.trim_end());
    }
    lines.push(if page.dice.chance(0.6) { other.name } else { page.phrase("person", &|_| None) });
    lines.extend(other.address);
    let (label_at, value_at) = (Anchor::Left(0.55), Anchor::Left(0.78));
    for i in 0..lines.len().max(facts.len()) {
        let mut cells = Vec::new();
        if let Some(line) = lines.get(i) {
            cells.push(Cell { at: Anchor::Left(0.0), text: Text::plain(line) });
        }
        if let Some((label, value)) = facts.get(i) {
            cells.push(Cell { at: label_at, text: Text::plain(label) });
            cells.push(Cell { at: value_at, text: value.clone() });
        }
        page.row(cells);
    }
}

/// Which columns the table has, beside description and amount.
struct Columns {
    position: bool,
    code: bool,
    price: bool,
    vat: bool,
}

impl Columns {
    /// Right edges of quantity, unit price and VAT rate; the amount stands at the right margin.
    fn edges(&self) -> [f32; 3] {
        let vat = 0.84;
        let price = if self.vat { vat - 0.09 } else { vat };
        [if self.price { price - 0.14 } else { price }, price, vat]
    }

    fn description(&self) -> f32 {
        let position = if self.position { 0.06 } else { 0.0 };
        position + if self.code { 0.13 } else { 0.0 }
    }
}

fn table(page: &mut Composer) {
    let coded = page.sale.entries.iter().any(|e| e.code.is_some());
    let columns = Columns {
        position: page.dice.chance(0.5),
        code: coded && page.dice.chance(0.6),
        price: page.dice.chance(0.9),
        vat: page.dice.chance(0.35),
    };
    let [quantity, price, vat] = columns.edges().map(Anchor::Right);
    let head = |page: &mut Composer, key: &str, at: Anchor| Cell { at, text: page.short_word(key, 0.12) };
    let mut cells = vec![head(page, "head_item", Anchor::Left(columns.description()))];
    cells.push(head(page, "head_quantity", quantity));
    if columns.price {
        cells.push(head(page, "head_price", price));
    }
    if columns.vat {
        cells.push(head(page, "head_vat", vat));
    }
    cells.push(head(page, "head_amount", Anchor::Right(1.0)));
    page.row(cells).bold = true;
    page.row(Vec::new()).rule = page.look.big_total;
    let serial = page.word("serial_label") + page.look.colon;
    let mut serials = 0;
    for (index, entry) in page.sale.entries.iter().enumerate() {
        item(page, &columns, index, entry);
        if entry.kind == ItemKind::Item && page.dice.chance(0.12) {
            let number = page.dice.fill(["^^########", "############", "^##^-####-^^#", "##########^"][index % 4]);
            let text = Text::plain(&serial).tagged((Field::SerialNumber, Some(serials)), number);
            page.row(vec![Cell { at: Anchor::Left(columns.description()), text }]);
            serials += 1;
        }
    }
}

fn item(page: &mut Composer, columns: &Columns, index: usize, entry: &Entry) {
    let group = Some(index);
    let (description, amount) = match entry.kind {
        ItemKind::Item => (Field::ItemDescription, Field::ItemAmount),
        ItemKind::Deposit => (Field::DepositDescription, Field::DepositAmount),
        ItemKind::Return => (Field::ReturnDescription, Field::ReturnAmount),
        ItemKind::Discount => (Field::DiscountDescription, Field::DiscountAmount),
    };
    let [quantity, price, vat] = columns.edges().map(Anchor::Right);
    let mut cells = Vec::new();
    if columns.position {
        cells.push(Cell { at: Anchor::Left(0.0), text: Text::plain((index + 1).to_string()) });
    }
    if let (true, Some(code)) = (columns.code, &entry.code) {
        let at = Anchor::Left(if columns.position { 0.06 } else { 0.0 });
        cells.push(Cell { at, text: Text::default().tagged((Field::ItemCode, group), code) });
    }
    let text = Text::default().tagged((description, group), &entry.description);
    cells.push(Cell { at: Anchor::Left(columns.description()), text });
    if entry.kind == ItemKind::Item {
        let unit = entry.unit.map(|u| format!(" {u}")).unwrap_or_default();
        let counted = super::items::printed_quantity(page, entry);
        let text = Text::default().tagged((Field::ItemQuantity, group), counted).then(unit);
        cells.push(Cell { at: quantity, text });
        if columns.price {
            let number = page.look.numbers.money(entry.unit_price);
            cells.push(Cell { at: price, text: Text::default().tagged((Field::ItemUnitPrice, group), number) });
        }
    }
    if columns.vat {
        let rate = page.sale.rates.get(entry.rate).copied().unwrap_or_default();
        cells.push(Cell { at: vat, text: Text::plain(format!("{} %", short(rate, 3))) });
    }
    let number = page.look.numbers.money(entry.amount);
    let text = super::dressed(page.look.item_money, Some((amount, group)), number);
    cells.push(Cell { at: Anchor::Right(1.0), text });
    page.row(cells);
}

/// Net sum, a line for each rate, and what is to be paid.
fn sums(page: &mut Composer) {
    let sale = page.sale;
    let label_at = page.dice.pick(&[0.5, 0.55, 0.6]);
    let net = if sale.tax_added { sale.goods } else { sale.net() };
    let key = if page.dice.chance(0.6) { "total_net" } else { "subtotal" };
    let label = page.word(key) + page.look.total_colon;
    let value = page.money(Some((Field::Subtotal, None)), net);
    page.row(vec![
        Cell { at: Anchor::Left(label_at), text: Text::plain(label) },
        Cell { at: Anchor::Right(1.0), text: value },
    ]);
    page.subtotal = Some(net);
    for (index, row) in sale.taxes.iter().enumerate() {
        super::taxes::rated(page, label_at, index, row);
    }
    let label = page.word("total") + page.look.total_colon;
    let value = page.money(Some((Field::Total, None)), sale.total);
    let bold = page.dice.chance(0.7);
    let row = page.row(vec![
        Cell { at: Anchor::Left(label_at), text: Text::plain(label) },
        Cell { at: Anchor::Right(1.0), text: value },
    ]);
    row.bold = bold;
    row.before = 0.3;
}

/// Terms and bank.
fn foot(page: &mut Composer) {
    let days = page.dice.pick(&[7, 14, 30]).to_string();
    let terms = page.phrase("terms", &|name| (name == "days").then(|| days.clone()));
    page.left(Text::plain(terms));
    if page.dice.chance(0.7) {
        let country = page.locale.country().to_string();
        let iban = page.dice.fill(&format!("{country}## #### #### #### #### ##"));
        let bank = page.phrase("bank", &|name| (name == "iban").then(|| iban.clone()));
        page.left(Text::plain(bank));
    }
}
