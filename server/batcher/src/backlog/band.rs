//! One band of priority: lanes of tenants, served in proportion to their weights.
//!
//! Start-time fair queueing (Goyal, Vin, Cheng 1996): each tenant carries a
//! virtual time that rises by what it was served, divided by its weight; the
//! tenant that is furthest behind goes next. One that comes back after a pause
//! starts where the others are, so nobody saves up a claim by being idle. Unlike
//! round robin with a quantum it is fair to within one item, and it can charge a
//! tenant whose item filled another one's batch.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::Waiting;
use super::lane::{Key, Lane};
use crate::work::{Bucket, Tenant, Ticket};

/// Virtual time of a nanosecond served at weight 1; leaves room for weights of
/// a thousandth, and for centuries in 128 bits.
const SCALE: f64 = 1024.0;

/// The lanes of one band.
#[derive(Debug)]
pub(super) struct Band<P> {
    /// Also of tenants that have nothing waiting: their virtual time counts.
    lanes: BTreeMap<Tenant, Lane<P>>,
    /// Tenants with waiting items, furthest behind first.
    ready: BTreeSet<(u128, Tenant)>,
    /// Virtual time of whoever was served last.
    now: u128,
}

impl<P> Band<P> {
    pub(super) fn new() -> Self {
        Self { lanes: BTreeMap::new(), ready: BTreeSet::new(), now: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty()
    }

    pub(super) fn push(&mut self, tenant: Tenant, key: Key, item: Waiting<P>) {
        let lane = self.lanes.entry(tenant).or_insert_with(Lane::new);
        if lane.is_empty() {
            lane.served = lane.served.max(self.now);
            self.ready.insert((lane.served, tenant));
        }
        lane.push(key, item);
    }

    /// Who is next, with the item: of `bucket` if one is named.
    pub(super) fn first(&self, bucket: Option<Bucket>) -> Option<(Tenant, Key, &Waiting<P>)> {
        let mut in_turn = self.ready.iter().filter_map(|(_, tenant)| Some((*tenant, self.lanes.get(tenant)?)));
        let (tenant, lane) = in_turn.find(|(_, lane)| bucket.is_none_or(|bucket| lane.has(bucket)))?;
        let (key, item) = lane.first(bucket)?;
        Some((tenant, key, item))
    }

    /// Takes out an item that [`Band::first`] showed, and charges its tenant `cost` nanoseconds at `weight`.
    pub(super) fn serve(
        &mut self,
        tenant: Tenant,
        bucket: Bucket,
        key: &Key,
        cost: u64,
        weight: f64,
    ) -> Option<Waiting<P>> {
        let lane = self.lanes.get_mut(&tenant)?;
        let item = lane.take(bucket, key)?;
        self.ready.remove(&(lane.served, tenant));
        self.now = self.now.max(lane.served);
        // At least one step, so that tenants take turns where nothing costs anything.
        lane.served += steps(cost, weight).max(1);
        if !lane.is_empty() {
            self.ready.insert((lane.served, tenant));
        }
        Some(item)
    }

    /// Charges a tenant `cost` nanoseconds at `weight` for what it was served before.
    pub(super) fn charge(&mut self, tenant: Tenant, cost: u64, weight: f64) {
        let Some(lane) = self.lanes.get_mut(&tenant) else { return };
        let is_ready = self.ready.remove(&(lane.served, tenant));
        lane.served += steps(cost, weight);
        if is_ready {
            self.ready.insert((lane.served, tenant));
        }
    }

    /// Takes out all items of a group.
    pub(super) fn take_group(&mut self, tenant: Tenant, rank: Option<Instant>, ticket: Ticket) -> Vec<Waiting<P>> {
        let Some(lane) = self.lanes.get_mut(&tenant) else { return Vec::new() };
        let taken = lane.take_group(rank, ticket);
        if lane.is_empty() {
            self.ready.remove(&(lane.served, tenant));
        }
        taken
    }
}

/// Virtual time of `cost` nanoseconds at `weight`.
fn steps(cost: u64, weight: f64) -> u128 {
    (cost as f64 * SCALE / weight) as u128
}
