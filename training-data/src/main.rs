//! Writes manifests and images of synthetic receipts.

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use slipstream_training_data::manifest::{Mix, write_line};
use slipstream_training_data::{RenderOptions, Rendered, render, samples};

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
    /// Render each receipt as a PNG into this folder; boxes are then those of the image.
    #[arg(long)]
    images: Option<PathBuf>,
    /// Render without faults, noise and rotation.
    #[arg(long, requires = "images")]
    clean: bool,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Generate(arguments) => generate(&arguments),
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
    let Generate { count, seed, out, language, images, clean } = arguments;
    let mix = if language.is_empty() { Mix::default() } else { Mix::of(language)? };
    let unwritable = |path: &Path, e: std::io::Error| format!("cannot write {}: {e}", path.display());
    let mut manifest = BufWriter::new(File::create(out).map_err(|e| unwritable(out, e))?);
    if let Some(folder) = images {
        fs::create_dir_all(folder).map_err(|e| unwritable(folder, e))?;
    }
    for index in 0..*count {
        let receipt = mix.receipt(*seed, index);
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
