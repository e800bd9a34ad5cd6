//! The orient stage: turns a page upright, so that every later stage sees text that reads from left to right.

use std::sync::Arc;

use slipstream_models::Raster;
use slipstream_models::raster::Turn;

use crate::compute::Compute;
use crate::registry::{ModelFailure, Serving};

/// A page with its text upright.
#[derive(Debug, Clone)]
pub struct Page {
    /// The upright pixels.
    pub raster: Arc<Raster>,
    /// What was done to the uploaded image to get there.
    pub turn: Turn,
}

/// Finds the turn that a page needs and applies it; a page that is upright
/// already is not copied.
///
/// # Errors
/// When the model fails.
pub async fn orient(serving: &Arc<Serving>, compute: &Compute, raster: Arc<Raster>) -> Result<Page, ModelFailure> {
    let Some(model) = serving.orient.clone() else { return Ok(Page { raster, turn: Turn::None }) };
    let upright = move || {
        let turn = model.turn_needed(&raster)?;
        let raster = if turn == Turn::None { raster } else { Arc::new(raster.turned(turn)) };
        Ok(Page { raster, turn })
    };
    compute.run(upright).await
}
