//! A detector beside OpenVINO, in turns, on the same threads.
//!
//! `cargo run --release -p slipstream-benches --bin detector -- --venv DIR --onnx FILE detect/small --json FILE`
//!
//! DIR is a Python environment with `openvino`, FILE the network that `detect/small` was converted from. OpenVINO runs in
//! f32; `SLIPSTREAM_KERNELS=avx512` has this side do the same. Both see the same size, and take turns.

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::Instant;

use clap::Parser;
use rayon::ThreadPool;
use serde_json::{Value, json};
use slipstream_benches::{ended, folder_of, size_of};
use slipstream_kernels::{Backend, Parallelism};
use slipstream_models::detect::Detector;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Runs of one side before the other has its turn.
const TURN: usize = 5;

/// Measures a detector beside OpenVINO.
#[derive(Parser)]
struct Arguments {
    /// Folder of the network below the model folder.
    network: PathBuf,
    /// A Python environment with `openvino`.
    #[arg(long)]
    venv: PathBuf,
    /// The same network for OpenVINO.
    #[arg(long)]
    onnx: PathBuf,
    /// Height and width of the image.
    #[arg(long, default_value = "960x512")]
    size: String,
    /// Threads of either side.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Turns of either side, five runs each.
    #[arg(long, default_value_t = 40)]
    rounds: usize,
    /// Where the figures go.
    #[arg(long)]
    json: PathBuf,
}

fn main() -> ExitCode {
    ended(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Outcome<()> {
    let size = size_of(&arguments.size)?;
    let detector = Detector::load(&folder_of(&arguments.network))?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build()?;
    let mut peer = Peer::start(arguments)?;
    ours(&detector, &pool, size)?;
    let (mut here, mut there) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        here.push(ours(&detector, &pool, size)?);
        there.push(peer.turn()?);
    }
    let ratios: Vec<f64> = here.iter().zip(&there).map(|(a, b)| median(b) / median(a)).collect();
    let (here, there) = (here.concat(), there.concat());
    let report = json!({
        "network": arguments.network,
        "size": arguments.size,
        "threads": arguments.threads,
        "kernels": Backend::current().name(),
        "ours_ms": summary(&here),
        "openvino_ms": summary(&there),
        "times_as_fast": {
            "medians": median(&there) / median(&here),
            "shortest": shortest(&there) / shortest(&here),
            "of_turns": { "median": median(&ratios), "min": shortest(&ratios), "max": ratios.iter().fold(0.0_f64, |a, b| a.max(*b)) },
        },
    });
    std::fs::write(&arguments.json, serde_json::to_vec_pretty(&report)?)?;
    writeln!(std::io::stdout(), "{report:#}")?;
    Ok(())
}

/// Milliseconds of a turn of ours.
fn ours(detector: &Detector, pool: &ThreadPool, size: (usize, usize)) -> Outcome<Vec<f64>> {
    let image = vec![0.1; size.0 * size.1 * 3];
    let one = |_| -> Outcome<f64> {
        let started = Instant::now();
        pool.install(|| detector.network().run(&image, size, Parallelism::Pool))?;
        Ok(started.elapsed().as_secs_f64() * 1e3)
    };
    (0..TURN).map(one).collect()
}

/// OpenVINO, in a process of its own.
struct Peer {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(arguments: &Arguments) -> Outcome<Self> {
        let mut command = Command::new(arguments.venv.join("bin/python"));
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/run_openvino.py"));
        command.arg(&arguments.onnx).arg(&arguments.size).args(["--threads", &arguments.threads.to_string()]);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let questions = process.stdin.take().ok_or("no standard input")?;
        let answers = BufReader::new(process.stdout.take().ok_or("no standard output")?);
        let mut peer = Self { process, questions, answers };
        match peer.answer()?.trim() {
            "ready" => Ok(peer),
            other => Err(format!("OpenVINO did not start: {other:?}").into()),
        }
    }

    /// Milliseconds of a turn.
    fn turn(&mut self) -> Outcome<Vec<f64>> {
        writeln!(self.questions, "{TURN}")?;
        Ok(serde_json::from_str(&self.answer()?)?)
    }

    fn answer(&mut self) -> Outcome<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(line)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It may have ended by itself, and nobody waits for its last words.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn summary(milliseconds: &[f64]) -> Value {
    json!({ "median": median(milliseconds), "shortest": shortest(milliseconds) })
}

fn shortest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
