//! `slipstream calibrate NETWORK FILE…`: decides which convolutions of a network
//! multiply integers, from receipts such as it will read.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Deserialize;
use slipstream_models::calibrate::{Calibration, Image, calibrate, check_processor};
use slipstream_models::crop::crop;
use slipstream_models::detect::Detector;
use slipstream_models::integers;
use slipstream_models::recognise::Recogniser;
use slipstream_models::{ModelError, Raster};

use super::Failure;
use super::args::share;
use super::read::progress;
use crate::pipeline::decode::{DecodeLimits, decode};
use crate::registry::locate::locate;

/// Every so many images, one is kept from fitting and used for measuring.
const PROBE_EVERY: usize = 4;
/// Lines that one page gives at most, so that no page outweighs the others.
const LINES_PER_PAGE: usize = 12;
/// Files that are used at most, spread over those that are named: all their images
/// are held in memory.
const MOST_FILES: usize = 192;

#[derive(Debug, Args)]
pub(super) struct CalibrateArgs {
    /// Folder of the network below the model folder, for example recognise/receipts or detect/tiny.
    #[arg(value_name = "NETWORK")]
    network: PathBuf,
    /// Photos of receipts: JPEG, PNG or WebP; some fifty are enough.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Largest change of the network's output that one convolution may cause, 0 to 1.
    #[arg(long, value_name = "CHANGE", env = "SLIPSTREAM_CALIBRATE_LIMIT", default_value_t = 0.005, value_parser = share)]
    limit: f32,
    /// Finds the lines that a recogniser is calibrated with.
    #[arg(long, value_name = "NAME", env = "SLIPSTREAM_DETECTOR", default_value = "tiny")]
    detector: String,
    /// Print the table and write nothing.
    #[arg(long, env = "SLIPSTREAM_CALIBRATE_DRY_RUN")]
    dry_run: bool,
    /// Folder with the model weights [default: models/weights, looked for in the working directory and beside the program]
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_MODELS")]
    models: Option<PathBuf>,
}

/// The network under calibration, and what finds its images.
enum Subject {
    Detector(Detector),
    Recogniser { pages: Box<Detector>, lines: Recogniser },
}

pub(super) fn run(args: &CalibrateArgs) -> Result<ExitCode, Failure> {
    check_processor()?;
    let models = locate(args.models.as_deref())?;
    let folder = models.join(&args.network);
    let subject = match task_of(&folder)?.as_str() {
        "detection" => Subject::Detector(Detector::load_uncalibrated(&folder)?),
        "recognition" => Subject::Recogniser {
            pages: Box::new(Detector::load_uncalibrated(&models.join("detect").join(&args.detector))?),
            lines: Recogniser::load_uncalibrated(&folder)?,
        },
        other => return Err(format!("{}: networks for {other} have no integers", folder.display()).into()),
    };

    let step = args.files.len().div_ceil(MOST_FILES);
    let bar = progress(args.files.len().div_ceil(step));
    let (mut images, mut probes) = (Vec::new(), Vec::new());
    for file in args.files.iter().step_by(step) {
        let failed = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", file.display());
        let bytes = std::fs::read(file).map_err(|error| failed(&error))?;
        let page = decode(&bytes, None, &DecodeLimits::default()).map_err(|error| failed(&error))?.raster;
        for image in subject.images(&Arc::new(page))? {
            let probe = (images.len() + probes.len()) % PROBE_EVERY == PROBE_EVERY - 1;
            if probe && probes.len() < subject.most_probes() { &mut probes } else { &mut images }.push(image);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let calibration = match subject {
        Subject::Detector(_) => calibrate(|| Detector::load_network(&folder), images, &probes, args.limit)?,
        Subject::Recogniser { .. } => calibrate(|| Recogniser::load_network(&folder), images, &probes, args.limit)?,
    };
    print(&calibration)?;
    if !args.dry_run {
        write(&folder, &calibration)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the network in `folder` is for, as its `config.json` says.
fn task_of(folder: &Path) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(default)]
        task: String,
    }
    let path = folder.join("config.json");
    let failed = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
    let bytes = std::fs::read(&path).map_err(|error| failed(&error))?;
    Ok(serde_json::from_slice::<Config>(&bytes).map_err(|error| failed(&error))?.task)
}

impl Subject {
    /// What the network sees of a page.
    fn images(&self, page: &Arc<Raster>) -> Result<Vec<Image>, ModelError> {
        match self {
            Self::Detector(pages) => Ok(vec![pages.image(page)]),
            Self::Recogniser { pages, lines } => {
                let crops = crop(page, &pages.detect(page)?).crops;
                let step = crops.len().div_ceil(LINES_PER_PAGE).max(1);
                Ok(crops.iter().step_by(step).map(|crop| lines.image(crop)).collect())
            }
        }
    }

    /// Images that changes are measured on: more take longer and agree.
    fn most_probes(&self) -> usize {
        match self {
            Self::Detector(_) => 12,
            Self::Recogniser { .. } => 240,
        }
    }
}

fn write(folder: &Path, calibration: &Calibration) -> Result<(), Failure> {
    integers::save(folder, &calibration.roundings)
        .map_err(|error| format!("cannot write {}: {error}", folder.join(integers::FILE).display()).into())
}

fn print(calibration: &Calibration) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{:32}{:28}{:>9}{:>9}{:>10}{:>10}  products",
        "convolution", "", "float µs", "int8 µs", "error %", "change %"
    )?;
    for v in &calibration.verdicts {
        let [floats, integers] = v.micros;
        let products = if v.chosen { "int8" } else { "float" };
        let (error, change) = (v.error * 100.0, v.change * 100.0);
        writeln!(
            out,
            "{:32}{:28}{floats:>9.0}{integers:>9.0}{error:>10.2}{change:>10.3}  {products}",
            v.name, v.operation
        )?;
    }
    let [floats, integers] = calibration.micros;
    writeln!(
        out,
        "{} of {} in int8: {floats:.0} to {integers:.0} µs, output changed by {:.3} %{}",
        calibration.roundings.len(),
        calibration.verdicts.len(),
        calibration.change * 100.0,
        calibration.change_of_bf16.map(|c| format!(" (bfloat16 alone: {:.3} %)", c * 100.0)).unwrap_or_default()
    )
}
