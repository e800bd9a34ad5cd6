//! `slipstream eval`: `ocr`, `lines`, `fields`, `quality`, `barcodes`, `duplicates`, `forgery`, `trust` and `fusion`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::Failure;
use super::engine::{Engine, EngineArgs};
use super::read::progress;
use crate::eval::truth::Split;
use crate::eval::{Format, barcodes, duplicates, fields, forgery, fusion, lines, ocr, quality, trust};
use crate::registry::locate::locate;
use crate::scheduling::Scheduling;

#[derive(Debug, Subcommand)]
pub(super) enum EvalCommand {
    /// Read the text of receipts and write it down with the time it took.
    Ocr(OcrArgs),
    /// Read lines that are cut by their true boxes and count wrong characters.
    Lines(LinesArgs),
    /// Read the fields of receipts and compare them with the truth.
    Fields(FieldsArgs),
    /// Make photos worse and see whether those that cannot be read are stopped.
    Quality(QualityArgs),
    /// Read bar codes and QR codes of pictures and compare them with what they say.
    Barcodes(BarcodesArgs),
    /// Send receipts again, altered and photographed again, and count those that are found and those confused with others.
    Duplicates(DuplicatesArgs),
    /// Score genuine and forged pictures by their pixels alone and say how well they are told apart.
    Forgery(ForgeryArgs),
    /// Photo quality, forgery and duplicates in one report.
    Trust(TrustArgs),
    /// Forge receipts, read them, and fit how much each signal of fraud counts.
    Fusion(FusionArgs),
}

#[derive(Debug, Args)]
pub(super) struct OcrArgs {
    /// Folder with the images in img/.
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_EVAL_DATA")]
    data: PathBuf,
    /// File with the names of the receipts to read, without .jpg, separated by white space.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_IDS")]
    ids: PathBuf,
    /// Where to write the report.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_REPORT")]
    report: PathBuf,
    /// Hand all receipts over together instead of one after another.
    #[arg(long, env = "SLIPSTREAM_EVAL_BATCH")]
    batch: bool,
    #[command(flatten)]
    engine: EngineArgs,
}

/// A data set with its truth.
#[derive(Debug, Args)]
struct DataArgs {
    /// Folder with the receipts and their truth.
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_EVAL_DATA")]
    data: PathBuf,
    /// How the folder is laid out.
    #[arg(long, value_name = "FORMAT", env = "SLIPSTREAM_EVAL_FORMAT", default_value = "sroie")]
    format: Format,
    /// Which part is read: companies that training never saw, or everything.
    #[arg(long, value_name = "PART", env = "SLIPSTREAM_EVAL_SPLIT", default_value = "validation")]
    split: Split,
    /// Where to write the scores.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_JSON")]
    json: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct LinesArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Where to write every line as it was read, one JSON object a line.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_READINGS")]
    readings: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Args)]
pub(super) struct FieldsArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Where to write a page that shows the failures with their pixels.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_HTML")]
    html: Option<PathBuf>,
    /// How many failures the page shows at most.
    #[arg(long, value_name = "N", env = "SLIPSTREAM_EVAL_HTML_FAILURES", default_value_t = 300)]
    html_failures: usize,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Args)]
pub(super) struct QualityArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Photos that are made of each receipt with each fault.
    #[arg(long, value_name = "N", env = "SLIPSTREAM_EVAL_ROUNDS", default_value_t = 1)]
    rounds: usize,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Args)]
pub(super) struct BarcodesArgs {
    /// Folder with folders of pictures N.png and what their codes say, N.txt.
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_EVAL_DATA")]
    data: PathBuf,
    /// Where to write the scores.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_JSON")]
    json: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct DuplicatesArgs {
    /// Folder with the images in img/, what their lines say in box/ and their values in key/.
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_EVAL_DATA")]
    data: PathBuf,
    /// Receipts that are altered and sent again.
    #[arg(long, value_name = "N", env = "SLIPSTREAM_EVAL_ALTERED", default_value_t = 60)]
    altered: usize,
    /// Receipts that are read in all, to be confused with [default: all]
    #[arg(long, value_name = "N", env = "SLIPSTREAM_EVAL_RECEIPTS", default_value_t = usize::MAX, hide_default_value = true)]
    receipts: usize,
    /// Where to write the scores.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_JSON")]
    json: PathBuf,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Args)]
pub(super) struct ForgeryArgs {
    /// Folder with genuine pictures.
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_EVAL_GENUINE")]
    genuine: PathBuf,
    /// Folder with forged pictures.
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_EVAL_FORGED")]
    forged: PathBuf,
    /// Where to write the scores.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_JSON")]
    json: PathBuf,
    /// Folder with the model weights [default: models/weights, looked for in the working directory and beside the program]
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_MODELS")]
    models: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct FusionArgs {
    /// Folder with the images in img/, what their lines say in box/ and their values in key/.
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_EVAL_DATA")]
    data: PathBuf,
    /// Which receipts: of companies that training never saw, or all.
    #[arg(long, value_name = "PART", env = "SLIPSTREAM_EVAL_SPLIT", default_value = "validation")]
    split: Split,
    /// Receipts that are read at most, each genuine and forged [default: all]
    #[arg(long, value_name = "N", env = "SLIPSTREAM_EVAL_RECEIPTS", default_value_t = usize::MAX, hide_default_value = true)]
    receipts: usize,
    /// Where to write the weights and every observation.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_JSON")]
    json: PathBuf,
    #[command(flatten)]
    engine: EngineArgs,
}

#[derive(Debug, Args)]
pub(super) struct TrustArgs {
    /// Folder with the images in img/, what their lines say in box/ and their values in key/.
    #[arg(long, value_name = "DIR", env = "SLIPSTREAM_EVAL_DATA")]
    data: PathBuf,
    /// Which receipts are made worse and forged: of companies that training never saw, or all; duplicates are sought among all.
    #[arg(long, value_name = "PART", env = "SLIPSTREAM_EVAL_SPLIT", default_value = "validation")]
    split: Split,
    /// Receipts that are forged at most [default: all]
    #[arg(long, value_name = "N", env = "SLIPSTREAM_EVAL_FORGED_RECEIPTS", default_value_t = usize::MAX, hide_default_value = true)]
    forged: usize,
    /// Receipts that are altered and sent again.
    #[arg(long, value_name = "N", env = "SLIPSTREAM_EVAL_ALTERED", default_value_t = 60)]
    altered: usize,
    /// File that says where people edited receipts of the folder, to edit them again there.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_EDITS")]
    edits: Option<PathBuf>,
    /// Where to write the figures.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_JSON")]
    json: PathBuf,
    /// Where to write a page with heat maps over forged receipts.
    #[arg(long, value_name = "FILE", env = "SLIPSTREAM_EVAL_HTML")]
    html: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
}

pub(super) fn run(command: EvalCommand) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(evaluate(command))?;
    Ok(ExitCode::SUCCESS)
}

async fn evaluate(command: EvalCommand) -> Result<(), Failure> {
    match command {
        EvalCommand::Ocr(args) => {
            let engine = loaded(&args.engine).await?;
            let job = ocr::OcrJob { data: &args.data, ids: &args.ids, batch: args.batch };
            let peer = format!("slipstream-{}", args.engine.label());
            ocr::run(&engine, &job, &peer, &args.report, progress).await?;
        }
        EvalCommand::Lines(args) => {
            let engine = loaded(&args.engine).await?;
            let DataArgs { data, format, split, json: report } = &args.data;
            let (format, split, readings) = (*format, *split, args.readings.as_deref());
            lines::run(&engine, &lines::LinesJob { data, format, split, report, readings }, progress).await?;
        }
        EvalCommand::Fields(args) => {
            let engine = loaded(&args.engine).await?;
            let DataArgs { data, format, split, json: report } = &args.data;
            let (format, split, html, html_failures) = (*format, *split, args.html.as_deref(), args.html_failures);
            let job = fields::FieldsJob { data, format, split, report, html, html_failures };
            fields::run(&engine, &job, progress).await?;
        }
        EvalCommand::Duplicates(args) => {
            let engine = loaded(&args.engine).await?;
            let DuplicatesArgs { data, altered, receipts, json: report, .. } = &args;
            let job = duplicates::DuplicatesJob { data, altered: *altered, receipts: *receipts, report };
            duplicates::run(&engine, &job, progress).await?;
        }
        EvalCommand::Quality(args) => {
            let engine = loaded(&args.engine).await?;
            let DataArgs { data, format, split, json: report } = &args.data;
            let (format, split, rounds) = (*format, *split, args.rounds);
            quality::run(&engine, &quality::QualityJob { data, format, split, rounds, report }, progress).await?;
        }
        EvalCommand::Barcodes(args) => barcodes::run(&args.data, &args.json)?,
        EvalCommand::Forgery(args) => {
            let weights = locate(args.models.as_deref())?.join("forgery");
            forgery::run(&weights, &args.genuine, &args.forged, &args.json)?;
        }
        EvalCommand::Fusion(args) => {
            let engine = loaded(&args.engine).await?;
            let FusionArgs { data, split, receipts, json: report, .. } = &args;
            let job = fusion::FusionJob { data, split: *split, receipts: *receipts, report };
            fusion::run(&engine, &job, progress).await?;
        }
        EvalCommand::Trust(args) => {
            let engine = loaded(&args.engine).await?;
            let classifier = locate(args.engine.models.as_deref())?.join("forgery");
            let TrustArgs { data, split, forged, altered, edits, json: report, html, .. } = &args;
            let (split, forged, altered) = (*split, *forged, *altered);
            let (edits, html, classifier) = (edits.as_deref(), html.as_deref(), classifier.as_path());
            let job = trust::TrustJob { data, split, forged, altered, classifier, edits, report, html };
            trust::run(&engine, &job, progress).await?;
        }
    }
    Ok(())
}

async fn loaded(args: &EngineArgs) -> Result<Engine, Failure> {
    let engine = Engine::start(args.clone(), Scheduling::unbounded())?;
    engine.load().await?;
    Ok(engine)
}
