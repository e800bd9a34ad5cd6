//! Forgery: a page → which of its pixels were edited after it was scanned or photographed.
//!
//! | step | module |
//! |---|---|
//! | pixels to brightness, noise residual and tint | `planes` |
//! | traces of JPEG compression in every block | `ghosts` |
//! | planes to an embedding of every cell of 8×8 pixels | `network` |
//! | cells compared with their page and their surroundings | `head` |
//! | logits of cells to a score, a heat map and regions | `verdict` |
//!
//! The trainer (`models/train/forgery`) has the same steps; a recorded page holds
//! the two in step. `models/weights/forgery/CARD.md` says what is not seen.

mod ghosts;
mod head;
mod network;
mod planes;
mod verdict;

use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use serde::Deserialize;
use slipstream_kernels::{Backend, NetworkOp, Parallelism};

use crate::raster::Raster;
use crate::weights::{ModelError, load};
pub use ghosts::{EarlierQuality, earlier_quality};
use head::Head;
use planes::planes;
pub use verdict::{EditedRegion, ForgeryVerdict, HeatMap};
use verdict::{Judge, cell_of};

/// What `config.json` of a classifier holds.
#[derive(Debug, Clone, Deserialize)]
struct Config {
    structure: network::Structure,
    /// Pixels; larger pages are reduced by a whole factor, which costs most of what compression left on them.
    max_pixels: usize,
    verdict: Judge,
}

/// A forgery classifier. Shared between threads.
pub struct ForgeryClassifier {
    op: NetworkOp,
    head: Head,
    config: Config,
}

impl ForgeryClassifier {
    /// Loads the classifier in `folder`.
    ///
    /// # Errors
    /// [`ModelError`] when files are missing or do not fit each other.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        Self::load_for(folder, Backend::current())
    }

    /// The same on another of the instruction sets that this processor has.
    ///
    /// # Errors
    /// As [`ForgeryClassifier::load`].
    ///
    /// # Panics
    /// When this processor does not have the backend's instructions.
    pub fn load_for(folder: &Path, backend: Backend) -> Result<Self, ModelError> {
        let (weights, config): (_, Config) = load(folder)?;
        let network = network::build(&weights, &config.structure)?.with_backend(backend);
        let head = Head::new(&weights, &config.structure)?;
        Ok(Self { op: NetworkOp::new(Arc::new(network), Parallelism::Pool), head, config })
    }

    /// Pixels up to which a page is seen as it is; larger ones are reduced, which costs most of what an edit leaves.
    pub fn max_pixels(&self) -> usize {
        self.config.max_pixels
    }

    /// What the pixels of `page` say; computes on the rayon pool of the caller. A page without a whole cell has a score of 0.
    ///
    /// # Errors
    /// [`ModelError::Run`] when the network fails.
    pub fn classify(&self, page: &Raster) -> Result<ForgeryVerdict, ModelError> {
        let size = (page.width(), page.height());
        let mut factor = 1;
        while (size.0 / factor) * (size.1 / factor) > self.config.max_pixels {
            factor += 1;
        }
        let (logits, cells) = self.logits(&page.reduced(factor))?;
        if logits.is_empty() {
            return Ok(ForgeryVerdict::default());
        }
        Ok(self.config.verdict.verdict(&logits, cells, cell_of(factor), size))
    }

    /// The logit of every cell of `page`, and how many (rows, columns) there are.
    ///
    /// # Errors
    /// As [`ForgeryClassifier::classify`].
    pub fn logits(&self, page: &Raster) -> Result<(Vec<f32>, (usize, usize)), ModelError> {
        let mut planes = planes(page);
        let (rows, columns) = planes.cells;
        if rows * columns == 0 {
            return Ok((Vec::new(), (rows, columns)));
        }
        let blocks = ghosts::block_features(page, &planes);
        let image = std::mem::take(&mut planes.image);
        let image = Tensor::from_vec(image, (1, rows * planes::CELL, columns * planes::CELL, 3), &Device::Cpu)?;
        let out: Vec<f32> = image.apply_op1_no_bwd(&self.op)?.flatten_all()?.to_vec1()?;
        Ok((self.head.logits(&out, &blocks, planes.cells)?, planes.cells))
    }
}
