//! `slipstream fraud-threshold FILE…`: from which score a tenant's uploads are suspicious, by genuine ones.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use slipstream_api::Include;
use slipstream_batcher::Priority;

use super::Failure;
use super::engine::{Engine, EngineArgs};
use super::read::progress;
use crate::pipeline::fraud::threshold::{EVERYBODY, Thresholds, from_genuine};
use crate::pipeline::{Job, Upload};
use crate::scheduling::Scheduling;

#[derive(Debug, Args)]
pub(super) struct ThresholdArgs {
    /// Genuine uploads of the tenant, as they come in: at least ten.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Whose they are: a name of --keys; everybody's who has no threshold of its own when left out.
    #[arg(long, value_name = "NAME", env = "SLIPSTREAM_TENANT", default_value = EVERYBODY)]
    tenant: String,
    /// File for serve's --fraud-thresholds that the threshold is written to; others in it stay [default: it is printed only]
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_FRAUD_THRESHOLDS")]
    into: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(args: &ThresholdArgs) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(find(args))?;
    Ok(ExitCode::SUCCESS)
}

async fn find(args: &ThresholdArgs) -> Result<(), Failure> {
    let engine = Engine::start(args.engine.clone(), Scheduling::unbounded())?;
    engine.load_cold().await?;
    let serving = engine.pipeline.registry().current().ok_or("no models are loaded")?;
    let bar = progress(args.files.len());
    let mut scores = Vec::new();
    for file in &args.files {
        let failed = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", file.display());
        let bytes = std::fs::read(file).map_err(|error| failed(&error))?;
        let job = Job::unhurried("threshold".to_owned(), serving.clone(), Priority::Interactive);
        let upload = Upload { bytes: bytes.into(), declared: None };
        let include = Include { fraud: true, ..Include::NONE };
        let reading = engine.pipeline.read(upload, &job, include).await.map_err(|error| failed(&error))?;
        scores.extend(reading.response.fraud.map(|fraud| fraud.score));
        bar.inc(1);
    }
    bar.finish_and_clear();
    let threshold = from_genuine(&scores)?;
    if let Some(path) = &args.into {
        let mut thresholds = if path.exists() { Thresholds::open(path)? } else { Thresholds::default() };
        thresholds.set(&args.tenant, threshold);
        thresholds.save(path)?;
    }
    let above = scores.iter().filter(|score| **score >= threshold).count();
    writeln!(io::stdout(), "{threshold:.3}: {above} of {} genuine images reach it", scores.len())?;
    Ok(())
}
