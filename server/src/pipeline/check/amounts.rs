//! Amounts of one receipt: all are read with its currency and its decimal mark.

use slipstream_models::TextLines;
use slipstream_models::entities::{Entities, Entity, ItemEntities, ItemKind, PaymentEntities, TaxEntities};

use super::{
    Decimal, Found, ItemFindings, PaymentFindings, TaxFindings,
    deposit::kind_of,
    glued,
    lettering::Letters,
    money::{Currency, Money},
    number::{DecimalMark, decimal_mark, parse_amount, parse_quantity, parse_rate},
    text, words,
};

/// How this receipt writes amounts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amounts {
    currency: Option<Currency>,
    mark: Option<DecimalMark>,
}

impl Amounts {
    /// Learns the decimal mark from everything that was tagged as an amount.
    pub(super) fn new(entities: &Entities, currency: Option<Currency>) -> Self {
        let single = [&entities.subtotal, &entities.tax_total, &entities.total, &entities.tip];
        let items = entities.items.iter().flat_map(|i| [&i.amount, &i.unit_price]);
        let taxes = entities.taxes.iter().flat_map(|t| [&t.net, &t.amount]);
        let payments = entities.payments.iter().map(|p| &p.amount);
        let all = single.into_iter().chain(items).chain(taxes).chain(payments);
        let mark = decimal_mark(all.flatten().map(|e| e.best.text.as_str()));
        Self { currency, mark }
    }

    /// The amount in `text`.
    pub(super) fn parse(&self, text: &str) -> Option<Money> {
        Money::from_decimal(parse_amount(text, self.mark)?, self.currency)
    }

    /// The amount in `text`, of a row of this kind. Tills print reductions with
    /// a minus, without one or in brackets; they all mean the same.
    pub(super) fn parse_row(&self, text: &str, kind: ItemKind) -> Option<Money> {
        let reduces = matches!(kind, ItemKind::Discount | ItemKind::Return);
        self.parse(text).map(|m| if reduces { m.as_reduction() } else { m })
    }

    /// The price of one in `text`.
    pub(super) fn parse_unit_price(&self, text: &str) -> Option<Decimal> {
        parse_amount(text, self.mark)
    }

    /// The number of pieces or the weight in `text`.
    pub(super) fn parse_quantity(&self, text: &str) -> Option<Decimal> {
        parse_quantity(text, self.mark)
    }

    /// The field's readings with their amounts.
    pub(super) fn money(&self, entity: &Option<Entity>) -> Option<Found<Money>> {
        entity.as_ref().map(|e| Found::from_entity(e, |t| self.parse(t)))
    }

    pub(super) fn item(&self, item: &ItemEntities, letters: Letters<'_>) -> ItemFindings {
        let apart = glued::taken_apart(item, self);
        let item = apart.as_ref().unwrap_or(item);
        let quantity = |e: &Entity| Found::from_entity(e, |t| self.parse_quantity(t));
        let unit_price = |e: &Entity| Found::from_entity(e, |t| self.parse_unit_price(t));
        let kind = kind_of(item);
        let amount = item.amount.as_ref().map(|e| Found::from_entity(e, |t| self.parse_row(t, kind)));
        ItemFindings {
            kind,
            description: words(&item.description, letters),
            quantity: item.quantity.as_ref().map(quantity),
            unit_price: item.unit_price.as_ref().map(unit_price),
            amount,
            code: text(&item.code, letters.lines),
            // Words may have told that the row is something else than it looked like.
            of: item.of.filter(|_| matches!(kind, ItemKind::Discount | ItemKind::Deposit)),
        }
    }

    pub(super) fn tax(&self, tax: &TaxEntities) -> TaxFindings {
        TaxFindings {
            rate: tax.rate.as_ref().map(|e| Found::from_entity(e, parse_rate)),
            net: self.money(&tax.net),
            amount: self.money(&tax.amount),
        }
    }

    pub(super) fn payment(&self, payment: &PaymentEntities, lines: &TextLines) -> PaymentFindings {
        PaymentFindings { method: text(&payment.method, lines), amount: self.money(&payment.amount) }
    }
}
