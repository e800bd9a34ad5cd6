//! The profiles: what load they put on a server, and in which order.

use std::time::Duration;

use clap::ValueEnum;

use crate::error::LoadError;
use crate::plan::{Leavers, Mix, Pace, PhasePlan, Plan, Stream};

/// Base load, as a multiple of capacity: a usual day.
const BASE: f64 = 0.3;
/// A busy day, as a multiple of capacity.
const BUSY: f64 = 0.7;
/// Requests of a smoke test.
const SMOKE_REQUESTS: f64 = 8.0;
/// Requests a second of a smoke test, unless told otherwise.
const SMOKE_PER_S: f64 = 4.0;
/// Share of clients that hang up.
const LEAVE: f64 = 0.3;
/// When they do, as shares of the deadline.
const LEAVE_AFTER: (f64, f64) = (0.05, 0.5);
/// What the tenants that do not flood use of their fair share.
const MODEST: f64 = 0.5;

/// A kind of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// A handful of requests that must all be read.
    Smoke,
    /// A busy day: 0.7 times the capacity.
    Steady,
    /// A usual day, a peak of several times the capacity, a usual day.
    CampaignPeak,
    /// The first tenant sends several times the capacity, the others half of their fair share.
    OneTenantFloods,
    /// The same overload twice; the second time 30 % of the clients hang up.
    ClientsHangUp,
    /// A busy day on which every tenth request is huge.
    HugeReceipts,
}

/// What the rates and lengths of a profile are made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Receipts a second that the server can read.
    pub capacity_per_s: f64,
    /// Requests a second of the phase that the figures are about.
    pub headline_per_s: f64,
    /// Length of that phase.
    pub length: Duration,
    /// Length of the phase before it.
    pub base: Duration,
    /// Length of the phase after it.
    pub recovery: Duration,
    /// The deadline of every request.
    pub deadline: Duration,
    /// How many tenants there are.
    pub tenants: usize,
}

impl Profile {
    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Steady => "steady",
            Self::CampaignPeak => "campaign-peak",
            Self::OneTenantFloods => "one-tenant-floods",
            Self::ClientsHangUp => "clients-hang-up",
            Self::HugeReceipts => "huge-receipts",
        }
    }

    /// The rate of the headline phase as a multiple of capacity, where `factor` is the multiple of an overload. None for
    /// a profile that does not depend on capacity.
    pub fn multiple(self, factor: f64) -> Option<f64> {
        match self {
            Self::Smoke => None,
            Self::Steady | Self::HugeReceipts => Some(BUSY),
            Self::CampaignPeak | Self::OneTenantFloods | Self::ClientsHangUp => Some(factor),
        }
    }

    /// The rate of a profile that does not depend on capacity, in requests a second.
    pub fn own_rate_per_s(self) -> f64 {
        SMOKE_PER_S
    }

    /// The plan for `load`.
    ///
    /// # Errors
    /// When the profile needs more tenants.
    pub fn plan(self, load: &Load) -> Result<Plan, LoadError> {
        let everybody: Vec<usize> = (0..load.tenants.max(1)).collect();
        let base_per_s = base_per_s(load.capacity_per_s);
        let stream = |rate_per_s: f64, seed: u64| Stream {
            tenants: everybody.clone(),
            rate_per_s,
            pace: Pace::Poisson,
            mix: Mix::Any,
            leavers: None,
            seed,
        };
        // Evenly spread and of the same images in every second, so that a second can be held against another.
        let usual = |name, length, seed| {
            let mix = Mix::Typical((base_per_s.round() as usize).max(1));
            phase(name, length, vec![Stream { pace: Pace::Even, mix, ..stream(base_per_s, seed) }])
        };
        let alone = |phase: PhasePlan| Plan { phases: vec![phase], headline: 0, base: None, recovery: None };
        let main = stream(load.headline_per_s, 1);
        Ok(match self {
            Self::Smoke => {
                let length = Duration::from_secs_f64(SMOKE_REQUESTS / load.headline_per_s);
                alone(phase("smoke", length, vec![Stream { pace: Pace::Even, ..main }]))
            }
            Self::Steady => alone(phase("steady", load.length, vec![main])),
            Self::HugeReceipts => {
                alone(phase("huge receipts", load.length, vec![Stream { mix: Mix::EveryTenthHuge, ..main }]))
            }
            Self::CampaignPeak => Plan {
                phases: vec![
                    usual("base", load.base, 2),
                    phase("peak", load.length, vec![main]),
                    usual("recovery", load.recovery, 3),
                ],
                headline: 1,
                base: Some(0),
                recovery: Some(2),
            },
            Self::OneTenantFloods => {
                let others = everybody.get(1..).unwrap_or_default();
                if others.is_empty() {
                    return Err(lonely());
                }
                let fair_per_s = load.capacity_per_s * others.len() as f64 / everybody.len() as f64;
                let modest = |seed| Stream { tenants: others.to_vec(), ..stream(MODEST * fair_per_s, seed) };
                let flood = Stream { tenants: vec![0], ..main };
                Plan {
                    phases: vec![
                        phase("others alone", load.length, vec![modest(2)]),
                        phase("flood", load.length, vec![flood, modest(2)]),
                    ],
                    headline: 1,
                    base: Some(0),
                    recovery: None,
                }
            }
            Self::ClientsHangUp => {
                let after = (load.deadline.mul_f64(LEAVE_AFTER.0), load.deadline.mul_f64(LEAVE_AFTER.1));
                let marked = Stream { leavers: Some(Leavers { share: LEAVE, after }), ..main };
                let all_stay = phase("all stay", load.length, vec![marked]);
                let some_leave =
                    PhasePlan { name: "some leave", after_rest: true, leavers_leave: true, ..all_stay.clone() };
                Plan { phases: vec![all_stay, some_leave], headline: 1, base: None, recovery: None }
            }
        })
    }
}

/// Base load in requests a second. From two a second on it is a whole number, so that every second sends the same.
fn base_per_s(capacity_per_s: f64) -> f64 {
    let exact = BASE * capacity_per_s;
    if exact >= 2.0 { exact.round() } else { exact }
}

fn phase(name: &'static str, length: Duration, streams: Vec<Stream>) -> PhasePlan {
    PhasePlan { name, length, after_rest: false, leavers_leave: false, streams }
}

fn lonely() -> LoadError {
    LoadError::Profile("one-tenant-floods needs two tenants at least, give --keys NAME:KEY,NAME:KEY".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn load(tenants: usize) -> Load {
        Load {
            capacity_per_s: 10.0,
            headline_per_s: 30.0,
            length: Duration::from_secs(20),
            base: Duration::from_secs(5),
            recovery: Duration::from_secs(15),
            deadline: Duration::from_secs(2),
            tenants,
        }
    }

    #[test]
    fn every_name_is_the_one_of_the_command_line() {
        let wrong: Vec<_> = Profile::value_variants()
            .iter()
            .filter(|p| p.to_possible_value().unwrap().get_name() != p.name())
            .collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn a_campaign_is_a_peak_between_usual_days() {
        let plan = Profile::CampaignPeak.plan(&load(1)).unwrap();
        let rates: Vec<_> = plan.phases.iter().map(|p| (p.name, p.streams[0].rate_per_s)).collect();
        assert_eq!(rates, [("base", 3.0), ("peak", 30.0), ("recovery", 3.0)]);
    }

    #[test]
    fn every_second_of_base_load_sends_the_same() {
        let plan = |capacity_per_s| Profile::CampaignPeak.plan(&Load { capacity_per_s, ..load(1) }).unwrap();
        let stream = |capacity_per_s: f64| {
            let stream = &plan(capacity_per_s).phases[0].streams[0];
            (stream.rate_per_s, stream.mix)
        };
        assert_eq!(stream(16.0), (5.0, Mix::Typical(5)));
        assert_eq!(stream(1.0), (0.3, Mix::Typical(1)));
    }

    #[test]
    fn others_send_half_of_their_fair_share_with_and_without_a_flood() {
        let plan = Profile::OneTenantFloods.plan(&load(4)).unwrap();
        let flood = &plan.phases[plan.headline];
        assert_eq!((flood.streams[0].tenants.as_slice(), flood.streams[0].rate_per_s), (&[0][..], 30.0));
        assert_eq!((flood.streams[1].tenants.as_slice(), flood.streams[1].rate_per_s), (&[1, 2, 3][..], 3.75));
        assert_eq!(plan.phases[0].streams, [flood.streams[1].clone()]);
    }

    #[test]
    fn a_flood_needs_somebody_to_be_flooded() {
        for tenants in [0, 1] {
            assert!(Profile::OneTenantFloods.plan(&load(tenants)).unwrap_err().to_string().contains("--keys"));
        }
    }

    #[test]
    fn both_overloads_are_the_same_but_for_leaving() {
        let plan = Profile::ClientsHangUp.plan(&load(1)).unwrap();
        let [stay, leave] = plan.phases.as_slice() else { unreachable!() };
        assert_eq!(stay.streams, leave.streams);
        assert!(!stay.leavers_leave && leave.leavers_leave && leave.after_rest);
    }
}
