//! `slipstream serve`.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use slipstream_batcher::{Door, TokioClock};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use super::args::{percent, seconds};
use super::duplicates::DuplicatesArgs;
use super::engine::{Engine, EngineArgs};
use super::scheduling::SchedulingArgs;
use crate::http::admission::Admission;
use crate::http::auth::{Key, Keys};
use crate::http::health::Prober;
use crate::http::load_report::Utilisation;
use crate::http::{App, RequestLimits, serve};
use crate::pipeline::fraud::threshold::Thresholds;
use crate::telemetry::door::DoorMetrics;
use crate::telemetry::logs::LogSettings;
use crate::telemetry::metrics;
use crate::telemetry::traces::Traces;

/// How often histograms are folded into buckets when nobody scrapes them.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Address and port to listen on; 0.0.0.0 is every network interface.
    #[arg(long, value_name = "ADDRESS", env = "SLIPSTREAM_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Keys that callers must send as a bearer token, as NAME:KEY or KEY, separated by commas; without any, everybody may call.
    #[arg(long, value_name = "KEY", env = "SLIPSTREAM_KEYS", value_delimiter = ',', hide_env_values = true)]
    keys: Vec<Key>,
    /// Largest upload in MiB.
    #[arg(long, value_name = "MIB", env = "SLIPSTREAM_MAX_UPLOAD_MIB", default_value = "20", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    max_upload_mib: usize,
    /// Longest time for one request; callers can ask for less with x-deadline-ms.
    #[arg(long, value_name = "SECONDS", env = "SLIPSTREAM_DEADLINE_S", default_value = "30", value_parser = seconds)]
    deadline_s: Duration,
    /// Time for receipts in flight to finish after SIGTERM.
    #[arg(long, value_name = "SECONDS", env = "SLIPSTREAM_DRAIN_S", default_value = "25", value_parser = seconds)]
    drain_s: Duration,
    /// Where to send traces: an OpenTelemetry collector's address for OTLP over HTTP, like http://127.0.0.1:4318 [default: nowhere]
    #[arg(long, value_name = "URL", env = "SLIPSTREAM_OTLP_ENDPOINT")]
    otlp_endpoint: Option<String>,
    /// Part of the requests that are traced, in percent, unless their caller has decided.
    #[arg(long, value_name = "PERCENT", env = "SLIPSTREAM_TRACE_SHARE", default_value = "100", value_parser = percent)]
    trace_share: f64,
    #[command(flatten)]
    scheduling: SchedulingArgs,
    #[command(flatten)]
    duplicates: DuplicatesArgs,
    /// File with the score from which uploads of each tenant are called suspicious, as fraud-threshold writes it [default: nobody is]
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_FRAUD_THRESHOLDS")]
    fraud_thresholds: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(args: ServeArgs, log: LogSettings<'_>) -> Result<ExitCode, Failure> {
    // The runtime moves bytes; computing has its own threads.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve_and_trace(args, log))?;
    // Work that outlived the drain limit must not hold up the exit.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

async fn serve_and_trace(args: ServeArgs, log: LogSettings<'_>) -> Result<(), Failure> {
    let traces = match &args.otlp_endpoint {
        Some(endpoint) => Some(Traces::start(endpoint, args.trace_share)?),
        None => None,
    };
    log.install(traces.as_ref().map(Traces::tracer))?;
    let served = serve_until_stopped(args).await;
    if let Some(traces) = traces {
        traces.shut_down().await;
    }
    served
}

async fn serve_until_stopped(args: ServeArgs) -> Result<(), Failure> {
    let stop = stop_signal()?;
    let max_upload_bytes = args.max_upload_mib << 20;
    let duplicates = args.duplicates.open(&args.keys)?;
    let thresholds = args.fraud_thresholds.as_deref().map(Thresholds::open).transpose()?.unwrap_or_default();
    let keys = Keys::new(args.keys)?;
    let scheduling = args.scheduling.settings(keys.tenants())?;
    scheduling.check(args.engine.threads(), max_upload_bytes)?;
    let metrics = metrics::install()?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}; choose another address with --listen", args.listen))?;
    let admission = scheduling.admission(args.engine.threads());
    let door = Door::open(admission, TokioClock, DoorMetrics::new(keys.tenants().to_vec()));
    let engine = Engine::start(args.engine, scheduling)?;
    let utilisation = Utilisation::default();
    tokio::spawn(utilisation.clone().watch(engine.threads()));
    let app = Arc::new(App {
        pipeline: engine.pipeline.clone(),
        admission: Admission::new(door),
        keys,
        duplicates,
        thresholds,
        limits: RequestLimits { max_upload_bytes, max_deadline: args.deadline_s },
        utilisation,
        metrics: metrics.clone(),
        prober: Prober::default(),
    });
    tracing::info!(address = %listener.local_addr()?, "listening");
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(METRICS_UPKEEP).await;
            metrics.run_upkeep();
        }
    });
    // Health and metrics answer while the models load.
    let serving = serve::serve(listener, app, stop, args.drain_s);
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return Ok(ended?),
        loaded = engine.load() => loaded?,
    }
    Ok(serving.await?)
}

/// Completes on SIGTERM (orchestrators) or SIGINT (Ctrl-C).
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
