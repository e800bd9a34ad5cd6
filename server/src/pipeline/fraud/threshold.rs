//! From which score a tenant's uploads are called suspicious.
//!
//! Uploads of one tenant are alike: all from one app, say, which saves them in its own way. Ten genuine ones tell where their
//! scores lie; the threshold is where one in fifty further genuine ones is expected to lie above, if the logarithms of their odds
//! are spread like a bell: a one-sided prediction interval for the next of a normal sample.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The fewest genuine uploads that tell anything.
pub const LEAST_GENUINE: usize = 10;

/// Stands for every tenant that is not named.
pub const EVERYBODY: &str = "*";

/// Student's t beyond which one in fifty lies, by degrees of freedom; between them, that of the fewer holds.
const ONE_IN_FIFTY: [(usize, f32); 9] = [
    (9, 2.398),
    (10, 2.359),
    (12, 2.303),
    (15, 2.249),
    (20, 2.197),
    (30, 2.147),
    (60, 2.099),
    (120, 2.076),
    (usize::MAX, 2.054),
];

/// Scores below it differ by nothing that matters.
const FLOOR: f32 = 0.02;
/// The spread of logarithms of odds is at least this: ten equal scores do not prove that the next is equal too.
const LEAST_SPREAD: f32 = 0.3;
/// No threshold lies below or above these.
const RANGE: (f32, f32) = (0.05, 0.99);

/// Thresholds by tenant, as a file keeps them: a JSON object.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thresholds(BTreeMap<String, f32>);

/// Why thresholds cannot be used or found.
#[derive(Debug, thiserror::Error)]
pub enum ThresholdError {
    /// The file cannot be read or written.
    #[error("cannot access {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what it should be.
    #[error("{path} has to be a JSON object of tenants and numbers from 0 to 1, like {{\"*\": 0.5}}: {reason}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Too few uploads.
    #[error("{got} genuine images say too little, give at least {LEAST_GENUINE}")]
    TooFew {
        /// How many there are.
        got: usize,
    },
}

impl Thresholds {
    /// Reads the thresholds in `path`.
    ///
    /// # Errors
    /// When the file cannot be read or is not in this format.
    pub fn open(path: &Path) -> Result<Self, ThresholdError> {
        let failed = |reason: String| ThresholdError::Format { path: path.to_owned(), reason };
        let bytes = std::fs::read(path).map_err(|source| ThresholdError::File { path: path.to_owned(), source })?;
        let thresholds: Self = serde_json::from_slice(&bytes).map_err(|error| failed(error.to_string()))?;
        match thresholds.0.iter().find(|(_, threshold)| !(0.0..=1.0).contains(*threshold)) {
            Some((tenant, threshold)) => Err(failed(format!("{tenant:?} has {threshold}"))),
            None => Ok(thresholds),
        }
    }

    /// Writes them to `path`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), ThresholdError> {
        let json = serde_json::to_vec_pretty(self).unwrap_or_default();
        std::fs::write(path, json).map_err(|source| ThresholdError::File { path: path.to_owned(), source })
    }

    /// Sets the threshold of a tenant.
    pub fn set(&mut self, tenant: &str, threshold: f32) {
        self.0.insert(tenant.to_owned(), threshold);
    }

    /// The threshold of a tenant, or that of everybody; none where nothing is set.
    pub fn of(&self, tenant: &str) -> Option<f32> {
        self.0.get(tenant).or_else(|| self.0.get(EVERYBODY)).copied()
    }
}

/// The threshold for uploads like those genuine ones that have these scores.
///
/// # Errors
/// When there are fewer than [`LEAST_GENUINE`].
pub fn from_genuine(scores: &[f32]) -> Result<f32, ThresholdError> {
    if scores.len() < LEAST_GENUINE {
        return Err(ThresholdError::TooFew { got: scores.len() });
    }
    let n = scores.len() as f32;
    let odds: Vec<f32> = scores.iter().map(|p| p.clamp(FLOOR, 1.0 - FLOOR)).map(|p| (p / (1.0 - p)).ln()).collect();
    let mean = odds.iter().sum::<f32>() / n;
    let spread = (odds.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / (n - 1.0)).sqrt().max(LEAST_SPREAD);
    let t = ONE_IN_FIFTY.iter().rev().find(|(freedom, _)| *freedom < scores.len()).map_or(2.398, |(_, t)| *t);
    let limit = mean + t * spread * (1.0 + 1.0 / n).sqrt();
    Ok((1.0 / (1.0 + (-limit).exp())).clamp(RANGE.0, RANGE.1))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn clean_uploads_get_a_low_threshold_and_suspicious_ones_a_high_one() {
        let clean = from_genuine(&[0.0; 10]).unwrap();
        assert!((RANGE.0..0.1).contains(&clean), "{clean}");
        let noisy = from_genuine(&[0.3, 0.5, 0.2, 0.4, 0.35, 0.25, 0.5, 0.3, 0.45, 0.2]).unwrap();
        assert!((0.5..0.8).contains(&noisy), "{noisy}");
        // More of the same leave less doubt.
        let many: Vec<f32> = [0.3, 0.5, 0.2, 0.4, 0.35, 0.25, 0.5, 0.3, 0.45, 0.2].repeat(20);
        assert!(from_genuine(&many).unwrap() < noisy);
        assert!(from_genuine(&[0.1; 9]).unwrap_err().to_string().contains("at least 10"));
    }

    #[test]
    fn tenants_without_a_threshold_have_that_of_everybody() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("thresholds.json");
        let mut thresholds = Thresholds::default();
        assert_eq!(thresholds.of("till"), None);
        thresholds.set(EVERYBODY, 0.5);
        thresholds.set("till", 0.25);
        thresholds.save(&path).unwrap();
        let read = Thresholds::open(&path).unwrap();
        assert_eq!((read.of("till"), read.of("other")), (Some(0.25), Some(0.5)));
        for wrong in ["[]", r#"{"till": 1.5}"#, r#"{"till": "high"}"#, ""] {
            std::fs::write(&path, wrong).unwrap();
            assert!(Thresholds::open(&path).unwrap_err().to_string().contains("JSON object"), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_scores_give_a_threshold_in_range(scores in proptest::collection::vec(0.0_f32..=1.0, 10..200)) {
            let threshold = from_genuine(&scores).unwrap();
            prop_assert!((RANGE.0..=RANGE.1).contains(&threshold));
        }
    }
}
