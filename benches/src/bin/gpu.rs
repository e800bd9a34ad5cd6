//! The networks on a card: the same answers as on the CPU, and how fast.
//!
//! `cargo run --release -p slipstream-benches --features cuda --bin gpu -- --images DIR --json FILE`
//!
//! `benches/gpu.sh` runs this, the kernels' tests and a server, from a folder that was packed on another machine.
//! Not run yet: no card was at hand.

use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::{Value, json};
use slipstream_benches::ended;
use slipstream_kernels::device::{DeviceNetwork, Input, LinePlace, Machine, PagePixels};
use slipstream_models::crop::{CROP_HEIGHT, LineCrop, crop};
use slipstream_models::detect::{Detector, working_size};
use slipstream_models::recognise::Recogniser;
use slipstream_models::{Accelerator, Device, Raster};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Models that are brought to the card one after the other, to see that their memory comes back.
const LOADS: usize = 20;

/// Pages of a batch, and lines.
const PAGES: [usize; 5] = [1, 2, 4, 8, 16];
const LINES: [usize; 4] = [1, 16, 64, 256];
const WIDTHS: [usize; 3] = [128, 320, 640];

/// The longer side at which pages are read.
const LONG_SIDE: usize = 960;

/// Measures the networks on a card.
#[derive(Parser)]
struct Arguments {
    /// The card.
    #[arg(long, default_value = "cuda")]
    device: Device,
    /// Folder with the model weights.
    #[arg(long, default_value = "models/weights")]
    weights: PathBuf,
    /// Folder with pictures of receipts (.png, .jpg).
    #[arg(long)]
    images: PathBuf,
    /// Where the figures go.
    #[arg(long)]
    json: PathBuf,
    /// Seconds of every measurement.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
}

fn main() -> ExitCode {
    ended(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Outcome<()> {
    let accelerator = Accelerator::open(arguments.device)?;
    let machine = accelerator.machine().ok_or("--device cpu is no card; benches/ measures CPUs with other programs")?;
    let pages = pages(&arguments.images)?;
    let report = json!({
        "card": machine.name(),
        "pages": pages.len(),
        "parity": parity(arguments, &accelerator, &pages)?,
        "detection": detection(arguments, machine, &pages)?,
        "recognition": recognition(arguments, machine)?,
        "memory": memory(arguments, &accelerator)?,
    });
    std::fs::write(&arguments.json, serde_json::to_vec_pretty(&report)?)?;
    writeln!(std::io::stdout(), "{report:#}")?;
    Ok(())
}

fn pages(folder: &Path) -> Outcome<Vec<Arc<Raster>>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Outcome<_>>()?;
    files.retain(|file| file.extension().is_some_and(|e| e == "png" || e == "jpg" || e == "jpeg"));
    files.sort();
    let decode = |file: &PathBuf| -> Outcome<Arc<Raster>> {
        let picture = image::open(file)?.into_rgb8();
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        Ok(Arc::new(Raster::new(width, height, picture.into_raw())?))
    };
    let pages = files.iter().map(decode).collect::<Outcome<Vec<_>>>()?;
    if pages.is_empty() { Err(format!("no pictures in {}", folder.display()).into()) } else { Ok(pages) }
}

/// Boxes and lines on the card against those on the CPU.
fn parity(arguments: &Arguments, accelerator: &Accelerator, pages: &[Arc<Raster>]) -> Outcome<Value> {
    let folder = |name: &str| arguments.weights.join(name);
    let (here, there) =
        (Detector::load(&folder("detect/tiny"))?, Detector::load_on(&folder("detect/tiny"), accelerator)?);
    let mut worst = 0.0_f32;
    let mut crops: Vec<LineCrop> = Vec::new();
    let mut boxes = [0, 0];
    for page in pages {
        let (image, size) = here.image(page);
        let maps = (here.probability_map(image.clone(), size)?, there.probability_map(image, size)?);
        worst = maps.0.iter().zip(&maps.1).map(|(a, b)| (a - b).abs()).fold(worst, f32::max);
        let regions = here.detect(page)?;
        boxes = [boxes[0] + regions.regions.len(), boxes[1] + there.detect(page)?.regions.len()];
        crops.extend(crop(page, &regions).crops);
    }
    let crops: Vec<&LineCrop> = crops.iter().collect();
    let mut recognisers = serde_json::Map::new();
    for name in ["tiny", "receipts", "receipts-small", "small"] {
        let folder = folder("recognise").join(name);
        let here = Recogniser::load(&folder)?.recognise(&crops)?;
        let there = Recogniser::load_on(&folder, accelerator)?.recognise(&crops)?;
        let different = here.iter().zip(&there).filter(|(a, b)| a.text() != b.text()).count();
        recognisers.insert(name.to_owned(), json!({ "lines": crops.len(), "read_differently": different }));
    }
    Ok(json!({ "largest_difference_of_a_map": worst, "boxes_cpu_and_card": boxes, "recognisers": recognisers }))
}

/// Pages a second from bytes to runs of text pixels, by pages at once.
fn detection(arguments: &Arguments, machine: &Arc<dyn Machine>, pages: &[Arc<Raster>]) -> Outcome<Value> {
    let page = &pages[0];
    let (width, height) = working_size((page.width(), page.height()), LONG_SIDE);
    let pixels = PagePixels { rgb: page.rgb(), height: page.height(), width: page.width() };
    let mut figures = Vec::new();
    for name in ["tiny", "small"] {
        let network = Detector::load_network(&arguments.weights.join("detect").join(name))?;
        let device = DeviceNetwork::new(Arc::clone(machine), Arc::new(network))?;
        for count in PAGES {
            let batch = vec![pixels; count];
            let input = Input::Pages { pages: &batch, scale: [1.0 / 58.0; 3], shift: [-2.0; 3] };
            let run = || {
                device.quads(input, (height, width), 0.3, |runs| {
                    black_box(runs);
                    Vec::new()
                })
            };
            let times = times(arguments, || run().map(|_| ()))?;
            figures.push(figure(name, &[("height", height), ("width", width)], count, &times));
        }
    }
    Ok(figures.into())
}

/// Lines a second from bytes of their page to the best classes, by width and lines at once.
fn recognition(arguments: &Arguments, machine: &Arc<dyn Machine>) -> Outcome<Value> {
    let rgb = vec![200; 1000 * 800 * 3];
    let page = [PagePixels { rgb: &rgb, height: 1000, width: 800 }];
    let corners = [[10.0, 10.0], [700.0, 12.0], [700.0, 52.0], [10.0, 50.0]];
    let mut figures = Vec::new();
    for name in ["tiny", "receipts", "receipts-small", "small"] {
        let network = Recogniser::load_network(&arguments.weights.join("recognise").join(name))?;
        let device = DeviceNetwork::new(Arc::clone(machine), Arc::new(network))?;
        for width in WIDTHS {
            for count in LINES {
                let lines = vec![LinePlace { page: 0, corners, columns: width, samples: 1 }; count];
                let input = Input::Lines { pages: &page, lines: &lines };
                let times = times(arguments, || device.classes(input, (CROP_HEIGHT, width)).map(|_| ()))?;
                figures.push(figure(name, &[("width", width)], count, &times));
            }
        }
    }
    Ok(figures.into())
}

/// Free memory before and after bringing models to the card and taking them away again.
fn memory(arguments: &Arguments, accelerator: &Accelerator) -> Outcome<Value> {
    let machine = accelerator.machine().ok_or("no card")?;
    let free = || machine.free_memory();
    let load = || -> Outcome<()> {
        drop(Detector::load_on(&arguments.weights.join("detect/small"), accelerator)?);
        drop(Recogniser::load_on(&arguments.weights.join("recognise/small"), accelerator)?);
        Ok(())
    };
    load()?;
    let before = free()?;
    for _ in 0..LOADS {
        load()?;
    }
    Ok(json!({ "free_bytes_before": before, "free_bytes_after_20_loads": free()? }))
}

/// How long each run took, after three that warm up.
fn times<E: Error + 'static>(arguments: &Arguments, mut run: impl FnMut() -> Result<(), E>) -> Outcome<Vec<Duration>> {
    for _ in 0..3 {
        run()?;
    }
    let begun = Instant::now();
    let mut times = Vec::new();
    while begun.elapsed().as_secs_f64() < arguments.seconds || times.len() < 5 {
        let started = Instant::now();
        run()?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

fn figure(network: &str, shape: &[(&str, usize)], count: usize, sorted: &[Duration]) -> Value {
    let total: f64 = sorted.iter().map(Duration::as_secs_f64).sum();
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    let mut figure = json!({
        "network": network,
        "at_once": count,
        "per_second": (count * sorted.len()) as f64 / total,
        "p50_ms": at(0.5),
        "p99_ms": at(0.99),
    });
    for (name, value) in shape {
        figure[*name] = (*value).into();
    }
    figure
}
