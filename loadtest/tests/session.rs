//! Whole sessions against servers that count themselves what they do.

#![allow(clippy::unwrap_used, clippy::panic)]

mod fake;

use std::process::{Command, Output};
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Parser;
use fake::{Fake, Manners};
use serde_json::Value;
use slipstream_loadtest::cli::Arguments;
use slipstream_loadtest::report::{self, Report};
use slipstream_loadtest::session;
use slipstream_loadtest::view::View;
use tempfile::TempDir;

/// Three images of 20, 30 and 40 kB.
fn images() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for n in 2..5 {
        std::fs::write(folder.path().join(format!("{n}.jpg")), vec![n as u8; n * 10_000]).unwrap();
    }
    folder
}

/// Deadlines are so long that a busy machine keeps them.
fn flags(url: &str, images: &TempDir, more: &str) -> Vec<String> {
    let deadline = if more.contains("--deadline-ms") { "" } else { "--deadline-ms 20000" };
    let common = format!("--url {url} {deadline} --rest-s 0.1 --images {}", images.path().display());
    common.split_whitespace().chain(more.split_whitespace()).map(str::to_owned).collect()
}

async fn run(fake: &Fake, more: &str) -> Report {
    let images = images();
    let flags = flags(&fake.url, &images, more);
    let arguments = Arguments::parse_from(std::iter::once("slipstream-loadtest".to_owned()).chain(flags));
    session::run(&arguments, &mut View::silent().unwrap()).await.unwrap()
}

/// Runs the program itself.
async fn program(fake: &Fake, more: &str) -> (Output, Value) {
    let images = images();
    let json = images.path().join("report.json");
    let mut flags = flags(&fake.url, &images, more);
    flags.extend(["--json".to_owned(), json.display().to_string()]);
    let run = move || Command::new(env!("CARGO_BIN_EXE_slipstream-loadtest")).args(flags).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let report = std::fs::read(&json).ok().and_then(|json| serde_json::from_slice(&json).ok());
    (output, report.unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_campaign_s_figures_are_what_the_server_did() {
    // Room for one receipt of 30 ms: of 60 a second, many are refused.
    let fake = Fake::start(Manners { takes: Duration::from_millis(30), room: 1, ..Manners::default() }).await;
    let before = 15; // The requests that are sent one at a time.
    let flags = "--profile campaign-peak --capacity 20 --duration-s 2 --base-s 1 --recovery-s 2";
    let report = run(&fake, flags).await;
    let run = &report.run;
    let names: Vec<_> = run.phases.iter().map(|phase| phase.name.as_str()).collect();
    assert_eq!(names, ["base", "peak", "recovery"]);
    let sum =
        |of: fn(&slipstream_loadtest::record::Figures) -> u64| run.phases.iter().map(|p| of(&p.figures)).sum::<u64>();
    assert_eq!((sum(|f| f.admitted), sum(|f| f.refused)), (fake.read() - before, fake.refused()));
    let peak = &run.headline;
    assert!(peak.refused > 0 && peak.admitted > 0 && peak.failed == 0, "{peak:?}");
    assert_eq!(peak.offered, peak.admitted + peak.refused);
    assert_eq!(peak.admitted_within_deadline, peak.admitted);
    assert!(peak.p50_ms.unwrap() >= 30.0 && peak.p99_ms >= peak.p50_ms, "{peak:?}");
    assert!(peak.refusal_p99_ms.unwrap() > 0.0);
    assert_eq!(run.retry_after_s.iter().map(|(s, n)| (*s, *n)).collect::<Vec<_>>(), [(2, fake.refused())]);
    assert_eq!(run.timeline.iter().map(|window| window.offered).sum::<u64>(), sum(|f| f.offered));
    assert!(run.base_p50_ms.unwrap() >= 30.0 && run.recovery_limit_ms > run.base_p50_ms);
    let stages: Vec<_> = run.times.stages.iter().map(|s| (s.stage.as_str(), s.mean_ms.round())).collect();
    assert_eq!(stages, [("decode", 3.0), ("detect", 9.0)]);
    assert_eq!(report.complaint(), None);
    let page = report::render(&report);
    assert!(page.contains("<svg") && page.contains("recovery") && page.contains("decode"));
    assert!(!page.contains("src=") && !page.contains("<link") && !page.contains("<script") && !page.contains("url("));
}

#[tokio::test]
async fn slow_answers_do_not_slow_arrivals() {
    let fake = Fake::start(Manners { takes: Duration::from_millis(700), ..Manners::default() }).await;
    let report = run(&fake, "--profile steady --rate 40 --duration-s 1").await;
    // A closed loop would have one inside, or as many as it has workers.
    assert!(fake.counts.most_inside.load(Ordering::SeqCst) > 10);
    assert_eq!(report.run.headline.admitted, report.run.headline.offered);
    assert_eq!((report.capacity_per_s.unwrap().round(), report.capacity_measured), (57.0, false));
}

#[tokio::test]
async fn capacity_is_measured_when_nothing_tells_it() {
    // Eight callers of a server with room for eight receipts of 40 ms: 200 a second at most.
    let fake = Fake::start(Manners { takes: Duration::from_millis(40), ..Manners::default() }).await;
    let report = run(&fake, "--profile steady --capacity-s 1 --duration-s 0.2").await;
    let capacity = report.capacity_per_s.unwrap();
    assert!(report.capacity_measured && capacity > 0.0 && capacity <= 205.0, "{capacity}");
    assert!((report.run.phases[0].planned_per_s - 0.7 * capacity).abs() < 0.01);
}

#[tokio::test]
async fn a_flood_is_told_by_tenant() {
    let fake = Fake::start(Manners::default()).await;
    let flags = "--profile one-tenant-floods --keys flood:A,calm:B,quiet:C --capacity 20 --duration-s 2";
    let report = run(&fake, flags).await;
    let tenants: Vec<_> = report.run.tenants.iter().map(|t| (t.name.as_str(), t.figures.offered)).collect();
    let [("flood", flood), ("calm", calm), ("quiet", quiet)] = tenants[..] else { panic!("{tenants:?}") };
    assert!(flood > calm + quiet && calm.abs_diff(quiet) <= 1 && calm > 0, "{tenants:?}");
    assert_eq!(report.run.headline.offered, flood + calm + quiet);
    let callers = fake.counts.callers.lock().unwrap().clone();
    let by_key = |key: &str| callers.get(&format!("bearer {key}")).copied().unwrap_or(0);
    // Five each while warming up; the others also without the flood.
    assert_eq!((by_key("a"), by_key("b"), by_key("c")), (flood + 5, 2 * calm + 5, 2 * quiet + 5));
}

#[tokio::test]
async fn hang_ups_are_no_failures_and_are_told_apart() {
    // Who leaves does so within half of the deadline, long before an answer.
    let fake = Fake::start(Manners { takes: Duration::from_millis(300), ..Manners::default() }).await;
    let flags = "--profile clients-hang-up --capacity 20 --factor 3 --duration-s 1 --deadline-ms 400";
    let report = run(&fake, flags).await;
    let hang_ups = report.run.hang_ups.as_ref().unwrap();
    assert!(hang_ups.left > 0 && report.complaint().is_none(), "{:?}", report.complaint());
    assert_eq!(report.run.headline.left, hang_ups.left);
    assert_eq!(report.run.phases[0].figures.offered, report.run.headline.offered);
    assert_eq!(hang_ups.cancelled_all_stay, Some(0.0));
    let cancelled = hang_ups.cancelled_some_leave.unwrap();
    assert!(cancelled > 0.0 && cancelled <= hang_ups.left as f64, "{cancelled}");
}

#[tokio::test]
async fn huge_receipts_are_told_apart() {
    let fake = Fake::start(Manners::default()).await;
    let report = run(&fake, "--profile huge-receipts --rate 50 --duration-s 1").await;
    let sizes: Vec<_> = report.run.sizes.iter().map(|s| (s.name.as_str(), s.figures.offered)).collect();
    let offered = report.run.headline.offered;
    assert_eq!(sizes, [("ordinary", offered - offered / 10), ("huge", offered / 10)]);
}

#[tokio::test]
async fn a_trace_is_replayed_against_both_servers() {
    let (fake, other) = (Fake::start(Manners::default()).await, Fake::start(Manners::default()).await);
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace.tsv");
    std::fs::write(&trace, "0.1\n0.2\tb\tbulk\n0.3\tb\n0.3\ta\tbulk\n").unwrap();
    let flags = format!("--trace {} --keys a:A,b:B --against {}", trace.display(), other.url);
    let report = run(&fake, &flags).await;
    let against = report.against.as_ref().unwrap();
    assert_eq!(
        (report.profile.as_str(), report.run.url.as_str(), against.url.as_str()),
        ("trace", &*fake.url, &*other.url)
    );
    for (run, server) in [(&report.run, &fake), (against, &other)] {
        let offered: Vec<_> = run.tenants.iter().map(|t| (t.name.as_str(), t.figures.offered)).collect();
        assert_eq!(offered, [("a", 2), ("b", 2)]);
        assert_eq!(server.counts.bulk.load(Ordering::SeqCst), 2);
    }
    assert_eq!(report::render(&report).matches("<section").count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_smoke_test_passes_when_all_is_read() {
    let fake = Fake::start(Manners::default()).await;
    let (output, report) = program(&fake, "--profile smoke --rate 40").await;
    assert!(output.status.success(), "{output:?}");
    let keys = [
        "profile",
        "offered_per_s",
        "admitted",
        "refused",
        "failed",
        "p50_ms",
        "p99_ms",
        "deadline_ms",
        "admitted_within_deadline",
        "refusal_p99_ms",
        "recovery_s",
    ];
    let missing: Vec<_> = keys.iter().filter(|key| report.get(key).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!((&report["profile"], &report["admitted"]), (&"smoke".into(), &8.into()));
    assert!(String::from_utf8_lossy(&output.stdout).contains("smoke"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_smoke_test_fails_when_something_is_refused() {
    // One at a time has room, two together do not.
    let fake = Fake::start(Manners { takes: Duration::from_millis(200), room: 1, ..Manners::default() }).await;
    let (output, report) = program(&fake, "--profile smoke --rate 100").await;
    assert!(!output.status.success() && report["refused"].as_u64() > Some(0), "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_without_an_answer_fails_the_run() {
    let fake = Fake::start(Manners { drops_every: 7, ..Manners::default() }).await;
    let (output, report) = program(&fake, "--profile steady --rate 30 --duration-s 1").await;
    assert!(!output.status.success());
    let (failed, admitted) = (report["failed"].as_u64().unwrap(), report["admitted"].as_u64().unwrap());
    // Two of the first fifteen went while warming up.
    assert_eq!(failed, fake.counts.dropped.load(Ordering::SeqCst) - 2);
    assert_eq!(
        (failed + admitted, &report["failures"]["connection lost"]),
        (report["offered"].as_u64().unwrap(), &failed.into())
    );
    assert!(String::from_utf8_lossy(&output.stderr).contains("connection lost"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_done_is_said_before_anything_is_sent() {
    let fake = Fake::start(Manners::default()).await;
    let cases = [
        ("--profile one-tenant-floods", "--keys"),
        ("--profile smoke --against http://192.0.2.1", "--allow-remote"),
        ("--profile smoke --html absent/folder/report.html", "folder"),
        ("--trace absent.tsv", "absent.tsv"),
    ];
    for (flags, named) in cases {
        let (output, _) = program(&fake, flags).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(named), "{flags}: {error}");
    }
    assert_eq!(fake.counts.callers.lock().unwrap().len(), 0);
}
