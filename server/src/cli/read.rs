//! `slipstream read FILE…`.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use slipstream_api::{Include, ReceiptResponse};
use slipstream_batcher::Priority;
use tokio::task::JoinHandle;

use super::Failure;
use super::engine::{Engine, EngineArgs};
use crate::pipeline::{Job, Pipeline, Upload};
use crate::scheduling::Scheduling;

#[derive(Debug, Args)]
pub(super) struct ReadArgs {
    /// Images (JPEG, PNG, WebP), PDFs, and e-invoices in XML.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write the text of the receipts instead of JSON.
    #[arg(long, env = "SLIPSTREAM_TEXT")]
    text: bool,
    /// Optional members of the JSON: a comma list of text, lines, quality, fraud, timings.
    #[arg(long, value_name = "LIST", env = "SLIPSTREAM_INCLUDE", default_value_t)]
    include: Include,
    #[command(flatten)]
    engine: EngineArgs,
}

/// What came of one file: the answer, or why there is none.
type Outcome = Result<ReceiptResponse, String>;

pub(super) fn run(args: ReadArgs) -> Result<ExitCode, Failure> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?.block_on(read_all(args))
}

async fn read_all(args: ReadArgs) -> Result<ExitCode, Failure> {
    let engine = Engine::start(args.engine.clone(), Scheduling::unbounded())?;
    engine.load_cold().await?;
    let include = Include { text: args.include.text || args.text, ..args.include };
    let bar = progress(args.files.len());
    // Twice as many as threads keep the queues filled while answers come in order.
    let ahead = engine.threads() * 2;
    let mut coming: VecDeque<(&PathBuf, JoinHandle<Outcome>)> = VecDeque::new();
    let mut files = args.files.iter();
    let mut failed = 0usize;
    loop {
        while coming.len() < ahead
            && let Some(file) = files.next()
        {
            coming.push_back((file, tokio::spawn(read_file(engine.pipeline.clone(), file.clone(), include))));
        }
        let Some((file, outcome)) = coming.pop_front() else { break };
        // A panic ends one file, not the run.
        match outcome.await.unwrap_or_else(|_| Err("the reader failed on this file".to_owned())) {
            Ok(response) => bar.suspend(|| print(&args, file, &response))?,
            Err(reason) => {
                failed += 1;
                bar.suspend(|| writeln!(io::stderr(), "error: {}: {reason}", file.display()))?;
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if failed > 0 && args.files.len() > 1 {
        writeln!(io::stderr(), "{failed} of {} files could not be read", args.files.len())?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn read_file(pipeline: Pipeline, file: PathBuf, include: Include) -> Outcome {
    let image = tokio::task::spawn_blocking({
        let file = file.clone();
        move || std::fs::read(file)
    });
    let image = image.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
    let serving = pipeline.registry().current().ok_or("no models are loaded")?;
    let job = Job::unhurried(file.display().to_string(), serving, Priority::Interactive);
    let upload = Upload { bytes: image.into(), declared: None };
    let reading = pipeline.read(upload, &job, include).await.map_err(|error| error.to_string())?;
    Ok(reading.response)
}

/// One answer on standard output: for people when it is the only one, one a line when there are many.
fn print(args: &ReadArgs, file: &Path, response: &ReceiptResponse) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let only = args.files.len() == 1;
    if args.text {
        if !only {
            writeln!(out, "==> {} <==", file.display())?;
        }
        return writeln!(out, "{}", response.text.as_deref().unwrap_or_default());
    }
    if only {
        serde_json::to_writer_pretty(&mut out, response)?;
    } else {
        serde_json::to_writer(&mut out, response)?;
    }
    writeln!(out)
}

/// A bar on the terminal for more than one file; hidden otherwise.
pub(super) fn progress(files: usize) -> ProgressBar {
    let shown = files > 1 && io::stderr().is_terminal();
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(files as u64), target);
    match ProgressStyle::with_template("{bar:40} {pos}/{len} receipts, {per_sec}, {eta} left") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
