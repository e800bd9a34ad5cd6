//! Text detection: a page → the quads of its text lines.
//!
//! A segmentation network gives a map of text probability (differentiable
//! binarisation, Liao et al., arXiv 1911.08947); [`boxes`] cuts quads from it,
//! [`finer`] says whether print is too small, [`closer`] looks again where lines
//! ran together, and [`lone`] for single characters that the network overlooked.

pub mod boxes;
mod closer;
mod finer;
mod input;
mod lone;
mod network;
#[cfg(feature = "device")]
mod on_device;

use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use serde::Deserialize;
use slipstream_kernels::{Accelerator, Backend, Network, NetworkOp, Parallelism};

use crate::calibrate::{Image, image_of};
use crate::geometry::{Point, Quad};
use crate::raster::Raster;
use crate::weights::{ModelError, Weights, load, load_uncalibrated};
use boxes::{BoxSettings, find_boxes};
use input::Scaled;
pub use input::working_size;

/// A detected line of text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TextRegion {
    /// Where it stands, in pixels of the page.
    pub quad: Quad,
    /// Mean text probability inside, 0 to 1.
    pub score: f32,
}

/// All detected lines of a page, from top to bottom.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TextRegions {
    /// The lines.
    pub regions: Vec<TextRegion>,
}

/// What `config.json` of a detector holds beside the network's structure.
#[derive(Debug, Clone, Deserialize)]
struct Config {
    structure: network::Structure,
    /// The page is scaled down so that its longer side has at most this many pixels, see [`working_size`].
    long_side: usize,
    mean: [f32; 3],
    deviation: [f32; 3],
    #[serde(flatten)]
    boxes: BoxSettings,
}

/// A detection network with its pre- and post-processing.
pub struct Detector {
    op: NetworkOp,
    config: Config,
}

impl Detector {
    /// Loads the detector in `folder`.
    ///
    /// # Errors
    /// [`ModelError`] when files are missing or do not fit each other.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        Self::load_for(folder, Backend::current())
    }

    /// The same on another of the instruction sets that this processor has.
    ///
    /// # Errors
    /// As [`Detector::load`].
    ///
    /// # Panics
    /// When this processor does not have the backend's instructions.
    pub fn load_for(folder: &Path, backend: Backend) -> Result<Self, ModelError> {
        Self::of(load(folder)?, backend)
    }

    /// The same on `accelerator`.
    ///
    /// # Errors
    /// As [`Detector::load`], and when the device cannot run it.
    pub fn load_on(folder: &Path, accelerator: &Accelerator) -> Result<Self, ModelError> {
        let (weights, config): (_, Config) = load(folder)?;
        let network = network::build(&weights, &config.structure)?;
        Ok(Self { op: NetworkOp::on(accelerator, Arc::new(network), Parallelism::Pool)?, config })
    }

    fn of((weights, config): (Weights, Config), backend: Backend) -> Result<Self, ModelError> {
        let network = network::build(&weights, &config.structure)?.with_backend(backend);
        Ok(Self { op: NetworkOp::new(Arc::new(network), Parallelism::Pool), config })
    }

    /// The same without its integers, for calibrating it anew.
    ///
    /// # Errors
    /// As [`Detector::load`], but for damage of what it was calibrated to.
    pub fn load_uncalibrated(folder: &Path) -> Result<Self, ModelError> {
        Self::of(load_uncalibrated(folder)?, Backend::current())
    }

    /// The network alone, without its integers.
    ///
    /// # Errors
    /// As [`Detector::load_uncalibrated`].
    pub fn load_network(folder: &Path) -> Result<Network, ModelError> {
        let (weights, config): (_, Config) = load_uncalibrated(folder)?;
        network::build(&weights, &config.structure)
    }

    /// The network, for measuring it.
    pub fn network(&self) -> &Network {
        self.op.network()
    }

    /// The page as the network takes it, with its height and width.
    pub fn image(&self, page: &Raster) -> Image {
        let (width, height) = working_size((page.width(), page.height()), self.config.long_side);
        let scaled = self.scaled(page, (width, height));
        image_of((height, width), |y, row| scaled.row(y, row))
    }

    fn scaled<'a>(&self, page: &'a Raster, size: (usize, usize)) -> Scaled<'a> {
        Scaled::new(page, size, self.config.mean, self.config.deviation)
    }

    /// The text lines of `page`; computes on the rayon pool of the caller.
    ///
    /// # Errors
    /// [`ModelError::Run`] when the network fails.
    pub fn detect(&self, page: &Raster) -> Result<TextRegions, ModelError> {
        if page.width() == 0 || page.height() == 0 {
            return Ok(TextRegions::default());
        }
        let size = (page.width(), page.height());
        let working = working_size(size, self.config.long_side);
        let mut regions = self.look(page, working)?;
        if let Some(finer) = finer::size(&regions, size, working) {
            regions = self.look(page, finer)?;
        }
        let looks = closer::windows(&regions, size).into_iter().map(|window| {
            let [left, top, right, bottom] = window.bounds;
            let part = page.part(left, top, right - left, bottom - top);
            let working = (
                input::multiple(part.width(), window.scale),
                input::multiple(part.height(), window.scale * closer::STRETCH),
            );
            let shift = |p: Point| Point::new(p.x + left as f32, p.y + top as f32);
            let found = self.look(&part, working)?.into_iter();
            Ok((window, found.map(|r| TextRegion { quad: r.quad.map(shift), ..r }).collect()))
        });
        let looks = looks.collect::<Result<Vec<_>, ModelError>>()?;
        closer::replace(&mut regions, looks);
        let overlooked = lone::find(page, &regions);
        regions.extend(overlooked);
        regions.sort_by(|a, b| a.quad.centre().y.total_cmp(&b.quad.centre().y));
        Ok(TextRegions { regions })
    }

    /// The boxes that the network sees on `page`, scaled to (width, height), in no order.
    fn look(&self, page: &Raster, (width, height): (usize, usize)) -> Result<Vec<TextRegion>, ModelError> {
        let (sx, sy) = (page.width() as f32 / width as f32, page.height() as f32 / height as f32);
        let (right, bottom) = (page.width() as f32, page.height() as f32);
        let to_page = |p: Point| Point::new((p.x * sx).clamp(0.0, right), (p.y * sy).clamp(0.0, bottom));
        let boxes = self.boxes(page, (width, height))?.into_iter();
        Ok(boxes.map(|(quad, score)| TextRegion { quad: quad.map(to_page), score }).collect())
    }

    /// The same in pixels of the scaled page.
    fn boxes(&self, page: &Raster, (width, height): (usize, usize)) -> Result<Vec<(Quad, f32)>, ModelError> {
        #[cfg(feature = "device")]
        if let Some(device) = self.op.device() {
            return on_device::boxes(device, page, (width, height), &self.config);
        }
        let scaled = self.scaled(page, (width, height));
        let map = self.op.run_rows((height, width), |y, row| scaled.row(y, row)).map_err(candle_core::Error::wrap)?.0;
        Ok(find_boxes(&map, (width, height), &self.config.boxes))
    }

    /// The network alone: `image` as `[height][width][3]`, normalised, to text
    /// probabilities `[height][width]`.
    ///
    /// # Errors
    /// [`ModelError::Run`] when the sizes do not fit.
    pub fn probability_map(&self, image: Vec<f32>, (height, width): (usize, usize)) -> Result<Vec<f32>, ModelError> {
        let image = Tensor::from_vec(image, (1, height, width, 3), &Device::Cpu)?;
        Ok(image.apply_op1_no_bwd(&self.op)?.flatten_all()?.to_vec1()?)
    }
}
