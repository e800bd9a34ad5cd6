//! From a sale to rows of text: what is printed, in which words and in which order.

mod extras;
mod footer;
mod header;
mod invoice;
mod items;
mod payments;
mod taxes;
mod totals;

use crate::dice::Dice;
use crate::locale::Locale;
use crate::look::{Look, Separator};
use crate::merchant::Merchant;
use crate::sale::Sale;
use crate::text::{Tag, Text};
pub(crate) use extras::Placed as PlacedCode;

/// Where a cell stands, as a fraction of the width between the margins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Anchor {
    /// Starts there.
    Left(f32),
    /// Ends there.
    Right(f32),
    /// Centred there.
    Centre(f32),
}

/// A piece of text at a place of its row.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    pub(crate) at: Anchor,
    pub(crate) text: Text,
}

/// A row of cells, from left to right.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    /// Width and height relative to the receipt's type size.
    pub(crate) scale: [f32; 2],
    pub(crate) bold: bool,
    /// Space above, in ems.
    pub(crate) before: f32,
    /// A drawn line instead of text.
    pub(crate) rule: bool,
    /// A bar code or QR code instead of text.
    pub(crate) code: Option<PlacedCode>,
}

impl Default for Row {
    fn default() -> Self {
        Self { cells: Vec::new(), scale: [1.0, 1.0], bold: false, before: 0.0, rule: false, code: None }
    }
}

/// Writes rows, knowing the shop's till, words and sale.
pub(crate) struct Composer<'a> {
    pub(crate) dice: &'a mut Dice,
    /// The stream of what is printed beside the sale.
    pub(crate) extras: &'a mut Dice,
    pub(crate) locale: &'static Locale,
    pub(crate) look: &'a Look,
    pub(crate) merchant: &'a Merchant,
    pub(crate) sale: &'a Sale,
    rows: Vec<Row>,
    subtotal: Option<i64>,
}

/// What was composed.
pub(crate) struct Composed {
    pub(crate) rows: Vec<Row>,
    /// The amount that was printed as the subtotal.
    pub(crate) subtotal: Option<i64>,
}

impl Composed {
    /// All that is printed, in one string.
    pub(crate) fn characters(&self) -> String {
        self.rows.iter().flat_map(|r| &r.cells).map(|c| c.text.flatten().0).collect()
    }
}

/// All rows of a receipt, from top to bottom.
pub(crate) fn compose(
    [dice, extras]: [&mut Dice; 2],
    locale: &'static Locale,
    look: &Look,
    merchant: &Merchant,
    sale: &Sale,
) -> Composed {
    let mut page = Composer { dice, extras, locale, look, merchant, sale, rows: Vec::new(), subtotal: None };
    header::write(&mut page);
    let facts_first = page.dice.chance(page.locale.number("facts_first_share", 0.6));
    if facts_first {
        header::write_facts(&mut page);
    }
    page.separator();
    items::write(&mut page);
    page.separator();
    totals::write(&mut page);
    let taxes_first = page.dice.chance(0.35);
    if taxes_first {
        taxes::write_table(&mut page);
    }
    payments::write(&mut page);
    extras::suggested_tips(&mut page);
    if !taxes_first {
        taxes::write_table(&mut page);
    }
    extras::loyalty(&mut page);
    if !facts_first {
        page.separator();
        header::write_facts(&mut page);
    }
    footer::write(&mut page);
    extras::fiscal(&mut page);
    Composed { rows: page.rows, subtotal: page.subtotal }
}

/// All rows of an invoice, from top to bottom.
pub(crate) fn compose_invoice(
    [dice, extras]: [&mut Dice; 2],
    locale: &'static Locale,
    look: &Look,
    merchant: &Merchant,
    sale: &Sale,
) -> Composed {
    let mut page = Composer { dice, extras, locale, look, merchant, sale, rows: Vec::new(), subtotal: None };
    invoice::write(&mut page);
    Composed { rows: page.rows, subtotal: page.subtotal }
}

impl Composer<'_> {
    /// A word of the locale.
    fn word(&mut self, key: &str) -> String {
        self.locale.pick(self.dice, key).to_string()
    }

    /// A word that fits into a share of the width with a space beside it, or
    /// the list's shortest.
    fn short_word(&mut self, key: &str, width: f32) -> Text {
        let room = (width * self.look.columns as f32) as usize;
        let word = self.word(key);
        if word.chars().count() < room {
            return Text::plain(word);
        }
        let shortest = self.locale.list(key).iter().min_by_key(|w| w.chars().count()).copied();
        Text::plain(shortest.unwrap_or_default())
    }

    /// A template of the locale, filled by `value` and random entries.
    fn phrase(&mut self, key: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
        self.locale.expand(self.dice, key, value)
    }

    /// The last row, for changes of type or spacing.
    fn row(&mut self, cells: Vec<Cell>) -> &mut Row {
        let casing = self.look.casing;
        let cells: Vec<Cell> = cells
            .into_iter()
            .filter(|c| c.text.len() > 0)
            .map(|c| Cell { text: c.text.map(|t| casing.apply(t)), ..c })
            .collect();
        self.rows.push(Row { cells, ..Row::default() });
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    fn left(&mut self, text: Text) -> &mut Row {
        self.row(vec![Cell { at: Anchor::Left(0.0), text }])
    }

    /// A note, cut into lines at the words that leave the fewest characters over.
    fn note(&mut self, note: String) {
        let limit = self.look.columns as f32 - 2.0;
        for part in Text::plain(note).wrap(limit, |s| s.chars().count() as f32) {
            self.centre(part);
        }
    }

    fn centre(&mut self, text: Text) -> &mut Row {
        self.row(vec![Cell { at: Anchor::Centre(0.5), text }])
    }

    /// A row of the header, placed as this till places headers.
    fn heading(&mut self, text: Text) -> &mut Row {
        if self.look.centred { self.centre(text) } else { self.left(text) }
    }

    /// A label at the left (or beside the amount) and a value at the right margin.
    fn pair(&mut self, label: Text, value: Text) -> &mut Row {
        let at = if self.look.totals_right {
            Anchor::Right((1.0 - (value.len() as f32 + 2.5) / self.look.columns as f32).max(0.4))
        } else {
            Anchor::Left(0.0)
        };
        self.row(vec![Cell { at, text: label }, Cell { at: Anchor::Right(1.0), text: value }])
    }

    /// An amount of a total, dressed with the currency as this till does it.
    fn money(&self, tag: Option<Tag>, minor: i64) -> Text {
        dressed(self.look.money, tag, self.look.numbers.money(minor))
    }

    /// Some space, a line or a row of dashes.
    fn separator(&mut self) {
        match self.look.separator {
            Separator::Space => {
                let space = self.dice.real(0.2, 1.0) as f32;
                self.row(Vec::new()).before = space;
            }
            Separator::Rule => self.row(Vec::new()).rule = true,
            Separator::Chars(c) => {
                let most = (self.look.inner_ems() / self.look.face.metrics().glyph(c).advance) as usize;
                let n = most.saturating_sub(self.dice.int(0..=6) as usize);
                let full = self.dice.chance(0.85);
                let n = if full { n } else { n / 2 };
                self.centre(Text::plain(c.to_string().repeat(n)));
            }
        }
    }
}

/// `number` put into a pattern such as `RM {n}`.
fn dressed(pattern: &str, tag: Option<Tag>, number: String) -> Text {
    let (before, after) = pattern.split_once("{n}").unwrap_or_default();
    let text = Text::plain(before);
    let text = match tag {
        Some(tag) => text.tagged(tag, number),
        None => text.then(number),
    };
    text.then(after)
}
