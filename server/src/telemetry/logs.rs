//! Structured logs through `tracing`, as text for people or JSON for collectors.

use std::io::{self, IsTerminal};

use clap::ValueEnum;
use opentelemetry_sdk::trace::SdkTracer;
use tracing::Level;
use tracing_subscriber::filter::{ParseError, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why logging could not start.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not understood.
    #[error("cannot understand the log filter {filter:?}, use for example \"info\" or \"slipstream=debug\": {source}")]
    Filter {
        /// As given.
        filter: String,
        /// What is wrong with it.
        source: ParseError,
    },
    /// Something else has set up logging before.
    #[error("logging is already set up: {0}")]
    AlreadySet(Box<dyn std::error::Error + Send + Sync>),
}

/// What is logged, and how.
#[derive(Debug, Clone, Copy)]
pub struct LogSettings<'a> {
    /// Which events: a level or a list like `info,slipstream=debug`.
    pub filter: &'a str,
    /// How they are written.
    pub format: LogFormat,
}

impl LogSettings<'_> {
    /// Starts logging to standard error (standard output belongs to results), and
    /// recording spans with `tracer`, if there is one.
    ///
    /// # Errors
    /// See [`LogError`].
    pub fn install(self, tracer: Option<SdkTracer>) -> Result<(), LogError> {
        let Self { filter, format } = self;
        let parsed =
            EnvFilter::try_new(filter).map_err(|source| LogError::Filter { filter: filter.to_owned(), source })?;
        let lines = fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
        let lines = match format {
            LogFormat::Text => lines.boxed(),
            LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
        };
        // Spans are recorded whatever is logged; those of libraries are not ours to show.
        let ours = Targets::new().with_target(env!("CARGO_PKG_NAME"), Level::INFO);
        let spans = tracer.map(|tracer| {
            tracing_opentelemetry::layer()
                .with_tracer(tracer)
                .with_location(false)
                .with_threads(false)
                .with_filter(ours)
        });
        let registry = tracing_subscriber::registry().with(lines.with_filter(parsed)).with(spans);
        registry.try_init().map_err(|error| LogError::AlreadySet(Box::new(error)))
    }
}
