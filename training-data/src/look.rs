//! How a shop's till prints: everything that is the same all over one receipt.

use crate::dice::Dice;
use crate::font::Face;
use crate::format::{Casing, Numbers, Sign};
use crate::locale::Locale;

/// How an item is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ItemStyle {
    /// `2 x Bread  ……  4.00`, quantity only where it is not one.
    #[default]
    Short,
    /// Description and amount, then a row with the quantity and the unit price.
    QuantityBelow,
    /// A row with the quantity and the unit price, then description and amount.
    QuantityAbove,
    /// Columns: description, quantity, unit price, amount.
    Columns,
    /// Columns: quantity, description, (unit price,) amount.
    QuantityFirst,
    /// The description on a row of its own, the numbers below it in columns.
    NumbersBelow,
    /// Code and numbers in columns, the description below them.
    NumbersAbove,
}

/// How label and value pairs at the top are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum PairStyle {
    /// `Date: 1/2/2024` on rows of their own.
    #[default]
    Inline,
    /// The value in a column of its own, often led by the colon.
    Columns,
    /// Label at the left and value at the right margin.
    Spread,
    /// Two pairs on a row.
    TwoByTwo,
    /// Values without labels on one row.
    Bare,
}

/// What stands between sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Separator {
    /// Nothing but some space.
    #[default]
    Space,
    /// A drawn line, which is no text.
    Rule,
    /// A row of this character.
    Chars(char),
}

/// Choices that hold for one receipt.
#[derive(Debug, Clone)]
pub(crate) struct Look {
    pub(crate) face: Face,
    /// Height of an em in pixels.
    pub(crate) em: f32,
    /// Horizontal stretch of all characters.
    pub(crate) stretch: f32,
    /// Characters that fit between the margins.
    pub(crate) columns: usize,
    /// Distance of baselines in ems.
    pub(crate) leading: f32,
    /// Margins in ems: left and right, top, bottom.
    pub(crate) margins: [f32; 3],
    pub(crate) casing: Casing,
    pub(crate) numbers: Numbers,
    pub(crate) centred: bool,
    pub(crate) separator: Separator,
    /// What joins a label to its value.
    pub(crate) colon: &'static str,
    /// How amounts of totals are dressed, around `{n}`.
    pub(crate) money: &'static str,
    /// How amounts of items are dressed.
    pub(crate) item_money: &'static str,
    pub(crate) items: ItemStyle,
    pub(crate) pairs: PairStyle,
    /// Decimals of tax rates, where they suffice; as few as possible otherwise.
    pub(crate) rate_decimals: u32,
    /// Letters of the tax rates behind items' amounts, if printed.
    pub(crate) tax_codes: Vec<&'static str>,
    /// Labels of totals stand right, beside the amounts.
    pub(crate) totals_right: bool,
    /// The total in larger type.
    pub(crate) big_total: bool,
    /// Trailing colons at the labels of totals.
    pub(crate) total_colon: &'static str,
}

impl Look {
    /// Width between the margins in ems, before stretching.
    pub(crate) fn inner_ems(&self) -> f32 {
        let zero = self.face.metrics().width("0");
        // Letters of proportional faces are on average a little narrower than their digits.
        let average = if self.face.is_fixed() { zero } else { 0.92 * zero };
        self.columns as f32 * average
    }

    /// The same till's look on a sheet of paper of standard size.
    pub(crate) fn for_a_page(self, dice: &mut Dice) -> Self {
        let margin = dice.real(4.0, 8.0) as f32;
        Self {
            em: dice.real(13.0, 20.0) as f32,
            columns: dice.int(84..=104) as usize,
            margins: [margin, margin, dice.real(4.0, 14.0) as f32],
            casing: if dice.chance(0.85) { Casing::AsIs } else { self.casing },
            ..self
        }
    }

    /// A random till.
    pub(crate) fn draw(dice: &mut Dice, locale: &Locale) -> Self {
        let face = Face::draw_built_in(dice);
        let items = [
            ItemStyle::Short,
            ItemStyle::QuantityBelow,
            ItemStyle::QuantityAbove,
            ItemStyle::Columns,
            ItemStyle::QuantityFirst,
            ItemStyle::NumbersBelow,
            ItemStyle::NumbersAbove,
        ];
        let weights: Vec<f64> = locale.list("item_styles").iter().map(|w| w.parse().unwrap_or(0.0)).collect();
        let weights = if weights.len() == items.len() { weights } else { vec![3.0, 2.5, 1.0, 1.5, 1.5, 1.0, 0.3] };
        let items = items.get(dice.weighted(&weights)).copied().unwrap_or_default();
        let wide = matches!(items, ItemStyle::Columns | ItemStyle::QuantityFirst);
        let casing = match dice.weighted(&[1.0, locale.number("upper_share", 0.8), locale.number("ascii_share", 0.3)]) {
            0 => Casing::AsIs,
            1 => Casing::Upper,
            _ => Casing::UpperAscii,
        };
        let separator = match dice.weighted(&[0.3, 0.25, 0.45]) {
            0 => Separator::Space,
            1 => Separator::Rule,
            _ => Separator::Chars(dice.pick(&['-', '-', '-', '=', '*', '_', '.'])),
        };
        const PAIRS: [PairStyle; 5] =
            [PairStyle::Inline, PairStyle::Columns, PairStyle::Spread, PairStyle::TwoByTwo, PairStyle::Bare];
        let money = locale.pick(dice, "money");
        let coded = dice.chance(locale.number("tax_code_share", 0.5));
        Self {
            face,
            em: dice.real(13.0, 34.0) as f32,
            stretch: dice.real(0.78, 1.12) as f32,
            columns: dice.int(if wide { 38..=52 } else { 28..=46 }) as usize,
            leading: dice.real(1.12, 1.6) as f32,
            margins: [dice.real(0.5, 3.0), dice.real(0.5, 4.0), dice.real(0.5, 4.0)].map(|m| m as f32),
            casing,
            numbers: Numbers {
                decimal: locale.one("decimal").chars().next().unwrap_or('.'),
                group: match locale.pick(dice, "group") {
                    "space" => Some(' '),
                    other => other.chars().next().filter(|c| !c.is_alphabetic()),
                },
                sign: if dice.chance(locale.number("sign_behind_share", 0.1)) { Sign::Behind } else { Sign::Front },
                bare_fraction: dice.chance(locale.number("bare_fraction_share", 0.0)),
            },
            centred: dice.chance(0.78),
            separator,
            colon: dice.pick(&[": ", ": ", ": ", " : ", " : ", ":", " "]),
            money,
            item_money: if dice.chance(0.2) { money } else { "{n}" },
            items,
            pairs: PAIRS.get(dice.weighted(&[0.38, 0.17, 0.12, 0.2, 0.13])).copied().unwrap_or_default(),
            rate_decimals: dice.pick(&[0, 0, 0, 2, 2, 1]),
            tax_codes: if coded { locale.pick(dice, "tax_codes").split(',').collect() } else { Vec::new() },
            totals_right: dice.chance(0.13),
            big_total: dice.chance(0.45),
            total_colon: dice.pick(&["", "", "", ":", " :"]),
        }
    }
}
