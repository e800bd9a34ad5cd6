//! The crop stage: page + `TextRegions` → `LineCrops`, on the compute threads.

use std::sync::Arc;

use slipstream_models::{LineCrops, Raster, TextRegions, crop};

use super::{Job, Stage};
use crate::compute::Compute;

/// Cuts the lines out of an upright page.
pub async fn crop(job: &Job, compute: &Compute, page: Arc<Raster>, regions: TextRegions) -> LineCrops {
    job.compute(compute, Stage::Crop, move || crop::crop(&page, &regions)).await
}
