//! The scheduler against others, on a virtual clock: the server's own door, turns
//! and queues, with service times as they were measured.
//!
//! ```text
//! simulate --trace step-10x --json FILE [--svg DIR]     which policy serves a trace best
//! simulate --trace diurnal-spot --replicas-for RATE     how many replicas a campaign needs
//! simulate --fit METRICS --service FILE                 service times from a server's /metrics
//! ```

#![allow(clippy::print_stdout, reason = "the table is the program's output")]

mod fit;
mod plot;
mod policy;
mod replicas;
mod report;
mod run;
mod server;
mod service;
mod trace;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Parser;
use policy::Policy;
use service::Service;
use trace::Trace;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[derive(Debug, Parser)]
#[command(about = "Replays arrivals against scheduling policies, on a virtual clock")]
struct Cli {
    /// What arrives.
    #[arg(long, value_name = "TRACE", default_value = "step-10x")]
    trace: Trace,
    /// Where to write the figures.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Where to draw them.
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// Service times [default: those of benches/service/cpu.json]
    #[arg(long, value_name = "FILE")]
    service: Option<PathBuf>,
    /// Deadline of every request.
    #[arg(long, value_name = "MS", default_value = "2000", value_parser = clap::value_parser!(u64).range(1..=600_000))]
    deadline_ms: u64,
    /// Equal seeds give equal figures.
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// Instead of comparing policies, find how many replicas keep the deadline of
    /// 99 % of all requests when the trace's highest rate is RATE a second.
    #[arg(long, value_name = "RATE", conflicts_with = "svg")]
    replicas_for: Option<f64>,
    /// Instead of simulating, write service times to --service from a file with what a server answered at /metrics.
    #[arg(long, value_name = "METRICS", requires = "service")]
    fit: Option<PathBuf>,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    if let (Some(metrics), Some(service)) = (&cli.fit, &cli.service) {
        return fit::fit(metrics, service);
    }
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("service/cpu.json");
    let service = Service::load(cli.service.as_deref().unwrap_or(&default))?;
    let deadline = Duration::from_millis(cli.deadline_ms);
    if let Some(rate) = cli.replicas_for {
        let answer = replicas::find(&service, cli.trace, rate, deadline, cli.seed)?;
        println!("{answer}");
        return write_json(cli.json.as_deref(), &answer);
    }

    let capacity_per_s = run::capacity(&service, cli.seed)?;
    let schedule = cli.trace.schedule(capacity_per_s, cli.seed)?;
    let mut runs = Vec::new();
    for policy in Policy::ALL {
        runs.push(run::run(&service, policy, &schedule, deadline, cli.seed)?);
    }
    let report = report::Report::new(cli.trace, capacity_per_s, deadline, &schedule, &runs)?;
    println!("{report}");
    if let Some(dir) = &cli.svg {
        plot::draw(dir, cli.trace, &schedule, &runs, capacity_per_s, deadline)?;
    }
    write_json(cli.json.as_deref(), &report)
}

fn write_json(path: Option<&Path>, value: &impl serde::Serialize) -> Result<()> {
    if let Some(path) = path {
        std::fs::write(path, serde_json::to_vec_pretty(value)?)
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
