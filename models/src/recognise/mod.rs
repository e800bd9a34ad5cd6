//! Text recognition: line crops → characters with confidences and places.

mod align;
mod beam;
mod ctc;
pub mod language;
mod network;

use std::path::Path;
use std::sync::Arc;

#[cfg(feature = "device")]
use candle_core::{Device, Tensor};
use rayon::prelude::*;
use serde::Deserialize;
#[cfg(feature = "device")]
use slipstream_kernels::device::{DeviceNetwork, Input, LinePlace, PagePixels};
use slipstream_kernels::{Accelerator, Backend, DeviceError, Network, NetworkOp, Parallelism};

use crate::calibrate::{Image, image_of};
use crate::crop::{CROP_HEIGHT, LineCrop};
use crate::text::{TextLine, mean_confidence};
use crate::weights::{ModelError, Weights, load, load_uncalibrated};
use beam::Labels;
use ctc::Language;
use language::LanguageModel;

/// Lines that run together at most, on devices.
#[cfg(feature = "device")]
const MOST_LINES: usize = 64;

/// What `config.json` of a recogniser holds.
#[derive(Debug, Clone, Deserialize)]
struct Config {
    structure: network::Structure,
    /// Narrower crops are padded to this many pixels.
    min_width: usize,
    /// What each class reads as; the first is CTC's blank.
    classes: Vec<String>,
}

/// A recognition network with its pre- and post-processing.
pub struct Recogniser {
    op: NetworkOp,
    min_width: usize,
    classes: Vec<char>,
    language: Option<(Arc<LanguageModel>, Labels)>,
}

impl Recogniser {
    /// Loads the recogniser in `folder`.
    ///
    /// # Errors
    /// [`ModelError`] when files are missing or do not fit each other.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        Self::load_for(folder, Backend::current())
    }

    /// The same on another of the instruction sets that this processor has.
    ///
    /// # Errors
    /// As [`Recogniser::load`].
    ///
    /// # Panics
    /// When this processor does not have the backend's instructions.
    pub fn load_for(folder: &Path, backend: Backend) -> Result<Self, ModelError> {
        Self::of(folder, load(folder)?, backend)
    }

    /// The same on `accelerator`.
    ///
    /// # Errors
    /// As [`Recogniser::load`], and when the device cannot run it.
    pub fn load_on(folder: &Path, accelerator: &Accelerator) -> Result<Self, ModelError> {
        let (weights, config): (_, Config) = load(folder)?;
        let network = network::build(&weights, &config.structure)?;
        Self::with(folder, network, config, |network| NetworkOp::on(accelerator, network, Parallelism::Serial))
    }

    fn of(folder: &Path, (weights, config): (Weights, Config), backend: Backend) -> Result<Self, ModelError> {
        let network = network::build(&weights, &config.structure)?.with_backend(backend);
        Self::with(folder, network, config, |network| Ok(NetworkOp::new(network, Parallelism::Serial)))
    }

    fn with(
        folder: &Path,
        network: Network,
        config: Config,
        op: impl FnOnce(Arc<Network>) -> Result<NetworkOp, DeviceError>,
    ) -> Result<Self, ModelError> {
        if network.output_channels() != config.classes.len() {
            return Err(ModelError::Invalid {
                path: folder.join("config.json"),
                reason: format!("{} classes for {} outputs", config.classes.len(), network.output_channels()),
            });
        }
        let classes = config.classes.iter().map(|class| class.chars().next().unwrap_or(ctc::BLANK)).collect();
        Ok(Self { op: op(Arc::new(network))?, min_width: config.min_width, classes, language: None })
    }

    /// With `model` to say which of the texts that a doubtful line may hold is the likeliest.
    #[must_use]
    pub fn with_language(mut self, model: Arc<LanguageModel>) -> Self {
        let symbol = |ch: &char| (*ch != ctc::BLANK).then(|| model.symbol(*ch));
        let labels = Labels {
            symbols: self.classes.iter().map(symbol).collect(),
            space: self.classes.iter().position(|ch| *ch == ' '),
        };
        self.language = Some((model, labels));
        self
    }

    /// The same without its integers, for calibrating it anew.
    ///
    /// # Errors
    /// As [`Recogniser::load`], but for damage of what it was calibrated to.
    pub fn load_uncalibrated(folder: &Path) -> Result<Self, ModelError> {
        Self::of(folder, load_uncalibrated(folder)?, Backend::current())
    }

    /// The network alone, without its integers.
    ///
    /// # Errors
    /// As [`Recogniser::load_uncalibrated`].
    pub fn load_network(folder: &Path) -> Result<Network, ModelError> {
        let (weights, config): (_, Config) = load_uncalibrated(folder)?;
        network::build(&weights, &config.structure)
    }

    /// The network, for measuring it.
    pub fn network(&self) -> &Network {
        self.op.network()
    }

    /// Whether lines run together, on one device, and not each on a thread.
    pub fn reads_together(&self) -> bool {
        self.op.prefers_batches()
    }

    /// Reads `crops`, which may come from any number of pages, in their order.
    ///
    /// On a CPU, every line runs at its own width on one thread of the rayon pool
    /// of the caller, longest first: padding to a common width costs more than
    /// batching gains. On another device, lines of one width run together.
    ///
    /// # Errors
    /// [`ModelError::Run`] when the network fails.
    pub fn recognise(&self, crops: &[&LineCrop]) -> Result<Vec<TextLine>, ModelError> {
        #[cfg(feature = "device")]
        if let Some(device) = self.op.device() {
            return self.recognise_on(device, crops);
        }
        let mut order: Vec<_> = (0..crops.len()).collect();
        order.sort_by_key(|i| std::cmp::Reverse(crops[*i].width()));
        let mut read = order
            .into_par_iter()
            .with_max_len(1)
            .map(|i| Ok((i, self.read(crops[i])?)))
            .collect::<Result<Vec<_>, ModelError>>()?;
        read.sort_by_key(|(i, _)| *i);
        Ok(read.into_iter().map(|(_, line)| line).collect())
    }

    /// The same on `device`: crops go there in bytes, and the best classes of every step come back.
    ///
    /// Only lines of one width run together. Padding them to a common one would change what is read, since gates are
    /// made of means over the whole line.
    #[cfg(feature = "device")]
    fn recognise_on(&self, device: &DeviceNetwork, crops: &[&LineCrop]) -> Result<Vec<TextLine>, ModelError> {
        let width_of = |i: &usize| self.width_of(crops[*i]);
        let mut order: Vec<_> = (0..crops.len()).collect();
        order.sort_by_key(width_of);
        let mut read = Vec::with_capacity(crops.len());
        for group in order.chunk_by(|a, b| width_of(a) == width_of(b)).flat_map(|group| group.chunks(MOST_LINES)) {
            let width = group.first().map_or(0, width_of);
            let crops: Vec<&LineCrop> = group.iter().map(|i| crops[*i]).collect();
            let pixels: Vec<_> = crops.iter().map(|crop| crop.rgb()).collect();
            let pages: Vec<_> = crops
                .iter()
                .zip(&pixels)
                .map(|(crop, rgb)| PagePixels { rgb, height: CROP_HEIGHT, width: crop.width() })
                .collect();
            let lines: Vec<_> = crops.iter().enumerate().map(|(page, crop)| whole(page, crop)).collect();
            let input = Input::Lines { pages: &pages, lines: &lines };
            let best = device.classes(input, (CROP_HEIGHT, width)).map_err(candle_core::Error::wrap)?;
            for ((i, crop), steps) in group.iter().zip(&crops).zip(best.chunks(best.len() / crops.len())) {
                // Classes that did not come back are as good as impossible.
                let mut probabilities = vec![0.0; steps.len() * self.classes.len()];
                for (row, guesses) in probabilities.chunks_exact_mut(self.classes.len()).zip(steps) {
                    for guess in guesses {
                        if let Some(place) = guess.class.and_then(|class| row.get_mut(class)) {
                            *place = guess.probability;
                        }
                    }
                }
                read.push((*i, self.line(crop, &probabilities, width)));
            }
        }
        read.sort_by_key(|(i, _)| *i);
        Ok(read.into_iter().map(|(_, line)| line).collect())
    }

    /// The network alone: class probabilities `[steps][classes]` of one crop.
    ///
    /// # Errors
    /// [`ModelError::Run`] when the network fails.
    pub fn probabilities(&self, crop: &LineCrop) -> Result<Vec<f32>, ModelError> {
        #[cfg(feature = "device")]
        if self.op.device().is_some() {
            let (image, (height, width)) = self.image(crop);
            let image = Tensor::from_vec(image, (1, height, width, 3), &Device::Cpu)?;
            return Ok(image.apply_op1_no_bwd(&self.op)?.flatten_all()?.to_vec1()?);
        }
        let size = (CROP_HEIGHT, self.width_of(crop));
        let (values, _) = self.op.run_rows(size, |y, row| fill(crop, y, row)).map_err(candle_core::Error::wrap)?;
        Ok(values)
    }

    /// The crop as the network takes it, with its height and width.
    pub fn image(&self, crop: &LineCrop) -> Image {
        image_of((CROP_HEIGHT, self.width_of(crop)), |y, row| fill(crop, y, row))
    }

    /// Pixels across that the network sees of the crop.
    fn width_of(&self, crop: &LineCrop) -> usize {
        crop.width().max(self.min_width)
    }

    fn read(&self, crop: &LineCrop) -> Result<TextLine, ModelError> {
        Ok(self.line(crop, &self.probabilities(crop)?, self.width_of(crop)))
    }

    /// What `probabilities` of the crop say, which was padded to `width`.
    fn line(&self, crop: &LineCrop, probabilities: &[f32], width: usize) -> TextLine {
        let padded = width as f32 / crop.width() as f32;
        let language = self.language.as_ref().map(|(model, labels)| Language { model, labels });
        let chars = ctc::decode(probabilities, &self.classes, padded, language.as_ref());
        TextLine { confidence: mean_confidence(&chars), chars, quad: crop.quad() }
    }
}

/// Row `y` of the crop as the network takes it: blue-green-red values from -1 to 1, with zeros as padding.
fn fill(crop: &LineCrop, y: usize, row: &mut [[f32; 4]]) {
    let mut pixels = row.iter_mut();
    crop.row(y, |[r, g, b]| {
        if let Some(pixel) = pixels.next() {
            *pixel = [b, g, r, 0.0].map(|value| value / 127.5 - 1.0);
        }
    });
    pixels.for_each(|pixel| *pixel = [0.0; 4]);
}

/// A crop that is page number `page`, as it is.
#[cfg(feature = "device")]
fn whole(page: usize, crop: &LineCrop) -> LinePlace {
    let (right, bottom) = (crop.width() as f32, CROP_HEIGHT as f32);
    let corners = [[0.0, 0.0], [right, 0.0], [right, bottom], [0.0, bottom]];
    LinePlace { page, corners, columns: crop.width(), samples: 1 }
}
