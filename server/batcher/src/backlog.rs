//! What waits, in order: the queue's pure part, without tasks or clocks.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::queue::Priority;

/// Names a group; unique within a queue, rising with submission.
pub(crate) type Ticket = u64;

/// Where a group stands in line; its items follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) priority: Priority,
    pub(crate) deadline: Instant,
    pub(crate) ticket: Ticket,
}

/// One waiting item.
#[derive(Debug)]
pub(crate) struct Waiting<P> {
    pub(crate) payload: P,
    pub(crate) units: u64,
    pub(crate) since: Instant,
}

/// An item that was taken into a batch: whose it is, and which of its group's.
#[derive(Debug)]
pub(crate) struct Cut<P> {
    pub(crate) ticket: Ticket,
    pub(crate) index: usize,
    pub(crate) item: Waiting<P>,
}

/// Order inside a band: earliest deadline, then submission, then place in the group.
type Key = (Instant, Ticket, usize);

/// The waiting items of a queue, one sorted map a priority band.
#[derive(Debug)]
pub(crate) struct Backlog<P> {
    bands: [BTreeMap<Key, Waiting<P>>; Priority::ALL.len()],
    /// Sum over all waiting items.
    units: u64,
}

impl<P> Backlog<P> {
    pub(crate) fn new() -> Self {
        Self { bands: Priority::ALL.map(|_| BTreeMap::new()), units: 0 }
    }

    /// Items waiting.
    pub(crate) fn len(&self) -> usize {
        self.bands.iter().map(BTreeMap::len).sum()
    }

    /// Units of work waiting.
    pub(crate) fn units(&self) -> u64 {
        self.units
    }

    /// Puts the items of a group in line.
    pub(crate) fn push(&mut self, place: Place, items: impl IntoIterator<Item = Waiting<P>>) {
        let band = &mut self.bands[place.priority as usize];
        for (index, item) in items.into_iter().enumerate() {
            self.units = self.units.saturating_add(item.units);
            band.insert((place.deadline, place.ticket, index), item);
        }
    }

    /// Takes out what still waits of a group; gives how many items that were.
    pub(crate) fn remove(&mut self, place: Place) -> usize {
        let band = &mut self.bands[place.priority as usize];
        let group = (place.deadline, place.ticket, 0)..=(place.deadline, place.ticket, usize::MAX);
        let keys: Vec<Key> = band.range(group).map(|(key, _)| *key).collect();
        for key in &keys {
            self.units -= band.remove(key).map_or(0, |item| item.units);
        }
        keys.len()
    }

    /// The groups that have waiting items and a deadline at or before `now`.
    pub(crate) fn expired(&self, now: Instant) -> Vec<Place> {
        let mut places = Vec::new();
        for (priority, band) in Priority::ALL.into_iter().zip(&self.bands) {
            let late = band.keys().take_while(|(deadline, ..)| *deadline <= now);
            places.extend(late.map(|&(deadline, ticket, _)| Place { priority, deadline, ticket }));
        }
        places.dedup();
        places
    }

    /// The earliest deadline of any waiting item.
    pub(crate) fn earliest_deadline(&self) -> Option<Instant> {
        self.bands.iter().filter_map(|band| band.keys().next()).map(|(deadline, ..)| *deadline).min()
    }

    /// Takes the first items in line, at most `max_items` and `max_units`; an
    /// item that alone is larger than `max_units` makes a batch of its own.
    pub(crate) fn cut(&mut self, max_items: usize, max_units: u64) -> Vec<Cut<P>> {
        let mut batch = Vec::new();
        let mut units = 0u64;
        while batch.len() < max_items.max(1) {
            let Some(first) = self.bands.iter_mut().find_map(BTreeMap::first_entry) else { break };
            units = units.saturating_add(first.get().units);
            if units > max_units && !batch.is_empty() {
                break;
            }
            let ((_, ticket, index), item) = first.remove_entry();
            self.units -= item.units;
            batch.push(Cut { ticket, index, item });
        }
        batch
    }
}

#[cfg(test)]
mod tests;
