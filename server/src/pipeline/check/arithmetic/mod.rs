//! Rules that the values of a receipt obey, and what holding them against a receipt comes to.
//!
//! | file | holds |
//! |---|---|
//! | `equation` | one rule on the values that it compares, and what it came to |
//! | `slot` | the amounts of a receipt by name, so that rules can say which they used |
//! | `sums` | purchases, subtotal, tax and total |
//! | `taxes` | the tax table |
//! | `payments` | what was handed over, given back and kept |
//! | `proof` | each amount: proved, contradicted or unproved |
//! | `repair` | takes another reading of an amount where the sums demand it |
//!
//! Every rule compares exact amounts. `Proved` and `Contradicted` are claims
//! about values that were read; where one is missing the rule is `Unproved`.

mod equation;
pub mod payments;
pub mod proof;
pub mod repair;
mod slot;
mod sums;
mod taxes;

use jiff::civil::Date;
use slipstream_models::entities::Span;

pub use slipstream_api::Outcome;

use self::equation::{Equation, Operands};
use super::{Findings, Found, Money};

pub use sums::all_tax;
pub use taxes::{is_base, net_plus_tax};

/// What a rule came to.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckResult {
    /// Stable name of the rule.
    pub code: &'static str,
    /// What it came to.
    pub outcome: Outcome,
    /// The figures behind the outcome.
    pub detail: String,
    /// The least probability among the values that were compared, 0 to 1.
    pub confidence: f32,
    /// Where the values that were compared stand.
    pub spans: Vec<Span>,
}

/// Rows whose figures are given one by one; more are counted.
const MOST_DETAILS: usize = 3;

/// Every rule, in the order in which a person would add up.
pub fn check_all(findings: &Findings, today: Date) -> Vec<CheckResult> {
    let mut checks = vec![fold(sums::QUANTITIES, sums::quantities(findings))];
    checks.push(sums::items_sum_to_subtotal(findings).into());
    checks.extend(checks_of_total(findings, value(&findings.total)));
    checks.push(taxes::taxes_sum_to_tax_total(findings).into());
    checks.push(fold(taxes::RATES, taxes::rates(findings)));
    checks.push(date_not_in_future(findings, today).into());
    checks
}

/// The rules about the total, for an assumed `total`.
pub fn checks_of_total(findings: &Findings, total: Option<Money>) -> [CheckResult; 4] {
    of_total(findings, total).map(CheckResult::from)
}

fn of_total(findings: &Findings, total: Option<Money>) -> [Equation; 4] {
    [
        sums::items_sum_to_total(findings, total),
        sums::subtotal_plus_tax_is_total(findings, total),
        taxes::net_plus_tax_is_total(findings, total),
        payments::payment_minus_change_is_total(findings, total),
    ]
}

/// Every equation between amounts; those about rows of a table one by one.
fn equations(findings: &Findings) -> Vec<Equation> {
    let mut equations = sums::quantities(findings);
    equations.push(sums::items_sum_to_subtotal(findings));
    equations.extend(of_total(findings, value(&findings.total)));
    equations.push(taxes::taxes_sum_to_tax_total(findings));
    equations.extend(taxes::rates(findings));
    equations
}

/// A rule about the rows of a table is contradicted by one row that breaks it.
fn fold((code, nothing): (&'static str, &str), rows: Vec<Equation>) -> CheckResult {
    let of = |outcome| rows.iter().filter(move |row: &&Equation| row.outcome == outcome);
    let outcome = [Outcome::Contradicted, Outcome::Proved].into_iter().find(|outcome| of(*outcome).next().is_some());
    let Some(outcome) = outcome else {
        return Operands::new(code).unproved(nothing).into();
    };
    let details: Vec<&str> = of(outcome).map(|row| row.detail.as_str()).collect();
    let detail = match outcome {
        Outcome::Proved if details.len() > MOST_DETAILS => format!("{} rows", details.len()),
        _ => details.join(", "),
    };
    CheckResult {
        code,
        outcome,
        detail,
        confidence: of(outcome).map(|row| row.confidence).fold(1.0, f32::min),
        spans: of(outcome).flat_map(|row| row.spans.iter().copied()).collect(),
    }
}

fn date_not_in_future(f: &Findings, today: Date) -> Equation {
    let mut operands = Operands::new("date_not_in_future");
    match operands.read(f.date.as_ref()) {
        Some(date) if date <= today => operands.ends(Outcome::Proved, format!("{date} is not after {today}")),
        Some(date) => operands.ends(Outcome::Contradicted, format!("{date} is after {today}")),
        None => operands.unproved("no date was read"),
    }
}

/// The field's believed value.
pub fn value<T: Copy>(field: &Option<Found<T>>) -> Option<T> {
    field.as_ref().and_then(|f| f.value().copied())
}

#[cfg(test)]
mod tests;
