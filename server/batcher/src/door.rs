//! The door: the task that owns admission, and the permit that whoever is let in holds.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use crate::admission::{Admission, AdmissionLimits, Claim, Entered, Load, Outcome, Progress, Refusal, Settled};
use crate::clock::Clock;
use crate::work::{Standing, Ticket};

/// Called by the door's task; implementations must return at once.
pub trait DoorObserver: Send + Sync + 'static {
    /// A request was let in, or refused.
    fn decided(&self, standing: &Standing, decision: Result<(), Refusal>);
    /// A request that had been let in was refused when its size was known.
    fn turned_out(&self, standing: &Standing, refusal: Refusal);
    /// A request left; how it compares with what was predicted, if it was answered.
    fn left(&self, standing: &Standing, outcome: Outcome, settled: Option<Settled>);
    /// What is in flight changed.
    fn load(&self, load: Load);
}

/// Lets requests in; clones share the door.
#[derive(Debug, Clone)]
pub struct Door {
    commands: mpsc::UnboundedSender<Command>,
    load: watch::Receiver<Load>,
}

/// A request that was let in; dropping it makes room.
#[derive(Debug)]
pub struct Permit {
    commands: mpsc::UnboundedSender<Command>,
    ticket: Ticket,
    standing: Standing,
    cost: Duration,
    outcome: Outcome,
}

/// Why a request has no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    /// There is no room.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The door is closed for good.
    #[error("nobody is let in any more")]
    Closed,
}

#[derive(Debug)]
enum Command {
    Enter { claim: Claim, reply: oneshot::Sender<Result<Permit, NotAdmitted>> },
    Received { ticket: Ticket, standing: Standing, reply: oneshot::Sender<Result<(), Refusal>> },
    Progress { ticket: Ticket, standing: Standing, progress: Progress, reply: oneshot::Sender<Result<(), Refusal>> },
    Leave { ticket: Ticket, standing: Standing, outcome: Outcome },
    Close,
    TellWhenEmpty(oneshot::Sender<()>),
}

impl Door {
    /// Opens a door on the current tokio runtime.
    pub fn open(limits: AdmissionLimits, clock: impl Clock, observer: impl DoorObserver) -> Self {
        let (commands, receiver) = mpsc::unbounded_channel();
        let admission = Admission::new(limits);
        let (tell, load) = watch::channel(admission.load());
        let (closed, listeners) = (false, Vec::new());
        let keeper =
            Keeper { admission, clock, observer, closed, listeners, load: tell, commands: commands.downgrade() };
        tokio::spawn(keeper.run(receiver));
        Self { commands, load }
    }

    /// Asks to be let in; answers at once.
    ///
    /// # Errors
    /// See [`NotAdmitted`].
    pub async fn enter(&self, claim: Claim) -> Result<Permit, NotAdmitted> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(Command::Enter { claim, reply }).map_err(|_| NotAdmitted::Closed)?;
        answer.await.map_err(|_| NotAdmitted::Closed)?
    }

    /// Lets nobody in any more.
    pub fn close(&self) {
        // Without the task nobody is let in either.
        let _ = self.commands.send(Command::Close);
    }

    /// What is in flight.
    pub fn load(&self) -> Load {
        *self.load.borrow()
    }

    /// Completes when everybody has left.
    pub async fn empty(&self) {
        let (reply, answer) = oneshot::channel();
        if self.commands.send(Command::TellWhenEmpty(reply)).is_ok() {
            let _ = answer.await;
        }
    }
}

impl Permit {
    /// Where the request stands.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Compute time that the request was expected to take when it came.
    pub fn cost(&self) -> Duration {
        self.cost
    }

    /// Says that the upload is there.
    ///
    /// # Errors
    /// When it took so long that there is no time left for the rest.
    pub async fn received(&self) -> Result<(), Refusal> {
        let (ticket, standing) = (self.ticket, self.standing);
        self.say(|reply| Command::Received { ticket, standing, reply }).await
    }

    /// Says how far the request is.
    ///
    /// # Errors
    /// When it is too large for the room there is: it should end here.
    pub async fn progress(&self, progress: Progress) -> Result<(), Refusal> {
        let (ticket, standing) = (self.ticket, self.standing);
        self.say(|reply| Command::Progress { ticket, standing, progress, reply }).await
    }

    async fn say(&self, command: impl FnOnce(oneshot::Sender<Result<(), Refusal>>) -> Command) -> Result<(), Refusal> {
        let (reply, answer) = oneshot::channel();
        // Without the door's task nothing is refused any more.
        if self.commands.send(command(reply)).is_err() {
            return Ok(());
        }
        answer.await.unwrap_or(Ok(()))
    }

    /// Leaves with an outcome; a permit that is merely dropped was abandoned.
    pub fn leave(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let _ =
            self.commands.send(Command::Leave { ticket: self.ticket, standing: self.standing, outcome: self.outcome });
    }
}

/// The state; lives in one task.
struct Keeper<C, O> {
    admission: Admission,
    clock: C,
    observer: O,
    closed: bool,
    /// Who wants to know when everybody has left.
    listeners: Vec<oneshot::Sender<()>>,
    load: watch::Sender<Load>,
    commands: mpsc::WeakUnboundedSender<Command>,
}

impl<C: Clock, O: DoorObserver> Keeper<C, O> {
    async fn run(mut self, mut receiver: mpsc::UnboundedReceiver<Command>) {
        self.observer.load(self.admission.load());
        while let Some(command) = receiver.recv().await {
            self.obey(command);
            let load = self.admission.load();
            self.observer.load(load);
            self.load.send_replace(load);
            if load.requests == 0 {
                for listener in self.listeners.drain(..) {
                    let _ = listener.send(());
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Enter { reply, .. } if self.closed => {
                let _ = reply.send(Err(NotAdmitted::Closed));
            }
            Command::Enter { claim, reply } => {
                let Some(commands) = self.commands.upgrade() else { return };
                let decision = self.admission.enter(now, claim);
                self.observer.decided(&claim.standing, decision.map(|_| ()));
                let permit = decision.map(|Entered { ticket, cost }| Permit {
                    commands,
                    ticket,
                    standing: claim.standing,
                    cost,
                    outcome: Outcome::Abandoned,
                });
                // A permit that nobody receives is dropped, and leaves.
                let _ = reply.send(permit.map_err(NotAdmitted::Refused));
            }
            Command::Received { ticket, standing, reply } => {
                let verdict = self.admission.received(now, ticket);
                self.judged(&standing, verdict, reply);
            }
            Command::Progress { ticket, standing, progress, reply } => {
                let verdict = self.admission.progress(now, ticket, progress);
                self.judged(&standing, verdict, reply);
            }
            Command::Leave { ticket, standing, outcome } => {
                let settled = self.admission.leave(now, ticket, outcome);
                self.observer.left(&standing, outcome, settled);
            }
            Command::Close => self.closed = true,
            Command::TellWhenEmpty(listener) => self.listeners.push(listener),
        }
    }

    /// Tells a request that was let in whether it may stay.
    fn judged(&self, standing: &Standing, verdict: Result<(), Refusal>, reply: oneshot::Sender<Result<(), Refusal>>) {
        if let Err(refusal) = verdict {
            self.observer.turned_out(standing, refusal);
        }
        let _ = reply.send(verdict);
    }
}
