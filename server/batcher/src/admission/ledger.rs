//! What is in flight: every admitted request with its predicted work, and the sums that decisions need.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::Progress;
use crate::work::{Bucket, Order, Priority, Standing, Tenant, Ticket};

/// How long a tenant counts as present after its last request.
const PRESENT: Duration = Duration::from_secs(1);

/// How long an upload counts as work that is about to come.
const UPLOAD: Duration = Duration::from_secs(1);

/// An admitted request.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) standing: Standing,
    pub(super) bucket: Bucket,
    pub(super) bytes: u64,
    /// When it came, or when its upload was there.
    pub(super) entered: Instant,
    /// Its upload is not there yet.
    pub(super) uploading: bool,
    /// Nanoseconds of compute time that it was expected to take in all.
    pub(super) cost: u64,
    /// Nanoseconds of compute time that are left of it.
    pub(super) remaining: u64,
    /// Nanoseconds until its answer, as predicted when it came.
    pub(super) expected: f64,
    /// What it said on its way.
    pub(super) progress: Vec<Progress>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Ledger {
    order: Order,
    entries: HashMap<Ticket, Entry>,
    by_deadline: BTreeMap<(Instant, Ticket), (Priority, Tenant, u64)>,
    tenants: BTreeMap<Tenant, u64>,
    bands: [u64; Priority::ALL.len()],
    seen: BTreeMap<Tenant, Instant>,
    bytes: u64,
    /// Uploads that count as work to come, in the order in which they began.
    uploads: BTreeSet<(Instant, Ticket)>,
}

impl Ledger {
    pub(super) fn new(order: Order) -> Self {
        Self {
            order,
            entries: HashMap::new(),
            by_deadline: BTreeMap::new(),
            tenants: BTreeMap::new(),
            bands: [0; Priority::ALL.len()],
            seen: BTreeMap::new(),
            bytes: 0,
            uploads: BTreeSet::new(),
        }
    }

    /// Lets uploads that take long not count as work any more: the processors would stand idle for them.
    pub(super) fn pass_over_slow_uploads(&mut self, now: Instant) {
        while let Some((began, ticket)) = self.uploads.first().copied() {
            if now.saturating_duration_since(began) < UPLOAD {
                return;
            }
            self.uploads.pop_first();
            self.revise(ticket, 0);
        }
    }

    /// The upload of a request is there: from now on all of it is work.
    pub(super) fn received(&mut self, now: Instant, ticket: Ticket, expected: f64) {
        let Some(entry) = self.entries.get_mut(&ticket) else { return };
        self.uploads.remove(&(entry.entered, ticket));
        (entry.uploading, entry.entered, entry.expected) = (false, now, expected);
        let cost = entry.cost;
        self.revise(ticket, cost);
    }

    pub(super) fn requests(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn get(&self, ticket: Ticket) -> Option<&Entry> {
        self.entries.get(&ticket)
    }

    pub(super) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Entry> {
        self.entries.get_mut(&ticket)
    }

    /// Nanoseconds in flight.
    pub(super) fn total(&self) -> u64 {
        self.bands.iter().fold(0, |sum, band| sum.saturating_add(*band))
    }

    /// Nanoseconds in flight of one band.
    pub(super) fn band(&self, priority: Priority) -> u64 {
        self.bands[priority as usize]
    }

    /// Nanoseconds in flight of one tenant.
    pub(super) fn tenant(&self, tenant: Tenant) -> u64 {
        self.tenants.get(&tenant).copied().unwrap_or(0)
    }

    /// Notes that `tenant` asks, and gives its share of the tenants that are present, 0 to 1.
    pub(super) fn share(&mut self, now: Instant, tenant: Tenant) -> f64 {
        self.seen.insert(tenant, now);
        let in_flight = &self.tenants;
        self.seen.retain(|tenant, at| now.saturating_duration_since(*at) < PRESENT || in_flight.contains_key(tenant));
        self.order.weight(tenant) / self.present()
    }

    /// Nanoseconds in flight that all tenants but one are entitled to under `limit`:
    /// what they have beyond their shares does not keep others out.
    pub(super) fn entitled_beside(&self, tenant: Tenant, limit: f64) -> f64 {
        let all = self.present();
        let others = self.tenants.iter().filter(|(other, _)| **other != tenant);
        others.map(|(other, work)| (*work as f64).min(limit * self.order.weight(*other) / all)).sum()
    }

    /// The weights of all tenants that are present, together.
    fn present(&self) -> f64 {
        self.seen.keys().map(|tenant| self.order.weight(*tenant)).sum()
    }

    /// Nanoseconds that go before a request of `own` that stands there, and itself.
    ///
    /// Earlier deadlines go before it, all of its own tenant's, and of every
    /// other tenant's at most as much as fair shares let pass meanwhile.
    pub(super) fn ahead(&self, ticket: Option<Ticket>, standing: &Standing, own: u64) -> f64 {
        let mut mine = own as f64;
        let mut others: BTreeMap<Tenant, f64> = BTreeMap::new();
        for ((deadline, other), (priority, tenant, remaining)) in &self.by_deadline {
            let goes_first =
                *priority < standing.priority || *priority == standing.priority && *deadline <= standing.deadline;
            if !goes_first || Some(*other) == ticket {
                continue;
            }
            if *tenant == standing.tenant {
                mine += *remaining as f64;
            } else {
                *others.entry(*tenant).or_default() += *remaining as f64;
            }
        }
        let weight = self.order.weight(standing.tenant);
        mine + others.iter().map(|(tenant, work)| work.min(mine * self.order.weight(*tenant) / weight)).sum::<f64>()
    }

    pub(super) fn insert(&mut self, ticket: Ticket, entry: Entry) {
        self.bytes = self.bytes.saturating_add(entry.bytes);
        let of = (entry.standing.priority, entry.standing.tenant, entry.remaining);
        self.by_deadline.insert((entry.standing.deadline, ticket), of);
        self.replace(&entry.standing, 0, entry.remaining);
        if entry.uploading {
            self.uploads.insert((entry.entered, ticket));
        }
        self.entries.insert(ticket, entry);
    }

    /// Sets what is left of a request.
    pub(super) fn revise(&mut self, ticket: Ticket, remaining: u64) {
        let Some(entry) = self.entries.get_mut(&ticket) else { return };
        let (standing, before) = (entry.standing, entry.remaining);
        entry.remaining = remaining;
        if let Some((.., left)) = self.by_deadline.get_mut(&(standing.deadline, ticket)) {
            *left = remaining;
        }
        self.replace(&standing, before, remaining);
    }

    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<Entry> {
        let entry = self.entries.remove(&ticket)?;
        self.uploads.remove(&(entry.entered, ticket));
        self.by_deadline.remove(&(entry.standing.deadline, ticket));
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        self.replace(&entry.standing, entry.remaining, 0);
        Some(entry)
    }

    /// Lets one request weigh `after` in the sums instead of `before`.
    fn replace(&mut self, standing: &Standing, before: u64, after: u64) {
        let band = &mut self.bands[standing.priority as usize];
        *band = band.saturating_sub(before).saturating_add(after);
        let tenant = self.tenants.entry(standing.tenant).or_default();
        *tenant = tenant.saturating_sub(before).saturating_add(after);
        if *tenant == 0 {
            self.tenants.remove(&standing.tenant);
        }
    }
}
