//! `POST /v1/receipts`: the order of checks, and the answer.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::{Body, HttpBody};
use axum::extract::{Extension, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use slipstream_api::{ErrorCode, Problem, ReceiptResponse};
use slipstream_batcher::{Outcome, Standing};
use tracing::{Instrument, info_span};

use super::App;
use super::error::ApiError;
use super::identify::RequestId;
use super::linger::linger;
use super::options::{Options, Wish};
use super::upload::{self, Form};
use crate::pipeline::duplicates::Asked;
use crate::pipeline::{Job, Reading, Stage, Upload};
use crate::registry::Serving;
use crate::telemetry::metrics;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// What the head of a request says.
struct Head {
    options: Options,
    form: Form,
    serving: Arc<Serving>,
    standing: Standing,
    asked: Option<Asked>,
    /// Bytes of the upload, if it says.
    length: Option<u64>,
}

/// Reads a receipt.
#[utoipa::path(
    post,
    path = "/v1/receipts",
    tag = "receipts",
    params(
        ("include" = Option<String>, Query, description = "comma list of text, lines, quality, fraud, timings; all but lines when absent"),
        ("duplicates" = Option<String>, Query, description = "check: say whether the receipt was sent before; remember: and remember it; off. Where the server has a store, remember when absent, else off"),
        ("x-customer" = Option<String>, Header, description = "1 to 256 ASCII characters: whose receipt it is, to be erased by; kept as a keyed hash"),
        ("x-request-id" = Option<String>, Header, description = "1 to 128 visible ASCII characters, comes back in the answer; made up when absent"),
        ("x-deadline-ms" = Option<u32>, Header, description = "the caller's own time budget; the server's limit when absent or longer"),
        ("x-priority" = Option<String>, Header, description = "interactive (default) or bulk, which goes when nothing interactive waits"),
    ),
    request_body(
        description = "the image, the PDF or the XML of an e-invoice itself, or a form with it in the field `file`",
        content(
            (Vec<u8> = "image/jpeg"),
            (Vec<u8> = "image/png"),
            (Vec<u8> = "image/webp"),
            (Vec<u8> = "application/pdf"),
            (Vec<u8> = "application/xml"),
            (super::openapi::UploadForm = "multipart/form-data"),
        ),
    ),
    responses(
        (status = 200, description = "what was read", body = ReceiptResponse, headers(
            ("x-request-id" = String, description = "the request's id"),
            ("server-timing" = String, description = "milliseconds spent in each stage"),
            ("endpoint-load-metrics" = String, description = "the server's load as an ORCA report, with every answer"),
        )),
        (status = 400, description = "`malformed`: empty body, unknown option, broken form", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`: a key is needed", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "`request_timeout`: the body did not arrive in time", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`: too many bytes, pixels or pages", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media`: nothing that is read here", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`undecodable`: a damaged image; a PDF that is damaged, encrypted, or takes too much to render; XML that is no invoice", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`over_quota`: the caller's share is used up", body = Problem, content_type = "application/problem+json", headers(
            ("retry-after" = u64, description = "seconds after which to ask again"),
        )),
        (status = 500, description = "`internal`: a fault of the server", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded`, `not_ready`, or `duplicates_unavailable`: the receipt was neither compared nor remembered", body = Problem, content_type = "application/problem+json", headers(
            ("retry-after" = u64, description = "seconds after which to ask again"),
        )),
        (status = 504, description = "`deadline_exceeded`", body = Problem, content_type = "application/problem+json"),
    ),
    security((), ("key" = [])),
)]
pub async fn read_receipt(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Result<Response, ApiError> {
    let arrived = Instant::now();
    let (parts, body) = request.into_parts();
    let admitted = match judge(&app, &parts, &body, arrived) {
        Ok(head) => admit(&app, id.0, head).await,
        Err(error) => Err(error),
    };
    let (options, form, job) = match admitted {
        Ok(admitted) => admitted,
        Err(error) => {
            linger(body);
            return Err(error);
        }
    };
    let reading = async {
        let upload = receive(&app, &job, parts, body, form).await?;
        job.received().await?;
        let received = arrived.elapsed();
        Ok((received, app.pipeline.read(upload, &job, options.include).await?))
    };
    let outcome = tokio::select! {
        // An answer that is there goes out, even when time is up.
        biased;
        outcome = reading => outcome,
        cut_off = app.admission.until_cut_off() => Err(cut_off),
    };
    let (busy, tenant) = (job.busy(), job.standing.tenant);
    job.leave(match &outcome {
        Ok(_) => Outcome::Done { busy },
        Err(error) if error.code == ErrorCode::DeadlineExceeded => Outcome::Missed { busy },
        Err(_) => Outcome::Abandoned,
    });
    let (received, Reading { mut response, waited, times }) = outcome?;
    if let Some(fraud) = &mut response.fraud {
        fraud.suspicious = app.thresholds.of(app.keys.name(tenant)).map(|threshold| fraud.score >= threshold);
    }
    metrics::receipt(response.status);
    let timing = server_timing(received, waited, &times, arrived.elapsed());
    Ok(([(SERVER_TIMING, timing)], Json(response)).into_response())
}

/// All that can be refused by the head alone, cheapest first.
fn judge(app: &App, parts: &Parts, body: &Body, arrived: Instant) -> Result<Head, ApiError> {
    let tenant = app.keys.check(&parts.headers)?;
    let options = Options::from_head(parts)?;
    let asked = asked(app, &options, app.keys.name(tenant))?;
    let form = upload::inspect(parts, body, app.limits.max_upload_bytes)?;
    let serving =
        app.pipeline.registry().current().ok_or_else(|| ApiError::not_ready("the models are being loaded"))?;
    let budget = options.budget.map_or(app.limits.max_deadline, |own| own.min(app.limits.max_deadline));
    let standing = Standing { priority: options.priority, tenant, deadline: arrived + budget };
    Ok(Head { options, form, serving, standing, asked, length: body.size_hint().exact() })
}

/// What is to be found out about duplicates. A server with a store remembers unless it is told otherwise: who set one up
/// wants it, and a caller that forgets to ask would open the door that it closes.
fn asked(app: &App, options: &Options, tenant: &str) -> Result<Option<Asked>, ApiError> {
    let Some(store) = &app.duplicates else {
        return match options.duplicates {
            None | Some(Wish::Off) => Ok(None),
            Some(Wish::Check | Wish::Remember) => {
                Err(ApiError::malformed("this server remembers no receipts, so leave out duplicates"))
            }
        };
    };
    let remember = match options.duplicates.unwrap_or(Wish::Remember) {
        Wish::Off => return Ok(None),
        Wish::Check => false,
        Wish::Remember => true,
    };
    Ok(Some(Asked::new(store.clone(), tenant, options.customer.clone(), remember)))
}

/// Lets the request in, if there is room for it.
async fn admit(app: &App, id: String, head: Head) -> Result<(Options, Form, Job), ApiError> {
    let Head { options, form, serving, standing, asked, length } = head;
    let permit = app.admission.enter(standing, length, app.limits.max_upload_bytes as u64).await?;
    Ok((options, form, Job::admitted(id, serving, permit).asking(asked)))
}

/// The upload, if it comes before the deadline.
async fn receive(app: &App, job: &Job, parts: Parts, body: Body, form: Form) -> Result<Upload, ApiError> {
    let until = tokio::time::Instant::from_std(job.standing.deadline);
    let receiving = upload::receive(parts, body, form, app.limits.max_upload_bytes).instrument(info_span!("receive"));
    tokio::time::timeout_at(until, receiving).await.map_err(|_| {
        ApiError::new(ErrorCode::RequestTimeout, "the body did not arrive before the deadline, send it faster")
    })?
}

/// The parts of a receipt's time and its total, as the `Server-Timing` header writes
/// them: until the upload was there, until it was its turn, and the stages.
fn server_timing(received: Duration, waited: Duration, times: &[(Stage, Duration)], total: Duration) -> HeaderValue {
    let stages = times.iter().map(|(stage, took)| (stage.name(), *took));
    let parts = [("receive", received), ("turn", waited)].into_iter().chain(stages).chain([("total", total)]);
    let mut list = String::new();
    for (name, took) in parts {
        let separator = if list.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(list, "{separator}{name};dur={:.1}", took.as_secs_f64() * 1e3);
    }
    HeaderValue::from_str(&list).unwrap_or_else(|_| HeaderValue::from_static(""))
}
