//! What an index of many invented fingerprints costs: disk, memory, and time of a look-up.
//!
//! ```text
//! cargo run --release -p slipstream-duplicates --example scale -- --count 1000000 [--shops 20000] [--folder DIR]
//! ```
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use common::{Slip, claim, open};
use slipstream_duplicates::index::Claim;

/// Fingerprints in a transaction.
const BATCH: usize = 20_000;

/// Look-ups of each kind that are timed.
const TIMED: u64 = 2_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut count, mut shops, mut folder) = (100_000_u64, 20_000_u64, std::env::temp_dir());
    while let (Some(flag), Some(value)) = (arguments.next(), arguments.next()) {
        match flag.as_str() {
            "--count" => count = value.parse().unwrap(),
            "--shops" => shops = value.parse().unwrap(),
            "--folder" => folder = PathBuf::from(value),
            _ => {}
        }
    }
    let dir = tempfile::tempdir_in(folder).unwrap();
    let index = open(&dir.path().join("index"));
    let key = index.tenant("tests");
    // Half of the shops have nine in ten of the receipts.
    let slip = |i: u64| Slip::new(if i.is_multiple_of(10) { i % shops } else { (i * 7_919) % (shops / 2).max(1) }, i);

    let started = Instant::now();
    let mut next = 0;
    while next < count {
        let until = (next + BATCH as u64).min(count);
        let prints: Vec<_> = (next..until).map(|i| slip(i).read().fingerprint(&key)).collect();
        let claims: Vec<Claim> = prints.iter().map(|print| claim(print, 0)).collect();
        index.import(&key, &claims).unwrap();
        next = until;
        if next.is_multiple_of(BATCH as u64 * 25) {
            println!("{next} after {:.0} s", started.elapsed().as_secs_f64());
        }
    }
    let filled = started.elapsed();
    let extent = index.extent().unwrap();

    let step = (count / TIMED).max(1);
    let known = time(
        (0..TIMED).map(|i| i * step % count).map(|i| {
            let fingerprint = slip(i).read().turned(2.0).misread(i, 3).fingerprint(&key);
            move |index: &slipstream_duplicates::Index, key: &_| {
                index.check(key, &fingerprint, 1).unwrap().is_some_and(|found| found.judgement.verdict.is_duplicate())
            }
        }),
        &index,
        &key,
    );
    let unknown = time(
        (0..TIMED).map(|i| {
            let fingerprint = slip(count + i).read().fingerprint(&key);
            move |index: &slipstream_duplicates::Index, key: &_| {
                index.check(key, &fingerprint, 1).unwrap().is_some_and(|found| found.judgement.verdict.is_duplicate())
            }
        }),
        &index,
        &key,
    );
    let remembered = time(
        (0..TIMED.min(500)).map(|i| {
            let fingerprint = slip(count + TIMED + i).read().fingerprint(&key);
            move |index: &slipstream_duplicates::Index, key: &_| {
                index.remember(key, &claim(&fingerprint, 1)).unwrap().earlier.is_some()
            }
        }),
        &index,
        &key,
    );

    let each = |bytes: u64| bytes as f64 / extent.fingerprints as f64;
    println!("fingerprints         {:>12}", extent.fingerprints);
    println!("postings of each     {:>12.1}", each(extent.postings));
    println!("disk                 {:>12.2} GiB", extent.bytes as f64 / (1_u64 << 30) as f64);
    println!("disk of each         {:>12.0} bytes", each(extent.bytes));
    println!("resident memory      {:>12.0} MiB", resident_mib());
    println!("filling              {:>12.0} each s", extent.fingerprints as f64 / filled.as_secs_f64());
    println!("{:<20} {:>10} {:>10} {:>10} {:>12}", "look-up", "median ms", "p99 ms", "max ms", "duplicates");
    for (name, times, found) in [
        ("known", known.0, known.1),
        ("unknown", unknown.0, unknown.1),
        ("remember unknown", remembered.0, remembered.1),
    ] {
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
        println!("{name:<20} {:>10.3} {:>10.3} {:>10.3} {:>7} / {}", at(0.5), at(0.99), at(1.0), found, times.len());
    }
}

/// Times of the calls in ascending order, and how many said yes.
fn time<K, C: FnOnce(&slipstream_duplicates::Index, &K) -> bool>(
    calls: impl Iterator<Item = C>,
    index: &slipstream_duplicates::Index,
    key: &K,
) -> (Vec<Duration>, usize) {
    let mut yes = 0;
    let mut times: Vec<Duration> = calls
        .map(|call| {
            let started = Instant::now();
            yes += usize::from(call(index, key));
            started.elapsed()
        })
        .collect();
    times.sort();
    (times, yes)
}

/// What the process holds in memory, without what the system caches for it.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
