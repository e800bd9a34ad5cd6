//! Errors of requests, and how they become problem details.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use slipstream_api::{ErrorCode, PROBLEM_MEDIA_TYPE, Problem};

use crate::pipeline::{DocumentError, ReadError};
use crate::telemetry::metrics;

/// Why a request has no better answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct ApiError {
    /// What went wrong, in a word.
    pub code: ErrorCode,
    /// What went wrong this time and what to do about it.
    pub detail: String,
    /// When to come back, where the server knows.
    pub retry_after: Option<Duration>,
}

impl ApiError {
    /// The error `code` with a `detail` for this occurrence.
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), retry_after: None }
    }

    /// 400.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::Malformed, detail)
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "see /openapi.json for the routes")
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        Self::new(ErrorCode::MethodNotAllowed, "see the allow header for the methods of this route")
    }

    /// 413 for an upload of more than `max` bytes.
    pub fn upload_too_large(max: usize) -> Self {
        Self::new(ErrorCode::TooLarge, format!("the upload exceeds {max} bytes, send a smaller image"))
    }

    /// 500 after a panic; what it said stays on the server.
    pub fn panicked() -> Self {
        Self::new(ErrorCode::Internal, "the server failed on this request, try again or report its id")
    }

    /// 503 with the time to come back.
    pub fn overloaded(retry_after: Duration) -> Self {
        let detail = "too much work is waiting, come back after the time in retry-after";
        Self { retry_after: Some(retry_after), ..Self::new(ErrorCode::Overloaded, detail) }
    }

    /// 503 while no models are loaded or the server drains.
    pub fn not_ready(detail: &str) -> Self {
        Self { retry_after: Some(Duration::from_secs(1)), ..Self::new(ErrorCode::NotReady, detail) }
    }

    /// 503; what is wrong with the store is the operator's business.
    pub fn duplicates_unavailable() -> Self {
        let detail =
            "it cannot be said whether the receipt was sent before; send it again later, or with duplicates=off";
        let retry_after = Some(Duration::from_secs(10));
        Self { retry_after, ..Self::new(ErrorCode::DuplicatesUnavailable, detail) }
    }

    /// 504.
    pub fn deadline_exceeded() -> Self {
        let detail = "the deadline passed before the receipt was read, allow more time or come back later";
        Self::new(ErrorCode::DeadlineExceeded, detail)
    }

    /// The answer as far as it is known here; [`super::identify`] adds the body,
    /// which carries the request's id.
    pub fn into_response_now(self) -> Response {
        let mut response = StatusCode::from_u16(self.code.status()).unwrap_or_default().into_response();
        response.extensions_mut().insert(self);
        response
    }

    /// Gives `response` the body and the headers of this error.
    pub fn render(&self, response: Response, request_id: &str) -> Response {
        let problem = Problem::new(self.code, self.detail.clone()).with_instance(request_id);
        let (mut parts, _) = response.into_parts();
        let (body_parts, body) = Json(problem).into_response().into_parts();
        parts.headers.extend(body_parts.headers);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE));
        if self.code == ErrorCode::Unauthorized {
            parts.headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.retry_after {
            metrics::retry_after(wait);
            // Whole seconds (RFC 9110, section 10.2.3), never an invitation to come back at once.
            let seconds = wait.as_millis().div_ceil(1_000).max(1) as u64;
            parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        Response::from_parts(parts, body)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.into_response_now()
    }
}

impl From<ReadError> for ApiError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Decode(error) => Self::new(error.code(), error.to_string()),
            ReadError::Document(DocumentError::Worker(reason)) => {
                tracing::error!(reason, "a PDF worker failed");
                Self::panicked()
            }
            ReadError::Document(error) => Self::new(error.code(), error.to_string()),
            ReadError::Overloaded { retry_after } => Self::overloaded(retry_after),
            ReadError::DeadlineExceeded => Self::deadline_exceeded(),
            ReadError::Model(failure) => {
                tracing::error!(reason = %failure, "a model failed");
                Self::panicked()
            }
            ReadError::Duplicates(error) => {
                tracing::error!(reason = %error, "the duplicates store failed");
                Self::duplicates_unavailable()
            }
            ReadError::Closed => Self::not_ready("the server is shutting down"),
        }
    }
}
