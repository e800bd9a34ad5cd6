#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::outcome::Failure;

const DEADLINE: Duration = Duration::from_millis(500);

fn arrival() -> Arrival {
    Arrival { at: Duration::ZERO, phase: 0, tenant: 0, image: 0, huge: false, bulk: false, patience: None }
}

fn sample(outcome: Outcome, lateness_ms: u64, head_ms: u64, ended_ms: u64) -> Sample {
    let reply = Reply {
        outcome,
        head_after: Some(Duration::from_millis(head_ms)),
        ended_after: Duration::from_millis(ended_ms),
        stages: Vec::new(),
    };
    Sample { arrival: 0, lateness: Duration::from_millis(lateness_ms), reply }
}

fn figures(samples: &[Sample], length_s: f64) -> Figures {
    let arrival = arrival();
    let sent: Vec<_> = samples.iter().map(|sample| Sent { arrival: &arrival, sample }).collect();
    Figures::of(&sent, length_s, DEADLINE).unwrap()
}

#[test]
fn latency_counts_from_the_intended_time_and_a_refusal_from_sending() {
    let samples = [
        // In time for whoever looks at the connection only, too late for the caller.
        sample(Outcome::Read, 450, 90, 100),
        sample(Outcome::Read, 0, 90, 100),
        sample(Outcome::Missed, 0, 500, 500),
        sample(Outcome::Refused { retry_after_s: Some(1) }, 300, 2, 9),
        sample(Outcome::Refused { retry_after_s: None }, 300, 2, 9),
        sample(Outcome::Failed(Failure::NoAnswer), 0, 0, 9_000),
        sample(Outcome::Left, 0, 0, 70),
    ];
    let figures = figures(&samples, 2.0);
    assert_eq!((figures.offered, figures.admitted, figures.refused, figures.failed, figures.left), (7, 3, 2, 1, 1));
    assert_eq!((figures.admitted_within_deadline, figures.deadline_exceeded), (1, 1));
    assert_eq!((figures.offered_per_s, figures.goodput_per_s), (3.5, 0.5));
    assert_eq!(figures.refused_without_retry_after, 1);
    let close = |ms: Option<f64>, to: f64| (ms.unwrap() - to).abs() < to * 0.002;
    assert!(close(figures.p50_ms, 500.0) && close(figures.max_ms, 550.0) && close(figures.refusal_p99_ms, 2.0));
}

#[test]
fn nothing_has_no_latency() {
    let figures = figures(&[], 0.0);
    assert_eq!((figures.p50_ms, figures.within_deadline_ratio, figures.offered_per_s), (None, None, 0.0));
}

#[test]
fn a_curve_ends_where_there_is_one_request_left() {
    let latencies = Latencies::of((1..=1_000).map(Duration::from_millis)).unwrap();
    let curve = latencies.curve();
    assert!((curve.last().unwrap().0 - 0.999).abs() < 1e-3, "{:?}", curve.last());
    assert!(curve.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1));
    assert_eq!(Latencies::new().unwrap().curve(), []);
}

proptest! {
    #[test]
    fn every_request_is_counted_once(kinds in prop::collection::vec(0..5u8, 0..100)) {
        let outcome = |kind| match kind {
            0 => Outcome::Read,
            1 => Outcome::Missed,
            2 => Outcome::Refused { retry_after_s: None },
            3 => Outcome::Left,
            _ => Outcome::Failed(Failure::Transport),
        };
        let samples: Vec<_> = kinds.iter().map(|kind| sample(outcome(*kind), 0, 1, 1)).collect();
        let f = figures(&samples, 1.0);
        prop_assert_eq!(f.offered, f.admitted + f.refused + f.failed + f.left);
        prop_assert_eq!(f.offered, kinds.len() as u64);
        prop_assert_eq!(f.admitted_within_deadline + f.deadline_exceeded, f.admitted);
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_durations(mut micros in prop::collection::vec(1..50_000_000u64, 1..200)) {
        let latencies = Latencies::of(micros.iter().map(|us| Duration::from_micros(*us))).unwrap();
        micros.sort_unstable();
        for quantile in [0.5, 0.9, 0.99, 1.0] {
            let rank = ((quantile * micros.len() as f64).ceil() as usize).max(1);
            let (exact, given) = (micros[rank - 1] as f64 / 1e3, latencies.quantile_ms(quantile).unwrap());
            prop_assert!((given - exact).abs() <= exact * 0.002, "{}: {} for {}", quantile, given, exact);
        }
    }
}
