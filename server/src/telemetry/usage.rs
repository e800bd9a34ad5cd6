//! What the process has used so far.

use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Resources used by all threads of the process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// Processor time, in user and system mode.
    pub cpu: Duration,
    /// Largest resident memory so far, in MiB.
    pub peak_rss_mib: f64,
}

impl Usage {
    /// Up to now; zero where the system does not tell.
    pub fn now() -> Self {
        let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else {
            return Self { cpu: Duration::ZERO, peak_rss_mib: 0.0 };
        };
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        // Linux counts in KiB, macOS in bytes.
        let per_mib = if cfg!(target_os = "macos") { 1024.0 * 1024.0 } else { 1024.0 };
        Self { cpu: Duration::from_micros(micros.unsigned_abs()), peak_rss_mib: usage.max_rss() as f64 / per_mib }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_running_process_has_used_something() {
        let before = Usage::now();
        let spent: u64 = (0..20_000_000u64).map(std::hint::black_box).sum();
        std::hint::black_box(spent);
        assert!(Usage::now().cpu >= before.cpu);
        assert!(before.peak_rss_mib > 1.0, "{before:?}");
    }
}
