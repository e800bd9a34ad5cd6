//! Every metric of the server: name, unit, help, buckets, and the one function that records it.
//!
//! Names follow the Prometheus conventions: base units, `_seconds`, `_total`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{Gauge, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use slipstream_api::{ErrorCode, Status};

const HTTP_DURATION: &str = "slipstream_http_request_duration_seconds";
const HTTP_IN_FLIGHT: &str = "slipstream_http_requests_in_flight";
const HTTP_HANGUPS: &str = "slipstream_http_hangups_total";
const STAGE_DURATION: &str = "slipstream_stage_duration_seconds";
const QUEUE_DEPTH: &str = "slipstream_queue_depth";
const QUEUE_PREDICTED: &str = "slipstream_queue_predicted_seconds";
const QUEUE_WAIT: &str = "slipstream_queue_wait_seconds";
const QUEUE_DROPPED: &str = "slipstream_queue_dropped_total";
const BATCH_SIZE: &str = "slipstream_batch_size";
const BATCH_DURATION: &str = "slipstream_batch_duration_seconds";
const FAILURES: &str = "slipstream_failures_total";
const RECEIPTS: &str = "slipstream_receipts_total";
const KERNELS: &str = "slipstream_kernels_info";
const LINES: &str = "slipstream_lines_total";
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
    for name in [STAGE_DURATION, BATCH_DURATION, QUEUE_WAIT] {
        builder = builder.set_buckets_for_metric(full(name), &WORK_SECONDS)?;
    }
    let handle = builder.set_buckets_for_metric(full(BATCH_SIZE), &BATCH_ITEMS)?.install_recorder()?;
    describe();
    Ok(installed.insert(handle).clone())
}

fn describe() {
    describe_histogram!(HTTP_DURATION, Unit::Seconds, "time from a request's head to its answer, by route and status");
    describe_gauge!(HTTP_IN_FLIGHT, Unit::Count, "receipts that are being read");
    describe_counter!(HTTP_HANGUPS, Unit::Count, "requests whose client went away before the answer");
    describe_histogram!(STAGE_DURATION, Unit::Seconds, "time a receipt spends in a stage, waiting included");
    describe_gauge!(QUEUE_DEPTH, Unit::Count, "items that wait in a queue");
    describe_gauge!(QUEUE_PREDICTED, Unit::Seconds, "predicted time to work off what waits in a queue");
    describe_histogram!(QUEUE_WAIT, Unit::Seconds, "time an item waits before its batch starts");
    describe_counter!(QUEUE_DROPPED, Unit::Count, "items that left a queue unexecuted, by reason");
    describe_histogram!(BATCH_SIZE, Unit::Count, "items in a batch");
    describe_histogram!(BATCH_DURATION, Unit::Seconds, "compute time of a batch");
    describe_counter!(FAILURES, Unit::Count, "error answers, by the code of the problem");
    describe_counter!(RECEIPTS, Unit::Count, "receipts that were read, by status");
    describe_counter!(
        LINES,
        Unit::Count,
        "lines that were read, by reader; the second reads again what the first doubts"
    );
    describe_gauge!(KERNELS, Unit::Count, "1 for the instruction set that the networks run on");
    describe_counter!(PANICS, Unit::Count, "panics, each a fault of the server");
}

/// A request was answered.
pub fn request(route: &str, method: &str, status: u16, took: Duration) {
    let labels = [("route", route.to_owned()), ("method", method.to_owned()), ("status", status.to_string())];
    histogram!(HTTP_DURATION, &labels).record(took);
}

/// The gauge of receipts in flight.
pub fn in_flight() -> Gauge {
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

/// A queue's backlog changed.
pub fn queue_depth(queue: &'static str, items: usize, predicted: Duration) {
    gauge!(QUEUE_DEPTH, "queue" => queue).set(items as f64);
    gauge!(QUEUE_PREDICTED, "queue" => queue).set(predicted);
}

/// An item goes into a batch.
pub fn queue_wait(queue: &'static str, waited: Duration) {
    histogram!(QUEUE_WAIT, "queue" => queue).record(waited);
}

/// Items left a queue unexecuted.
pub fn queue_dropped(queue: &'static str, reason: &'static str, items: usize) {
    counter!(QUEUE_DROPPED, "queue" => queue, "reason" => reason).increment(items as u64);
}

/// A batch starts.
pub fn batch_size(queue: &'static str, items: usize) {
    histogram!(BATCH_SIZE, "queue" => queue).record(items as f64);
}

/// A batch ended.
pub fn batch_duration(queue: &'static str, took: Duration) {
    histogram!(BATCH_DURATION, "queue" => queue).record(took);
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
