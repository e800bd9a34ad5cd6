//! The scheduler that forms batches of work; no HTTP, no models, no ambient clock.
//!
//! A [`Queue`] is owned by one task that takes commands: callers hold a handle,
//! nothing is behind a lock. Callers submit groups of items (the lines of one
//! receipt); the owner cuts batches across groups whenever the executor is
//! idle, and answers each group when its last item is done.
//!
//! - **Order**: [`Priority::Interactive`] before [`Priority::Bulk`]; inside a
//!   band the earliest deadline first; inside a group the order of submission.
//! - **Bound**: the predicted compute time of what waits, never a count. What
//!   does not fit is refused with an estimate of when to come back.
//! - **Cost**: callers state work in units that compute time is proportional
//!   to (pixels, tokens); the queue learns the time of a unit from its batches.
//! - **Cancellation**: dropping the future returned by [`Queue::submit`] takes
//!   the group's items out before the next batch is cut.
//! - **Deadlines**: an item whose deadline passes while it waits is dropped and
//!   its caller is answered at once, also while the executor is busy.
//! - **Panics** of the executor answer the affected groups with
//!   [`Rejected::Failed`]; the queue lives on.

mod backlog;
mod clock;
mod cost;
mod observer;
mod owner;
mod queue;

pub use clock::{Clock, TokioClock};
pub use cost::CostModel;
pub use observer::{Depth, DropReason, NoObserver, Observer};
pub use queue::{Executed, Group, Item, Limits, Priority, Queue, Rejected};
