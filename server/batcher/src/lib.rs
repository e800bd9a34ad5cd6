//! The scheduler: who is let in, whose turn it is, what is computed together. No
//! HTTP, no models, no ambient clock.
//!
//! Three parts, each owned by one task that takes commands; callers hold
//! handles, nothing is behind a lock. What each decides is pure code that takes
//! the time as an argument ([`Admission`], [`Scheduler`]).
//!
//! - A [`Door`] bounds the predicted work in flight. It refuses at once what has
//!   no room or cannot be in time, and says when to come back.
//! - [`Turns`] are places that are held for a while: pages in memory, compute threads.
//! - A [`Queue`] stands before a model. Callers submit groups of items (the lines
//!   of one receipt), which are taken whole or not at all; batches are cut across groups.
//!
//! What they share:
//!
//! - **Order**: [`Priority::Interactive`] before [`Priority::Bulk`], which is
//!   owed a small share; in a band fair shares of tenants, by cost and weight;
//!   of a tenant the earliest deadline first; of a group the order of submission.
//! - **Batches** hold items of one [`Bucket`]. Whoever is next names it; what is
//!   left of the batch is filled with items of that bucket, bulk in the end.
//! - **Bounds** are predicted compute time, never a count alone.
//! - **Cost** is learnt for each bucket from what batches took ([`CostModel`]).
//! - **Lanes** ([`Lanes`]): a batch is cut when there is a thread for it, not before.
//! - **Cancellation**: dropping a future takes its work out before the next batch is cut.
//! - **Deadlines**: work that cannot be in time any more is dropped and its
//!   caller answered at once, also while the executor is busy.
//! - **Panics** of an executor answer the affected groups; the queue lives on.

mod admission;
mod backlog;
mod clock;
mod cost;
mod door;
mod lanes;
mod observer;
mod owner;
mod queue;
mod scheduler;
mod spread;
mod turns;
mod work;

pub use admission::{Admission, AdmissionLimits, Claim, Entered, Load, Outcome, Progress, Reason, Refusal, Settled};
pub use backlog::Padding;
pub use clock::{Clock, TokioClock};
pub use cost::{CostModel, CostModels};
pub use door::{Door, DoorObserver, NotAdmitted, Permit};
pub use lanes::{Lanes, OwnLanes};
pub use observer::{Batch as ObservedBatch, Depth, DropReason, NoObserver, Observer};
pub use queue::Queue;
pub use scheduler::{Batch, BatchId, Limits, Member, Scheduler, Step};
pub use turns::{Turn, TurnLimits, Turns};
pub use work::{
    Bucket, Discipline, Executed, Group, Item, Order, Priority, Rejected, Served, Standing, Tenant, Ticket,
};
