//! `POST /v1/receipts`: the order of checks, and the answer.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use slipstream_api::{ErrorCode, Problem, ReceiptResponse};

use super::App;
use super::admission::Place;
use super::error::ApiError;
use super::identify::RequestId;
use super::linger::linger;
use super::options::Options;
use super::upload::{self, Form};
use crate::pipeline::{Job, Reading, Stage};
use crate::registry::Serving;
use crate::telemetry::metrics;

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// What a request has before its body is read.
struct Admitted {
    options: Options,
    form: Form,
    serving: Arc<Serving>,
    deadline: Instant,
    place: Place,
}

/// Reads a receipt.
#[utoipa::path(
    post,
    path = "/v1/receipts",
    tag = "receipts",
    params(
        ("include" = Option<String>, Query, description = "comma list of text, lines, quality, fraud, timings; all but lines when absent"),
        ("x-request-id" = Option<String>, Header, description = "1 to 128 visible ASCII characters, comes back in the answer; made up when absent"),
        ("x-deadline-ms" = Option<u32>, Header, description = "the caller's own time budget; the server's limit when absent or longer"),
        ("x-priority" = Option<String>, Header, description = "interactive (default) or bulk, which goes when nothing interactive waits"),
    ),
    request_body(
        description = "the image itself, or a form with the image in the field `file`",
        content(
            (Vec<u8> = "image/jpeg"),
            (Vec<u8> = "image/png"),
            (Vec<u8> = "image/webp"),
            (super::openapi::UploadForm = "multipart/form-data"),
        ),
    ),
    responses(
        (status = 200, description = "what was read", body = ReceiptResponse, headers(
            ("x-request-id" = String, description = "the request's id"),
            ("server-timing" = String, description = "milliseconds spent in each stage"),
        )),
        (status = 400, description = "`malformed`: empty body, unknown option, broken form", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`unauthorized`: a key is needed", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "`request_timeout`: the body did not arrive in time", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`too_large`: too many bytes or pixels", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported_media`: no image that is read here", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`undecodable`: a damaged image", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "`over_quota`: the caller's share is used up", body = Problem, content_type = "application/problem+json", headers(
            ("retry-after" = u64, description = "seconds until there is room"),
        )),
        (status = 500, description = "`internal`: a fault of the server", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`overloaded` or `not_ready`", body = Problem, content_type = "application/problem+json", headers(
            ("retry-after" = u64, description = "seconds until there is room"),
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
    let admitted = match admit(&app, &parts, &body, arrived) {
        Ok(admitted) => admitted,
        Err(error) => {
            linger(body);
            return Err(error);
        }
    };
    let Admitted { options, form, serving, deadline, place } = admitted;
    let until = tokio::time::Instant::from_std(deadline);

    let receiving = upload::receive(parts, body, form, app.limits.max_upload_bytes);
    let upload = tokio::time::timeout_at(until, receiving).await.map_err(|_| {
        ApiError::new(ErrorCode::RequestTimeout, "the body did not arrive before the deadline, send it faster")
    })??;

    let job = Job { id: id.0, serving, deadline, priority: options.priority };
    let Reading { response, times } = app.pipeline.read(upload, &job, options.include).await?;
    drop(place);
    metrics::receipt(response.status);
    Ok(([(SERVER_TIMING, server_timing(&times, arrived.elapsed()))], Json(response)).into_response())
}

/// All that can be refused without the body, cheapest first.
fn admit(app: &App, parts: &Parts, body: &Body, arrived: Instant) -> Result<Admitted, ApiError> {
    app.keys.check(&parts.headers)?;
    let options = Options::from_head(parts)?;
    let form = upload::inspect(parts, body, app.limits.max_upload_bytes)?;
    let serving =
        app.pipeline.registry().current().ok_or_else(|| ApiError::not_ready("the models are being loaded"))?;
    let place = app.admission.enter()?;
    let budget = options.budget.map_or(app.limits.max_deadline, |own| own.min(app.limits.max_deadline));
    Ok(Admitted { options, form, serving, deadline: arrived + budget, place })
}

/// The stages of a receipt and its total, as the `Server-Timing` header writes them.
fn server_timing(times: &[(Stage, Duration)], total: Duration) -> HeaderValue {
    let mut list = String::new();
    for (stage, took) in times {
        // Writing to a string cannot fail.
        let _ = write!(list, "{};dur={:.1}, ", stage.name(), took.as_secs_f64() * 1e3);
    }
    let _ = write!(list, "total;dur={:.1}", total.as_secs_f64() * 1e3);
    HeaderValue::from_str(&list).unwrap_or_else(|_| HeaderValue::from_static(""))
}
