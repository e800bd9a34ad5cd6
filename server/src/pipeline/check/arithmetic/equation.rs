//! One rule held against the values that it compares.

use slipstream_models::entities::Span;

use super::{CheckResult, Outcome, slot::Slot};
use crate::pipeline::check::{Findings, Found, Money};

/// What a rule came to, and the amounts that it compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Equation {
    /// Stable name of the rule.
    pub(super) code: &'static str,
    pub(super) outcome: Outcome,
    /// The figures behind the outcome.
    pub(super) detail: String,
    /// The least probability among the values that were compared.
    pub(super) confidence: f32,
    /// Where the values that were compared stand.
    pub(super) spans: Vec<Span>,
    /// The amounts that were compared.
    pub(super) slots: Vec<Slot>,
}

impl From<Equation> for CheckResult {
    fn from(e: Equation) -> Self {
        Self { code: e.code, outcome: e.outcome, detail: e.detail, confidence: e.confidence, spans: e.spans }
    }
}

/// Gathers the values that a rule compares.
#[derive(Debug)]
pub(super) struct Operands {
    code: &'static str,
    confidence: f32,
    spans: Vec<Span>,
    slots: Vec<Slot>,
}

impl Operands {
    pub(super) fn new(code: &'static str) -> Self {
        Self { code, confidence: 1.0, spans: Vec::new(), slots: Vec::new() }
    }

    /// The field's value; what it was copied from is remembered.
    pub(super) fn read<T: Copy>(&mut self, field: Option<&Found<T>>) -> Option<T> {
        let found = field?;
        let value = found.value().copied()?;
        self.confidence = self.confidence.min(found.best.confidence);
        self.spans.extend_from_slice(&found.best.spans);
        Some(value)
    }

    /// The value of the field in `slot`; that it was compared is remembered.
    pub(super) fn compare<T: Copy>(&mut self, slot: Slot, field: Option<&Found<T>>) -> Option<T> {
        let value = self.read(field)?;
        self.slots.push(slot);
        Some(value)
    }

    /// The amount's value; that it was compared is remembered.
    pub(super) fn amount(&mut self, findings: &Findings, slot: Slot) -> Option<Money> {
        self.compare(slot, slot.of(findings))
    }

    pub(super) fn ends(self, outcome: Outcome, detail: impl Into<String>) -> Equation {
        Equation {
            code: self.code,
            outcome,
            detail: detail.into(),
            confidence: self.confidence,
            spans: self.spans,
            slots: self.slots,
        }
    }

    pub(super) fn unproved(self, detail: impl Into<String>) -> Equation {
        self.ends(Outcome::Unproved, detail)
    }

    /// Proved if `base` plus the sum of some of `extras` is `target`. Receipts
    /// print prices with or without tax, and a tip or rounding is part of the
    /// total on some and not on others; fewer extras are tried first.
    pub(super) fn sum_is(mut self, base: (&str, Money), extras: &[Extra], target: (&str, Money)) -> Equation {
        let ((what, base), (name, target)) = (base, target);
        let present: Vec<&Extra> = extras.iter().filter(|extra| extra.amount.minor != 0).collect();
        let mut choices: Vec<u32> = (0..1_u32 << present.len()).collect();
        choices.sort_by_key(|c| c.count_ones());
        let mut nearly = None;
        for choice in choices {
            let chosen: Vec<&Extra> =
                present.iter().enumerate().filter(|(i, _)| choice & (1 << i) != 0).map(|(_, extra)| *extra).collect();
            let Some(sum) = Money::checked_sum(std::iter::once(base).chain(chosen.iter().map(|e| e.amount))) else {
                continue;
            };
            let parts = || -> String { chosen.iter().map(|e| format!(" + {} {}", e.name, e.amount)).collect() };
            if sum == target {
                let detail = format!("{what} {base}{} = {name} {target}", parts());
                self.slots.extend(chosen.iter().flat_map(|extra| extra.slots.iter().copied()));
                return self.ends(Outcome::Proved, detail);
            }
            if nearly.is_none() && may_be_rounded(sum, target) {
                nearly = Some(format!("{what} {base}{} is {sum}, perhaps rounded to {name} {target}", parts()));
            }
        }
        if let Some(detail) = nearly {
            return self.unproved(detail);
        }
        let names: String = present.iter().map(|extra| format!(", {} {}", extra.name, extra.amount)).collect();
        self.slots.extend(present.iter().flat_map(|extra| extra.slots.iter().copied()));
        self.ends(Outcome::Contradicted, format!("{what} {base}{names} do not give {name} {target}"))
    }
}

/// An amount that may or may not be part of a sum.
#[derive(Debug)]
pub(super) struct Extra {
    pub(super) name: &'static str,
    pub(super) amount: Money,
    /// The amounts of the receipt that it is the sum of; none for one that is no field.
    pub(super) slots: Vec<Slot>,
}

impl Extra {
    /// An amount that is no field of the document.
    pub(super) fn unnamed(name: &'static str, amount: Option<Money>) -> Option<Self> {
        Some(Self { name, amount: amount?, slots: Vec::new() })
    }

    /// A single amount.
    pub(super) fn single(name: &'static str, findings: &Findings, slot: Slot) -> Option<Self> {
        Some(Self { name, amount: slot.value(findings)?, slots: vec![slot] })
    }

    /// The same, taken off.
    pub(super) fn negated(self) -> Self {
        Self { amount: Money { minor: self.amount.minor.saturating_neg(), ..self.amount }, ..self }
    }
}

/// Whether `total` is a round amount next to `sum`: a multiple of five smallest
/// units where the smallest coins are gone, or a whole amount.
fn may_be_rounded(sum: Money, total: Money) -> bool {
    let apart = sum.minor.abs_diff(total.minor);
    let whole = 10_i64.pow(u32::from(total.minor_digits()));
    (apart <= 2 && total.minor % 5 == 0) || (2 * apart <= whole.unsigned_abs() && total.minor % whole == 0)
}
