//! From what was measured to the report.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{GroupReport, HangUps, ImagesReport, PhaseReport, Report, RunReport, stages};
use crate::cli::Arguments;
use crate::error::LoadError;
use crate::outcome::Outcome;
use crate::record::{Figures, Latencies, Sent, join, round};
use crate::recovery;
use crate::run::Supplies;
use crate::schedule::{Phase, Schedule};
use crate::session::{Capacity, Measured};
use crate::windows;

/// The report of a session; `runs` has the one against the first server, and perhaps one against a second.
///
/// # Errors
/// When there is no memory for histograms, or no run.
pub fn of(
    arguments: &Arguments,
    supplies: &Supplies,
    schedule: &Schedule,
    capacity: Capacity,
    runs: &[Measured],
) -> Result<Report, LoadError> {
    let run = |measured| Run::new(supplies, schedule, measured)?.report(arguments);
    let [first, others @ ..] = runs else { return Err(LoadError::Profile("nothing was run".to_owned())) };
    let sizes = supplies.images.all.iter().map(|image| image.bytes.len() as u64);
    let count = supplies.images.all.len();
    Ok(Report {
        profile: arguments.profile.map_or("trace", |profile| profile.name()).to_owned(),
        run: run(first)?,
        capacity_per_s: capacity.per_s().map(round),
        capacity_measured: matches!(capacity, Capacity::Measured(_)),
        seed: arguments.seed,
        images: ImagesReport {
            count,
            mean_bytes: sizes.sum::<u64>() / (count as u64).max(1),
            left_out: supplies.images.left_out,
        },
        against: others.first().map(run).transpose()?,
    })
}

/// A run with its requests in order.
struct Run<'a> {
    supplies: &'a Supplies,
    schedule: &'a Schedule,
    measured: &'a Measured,
    sent: Vec<Sent<'a>>,
    headline: &'a Phase,
}

impl<'a> Run<'a> {
    fn new(supplies: &'a Supplies, schedule: &'a Schedule, measured: &'a Measured) -> Result<Self, LoadError> {
        let headline = schedule.phases.get(schedule.headline);
        let headline = headline.ok_or_else(|| LoadError::Profile("the profile has no phase".to_owned()))?;
        Ok(Self { supplies, schedule, measured, sent: join(schedule, &measured.samples), headline })
    }

    fn in_phase(&self, phase: usize) -> impl Iterator<Item = &Sent<'a>> + Clone {
        self.sent.iter().filter(move |sent| sent.arrival.phase == phase)
    }

    fn report(&self, arguments: &Arguments) -> Result<RunReport, LoadError> {
        let deadline = self.supplies.deadline;
        let phases = self.phases()?;
        let figures = |phase: usize| phases.get(phase).map(|phase| phase.figures.clone());
        let base_p50_ms = self.schedule.base.and_then(figures).and_then(|figures| figures.p50_ms);
        let limit_ms = base_p50_ms.filter(|_| self.schedule.recovery.is_some()).map(recovery::limit_ms);
        let end = self.schedule.phases.last().map_or(Duration::ZERO, |phase| phase.span.1);
        let lateness = Latencies::of(self.sent.iter().map(|sent| sent.sample.lateness))?;
        let (mut failures, mut retry_after_s, mut unanswered) = (BTreeMap::new(), BTreeMap::new(), 0);
        for sent in &self.sent {
            match sent.outcome() {
                Outcome::Failed(failure) => {
                    *failures.entry(failure.to_string()).or_insert(0) += 1;
                    unanswered += u64::from(failure.is_unanswered());
                }
                Outcome::Refused { retry_after_s: Some(seconds) } => *retry_after_s.entry(seconds).or_insert(0) += 1,
                _ => {}
            }
        }
        Ok(RunReport {
            headline: figures(self.schedule.headline).unwrap_or_default(),
            deadline_ms: arguments.deadline_ms,
            recovery_s: self.recovery_s(limit_ms)?,
            url: self.measured.url.clone(),
            headline_phase: self.headline.name.to_owned(),
            unloaded_p50_ms: self.measured.unloaded_p50_ms,
            base_p50_ms,
            recovery_limit_ms: limit_ms.map(round),
            generator_lateness_p99_ms: lateness.quantile_ms(0.99),
            unanswered,
            failures,
            retry_after_s,
            queue_dropped: self.queue_dropped(),
            phases,
            tenants: self.tenants()?,
            sizes: self.sizes()?,
            hang_ups: self.hang_ups()?,
            times: stages::times(self.in_phase(self.schedule.headline))?,
            timeline: windows::of(&self.sent, (Duration::ZERO, end), deadline)?,
        })
    }

    fn phases(&self) -> Result<Vec<PhaseReport>, LoadError> {
        let report = |(index, phase): (usize, &Phase)| {
            let admitted = self.in_phase(index).filter(|sent| sent.outcome().is_admitted());
            Ok(PhaseReport {
                name: phase.name.to_owned(),
                start_s: phase.span.0.as_secs_f64(),
                length_s: phase.length_s(),
                planned_per_s: round(phase.planned_per_s),
                figures: Figures::of(self.in_phase(index), phase.length_s(), self.supplies.deadline)?,
                latency_quantiles_ms: Latencies::of(admitted.map(Sent::latency))?.curve(),
            })
        };
        self.schedule.phases.iter().enumerate().map(report).collect()
    }

    fn recovery_s(&self, limit_ms: Option<f64>) -> Result<Option<f64>, LoadError> {
        let phase = self.schedule.recovery.and_then(|phase| self.schedule.phases.get(phase));
        let Some((phase, limit_ms)) = phase.zip(limit_ms) else { return Ok(None) };
        let windows = windows::of(&self.sent, phase.span, self.supplies.deadline)?;
        Ok(recovery::seconds(&windows, limit_ms))
    }

    fn queue_dropped(&self) -> Option<BTreeMap<String, f64>> {
        let mut total = BTreeMap::new();
        for segment in &self.measured.dropped {
            for (reason, items) in segment.as_ref()? {
                *total.entry(reason.clone()).or_insert(0.0) += items;
            }
        }
        Some(total)
    }

    /// The figures of the requests of the headline phase for which `belongs` holds.
    fn group(&self, name: &str, belongs: impl Fn(&Sent<'_>) -> bool) -> Result<GroupReport, LoadError> {
        let sent = self.in_phase(self.schedule.headline).filter(|sent| belongs(sent));
        let figures = Figures::of(sent, self.headline.length_s(), self.supplies.deadline)?;
        Ok(GroupReport { name: name.to_owned(), figures })
    }

    fn tenants(&self) -> Result<Vec<GroupReport>, LoadError> {
        let tenants = self.supplies.tenants.iter().enumerate().filter(|_| self.supplies.tenants.len() > 1);
        tenants.map(|(index, tenant)| self.group(&tenant.name, |sent| sent.arrival.tenant == index)).collect()
    }

    fn sizes(&self) -> Result<Vec<GroupReport>, LoadError> {
        if !self.sent.iter().any(|sent| sent.arrival.huge) {
            return Ok(Vec::new());
        }
        Ok(vec![self.group("ordinary", |sent| !sent.arrival.huge)?, self.group("huge", |sent| sent.arrival.huge)?])
    }

    fn hang_ups(&self) -> Result<Option<HangUps>, LoadError> {
        let leave = self.schedule.phases.iter().position(|phase| phase.leavers_leave);
        let stay = self.schedule.phases.iter().position(|phase| !phase.leavers_leave);
        let Some((stay, leave)) = stay.zip(leave) else { return Ok(None) };
        let figures = |index: usize, staying: bool| {
            let length_s = self.schedule.phases.get(index).map_or(0.0, Phase::length_s);
            let sent = self.in_phase(index).filter(|sent| !staying || sent.arrival.patience.is_none());
            Figures::of(sent, length_s, self.supplies.deadline)
        };
        let cancelled = |index: usize| {
            let segment = self.schedule.phases.get(index)?.segment;
            let dropped = self.measured.dropped.get(segment)?.as_ref()?;
            Some(dropped.get("cancelled").copied().unwrap_or(0.0))
        };
        Ok(Some(HangUps {
            left: figures(leave, false)?.left,
            staying_goodput_all_stay_per_s: figures(stay, true)?.goodput_per_s,
            staying_goodput_some_leave_per_s: figures(leave, true)?.goodput_per_s,
            cancelled_all_stay: cancelled(stay),
            cancelled_some_leave: cancelled(leave),
        }))
    }
}
