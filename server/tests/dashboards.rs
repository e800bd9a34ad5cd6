//! What `deploy/` shows and alerts about: every metric and label that it names is one that a server exports.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use axum::http::StatusCode;
use common::{Connection, Server, at_most, images, post, receipt_request, until};
use serde_json::Value;
use slipstream::telemetry::metrics;

/// Labels that Prometheus adds to whatever it scrapes.
const SCRAPED: [&str; 2] = ["job", "instance"];

/// Decisions that take more than one tenant, or a receipt larger than thought: not brought about here.
const RARE: [&str; 2] = ["share", "turned_out"];

/// Labels with their values: all there are, or those that are asked for by name.
type Labels = BTreeMap<String, BTreeSet<String>>;

/// Metrics by their names.
type Metrics = BTreeMap<String, Labels>;

/// A query, and where it stands.
struct Query {
    place: String,
    text: String,
    /// What a reader is shown of its labels: `{{label}}` or `{{ $labels.label }}`.
    words: String,
}

/// A rule of Prometheus.
struct Rule {
    /// `record` or `alert`.
    kind: String,
    query: Query,
    /// All of it.
    yaml: String,
}

fn deploy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy")
}

fn text(file: &str) -> String {
    let path = deploy().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The rules of a file, which has to write every `expr` as a block.
fn rules(file: &str) -> Vec<Rule> {
    let text = text(file);
    let mut rules = Vec::new();
    let pieces: Vec<_> = text.split("\n      - ").skip(1).collect();
    for yaml in pieces {
        let (kind, name) = yaml.lines().next().unwrap().split_once(": ").unwrap();
        let block =
            yaml.split("        expr: |\n").nth(1).unwrap_or_else(|| panic!("{name} of {file} has no block expr"));
        let lines = block.lines().take_while(|line| line.starts_with("          "));
        let query = Query {
            place: name.to_owned(),
            text: lines.collect::<Vec<_>>().join("\n"),
            words: yaml.split("        annotations:\n").nth(1).unwrap_or("").to_owned(),
        };
        rules.push(Rule { kind: kind.to_owned(), query, yaml: yaml.to_owned() });
    }
    rules
}

fn dashboards() -> Vec<(String, Value)> {
    let folder = std::fs::read_dir(deploy().join("grafana")).unwrap();
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap());
        (name, json.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(read)
        .collect()
}

/// All queries of a dashboard: of panels, annotations and variables.
fn queries(place: &str, json: &Value, found: &mut Vec<Query>) {
    match json {
        Value::Array(list) => list.iter().for_each(|value| queries(place, value, found)),
        Value::Object(members) => {
            let text = |key: &str| members.get(key).and_then(Value::as_str);
            let place = text("title").or(text("name")).unwrap_or(place);
            if let Some(query) = text("expr").or(text("definition")) {
                let words = text("legendFormat").or(text("textFormat")).unwrap_or_default().to_owned();
                found.push(Query { place: place.to_owned(), text: query.to_owned(), words });
            }
            members.values().for_each(|value| queries(place, value, found));
        }
        _ => {}
    }
}

fn all_queries() -> Vec<Query> {
    let mut all: Vec<_> = rules("prometheus/recording-rules.yml").into_iter().map(|rule| rule.query).collect();
    all.extend(rules("prometheus/alerts.yml").into_iter().map(|rule| rule.query));
    for (name, json) in dashboards() {
        queries(&name, &json, &mut all);
    }
    all
}

/// Words, strings (with their quotes) and single other characters of a query.
fn tokens(query: &str) -> Vec<&str> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '$');
    let mut tokens = Vec::new();
    let mut rest = query.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' {
            rest[1..].find('"').map_or(rest.len(), |end| end + 2)
        } else if word(first) {
            rest.find(|c| !word(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// Where the bracket at `open` ends, or begins when looking `back` from its end.
fn partner(tokens: &[&str], at: usize, back: bool) -> usize {
    let mut depth = 0i32;
    let mut places: Vec<_> = if back { (0..=at).rev().collect() } else { (at..tokens.len()).collect() };
    places.retain(|place| {
        depth += match tokens[*place] {
            "(" => 1,
            ")" => -1,
            _ => 0,
        };
        depth == 0
    });
    places.first().copied().unwrap_or_else(|| panic!("brackets of {tokens:?}"))
}

/// The metrics that a query names, each with the labels that are asked of it.
fn uses(query: &str) -> Vec<(String, Labels)> {
    let tokens = tokens(query);
    let mut used = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if !token.starts_with("slipstream_") && !token.starts_with("slipstream:") {
            continue;
        }
        let mut labels = Labels::new();
        if tokens.get(at + 1) == Some(&"{") {
            let matchers: Vec<_> = tokens[at + 2..].iter().take_while(|token| **token != "}").collect();
            for matcher in matchers.split(|token| **token == ",") {
                let [label, operator @ ..] = matcher else { continue };
                let values = labels.entry((**label).to_owned()).or_default();
                // `=` and a string; patterns are not looked into.
                if let [_, value] = operator {
                    values.insert(value.trim_matches('"').to_owned());
                }
            }
        }
        used.push((at, (*token).to_owned(), labels));
    }
    for (at, token) in tokens.iter().enumerate() {
        let list = || {
            let end = partner(&tokens, at + 1, false);
            (tokens[at + 2..end].iter().filter(|token| **token != ",").map(|label| (*label).to_owned()), end)
        };
        // Whose labels these are: what is aggregated, which stands behind the list or before it.
        let (labels, from, to) = match *token {
            "by" | "without" => {
                let (labels, end) = list();
                if tokens.get(end + 1) == Some(&"(") {
                    (labels, end + 1, partner(&tokens, end + 1, false))
                } else {
                    (labels, partner(&tokens, at - 1, true), at - 1)
                }
            }
            "on" | "ignoring" | "group_left" | "group_right" => (list().0, 0, tokens.len()),
            _ => continue,
        };
        let labels: Vec<_> = labels.collect();
        for (place, _, own) in &mut used {
            if (from..to).contains(place) {
                for label in &labels {
                    own.entry(label.clone()).or_default();
                }
            }
        }
    }
    if tokens.first() == Some(&"label_values") {
        used.iter_mut().for_each(|(_, _, labels)| {
            labels.entry(tokens[tokens.len() - 2].to_owned()).or_default();
        });
    }
    used.into_iter().map(|(_, name, labels)| (name, labels)).collect()
}

/// The labels that `words` show: `{{stage}}`, `{{ $labels.stage }}`.
fn shown(words: &str) -> BTreeSet<String> {
    let inside = words.split("{{").skip(1).filter_map(|rest| rest.split("}}").next()).map(str::trim);
    inside
        .map(|word| word.strip_prefix("$labels.").unwrap_or(word))
        .filter(|word| !word.contains('$'))
        .map(str::to_owned)
        .collect()
}

/// Metrics of an exposition in Prometheus' text format.
fn parsed(exposition: &str) -> Metrics {
    let mut metrics = Metrics::new();
    for line in exposition.lines().filter(|line| line.starts_with("slipstream_")) {
        let series = line.rsplit_once(' ').unwrap().0;
        let (name, rest) = series.split_once('{').unwrap_or((series, "}"));
        let labels = metrics.entry(name.to_owned()).or_default();
        labels.extend(SCRAPED.map(|label| (label.to_owned(), BTreeSet::new())));
        for (label, value) in rest.trim_end_matches('}').split("\",").filter_map(|pair| pair.split_once("=\"")) {
            labels.entry(label.to_owned()).or_default().insert(value.trim_end_matches('"').to_owned());
        }
    }
    metrics
}

async fn exposition(server: &Server) -> String {
    String::from_utf8(server.get("/metrics").await.body).unwrap()
}

/// What a server exports once it has read, refused, failed and lost a receipt.
async fn exported() -> Metrics {
    let server = Arc::new(at_most(2).start());
    // Said by the program, not by a server within a test.
    metrics::compute_threads(2);
    metrics::kernels("portable");
    metrics::cpu_utilisation(0.5);
    // Takes more pages at a time than the door lets in here.
    metrics::turn_left();
    assert_eq!(server.post_receipt().await.status, StatusCode::OK);
    server.fakes.detect_gate.close();
    let first = post(&server);
    server.fakes.detect_gate.wait_for(2).await;
    // Not to be kept by an idle server either.
    let mut hurried = receipt_request();
    hurried.headers_mut().insert("x-deadline-ms", "1".parse().unwrap());
    assert_eq!(server.send(hurried).await.problem(), "deadline_exceeded");
    let mut leaving = Connection::open(&server).await;
    leaving.post(&images::receipt_png(), "").await;
    let waiting = "slipstream_queue_depth{stage=\"detect\",model=\"fake-detect\",model_set=\"fakes\"} 1\n";
    until("one waits in a queue", async || exposition(&server).await.contains(waiting)).await;
    assert_eq!(server.post_receipt().await.problem(), "overloaded");
    drop(leaving);
    let dropped = "slipstream_queue_dropped_total{stage=\"detect\"";
    until("it is dropped", async || exposition(&server).await.contains(dropped)).await;
    server.fakes.detect_gate.open();
    assert_eq!(first.await.unwrap().status, StatusCode::OK);
    *server.fakes.fails.lock().unwrap() = Some("extract");
    assert_eq!(server.post_receipt().await.problem(), "internal");
    server.get("/health/ready").await;
    until("all have left", async || server.app.admission.load().requests == 0).await;
    parsed(&exposition(&server).await)
}

/// With what rules record, whose labels are some of those that it was made of.
fn with_recorded(mut metrics: Metrics) -> Metrics {
    for Rule { query, .. } in rules("prometheus/recording-rules.yml") {
        let of = |(name, _): (String, _)| metrics.get(&name).cloned().unwrap_or_default();
        let mut labels = Labels::new();
        for (label, values) in uses(&query.text).into_iter().flat_map(of) {
            labels.entry(label).or_default().extend(values);
        }
        metrics.insert(query.place, labels);
    }
    metrics
}

#[tokio::test]
async fn whatever_is_queried_is_exported_with_the_labels_that_are_asked_of_it() {
    let metrics = with_recorded(exported().await);
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for Query { place, text, words } in all_queries() {
        let mut known: BTreeSet<String> = ["alertname", "severity"].map(str::to_owned).into();
        for (name, labels) in uses(&text) {
            checked += 1;
            let Some(own) = metrics.get(&name) else {
                wrong.push(format!("{place}: {name} is not exported"));
                continue;
            };
            known.extend(own.keys().cloned());
            for (label, values) in labels {
                let Some(there) = own.get(&label) else {
                    wrong.push(format!("{place}: {name} has no label {label}"));
                    continue;
                };
                let missing =
                    values.difference(there).filter(|value| !RARE.contains(&value.as_str()) && !value.is_empty());
                wrong.extend(missing.map(|value| format!("{place}: {name} has no {label}={value}")));
            }
        }
        known.extend(SCRAPED.map(str::to_owned));
        wrong.extend(
            shown(&words).difference(&known).map(|label| format!("{place}: shows {label}, which is not there")),
        );
    }
    for file in ["runbook.md", "README.md"] {
        let text = text(file);
        let names = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | ':'));
        let named = names.filter(|name| name.starts_with("slipstream_") || name.starts_with("slipstream:"));
        let there = |name: &str| metrics.contains_key(name) || metrics.contains_key(&format!("{name}_count"));
        wrong.extend(named.filter(|name| !there(name)).map(|name| format!("{file}: {name} is not exported")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 150, "only {checked} metrics were found in queries");
}

#[test]
fn metrics_and_labels_are_found_in_queries() {
    let cases = [
        ("slipstream_a", "slipstream_a"),
        ("rate(slipstream_a{x=\"{y=1}\", z!~\"b|c\"}[5m])", "slipstream_a x={y=1} z"),
        (
            "sum by (x, le) (rate(slipstream_a{y=\"1\"}[5m])) / slipstream:b:rate5m",
            "slipstream_a le x y=1, slipstream:b:rate5m",
        ),
        ("sum(slipstream_a) by (x) + slipstream_b", "slipstream_a x, slipstream_b"),
        ("slipstream_a * on (x) group_left (y) slipstream_b", "slipstream_a x y, slipstream_b x y"),
        ("label_values(slipstream_a{x=\"1\"}, y)", "slipstream_a x=1 y"),
        ("count(up)", ""),
    ];
    let label = |(name, values): (String, BTreeSet<String>)| match values.first() {
        Some(value) => format!("{name}={value}"),
        None => name,
    };
    let told = |query: &str| {
        let one = |(name, labels): (String, Labels)| {
            [name].into_iter().chain(labels.into_iter().map(label)).collect::<Vec<_>>().join(" ")
        };
        uses(query).into_iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let wrong: Vec<_> =
        cases.into_iter().filter(|(query, expected)| told(query) != *expected).map(|(query, _)| told(query)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn every_alert_says_how_bad_it_is_and_what_to_do() {
    let runbook = text("runbook.md");
    let headings: BTreeSet<_> =
        runbook.lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_lowercase).collect();
    let mut wrong = Vec::new();
    for Rule { query, yaml, kind } in rules("prometheus/alerts.yml") {
        assert_eq!(kind, "alert", "{}", query.place);
        for key in ["severity: ", "summary: ", "description: "] {
            if !yaml.contains(key) {
                wrong.push(format!("{} has no {key}", query.place));
            }
        }
        let description = yaml.lines().find(|line| line.contains("description: ")).unwrap_or_default();
        if !description.contains("{{ $value") {
            wrong.push(format!("{} does not tell the number", query.place));
        }
        let anchor = yaml.split("runbook_url: deploy/runbook.md#").nth(1).and_then(|rest| rest.lines().next());
        if !anchor.is_some_and(|anchor| headings.contains(anchor)) {
            wrong.push(format!("{} is not in the runbook: {anchor:?}", query.place));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_panel_has_a_unit_and_says_what_a_bad_picture_means() {
    let mut wrong = Vec::new();
    for (file, dashboard) in dashboards() {
        let mut ids = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let title = panel["title"].as_str().unwrap();
            let has =
                |pointer: &str| panel.pointer(pointer).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
            if panel["type"] != "row" && !(has("/description") && has("/fieldConfig/defaults/unit")) {
                wrong.push(format!("{file}: {title} lacks a description or a unit"));
            }
            if !ids.insert(panel["id"].as_u64()) {
                wrong.push(format!("{file}: {title} has the id of another panel"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_flag_that_is_named_exists() {
    let help = Command::new(env!("CARGO_BIN_EXE_slipstream")).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let flags = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        words.filter(|word| word.starts_with("--") && word.len() > 3).map(str::to_owned).collect()
    };
    let there = flags(&help);
    for file in ["runbook.md", "prometheus/alerts.yml", "grafana/campaign.json"] {
        let unknown: Vec<_> = flags(&text(file)).into_iter().filter(|flag| !there.contains(flag)).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
}

#[test]
fn prometheus_takes_the_rules_and_alerts_fire_when_they_should() {
    if Command::new("promtool").arg("--version").output().is_err() {
        eprintln!("skipped: promtool is not installed (Debian: prometheus)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let panels = folder.path().join("panels.yml");
    std::fs::write(&panels, as_rules(&all_queries())).unwrap();
    let (recorded, alerts, panels) = ("recording-rules.yml", "alerts.yml", panels.to_str().unwrap());
    let mut wrong = Vec::new();
    for arguments in [
        ["check", "rules", "--lint=all", "--lint-fatal", recorded].as_slice(),
        &["check", "rules", "--lint=all", "--lint-fatal", alerts],
        &["check", "rules", "--lint=none", panels],
        &["check", "config", "prometheus.yml"],
        &["test", "rules", "tests.yml", "tests-objectives.yml"],
    ] {
        let output =
            Command::new("promtool").args(arguments).current_dir(deploy().join("prometheus")).output().unwrap();
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            wrong.push(format!("promtool {}\n{}", arguments.join(" "), String::from_utf8_lossy(&said)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Queries as recording rules, with Grafana's variables filled in, so that promtool parses them.
fn as_rules(queries: &[Query]) -> String {
    let mut yaml = "groups:\n  - name: panels\n    rules:\n".to_owned();
    for (place, query) in queries.iter().filter(|query| !query.text.starts_with("label_values")).enumerate() {
        let text = query.text.replace("$__rate_interval", "1m").replace('$', "");
        let text = Value::from(text).to_string();
        yaml.push_str(&format!("      - record: panel:{place}\n        expr: {text}\n"));
    }
    yaml
}
