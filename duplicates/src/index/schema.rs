//! The tables, and how a database file is opened without trusting it.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{IndexError, Settings};
use crate::key::Secret;

/// Changes whenever a store of an older program can no longer be used.
const VERSION: i64 = 1;

/// Marks the file as ours (SQLite, `PRAGMA application_id`): "slpd".
const APPLICATION: i64 = 0x736c_7064;

/// A row of `fingerprints` is found by its id, which is never used twice. `postings` says which fingerprints have a
/// feature; its rows are their own key and stay as small as a number.
const TABLES: [(&str, &str); 5] = [
    ("meta", "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID"),
    ("tenants", "CREATE TABLE tenants (number INTEGER PRIMARY KEY, tenant BLOB NOT NULL UNIQUE) STRICT"),
    (
        "fingerprints",
        "CREATE TABLE fingerprints (id INTEGER PRIMARY KEY AUTOINCREMENT, tenant INTEGER NOT NULL, seen INTEGER NOT NULL, \
         expires INTEGER NOT NULL, customer BLOB, posted BLOB NOT NULL, body BLOB NOT NULL) STRICT",
    ),
    (
        "postings",
        "CREATE TABLE postings (tenant INTEGER NOT NULL, feature INTEGER NOT NULL, id INTEGER NOT NULL, \
         PRIMARY KEY (tenant, feature, id)) STRICT, WITHOUT ROWID",
    ),
    ("expiry", "CREATE INDEX expiry ON fingerprints (expires)"),
];

/// Beside them: finds what a customer sent.
const CUSTOMERS: (&str, &str) =
    ("customers", "CREATE INDEX customers ON fingerprints (tenant, customer) WHERE customer IS NOT NULL");

/// A connection that may write. Makes the tables in a new file; of an old one it checks that they are ours.
pub(super) fn writer(path: &Path, secret: &Secret, settings: &Settings) -> Result<Connection, IndexError> {
    refuse_others(path)?;
    let connection = connect(path, settings, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    // What is acknowledged is on the disk: every commit waits for it.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is erased is overwritten.
    connection.pragma_update(None, "secure_delete", "ON")?;
    if let Some(max_bytes) = settings.max_bytes {
        let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        connection.pragma_update(None, "max_page_count", i64::try_from(max_bytes / page.max(1)).unwrap_or(i64::MAX))?;
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    prepare(&connection, path, secret)?;
    connection.execute_batch("COMMIT")?;
    Ok(connection)
}

/// What every SQLite database begins with; SQLite itself takes a file of a few bytes for an empty one and writes over it.
const MAGIC: &[u8] = b"SQLite format 3\0";

fn refuse_others(path: &Path) -> Result<(), IndexError> {
    let mut start = Vec::new();
    // What cannot be read here cannot be opened either, which then says why.
    if let Ok(file) = File::open(path) {
        let _ = file.take(MAGIC.len() as u64).read_to_end(&mut start);
    }
    let ours = start.is_empty() || start == MAGIC;
    ours.then_some(()).ok_or_else(|| IndexError::NotAnIndex { path: path.to_owned() })
}

/// A connection that only reads.
pub(super) fn reader(path: &Path, settings: &Settings) -> Result<Connection, IndexError> {
    connect(path, settings, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn connect(path: &Path, settings: &Settings, flags: OpenFlags) -> Result<Connection, IndexError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|source| IndexError::Open { path: path.to_owned(), source })?;
    connection.busy_timeout(Duration::from_secs(5))?;
    // A file that somebody else made runs nothing of its own.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    // Negative: kibibytes instead of pages.
    let cache = i64::try_from(settings.cache_bytes / 1024).unwrap_or(i64::MAX);
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

fn prepare(connection: &Connection, path: &Path, secret: &Secret) -> Result<(), IndexError> {
    let found = objects(connection)?;
    if found.is_empty() {
        for (_, sql) in TABLES.iter().chain([&CUSTOMERS]) {
            connection.execute_batch(sql)?;
        }
        connection.pragma_update(None, "application_id", APPLICATION)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        connection.execute("INSERT INTO meta VALUES ('secret', ?1)", [secret.check()])?;
        return Ok(());
    }
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application != APPLICATION {
        return Err(IndexError::NotAnIndex { path: path.to_owned() });
    }
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version != VERSION {
        return Err(IndexError::Version { path: path.to_owned(), version });
    }
    let mut expected: Vec<(String, String)> =
        TABLES.iter().chain([&CUSTOMERS]).map(|(name, sql)| ((*name).to_owned(), (*sql).to_owned())).collect();
    expected.sort();
    if found != expected {
        return Err(IndexError::NotAnIndex { path: path.to_owned() });
    }
    let check: Vec<u8> = connection.query_row("SELECT value FROM meta WHERE name = 'secret'", [], |row| row.get(0))?;
    if check != secret.check() {
        return Err(IndexError::OtherSecret { path: path.to_owned() });
    }
    Ok(())
}

/// Names and definitions of everything in the file but SQLite's own.
fn objects(connection: &Connection) -> Result<Vec<(String, String)>, IndexError> {
    let mut statement = connection
        .prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut found: Vec<(String, String)> = rows.collect::<Result<_, _>>()?;
    found.sort();
    Ok(found)
}
