//! What the server counts itself: `/metrics` in Prometheus' text format.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::client::Client;

/// Work that left a queue unexecuted, by reason.
pub const QUEUE_DROPPED: &str = "slipstream_queue_dropped_total";

/// How long to wait for metrics.
const PATIENCE: Duration = Duration::from_secs(5);

/// Items that left the queues unexecuted so far, by reason, of all queues together. None where the server shows no
/// metrics.
pub async fn queue_dropped(client: &Client) -> Option<BTreeMap<String, f64>> {
    let (status, body) = client.get("/metrics", PATIENCE).await.ok()?;
    (status == 200).then(|| sums(&String::from_utf8_lossy(&body), QUEUE_DROPPED, "reason"))
}

/// Sums of the samples of `metric` in `text`, by the value of `label`.
pub fn sums(text: &str, metric: &str, label: &str) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for line in text.lines() {
        let Some(rest) = line.strip_prefix(metric).and_then(|rest| rest.strip_prefix('{')) else { continue };
        let Some((labels, value)) = rest.rsplit_once('}') else { continue };
        let labelled = labels.split(',').filter_map(|pair| pair.trim().split_once('='));
        let name = labelled.into_iter().find(|(key, _)| *key == label).map(|(_, value)| value.trim_matches('"'));
        // A timestamp may follow the value.
        let value = value.split_whitespace().next().and_then(|value| value.parse::<f64>().ok());
        if let (Some(name), Some(value)) = (name, value) {
            *sums.entry(name.to_owned()).or_insert(0.0) += value;
        }
    }
    sums
}

/// How much was added between two scrapes.
pub fn increase(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    let added = |(name, value): (&String, &f64)| (name.clone(), value - before.get(name).copied().unwrap_or(0.0));
    after.iter().map(added).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_summed_over_all_other_labels() {
        let text = "# TYPE slipstream_queue_dropped_total counter\n\
            slipstream_queue_dropped_total{queue=\"detect\",reason=\"cancelled\"} 3\n\
            slipstream_queue_dropped_total{reason=\"cancelled\", queue=\"extract\"} 2 1700000000\n\
            slipstream_queue_dropped_total{queue=\"detect\",reason=\"expired\"} 7\n\
            slipstream_queue_dropped_total_other{reason=\"cancelled\"} 100\n\
            slipstream_queue_dropped_total{queue=\"detect\"} 100\n\
            slipstream_queue_dropped_total{reason=\"cancelled\"} much\n";
        let before = sums(text, QUEUE_DROPPED, "reason");
        assert_eq!(before, BTreeMap::from([("cancelled".to_owned(), 5.0), ("expired".to_owned(), 7.0)]));
        let after = BTreeMap::from([("cancelled".to_owned(), 9.0), ("new".to_owned(), 1.0)]);
        assert_eq!(increase(&before, &after), BTreeMap::from([("cancelled".to_owned(), 4.0), ("new".to_owned(), 1.0)]));
    }
}
