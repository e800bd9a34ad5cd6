//! A whole session: prepare, measure capacity, run the schedule, and run it again on the other server.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::sleep;

use crate::capacity;
use crate::cli::Arguments;
use crate::client::Client;
use crate::error::LoadError;
use crate::images::Images;
use crate::profile::{Load, Profile};
use crate::record::Sample;
use crate::report::{self, Report};
use crate::run::{self, Supplies};
use crate::schedule::Schedule;
use crate::scrape;
use crate::target::Target;
use crate::tenants::Tenant;
use crate::trace;
use crate::view::View;

/// Where the capacity comes from, that rates follow from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Capacity {
    /// It was measured, in receipts a second.
    Measured(f64),
    /// It was given, or follows from the rate that was given, in receipts a second.
    Given(f64),
    /// Nothing depends on it.
    Unknown,
}

impl Capacity {
    /// In receipts a second.
    pub fn per_s(self) -> Option<f64> {
        match self {
            Self::Measured(per_s) | Self::Given(per_s) => Some(per_s),
            Self::Unknown => None,
        }
    }
}

/// What a run against one server gave.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The server.
    pub url: String,
    /// Median latency of receipts that were sent one after the other, in milliseconds.
    pub unloaded_p50_ms: f64,
    /// Every request.
    pub samples: Vec<Sample>,
    /// For every segment of the schedule, what left the server's queues unexecuted meanwhile, by reason. None where the
    /// server does not tell.
    pub dropped: Vec<Option<BTreeMap<String, f64>>>,
}

/// Does what `arguments` ask for.
///
/// # Errors
/// When there cannot be a report.
pub async fn run(arguments: &Arguments, view: &mut View) -> Result<Report, LoadError> {
    for path in [&arguments.json, &arguments.html].into_iter().flatten() {
        report::check(path)?;
    }
    let client = |url: &str| -> Result<_, LoadError> {
        Ok(Arc::new(Client::new(Target::find(url, arguments.allow_remote)?, arguments.connections)))
    };
    let first = client(&arguments.url)?;
    let against = arguments.against.as_deref().map(client).transpose()?;
    let tenants = if arguments.keys.is_empty() { vec![Tenant::anonymous()] } else { arguments.keys.clone() };
    let images = Images::load(&arguments.images)?;
    let supplies = Arc::new(Supplies { images, tenants, deadline: arguments.deadline() });
    // Before the server is troubled: what is wrong with a trace, or with the number of tenants.
    let replay = match &arguments.trace {
        Some(path) => {
            let trace = trace::read(path, &supplies.tenants, arguments.max_requests)?;
            Some(Schedule::replay(&trace, &supplies.images.catalogue, arguments.seed))
        }
        None => None,
    };
    if let Some(profile) = arguments.profile {
        profile.plan(&load(arguments, profile, &supplies, 1.0))?;
    }

    let unloaded = warm_up(&first, &supplies, view).await?;
    let capacity = capacity_of(arguments, &first, &supplies, view).await?;
    let schedule = match (replay, arguments.profile) {
        (Some(schedule), _) => schedule,
        (None, profile) => {
            let profile = profile.unwrap_or(Profile::Smoke);
            let plan = profile.plan(&load(arguments, profile, &supplies, capacity.per_s().unwrap_or(1.0)))?;
            Schedule::draw(&plan, &supplies.images.catalogue, arguments.seed, arguments.max_requests)?
        }
    };
    let schedule = Arc::new(schedule);
    let mut runs = vec![measure(arguments, &first, &supplies, &schedule, unloaded, view).await?];
    if let Some(client) = against {
        sleep(arguments.rest_s).await;
        let unloaded = warm_up(&client, &supplies, view).await?;
        runs.push(measure(arguments, &client, &supplies, &schedule, unloaded, view).await?);
    }
    view.finish();
    report::of(arguments, &supplies, &schedule, capacity, &runs)
}

async fn warm_up(client: &Client, supplies: &Supplies, view: &mut View) -> Result<f64, LoadError> {
    capacity::wait_until_ready(client, view).await?;
    capacity::unloaded_p50_ms(client, supplies, view).await
}

async fn capacity_of(
    arguments: &Arguments,
    client: &Arc<Client>,
    supplies: &Arc<Supplies>,
    view: &mut View,
) -> Result<Capacity, LoadError> {
    let Some(multiple) = arguments.profile.and_then(|profile| profile.multiple(arguments.factor)) else {
        return Ok(Capacity::Unknown);
    };
    if let Some(given) = arguments.capacity.or(arguments.rate.map(|rate| rate / multiple)) {
        return Ok(Capacity::Given(given));
    }
    let per_s = capacity::measure(client, supplies, arguments.capacity_s, arguments.max_requests, view).await?;
    sleep(arguments.rest_s).await;
    Ok(Capacity::Measured(per_s))
}

fn load(arguments: &Arguments, profile: Profile, supplies: &Supplies, capacity_per_s: f64) -> Load {
    let derived = profile.multiple(arguments.factor).map(|multiple| multiple * capacity_per_s);
    Load {
        capacity_per_s,
        headline_per_s: arguments.rate.or(derived).unwrap_or(profile.own_rate_per_s()),
        length: arguments.duration_s,
        base: arguments.base_s,
        recovery: arguments.recovery_s,
        deadline: supplies.deadline,
        tenants: supplies.tenants.len(),
    }
}

async fn measure(
    arguments: &Arguments,
    client: &Arc<Client>,
    supplies: &Arc<Supplies>,
    schedule: &Arc<Schedule>,
    unloaded_p50_ms: f64,
    view: &mut View,
) -> Result<Measured, LoadError> {
    let (mut samples, mut dropped) = (Vec::with_capacity(schedule.arrivals.len()), Vec::new());
    for segment in 0..schedule.segments() {
        if segment > 0 {
            sleep(arguments.rest_s).await;
        }
        let before = scrape::queue_dropped(client).await;
        samples.extend(run::segment(client, supplies, schedule, segment, view).await?);
        let after = scrape::queue_dropped(client).await;
        dropped.push(before.zip(after).map(|(before, after)| scrape::increase(&before, &after)));
    }
    Ok(Measured { url: client.url().to_owned(), unloaded_p50_ms, samples, dropped })
}
