//! A real operation on the models, for warming them up and for readiness.

use std::sync::Arc;
use std::time::{Duration, Instant};

use slipstream_batcher::{Priority, Standing, Tenant};
use slipstream_models::{Quad, Raster, TextLine, TextLines, TextRegions, detect::TextRegion};

use super::{Job, Pipeline, ReadError, crop, detect, extract, recognise};
use crate::registry::{ModelFailure, Serving};

/// Probes are no caller's: they have a share of their own, which is as large as any.
const NOBODY: Tenant = Tenant(u16::MAX);

/// A page whose side fits a quick check.
const SMALL: usize = 96;

/// A page as large as the detector sees any.
const FULL: usize = 960;

/// How long a probe may take; as an early deadline it also puts it first in line.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the first pass over cold models may take.
const WARM_UP: Duration = Duration::from_secs(60);

impl Pipeline {
    /// Runs every model of `serving` once on a full page, so that the first
    /// receipt finds memory and caches in place.
    ///
    /// # Errors
    /// When a model fails.
    pub async fn warm(&self, serving: &Arc<Serving>) -> Result<(), ReadError> {
        self.exercise(serving, FULL, WARM_UP).await
    }

    /// Runs every model that is serving once on a tiny page, through its queue.
    ///
    /// # Errors
    /// When a model fails, its queue is full, or the answer takes too long.
    pub async fn probe(&self) -> Result<(), ReadError> {
        let serving = self.registry().current().ok_or(ReadError::Closed)?;
        self.exercise(&serving, SMALL, PATIENCE).await
    }

    async fn exercise(&self, serving: &Arc<Serving>, side: usize, patience: Duration) -> Result<(), ReadError> {
        let (priority, tenant) = (Priority::Interactive, NOBODY);
        let standing = Standing { priority, tenant, deadline: Instant::now() + patience };
        let job = Job::standing("probe".to_owned(), Arc::clone(serving), standing);
        let paper = Raster::new(side, side, vec![255; side * side * 3]).map_err(ModelFailure::new)?;
        let page = Arc::new(paper);
        detect::detect(&job, Arc::clone(&page)).await?;
        if let Some(forgery) = &serving.forgery {
            job.ask(&forgery.model, vec![forgery.model.item(Arc::clone(&page), (side * side) as u64)]).await?;
        }
        // Blank paper has no lines, so one is placed on it.
        let quad = Quad::from_bounds(0.0, 0.0, side as f32, 16.0);
        let regions = TextRegions { regions: vec![TextRegion { quad, score: 1.0 }] };
        let crops = crop::crop(&job, &self.compute, page, regions).await;
        let read = recognise::recognise(&job, crops).await?;
        recognise::exercise_second(&job, &read).await?;
        let lines = vec![TextLine::evenly_spaced("TOTAL 9.00", 1.0, quad)];
        extract::extract(&job, Arc::new(TextLines { lines, page_width: side, page_height: side })).await?;
        Ok(())
    }
}
