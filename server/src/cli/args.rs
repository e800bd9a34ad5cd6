//! Flags that several commands share, and how values are checked.

use std::time::Duration;

use clap::Args;

use crate::telemetry::logs::LogFormat;

/// How the program logs; to standard error.
#[derive(Debug, Args)]
pub(super) struct LogArgs {
    /// What to log: error, warn, info, debug, or a list like "info,slipstream=debug" [default: info for serve, else warn]
    #[arg(long = "log", value_name = "FILTER", env = "SLIPSTREAM_LOG", global = true)]
    pub(super) log_filter: Option<String>,
    /// How log lines are written.
    #[arg(long, value_name = "FORMAT", env = "SLIPSTREAM_LOG_FORMAT", global = true, default_value = "text")]
    pub(super) log_format: LogFormat,
}

/// A positive number of seconds, fractions allowed, up to a day.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| format!("{text:?} is not a number of seconds"))?;
    if seconds > 0.0 && seconds <= 86_400.0 {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err("must be more than 0 and at most 86400 seconds".to_owned())
    }
}

/// A number from 0 to 1.
pub(super) fn share(text: &str) -> Result<f32, String> {
    let number: f32 = text.parse().map_err(|_| "not a number".to_owned())?;
    (0.0..=1.0).contains(&number).then_some(number).ok_or_else(|| "has to be from 0 to 1".to_owned())
}

/// `on` or `off`.
pub(super) fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("has to be on or off".to_owned()),
    }
}

/// A number from 0 to 100, as a part of 1.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| format!("{text:?} is not a number"))?;
    (0.0..=100.0).contains(&number).then_some(number / 100.0).ok_or_else(|| "has to be from 0 to 100".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_positive_and_finite() {
        assert_eq!(seconds("1.5"), Ok(Duration::from_millis(1500)));
        for bad in ["0", "-1", "nan", "inf", "1e9", "soon", ""] {
            assert!(seconds(bad).is_err(), "{bad:?}");
        }
    }
}
