//! The detect stage: page → `TextRegions`, through the queue that all requests share.

use std::sync::Arc;

use slipstream_models::detect::working_size;
use slipstream_models::{Raster, TextRegions};

use super::error::only;
use super::{Job, ReadError};

/// Longest side that the detector looks at; larger pages are scaled down to it.
const LONG_SIDE: usize = 960;

/// Finds the lines of an upright page.
///
/// # Errors
/// When the queue is full, the deadline cannot be kept or the model fails.
pub async fn detect(job: &Job, page: Arc<Raster>) -> Result<TextRegions, ReadError> {
    let model = &job.serving.detect;
    let units = pixels_seen(page.width(), page.height());
    only(job.ask(model, vec![model.item(page, units)]).await?)
}

/// Pixels of a page after the detector scaled it.
fn pixels_seen(width: usize, height: usize) -> u64 {
    let (width, height) = working_size((width, height), LONG_SIDE);
    (width * height) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_of_a_page_is_bounded_by_what_the_network_sees() {
        assert_eq!(pixels_seen(416, 320), 416 * 320);
        assert_eq!(pixels_seen(1920, 960), 960 * 480);
        assert_eq!(pixels_seen(1000, 100_000), 128 * 11_520);
    }
}
