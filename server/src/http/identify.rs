//! Around every request: its id, its span, its metrics, and the body of its error.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;
use tracing::field::Empty;
use uuid::Uuid;

use super::error::ApiError;
use crate::telemetry::metrics;
use crate::telemetry::traces::continue_trace;

/// The header that carries a request's id, in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from a caller.
const MAX_ID_LENGTH: usize = 128;

/// The id of a request: the caller's own or a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

impl RequestId {
    /// The id in `headers` if it is 1 to 128 visible ASCII characters, else a
    /// new one: the id goes into logs, where it must not forge other fields.
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        let usable =
            given.filter(|id| (1..=MAX_ID_LENGTH).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()));
        Self(usable.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned))
    }
}

/// Runs the request and finishes its answer.
pub async fn identify(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::of(request.headers());
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    // A made-up method must not become a new time series.
    let method = known_method(request.method().as_str());
    let span = tracing::info_span!("request", id = %id.0, method, route, status = Empty, otel.kind = "server");
    continue_trace(&span, request.headers());
    request.extensions_mut().insert(id.clone());

    let mut hangup = CountHangup { answered: false };
    let response = next.run(request).instrument(span.clone()).await;
    hangup.answered = true;

    let mut response = match response.extensions().get::<ApiError>().cloned() {
        Some(error) => {
            metrics::failure(error.code);
            span.in_scope(|| tracing::info!(code = %error.code, detail = error.detail, "request failed"));
            error.render(response, &id.0)
        }
        None => response,
    };
    span.record("status", response.status().as_u16());
    let took = started.elapsed();
    metrics::request(&route, method, response.status().as_u16(), took);
    span.in_scope(|| {
        tracing::debug!(status = response.status().as_u16(), took_ms = took.as_millis() as u64, "answered")
    });
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

fn known_method(method: &str) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method).unwrap_or("other")
}

/// The connection's task drops a request's future when the client goes away.
struct CountHangup {
    answered: bool,
}

impl Drop for CountHangup {
    fn drop(&mut self) {
        if !self.answered {
            metrics::hangup();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_usable_id_is_kept_and_any_other_replaced() {
        let of = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(id).unwrap());
            RequestId::of(&headers).0
        };
        assert_eq!(of("till-7/0815"), "till-7/0815");
        for bad in ["", "two words", &"x".repeat(129)] {
            assert!(Uuid::parse_str(&of(bad)).is_ok(), "{bad:?}");
        }
        assert!(Uuid::parse_str(&RequestId::of(&HeaderMap::new()).0).is_ok());
    }
}
