//! The orient stage: turns a page upright, so that every later stage sees text that reads from left to right.
//!
//! It runs where a doubt can arise: behind detection (a page on its side) and
//! behind recognition (a page upside down). See [`slipstream_models::orientation`].

use std::sync::Arc;

use slipstream_models::raster::Turn;
use slipstream_models::{LineCrops, Raster, TextLine, orientation};

use super::{Job, ReadError, Stage, recognise};
use crate::compute::Compute;

/// A page with what was done to the uploaded image to get there.
#[derive(Debug, Clone)]
pub struct Page {
    /// The pixels.
    pub raster: Arc<Raster>,
    /// The turn so far.
    pub turn: Turn,
}

impl Page {
    /// A page as it was uploaded.
    pub fn uploaded(raster: Arc<Raster>) -> Self {
        Self { raster, turn: Turn::None }
    }

    /// The page turned further.
    pub async fn turned(self, job: &Job, compute: &Compute, turn: Turn) -> Self {
        let raster = self.raster;
        let raster = job.compute(compute, Stage::Orient, move || Arc::new(raster.turned(turn))).await;
        Self { raster, turn: self.turn.then(turn) }
    }

    /// Pixels across and down.
    pub fn size(&self) -> (usize, usize) {
        (self.raster.width(), self.raster.height())
    }
}

/// Whether the page whose `lines` were read is upside down; reads `sample` (some
/// of its lines the other way round) only when the lines leave a doubt.
///
/// # Errors
/// As [`recognise::recognise`].
pub async fn is_upside_down(job: &Job, lines: &[TextLine], sample: LineCrops) -> Result<bool, ReadError> {
    if !orientation::doubtful(lines) {
        return Ok(false);
    }
    let quads: Vec<_> = sample.crops.iter().map(|crop| crop.upside_down().quad()).collect();
    let as_is: Vec<_> = lines.iter().filter(|line| quads.contains(&line.quad)).cloned().collect();
    let turned = recognise::recognise(job, sample).await?;
    Ok(orientation::reads_better(&turned.lines, &as_is))
}
