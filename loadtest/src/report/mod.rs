//! The report of a session: its parts, and how it is written.

mod build;
mod html;
mod stages;
mod summary;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

pub use self::build::of;
pub use self::html::render;
pub use self::summary::print;
use crate::error::LoadError;
use crate::record::Figures;
use crate::windows::Window;

/// The report of a session.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The profile, or `trace`.
    pub profile: String,
    /// The run against the server of `--url`.
    #[serde(flatten)]
    pub run: RunReport,
    /// Receipts a second that rates were derived from; null where none were.
    pub capacity_per_s: Option<f64>,
    /// Whether the capacity was measured, and not given.
    pub capacity_measured: bool,
    /// The seed of all that was drawn.
    pub seed: u64,
    /// What was sent.
    pub images: ImagesReport,
    /// The run against the server of `--against`, with the same requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub against: Option<RunReport>,
}

/// The images that were sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImagesReport {
    /// How many there are.
    pub count: usize,
    /// Their mean size in bytes.
    pub mean_bytes: u64,
    /// Images of the folder that did not fit into memory's share.
    pub left_out: usize,
}

/// A run against one server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunReport {
    /// The figures of the phase that the profile is about.
    #[serde(flatten)]
    pub headline: Figures,
    /// The deadline of every request, in milliseconds.
    pub deadline_ms: u32,
    /// Seconds from the end of the peak until the server was as fast as before; null if it never was, or there was no peak.
    pub recovery_s: Option<f64>,
    /// The server.
    pub url: String,
    /// The phase that the profile is about.
    pub headline_phase: String,
    /// Median latency of receipts sent one after the other, in milliseconds.
    pub unloaded_p50_ms: f64,
    /// Median latency under base load, in milliseconds.
    pub base_p50_ms: Option<f64>,
    /// Median latency up to which a second counts as recovered, in milliseconds.
    pub recovery_limit_ms: Option<f64>,
    /// How late requests were sent, 99th percentile in milliseconds. Latencies include it.
    pub generator_lateness_p99_ms: Option<f64>,
    /// Requests of all phases without an answer.
    pub unanswered: u64,
    /// Failed requests of all phases, by reason.
    pub failures: BTreeMap<String, u64>,
    /// Refusals of all phases by the seconds of their `retry-after`.
    pub retry_after_s: BTreeMap<u64, u64>,
    /// Items that left the server's queues unexecuted, by reason; null where the server does not tell.
    pub queue_dropped: Option<BTreeMap<String, f64>>,
    /// Every phase.
    pub phases: Vec<PhaseReport>,
    /// The headline phase by tenant, where there are several.
    pub tenants: Vec<GroupReport>,
    /// The headline phase by size of the image, where some are huge.
    pub sizes: Vec<GroupReport>,
    /// What hang-ups cost those who stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hang_ups: Option<HangUps>,
    /// Where the time of the receipts that were read in the headline phase went.
    pub times: Times,
    /// Every second of the schedule.
    pub timeline: Vec<Window>,
}

/// A phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseReport {
    /// Its name.
    pub name: String,
    /// When it began, in seconds of the schedule.
    pub start_s: f64,
    /// How long requests were sent, in seconds.
    pub length_s: f64,
    /// Requests a second as planned.
    pub planned_per_s: f64,
    /// What came of it.
    #[serde(flatten)]
    pub figures: Figures,
    /// Quantiles (0 to 1) of the latency and their milliseconds.
    pub latency_quantiles_ms: Vec<(f64, f64)>,
}

/// Requests that have something in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GroupReport {
    /// What they have in common.
    pub name: String,
    /// What came of them.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The same overload twice, the second time with clients that hang up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HangUps {
    /// Clients that hung up before their answer.
    pub left: u64,
    /// Receipts read in time, a second, for the clients that stay both times, when nobody hangs up.
    pub staying_goodput_all_stay_per_s: f64,
    /// The same when the others hang up.
    pub staying_goodput_some_leave_per_s: f64,
    /// Items that left the server's queues as cancelled when nobody hangs up; null where the server does not tell.
    pub cancelled_all_stay: Option<f64>,
    /// The same when some hang up.
    pub cancelled_some_leave: Option<f64>,
}

/// Where time went: what the server says, beside what the client sees.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Times {
    /// Stages of the server, in its order.
    pub stages: Vec<StageReport>,
    /// What the server's total has beyond its stages: the upload, and waiting that belongs to no stage.
    pub between: Option<StageReport>,
    /// From the head of a request to its answer, as the server says.
    pub server: Option<StageReport>,
    /// What the client sees beyond that: the network, and waiting to be served.
    pub rest: Option<StageReport>,
    /// From sending to the end of the answer, as the client sees it.
    pub client: Option<StageReport>,
}

/// The times of one stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StageReport {
    /// Its name.
    pub stage: String,
    /// Receipts that passed it.
    pub count: u64,
    /// Mean in milliseconds.
    pub mean_ms: f64,
    /// Median in milliseconds.
    pub p50_ms: f64,
    /// 99th percentile in milliseconds.
    pub p99_ms: f64,
}

impl Report {
    /// The runs, the first one first.
    pub fn runs(&self) -> impl Iterator<Item = &RunReport> {
        std::iter::once(&self.run).chain(&self.against)
    }

    /// Why the session did not go well, if it did not: requests without an answer or with one that no caller expects,
    /// and, in a smoke test, any receipt that was not read.
    pub fn complaint(&self) -> Option<String> {
        let complaint = |run: &RunReport| {
            let failures: Vec<_> = run.failures.iter().map(|(reason, count)| format!("{count} × {reason}")).collect();
            if !failures.is_empty() {
                return Some(format!("requests to {} failed: {}", run.url, failures.join(", ")));
            }
            let Figures { offered, admitted, deadline_exceeded, .. } = run.headline;
            let read = admitted - deadline_exceeded;
            (self.profile == "smoke" && read < offered)
                .then(|| format!("{} read {read} of {offered} receipts; look at its log", run.url))
        };
        self.runs().find_map(complaint)
    }
}

/// Whether a report can be written to `path` later: before a run, and not after it, is the time to know.
///
/// # Errors
/// When its folder does not exist or it is a folder itself.
pub fn check(path: &Path) -> Result<(), LoadError> {
    let failed = |reason: &str| LoadError::Write { path: path.to_owned(), source: io::Error::other(reason.to_owned()) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Err(failed("its folder does not exist, make it"));
    }
    if path.is_dir() { Err(failed("it is a folder, name a file")) } else { Ok(()) }
}

/// Writes the report as JSON.
///
/// # Errors
/// When the file cannot be written.
pub fn write_json(report: &Report, path: &Path) -> Result<(), LoadError> {
    let mut json = serde_json::to_vec_pretty(report)?;
    json.push(b'\n');
    fs::write(path, json).map_err(|source| LoadError::Write { path: path.to_owned(), source })
}

/// Writes the report as a page.
///
/// # Errors
/// When the file cannot be written.
pub fn write_html(report: &Report, path: &Path) -> Result<(), LoadError> {
    fs::write(path, render(report)).map_err(|source| LoadError::Write { path: path.to_owned(), source })
}
