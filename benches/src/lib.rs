//! What side-by-side runs share; criterion benches live in `benches/`.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub mod words;

/// The folder of a network of the repository, by its name below the model folder.
pub fn folder_of(network: &Path) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/weights").join(network)
}

/// Height and width that an argument such as `960x512` names.
///
/// # Errors
/// When it is not two numbers.
pub fn size_of(argument: &str) -> Result<(usize, usize), Box<dyn Error>> {
    let (height, width) = argument.split_once('x').ok_or("--size is HEIGHTxWIDTH")?;
    Ok((height.parse()?, width.parse()?))
}

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
