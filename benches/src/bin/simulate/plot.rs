//! The runs as pictures.

use std::path::Path;
use std::time::Duration;

use slipstream_loadtest::chart::{Axis, Chart, Level, Line};
use slipstream_loadtest::record::join;
use slipstream_loadtest::schedule::Schedule;
use slipstream_loadtest::windows::{self, Window};

use crate::Result;
use crate::run::Run;
use crate::trace::Trace;

const COLOURS: [&str; 4] = ["blue", "orange", "purple", "red"];

/// Seconds of the trace that are drawn as one point.
const STEP_S: usize = 5;

/// Draws goodput and latency over time into `dir`.
pub(crate) fn draw(
    dir: &Path,
    trace: Trace,
    schedule: &Schedule,
    runs: &[Run],
    capacity_per_s: f64,
    deadline: Duration,
) -> Result<()> {
    std::fs::create_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let span = (Duration::ZERO, schedule.phases.last().map_or(Duration::ZERO, |phase| phase.span.1));
    let mut seconds = Vec::new();
    for run in runs {
        seconds.push(windows::of(&join(schedule, &run.samples), span, deadline)?);
    }
    let lines = |value: &dyn Fn(&[Window]) -> Option<f64>| -> Vec<Line> {
        let line = |((run, seconds), colour): ((&Run, &Vec<Window>), &&'static str)| Line {
            name: run.policy.name().to_owned(),
            class: colour,
            points: seconds.chunks(STEP_S).map(|chunk| (chunk[0].at_s as f64, value(chunk))).collect(),
        };
        runs.iter().zip(&seconds).zip(&COLOURS).map(line).collect()
    };
    let mean = |chunk: &[Window], of: fn(&Window) -> u64| chunk.iter().map(of).sum::<u64>() as f64 / chunk.len() as f64;
    let mut goodput = lines(&|chunk| Some(mean(chunk, |window| window.good)));
    let offered = seconds.first().map_or(Vec::new(), |seconds| {
        seconds.chunks(STEP_S).map(|chunk| (chunk[0].at_s as f64, Some(mean(chunk, |window| window.offered)))).collect()
    });
    goodput.push(Line { name: "offered".to_owned(), class: "grey", points: offered });
    let highest = goodput.iter().flat_map(|line| &line.points).filter_map(|(_, y)| *y).fold(1.0, f64::max);
    let slow = lines(&|chunk| chunk.iter().filter_map(|window| window.p99_ms).reduce(f64::max));
    let slowest = slow.iter().flat_map(|line| &line.points).filter_map(|(_, y)| *y).fold(10.0, f64::max);
    let x = || Axis::linear("seconds", span.1.as_secs_f64());
    let bands: Vec<_> = schedule
        .phases
        .iter()
        .enumerate()
        .map(|(index, phase)| {
            let (from, to) = (phase.span.0.as_secs_f64(), phase.span.1.as_secs_f64());
            (from, to, phase.name.to_owned(), index == schedule.headline)
        })
        .collect();
    let charts = [
        (
            "goodput",
            Chart {
                label: format!("{}: receipts read within the deadline, a second", trace.name()),
                x: x(),
                y: Axis::linear("receipts a second", highest),
                bands: bands.clone(),
                levels: vec![Level { value: capacity_per_s, name: "capacity", class: "green" }],
                lines: goodput,
                hints: Vec::new(),
            },
        ),
        (
            "p99",
            Chart {
                label: format!("{}: 99th percentile of the latency of what was let in, in milliseconds", trace.name()),
                x: x(),
                y: Axis::logarithmic("ms", 50.0, slowest),
                bands,
                levels: vec![Level { value: deadline.as_secs_f64() * 1e3, name: "deadline", class: "green" }],
                lines: slow,
                hints: Vec::new(),
            },
        ),
    ];
    for (name, chart) in charts {
        let path = dir.join(format!("{}-{name}.svg", trace.name()));
        std::fs::write(&path, chart.document()).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
