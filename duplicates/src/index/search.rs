//! Finding the earlier receipt that a new one agrees with most.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::{IndexError, Match};
use crate::fingerprint::Fingerprint;
use crate::key::{Role, TenantKey};
use crate::verdict::{Verdict, judge};

/// A feature that so many fingerprints have is posted no more. The oldest keep it: whoever sends one receipt a hundred
/// times is still told about the first.
const COMMON: usize = 32;

/// Shingles that are posted of a fingerprint, those that are common left out.
const POSTED_SHINGLES: usize = 12;

/// Candidates that are compared in full: those that share most features.
const COMPARED: usize = 24;

/// What a look-up found.
pub(super) struct Found {
    /// The earlier receipt that agrees most.
    pub(super) earlier: Option<Match>,
    /// Features that the new fingerprint is to be posted under.
    pub(super) features: Vec<u64>,
}

/// The number of a tenant that has remembered something.
pub(super) fn tenant(connection: &Connection, key: &TenantKey) -> Result<Option<i64>, IndexError> {
    let hash = key.wide(Role::Tenant, &[]);
    let mut statement = connection.prepare_cached("SELECT number FROM tenants WHERE tenant = ?1")?;
    Ok(statement.query_row([hash], |row| row.get(0)).optional()?)
}

/// The opaque id of a fingerprint.
pub(super) fn name(key: &TenantKey, id: i64) -> String {
    format!("{:016x}", key.hash(Role::Name, &[&id.to_le_bytes()]))
}

/// Looks for what `fingerprint` agrees with, among what has not expired by `now`.
pub(super) fn find(
    connection: &Connection,
    key: &TenantKey,
    fingerprint: &Fingerprint,
    now: u64,
) -> Result<Found, IndexError> {
    let number = tenant(connection, key)?;
    let (ids, features) = walk(connection, number, fingerprint, &Coming::new())?;
    let mut best: Option<Match> = None;
    for id in most_shared(ids) {
        let Some((seen, earlier)) = load(connection, key, number, id, now)? else { continue };
        let judgement = judge(&earlier, fingerprint);
        let better = best.as_ref().is_none_or(|best| {
            let (old, new) = (&best.judgement, &judgement);
            (new.verdict, new.score).partial_cmp(&(old.verdict, old.score)) == Some(std::cmp::Ordering::Greater)
        });
        if judgement.verdict != Verdict::Distinct && better {
            best = Some(Match { judgement, id: name(key, id), seen });
        }
    }
    Ok(Found { earlier: best, features })
}

/// How many postings of a feature are about to be written.
pub(super) type Coming = HashMap<u64, usize>;

/// The fingerprints under every feature, one entry for each feature; and the features that have room.
pub(super) fn walk(
    connection: &Connection,
    tenant: Option<i64>,
    fingerprint: &Fingerprint,
    coming: &Coming,
) -> Result<(Vec<i64>, Vec<u64>), IndexError> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM postings WHERE tenant = ?1 AND feature = ?2 ORDER BY id LIMIT ?3")?;
    let mut ids = Vec::new();
    let mut room = Vec::new();
    let mut look = |feature: u64| -> Result<bool, IndexError> {
        let before = ids.len();
        let mut rows = statement.query(params![tenant, feature as i64, COMMON as i64])?;
        while let Some(row) = rows.next()? {
            ids.push(row.get(0)?);
        }
        Ok(ids.len() - before + coming.get(&feature).copied().unwrap_or(0) < COMMON)
    };
    for feature in &fingerprint.purchase.combinations {
        if look(*feature)? {
            room.push(*feature);
        }
    }
    let mut rare = 0;
    for feature in &fingerprint.page.shingles {
        if look(*feature)? {
            room.push(*feature);
            rare += 1;
        }
        if rare == POSTED_SHINGLES {
            break;
        }
    }
    Ok((ids, room))
}

/// The ids that occur most often, the oldest first among equals.
fn most_shared(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    let mut counted: Vec<(usize, i64)> =
        ids.chunk_by(|a, b| a == b).filter_map(|run| Some((run.len(), *run.first()?))).collect();
    counted.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    counted.into_iter().take(COMPARED).map(|(_, id)| id).collect()
}

/// A fingerprint of the tenant and when it was seen; nothing when it has expired.
fn load(
    connection: &Connection,
    key: &TenantKey,
    tenant: Option<i64>,
    id: i64,
    now: u64,
) -> Result<Option<(u64, Fingerprint)>, IndexError> {
    let mut statement = connection
        .prepare_cached("SELECT seen, body FROM fingerprints WHERE id = ?1 AND tenant = ?2 AND expires > ?3")?;
    let mut rows = statement.query(params![id, tenant, i64::try_from(now).unwrap_or(i64::MAX)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let body = row.get_ref(1)?.as_blob().map_err(|e| IndexError::Damaged { detail: e.to_string() })?;
    let fingerprint = Fingerprint::from_bytes(body, key).map_err(|e| IndexError::Damaged { detail: e.to_string() })?;
    Ok(Some((row.get(0)?, fingerprint)))
}
