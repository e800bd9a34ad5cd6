//! What each layer of a network costs, against what this machine can do at most.
//!
//! `cargo run --release -p slipstream-benches --bin layers -- detect/tiny --size 960x448 --threads 2`
//!
//! The last columns are the rate of multiply-adds, the share of the rate that a
//! large pointwise convolution reaches here, and bytes moved a second.
//! `SLIPSTREAM_KERNELS` picks the instruction set.
//!
//! Layers are measured one after the other. A run of the whole network, which the
//! last line tells, does some of them strip by strip and is faster than their sum.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use slipstream_benches::{ended, folder_of, size_of};
use slipstream_kernels::{
    Activation, Backend, Filter, Layer, Network, NetworkBuilder, OutputOrder, Padding, Parallelism, Quantisation,
};
use slipstream_models::detect::Detector;
use slipstream_models::recognise::Recogniser;

/// Measures the layers of a network.
#[derive(Parser)]
struct Arguments {
    /// Folder of the network below the model folder, for example detect/tiny or recognise/small.
    network: PathBuf,
    /// Height and width of the image.
    #[arg(long, default_value = "960x448")]
    size: String,
    /// Threads; one thread for recognisers is how the server runs them.
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// Runs, of which the fastest counts for each layer.
    #[arg(long, default_value_t = 30)]
    repetitions: usize,
}

fn main() -> ExitCode {
    ended(run(&Arguments::parse()))
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let (size, folder) = (size_of(&arguments.size)?, folder_of(&arguments.network));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build()?;
    let measure = |network: &Network, size| {
        pool.install(|| {
            let image = vec![0.1; size_of_image(size)];
            network.profile(&image, size, Parallelism::Pool, arguments.repetitions)
        })
    };
    let both = |network: &Network| {
        let layers = measure(network, size)?;
        let image = vec![0.1; size_of_image(size)];
        let mut runs = Vec::with_capacity(arguments.repetitions);
        for _ in 0..arguments.repetitions {
            let started = Instant::now();
            pool.install(|| network.run(&image, size, Parallelism::Pool))?;
            runs.push(started.elapsed().as_secs_f64());
        }
        runs.sort_by(f64::total_cmp);
        Ok::<_, Box<dyn Error>>((layers, runs))
    };
    let (layers, runs) = if arguments.network.starts_with("detect") {
        both(Detector::load(&folder)?.network())?
    } else {
        both(Recogniser::load(&folder)?.network())?
    };
    let peak = measure(&large_pointwise()?, (64, 64))?.last().map_or(0.0, rate);
    print(&layers, peak)?;
    let (shortest, median) = (runs.first().unwrap_or(&0.0), runs.get(runs.len() / 2).unwrap_or(&0.0));
    let mut out = std::io::stdout().lock();
    writeln!(out, "the whole network: {:.2} ms at least, {:.2} ms in the middle", shortest * 1e3, median * 1e3)?;
    Ok(())
}

fn size_of_image((height, width): (usize, usize)) -> usize {
    height * width * 3
}

/// A convolution that is nothing but multiply-adds on cached values.
fn large_pointwise() -> Result<Network, Box<dyn Error>> {
    let (mut net, image) = NetworkBuilder::new();
    let filter = |shape: [usize; 4]| Filter {
        weights: vec![0.01; shape.iter().product()],
        bias: vec![0.0; shape[0]],
        shape,
        ..Filter::default()
    };
    let first = filter([256, 3, 3, 3]);
    let x = net.conv(&[image], &first, (2, 2), Padding::Symmetric(1, 1), Activation::None, None)?;
    let input = Some(Quantisation { steps: vec![0.01; 256], zero: 0, means: Vec::new() });
    let x = net.pointwise(x, &Filter { input, ..filter([256, 256, 1, 1]) }, Activation::None, None)?;
    Ok(net.finish(x, OutputOrder::ChannelsLast)?)
}

/// Multiply-adds a second.
fn rate(layer: &Layer) -> f64 {
    layer.macs as f64 / layer.seconds
}

fn print(layers: &[Layer], peak: f64) -> Result<(), Box<dyn Error>> {
    let total: f64 = layers.iter().map(|l| l.seconds).sum();
    let macs: u64 = layers.iter().map(|l| l.macs).sum();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{:28}{:>16}{:>9}{:>9}{:>8}{:>9}{:>8}{:>8}",
        "layer", "output", "MMAC", "µs", "% time", "GMAC/s", "% peak", "GB/s"
    )?;
    for layer in layers {
        let [h, w, c] = layer.output;
        writeln!(
            out,
            "{:28}{:>16}{:>9.1}{:>9.0}{:>8.1}{:>9.1}{:>8.0}{:>8.1}",
            layer.operation,
            format!("{h}×{w}×{c}"),
            layer.macs as f64 / 1e6,
            layer.seconds * 1e6,
            layer.seconds / total * 100.0,
            rate(layer) / 1e9,
            rate(layer) / peak * 100.0,
            layer.bytes as f64 / layer.seconds / 1e9
        )?;
    }
    writeln!(
        out,
        "{}: {:.0} MMAC in {:.2} ms, {:.1} GMAC/s of {:.1} at most",
        Backend::current().name(),
        macs as f64 / 1e6,
        total * 1e3,
        macs as f64 / total / 1e9,
        peak / 1e9
    )?;
    Ok(())
}
