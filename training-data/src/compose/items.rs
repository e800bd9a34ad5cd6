//! The list of purchases in the column styles of many tills.

use super::{Anchor, Cell, Composer, dressed};
use crate::dice::Dice;
use crate::look::ItemStyle;
use crate::merchant::Shop;
use crate::sale::Entry;
use crate::text::Text;
use crate::truth::{Field, ItemKind};

/// A column heading where the style has columns, and all entries.
pub(super) fn write(page: &mut Composer) {
    let places = Places::draw(page);
    if page.dice.chance(if places.columns() { 0.8 } else { 0.25 }) {
        heading(page, &places);
    }
    let habits = Habits {
        counts_ones: page.dice.chance(0.35),
        lead: page.dice.chance(0.06).then_some(Lead { width: 0, after: ". " }).or_else(|| Lead::draw(page.extras)),
        codes_inline: page.dice.chance(0.5),
        spacing: page.dice.pick(&[0.0, 0.0, 0.0, 0.25, 0.5]),
        times: page.word("times"),
        indent: page.dice.pick(&[0.0, 0.03, 0.06, 0.15, 0.25]),
        prefix: page.dice.pick(&["{q} ", "{q} x ", "{q}x ", "{q} X ", "{q}* "]),
        tares: page.extras.chance(0.3),
        modifies: page.merchant.shop == Shop::Restaurant && page.extras.chance(0.3),
    };
    let sale = page.sale;
    let mut number = 0;
    for (index, entry) in sale.entries.iter().enumerate() {
        let before = page.rows.len();
        match entry.kind {
            ItemKind::Item => {
                number += 1;
                let lead = habits.lead.map(|lead| lead.text(number)).unwrap_or_default();
                item(page, &places, &habits, lead, index, entry);
                remarks(page, &places, &habits, entry);
            }
            _ => adjustment(page, &places, &habits, index, entry),
        }
        if let Some(first) = page.rows.get_mut(before) {
            first.before = habits.spacing;
        }
    }
}

/// Columns of this receipt, as edges and widths relative to the space between the margins.
struct Places {
    style: ItemStyle,
    quantity: Anchor,
    price: Option<Anchor>,
    price_width: f32,
    description: f32,
    amount: f32,
    amount_width: f32,
    /// Characters of a description before the next column.
    room: usize,
}

impl Places {
    fn draw(page: &mut Composer) -> Self {
        let style = page.look.items;
        let columns = page.look.columns as f32;
        // Tax letters stand in a column of their own at the right margin.
        let letter = page.look.tax_codes.iter().map(|c| c.chars().count()).max().unwrap_or_default();
        let apart = letter > 0 && page.dice.chance(0.5);
        let amount = if apart { 1.0 - (letter as f32 + 1.5) / columns } else { 1.0 };
        // Columns are as wide as this list's longest numbers.
        let longest = |amount: fn(&Entry) -> i64| {
            page.sale.entries.iter().map(|e| page.look.numbers.money(amount(e)).len()).max().unwrap_or_default()
        };
        let (price_width, amount_width) = (longest(|e| e.unit_price), longest(|e| e.amount));
        let letters = if letter == 0 || apart { 0 } else { letter + 1 };
        let dress = page.look.item_money.len() - "{n}".len();
        let width = ((amount_width + dress + letters) as f32 + 1.5) / columns;
        let price_width = (price_width as f32 + 1.5) / columns;
        let priced = page.dice.chance(0.7);
        let (quantity, price, description, end) = match style {
            ItemStyle::Columns => {
                let price = priced.then_some(Anchor::Right(amount - width));
                let right = amount - width - if priced { price_width } else { 0.0 };
                let counted =
                    page.sale.entries.iter().map(|e| printed_quantity(page, e).len()).max().unwrap_or_default();
                (Anchor::Right(right), price, 0.0, right - (counted as f32 + 1.5) / columns)
            }
            ItemStyle::QuantityFirst => {
                let price = priced.then_some(Anchor::Right(amount - width));
                let left = page.dice.real(3.5, 5.0) as f32 / columns;
                (Anchor::Left(0.0), price, left, amount - width - if priced { price_width } else { 0.0 })
            }
            ItemStyle::NumbersBelow | ItemStyle::NumbersAbove => {
                let quantity = Anchor::Left(page.dice.real(0.3, 0.42) as f32);
                (quantity, Some(Anchor::Right(amount - width)), 0.0, 1.0)
            }
            _ => (Anchor::Left(0.0), None, 0.0, amount - width),
        };
        let room = (((end - description) * columns) as usize).max(8);
        Self { style, quantity, price, price_width, description, amount, amount_width: width, room }
    }

    fn columns(&self) -> bool {
        !matches!(self.style, ItemStyle::Short | ItemStyle::QuantityAbove | ItemStyle::QuantityBelow)
    }
}

/// Choices that hold for the whole list.
struct Habits {
    counts_ones: bool,
    lead: Option<Lead>,
    codes_inline: bool,
    spacing: f32,
    times: String,
    indent: f32,
    prefix: &'static str,
    /// Scales that print what the bag weighs.
    tares: bool,
    /// Wishes of the guests below their dishes.
    modifies: bool,
}

/// Places in the list, in front of the names.
#[derive(Debug, Clone, Copy)]
struct Lead {
    /// Digits at least.
    width: usize,
    after: &'static str,
}

impl Lead {
    /// The habit of one list in twenty.
    fn draw(extras: &Dice) -> Option<Self> {
        const PURPOSE: u64 = 0x6c65_6164;
        let dice = &mut extras.aside(PURPOSE);
        let lead = Self { width: dice.pick(&[0, 0, 2, 3]), after: dice.pick(&[" ", " ", ". ", ".", ") ", ": "]) };
        dice.chance(0.05).then_some(lead)
    }

    fn text(self, number: usize) -> String {
        format!("{number:0width$}{after}", width = self.width, after = self.after)
    }
}

fn heading(page: &mut Composer, places: &Places) {
    let mut cells = Vec::new();
    let below = matches!(places.style, ItemStyle::NumbersBelow | ItemStyle::NumbersAbove);
    let item = page.short_word("head_item", if below { 0.3 } else { 1.0 });
    if places.columns() {
        let item = Cell { at: Anchor::Left(places.description), text: item };
        let quantity_first = places.style == ItemStyle::QuantityFirst;
        let room = if quantity_first { places.description } else { 0.25 };
        let quantity = Cell { at: places.quantity, text: page.short_word("head_quantity", room) };
        cells.extend(if quantity_first { [quantity, item] } else { [item, quantity] });
        if let Some(at) = places.price {
            let text = page.short_word("head_price", places.price_width);
            cells.push(Cell { at, text });
        }
    } else if page.dice.chance(0.6) {
        cells.push(Cell { at: Anchor::Left(0.0), text: item });
    }
    let text = page.short_word("head_amount", if places.columns() { places.amount_width } else { 1.0 });
    cells.push(Cell { at: Anchor::Right(places.amount), text });
    page.row(cells);
    if page.dice.chance(0.7) {
        page.separator();
    }
}

fn item(page: &mut Composer, places: &Places, habits: &Habits, lead: String, index: usize, entry: &Entry) {
    let group = Some(index);
    let description = (Field::ItemDescription, group);
    let quantity = Text::default().tagged((Field::ItemQuantity, group), printed_quantity(page, entry));
    let price = dressed("{n}", Some((Field::ItemUnitPrice, group)), page.look.numbers.money(entry.unit_price));
    let amount = amount(page, places, Field::ItemAmount, index, entry);
    let code = entry.code.clone().map(|c| Text::default().tagged((Field::ItemCode, group), c));
    let mut name = Text::plain(lead);
    let counted = entry.quantity_milli != 1000 || habits.counts_ones;
    // "2 x 1.50" or "0.534 kg x 2.99", in the words of this shop.
    let count = |page: &mut Composer| {
        let unit = entry.unit.map(|u| format!(" {u}")).unwrap_or_default();
        let (middle, tail) = split_times(&habits.times);
        let per =
            if entry.unit.is_some() && page.dice.chance(0.4) { format!("/{}", unit.trim()) } else { String::new() };
        quantity.clone().then(unit).then(middle).join(price.clone()).then(per).then(tail)
    };
    let room = places.room.saturating_sub(name.len());
    match places.style {
        ItemStyle::Short => {
            if let (Some(code), true) = (code, habits.codes_inline) {
                name = name.join(code).then(" ");
            }
            if entry.unit.is_some() {
                let count = count(page);
                page.row(vec![Cell { at: Anchor::Left(habits.indent), text: count }]);
            } else if counted {
                let (before, after) = habits.prefix.split_once("{q}").unwrap_or_default();
                name = name.then(before).join(quantity.clone()).then(after);
            }
            let name =
                name.clone().tagged(description, clip(&entry.description, places.room.saturating_sub(name.len())));
            page.row(vec![Cell { at: Anchor::Left(0.0), text: name }].into_iter().chain(amount).collect());
        }
        ItemStyle::QuantityAbove | ItemStyle::QuantityBelow => {
            let below = places.style == ItemStyle::QuantityBelow;
            if let Some(code) = code {
                if habits.codes_inline {
                    name = name.join(code).then(" ");
                } else {
                    page.left(code);
                }
            }
            let room = places.room.saturating_sub(name.len());
            let name = Cell { at: Anchor::Left(0.0), text: name.tagged(description, clip(&entry.description, room)) };
            let row = counted.then(|| Cell { at: Anchor::Left(habits.indent), text: count(page) });
            match row {
                Some(count) if below && habits.codes_inline => {
                    page.row(vec![name]);
                    page.row(std::iter::once(count).chain(amount).collect());
                }
                Some(count) if below => {
                    page.row(std::iter::once(name).chain(amount).collect());
                    page.row(vec![count]);
                }
                Some(count) => {
                    page.row(vec![count]);
                    page.row(std::iter::once(name).chain(amount).collect());
                }
                None => {
                    page.row(std::iter::once(name).chain(amount).collect());
                }
            }
        }
        ItemStyle::Columns | ItemStyle::QuantityFirst => {
            // Two numbers in front of a name would be two columns.
            let name = if places.style == ItemStyle::QuantityFirst { Text::default() } else { name };
            let room = room.min(places.room.saturating_sub(name.len())).max(8);
            let (first, rest) = split_name(&entry.description, room);
            let name = Cell { at: Anchor::Left(places.description), text: name.tagged(description, first) };
            let number = Cell { at: places.quantity, text: quantity.clone() };
            let mut cells = match places.style {
                ItemStyle::QuantityFirst => vec![number, name],
                _ => vec![name, number],
            };
            cells.extend(places.price.map(|at| Cell { at, text: price.clone() }));
            cells.extend(amount);
            page.row(cells);
            // A long name goes on below, or is cut.
            if let Some(rest) = rest.filter(|_| habits.codes_inline) {
                let text = Text::default().tagged(description, clip(&rest, room));
                page.row(vec![Cell { at: Anchor::Left(places.description), text }]);
            }
            if let Some(code) = code {
                page.row(vec![Cell { at: Anchor::Left(places.description), text: code }]);
            }
        }
        ItemStyle::NumbersBelow | ItemStyle::NumbersAbove => {
            let mut cells = Vec::new();
            if let Some(code) = code {
                cells.push(Cell { at: Anchor::Left(0.0), text: code });
            }
            cells.push(Cell { at: places.quantity, text: quantity.clone() });
            cells.extend(places.price.map(|at| Cell { at, text: price.clone() }));
            cells.extend(amount);
            let text = name.tagged(description, &entry.description);
            let name = vec![Cell { at: Anchor::Left(places.description), text }];
            let rows = if places.style == ItemStyle::NumbersBelow { [name, cells] } else { [cells, name] };
            rows.into_iter().for_each(|cells| {
                page.row(cells);
            });
        }
    }
}

/// Rows below an item that are no purchase: the tare, or what a guest wishes. They carry no label.
fn remarks(page: &mut Composer, places: &Places, habits: &Habits, entry: &Entry) {
    let indent = Anchor::Left(places.description + habits.indent.max(0.04));
    if habits.tares && entry.unit == Some("kg") {
        let tare = page.look.numbers.fixed(page.extras.int(2..=60), 3);
        let text = page.locale.expand(page.extras, "tare", &|name| (name == "t").then(|| tare.clone()));
        page.row(vec![Cell { at: indent, text: Text::plain(text) }]);
    }
    if habits.modifies && page.extras.chance(0.35) {
        for _ in 0..page.extras.pick(&[1, 1, 2, 3]) {
            let text = page.locale.expand(page.extras, "modifier", &|_| None);
            page.row(vec![Cell { at: indent, text: Text::plain(text) }]);
        }
    }
}

/// A reduction, deposit or return.
fn adjustment(page: &mut Composer, places: &Places, habits: &Habits, index: usize, entry: &Entry) {
    let (description, field) = match entry.kind {
        ItemKind::Deposit => (Field::DepositDescription, Field::DepositAmount),
        ItemKind::Return => (Field::ReturnDescription, Field::ReturnAmount),
        _ => (Field::DiscountDescription, Field::DiscountAmount),
    };
    let indent = page.dice.pick(&[0.0, 0.0, 0.03, 0.08]);
    let text = Text::default().tagged((description, Some(index)), clip(&entry.description, places.room.max(14)));
    let amount = amount(page, places, field, index, entry);
    let row: Vec<Cell> = std::iter::once(Cell { at: Anchor::Left(indent), text }).chain(amount).collect();
    if entry.quantity_milli == 1000 || page.dice.chance(0.4) {
        page.row(row);
        return;
    }
    // Several empties: "6 x 0.25", below or above.
    let (middle, tail) = split_times(&habits.times);
    let price = page.look.numbers.money(entry.unit_price);
    let count = Text::default()
        .tagged((Field::ItemQuantity, Some(index)), printed_quantity(page, entry))
        .then(middle)
        .tagged((Field::ItemUnitPrice, Some(index)), price)
        .then(tail);
    let count = vec![Cell { at: Anchor::Left(habits.indent), text: count }];
    let rows = if places.style == ItemStyle::QuantityAbove { [count, row] } else { [row, count] };
    for cells in rows {
        page.row(cells);
    }
}

/// The amount's cell and, where this till has one, the tax letter's.
fn amount(page: &mut Composer, places: &Places, field: Field, index: usize, entry: &Entry) -> Vec<Cell> {
    let number = page.look.numbers.money(entry.amount);
    let mut text = dressed(page.look.item_money, Some((field, Some(index))), number);
    let letter = page.look.tax_codes.get(entry.rate).copied().unwrap_or_default();
    if letter.is_empty() {
        return vec![Cell { at: Anchor::Right(places.amount), text }];
    }
    if places.amount < 1.0 {
        let letter = Cell { at: Anchor::Right(1.0), text: Text::plain(letter) };
        return vec![Cell { at: Anchor::Right(places.amount), text }, letter];
    }
    text = text.then(" ").then(letter);
    vec![Cell { at: Anchor::Right(1.0), text }]
}

pub(super) fn printed_quantity(page: &Composer, entry: &Entry) -> String {
    match entry.unit {
        Some(u) if u != "kg" => page.look.numbers.fixed(entry.quantity_milli / 10, 2),
        Some(_) => page.look.numbers.fixed(entry.quantity_milli, 3),
        None => (entry.quantity_milli / 1000).to_string(),
    }
}

/// `{q} x {p}` to what stands between and behind.
fn split_times(pattern: &str) -> (String, String) {
    let rest = pattern.split_once("{q}").map_or(pattern, |p| p.1);
    let (middle, tail) = rest.split_once("{p}").unwrap_or((rest, ""));
    (middle.to_string(), tail.to_string())
}

/// At most `room` characters.
fn clip(text: &str, room: usize) -> String {
    text.chars().take(room.max(6)).collect::<String>().trim_end().to_string()
}

/// The words that fit into `room` characters and the rest.
fn split_name(text: &str, room: usize) -> (String, Option<String>) {
    if text.chars().count() <= room {
        return (text.to_string(), None);
    }
    let mut first = String::new();
    let mut words = text.split(' ');
    for word in words.by_ref() {
        if !first.is_empty() && first.chars().count() + 1 + word.chars().count() > room {
            let rest = std::iter::once(word).chain(words).collect::<Vec<_>>().join(" ");
            return (first, Some(rest));
        }
        if !first.is_empty() {
            first.push(' ');
        }
        first.push_str(word);
    }
    (clip(text, room), None)
}
