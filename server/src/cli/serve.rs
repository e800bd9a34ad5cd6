//! `slipstream serve`.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use super::args::seconds;
use super::engine::{Engine, EngineArgs};
use crate::http::admission::Admission;
use crate::http::auth::Keys;
use crate::http::health::Prober;
use crate::http::{App, RequestLimits, serve};
use crate::telemetry::metrics;

/// How often histograms are folded into buckets when nobody scrapes them.
const METRICS_UPKEEP: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Address and port to listen on; 0.0.0.0 is every network interface.
    #[arg(long, value_name = "ADDRESS", env = "SLIPSTREAM_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Keys that callers must send as a bearer token, separated by commas; without any, everybody may call.
    #[arg(long, value_name = "KEY", env = "SLIPSTREAM_KEYS", value_delimiter = ',', hide_env_values = true, value_parser = key)]
    keys: Vec<String>,
    /// Largest upload in MiB.
    #[arg(long, value_name = "MIB", env = "SLIPSTREAM_MAX_UPLOAD_MIB", default_value = "20", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    max_upload_mib: usize,
    /// Receipts in the server at the same time; more are answered 503.
    #[arg(long, value_name = "N", env = "SLIPSTREAM_MAX_IN_FLIGHT", default_value = "32", value_parser = RangedU64ValueParser::<u32>::new().range(1..=100_000))]
    max_in_flight: u32,
    /// Predicted work that may wait before a model; more is answered 503.
    #[arg(long, value_name = "SECONDS", env = "SLIPSTREAM_MAX_QUEUE_S", default_value = "30", value_parser = seconds)]
    max_queue_s: Duration,
    /// Longest time for one request; callers can ask for less with x-deadline-ms.
    #[arg(long, value_name = "SECONDS", env = "SLIPSTREAM_DEADLINE_S", default_value = "30", value_parser = seconds)]
    deadline_s: Duration,
    /// Time for receipts in flight to finish after SIGTERM.
    #[arg(long, value_name = "SECONDS", env = "SLIPSTREAM_DRAIN_S", default_value = "25", value_parser = seconds)]
    drain_s: Duration,
    #[command(flatten)]
    engine: EngineArgs,
}

/// A bearer token (RFC 6750, section 2.1) without blanks.
fn key(text: &str) -> Result<String, String> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("a key is one or more visible ASCII characters".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn run(args: ServeArgs) -> Result<ExitCode, Failure> {
    // The runtime moves bytes; computing has its own threads.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve_until_stopped(args))?;
    // Work that outlived the drain limit must not hold up the exit.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

async fn serve_until_stopped(args: ServeArgs) -> Result<(), Failure> {
    let stop = stop_signal()?;
    let metrics = metrics::install()?;
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}; choose another address with --listen", args.listen))?;
    let engine = Engine::start(args.engine, args.max_queue_s)?;
    let app = Arc::new(App {
        pipeline: engine.pipeline.clone(),
        admission: Admission::new(args.max_in_flight),
        keys: Keys::new(args.keys),
        limits: RequestLimits { max_upload_bytes: args.max_upload_mib << 20, max_deadline: args.deadline_s },
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
