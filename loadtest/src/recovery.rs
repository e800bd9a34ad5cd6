//! How long a server takes to be itself again after a peak.

use crate::windows::Window;

/// Slower than under base load by this factor is still recovered, …
const FACTOR: f64 = 1.25;
/// … and by this much, in milliseconds: what a machine with other work varies by.
const SLACK_MS: f64 = 5.0;

/// The largest median latency of a second, in milliseconds, that counts as recovered, for a median of `base_p50_ms` under
/// base load.
pub fn limit_ms(base_p50_ms: f64) -> f64 {
    FACTOR * base_p50_ms + SLACK_MS
}

/// Seconds from the end of the peak until the medians of all later seconds are within `limit_ms`. None if that never
/// comes, or nothing was sent. A second in which all is refused is not recovered; one in which nothing was sent says
/// nothing.
pub fn seconds(windows: &[Window], limit_ms: f64) -> Option<f64> {
    let is_bad = |window: &Window| window.offered > 0 && window.p50_ms.is_none_or(|p50| p50 > limit_ms);
    let after_the_last_bad = windows.iter().rposition(is_bad).map_or(0, |index| index + 1);
    let quiet = windows.get(after_the_last_bad..).unwrap_or_default();
    quiet.iter().any(|window| window.offered > 0).then_some(after_the_last_bad as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Medians of seconds; below 0, all is refused; 0, nothing is sent.
    fn windows(medians: &[f64]) -> Vec<Window> {
        let window = |median: &f64| Window {
            offered: u64::from(*median != 0.0),
            p50_ms: (*median > 0.0).then_some(*median),
            ..Window::default()
        };
        medians.iter().map(window).collect()
    }

    #[test]
    fn recovery_ends_with_the_last_slow_second() {
        let cases: [(&[f64], Option<f64>); 9] = [
            (&[80.0, 90.0, 85.0], Some(0.0)),
            (&[900.0, 300.0, 90.0, 80.0], Some(2.0)),
            (&[900.0, 90.0, 300.0, 80.0], Some(3.0)),
            (&[90.0, 80.0, 300.0], None),
            (&[-1.0, -1.0, 80.0], Some(2.0)),
            (&[80.0, -1.0], None),
            (&[300.0, 0.0, 80.0, 0.0], Some(1.0)),
            (&[300.0, 0.0], None),
            (&[], None),
        ];
        for (medians, expected) in cases {
            assert_eq!(seconds(&windows(medians), limit_ms(80.0)), expected, "{medians:?}");
        }
    }

    proptest! {
        #[test]
        fn all_seconds_after_recovery_are_within_the_limit(medians in prop::collection::vec(-1.0..200.0f64, 0..20)) {
            let (windows, limit) = (windows(&medians), limit_ms(80.0));
            let bad = |w: &Window| w.offered > 0 && w.p50_ms.is_none_or(|p50| p50 > limit);
            match seconds(&windows, limit) {
                Some(s) => {
                    let s = s as usize;
                    prop_assert!(!windows[s..].iter().any(bad));
                    prop_assert!(s == 0 || bad(&windows[s - 1]));
                }
                None => prop_assert!(windows.iter().rev().find(|w| w.offered > 0).is_none_or(bad)),
            }
        }
    }
}
