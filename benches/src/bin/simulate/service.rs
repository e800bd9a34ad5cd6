//! How long a receipt takes in each stage, and how large receipts are.

use std::path::Path;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::Result;

/// A quantity that varies: log-normal, which is what sizes and times of receipts look like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) mean: f64,
    /// Standard deviation by mean.
    pub(crate) variation: f64,
}

/// Time of a batch on one thread: `fixed_ms + unit_ms · units`, give or take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) fixed_ms: f64,
    pub(crate) unit_ms: f64,
    pub(crate) variation: f64,
}

/// The service times of one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Service {
    /// Where they come from.
    pub(crate) source: String,
    /// Threads that compute.
    pub(crate) threads: usize,
    /// Batches of lines that run at the same time.
    pub(crate) lanes: usize,
    /// Predicted time that the server's own queues give a batch.
    pub(crate) max_batch_ms: f64,
    /// Whether items of a batch are padded to the largest, and to how many they are rounded up.
    pub(crate) padded_to: Option<usize>,
    /// Own work of the stages before detection, in ms.
    pub(crate) before: Spread,
    /// The detector; units: pages.
    pub(crate) detect: Line,
    /// Cutting lines out, in ms.
    pub(crate) crop: Spread,
    /// Lines of a page.
    pub(crate) lines: Spread,
    /// Width of a line, in pixels.
    pub(crate) width: Spread,
    /// The recogniser, rereading included; units: pixels of width.
    pub(crate) recognise: Line,
    /// The extractor; units: lines.
    pub(crate) extract: Line,
    /// Own work of the stages after extraction, in ms.
    pub(crate) after: Spread,
}

/// One receipt's work.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Receipt {
    pub(crate) before: Duration,
    pub(crate) crop: Duration,
    pub(crate) after: Duration,
    /// Widths of its lines in pixels, the longest first.
    pub(crate) widths: Vec<u64>,
    /// Bytes of its image, which say roughly how much work it is.
    pub(crate) bytes: u64,
}

impl Service {
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?)
    }

    /// The receipt with this number: the same for every policy.
    pub(crate) fn receipt(&self, number: usize, seed: u64) -> Receipt {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(number as u64);
        let count = self.lines.draw(&mut rng).round().clamp(1.0, 400.0) as usize;
        let mut widths: Vec<u64> = (0..count).map(|_| self.width.draw(&mut rng).clamp(16.0, 2_560.0) as u64).collect();
        widths.sort_unstable_by(|a, b| b.cmp(a));
        // Larger receipts come in larger files, but not strictly.
        let bytes = 6_000.0 * count as f64 * log_normal(&mut rng, 0.4);
        Receipt {
            before: milliseconds(self.before.draw(&mut rng)),
            crop: milliseconds(self.crop.draw(&mut rng)),
            after: milliseconds(self.after.draw(&mut rng)),
            widths,
            bytes: bytes as u64,
        }
    }
}

impl Spread {
    fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        self.mean * log_normal(rng, self.variation)
    }
}

impl Line {
    /// Time of a batch of `units`.
    pub(crate) fn draw(&self, units: u64, rng: &mut ChaCha8Rng) -> Duration {
        milliseconds((self.fixed_ms + self.unit_ms * units as f64) * log_normal(rng, self.variation))
    }
}

/// A factor with mean 1 and this standard deviation (Box and Muller 1958).
fn log_normal(rng: &mut ChaCha8Rng, variation: f64) -> f64 {
    let (u, v) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
    let normal = (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos();
    let variance = (1.0 + variation * variation).ln();
    (variance.sqrt() * normal - variance / 2.0).exp()
}

fn milliseconds(ms: f64) -> Duration {
    Duration::from_secs_f64(ms.max(0.0) / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_has_the_mean_and_the_variation_that_were_asked_for() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let spread = Spread { mean: 50.0, variation: 0.4 };
        let drawn: Vec<f64> = (0..20_000).map(|_| spread.draw(&mut rng)).collect();
        let mean = drawn.iter().sum::<f64>() / drawn.len() as f64;
        let variance = drawn.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / drawn.len() as f64;
        assert!(
            (mean / 50.0 - 1.0).abs() < 0.02 && (variance.sqrt() / mean / 0.4 - 1.0).abs() < 0.05,
            "{mean} {variance}"
        );
    }
}
