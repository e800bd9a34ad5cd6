//! From runs to ratios with their spread.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use crate::engine::{Class, Engine, Run};

/// The file of results.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// By class: `small`, `tiny`.
    pub(crate) ours: BTreeMap<String, Figures>,
    /// By peer.
    pub(crate) peers: BTreeMap<String, Figures>,
    /// How much faster Slipstream is, by class.
    pub(crate) ratios: BTreeMap<String, Ratios>,
}

/// Medians over the rounds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Figures {
    /// All receipts handed over together.
    pub(crate) receipts_per_s: f64,
    /// One receipt after the other.
    pub(crate) median_s: f64,
    pub(crate) word_f1: f64,
    /// The largest of all runs.
    pub(crate) peak_rss_mib: f64,
}

/// Of receipts a second, all handed over together; above 1, Slipstream is faster.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Ratios {
    #[serde(flatten)]
    pub(crate) together: Spread,
    /// Of the median time of single receipts.
    pub(crate) single_receipt: Spread,
}

/// Over the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// Sums up all runs.
pub(crate) fn of(runs: &[Run]) -> Report {
    let mut report = Report { ours: BTreeMap::new(), peers: BTreeMap::new(), ratios: BTreeMap::new() };
    for class in Class::ALL {
        let of = |engine| runs.iter().filter(move |r| r.engine == engine && r.class == class);
        report.ours.insert(class.name().to_owned(), figures(of(Engine::Slipstream)));
        report.peers.insert(format!("faster-paddle-{}", class.name()), figures(of(Engine::FasterPaddle)));
        let ratio = |together: bool, of_pair: fn(&Run, &Run) -> f64| {
            let peers = of(Engine::FasterPaddle).filter(|r| r.together == together);
            let pairs = peers.flat_map(|peer| {
                let same = move |r: &&Run| r.together == together && r.round == peer.round;
                of(Engine::Slipstream).filter(same).map(move |ours| of_pair(ours, peer))
            });
            spread(pairs.collect())
        };
        let together = ratio(true, |ours, peer| ours.receipts_per_s / peer.receipts_per_s);
        let single_receipt = ratio(false, |ours, peer| peer.median_s / ours.median_s);
        report.ratios.insert(class.name().to_owned(), Ratios { together, single_receipt });
    }
    report
}

fn figures<'a>(runs: impl Iterator<Item = &'a Run> + Clone) -> Figures {
    let median = |together: bool, of: fn(&Run) -> f64| {
        spread(runs.clone().filter(|r| r.together == together).map(of).collect()).median
    };
    Figures {
        receipts_per_s: median(true, |r| r.receipts_per_s),
        median_s: median(false, |r| r.median_s),
        word_f1: median(false, |r| r.word_f1),
        peak_rss_mib: runs.clone().map(|r| r.peak_rss_mib).fold(0.0, f64::max),
    }
}

fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let at = |i: usize| values.get(i).copied().unwrap_or(f64::NAN);
    let (n, middle) = (values.len(), values.len() / 2);
    let median = if n % 2 == 1 { at(middle) } else { (at(middle.wrapping_sub(1)) + at(middle)) / 2.0 };
    Spread { median, min: at(0), max: at(n.wrapping_sub(1)) }
}

/// The results as a table.
///
/// # Errors
/// When standard output is closed.
pub(crate) fn print(report: &Report) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{:24}{:>12}{:>12}{:>10}{:>10}", "", "receipts/s", "median s", "word F1", "MiB")?;
    let ours = report.ours.iter().map(|(name, figures)| (format!("slipstream {name}"), figures));
    let peers = report.peers.iter().map(|(name, figures)| (name.clone(), figures));
    for (name, f) in ours.chain(peers) {
        let Figures { receipts_per_s, median_s, word_f1, peak_rss_mib } = f;
        writeln!(out, "{name:24}{receipts_per_s:>12.2}{median_s:>12.3}{word_f1:>10.4}{peak_rss_mib:>10.0}")?;
    }
    for (name, Ratios { together: t, single_receipt: s }) in &report.ratios {
        writeln!(
            out,
            "{name}: {:.2} times the receipts a second ({:.2} to {:.2}), a receipt {:.2} times as fast ({:.2} to {:.2})",
            t.median, t.min, t.max, s.median, s.min, s.max
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_within_a_round() {
        let run = |round, engine, together, receipts_per_s, median_s| Run {
            round,
            engine,
            class: Class::Small,
            together,
            receipts_per_s,
            median_s,
            peak_rss_mib: 100.0,
            word_f1: 0.9,
        };
        // The machine is twice as slow in the second round.
        let runs = [
            run(0, Engine::Slipstream, true, 6.0, 0.0),
            run(0, Engine::FasterPaddle, true, 2.0, 0.0),
            run(1, Engine::FasterPaddle, true, 1.0, 0.0),
            run(1, Engine::Slipstream, true, 3.0, 0.0),
            run(0, Engine::Slipstream, false, 0.0, 0.2),
            run(0, Engine::FasterPaddle, false, 0.0, 0.5),
        ];
        let ratios = of(&runs).ratios["small"];
        assert_eq!(ratios.together, Spread { median: 3.0, min: 3.0, max: 3.0 });
        assert_eq!(ratios.single_receipt.median, 2.5);
    }
}
