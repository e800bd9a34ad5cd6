//! Every metric of the server: name, unit, help, buckets, and the one function that records it.
//!
//! Names follow the Prometheus conventions: base units, `_seconds`, `_total`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{
    Counter, Gauge, Histogram, Label, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use slipstream_api::{ErrorCode, PixelCheck, Status};
use slipstream_batcher::{Priority, Settled};

const HTTP_DURATION: &str = "slipstream_http_request_duration_seconds";
const HTTP_IN_FLIGHT: &str = "slipstream_http_requests_in_flight";
const HTTP_HANGUPS: &str = "slipstream_http_hangups_total";
const STAGE_DURATION: &str = "slipstream_stage_duration_seconds";
pub(super) const QUEUE_WAIT: &str = "slipstream_queue_wait_seconds";
pub(super) const COMPUTE: &str = "slipstream_compute_seconds";
const COMPUTE_THREADS: &str = "slipstream_compute_threads";
pub(super) const QUEUE_DEPTH: &str = "slipstream_queue_depth";
pub(super) const QUEUE_PREDICTED: &str = "slipstream_queue_predicted_seconds";
pub(super) const QUEUE_DROPPED: &str = "slipstream_queue_dropped_total";
pub(super) const BATCH_SIZE: &str = "slipstream_batch_size";
pub(super) const BATCH_PADDING: &str = "slipstream_batch_padding_ratio";
pub(super) const BATCH_PREDICTION: &str = "slipstream_batch_prediction_ratio";
const ADMISSIONS: &str = "slipstream_admissions_total";
const ADMISSION_LIMIT: &str = "slipstream_admission_limit_seconds";
const ADMISSION_LIMIT_MAX: &str = "slipstream_admission_limit_max_seconds";
const ADMISSION_STRETCH: &str = "slipstream_admission_stretch_ratio";
const OUTCOMES: &str = "slipstream_outcomes_total";
const TURNS_WAITING: &str = "slipstream_turns_waiting";
const CPU_UTILISATION: &str = "slipstream_cpu_utilisation_ratio";
const MODEL_SET: &str = "slipstream_model_set_info";
const READY: &str = "slipstream_ready";
const ADMITTED_WORK: &str = "slipstream_admitted_work_seconds";
const RETRY_AFTER: &str = "slipstream_retry_after_seconds";
const REQUEST_COST: &str = "slipstream_request_cost_prediction_ratio";
const REQUEST_TIME: &str = "slipstream_request_time_prediction_ratio";
const FAILURES: &str = "slipstream_failures_total";
const RECEIPTS: &str = "slipstream_receipts_total";
const KERNELS: &str = "slipstream_kernels_info";
const LINES: &str = "slipstream_lines_total";
const PIXELS: &str = "slipstream_pixel_checks_total";
const PANICS: &str = "slipstream_panics_total";

/// From a cached health check to the longest deadline, about 2 buckets an octave
/// where receipts are (0.1 to 2 s).
const REQUEST_SECONDS: [f64; 16] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0];
/// Stages and batches: from a rule check to a page of small print.
const WORK_SECONDS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Items in a batch.
const BATCH_ITEMS: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 24.0, 32.0, 48.0, 64.0, 128.0];
/// Part of a batch that is padding.
const PADDING: [f64; 7] = [0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75];
/// What came by what was predicted: below 1 it was less.
const RATIOS: [f64; 12] = [0.25, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 4.0, 8.0];
/// Times that callers are told to wait.
const WAITS: [f64; 8] = [1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0];

/// Installs the process-wide recorder on first use and gives its handle, which
/// renders what `GET /metrics` answers.
///
/// # Errors
/// When another recorder was installed before.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    // Held until the recorder is in place, so that two callers do not install two.
    static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = installed.as_ref() {
        return Ok(handle.clone());
    }
    let full = |name: &str| Matcher::Full(name.to_owned());
    let mut builder = PrometheusBuilder::new().set_buckets_for_metric(full(HTTP_DURATION), &REQUEST_SECONDS)?;
    let buckets: [(&str, &[f64]); 9] = [
        (STAGE_DURATION, &WORK_SECONDS),
        (COMPUTE, &WORK_SECONDS),
        (QUEUE_WAIT, &WORK_SECONDS),
        (BATCH_SIZE, &BATCH_ITEMS),
        (BATCH_PADDING, &PADDING),
        (BATCH_PREDICTION, &RATIOS),
        (REQUEST_COST, &RATIOS),
        (REQUEST_TIME, &RATIOS),
        (RETRY_AFTER, &WAITS),
    ];
    for (name, buckets) in buckets {
        builder = builder.set_buckets_for_metric(full(name), buckets)?;
    }
    let handle = builder.install_recorder()?;
    describe();
    begin();
    Ok(installed.insert(handle).clone())
}

fn describe() {
    describe_histogram!(HTTP_DURATION, Unit::Seconds, "time from a request's head to its answer, by route and status");
    describe_gauge!(HTTP_IN_FLIGHT, Unit::Count, "receipts that are being read");
    describe_counter!(HTTP_HANGUPS, Unit::Count, "requests whose client went away before the answer");
    describe_histogram!(STAGE_DURATION, Unit::Seconds, "time a receipt spends in a stage, waiting included");
    describe_histogram!(
        QUEUE_WAIT,
        Unit::Seconds,
        "time that work waits before it is computed, by stage, model and bucket of size"
    );
    describe_histogram!(COMPUTE, Unit::Seconds, "compute time of a batch, or of a stage's work for one receipt");
    describe_gauge!(COMPUTE_THREADS, Unit::Count, "compute threads");
    describe_gauge!(QUEUE_DEPTH, Unit::Count, "items that wait in a queue");
    describe_gauge!(QUEUE_PREDICTED, Unit::Seconds, "predicted time to work off what waits in a queue");
    describe_counter!(QUEUE_DROPPED, Unit::Count, "items that left a queue unexecuted, by reason");
    describe_histogram!(BATCH_SIZE, Unit::Count, "items in a batch");
    describe_histogram!(BATCH_PADDING, Unit::Count, "part of a batch that is padding, 0 to 1");
    describe_histogram!(BATCH_PREDICTION, Unit::Count, "compute time of a batch by what was predicted");
    describe_counter!(ADMISSIONS, Unit::Count, "decisions at the door, by tenant and priority");
    describe_gauge!(ADMISSION_LIMIT, Unit::Seconds, "predicted compute time that may be in flight");
    describe_gauge!(ADMISSION_LIMIT_MAX, Unit::Seconds, "the most that the limit can become");
    describe_gauge!(ADMISSION_STRETCH, Unit::Count, "how many times as long as predicted answers are believed to take");
    describe_counter!(
        OUTCOMES,
        Unit::Count,
        "receipts that had been let in, by tenant and priority: done, missed (504) or abandoned (hang-ups, errors)"
    );
    describe_gauge!(TURNS_WAITING, Unit::Count, "receipts that were let in and wait until a page may be decoded");
    describe_gauge!(
        CPU_UTILISATION,
        Unit::Count,
        "processor time of the server by its compute threads, 0 to 1 or more"
    );
    describe_gauge!(MODEL_SET, Unit::Count, "1 for the model set that reads new receipts, 0 for those before it");
    describe_gauge!(READY, Unit::Count, "1 while receipts are taken");
    describe_gauge!(ADMITTED_WORK, Unit::Seconds, "predicted compute time in flight, by priority");
    describe_histogram!(RETRY_AFTER, Unit::Seconds, "times that refused callers were told to wait");
    describe_histogram!(REQUEST_COST, Unit::Count, "compute time of a receipt by what was predicted when it came");
    describe_histogram!(REQUEST_TIME, Unit::Count, "time of an answer by what was predicted when the request came");
    describe_counter!(FAILURES, Unit::Count, "error answers, by the code of the problem");
    describe_counter!(RECEIPTS, Unit::Count, "receipts that were read, by status");
    describe_counter!(
        LINES,
        Unit::Count,
        "lines that were read, by reader; the second reads again what the first doubts"
    );
    describe_counter!(
        PIXELS,
        Unit::Count,
        "uploads whose answer speaks of fraud, by whether their pixels were looked at (judged) or why not"
    );
    describe_gauge!(KERNELS, Unit::Count, "1 for the instruction set that the networks run on");
    describe_counter!(PANICS, Unit::Count, "panics, each a fault of the server");
}

/// Lets counters begin at zero, since a rate misses what a counter begins with.
fn begin() {
    counter!(PANICS).increment(0);
    counter!(HTTP_HANGUPS).increment(0);
    for code in ErrorCode::ALL {
        counter!(FAILURES, "code" => code.as_str()).increment(0);
    }
    ready(false);
}

/// A request was answered.
pub fn request(route: &str, method: &str, status: u16, took: Duration) {
    let labels = [("route", route.to_owned()), ("method", method.to_owned()), ("status", status.to_string())];
    histogram!(HTTP_DURATION, &labels).record(took);
}

/// Receipts in flight.
pub(super) fn in_flight() -> Gauge {
    gauge!(HTTP_IN_FLIGHT)
}

/// A client went away before its answer.
pub fn hangup() {
    counter!(HTTP_HANGUPS).increment(1);
}

/// A receipt has passed a stage.
pub fn stage(stage: &'static str, took: Duration) {
    histogram!(STAGE_DURATION, "stage" => stage).record(took);
}

/// What tells the metrics of one queue from those of the others.
#[derive(Debug, Clone)]
pub(super) struct QueueLabels {
    pub(super) stage: &'static str,
    pub(super) model: String,
    pub(super) model_set: String,
}

impl QueueLabels {
    fn all(&self, more: Option<(&'static str, &str)>) -> Vec<Label> {
        let own = [("stage", self.stage), ("model", &self.model), ("model_set", &self.model_set)];
        own.into_iter().chain(more).map(|(name, value)| Label::new(name, value.to_owned())).collect()
    }

    pub(super) fn gauge(&self, name: &'static str) -> Gauge {
        gauge!(name, self.all(None))
    }

    pub(super) fn histogram(&self, name: &'static str, bucket: &str) -> Histogram {
        histogram!(name, self.all(Some(("bucket", bucket))))
    }

    pub(super) fn counter(&self, name: &'static str, reason: &'static str) -> Counter {
        counter!(name, self.all(Some(("reason", reason))))
    }
}

/// A stage's own work for one receipt waited for a thread, and was done.
pub fn computed(stage: &'static str, waited: Duration, busy: Duration) {
    histogram!(QUEUE_WAIT, "stage" => stage).record(waited);
    histogram!(COMPUTE, "stage" => stage).record(busy);
}

/// A receipt that was let in waited for its turn.
pub fn turn(waited: Duration) {
    histogram!(QUEUE_WAIT, "stage" => "turn").record(waited);
}

/// A receipt left while it waited for its turn: its client hung up, or its deadline passed.
pub fn turn_left() {
    counter!(QUEUE_DROPPED, "stage" => "turn", "reason" => "cancelled").increment(1);
}

/// The number of compute threads.
pub fn compute_threads(threads: usize) {
    gauge!(COMPUTE_THREADS).set(threads as f64);
}

/// Decisions of one kind about the requests of one tenant.
pub(super) fn admissions(tenant: &str, priority: Priority, decision: &'static str) -> Counter {
    counter!(ADMISSIONS, "tenant" => tenant.to_owned(), "priority" => word(priority), "decision" => decision)
}

/// Predicted compute time that may be in flight.
pub(super) fn admission_limit() -> Gauge {
    gauge!(ADMISSION_LIMIT)
}

/// The most that the limit can become.
pub(super) fn admission_limit_max() -> Gauge {
    gauge!(ADMISSION_LIMIT_MAX)
}

/// How many times as long as predicted answers are believed to take.
pub(super) fn admission_stretch() -> Gauge {
    gauge!(ADMISSION_STRETCH)
}

/// Receipts of one tenant that ended like this.
pub(super) fn outcomes(tenant: &str, priority: Priority, outcome: &'static str) -> Counter {
    counter!(OUTCOMES, "tenant" => tenant.to_owned(), "priority" => word(priority), "outcome" => outcome)
}

/// Lets the counters of a tenant begin at zero, since a rate misses what a counter begins with.
pub(super) fn begin_tenant(tenant: &str, decisions: &[&'static str], ends: &[&'static str]) {
    for priority in Priority::ALL {
        for decision in decisions {
            admissions(tenant, priority, decision).increment(0);
        }
        for outcome in ends {
            outcomes(tenant, priority, outcome).increment(0);
        }
    }
}

fn word(priority: Priority) -> &'static str {
    match priority {
        Priority::Interactive => "interactive",
        Priority::Bulk => "bulk",
    }
}

/// Receipts that wait for their turn.
pub fn turns_waiting() -> Gauge {
    gauge!(TURNS_WAITING)
}

/// Use of the processors, by the compute threads.
pub fn cpu_utilisation(ratio: f64) {
    gauge!(CPU_UTILISATION).set(ratio);
}

/// The model set `now` reads new receipts, and `before` does not any more.
pub fn serving(before: Option<&str>, now: &str) {
    if let Some(before) = before {
        gauge!(MODEL_SET, "model_set" => before.to_owned()).set(0.0);
    }
    gauge!(MODEL_SET, "model_set" => now.to_owned()).set(1.0);
}

/// Whether receipts are taken.
pub fn ready(ready: bool) {
    gauge!(READY).set(if ready { 1.0 } else { 0.0 });
}

/// Predicted compute time in flight.
pub(super) fn admitted_work(priority: &'static str) -> Gauge {
    gauge!(ADMITTED_WORK, "priority" => priority)
}

/// A caller was told when to come back.
pub fn retry_after(wait: Duration) {
    histogram!(RETRY_AFTER).record(wait);
}

/// A request was answered, which had been predicted.
pub(super) fn settled(settled: Settled) {
    let Settled { cost, busy, expected, took } = settled;
    let ratio = |came: Duration, predicted: Duration| came.as_secs_f64() / predicted.as_secs_f64().max(1e-9);
    histogram!(REQUEST_COST).record(ratio(busy, cost));
    histogram!(REQUEST_TIME).record(ratio(took, expected));
}

/// An error was answered.
pub fn failure(code: ErrorCode) {
    counter!(FAILURES, "code" => code.as_str()).increment(1);
}

/// A receipt was answered.
pub fn receipt(status: Status) {
    let status = match status {
        Status::Extracted => "extracted",
        Status::NeedsBetterPhoto => "needs_better_photo",
        Status::NotADocument => "not_a_document",
    };
    counter!(RECEIPTS, "status" => status).increment(1);
}

/// The pixels of an upload were looked at for edits, or not.
pub fn pixels(check: PixelCheck) {
    let outcome = match check {
        PixelCheck::Judged => "judged",
        PixelCheck::Compressed => "compressed",
        PixelCheck::TooLarge => "too_large",
        PixelCheck::Rendered => "rendered",
        PixelCheck::Unreadable => "unreadable",
        PixelCheck::Off => "off",
    };
    counter!(PIXELS, "outcome" => outcome).increment(1);
}

/// The networks run on this instruction set.
pub fn kernels(backend: &'static str) {
    gauge!(KERNELS, "backend" => backend).set(1.0);
}

/// Lines were read by the `first` or the `second` reader.
pub fn lines_read(reader: &'static str, lines: usize) {
    counter!(LINES, "reader" => reader).increment(lines as u64);
}

/// A thread panicked.
pub fn panicked() {
    counter!(PANICS).increment(1);
}
