//! What changes the file, each inside the caller's transaction.

use rusqlite::{Connection, params};

use super::search::{self, Coming, Found};
use super::{Claim, IndexError, Remembered};
use crate::key::{Role, TenantKey};

/// Expired fingerprints that are removed whenever one is remembered: faster than they can come in.
const FORGOTTEN_AT_ONCE: i64 = 4;

/// Bytes of a feature in `fingerprints.posted`.
const FEATURE: usize = 6;

/// Looks up and remembers.
pub(super) fn remember(connection: &Connection, key: &TenantKey, claim: &Claim) -> Result<Remembered, IndexError> {
    let Found { earlier, features } = search::find(connection, key, claim.fingerprint, claim.now)?;
    let tenant = tenant(connection, key)?;
    let id = insert(connection, key, tenant, claim, &features)?;
    features.iter().try_for_each(|feature| post(connection, tenant, *feature, id))?;
    Ok(Remembered { id: search::name(key, id), earlier })
}

/// Remembers without looking up. Postings go in by feature at the end, which touches every page of them once.
pub(super) fn import(connection: &Connection, key: &TenantKey, claims: &[Claim]) -> Result<(), IndexError> {
    let tenant = tenant(connection, key)?;
    let mut coming = Coming::new();
    let mut postings: Vec<(u64, i64)> = Vec::new();
    for claim in claims {
        let (_, features) = search::walk(connection, Some(tenant), claim.fingerprint, &coming)?;
        let id = insert(connection, key, tenant, claim, &features)?;
        for feature in features {
            *coming.entry(feature).or_default() += 1;
            postings.push((feature, id));
        }
    }
    postings.sort_unstable();
    postings.into_iter().try_for_each(|(feature, id)| post(connection, tenant, feature, id))
}

/// The number of a tenant, who gets one with the first receipt.
fn tenant(connection: &Connection, key: &TenantKey) -> Result<i64, IndexError> {
    if let Some(number) = search::tenant(connection, key)? {
        return Ok(number);
    }
    connection.execute("INSERT INTO tenants (tenant) VALUES (?1)", [key.wide(Role::Tenant, &[])])?;
    Ok(connection.last_insert_rowid())
}

fn insert(
    connection: &Connection,
    key: &TenantKey,
    tenant: i64,
    claim: &Claim,
    features: &[u64],
) -> Result<i64, IndexError> {
    let customer = claim.customer.map(|name| key.wide(Role::Customer, &[name.as_bytes()]));
    let posted: Vec<u8> = features.iter().flat_map(|f| f.to_le_bytes().into_iter().take(FEATURE)).collect();
    let expires = i64::try_from(claim.now.saturating_add(claim.keep_s)).unwrap_or(i64::MAX);
    let seen = i64::try_from(claim.now).unwrap_or(i64::MAX);
    let body = claim.fingerprint.to_bytes(key);
    connection
        .prepare_cached(
            "INSERT INTO fingerprints (tenant, seen, expires, customer, posted, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![tenant, seen, expires, customer, posted, body])?;
    Ok(connection.last_insert_rowid())
}

fn post(connection: &Connection, tenant: i64, feature: u64, id: i64) -> Result<(), IndexError> {
    let mut statement = connection.prepare_cached("INSERT OR IGNORE INTO postings VALUES (?1, ?2, ?3)")?;
    statement.execute(params![tenant, feature as i64, id])?;
    Ok(())
}

/// Removes a few of those whose time is over.
pub(super) fn forget_expired(connection: &Connection, now: u64) -> Result<(), IndexError> {
    let now = i64::try_from(now).unwrap_or(i64::MAX);
    let mut statement = connection
        .prepare_cached("SELECT id, tenant, posted FROM fingerprints WHERE expires <= ?1 ORDER BY expires LIMIT ?2")?;
    let rows = statement.query_map(params![now, FORGOTTEN_AT_ONCE], gone)?;
    let expired: Vec<Gone> = rows.collect::<Result<_, _>>()?;
    expired.iter().try_for_each(|gone| remove(connection, gone))
}

/// Removes everything of a customer; gives how many receipts that were.
pub(super) fn erase(connection: &Connection, key: &TenantKey, customer: &str) -> Result<u64, IndexError> {
    let Some(tenant) = search::tenant(connection, key)? else { return Ok(0) };
    let customer = key.wide(Role::Customer, &[customer.as_bytes()]);
    let mut statement =
        connection.prepare_cached("SELECT id, tenant, posted FROM fingerprints WHERE tenant = ?1 AND customer = ?2")?;
    let theirs: Vec<Gone> = statement.query_map(params![tenant, customer], gone)?.collect::<Result<_, _>>()?;
    theirs.iter().try_for_each(|gone| remove(connection, gone))?;
    Ok(theirs.len() as u64)
}

/// A fingerprint that is to be removed.
struct Gone {
    id: i64,
    tenant: i64,
    posted: Vec<u8>,
}

fn gone(row: &rusqlite::Row) -> rusqlite::Result<Gone> {
    Ok(Gone { id: row.get(0)?, tenant: row.get(1)?, posted: row.get(2)? })
}

fn remove(connection: &Connection, gone: &Gone) -> Result<(), IndexError> {
    let mut unpost =
        connection.prepare_cached("DELETE FROM postings WHERE tenant = ?1 AND feature = ?2 AND id = ?3")?;
    for bytes in gone.posted.chunks_exact(FEATURE) {
        let feature = bytes.iter().rev().fold(0_i64, |value, byte| value << 8 | i64::from(*byte));
        unpost.execute(params![gone.tenant, feature, gone.id])?;
    }
    connection.prepare_cached("DELETE FROM fingerprints WHERE id = ?1")?.execute([gone.id])?;
    Ok(())
}
