//! Running an engine as a process and reading its report.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use slipstream_benches::words::{WordCounts, transcripts};

/// Engines that read about equally well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Small,
    Tiny,
}

impl Class {
    pub(crate) const ALL: [Self; 2] = [Self::Small, Self::Tiny];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Tiny => "tiny",
        }
    }

    /// The preset of Slipstream that reads as well as the peer's networks of this size.
    fn preset(self) -> &'static str {
        match self {
            Self::Small => "balanced",
            Self::Tiny => "tiny",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Slipstream,
    FasterPaddle,
}

/// What a run gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) round: usize,
    pub(crate) engine: Engine,
    pub(crate) class: Class,
    /// All receipts together, or one after the other.
    pub(crate) together: bool,
    pub(crate) receipts_per_s: f64,
    pub(crate) median_s: f64,
    pub(crate) peak_rss_mib: f64,
    pub(crate) word_f1: f64,
}

/// What all runs share.
pub(crate) struct Setting<'a> {
    pub(crate) venv: &'a Path,
    pub(crate) data: &'a Path,
    pub(crate) ids: &'a Path,
    pub(crate) threads: usize,
    pub(crate) batch: usize,
    /// The engines' report, written anew by every run.
    pub(crate) out: &'a Path,
}

#[derive(Deserialize)]
struct Report {
    median_s: f64,
    receipts_per_s: f64,
    peak_rss_mib: f64,
    results: Vec<Page>,
}

#[derive(Deserialize)]
struct Page {
    id: String,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    text: String,
}

impl Setting<'_> {
    /// Runs one engine over all receipts.
    ///
    /// # Errors
    /// When the engine cannot be started, fails, or writes no report.
    pub(crate) fn run(
        &self,
        round: usize,
        engine: Engine,
        class: Class,
        together: bool,
    ) -> Result<Run, Box<dyn Error>> {
        let mut command = match engine {
            Engine::Slipstream => self.slipstream(class, together),
            Engine::FasterPaddle => self.faster_paddle(class, together),
        };
        let output = command.output().map_err(|e| format!("cannot start {command:?}: {e}"))?;
        if !output.status.success() {
            return Err(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        let report: Report = serde_json::from_slice(&std::fs::read(self.out)?)?;
        let mut words = WordCounts::default();
        for page in &report.results {
            let path = self.data.join("box").join(format!("{}.csv", page.id));
            let boxes = std::fs::read(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
            let boxes = String::from_utf8_lossy(&boxes);
            words.add(transcripts(&boxes), page.lines.iter().map(|line| line.text.as_str()));
        }
        let Report { median_s, receipts_per_s, peak_rss_mib, .. } = report;
        Ok(Run { round, engine, class, together, receipts_per_s, median_s, peak_rss_mib, word_f1: words.f1() })
    }

    fn slipstream(&self, class: Class, together: bool) -> Command {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
        let mut command = Command::new(target.join("release/slipstream"));
        command.args(["eval", "ocr", "--preset", class.preset(), "--threads", &self.threads.to_string()]);
        command.args(["--models".as_ref(), root.join("models/weights").as_os_str()]);
        command.arg("--data").arg(self.data).arg("--ids").arg(self.ids).arg("--report").arg(self.out);
        if together {
            command.arg("--batch");
        }
        command
    }

    fn faster_paddle(&self, class: Class, together: bool) -> Command {
        let mut command = Command::new(self.venv.join("bin/python"));
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/run_faster_paddle.py"));
        command.arg(class.name()).arg(self.data).arg(self.ids).arg(self.out);
        command.args(["--threads", &self.threads.to_string()]);
        if together {
            command.args(["--batch", &self.batch.to_string()]);
        }
        command
    }
}
