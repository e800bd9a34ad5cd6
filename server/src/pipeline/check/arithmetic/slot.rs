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
}

impl Slot {
    /// Every amount that the receipt may hold.
    pub(super) fn all(findings: &Findings) -> impl Iterator<Item = Self> + use<> {
        let single = [Self::Subtotal, Self::TaxTotal, Self::Total, Self::Tip];
        let (items, taxes, payments) = (findings.items.len(), findings.taxes.len(), findings.payments.len());
        single
            .into_iter()
            .chain((0..items).map(Self::Item))
            .chain((0..taxes).flat_map(|row| [Self::Net(row), Self::Tax(row)]))
            .chain((0..payments).map(Self::Payment))
    }

    /// The amount, if it was read.
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
        }
    }

    /// Its believed value.
    pub(super) fn value(self, f: &Findings) -> Option<Money> {
        self.of(f)?.value().copied()
    }
}
