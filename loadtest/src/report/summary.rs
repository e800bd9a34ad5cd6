//! The report as a short table.

use std::io::{self, Write};

use super::{Report, RunReport};
use crate::record::Figures;

/// Writes the phases of every run, and what else belongs to its profile, to `out`.
///
/// # Errors
/// When `out` is closed.
pub fn print(report: &Report, out: &mut impl Write) -> io::Result<()> {
    for run in report.runs() {
        writeln!(out, "{} on {}, deadline {} ms", report.profile, run.url, run.deadline_ms)?;
        if let Some(capacity) = report.capacity_per_s {
            let how = if report.capacity_measured { "measured" } else { "given" };
            writeln!(out, "capacity {capacity:.2} receipts/s ({how}), one at a time {:.0} ms", run.unloaded_p50_ms)?;
        }
        let [a, b, c, d, e, f, g, h, i] =
            ["offered/s", "admitted", "refused", "failed", "p50 ms", "p99 ms", "in time", "good/s", "refusal p99"];
        writeln!(out, "{:16}{a:>10}{b:>10}{c:>9}{d:>8}{e:>9}{f:>9}{g:>9}{h:>8}{i:>13}", "")?;
        for phase in &run.phases {
            row(&phase.name, &phase.figures, out)?;
        }
        for group in run.tenants.iter().chain(&run.sizes) {
            row(&format!("  {}", group.name), &group.figures, out)?;
        }
        notes(run, out)?;
    }
    Ok(())
}

fn row(name: &str, f: &Figures, out: &mut impl Write) -> io::Result<()> {
    let ms = |ms: Option<f64>| ms.map_or("–".to_owned(), |ms| format!("{ms:.0}"));
    let in_time = f.within_deadline_ratio.map_or("–".to_owned(), |ratio| format!("{:.1} %", ratio * 100.0));
    writeln!(
        out,
        "{name:16}{:>10.2}{:>10}{:>9}{:>8}{:>9}{:>9}{in_time:>9}{:>8.2}{:>13}",
        f.offered_per_s,
        f.admitted,
        f.refused,
        f.failed,
        ms(f.p50_ms),
        ms(f.p99_ms),
        f.goodput_per_s,
        f.refusal_p99_ms.map_or("–".to_owned(), |ms| format!("{ms:.1} ms")),
    )
}

fn notes(run: &RunReport, out: &mut impl Write) -> io::Result<()> {
    if let Some(limit_ms) = run.recovery_limit_ms {
        match run.recovery_s {
            Some(seconds) => writeln!(out, "recovered {seconds:.0} s after the peak (median within {limit_ms:.0} ms)")?,
            None => writeln!(out, "not recovered after the peak (median within {limit_ms:.0} ms)")?,
        }
    }
    if let Some(hang_ups) = &run.hang_ups {
        let (stay, leave) = (hang_ups.staying_goodput_all_stay_per_s, hang_ups.staying_goodput_some_leave_per_s);
        let left = hang_ups.left;
        writeln!(
            out,
            "clients that stay: {stay:.2} good/s when all stay, {leave:.2} when the others leave ({left} left)"
        )?;
        let count = |count: Option<f64>| count.map_or("unknown".to_owned(), |count| format!("{count:.0}"));
        let (stay, leave) = (count(hang_ups.cancelled_all_stay), count(hang_ups.cancelled_some_leave));
        writeln!(out, "items cancelled in the server's queues: {stay} when all stay, {leave} when some leave")?;
    }
    let silent: u64 = run.phases.iter().map(|phase| phase.figures.refused_without_retry_after).sum();
    if silent > 0 {
        writeln!(out, "{silent} refusals do not say when to come back")?;
    }
    for (reason, count) in &run.failures {
        writeln!(out, "failed: {count} × {reason}")?;
    }
    let lateness = run.generator_lateness_p99_ms.unwrap_or(0.0);
    writeln!(out, "99 % of the requests were sent at most {lateness:.1} ms late\n")
}
