//! Service times from what a running server says at `/metrics`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::Result;
use crate::service::{Line, Service, Spread};

/// Width of a line, and how much it varies: of the lines of scanned receipts. Only
/// its product with the time of a pixel is measured, so its size does not matter.
const WIDTH: Spread = Spread { mean: 300.0, variation: 0.6 };

/// How much the number of lines of a receipt varies.
const LINES_VARIATION: f64 = 0.45;

/// How much own work of a stage varies with the size of an image.
const OWN_VARIATION: f64 = 0.3;

/// Values of the Prometheus text format by name and labels.
struct Metrics(Vec<(String, BTreeMap<String, String>, f64)>);

impl Metrics {
    fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let (series, value) = line.rsplit_once(' ')?;
            let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
            let labels = labels.strip_suffix('}')?.split("\",").filter_map(|label| {
                let (name, value) = label.split_once("=\"")?;
                Some((name.to_owned(), value.trim_end_matches('"').to_owned()))
            });
            Some((name.to_owned(), labels.collect(), value.parse().ok()?))
        };
        Self(text.lines().filter(|line| !line.starts_with('#')).filter_map(line).collect())
    }

    /// The sum of a metric over all series that have these labels.
    fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |series: &BTreeMap<String, String>| {
            labels.iter().all(|(name, value)| series.get(*name).is_some_and(|known| known == value))
        };
        self.0.iter().filter(|(known, series, _)| known == name && has(series)).map(|(.., value)| value).sum()
    }

    /// Total compute time of a stage in ms.
    fn compute_ms(&self, stage: &str) -> f64 {
        self.sum("slipstream_compute_seconds_sum", &[("stage", stage)]) * 1e3
    }

    /// How much batches of a stage vary around their prediction, from the histogram of the ratio.
    fn variation(&self, stage: &str) -> f64 {
        let mut ends: BTreeMap<u64, (f64, f64)> = BTreeMap::new();
        for (name, labels, count) in &self.0 {
            let of_stage = labels.get("stage").is_some_and(|known| known == stage);
            let end = labels.get("le").and_then(|end| end.parse::<f64>().ok()).filter(|end| end.is_finite());
            if let Some(end) = end.filter(|_| name == "slipstream_batch_prediction_ratio_bucket" && of_stage) {
                ends.entry(end.to_bits()).or_insert((end, 0.0)).1 += count;
            }
        }
        // Half the distance between the quantiles that lie one deviation from the
        // middle of a normal distribution: a few wild predictions do not count.
        let all = ends.values().map(|(_, count)| *count).fold(0.0, f64::max);
        let at = |quantile: f64| {
            let (mut below, mut start) = (0.0, 0.0);
            for (end, up_to) in ends.values() {
                if *up_to >= quantile * all && *up_to > below {
                    return start + (end - start) * (quantile * all - below) / (up_to - below);
                }
                (below, start) = (*up_to, *end);
            }
            start
        };
        if all > 0.0 { (at(0.84) - at(0.16)) / 2.0 / at(0.5).max(1e-9) } else { 0.0 }
    }
}

/// Writes the service times that `metrics` shows to `service`.
pub(crate) fn fit(metrics: &Path, service: &Path) -> Result<()> {
    let text = std::fs::read_to_string(metrics).map_err(|error| format!("{}: {error}", metrics.display()))?;
    let fitted = from_metrics(&Metrics::parse(&text))?;
    std::fs::write(service, serde_json::to_vec_pretty(&fitted)?)
        .map_err(|error| format!("{}: {error}", service.display()))?;
    println!("{}", serde_json::to_string_pretty(&fitted)?);
    Ok(())
}

fn from_metrics(metrics: &Metrics) -> Result<Service> {
    let receipts = metrics.sum("slipstream_receipts_total", &[]);
    if receipts < 50.0 {
        return Err(format!("the server has read {receipts} receipts, let it read 50 at least").into());
    }
    let each = |stages: &[&str]| stages.iter().map(|stage| metrics.compute_ms(stage)).sum::<f64>() / receipts;
    let own = |stages: &[&str]| Spread { mean: each(stages), variation: OWN_VARIATION };
    let lines = metrics.sum("slipstream_lines_total", &[("reader", "first")]) / receipts;
    let line = |stage: &str, units: f64| Line {
        fixed_ms: 0.0,
        unit_ms: each(&[stage]) / units,
        variation: metrics.variation(stage),
    };
    let threads = metrics.sum("slipstream_compute_threads", &[]) as usize;
    Ok(Service {
        source: format!("fitted to the metrics of a server that read {receipts} receipts"),
        threads,
        lanes: threads,
        max_batch_ms: 25.0,
        padded_to: None,
        before: own(&["decode", "quality"]),
        detect: line("detect", 1.0),
        crop: own(&["crop", "orient"]),
        lines: Spread { mean: lines, variation: LINES_VARIATION },
        width: WIDTH,
        recognise: line("recognise", lines * WIDTH.mean),
        extract: line("extract", lines),
        after: own(&["check", "fraud", "document"]),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn means_come_from_sums_over_all_series_of_a_stage() {
        let text = "# HELP slipstream_receipts_total receipts\n\
            slipstream_receipts_total{status=\"extracted\"} 90\n\
            slipstream_receipts_total{status=\"not_a_document\"} 10\n\
            slipstream_compute_threads 2\n\
            slipstream_lines_total{reader=\"first\"} 4000\n\
            slipstream_compute_seconds_sum{stage=\"decode\"} 0.5\n\
            slipstream_compute_seconds_sum{stage=\"detect\",model=\"a\",bucket=\"1\"} 1.5\n\
            slipstream_compute_seconds_sum{stage=\"detect\",model=\"a\",bucket=\"2\"} 1.5\n\
            slipstream_compute_seconds_sum{stage=\"recognise\",model=\"a, \\\"b\\\"\"} 6\n\
            slipstream_batch_prediction_ratio_bucket{stage=\"detect\",le=\"0.9\"} 0\n\
            slipstream_batch_prediction_ratio_bucket{stage=\"detect\",le=\"1.1\"} 50\n\
            slipstream_batch_prediction_ratio_bucket{stage=\"detect\",le=\"+Inf\"} 50\n";
        let service = from_metrics(&Metrics::parse(text)).unwrap();
        assert_eq!((service.threads, service.lines.mean, service.before.mean), (2, 40.0, 5.0));
        assert!((service.detect.unit_ms - 30.0).abs() < 1e-9 && (0.01..0.2).contains(&service.detect.variation));
        assert!((service.recognise.unit_ms * 300.0 - 1.5).abs() < 1e-9);
        assert!(from_metrics(&Metrics::parse("")).is_err());
    }
}
