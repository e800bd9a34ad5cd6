//! The report as a page that needs nothing but itself.

use std::fmt::Write;

use super::{Report, RunReport, StageReport};
use crate::chart::{Axis, Chart, Level, Line, escape, nines};
use crate::record::Figures;
use crate::windows::Window;

const STYLE: &str = include_str!("page.css");

/// Requests that were sent later than this, in milliseconds, make a run doubtful.
const DOUBTFUL_LATENESS_MS: f64 = 25.0;

/// Colours of the phases in the chart of latencies, in their order.
const PHASE_COLOURS: [&str; 3] = ["green", "blue", "purple"];

/// The page. Runs stand beside each other with the same axes.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = page(report, &mut out);
    out
}

/// What the charts of all runs share.
struct Axes {
    seconds: f64,
    per_s: f64,
    ms: (f64, f64),
    nines: f64,
}

impl Axes {
    fn of(report: &Report) -> Self {
        let windows = || report.runs().flat_map(|run| &run.timeline);
        let curves = || report.runs().flat_map(|run| &run.phases).flat_map(|phase| &phase.latency_quantiles_ms);
        let all_ms = || windows().flat_map(|w| [w.p50_ms, w.p99_ms]).flatten().chain(curves().map(|(_, ms)| *ms));
        let deadline_ms = f64::from(report.run.deadline_ms);
        Self {
            seconds: windows().map(|window| window.at_s + 1).max().unwrap_or(1) as f64,
            per_s: windows().map(|window| window.offered).max().unwrap_or(1) as f64,
            ms: (all_ms().fold(deadline_ms, f64::min), all_ms().fold(deadline_ms, f64::max)),
            nines: curves().map(|(quantile, _)| nines(*quantile)).fold(1.0, f64::max),
        }
    }

    fn milliseconds(&self) -> Axis {
        Axis::logarithmic("", self.ms.0, self.ms.1)
    }
}

fn page(report: &Report, out: &mut String) -> std::fmt::Result {
    let title = format!("Slipstream under load: {}", escape(&report.profile));
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>")?;
    let images = &report.images;
    write!(out, "<p class=\"muted\">")?;
    if let Some(capacity) = report.capacity_per_s {
        let how = if report.capacity_measured { "measured" } else { "given" };
        write!(out, "capacity {capacity:.2} receipts/s ({how}) · ")?;
    }
    let (deadline_ms, kib, seed) = (report.run.deadline_ms, images.mean_bytes / 1024, report.seed);
    writeln!(out, "deadline {deadline_ms} ms · {} images of {kib} KiB on average · seed {seed}</p>", images.count)?;
    let axes = Axes::of(report);
    writeln!(out, "<div class=\"runs\">")?;
    for run in report.runs() {
        writeln!(out, "<section class=\"run\">\n<h2>{}</h2>", escape(&run.url))?;
        tiles(run, out)?;
        writeln!(out, "<div class=\"panels\">")?;
        panel("Requests, second by second", &rates(run, &axes).html(), out)?;
        panel("Latency in milliseconds, second by second", &latencies(run, &axes).html(), out)?;
        panel("Latency in milliseconds, by percentile", &percentiles(run, &axes).html(), out)?;
        panel("Phases; latencies in milliseconds, good is read in time", &phases(run), out)?;
        panel("Where the time goes, in milliseconds", &times(run), out)?;
        panel("Refusals", &refusals(run), out)?;
        writeln!(out, "</div>\n</section>")?;
    }
    writeln!(out, "</div>")?;
    writeln!(
        out,
        "<p class=\"note\">Latencies are of admitted requests and count from the moment at which a request was meant to be \
         sent, so that neither a slow server nor a slow generator hides waiting.</p>\n</body>\n</html>"
    )
}

fn panel(title: &str, content: &str, out: &mut String) -> std::fmt::Result {
    writeln!(out, "<div class=\"panel\">\n<h3>{title}</h3>\n{content}</div>")
}

fn ms(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |ms| if ms < 10.0 { format!("{ms:.1}") } else { format!("{ms:.0}") })
}

fn percent(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |share| format!("{:.1} %", share * 100.0))
}

fn tiles(run: &RunReport, out: &mut String) -> std::fmt::Result {
    let f = &run.headline;
    let lateness = run.generator_lateness_p99_ms.unwrap_or(0.0);
    let mut tiles = vec![
        (format!("{:.1}/s", f.offered_per_s), "offered", false),
        (format!("{:.1}/s", f.goodput_per_s), "read in time", false),
        (f.admitted.to_string(), "admitted", false),
        (f.refused.to_string(), "refused", false),
        (f.failed.to_string(), "failed", f.failed > 0),
        (percent(f.within_deadline_ratio), "of admitted in time", false),
        (format!("{} ms", ms(f.p50_ms)), "median", false),
        (format!("{} ms", ms(f.p99_ms)), "99th percentile", false),
        (format!("{} ms", ms(f.refusal_p99_ms)), "refused within (p99)", false),
        (format!("{lateness:.1} ms"), "sent late (p99)", lateness > DOUBTFUL_LATENESS_MS),
    ];
    if run.recovery_limit_ms.is_some() {
        let recovered = run.recovery_s.map_or("not".to_owned(), |seconds| format!("{seconds:.0} s"));
        tiles.push((recovered, "recovered after", run.recovery_s.is_none()));
    }
    writeln!(out, "<p class=\"note\">In the phase “{}”:</p>\n<div class=\"tiles\">", escape(&run.headline_phase))?;
    for (value, name, bad) in tiles {
        let class = if bad { "tile bad" } else { "tile" };
        writeln!(out, "<div class=\"{class}\"><b>{value}</b><span>{name}</span></div>")?;
    }
    writeln!(out, "</div>")
}

/// A chart over time with one line for each of `lines`: name, class, value of a second.
fn timeline(run: &RunReport, axes: &Axes, label: &str, y: Axis, lines: &[TimeLine]) -> Chart {
    let several = run.phases.len() > 1;
    let bands = run.phases.iter().filter(|_| several).map(|phase| {
        (phase.start_s, phase.start_s + phase.length_s, phase.name.clone(), phase.name == run.headline_phase)
    });
    let line = |(name, class, value): &TimeLine| Line {
        name: (*name).to_owned(),
        class,
        points: run.timeline.iter().map(|window| (window.at_s as f64 + 0.5, value(window))).collect(),
    };
    let hint = |w: &Window| {
        let (at_s, p50, p99) = (w.at_s as f64, ms(w.p50_ms), ms(w.p99_ms));
        let text = format!(
            "second {}: offered {}, admitted {}, refused {}, failed {}, read in time {}; median {p50} ms, p99 {p99} ms",
            w.at_s, w.offered, w.admitted, w.refused, w.failed, w.good
        );
        (at_s, at_s + 1.0, text)
    };
    Chart {
        label: label.to_owned(),
        x: Axis::linear("seconds", axes.seconds),
        y,
        bands: bands.collect(),
        levels: Vec::new(),
        lines: lines.iter().map(line).collect(),
        hints: run.timeline.iter().map(hint).collect(),
    }
}

type TimeLine = (&'static str, &'static str, fn(&Window) -> Option<f64>);

fn rates(run: &RunReport, axes: &Axes) -> Chart {
    let lines: [TimeLine; 4] = [
        ("offered", "grey", |w| Some(w.offered as f64)),
        ("admitted", "blue", |w| Some(w.admitted as f64)),
        ("refused", "orange", |w| Some(w.refused as f64)),
        ("read in time", "green", |w| Some(w.good as f64)),
    ];
    timeline(run, axes, "requests a second over time", Axis::linear("", axes.per_s), &lines)
}

fn latencies(run: &RunReport, axes: &Axes) -> Chart {
    let recovered = run.recovery_limit_ms.map(|value| Level { value, name: "recovered", class: "green" });
    let lines: [TimeLine; 2] = [("median", "blue", |w| w.p50_ms), ("99th percentile", "purple", |w| w.p99_ms)];
    Chart {
        levels: std::iter::once(deadline(run)).chain(recovered).collect(),
        ..timeline(run, axes, "latency of admitted requests over time", axes.milliseconds(), &lines)
    }
}

fn deadline(run: &RunReport) -> Level {
    Level { value: f64::from(run.deadline_ms), name: "deadline", class: "red" }
}

fn percentiles(run: &RunReport, axes: &Axes) -> Chart {
    let shown = run.phases.iter().filter(|phase| !phase.latency_quantiles_ms.is_empty());
    let lines = shown.zip(PHASE_COLOURS.iter().cycle()).map(|(phase, class)| Line {
        name: phase.name.clone(),
        class,
        points: phase.latency_quantiles_ms.iter().map(|(quantile, ms)| (nines(*quantile), Some(*ms))).collect(),
    });
    Chart {
        label: "latency of admitted requests by percentile".to_owned(),
        x: Axis::quantiles("percentile, each nine as wide as the one before", axes.nines),
        y: axes.milliseconds(),
        bands: Vec::new(),
        levels: vec![deadline(run)],
        lines: lines.collect(),
        hints: Vec::new(),
    }
}

fn phases(run: &RunReport) -> String {
    let mut out = String::from(
        "<table class=\"wide\"><tr><th></th><th>offered/s</th><th>admitted</th><th>refused</th><th>failed</th><th>median</th>\
         <th>p99</th><th>in time</th><th>good/s</th></tr>\n",
    );
    let mut row = |name: &str, f: &Figures| {
        let (name, p50, p99, in_time) = (escape(name), ms(f.p50_ms), ms(f.p99_ms), percent(f.within_deadline_ratio));
        let _ = writeln!(
            out,
            "<tr><td>{name}</td><td>{:.2}</td><td>{}</td><td>{}</td><td>{}</td><td>{p50}</td><td>{p99}</td>\
             <td>{in_time}</td><td>{:.2}</td></tr>",
            f.offered_per_s, f.admitted, f.refused, f.failed, f.goodput_per_s
        );
    };
    run.phases.iter().for_each(|phase| row(&phase.name, &phase.figures));
    for group in run.tenants.iter().chain(&run.sizes) {
        row(&format!("{}: {}", run.headline_phase, group.name), &group.figures);
    }
    out.push_str("</table>\n");
    if let Some(hang_ups) = &run.hang_ups {
        let count = |count: Option<f64>| count.map_or("unknown".to_owned(), |count| format!("{count:.0}"));
        let _ = writeln!(
            out,
            "<p class=\"note\">Clients that stay have {:.2} receipts read in time a second when all stay, and {:.2} when \
             {} others hang up. Items cancelled in the server's queues: {}, and {}.</p>",
            hang_ups.staying_goodput_all_stay_per_s,
            hang_ups.staying_goodput_some_leave_per_s,
            hang_ups.left,
            count(hang_ups.cancelled_all_stay),
            count(hang_ups.cancelled_some_leave),
        );
    }
    out
}

fn times(run: &RunReport) -> String {
    let times = &run.times;
    let Some(client) = &times.client else { return "<p>No receipt was read.</p>\n".to_owned() };
    let mut out = String::from(
        "<table><tr><th>stage</th><th>mean</th><th>median</th><th>p99</th><th>share of the client's mean</th></tr>\n",
    );
    let mut row = |stage: &StageReport, class: &str| {
        let share = (stage.mean_ms / client.mean_ms.max(1e-9) * 100.0).clamp(0.0, 100.0);
        let _ = writeln!(
            out,
            "<tr class=\"{class}\"><td>{}</td><td>{:.1}</td><td>{:.1}</td><td>{:.1}</td>\
             <td class=\"bar\"><i style=\"width:{share:.1}%\"></i></td></tr>",
            escape(&stage.stage),
            stage.mean_ms,
            stage.p50_ms,
            stage.p99_ms
        );
    };
    times.stages.iter().for_each(|stage| row(stage, ""));
    for sum in [&times.between, &times.server, &times.rest].into_iter().flatten().chain([client]) {
        row(sum, "sum");
    }
    out.push_str("</table>\n<p class=\"note\">Of the receipts that were read in this phase, from sending on. Stages are what \
        the server says in <code>server-timing</code>, waiting in its queues included; the rest is what the client sees \
        beyond the server's total: the network, and waiting to be served.</p>\n");
    out
}

fn refusals(run: &RunReport) -> String {
    let phases = run.phases.iter().map(|phase| &phase.figures);
    let (refused, silent) =
        phases.fold((0, 0), |(all, silent), f| (all + f.refused, silent + f.refused_without_retry_after));
    if refused == 0 {
        return "<p>Nothing was refused.</p>\n".to_owned();
    }
    let (p50, p99) = (ms(run.headline.refusal_p50_ms), ms(run.headline.refusal_p99_ms));
    let mut out = format!(
        "<p>{refused} refused, {silent} of them without saying when to come back; from sending to the refusal {p50} ms \
         (median), {p99} ms (p99).</p>\n<table><tr><th>retry-after</th><th>refusals</th><th></th></tr>\n"
    );
    let most = run.retry_after_s.values().copied().max().unwrap_or(1) as f64;
    for (seconds, count) in &run.retry_after_s {
        let share = *count as f64 / most * 100.0;
        let _ = writeln!(
            out,
            "<tr class=\"refused\"><td>{seconds} s</td><td>{count}</td><td class=\"bar\"><i style=\"width:{share:.1}%\"></i></td></tr>"
        );
    }
    out.push_str("</table>\n");
    out
}
