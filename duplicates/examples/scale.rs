//! What an index of many fingerprints costs: disk, memory, and time of a look-up.
//!
//! ```text
//! cargo run --release -p slipstream-duplicates --example scale -- --count 10000000 [--real 1000000] [--shops 20000] [--folder DIR]
//! ```
//!
//! The first `--real` of them are taken from invented receipts and go through the index. The rest is simulated: copies of
//! their fingerprints under features drawn by lot, written straight into the file, since that many receipts would take
//! hours to go in one after the other. The tree that a look-up goes down is as large either way.
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{SECRET, Slip, claim, open};
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use rusqlite::{Connection, params};
use slipstream_duplicates::index::Claim;
use slipstream_duplicates::{Index, Secret, Settings};

/// Fingerprints in a transaction.
const BATCH: u64 = 50_000;

/// Look-ups of each kind that are timed.
const TIMED: u64 = 2_000;

/// Postings of a fingerprint that is simulated.
const POSTINGS: u64 = 24;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut count, mut real, mut shops, mut folder) = (100_000_u64, 1_000_000_u64, 20_000_u64, std::env::temp_dir());
    while let (Some(flag), Some(value)) = (arguments.next(), arguments.next()) {
        match flag.as_str() {
            "--count" => count = value.parse().unwrap(),
            "--real" => real = value.parse().unwrap(),
            "--shops" => shops = value.parse().unwrap(),
            "--folder" => folder = PathBuf::from(value),
            _ => {}
        }
    }
    let dir = tempfile::tempdir_in(folder).unwrap();
    let path = dir.path().join("index");
    let real = real.min(count);
    let world = World { shops, real };
    println!("{real} receipts, {} simulated", count - real);
    let started = Instant::now();
    world.fill(&path);
    println!("filled in {:.0} s", started.elapsed().as_secs_f64());
    world.measure(&path, real);
    if count > real {
        simulate(&path, real, count - real);
        println!("simulated in {:.0} s", started.elapsed().as_secs_f64());
        world.measure(&path, count);
    }
}

/// The receipts that there are.
struct World {
    shops: u64,
    real: u64,
}

impl World {
    /// The receipt of this number; nine in ten are of half of the shops.
    fn slip(&self, i: u64) -> Slip {
        let shop = if i.is_multiple_of(10) { i % self.shops } else { (i * 7_919) % (self.shops / 2).max(1) };
        Slip::new(shop, i)
    }

    fn fill(&self, path: &Path) {
        let settings = Settings { cache_bytes: 1 << 30, ..Settings::default() };
        let index = Index::open(path, Secret::new(SECRET).unwrap(), settings).unwrap();
        let key = index.tenant("tests");
        let mut next = 0;
        while next < self.real {
            let until = (next + BATCH).min(self.real);
            let prints: Vec<_> = (next..until).map(|i| self.slip(i).read().fingerprint(&key)).collect();
            let claims: Vec<Claim> = prints.iter().map(|print| claim(print, 0)).collect();
            index.import(&key, &claims).unwrap();
            next = until;
        }
    }

    /// Prints size and times of an index with this many fingerprints.
    fn measure(&self, path: &Path, count: u64) {
        let index = open(path);
        let key = index.tenant("tests");
        let check = |slip: Slip, seed: u64| {
            let fingerprint = slip.read().turned(2.0).misread(seed, 3).fingerprint(&key);
            let started = Instant::now();
            let found = index.check(&key, &fingerprint, 1).unwrap();
            (started.elapsed(), found.is_some_and(|found| found.judgement.verdict.is_duplicate()))
        };
        let step = (self.real / TIMED).max(1);
        // Once before it counts: a server that serves has read its file.
        (0..TIMED).for_each(|i| {
            check(self.slip((i * step + 1) % self.real), i);
        });
        let known = (0..TIMED).map(|i| check(self.slip(i * step % self.real), i)).collect();
        let unknown = (0..TIMED).map(|i| check(self.slip(count * 2 + i), i)).collect();
        let remembered = (0..TIMED / 10).map(|i| {
            let fingerprint = self.slip(count * 3 + i).read().fingerprint(&key);
            let started = Instant::now();
            let remembered = index.remember(&key, &claim(&fingerprint, 1)).unwrap();
            let duplicate = remembered.earlier.is_some_and(|found| found.judgement.verdict.is_duplicate());
            (started.elapsed(), duplicate)
        });
        let remembered = remembered.collect();
        let bytes = std::fs::metadata(path).unwrap().len();
        println!("fingerprints      {count:>12}");
        println!("disk              {:>12.2} GiB", bytes as f64 / (1_u64 << 30) as f64);
        println!("disk of each      {:>12.0} bytes", bytes as f64 / count as f64);
        println!("process memory    {:>12.0} MiB", resident_mib());
        println!("{:<20} {:>10} {:>10} {:>10} {:>12}", "", "median ms", "p99 ms", "max ms", "duplicates");
        print("look-up, known", known);
        print("look-up, unknown", unknown);
        print("remember, unknown", remembered);
    }
}

fn print(name: &str, timed: Vec<(Duration, bool)>) {
    let mut times: Vec<f64> = timed.iter().map(|(took, _)| took.as_secs_f64() * 1e3).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let found = timed.iter().filter(|(_, duplicate)| *duplicate).count();
    println!("{name:<20} {:>10.3} {:>10.3} {:>10.3} {found:>7} / {}", at(0.5), at(0.99), at(1.0), timed.len());
}

/// Writes `more` fingerprints after the first `real`, with postings in ascending order.
fn simulate(path: &Path, real: u64, more: u64) {
    let file = Connection::open(path).unwrap();
    file.pragma_update(None, "cache_size", -(1 << 20)).unwrap();
    file.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN").unwrap();
    let mut copy = file
        .prepare(
            "INSERT INTO fingerprints (id, tenant, seen, expires, posted, body) \
             SELECT ?1, tenant, seen, expires, posted, body FROM fingerprints WHERE id = ?2",
        )
        .unwrap();
    let first: i64 = file.query_row("SELECT max(id) + 1 FROM fingerprints", [], |row| row.get(0)).unwrap();
    for i in 0..more {
        copy.execute(params![first + i as i64, (i % real + 1) as i64]).unwrap();
    }
    let mut dice = ChaCha8Rng::seed_from_u64(1);
    let mut post = file.prepare("INSERT OR IGNORE INTO postings VALUES (1, ?1, ?2)").unwrap();
    let total = more * POSTINGS;
    // Ascending, and evenly spread in the long run: each a random step from the last.
    let mean = ((1_u64 << 48) / (total + 1)).max(1);
    let mut feature = 0_u64;
    for _ in 0..total {
        feature += dice.random_range(0..=2 * mean);
        let id = first + dice.random_range(0..more) as i64;
        post.execute(params![(feature & ((1 << 48) - 1)) as i64, id]).unwrap();
    }
    drop((copy, post));
    file.execute_batch("COMMIT; PRAGMA journal_mode = WAL").unwrap();
}

/// What the process holds in memory, without what the system caches for it.
fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
