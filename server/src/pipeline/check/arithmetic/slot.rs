//! The amounts of a receipt by name.

use crate::pipeline::check::{Findings, Found, Money};

/// Where an amount stands in [`Findings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Slot {
    Subtotal,
    TaxTotal,
    Total,
    Tip,
    /// The price of a row of the list of purchases.
    Item(usize),
    /// What is taxed, in a row of the tax table.
    Net(usize),
    /// The tax of a row of the tax table.
    Tax(usize),
    Payment(usize),
    /// How many were bought, in a row of the list of purchases.
    Quantity(usize),
    /// The price of one, in a row of the list of purchases; of more decimals than an amount on some.
    UnitPrice(usize),
}

/// The readings of a field, whatever the type of their values.
pub(super) trait Readings {
    /// Where each other reading with a value stands among them, and how probable it is beside the best.
    fn others(&self) -> Vec<(usize, f32)>;

    /// See [`Found::prefer`].
    fn prefer(&mut self, index: usize);

    /// See [`Found::repair`].
    fn repair(&mut self, index: usize, code: &'static str);
}

impl<T> Readings for Found<T> {
    fn others(&self) -> Vec<(usize, f32)> {
        let best = self.best.confidence.max(f32::MIN_POSITIVE);
        let others = self.alternatives.iter().enumerate().filter(|(_, other)| other.value.is_some());
        others.map(|(index, other)| (index, other.confidence / best)).collect()
    }

    fn prefer(&mut self, index: usize) {
        Found::prefer(self, index);
    }

    fn repair(&mut self, index: usize, code: &'static str) {
        Found::repair(self, index, code);
    }
}

impl Slot {
    /// Every slot of the receipt.
    pub(super) fn all(findings: &Findings) -> impl Iterator<Item = Self> + use<> {
        let single = [Self::Subtotal, Self::TaxTotal, Self::Total, Self::Tip];
        let (items, taxes, payments) = (findings.items.len(), findings.taxes.len(), findings.payments.len());
        single
            .into_iter()
            .chain((0..items).flat_map(|row| [Self::Quantity(row), Self::UnitPrice(row), Self::Item(row)]))
            .chain((0..taxes).flat_map(|row| [Self::Net(row), Self::Tax(row)]))
            .chain((0..payments).map(Self::Payment))
    }

    /// The amount, if it is one and was read.
    pub(super) fn of(self, f: &Findings) -> Option<&Found<Money>> {
        match self {
            Self::Subtotal => f.subtotal.as_ref(),
            Self::TaxTotal => f.tax_total.as_ref(),
            Self::Total => f.total.as_ref(),
            Self::Tip => f.tip.as_ref(),
            Self::Item(row) => f.items.get(row)?.amount.as_ref(),
            Self::Net(row) => f.taxes.get(row)?.net.as_ref(),
            Self::Tax(row) => f.taxes.get(row)?.amount.as_ref(),
            Self::Payment(row) => f.payments.get(row)?.amount.as_ref(),
            Self::Quantity(_) | Self::UnitPrice(_) => None,
        }
    }

    /// The amount, to change it.
    pub(super) fn of_mut(self, f: &mut Findings) -> Option<&mut Found<Money>> {
        match self {
            Self::Subtotal => f.subtotal.as_mut(),
            Self::TaxTotal => f.tax_total.as_mut(),
            Self::Total => f.total.as_mut(),
            Self::Tip => f.tip.as_mut(),
            Self::Item(row) => f.items.get_mut(row)?.amount.as_mut(),
            Self::Net(row) => f.taxes.get_mut(row)?.net.as_mut(),
            Self::Tax(row) => f.taxes.get_mut(row)?.amount.as_mut(),
            Self::Payment(row) => f.payments.get_mut(row)?.amount.as_mut(),
            Self::Quantity(_) | Self::UnitPrice(_) => None,
        }
    }

    /// What may stand there.
    pub(super) fn readings(self, f: &Findings) -> Option<&dyn Readings> {
        Some(match self {
            Self::Quantity(row) => f.items.get(row)?.quantity.as_ref()?,
            Self::UnitPrice(row) => f.items.get(row)?.unit_price.as_ref()?,
            amount => amount.of(f)?,
        })
    }

    /// What may stand there, to choose.
    pub(super) fn readings_mut(self, f: &mut Findings) -> Option<&mut dyn Readings> {
        Some(match self {
            Self::Quantity(row) => f.items.get_mut(row)?.quantity.as_mut()?,
            Self::UnitPrice(row) => f.items.get_mut(row)?.unit_price.as_mut()?,
            amount => amount.of_mut(f)?,
        })
    }

    /// Its believed value.
    pub(super) fn value(self, f: &Findings) -> Option<Money> {
        self.of(f)?.value().copied()
    }
}
