//! The crop stage: page + `TextRegions` → `LineCrops`, on the compute threads.

use std::sync::Arc;

use slipstream_models::{LineCrops, Raster, TextRegions, crop};

use crate::compute::Compute;

/// Cuts the lines out of an upright page.
pub async fn crop(compute: &Compute, page: Arc<Raster>, regions: TextRegions) -> LineCrops {
    compute.run(move || crop::crop(&page, &regions)).await
}
