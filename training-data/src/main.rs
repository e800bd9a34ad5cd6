//! Writes manifests of synthetic receipts and, if asked, their images.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use slipstream_training_data::manifest::{Mix, write_line};

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
    Generate {
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
    },
}

fn main() -> Result<(), Box<dyn Error>> {
    let Command::Generate { count, seed, out, language } = Arguments::parse().command;
    let mix = if language.is_empty() { Mix::default() } else { Mix::of(&language)? };
    let mut manifest = BufWriter::new(File::create(&out).map_err(|e| format!("cannot write {}: {e}", out.display()))?);
    for index in 0..count {
        write_line(&mut manifest, &mix.receipt(seed, index))?;
    }
    manifest.flush()?;
    Ok(())
}
