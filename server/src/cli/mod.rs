//! The command line: what the program can do and with which settings.

mod args;
mod calibrate;
mod duplicates;
mod engine;
mod eval;
mod read;
mod scheduling;
mod serve;
mod threshold;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::pipeline::pdf::COMMAND;
use crate::telemetry::logs::LogSettings;
use crate::telemetry::panics;
use args::LogArgs;
pub use engine::{Engine, EngineArgs, EngineError};

/// An error that ends a command; its text says what to do.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Reads photos of receipts and invoices into checked JSON, on your own machines.
#[derive(Debug, Parser)]
#[command(name = "slipstream", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    log: LogArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer HTTP requests until told to stop.
    Serve(Box<serve::ServeArgs>),
    /// Read images, PDFs and e-invoices, and write what they say to standard output.
    Read(read::ReadArgs),
    /// Measure how well and how fast receipts with known contents are read.
    #[command(subcommand)]
    Eval(eval::EvalCommand),
    /// Decide which layers of a network multiply integers, and write that beside its weights.
    Calibrate(calibrate::CalibrateArgs),
    /// Say from which fraud score a tenant's uploads are suspicious, by ten or more genuine ones.
    FraudThreshold(Box<threshold::ThresholdArgs>),
    /// Open and render one PDF from standard input, for the process that started this one.
    #[command(name = COMMAND, hide = true)]
    PdfWorker,
}

/// Runs the program; the exit code is 0 when everything was done.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(failure) => {
            // Standard error is where a person or a supervisor looks, whatever the log filter says.
            let _ = writeln!(io::stderr(), "error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    // Before anything else: a worker has no log, and confines itself at once.
    if matches!(cli.command, Command::PdfWorker) {
        // What a panic says may quote the document.
        std::panic::set_hook(Box::new(|_| {}));
        slipstream_pdf::worker::run(&mut io::stdin().lock(), &mut io::stdout().lock())?;
        return Ok(ExitCode::SUCCESS);
    }
    let default_filter = match cli.command {
        Command::Serve(_) => "info",
        Command::Read(_)
        | Command::Eval(_)
        | Command::Calibrate(_)
        | Command::FraudThreshold(_)
        | Command::PdfWorker => "warn",
    };
    let log =
        LogSettings { filter: cli.log.log_filter.as_deref().unwrap_or(default_filter), format: cli.log.log_format };
    panics::install_hook();
    // The server sends traces as well, which needs its runtime: it starts both.
    if !matches!(cli.command, Command::Serve(_)) {
        log.install(None)?;
    }
    match cli.command {
        Command::Serve(args) => serve::run(*args, log),
        Command::Read(args) => read::run(args),
        Command::Eval(command) => eval::run(command),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::FraudThreshold(args) => threshold::run(&args),
        Command::PdfWorker => Ok(ExitCode::SUCCESS),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_parses_with_flags_before_and_after_it() {
        let lines = [
            "serve --listen 0.0.0.0:80 --keys a,b --max-upload-mib 5 --drain-s 1.5 --log debug",
            "serve --device cuda:1",
            "read a.jpg --device cpu",
            "eval ocr --data d --ids i --report r --device cuda",
            "read a.jpg b.png --text --include lines --threads 2 --preset tiny",
            "--log-format json read a.jpg --max-megapixels 12",
            "eval ocr --data d --ids i --report r --batch --preset accurate",
            "eval lines --data d --json j --readings r --recogniser tiny --second-recogniser none --reread-below 0.5",
            "eval fields --data d --format manifest --split all --json j --log warn",
            "eval fields --data d --format german --json j --html h --html-failures 50",
            "fraud-threshold a.png b.png --tenant till --into t.json",
            "serve --fraud-thresholds t.json",
            "eval fusion --data d --json j --receipts 40",
            "eval trust --data d --json j --html h --edits e --forged 50 --altered 20",
            "calibrate recognise/receipts a.jpg b.png --limit 0.01 --dry-run",
        ];
        for line in lines {
            let words = std::iter::once("slipstream").chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
    }

    #[test]
    fn wrong_settings_are_named() {
        let lines = [
            ("serve --listen nowhere", "--listen"),
            ("serve --max-in-flight 0", "--max-in-flight"),
            ("serve --deadline-s 0", "--deadline-s"),
            ("serve --threads 0", "--threads"),
            ("serve --preset huge", "--preset"),
            ("serve --device gpu", "cuda:N"),
            ("serve --reread-below 1.5", "--reread-below"),
            ("calibrate detect/tiny a.jpg --limit nan", "--limit"),
            ("calibrate detect/tiny", "<FILE>..."),
            ("read", "<FILE>..."),
            ("read a.jpg --include boxes", "--include"),
            ("eval fields --data d --json j --split training", "--split"),
        ];
        for (line, named) in lines {
            let words = std::iter::once("slipstream").chain(line.split(' '));
            let error = Cli::try_parse_from(words).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(named), "{line}: {error}");
        }
    }

    #[test]
    fn every_flag_of_a_command_is_also_an_environment_variable() {
        let cli = Cli::command();
        let mut commands = vec![&cli];
        let mut missing = Vec::new();
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands());
            let flags = command.get_arguments().filter(|arg| arg.get_long().is_some());
            let own = flags.filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()));
            missing.extend(own.filter(|arg| arg.get_env().is_none()).map(|arg| arg.get_id().to_string()));
        }
        assert!(missing.is_empty(), "{missing:?}");
    }
}
