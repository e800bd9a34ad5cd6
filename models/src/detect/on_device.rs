//! Detection on a device: the page's bytes go there, runs of text pixels and the boxes' scores come back.

use slipstream_kernels::device::{DeviceNetwork, Input, MapQuad, PagePixels};

use super::Config;
use super::boxes::{Run, rectangles, text_box};
use crate::geometry::{Point, Quad};
use crate::raster::Raster;
use crate::weights::ModelError;

/// The boxes on `page`, in pixels of the page scaled to `width`×`height`.
pub(super) fn boxes(
    device: &DeviceNetwork,
    page: &Raster,
    (width, height): (usize, usize),
    config: &Config,
) -> Result<Vec<(Quad, f32)>, ModelError> {
    let pages = [PagePixels { rgb: page.rgb(), height: page.height(), width: page.width() }];
    let input = Input::Pages {
        pages: &pages,
        scale: config.deviation.map(|d| 1.0 / (255.0 * d)),
        shift: std::array::from_fn(|c| -config.mean[c] / config.deviation[c]),
    };
    let corners = |quad: Quad| quad.0.map(|p| [p.x, p.y]);
    let scored = device.quads(input, (height, width), config.boxes.pixel_threshold, |runs| {
        let runs = runs.iter().map(|run| Run::new(run.row, run.start, run.end)).collect();
        rectangles(runs).into_iter().map(|quad| MapQuad { image: 0, corners: corners(quad) }).collect()
    });
    let scored = scored.map_err(candle_core::Error::wrap)?.into_iter();
    Ok(scored
        .filter_map(|(quad, score)| text_box(&Quad(quad.corners.map(|[x, y]| Point::new(x, y))), score, &config.boxes))
        .collect())
}
