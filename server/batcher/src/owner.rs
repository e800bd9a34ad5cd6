//! The task that owns a queue: takes commands, has batches executed, gives answers.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinSet};

use crate::clock::Clock;
use crate::lanes::Lanes;
use crate::observer::{Batch as Observed, DropReason, Observer};
use crate::scheduler::{Batch, BatchId, Limits, Member, Scheduler, Step};
use crate::work::{Executed, Item, Priority, Rejected, Served, Standing, Tenant, Ticket};

/// What a caller gets.
pub(crate) type Answer<R> = Result<Served<R>, Rejected>;

/// What callers ask of the owner.
#[derive(Debug)]
pub(crate) enum Command<P, R> {
    /// Put a group in line and answer when all of it is done.
    Submit { ticket: Ticket, standing: Standing, items: Vec<Item<P>>, reply: oneshot::Sender<Answer<R>> },
    /// Take out what still waits of a group; nobody waits for its answer.
    Cancel(Ticket),
}

/// A group that was admitted and not answered yet.
struct Open<R> {
    results: Vec<Option<R>>,
    missing: usize,
    busy: Duration,
    reply: oneshot::Sender<Answer<R>>,
}

/// Waiting for a lane.
type Asking<L> = Pin<Box<dyn Future<Output = Option<L>> + Send>>;

/// The state of a queue; lives in one task.
pub(crate) struct Owner<P, R, C, O, L: Lanes, E> {
    scheduler: Scheduler<P>,
    clock: C,
    observer: O,
    lanes: L,
    /// A lane that was granted and not used yet.
    lane: Option<L::Lane>,
    /// A lane that was asked for, and for what.
    asking: Option<(Standing, Asking<L::Lane>)>,
    executor: Arc<E>,
    /// Groups without an answer; a group that was cancelled or refused is not
    /// here, and results that come for it are thrown away.
    open: HashMap<Ticket, Open<R>>,
    batches: JoinSet<Executed<R>>,
    running: HashMap<Id, (BatchId, Observed)>,
}

impl<P, R, C, O, L, E, F> Owner<P, R, C, O, L, E>
where
    P: Send + 'static,
    R: Send + 'static,
    C: Clock,
    O: Observer,
    L: Lanes,
    E: Fn(Vec<P>, L::Lane) -> F + Send + Sync + 'static,
    F: Future<Output = Executed<R>> + Send + 'static,
{
    pub(crate) fn new(limits: Limits, clock: C, observer: O, lanes: L, executor: E) -> Self {
        Self {
            scheduler: Scheduler::new(limits),
            clock,
            observer,
            lanes,
            lane: None,
            asking: None,
            executor: Arc::new(executor),
            open: HashMap::new(),
            batches: JoinSet::new(),
            running: HashMap::new(),
        }
    }

    /// Runs until the last handle is dropped, when nobody waits for an answer.
    pub(crate) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command<P, R>>) {
        loop {
            // Everything that has arrived counts before a batch is cut: groups
            // that came together share it, and cancelled ones are not in it.
            while let Ok(command) = commands.try_recv() {
                self.obey(command);
            }
            let alarm = self.step();
            tokio::select! {
                // In this order always, so that the same events make the same schedule.
                biased;
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                Some(ended) = self.batches.join_next_with_id() => self.finish(ended),
                lane = granted(&mut self.asking) => {
                    self.asking = None;
                    match lane {
                        Some(lane) => self.lane = Some(lane),
                        None => return,
                    }
                }
                () = sleep_until(&self.clock, alarm) => {}
            }
        }
    }

    fn obey(&mut self, command: Command<P, R>) {
        match command {
            Command::Submit { ticket, standing, items, reply } => self.admit(ticket, standing, items, reply),
            Command::Cancel(ticket) => self.cancel(ticket),
        }
        self.observer.depth(self.scheduler.depth());
    }

    fn admit(&mut self, ticket: Ticket, standing: Standing, items: Vec<Item<P>>, reply: oneshot::Sender<Answer<R>>) {
        let count = items.len();
        match self.scheduler.submit(self.clock.now(), ticket, standing, items) {
            Ok(()) => {
                let results = (0..count).map(|_| None).collect();
                self.open.insert(ticket, Open { results, missing: count, busy: Duration::ZERO, reply });
            }
            Err(retry_after) => {
                self.observer.dropped(count, DropReason::Refused);
                // A caller that just went away does not mind.
                let _ = reply.send(Err(Rejected::Overloaded { retry_after }));
            }
        }
    }

    fn cancel(&mut self, ticket: Ticket) {
        self.open.remove(&ticket);
        let items = self.scheduler.cancel(ticket);
        if items > 0 {
            self.observer.dropped(items, DropReason::Cancelled);
        }
    }

    /// Does what is to be done now; gives the moment to look again, if there is one.
    fn step(&mut self) -> Option<Instant> {
        let mut changed = false;
        let alarm = loop {
            match self.scheduler.next(self.clock.now()) {
                Step::Ready { standing, alarm } => match self.lane.take() {
                    Some(lane) => self.start(lane),
                    None => {
                        self.ask(standing);
                        break alarm;
                    }
                },
                Step::Drop { ticket, items, reason } => {
                    self.observer.dropped(items, reason);
                    self.answer(ticket, Err(Rejected::DeadlineExceeded));
                }
                Step::Wait(alarm) => {
                    // Nobody to use a lane: others may have it.
                    (self.lane, self.asking) = (None, None);
                    break alarm;
                }
            }
            changed = true;
        };
        if changed {
            self.observer.depth(self.scheduler.depth());
        }
        alarm
    }

    /// Asks for a lane, with the standing of what is next; something more urgent asks anew.
    fn ask(&mut self, standing: Standing) {
        let urgency = |standing: &Standing| (standing.priority, standing.deadline);
        if self.asking.as_ref().is_none_or(|(asked, _)| urgency(&standing) < urgency(asked)) {
            let asking = self.lanes.take(self.clock.now(), standing);
            self.asking = Some((standing, Box::pin(asking)));
        }
    }

    fn start(&mut self, lane: L::Lane) {
        let Some(batch) = self.scheduler.cut(self.clock.now()) else { return };
        let Batch { id, payloads, observed, waited } = batch;
        for waited in waited {
            self.observer.waited(observed.bucket, waited);
        }
        self.observer.batch_started(&observed);
        let executor = Arc::clone(&self.executor);
        // Called inside the task, so that a panic before the first await stays there, too.
        let task = self.batches.spawn(async move { executor(payloads, lane).await });
        self.running.insert(task.id(), (id, observed));
    }

    fn finish(&mut self, ended: Result<(Id, Executed<R>), JoinError>) {
        let (id, outcome) = match ended {
            Ok((id, executed)) => (id, Ok(executed)),
            Err(error) => (error.id(), Err(reason(error))),
        };
        let Some((batch, observed)) = self.running.remove(&id) else { return };
        let outcome = outcome.and_then(|executed| match executed.results.len() {
            count if count == observed.items => Ok(executed),
            count => Err(format!("{count} results for {} items", observed.items)),
        });
        let busy = outcome.as_ref().ok().map(|executed| executed.busy);
        let members = self.scheduler.finish(batch, busy);
        self.observer.batch_ended(&observed, busy);
        if let Some(busy) = busy {
            self.charge(&members, observed.filled, busy);
        }
        match outcome {
            Ok(Executed { results, busy }) => {
                for (member, result) in members.into_iter().zip(results) {
                    self.collect(member, result, part(busy, member.units, observed.filled));
                }
            }
            Err(reason) => {
                self.fail(&members, &reason);
                self.observer.depth(self.scheduler.depth());
            }
        }
    }

    /// Charges a batch to those whose items it held, each for its part.
    fn charge(&self, members: &[Member], filled: u64, busy: Duration) {
        let mut parts: BTreeMap<(Priority, Tenant), (Standing, u64)> = BTreeMap::new();
        for Member { standing, units, .. } in members {
            parts.entry((standing.priority, standing.tenant)).or_insert((*standing, 0)).1 += units;
        }
        for (standing, units) in parts.into_values() {
            self.lanes.charge(standing, part(busy, units, filled));
        }
    }

    fn collect(&mut self, member: Member, result: R, busy: Duration) {
        let Some(open) = self.open.get_mut(&member.ticket) else { return };
        open.results[member.index] = Some(result);
        open.missing -= 1;
        open.busy += busy;
        if open.missing == 0
            && let Some(open) = self.open.remove(&member.ticket)
        {
            let results = open.results.into_iter().flatten().collect();
            let _ = open.reply.send(Ok(Served { results, busy: open.busy }));
        }
    }

    fn fail(&mut self, members: &[Member], reason: &str) {
        for member in members {
            self.answer(member.ticket, Err(Rejected::Failed(reason.to_owned())));
            // The rest of the group is of no use without the failed part.
            self.cancel(member.ticket);
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer<R>) {
        if let Some(open) = self.open.remove(&ticket) {
            let _ = open.reply.send(answer);
        }
    }
}

/// The part of `busy` that `units` of `filled` are.
fn part(busy: Duration, units: u64, filled: u64) -> Duration {
    busy.mul_f64((units as f64 / filled.max(1) as f64).min(1.0))
}

/// Completes with the lane that was asked for, or never when none was.
async fn granted<L>(asking: &mut Option<(Standing, Asking<L>)>) -> Option<L> {
    match asking {
        Some((_, asking)) => asking.await,
        None => std::future::pending().await,
    }
}

/// Completes at `moment`, or never without one.
async fn sleep_until(clock: &impl Clock, moment: Option<Instant>) {
    match moment {
        Some(moment) => clock.sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// What a panic said, as far as it said it in words.
fn reason(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
            (Some(words), _) => (*words).to_owned(),
            (_, Some(words)) => words.clone(),
            _ => "panic".to_owned(),
        },
        Err(error) => error.to_string(),
    }
}
