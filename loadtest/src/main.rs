//! The load generator's command line: `slipstream-loadtest --help`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use slipstream_loadtest::cli::Arguments;
use slipstream_loadtest::error::LoadError;
use slipstream_loadtest::report::{self, Report};
use slipstream_loadtest::session;
use slipstream_loadtest::view::View;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let complaint = match run(&arguments) {
        Ok(report) => report.complaint(),
        Err(error) => Some(error.to_string()),
    };
    let Some(complaint) = complaint else { return ExitCode::SUCCESS };
    // Nothing is left to do when the error cannot be shown.
    let _ = writeln!(io::stderr(), "error: {complaint}");
    ExitCode::FAILURE
}

fn run(arguments: &Arguments) -> Result<Report, LoadError> {
    // One thread: the machine is the server's, and a few hundred requests a second need no more.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(|error| LoadError::Profile(format!("cannot start: {error}")))?;
    let report = runtime.block_on(session::run(arguments, &mut View::new()?))?;
    if let Some(path) = &arguments.json {
        report::write_json(&report, path)?;
    }
    if let Some(path) = &arguments.html {
        report::write_html(&report, path)?;
    }
    // The reports are written; a reader of standard output that went away is no failure.
    let _ = report::print(&report, &mut io::stdout().lock());
    Ok(report)
}
