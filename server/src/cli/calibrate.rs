//! `slipstream calibrate NETWORK FILE…`: decides which convolutions of a network
//! multiply integers, from receipts such as it will read.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use slipstream_models::calibrate::{Calibration, Image, calibrate};
use slipstream_models::crop::crop;
use slipstream_models::detect::Detector;
use slipstream_models::integers;
use slipstream_models::recognise::Recogniser;
use slipstream_models::{ModelError, Raster};

use super::Failure;
use super::read::progress;
use crate::pipeline::decode::{DecodeLimits, decode};
use crate::registry::locate::locate;

/// Every so many images, one is kept from fitting and used for measuring.
const PROBE_EVERY: usize = 4;
/// Lines that one page gives at most, so that no page outweighs the others.
const LINES_PER_PAGE: usize = 12;
/// Lines and pages that changes are measured on: more take longer and agree.
const MOST_PROBES: [usize; 2] = [240, 12];

#[derive(Debug, Args)]
pub(super) struct CalibrateArgs {
    /// Folder of the network below the model folder, for example recognise/receipts or detect/tiny.
    #[arg(value_name = "NETWORK")]
    network: PathBuf,
    /// Photos of receipts: JPEG, PNG or WebP; some fifty are enough.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Largest change of the network's output that one convolution may cause, 0 to 1.
    #[arg(long, value_name = "CHANGE", env = "SLIPSTREAM_CALIBRATE_LIMIT", default_value_t = 0.005)]
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

pub(super) fn run(args: &CalibrateArgs) -> Result<ExitCode, Failure> {
    let models = locate(args.models.as_deref())?;
    let folder = models.join(&args.network);
    let detector = Detector::load(&models.join("detect").join(&args.detector))?;
    let lines = args.network.starts_with("recognise");
    let recogniser = if lines { Some(Recogniser::load(&folder)?) } else { None };
    let pages = if lines { detector } else { Detector::load(&folder)? };

    let bar = progress(args.files.len());
    let (mut images, mut probes) = (Vec::new(), Vec::new());
    for file in &args.files {
        let failed = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", file.display());
        let bytes = std::fs::read(file).map_err(|error| failed(&error))?;
        let page = decode(&bytes, None, &DecodeLimits::default()).map_err(|error| failed(&error))?.raster;
        for image in images_of(&page, &pages, recogniser.as_ref())? {
            let probe = (images.len() + probes.len()) % PROBE_EVERY == PROBE_EVERY - 1;
            if probe && probes.len() < MOST_PROBES[usize::from(!lines)] { &mut probes } else { &mut images }
                .push(image);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let calibration = if lines {
        calibrate(|| Recogniser::load_network(&folder), images, &probes, args.limit)?
    } else {
        calibrate(|| Detector::load_network(&folder), images, &probes, args.limit)?
    };
    print(&calibration)?;
    if !args.dry_run {
        write(&folder, &calibration)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What the network under calibration sees of a page.
fn images_of(page: &Raster, detector: &Detector, recogniser: Option<&Recogniser>) -> Result<Vec<Image>, ModelError> {
    let Some(recogniser) = recogniser else { return Ok(vec![detector.image(page)]) };
    let crops = crop(page, &detector.detect(page)?).crops;
    let step = crops.len().div_ceil(LINES_PER_PAGE).max(1);
    Ok(crops.iter().step_by(step).map(|crop| recogniser.image(crop)).collect())
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
