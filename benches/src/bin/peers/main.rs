//! Slipstream beside faster-paddle, the fastest open reader with
//! networks of the same family on ONNX Runtime: in turns, on the same receipts and threads.
//!
//! `cargo run --release -p slipstream-benches --bin peers -- --venv DIR --data DIR --ids FILE --threads 2 --rounds 3 --json FILE`
//!
//! DIR of `--venv` is a Python environment with `faster-paddle==1.0.4`. Needs
//! `cargo build --release` before. Each round runs every engine one receipt
//! after the other, and once with all receipts handed over together; ratios are
//! taken within a round, so that a machine that slows down slows both.

mod engine;
mod report;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use engine::{Class, Engine, Run, Setting};
use slipstream_benches::ended;

/// Compares Slipstream with its strongest open peer.
#[derive(Parser)]
struct Arguments {
    /// Python environment with faster-paddle.
    #[arg(long, value_name = "DIR")]
    venv: PathBuf,
    /// Folder with img/ID.jpg and box/ID.csv.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// File with the ids of the receipts.
    #[arg(long, value_name = "FILE")]
    ids: PathBuf,
    /// Threads of each engine.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// How often every engine runs.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Receipts that the peer is given at a time in its batch runs.
    #[arg(long, default_value_t = 8)]
    batch: usize,
    /// Where to write the results.
    #[arg(long, value_name = "FILE")]
    json: PathBuf,
}

fn main() -> ExitCode {
    ended(compare(&Arguments::parse()))
}

fn compare(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let setting = Setting {
        venv: &arguments.venv,
        data: &arguments.data,
        ids: &arguments.ids,
        threads: arguments.threads,
        batch: arguments.batch,
        out: &folder.path().join("report.json"),
    };
    let progress = indicatif::ProgressBar::new((arguments.rounds * 8) as u64);
    let mut runs: Vec<Run> = Vec::new();
    for round in 0..arguments.rounds {
        for class in Class::ALL {
            for together in [false, true] {
                // Turned about in every other round, so that neither profits from going second.
                let mut order = [Engine::Slipstream, Engine::FasterPaddle];
                order.rotate_left(round % 2);
                for engine in order {
                    runs.push(setting.run(round, engine, class, together)?);
                    progress.inc(1);
                }
            }
        }
    }
    progress.finish_and_clear();
    let report = report::of(&runs);
    std::fs::write(&arguments.json, serde_json::to_vec_pretty(&report)?)?;
    report::print(&report)?;
    Ok(())
}
