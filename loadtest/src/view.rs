//! The live view on standard error: drawn again and again on a terminal, a line for every phase elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::LoadError;
use crate::outcome::{Outcome, Reply};
use crate::record::Latencies;

/// How often it is worth drawing.
pub const INTERVAL: Duration = Duration::from_millis(200);

/// Shows how a run goes.
#[derive(Debug)]
pub struct View {
    bar: Option<ProgressBar>,
    silent: bool,
    phase: String,
    counts: Counts,
    latencies: Latencies,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    answered: u64,
    admitted: u64,
    refused: u64,
    failed: u64,
}

impl View {
    /// A view on standard error.
    ///
    /// # Errors
    /// When there is no memory for its histogram.
    pub fn new() -> Result<Self, LoadError> {
        let bar = io::stderr().is_terminal().then(|| ProgressBar::new(0).with_style(style()));
        let (phase, counts) = (String::new(), Counts::default());
        Ok(Self { bar, silent: false, phase, counts, latencies: Latencies::new()? })
    }

    /// A view of nothing.
    ///
    /// # Errors
    /// When there is no memory for its histogram.
    pub fn silent() -> Result<Self, LoadError> {
        Ok(Self { bar: None, silent: true, ..Self::new()? })
    }

    /// A part of a run begins, which is going to take `length`. Counts begin anew.
    ///
    /// # Errors
    /// When there is no memory for its histogram.
    pub fn part(&mut self, length: Duration) -> Result<(), LoadError> {
        (self.counts, self.latencies) = (Counts::default(), Latencies::new()?);
        if let Some(bar) = &self.bar {
            bar.reset();
            bar.set_length(u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
        }
        Ok(())
    }

    /// A phase begins.
    pub fn phase(&mut self, phase: String) {
        if self.phase == phase {
            return;
        }
        match &self.bar {
            Some(bar) => bar.set_prefix(phase.clone()),
            // A view that nobody can see is no reason to stop.
            None if !self.silent => drop(writeln!(io::stderr(), "{phase}")),
            None => {}
        }
        self.phase = phase;
    }

    /// A request has ended.
    pub fn ended(&mut self, reply: &Reply) {
        self.counts.answered += 1;
        match reply.outcome {
            Outcome::Read | Outcome::Missed => {
                self.counts.admitted += 1;
                self.latencies.record(reply.ended_after);
            }
            Outcome::Refused { .. } => self.counts.refused += 1,
            Outcome::Failed(_) => self.counts.failed += 1,
            Outcome::Left => {}
        }
    }

    /// Draws, `elapsed` after the beginning of the part and with `sent` requests sent.
    pub fn draw(&self, elapsed: Duration, sent: u64) {
        let Some(bar) = &self.bar else { return };
        let Counts { answered, admitted, refused, failed } = self.counts;
        let ms = |quantile| self.latencies.quantile_ms(quantile).map_or("–".to_owned(), |ms| format!("{ms:.0}"));
        bar.set_position(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
        bar.set_message(format!(
            "sent {sent}, in flight {}, admitted {admitted}, refused {refused}, failed {failed}, p50 {} ms, p99 {} ms",
            sent.saturating_sub(answered),
            ms(0.5),
            ms(0.99),
        ));
    }

    /// Leaves the terminal as it was.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("{prefix}\n[{bar:40}] {elapsed}\n{wide_msg}");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}
