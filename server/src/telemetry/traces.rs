//! Traces over OTLP (OpenTelemetry protocol, protobuf over HTTP), when an endpoint is set.
//!
//! A request is one tree: `request`, and below it `receive`, `turn` and the stages, one
//! after the other. A caller's `traceparent` (W3C Trace Context) is continued.
//! Nothing of a receipt is in a span.

use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::span_processor_with_async_runtime::BatchSpanProcessor;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider};
use opentelemetry_sdk::{Resource, runtime};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The service's name in traces, and that of its tracer.
const SERVICE: &str = "slipstream";

/// Path of the protocol below an endpoint.
const PATH: &str = "/v1/traces";

/// How long the last traces may take.
const LAST_WAIT: Duration = Duration::from_secs(3);

/// Why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The endpoint is of no use.
    #[error(
        "--otlp-endpoint {0:?} is not of the form http://HOST:PORT; for a collector behind TLS use an agent on this machine"
    )]
    Endpoint(String),
    /// The exporter cannot be made.
    #[error("cannot send traces to --otlp-endpoint: {0}")]
    Exporter(#[from] ExporterBuildError),
}

/// Sends traces; shut down at the end, or the last ones are lost.
pub struct Traces(SdkTracerProvider);

impl Traces {
    /// Sends a `share` (0 to 1) of the traces that begin here, and those that
    /// callers have decided to record, to `endpoint`. Needs a tokio runtime.
    ///
    /// # Errors
    /// See [`TraceError`]. Whether the endpoint answers shows later, in the log.
    pub fn start(endpoint: &str, share: f64) -> Result<Self, TraceError> {
        let host =
            endpoint.strip_prefix("http://").filter(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace));
        if host.is_none() {
            return Err(TraceError::Endpoint(endpoint.to_owned()));
        }
        let base = endpoint.trim_end_matches('/');
        let url = if base.ends_with(PATH) { base.to_owned() } else { format!("{base}{PATH}") };
        let exporter =
            SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary).with_endpoint(url).build()?;
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let provider = SdkTracerProvider::builder()
            .with_span_processor(BatchSpanProcessor::builder(exporter, runtime::Tokio).build())
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(share))))
            .with_resource(Resource::builder().with_service_name(SERVICE).with_attribute(version).build())
            .build();
        Ok(Self(provider))
    }

    /// What spans are recorded with.
    pub fn tracer(&self) -> SdkTracer {
        self.0.tracer(SERVICE)
    }

    /// Sends what is left.
    pub async fn shut_down(self) {
        // It waits for the exporter, which runs on the runtime.
        let ending = tokio::task::spawn_blocking(move || self.0.shutdown());
        // A collector that does not answer must not hold up the exit.
        if !matches!(tokio::time::timeout(LAST_WAIT, ending).await, Ok(Ok(Ok(())))) {
            tracing::warn!("the last traces may not have been sent");
        }
    }
}

/// Lets `span` continue the trace that `headers` name, if they do.
pub fn continue_trace(span: &Span, headers: &HeaderMap) {
    if !headers.contains_key("traceparent") {
        return;
    }
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(headers));
    // Fails where no traces are sent, which is nothing to talk about.
    let _ = span.set_parent(parent);
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(|name| name.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_endpoint_that_is_of_no_use_is_named() {
        for bad in ["", "localhost:4318", "https://collector:4318", "http://", "http://a b"] {
            let error = Traces::start(bad, 1.0).map(|_| ()).map_err(|error| error.to_string());
            assert!(error.as_ref().is_err_and(|text| text.contains("--otlp-endpoint")), "{bad}: {error:?}");
        }
    }
}
