//! Threads that stay together for a whole run.
//!
//! A run is some eighty steps of a few hundred microseconds. A pool that is asked
//! anew for each of them wakes its threads each time, which costs a tenth of the
//! run; helpers that wait between steps, turning on the spot, are there at once.
//! Nobody waits for a helper that has not come: a busy pool only makes a run slower.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

/// Looks at the next step before a waiting helper offers its core to others.
const PATIENCE: u32 = 2_000;

/// What the threads of one run share.
pub(crate) struct Team {
    threads: usize,
    /// Steps that were opened.
    opened: AtomicUsize,
    /// The step that is open for helpers, or null.
    open: AtomicPtr<Step<'static>>,
    /// Helpers that may be looking at the open step.
    inside: AtomicUsize,
    /// Set when no step will follow.
    over: AtomicBool,
}

/// One step's tasks.
struct Step<'a> {
    task: &'a (dyn Fn(usize) + Sync),
    count: usize,
    next: AtomicUsize,
}

impl Step<'_> {
    /// Takes tasks until none is left.
    fn work(&self) {
        loop {
            let task = self.next.fetch_add(1, Ordering::Relaxed);
            if task >= self.count {
                return;
            }
            (self.task)(task);
        }
    }
}

impl Team {
    /// Runs `work` with a team of `threads` threads, of which all but the calling one come from the rayon pool
    /// that it is in; `None` stands for the calling thread alone.
    pub(crate) fn gather<R>(threads: usize, work: impl FnOnce(Option<&Self>) -> R) -> R {
        if threads == 1 {
            return work(None);
        }
        let team = Self {
            threads,
            opened: AtomicUsize::new(0),
            open: AtomicPtr::new(std::ptr::null_mut()),
            inside: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        };
        rayon::in_place_scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|_| team.help());
            }
            // Also when the work panics: the scope waits for its helpers.
            let _dismissing = Dismissing(&team);
            work(Some(&team))
        })
    }

    /// Threads that work when all have come.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Runs `task` for `0..count` on the calling thread and the helpers that are there.
    pub(crate) fn each(&self, count: usize, task: &(dyn Fn(usize) + Sync)) {
        if count == 1 {
            return task(0);
        }
        let step = Step { task, count, next: AtomicUsize::new(0) };
        // Closed on every way out, also when a task panics: the step is on this thread's stack.
        let _closed = Closing(self);
        let address: *const Step<'_> = &step;
        self.open.store(address.cast_mut().cast(), Ordering::SeqCst);
        self.opened.fetch_add(1, Ordering::SeqCst);
        step.work();
    }

    /// Helps with the steps of a run until it is over.
    fn help(&self) {
        let (mut looks, mut seen) = (0, 0);
        while !self.over.load(Ordering::Acquire) {
            let opened = self.opened.load(Ordering::SeqCst);
            if opened == seen {
                looks += 1;
                if looks < PATIENCE {
                    std::hint::spin_loop()
                } else {
                    std::thread::yield_now()
                }
                continue;
            }
            self.inside.fetch_add(1, Ordering::SeqCst);
            let _leaving = Leaving(self);
            (looks, seen) = (0, opened);
            // Looked at now that the step's owner waits for this thread; null where it is closed again.
            let step = self.open.load(Ordering::SeqCst);
            // SAFETY: a step that is open after this thread counted itself in is not taken away before it counts
            // itself out: its owner closes it first, and then waits until nobody is inside.
            if let Some(step) = unsafe { step.as_ref() } {
                step.work();
            }
        }
    }
}

/// Sends the helpers home.
struct Dismissing<'a>(&'a Team);

impl Drop for Dismissing<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Release);
    }
}

/// Closes the open step and waits for the helpers inside.
struct Closing<'a>(&'a Team);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.open.store(std::ptr::null_mut(), Ordering::SeqCst);
        while self.0.inside.load(Ordering::SeqCst) != 0 {
            std::hint::spin_loop();
        }
    }
}

/// Counts a helper out, also when a task panics.
struct Leaving<'a>(&'a Team);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_of_every_step_runs_once_and_before_the_next_step() {
        const STEPS: usize = 3_000;
        const TASKS: usize = 7;
        let counts: Vec<AtomicUsize> = (0..TASKS).map(|_| AtomicUsize::new(0)).collect();
        Team::gather(3, |team| {
            let team = team.unwrap_or_else(|| unreachable!("three threads are a team"));
            for step in 0..STEPS {
                team.each(TASKS, &|task| {
                    counts[task].fetch_add(1, Ordering::Relaxed);
                });
                assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == step + 1), "step {step}");
            }
        });
    }

    #[test]
    fn a_step_that_panics_ends_the_run() {
        let run = || Team::gather(2, |team| team.map(|team| team.each(9, &|task| assert_ne!(task, 4))));
        assert!(std::panic::catch_unwind(run).is_err());
    }
}
