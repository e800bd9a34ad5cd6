//! Writes manifests and images of synthetic receipts.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use slipstream_training_data::import::{Format, Images};
use slipstream_training_data::manifest::{Mix, Shares, write_line};
use slipstream_training_data::synthesise::Recipe;
use slipstream_training_data::{RenderOptions, Rendered, Typefaces, render, samples};

/// Seeded receipt synthesiser with exact truth.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a manifest: one JSON object a receipt and line.
    Generate(Generate),
    /// Write photographed receipts and pages of lines with their manifest, to train readers.
    Synthesise(Synthesise),
    /// Bring a data set of real receipts into the same manifest.
    Import(Import),
    /// Write the six sample receipts as PNG images with their truth as JSON.
    Samples {
        /// The folder to write to; it is made where missing.
        #[arg(long)]
        out: PathBuf,
    },
}

#[derive(clap::Args)]
struct Generate {
    /// How many receipts.
    #[arg(long, default_value_t = 100)]
    count: u64,
    /// Seed of the collection; equal seeds give equal receipts.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The manifest to write.
    #[arg(long)]
    out: PathBuf,
    /// Locales (`de-DE`) or languages (`de`), in equal shares; without it, a third Malaysian and all others evenly.
    #[arg(long, value_delimiter = ',')]
    language: Vec<String>,
    /// Share of invoices; the others are receipts.
    #[arg(long, default_value_t = 0.0)]
    invoice_share: f64,
    /// Share of receipts and invoices with a list of a hundred rows and more.
    #[arg(long, default_value_t = 0.0)]
    long_share: f64,
    /// Share of receipts and invoices with one amount that contradicts the others.
    #[arg(long, default_value_t = 0.0)]
    inconsistent_share: f64,
    /// Render each receipt as a PNG into this folder; boxes are then those of the image.
    #[arg(long)]
    images: Option<PathBuf>,
    /// Render without faults, noise and rotation.
    #[arg(long, requires = "images")]
    clean: bool,
}

#[derive(clap::Args)]
struct Synthesise {
    /// How many pages.
    #[arg(long, default_value_t = 100)]
    count: u64,
    /// Seed of the collection; equal seeds give equal pages.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Locales (`de-DE`) or languages (`de`), in equal shares.
    #[arg(long, value_delimiter = ',', default_value = "da,de,en,es,fi,fr,it,nl,pt,sv")]
    languages: Vec<String>,
    /// The folder to write `manifest.jsonl` and `images/` to; it is made where missing.
    #[arg(long)]
    out: PathBuf,
    /// A folder of `.ttf` and `.otf` files, one folder a family, to use beside the built-in `dejavu`.
    #[arg(long)]
    fonts: Option<PathBuf>,
    /// Families that are not used, for example to test with.
    #[arg(long, value_delimiter = ',')]
    hold_out_fonts: Vec<String>,
    /// The only families that are used; `dejavu` steps in for pages whose characters they lack.
    #[arg(long, value_delimiter = ',', conflicts_with = "hold_out_fonts")]
    only_fonts: Vec<String>,
    /// Share of pages of unrelated lines; the others are receipts.
    #[arg(long, default_value_t = 0.5)]
    lines_share: f64,
    /// Share of invoices among the other pages; the rest are receipts.
    #[arg(long, default_value_t = 0.15)]
    invoice_share: f64,
    /// Share of receipts and invoices with a list of a hundred rows and more.
    #[arg(long, default_value_t = 0.0)]
    long_share: f64,
    /// Share of receipts and invoices with one amount that contradicts the others.
    #[arg(long, default_value_t = 0.0)]
    inconsistent_share: f64,
    /// Share of photographs; the others are scans.
    #[arg(long, default_value_t = 0.67)]
    photograph_share: f64,
    /// Threads; as many as there are cores, if not given.
    #[arg(long)]
    threads: Option<usize>,
}

#[derive(clap::Args)]
struct Import {
    /// The data set's layout.
    #[arg(long, value_enum)]
    format: Format,
    /// The data set's folder.
    #[arg(long)]
    data: PathBuf,
    /// The folder to write `manifest.jsonl` to; it is made where missing.
    #[arg(long)]
    out: PathBuf,
    /// How the manifest finds the images, which are not copied.
    #[arg(long, value_enum, default_value_t = Images::Link)]
    images: Images,
    /// A file of receipts that belong to the validation: names of images without ending, one a line.
    #[arg(long)]
    hold_out: Option<PathBuf>,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Generate(arguments) => generate(&arguments),
        Command::Synthesise(arguments) => synthesise(arguments),
        Command::Import(arguments) => import(arguments),
        Command::Samples { out } => write_samples(&out),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(arguments: &Generate) -> Result<(), Box<dyn Error>> {
    let Generate { count, seed, out, language, invoice_share, long_share, inconsistent_share, images, clean } =
        arguments;
    let shares = Shares { invoice: *invoice_share, long: *long_share, inconsistent: *inconsistent_share };
    let mix = if language.is_empty() { Mix::default() } else { Mix::of(language)? };
    let unwritable = |path: &Path, e: std::io::Error| format!("cannot write {}: {e}", path.display());
    let mut manifest = BufWriter::new(File::create(out).map_err(|e| unwritable(out, e))?);
    if let Some(folder) = images {
        fs::create_dir_all(folder).map_err(|e| unwritable(folder, e))?;
    }
    let started = Instant::now();
    for index in 0..*count {
        let receipt = mix.page(*seed, index, shares);
        let truth = match images {
            None => receipt.truth,
            Some(folder) => {
                let options = if *clean { RenderOptions::clean() } else { RenderOptions::draw(*seed, index) };
                save(folder, render(&receipt, &options))?
            }
        };
        write_line(&mut manifest, &truth)?;
    }
    manifest.flush()?;
    let rate = *count as f64 / started.elapsed().as_secs_f64().max(0.001);
    let what = if images.is_some() { "receipts with images" } else { "receipts" };
    writeln!(std::io::stderr(), "{count} {what}, {rate:.0} a second on one core")?;
    Ok(())
}

fn synthesise(arguments: Synthesise) -> Result<(), Box<dyn Error>> {
    let all = arguments.fonts.as_deref().map(Typefaces::load).transpose()?.unwrap_or_default();
    let typefaces = if arguments.only_fonts.is_empty() {
        all.without(&arguments.hold_out_fonts)?
    } else {
        all.only(&arguments.only_fonts)?
    };
    let recipe = Recipe {
        seed: arguments.seed,
        count: arguments.count,
        mix: Mix::of(&arguments.languages)?,
        typefaces,
        lines_share: arguments.lines_share,
        shares: Shares {
            invoice: arguments.invoice_share,
            long: arguments.long_share,
            inconsistent: arguments.inconsistent_share,
        },
        photograph_share: arguments.photograph_share,
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (started, shows) = (Instant::now(), std::io::stderr().is_terminal());
    let progress = |finished: u64| {
        if shows && (finished.is_multiple_of(10) || finished == recipe.count) {
            let rate = finished as f64 / started.elapsed().as_secs_f64().max(0.001);
            let end = if finished == recipe.count { "\n" } else { "" };
            let _ = write!(std::io::stderr(), "\r{finished} of {} pages, {rate:.1} a second{end}", recipe.count);
        }
    };
    recipe.write(&arguments.out, arguments.threads.unwrap_or(cores), progress)?;
    Ok(())
}

fn import(arguments: Import) -> Result<(), Box<dyn Error>> {
    let Import { format, data, out, images, hold_out } = arguments;
    let listed = |path: PathBuf| fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()));
    let listed = hold_out.map(listed).transpose()?.unwrap_or_default();
    let hold_out = listed.lines().map(|l| l.trim().to_string()).filter(|l| !l.is_empty()).collect();
    let count = slipstream_training_data::import::Import { format, data, images, hold_out }.write(&out)?;
    writeln!(std::io::stdout(), "{count} receipts in {}", out.join("manifest.jsonl").display())?;
    Ok(())
}

fn write_samples(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for sample in samples() {
        let truth = save(folder, sample)?;
        fs::write(folder.join(format!("{}.json", truth.id)), serde_json::to_vec_pretty(&truth)?)?;
    }
    Ok(())
}

/// Writes the image and notes its name in the truth.
fn save(folder: &Path, rendered: Rendered) -> Result<slipstream_training_data::Truth, Box<dyn Error>> {
    let Rendered { image, mut truth } = rendered;
    let name = format!("{}.png", truth.id);
    image.save(folder.join(&name))?;
    truth.image = Some(name);
    Ok(truth)
}
