//! Files that are damaged, or that somebody made to do harm: an error that says what to do, and nothing else.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use common::{SECRET, Slip, claim, open};
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use slipstream_duplicates::{Index, IndexError, Secret, Settings};

fn try_open(path: &Path) -> Result<Index, IndexError> {
    Index::open(path, Secret::new(SECRET).unwrap(), Settings::default())
}

/// Everything that is done with a file, with whatever comes of it.
fn use_it(path: &Path) -> Result<(), IndexError> {
    let index = try_open(path)?;
    let key = index.tenant("tests");
    for number in 0..30 {
        let fingerprint = Slip::new(number, number).read().fingerprint(&key);
        index.check(&key, &fingerprint, 1)?;
        index.remember(&key, &claim(&fingerprint, 40 * common::DAY_S))?;
    }
    index.erase(&key, "somebody")?;
    index.extent()?;
    Ok(())
}

fn store(path: &Path) {
    let index = open(path);
    let key = index.tenant("tests");
    for number in 0..30 {
        let fingerprint = Slip::new(number, number).read().fingerprint(&key);
        index.remember(&key, &claim(&fingerprint, 0)).unwrap();
    }
}

#[test]
fn bytes_that_are_no_database_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut dice = ChaCha8Rng::seed_from_u64(5);
    for length in [1, 15, 100, 4_096, 70_000] {
        let path = dir.path().join(length.to_string());
        let bytes: Vec<u8> = (0..length).map(|_| dice.random()).collect();
        fs::write(&path, &bytes).unwrap();
        let error = try_open(&path).err();
        assert!(matches!(error, Some(IndexError::NotAnIndex { .. })), "{length} bytes: {error:?}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "it is left as it was");
    }
}

#[test]
fn damage_anywhere_is_an_error_or_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let sound = dir.path().join("sound");
    store(&sound);
    let bytes = fs::read(&sound).unwrap();
    let mut dice = ChaCha8Rng::seed_from_u64(6);
    let mut refused = 0;
    for round in 0..150 {
        let mut damaged = bytes.clone();
        match round % 3 {
            0 => (0..20).for_each(|_| *damaged.choose_mut(&mut dice).unwrap() = dice.random()),
            1 => damaged.truncate(dice.random_range(0..bytes.len())),
            _ => {
                let at = dice.random_range(0..bytes.len() - 4_096);
                damaged[at..at + 4_096].iter_mut().for_each(|byte| *byte = dice.random());
            }
        }
        let path = dir.path().join(format!("damaged-{round}"));
        fs::write(&path, damaged).unwrap();
        // No panic, whatever comes of it.
        refused += usize::from(use_it(&path).is_err());
    }
    assert!(refused > 50, "{refused} of 150 were refused");
}

#[test]
fn databases_of_others_are_refused_and_run_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let foreign = dir.path().join("foreign");
    Connection::open(&foreign)
        .unwrap()
        .execute_batch("CREATE TABLE photos (x); INSERT INTO photos VALUES (1)")
        .unwrap();
    assert!(matches!(try_open(&foreign).err(), Some(IndexError::NotAnIndex { .. })));

    let changes = [
        "CREATE TRIGGER t AFTER INSERT ON fingerprints BEGIN DELETE FROM fingerprints; END",
        "CREATE VIEW v AS SELECT * FROM fingerprints",
        "DROP TABLE postings; CREATE VIEW postings AS SELECT 1 AS tenant, 2 AS feature, 3 AS id",
        "ALTER TABLE fingerprints ADD COLUMN more TEXT",
        "DROP INDEX customers",
    ];
    for (i, change) in changes.iter().enumerate() {
        let path = dir.path().join(i.to_string());
        store(&path);
        Connection::open(&path).unwrap().execute_batch(change).unwrap();
        assert!(matches!(try_open(&path).err(), Some(IndexError::NotAnIndex { .. })), "{change}");
    }
    let newer = dir.path().join("newer");
    store(&newer);
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(try_open(&newer).err(), Some(IndexError::Version { version: 99, .. })));
}

#[test]
fn fingerprints_that_somebody_else_wrote_are_not_believed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    store(&path);
    let theirs = Connection::open(&path).unwrap();
    theirs.execute_batch("UPDATE fingerprints SET body = zeroblob(length(body))").unwrap();
    let error = use_it(&path).unwrap_err();
    assert!(matches!(error, IndexError::Damaged { .. }) && !error.to_string().contains("body"), "{error}");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("no/such/folder/index");
    let places = [missing.as_path(), dir.path()];
    let wrong: Vec<_> = places.iter().filter(|path| !matches!(try_open(path), Err(IndexError::Open { .. }))).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let message = try_open(&missing).err().unwrap().to_string();
    assert!(message.contains("no/such/folder/index") && message.contains("folder exists"), "{message}");
}
