//! The task that owns a queue: takes commands, cuts batches, gives answers.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinError, JoinSet};

use crate::backlog::{Backlog, Cut, Place, Ticket, Waiting};
use crate::clock::Clock;
use crate::cost::CostModel;
use crate::observer::{Depth, DropReason, Observer};
use crate::queue::{Executed, Item, Limits, Rejected};

/// What callers ask of the owner.
#[derive(Debug)]
pub(crate) enum Command<P, R> {
    /// Put a group in line and answer when all of it is done.
    Submit { place: Place, items: Vec<Item<P>>, reply: oneshot::Sender<Result<Vec<R>, Rejected>> },
    /// Take out what still waits of a group; nobody waits for its answer.
    Cancel(Place),
}

/// A group that was admitted and not answered yet.
struct Open<R> {
    place: Place,
    results: Vec<Option<R>>,
    missing: usize,
    reply: oneshot::Sender<Result<Vec<R>, Rejected>>,
}

/// A batch in the executor.
struct Running {
    /// Whose items it holds, in the order of its results.
    members: Vec<(Ticket, usize)>,
    units: u64,
    since: Instant,
}

/// The state of a queue; lives in one task.
pub(crate) struct Owner<P, R, C, O, E> {
    limits: Limits,
    clock: C,
    observer: O,
    executor: Arc<E>,
    cost: CostModel,
    backlog: Backlog<P>,
    /// Groups without an answer; a group that was cancelled or refused is not
    /// here, and results that come for it are thrown away.
    open: HashMap<Ticket, Open<R>>,
    batches: JoinSet<Executed<R>>,
    running: HashMap<Id, Running>,
}

impl<P, R, C, O, E, F> Owner<P, R, C, O, E>
where
    P: Send + 'static,
    R: Send + 'static,
    C: Clock,
    O: Observer,
    E: Fn(Vec<P>) -> F + Send + Sync + 'static,
    F: Future<Output = Executed<R>> + Send + 'static,
{
    pub(crate) fn new(limits: Limits, clock: C, observer: O, executor: E) -> Self {
        Self {
            cost: CostModel::starting_at(limits.initial_time_per_unit),
            limits,
            clock,
            observer,
            executor: Arc::new(executor),
            backlog: Backlog::new(),
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
            self.drop_expired();
            self.fill_executor();
            let alarm = self.backlog.earliest_deadline();
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                Some(ended) = self.batches.join_next_with_id() => self.finish(ended),
                () = sleep_until(&self.clock, alarm) => {}
            }
        }
    }

    fn obey(&mut self, command: Command<P, R>) {
        match command {
            Command::Submit { place, items, reply } => self.admit(place, items, reply),
            Command::Cancel(place) => {
                self.open.remove(&place.ticket);
                self.drop_waiting(place, DropReason::Cancelled);
            }
        }
    }

    fn admit(&mut self, place: Place, items: Vec<Item<P>>, reply: oneshot::Sender<Result<Vec<R>, Rejected>>) {
        let units = items.iter().fold(0u64, |sum, item| sum.saturating_add(item.units));
        let waiting = self.time_to_work_off(self.backlog.units().saturating_add(units));
        if self.backlog.len() > 0 && waiting > self.limits.max_waiting {
            // Once this much has been worked off, the group fits.
            let retry_after = waiting - self.limits.max_waiting;
            self.observer.dropped(items.len(), DropReason::Refused);
            let _ = reply.send(Err(Rejected::Overloaded { retry_after }));
            return;
        }
        let results = items.iter().map(|_| None).collect();
        self.open.insert(place.ticket, Open { place, results, missing: items.len(), reply });
        let since = self.clock.now();
        let items = items.into_iter().map(|item| Waiting { payload: item.payload, units: item.units, since });
        self.backlog.push(place, items);
        self.observe_depth();
    }

    fn drop_expired(&mut self) {
        for place in self.backlog.expired(self.clock.now()) {
            self.answer(place.ticket, Err(Rejected::DeadlineExceeded));
            self.drop_waiting(place, DropReason::Expired);
        }
    }

    fn drop_waiting(&mut self, place: Place, reason: DropReason) {
        let items = self.backlog.remove(place);
        if items > 0 {
            self.observer.dropped(items, reason);
            self.observe_depth();
        }
    }

    fn fill_executor(&mut self) {
        while self.running.len() < self.limits.max_running.max(1) && self.backlog.len() > 0 {
            let max_units = self.cost.units_within(self.limits.max_batch);
            let batch = self.backlog.cut(self.limits.max_batch_items, max_units);
            self.start(batch);
            self.observe_depth();
        }
    }

    fn start(&mut self, batch: Vec<Cut<P>>) {
        let since = self.clock.now();
        let units = batch.iter().fold(0u64, |sum, cut| sum.saturating_add(cut.item.units));
        for cut in &batch {
            self.observer.waited(since.saturating_duration_since(cut.item.since));
        }
        self.observer.batch_started(batch.len(), units);
        let (members, payloads): (Vec<_>, Vec<P>) =
            batch.into_iter().map(|cut| ((cut.ticket, cut.index), cut.item.payload)).unzip();
        let executor = Arc::clone(&self.executor);
        // Called inside the task, so that a panic before the first await stays there, too.
        let task = self.batches.spawn(async move { executor(payloads).await });
        self.running.insert(task.id(), Running { members, units, since });
    }

    fn finish(&mut self, ended: Result<(Id, Executed<R>), JoinError>) {
        let (id, outcome) = match ended {
            Ok((id, executed)) => (id, Ok(executed)),
            Err(error) => (error.id(), Err(reason(error))),
        };
        let Some(batch) = self.running.remove(&id) else { return };
        let took = self.clock.now().saturating_duration_since(batch.since);
        self.observer.batch_ended(batch.members.len(), took, outcome.is_err());
        let expected = batch.members.len();
        match outcome {
            Ok(Executed { results, busy }) if results.len() == expected => {
                self.cost.learn(batch.units, busy);
                for ((ticket, index), result) in batch.members.into_iter().zip(results) {
                    self.collect(ticket, index, result);
                }
            }
            Ok(Executed { results, .. }) => {
                self.fail(&batch, &format!("{} results for {expected} items", results.len()))
            }
            Err(reason) => self.fail(&batch, &reason),
        }
    }

    fn collect(&mut self, ticket: Ticket, index: usize, result: R) {
        let Some(open) = self.open.get_mut(&ticket) else { return };
        open.results[index] = Some(result);
        open.missing -= 1;
        if open.missing == 0
            && let Some(open) = self.open.remove(&ticket)
        {
            let results = open.results.into_iter().flatten().collect();
            let _ = open.reply.send(Ok(results));
        }
    }

    fn fail(&mut self, batch: &Running, reason: &str) {
        for (ticket, _) in &batch.members {
            // The rest of the group is of no use without the failed part.
            if let Some(place) = self.answer(*ticket, Err(Rejected::Failed(reason.to_owned()))) {
                self.drop_waiting(place, DropReason::Cancelled);
            }
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: Result<Vec<R>, Rejected>) -> Option<Place> {
        let open = self.open.remove(&ticket)?;
        // A caller that just went away does not mind.
        let _ = open.reply.send(answer);
        Some(open.place)
    }

    fn observe_depth(&self) {
        let predicted = self.time_to_work_off(self.backlog.units());
        self.observer.depth(Depth { items: self.backlog.len(), predicted });
    }

    /// Predicted wall time to execute `units`; the learnt time of a unit is that
    /// of one batch while the others run beside it.
    fn time_to_work_off(&self, units: u64) -> Duration {
        self.cost.predict(units) / self.limits.max_running.max(1) as u32
    }
}

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
