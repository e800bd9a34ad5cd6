//! Flags of the scheduler, and what they mean together.

use std::time::Duration;

use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use slipstream_batcher::Discipline;

use super::args::{percent, seconds};
use crate::scheduling::Scheduling;

/// In which order work goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    /// Most urgent first, in fair shares; what cannot be in time is refused.
    Deadline,
    /// First come, first served, and nothing is refused but by --max-in-flight: for comparison.
    Fifo,
}

#[derive(Debug, Args)]
pub(super) struct SchedulingArgs {
    /// Receipts in the server at the same time; more are answered 503.
    #[arg(long, value_name = "N", env = "SLIPSTREAM_MAX_IN_FLIGHT", default_value = "256", value_parser = RangedU64ValueParser::<usize>::new().range(1..=100_000))]
    max_in_flight: usize,
    /// Longest predicted wait ahead of a receipt, whatever its deadline: room for a burst; beyond it receipts are answered 503.
    #[arg(long, value_name = "SECONDS", env = "SLIPSTREAM_MAX_QUEUE_S", default_value = "5", value_parser = seconds)]
    max_queue_s: Duration,
    /// Predicted wait ahead of a receipt that may last while others are refused.
    #[arg(long, value_name = "MS", env = "SLIPSTREAM_TARGET_WAIT_MS", default_value = "400", value_parser = RangedU64ValueParser::<u64>::new().range(1..=86_400_000))]
    target_wait_ms: u64,
    /// Memory for uploads that wait, in MiB; more is answered 503.
    #[arg(long, value_name = "MIB", env = "SLIPSTREAM_MAX_UPLOAD_MEMORY_MIB", default_value = "512", value_parser = RangedU64ValueParser::<u64>::new().range(1..=1_048_576))]
    max_upload_memory_mib: u64,
    /// Part of the room that receipts with x-priority: bulk may take, in percent.
    #[arg(long, value_name = "PERCENT", env = "SLIPSTREAM_BULK_SHARE", default_value = "50", value_parser = percent)]
    bulk_share: f64,
    /// What bulk receipts that wait get at least of what is worked off, in percent.
    #[arg(long, value_name = "PERCENT", env = "SLIPSTREAM_BULK_FLOOR", default_value = "10", value_parser = percent)]
    bulk_floor: f64,
    /// What each tenant of --keys gets when all of them have work, in percent: NAME=PERCENT, separated by commas [default: equal parts]
    #[arg(long, value_name = "SHARE", env = "SLIPSTREAM_TENANT_SHARES", value_delimiter = ',', value_parser = share_of)]
    tenant_shares: Vec<(String, f64)>,
    /// In which order work goes.
    #[arg(long, value_name = "ORDER", env = "SLIPSTREAM_SCHEDULING", default_value = "deadline")]
    scheduling: Order,
}

/// Shares that do not fit the tenants.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(super) enum ShareError {
    #[error("--tenant-shares names {0:?}, which no key of --keys has as its name")]
    Unknown(String),
    #[error("--tenant-shares names {0:?} twice")]
    Twice(String),
    #[error("--tenant-shares leaves out {0:?}, give every tenant of --keys a share")]
    LeftOut(String),
    #[error("--tenant-shares adds up to {0} %, it has to be 100")]
    Sum(f64),
}

fn share_of(text: &str) -> Result<(String, f64), String> {
    let (name, share) = text.split_once('=').ok_or_else(|| format!("{text:?} is not of the form NAME=PERCENT"))?;
    match percent(share) {
        Ok(share) if share > 0.0 => Ok((name.to_owned(), share)),
        Ok(_) => Err("a share has to be more than 0".to_owned()),
        Err(error) => Err(error),
    }
}

impl SchedulingArgs {
    /// The settings, for these tenants.
    ///
    /// # Errors
    /// When the shares do not fit them.
    pub(super) fn settings(&self, tenants: &[String]) -> Result<Scheduling, ShareError> {
        Ok(Scheduling {
            discipline: match self.scheduling {
                Order::Deadline => Discipline::Deadline,
                Order::Fifo => Discipline::Fifo { window: Duration::ZERO },
            },
            max_wait: self.max_queue_s,
            target_wait: Duration::from_millis(self.target_wait_ms),
            max_in_flight: self.max_in_flight,
            max_upload_memory: self.max_upload_memory_mib << 20,
            bulk_share: self.bulk_share,
            bulk_floor: self.bulk_floor,
            weights: weights(&self.tenant_shares, tenants)?,
        })
    }
}

/// The share of each tenant, in their order; none where none are given.
fn weights(shares: &[(String, f64)], tenants: &[String]) -> Result<Vec<f64>, ShareError> {
    if shares.is_empty() {
        return Ok(Vec::new());
    }
    for (place, (name, _)) in shares.iter().enumerate() {
        if !tenants.contains(name) {
            return Err(ShareError::Unknown(name.clone()));
        }
        if shares[..place].iter().any(|(other, _)| other == name) {
            return Err(ShareError::Twice(name.clone()));
        }
    }
    let of = |tenant: &String| {
        let share = shares.iter().find(|(name, _)| name == tenant).map(|(_, share)| *share);
        share.ok_or_else(|| ShareError::LeftOut(tenant.clone()))
    };
    let weights: Vec<f64> = tenants.iter().map(of).collect::<Result<_, _>>()?;
    let sum: f64 = weights.iter().sum();
    // A hundredth of a percent is what thirds leave.
    if (sum - 1.0).abs() > 1e-4 {
        return Err(ShareError::Sum((sum * 1e4).round() / 1e2));
    }
    Ok(weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(shares: &[(&str, f64)]) -> Result<Vec<f64>, String> {
        let shares: Vec<_> = shares.iter().map(|(name, share)| ((*name).to_owned(), *share)).collect();
        weights(&shares, &["acme".to_owned(), "globex".to_owned()]).map_err(|error| error.to_string())
    }

    #[test]
    fn shares_fit_the_tenants_and_add_up() {
        assert_eq!(judge(&[]), Ok(vec![]));
        assert_eq!(judge(&[("globex", 0.3), ("acme", 0.7)]), Ok(vec![0.7, 0.3]));
        let cases = [
            (&[("acme", 0.5), ("globex", 0.4)][..], "90 %"),
            (&[("acme", 1.0)], "globex"),
            (&[("acme", 0.5), ("initech", 0.5)], "initech"),
            (&[("acme", 0.5), ("acme", 0.5)], "twice"),
        ];
        for (shares, named) in cases {
            let error = judge(shares).map_or_else(|error| error, |weights| format!("{weights:?}"));
            assert!(error.contains("--tenant-shares") && error.contains(named), "{error}");
        }
    }

    #[test]
    fn a_share_is_a_name_and_a_part_of_a_hundred() {
        assert_eq!(share_of("acme=12.5"), Ok(("acme".to_owned(), 0.125)));
        for bad in ["acme", "acme=", "acme=0", "acme=101", "acme=-3", "acme=half"] {
            assert!(share_of(bad).is_err(), "{bad}");
        }
    }
}
