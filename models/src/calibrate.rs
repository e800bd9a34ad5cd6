//! Which convolutions of a network multiply integers: those that gain time by it
//! and whose rounding the network's output does not feel.

use std::collections::BTreeMap;

use slipstream_kernels::{Backend, Layer, Network, Parallelism, Quantisation, RunError};

use crate::weights::ModelError;

/// An image as a network takes it: `[height][width][3]` and its size.
pub type Image = (Vec<f32>, (usize, usize));

/// The image of `size`, as (height, width), whose rows `write` gives as [`Network::run_rows`] takes them.
pub(crate) fn image_of(size: (usize, usize), write: impl Fn(usize, &mut [[f32; 4]])) -> Image {
    let (height, width) = size;
    let mut row = vec![[0.0; 4]; width];
    let mut image = Vec::with_capacity(height * width * 3);
    for y in 0..height {
        write(y, &mut row);
        image.extend(row.iter().flat_map(|[blue, green, red, _]| [*blue, *green, *red]));
    }
    (image, size)
}

/// What a convolution has to gain, as a share of its time, to multiply integers.
const LEAST_GAIN: f64 = 0.05;
/// Runs of the longest image, of which the fastest counts for each layer.
const REPETITIONS: usize = 15;

/// Below these, nothing is left to measure on.
const LEAST_IMAGES: usize = 4;

/// Whether this processor can tell what integers gain.
///
/// # Errors
/// [`CalibrateError::NoIntegers`]
pub fn check_processor() -> Result<Backend, CalibrateError> {
    Backend::available().into_iter().find(|b| b.multiplies_integers()).ok_or(CalibrateError::NoIntegers)
}

/// What was found about one convolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The filter's name.
    pub name: String,
    /// What it computes.
    pub operation: String,
    /// Microseconds with floats and with integers, on the image that takes longest.
    pub micros: [f64; 2],
    /// Its own output's change: root mean square by that of the output.
    pub error: f32,
    /// The network's change when this convolution alone is rounded: the mean over
    /// output pixels of the distance between the two distributions (total
    /// variation), 0 to 1.
    pub change: f32,
    /// Whether it is to multiply integers.
    pub chosen: bool,
}

/// The outcome for a network.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Every convolution, in the order of the network.
    pub verdicts: Vec<Verdict>,
    /// The rounding of the chosen ones.
    pub roundings: BTreeMap<String, Quantisation>,
    /// The network's change with all chosen ones rounded.
    pub change: f32,
    /// Its change by bfloat16 alone, where the processor has it: a scale to read changes by.
    pub change_of_bf16: Option<f32>,
    /// Microseconds of the whole network with floats and with the chosen integers.
    pub micros: [f64; 2],
}

/// Why a network could not be calibrated.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    /// This processor cannot tell what integers gain.
    #[error("calibration measures integer products, which need a processor with AVX512_VNNI")]
    NoIntegers,
    /// There is too little to learn from.
    #[error("{got} lines or pages were found, at least {LEAST_IMAGES} are needed; name more photos")]
    TooFew {
        /// Images given.
        got: usize,
    },
    /// The network could not be loaded.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The network could not be run.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Calibrates the network that `build` gives, which has no integers yet. Steps are fitted to `images`; changes
/// are measured on `probes`, which should be others. Convolutions whose rounding
/// changes the network by more than `limit` keep floats.
///
/// # Errors
/// [`CalibrateError`]
pub fn calibrate(
    build: impl Fn() -> Result<Network, ModelError>,
    images: Vec<Image>,
    probes: &[Image],
    limit: f32,
) -> Result<Calibration, CalibrateError> {
    let integers = check_processor()?;
    let got = images.len() + probes.len();
    let longest = probes.iter().max_by_key(|(image, _)| image.len()).ok_or(CalibrateError::TooFew { got })?;
    // Floats everywhere else, so that a convolution's own rounding is seen.
    let mut network = build()?.with_backend(Backend::Avx512Vnni);
    let exact = outputs(&network, probes)?;
    let found = network.calibrate(images)?;
    let time = |network: &Network| network.profile(&longest.0, longest.1, Parallelism::Serial, REPETITIONS);

    let mut fastest = build()?.with_backend(integers);
    let change_of_bf16 = integers
        .multiplies_bf16()
        .then(|| Ok::<_, RunError>(change(&exact, &outputs(&fastest, probes)?)))
        .transpose()?;
    let floats = time(&fastest)?;
    fastest.quantise(|name| found.iter().find(|f| f.name == name).map(|f| f.quantisation.clone()));
    let rounded = time(&fastest)?;
    let micros = |layers: &[Layer], name: &str| {
        layers.iter().find(|l| l.name == name).map_or(f64::INFINITY, |l| l.seconds * 1e6)
    };

    let (mut verdicts, mut roundings) = (Vec::new(), BTreeMap::new());
    for one in found {
        network.quantise(|name| (name == one.name).then(|| one.quantisation.clone()));
        let change = change(&exact, &outputs(&network, probes)?);
        let micros = [micros(&floats, &one.name), micros(&rounded, &one.name)];
        let chosen = change <= limit && micros[1] < micros[0] * (1.0 - LEAST_GAIN);
        let operation = floats.iter().find(|l| l.name == one.name).map(|l| l.operation.clone()).unwrap_or_default();
        verdicts.push(Verdict { name: one.name.clone(), operation, micros, error: one.error, change, chosen });
        if chosen {
            roundings.insert(one.name, one.quantisation);
        }
    }
    fastest.quantise(|name| roundings.get(name).cloned());
    let total = |layers: &[Layer]| layers.iter().map(|l| l.seconds).sum::<f64>() * 1e6;
    let micros = [total(&floats), total(&time(&fastest)?)];
    let change = change(&exact, &outputs(&fastest, probes)?);
    Ok(Calibration { verdicts, roundings, change, change_of_bf16, micros })
}

/// Results with the number of classes of each.
fn outputs(network: &Network, images: &[Image]) -> Result<Vec<(Vec<f32>, usize)>, RunError> {
    let run = |(image, size): &Image| network.run(image, *size, Parallelism::Serial).map(|(v, [_, _, c])| (v, c));
    images.iter().map(run).collect()
}

/// The mean distance (total variation) between the distributions of two runs; a
/// single class is the probability of one of two.
fn change(a: &[(Vec<f32>, usize)], b: &[(Vec<f32>, usize)]) -> f32 {
    let (mut sum, mut pixels) = (0.0, 0);
    for ((a, classes), (b, _)) in a.iter().zip(b) {
        let distance: f32 = a.iter().zip(b).map(|(x, y)| (x - y).abs()).sum();
        sum += f64::from(distance) * if *classes == 1 { 1.0 } else { 0.5 };
        pixels += a.len() / classes.max(&1);
    }
    (sum / pixels.max(1) as f64) as f32
}
