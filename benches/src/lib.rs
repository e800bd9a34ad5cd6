//! What side-by-side runs share; criterion benches live in `benches/`.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

pub mod words;

/// How a program ends: with its error on standard error, if it has one.
pub fn ended(outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing is left to do when the error cannot be shown.
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}
