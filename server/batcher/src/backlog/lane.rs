//! The waiting items of one tenant in one band: by bucket, and in each the earliest deadline first.

use std::collections::BTreeMap;
use std::time::Instant;

use super::Waiting;
use crate::work::{Bucket, Ticket};

/// Order inside a lane: earliest deadline (none where deadlines do not count),
/// then submission, then place in the group.
pub(super) type Key = (Option<Instant>, Ticket, usize);

/// A tenant's items, and what it was served so far.
#[derive(Debug)]
pub(super) struct Lane<P> {
    buckets: BTreeMap<Bucket, BTreeMap<Key, Waiting<P>>>,
    /// Virtual time: cost served by weight.
    pub(super) served: u128,
}

impl<P> Lane<P> {
    pub(super) fn new() -> Self {
        Self { buckets: BTreeMap::new(), served: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    pub(super) fn has(&self, bucket: Bucket) -> bool {
        self.buckets.contains_key(&bucket)
    }

    pub(super) fn push(&mut self, key: Key, item: Waiting<P>) {
        self.buckets.entry(item.bucket).or_default().insert(key, item);
    }

    /// The first in line, of `bucket` if one is named.
    pub(super) fn first(&self, bucket: Option<Bucket>) -> Option<(Key, &Waiting<P>)> {
        let firsts = match bucket {
            Some(bucket) => self.buckets.get(&bucket)?.first_key_value(),
            None => self.buckets.values().filter_map(BTreeMap::first_key_value).min_by_key(|(key, _)| **key),
        };
        firsts.map(|(key, item)| (*key, item))
    }

    /// Takes out one item.
    pub(super) fn take(&mut self, bucket: Bucket, key: &Key) -> Option<Waiting<P>> {
        let items = self.buckets.get_mut(&bucket)?;
        let item = items.remove(key);
        if items.is_empty() {
            self.buckets.remove(&bucket);
        }
        item
    }

    /// Takes out all items of a group.
    pub(super) fn take_group(&mut self, rank: Option<Instant>, ticket: Ticket) -> Vec<Waiting<P>> {
        let group = (rank, ticket, 0)..=(rank, ticket, usize::MAX);
        let mut taken = Vec::new();
        self.buckets.retain(|_, items| {
            let keys: Vec<Key> = items.range(group.clone()).map(|(key, _)| *key).collect();
            taken.extend(keys.iter().filter_map(|key| items.remove(key)));
            !items.is_empty()
        });
        taken
    }
}
