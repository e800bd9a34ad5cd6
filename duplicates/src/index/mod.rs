//! Fingerprints of all tenants in one SQLite file.
//!
//! **Why SQLite** (bundled, through rusqlite), and not redb, which was weighed against it: a file that was damaged or made
//! by an enemy gives an error code instead of an assertion, a full disk leaves the open database usable, and commits
//! have survived power cuts for decades. redb is pure Rust and smaller; SQLite costs a minute of a C compiler once. sqlx
//! would bring an asynchronous runtime to what is a call into a file.
//!
//! **What is promised.** [`Index::remember`] looks up and remembers in one transaction that excludes other writers, in
//! this process and others: of two equal claims one is first. It returns after the commit is on the disk. Tenants see
//! nothing of each other: their rows begin with their number, their hashes are made with their key, and stored
//! fingerprints are sealed with it.
//!
//! **How it finds.** Every fingerprint has features: some of its shingles, and its combinations of fields. `postings`
//! says which fingerprints have a feature. A feature that many have, such as a shop's telephone number, is not posted
//! again, and rarer shingles take its place: so the index learns what is common to the receipts of a shop. Those that
//! share most features with a new one are compared with it in full.

mod error;
mod schema;
mod search;
mod write;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use crate::fingerprint::Fingerprint;
use crate::key::{Secret, TenantKey};
use crate::verdict::Judgement;
pub use error::IndexError;

/// How an index is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Memory for pages of the file, for each connection, in bytes.
    pub cache_bytes: usize,
    /// The file does not grow beyond this, in bytes; `None` for as long as the disk has room.
    pub max_bytes: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cache_bytes: 32 << 20, max_bytes: None }
    }
}

/// An earlier receipt that a new one agrees with.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// What it is to the new one, and why.
    pub judgement: Judgement,
    /// The id that it was remembered under.
    pub id: String,
    /// When, in seconds since 1970.
    pub seen: u64,
}

/// What became of a receipt that was to be remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// The id that it was remembered under: opaque, and never given twice.
    pub id: String,
    /// The earlier receipt that it agrees with most.
    pub earlier: Option<Match>,
}

/// A receipt to be remembered.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Its fingerprint.
    pub fingerprint: &'a Fingerprint,
    /// Whose it is, to be erased by; stored as a keyed hash.
    pub customer: Option<&'a str>,
    /// Seconds since 1970.
    pub now: u64,
    /// Seconds after which it is forgotten.
    pub keep_s: u64,
}

/// How much there is in an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Fingerprints of all tenants.
    pub fingerprints: u64,
    /// Postings of them.
    pub postings: u64,
    /// Bytes of the file, without what is still in its log.
    pub bytes: u64,
}

/// Fingerprints of all tenants. All calls block; share it between threads.
pub struct Index {
    path: PathBuf,
    secret: Secret,
    settings: Settings,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Index {
    /// Opens the file at `path`, or makes it.
    ///
    /// # Errors
    /// When it cannot be opened, is something else, is damaged, or was made with another secret.
    pub fn open(path: &Path, secret: Secret, settings: Settings) -> Result<Self, IndexError> {
        let writer = Mutex::new(schema::writer(path, &secret, &settings)?);
        Ok(Self { path: path.to_owned(), secret, settings, writer, readers: Mutex::default() })
    }

    /// The key of the tenant called `name`, which fingerprints are taken with.
    pub fn tenant(&self, name: &str) -> TenantKey {
        self.secret.tenant(name)
    }

    /// The earlier receipt that `fingerprint` agrees with most, if there is one; remembers nothing.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn check(&self, key: &TenantKey, fingerprint: &Fingerprint, now: u64) -> Result<Option<Match>, IndexError> {
        let connection = self.reader()?;
        let found = search::find(&connection, key, fingerprint, now);
        lock(&self.readers).push(connection);
        Ok(found?.earlier)
    }

    /// The same, and remembers the receipt; nothing comes between the two. It is on the disk when this returns.
    ///
    /// # Errors
    /// When the file cannot be read or written; then the receipt is not remembered, and all earlier ones are.
    pub fn remember(&self, key: &TenantKey, claim: &Claim) -> Result<Remembered, IndexError> {
        let mut connection = lock(&self.writer);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        write::forget_expired(&transaction, claim.now)?;
        let remembered = write::remember(&transaction, key, claim)?;
        transaction.commit()?;
        Ok(remembered)
    }

    /// Remembers many in one transaction, without comparing them: for filling an index.
    ///
    /// # Errors
    /// When the file cannot be read or written; then none of them is remembered.
    pub fn import(&self, key: &TenantKey, claims: &[Claim]) -> Result<(), IndexError> {
        let mut connection = lock(&self.writer);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        write::import(&transaction, key, claims)?;
        Ok(transaction.commit()?)
    }

    /// Erases everything that `customer` sent, from the file and from its log; gives how many receipts that were.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn erase(&self, key: &TenantKey, customer: &str) -> Result<u64, IndexError> {
        let mut connection = lock(&self.writer);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let erased = write::erase(&transaction, key, customer)?;
        transaction.commit()?;
        // The log still has what the pages held before. A reader may be in the way; then the next one empties it.
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(erased)
    }

    /// How much there is. Counts all rows, which takes a while.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn extent(&self) -> Result<Extent, IndexError> {
        let connection = self.reader()?;
        let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, u64>(0));
        let pages: u64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        Ok(Extent {
            fingerprints: count("SELECT count(*) FROM fingerprints")?,
            postings: count("SELECT count(*) FROM postings")?,
            bytes: pages * page,
        })
    }

    fn reader(&self) -> Result<Connection, IndexError> {
        let idle = lock(&self.readers).pop();
        idle.map_or_else(|| schema::reader(&self.path, &self.settings), Ok)
    }
}

/// A transaction that a panic left behind is rolled back when it unwinds, so the connection behind the lock is sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
