//! Where the weights are, when nobody says: beside the working directory, the
//! executable, or the sources that the executable was built from.

use std::env;
use std::path::{Path, PathBuf};

/// The weights' folder inside a checkout or an installation.
const WEIGHTS: &str = "models/weights";

/// No folder with weights was found.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no model weights found in {}; say where they are with --models DIR or SLIPSTREAM_MODELS", list(.tried))]
pub struct NotFound {
    /// The folders that were looked for.
    pub tried: Vec<PathBuf>,
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|p| p.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The first folder that exists: `given` alone when there is one, else
/// `models/weights` under the working directory, under the executable's folder
/// and its parents (`target/release/…`), and under the sources.
///
/// # Errors
/// When none exists.
pub fn locate(given: Option<&Path>) -> Result<PathBuf, NotFound> {
    let tried = given.map_or_else(usual_places, |dir| vec![dir.to_owned()]);
    match tried.iter().find(|dir| dir.is_dir()) {
        Some(found) => Ok(found.clone()),
        None => Err(NotFound { tried }),
    }
}

fn usual_places() -> Vec<PathBuf> {
    let mut places = vec![PathBuf::from(WEIGHTS)];
    if let Ok(executable) = env::current_exe() {
        // The executable itself, then its folder: three levels reach a
        // checkout from target/release/slipstream.
        places.extend(executable.ancestors().skip(1).take(3).map(|dir| dir.join(WEIGHTS)));
    }
    places.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(WEIGHTS));
    places
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_given_folder_is_the_only_one_tried() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(locate(Some(dir.path())), Ok(dir.path().to_owned()));
        let missing = dir.path().join("missing");
        let error = locate(Some(&missing)).unwrap_err();
        assert_eq!(error.tried, [missing]);
        assert!(error.to_string().contains("SLIPSTREAM_MODELS"), "{error}");
    }
}
