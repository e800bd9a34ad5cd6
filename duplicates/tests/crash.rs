//! A process that is killed loses nothing that it acknowledged.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{Slip, claim, open};

/// Set for the process that is to be killed: the file that it fills.
const FILE: &str = "SLIPSTREAM_TEST_CRASH_FILE";

/// From which number on it fills it.
const FROM: &str = "SLIPSTREAM_TEST_CRASH_FROM";

/// Does nothing unless it is called by the test below: remembers without end, and says of each when it is done.
#[test]
fn victim() {
    let (Some(file), Ok(from)) = (std::env::var_os(FILE), std::env::var(FROM)) else { return };
    let index = open(Path::new(&file));
    let key = index.tenant("tests");
    for number in from.parse().unwrap().. {
        index.remember(&key, &claim(&Slip::new(number, number).read().fingerprint(&key), number)).unwrap();
        // Past the harness, which keeps what tests print.
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nkept {number}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("index");
    let mut acknowledged: Vec<u64> = Vec::new();
    for rounds in [1_usize, 7, 40, 90] {
        let from = acknowledged.last().map_or(0, |last| last + 2);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "victim", "--nocapture"])
            .env(FILE, &file)
            .env(FROM, from.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut kept = 0;
        // After the kill, what it still said before it died counts too.
        for line in lines {
            let Some(number) = line.strip_prefix("kept ") else { continue };
            acknowledged.push(number.parse().unwrap());
            kept += 1;
            if kept == rounds {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(kept >= rounds, "{kept} of {rounds}");
        let index = open(&file);
        let key = index.tenant("tests");
        let found = |n: &u64| {
            let fingerprint = Slip::new(*n, *n).read().fingerprint(&key);
            index.check(&key, &fingerprint, *n).unwrap().is_some_and(|found| found.seen == *n)
        };
        let lost: Vec<&u64> = acknowledged.iter().filter(|n| !found(n)).collect();
        assert!(lost.is_empty(), "lost {lost:?} of {}", acknowledged.len());
    }
}
