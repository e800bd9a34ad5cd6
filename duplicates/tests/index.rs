//! What the index promises: one is first, nobody sees others', what is over or erased is gone.
#![allow(clippy::unwrap_used, missing_docs)]

mod common;

use std::sync::Barrier;
use std::thread;

use common::{DAY_S, SECRET, Slip, claim, open};
use slipstream_duplicates::index::Claim;
use slipstream_duplicates::{Index, IndexError, Secret, Settings, Verdict};

#[test]
fn of_equal_claims_that_race_exactly_one_is_first() {
    const RACERS: usize = 8;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    // Half of them through an index of their own, as another process would.
    let indexes = [open(&path), open(&path)];
    let key = indexes[0].tenant("tests");
    for round in 0..20 {
        let fingerprint = Slip::new(round, round).read().fingerprint(&key);
        let together = Barrier::new(RACERS);
        let firsts = thread::scope(|scope| {
            let racer = |i: usize| {
                let (index, key, fingerprint, together) = (&indexes[i % 2], &key, &fingerprint, &together);
                scope.spawn(move || {
                    together.wait();
                    index.remember(key, &claim(fingerprint, 100)).unwrap().earlier.is_none()
                })
            };
            let racers: Vec<_> = (0..RACERS).map(racer).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).filter(|first| *first).count()
        });
        assert_eq!(firsts, 1, "round {round}");
    }
}

#[test]
fn what_is_remembered_is_found_under_its_id_and_checking_remembers_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(&dir.path().join("index"));
    let key = index.tenant("tests");
    let fingerprint = Slip::new(1, 1).read().fingerprint(&key);
    assert_eq!(index.check(&key, &fingerprint, 5).unwrap(), None);
    assert_eq!(index.check(&key, &fingerprint, 5).unwrap(), None);
    let first = index.remember(&key, &claim(&fingerprint, 5)).unwrap();
    assert_eq!(first.earlier, None);
    let found = index.check(&key, &fingerprint, 6).unwrap().unwrap();
    assert_eq!((found.id, found.seen), (first.id.clone(), 5));
    let second = index.remember(&key, &claim(&fingerprint, 7)).unwrap();
    assert_ne!(second.id, first.id);
    assert_eq!(second.earlier.unwrap().id, first.id, "the first one is named, however often it comes");
}

#[test]
fn tenants_see_nothing_of_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(&dir.path().join("index"));
    let (one, other) = (index.tenant("one"), index.tenant("other"));
    let reading = Slip::new(1, 1).read();
    let remember = |key| {
        let fingerprint = reading.fingerprint(key);
        index.remember(key, &Claim { customer: Some("c"), ..claim(&fingerprint, 5) }).unwrap()
    };
    let first = remember(&one);
    assert_eq!(remember(&other).earlier, None);
    // Even a fingerprint that was taken with the wrong key finds nothing.
    assert_eq!(index.check(&other, &reading.fingerprint(&one), 6).unwrap(), None);
    assert_eq!(index.erase(&other, "c").unwrap(), 1);
    assert_eq!(index.check(&one, &reading.fingerprint(&one), 6).unwrap().unwrap().id, first.id);
}

#[test]
fn what_has_expired_is_not_found_and_leaves_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(&dir.path().join("index"));
    let key = index.tenant("tests");
    for number in 0..20 {
        index.remember(&key, &claim(&Slip::new(1, number).read().fingerprint(&key), 0)).unwrap();
    }
    let over = 30 * DAY_S;
    let fingerprint = Slip::new(1, 3).read().fingerprint(&key);
    assert!(index.check(&key, &fingerprint, over - 1).unwrap().is_some());
    assert_eq!(index.check(&key, &fingerprint, over).unwrap(), None);
    for number in 0..6 {
        index.remember(&key, &claim(&Slip::new(2, number).read().fingerprint(&key), over)).unwrap();
    }
    let extent = index.extent().unwrap();
    assert_eq!(extent.fingerprints, 6);
    assert!(extent.postings <= 6 * 24, "{extent:?}");
}

#[test]
fn what_a_customer_sent_is_erased_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    let index = open(&path);
    let key = index.tenant("tests");
    for number in 0..10 {
        let customer = if number % 2 == 0 { "anna@example.com" } else { "ben@example.com" };
        let fingerprint = Slip::new(number, number).read().fingerprint(&key);
        index.remember(&key, &Claim { customer: Some(customer), ..claim(&fingerprint, 0) }).unwrap();
    }
    assert_eq!(index.erase(&key, "anna@example.com").unwrap(), 5);
    assert_eq!(index.erase(&key, "anna@example.com").unwrap(), 0);
    let left: Vec<u64> = (0..10)
        .filter(|n| index.check(&key, &Slip::new(*n, *n).read().fingerprint(&key), 1).unwrap().is_some())
        .collect();
    assert_eq!(left, [1, 3, 5, 7, 9]);
    let extent = index.extent().unwrap();
    assert!(extent.fingerprints == 5 && extent.postings <= 5 * 24, "{extent:?}");
    // The reference itself was never there.
    let held = |file: &str| {
        let bytes = std::fs::read(dir.path().join(file)).unwrap_or_default();
        bytes.windows(4).any(|piece| piece == b"anna" || piece == b"ben@")
    };
    assert!(!held("index") && !held("index-wal"));
}

#[test]
fn a_receipt_is_known_however_often_it_was_sent_and_however_many_its_shop_has() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(&dir.path().join("index"));
    let key = index.tenant("tests");
    let wanted = Slip::new(1, 999).read().fingerprint(&key);
    let prints: Vec<_> = (0..600).map(|number| Slip::new(1, number).read().fingerprint(&key)).collect();
    let claims: Vec<Claim> = prints.iter().map(|print| claim(print, 0)).collect();
    index.import(&key, &claims).unwrap();
    assert!(index.check(&key, &wanted, 1).unwrap().is_none_or(|found| !found.judgement.verdict.is_duplicate()));
    let first = index.remember(&key, &claim(&wanted, 1)).unwrap();
    let duplicate = |now| index.remember(&key, &claim(&wanted, now)).unwrap().earlier.unwrap();
    for now in 2..80 {
        let earlier = duplicate(now);
        assert_eq!((earlier.judgement.verdict.is_duplicate(), &earlier.id), (true, &first.id), "time {now}");
    }
}

#[test]
fn a_full_store_says_so_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    let settings = Settings { max_bytes: Some(400 << 10), ..Settings::default() };
    let index = Index::open(&path, Secret::new(SECRET).unwrap(), settings).unwrap();
    let key = index.tenant("tests");
    let print = |number| Slip::new(number, number).read().fingerprint(&key);
    let full = (0..10_000).find_map(|n| index.remember(&key, &claim(&print(n), 0)).err().map(|error| (n, error)));
    let (kept, error) = full.unwrap();
    assert!(matches!(error, IndexError::Full), "{error}");
    assert!(kept > 50, "{kept} fit in");
    let missing: Vec<u64> = (0..kept).filter(|n| index.check(&key, &print(*n), 1).unwrap().is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(index.check(&key, &print(kept), 1).unwrap(), None);
    // With a higher limit it goes on.
    drop(index);
    assert_eq!(open(&path).remember(&key, &claim(&print(kept), 1)).unwrap().earlier, None);
}

#[test]
fn another_secret_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("index");
    drop(open(&path));
    let other = Index::open(&path, Secret::new("quite another secret").unwrap(), Settings::default());
    assert!(matches!(other.err(), Some(IndexError::OtherSecret { .. })));
}

#[test]
fn the_same_purchase_of_another_day_stays_distinct() {
    let dir = tempfile::tempdir().unwrap();
    let index = open(&dir.path().join("index"));
    let key = index.tenant("tests");
    let monday = Slip::new(1, 5);
    let tuesday = Slip { day: monday.day % 28 + 1, ..monday.bought_again() };
    index.remember(&key, &claim(&monday.read().fingerprint(&key), 0)).unwrap();
    let equal = index.remember(&key, &claim(&monday.bought_again().read().fingerprint(&key), 1)).unwrap();
    assert_eq!(equal.earlier.unwrap().judgement.verdict, Verdict::EqualPurchase);
    assert_eq!(index.remember(&key, &claim(&tuesday.read().fingerprint(&key), 2)).unwrap().earlier, None);
}
