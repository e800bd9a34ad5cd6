//! Threads that run one network together.
//!
//! Every thread of a team goes through all steps of the run. Each has its share
//! of a step's tasks, always the same part of the image, so that what a thread
//! reads is what it wrote itself: cores may be so far from each other that
//! fetching a line from another's cache takes as long as fetching it from memory.
//! Who is late has tasks taken from it, and a step ends when all of them are done.
//!
//! The pool's threads belong to others as well: a helper that finds nothing to do
//! for a while goes back to it, and is called again at a later step. Whoever is
//! not there is not waited for; the thread that began the run can do all of it.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long a thread waits for others before it takes their tasks: less than most tasks take.
const COURTESY: Duration = Duration::from_micros(10);
/// How long a helper waits with nothing to do before it goes back to the pool: several tasks of a page, and much less
/// than anything that others would have to wait for.
const PATIENCE: Duration = Duration::from_micros(200);
/// Looks at a number between looks at the clock.
const LOOKS: usize = 32;

/// Threads in a team at most: a page has no work for more.
const MOST: usize = 32;

/// What the others know of a thread; no two share a cache line (nor the pair of lines that are fetched together).
#[repr(align(128))]
struct Member {
    /// The last step of which somebody has taken a task of this thread's share (upper half), and how many.
    taken: AtomicU64,
    /// Tasks of any share and step that it has done.
    done: AtomicUsize,
    /// Whether it has been called.
    called: AtomicBool,
    /// Whether it has come.
    here: AtomicBool,
}

/// The threads of a run. The first is the one that began it.
pub(crate) struct Team {
    members: [Member; MOST],
    threads: usize,
}

/// How far a thread has come.
#[derive(Clone, Copy, Default)]
pub(super) struct Way {
    /// Steps that are behind it, and the one that it is at.
    step: u32,
    /// Tasks of all of them.
    tasks: usize,
}

impl Team {
    /// A team of up to `threads`, of which one is there.
    pub(crate) fn new(threads: usize) -> Self {
        let member = || Member {
            taken: AtomicU64::new(0),
            done: AtomicUsize::new(0),
            called: AtomicBool::new(false),
            here: AtomicBool::new(false),
        };
        Self { members: std::array::from_fn(|_| member()), threads: threads.clamp(1, MOST) }
    }

    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// The members that the first one should call now, as bits; they then count as called.
    pub(super) fn missing(&self) -> u32 {
        let mut missing = 0;
        for (i, member) in self.members[..self.threads].iter().enumerate().skip(1) {
            if !member.called.load(Ordering::Relaxed) {
                member.called.store(true, Ordering::Relaxed);
                missing |= 1 << i;
            }
        }
        missing
    }

    /// Member `me` has come.
    pub(super) fn come(&self, me: usize) {
        self.members[me].here.store(true, Ordering::Relaxed);
    }

    /// Member `me` goes back to the pool.
    fn leave(&self, me: usize) {
        self.members[me].here.store(false, Ordering::Relaxed);
        // Whoever is called next in its place goes on from what it has counted.
        self.members[me].called.store(false, Ordering::Release);
    }

    /// Calls `task` for those numbers below `count` that fall to member `me`, and gives how far it is when all are
    /// done; `None` when it has left before. All steps before have to be done.
    pub(super) fn work(&self, me: usize, way: Way, count: usize, task: impl Fn(usize)) -> Option<Way> {
        let way = Way { step: way.step + 1, tasks: way.tasks + count };
        let take = |whose: usize| {
            let share = (count * whose).div_ceil(self.threads)..(count * (whose + 1)).div_ceil(self.threads);
            self.take(whose, way.step, share)
        };
        let others = || (0..self.threads).filter(|other| *other != me);
        let mut tally = Tally { done: &self.members[me].done, tasks: 0 };
        let mut run = |whose: usize| {
            let taken = take(whose);
            if let Some(i) = taken {
                tally.tasks += 1;
                task(i);
            }
            taken.is_some()
        };
        while run(me) {}
        for other in others() {
            let is_here = other == 0 || self.members[other].here.load(Ordering::Relaxed);
            while !is_here && run(other) {}
        }
        drop(tally);
        let mut waiting = Instant::now();
        let mut looks = 0;
        while self.done() < way.tasks {
            std::hint::spin_loop();
            looks += 1;
            if looks % LOOKS > 0 || waiting.elapsed() < COURTESY {
                continue;
            }
            if let Some(i) = others().find_map(take) {
                let _tally = Tally { done: &self.members[me].done, tasks: 1 };
                task(i);
                waiting = Instant::now();
            } else if waiting.elapsed() > PATIENCE {
                if me > 0 {
                    self.leave(me);
                    return None;
                }
                // Whoever has the last tasks may be waiting for this processor.
                std::thread::yield_now();
            }
        }
        Some(way)
    }

    /// Takes one of the tasks `share` of member `whose` in step `step`.
    fn take(&self, whose: usize, step: u32, share: Range<usize>) -> Option<usize> {
        let place = &self.members[whose].taken;
        let mut word = place.load(Ordering::Relaxed);
        loop {
            let taken = match ((word >> 32) as u32).cmp(&step) {
                // Nobody takes tasks of a step before all earlier ones are done.
                std::cmp::Ordering::Less => 0,
                std::cmp::Ordering::Equal => word as u32 as usize,
                std::cmp::Ordering::Greater => return None,
            };
            if taken >= share.len() {
                return None;
            }
            let next = u64::from(step) << 32 | (taken as u64 + 1);
            match place.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(share.start + taken),
                Err(now) => word = now,
            }
        }
    }

    /// Tasks of all steps that are done; what they wrote is seen by whoever sees this.
    fn done(&self) -> usize {
        self.members[..self.threads].iter().map(|member| member.done.load(Ordering::Acquire)).sum()
    }
}

/// Tasks that count as done when this is dropped, also by a panic: nobody shall wait for them forever.
struct Tally<'a> {
    done: &'a AtomicUsize,
    tasks: usize,
}

impl Drop for Tally<'_> {
    fn drop(&mut self) {
        if self.tasks > 0 {
            self.done.fetch_add(self.tasks, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Goes through steps of 0, 1, 2, … tasks as member `me`; every task counts, and wants all of the step before done.
    fn go(team: &Team, me: usize, counts: &[Vec<AtomicUsize>]) {
        team.come(me);
        let mut way = Way::default();
        for (step, tasks) in counts.iter().enumerate() {
            let before = step.checked_sub(1).map_or(&[][..], |before| &counts[before]);
            let done = team.work(me, way, tasks.len(), |task| {
                assert!(before.iter().all(|count| count.load(Ordering::Relaxed) == 1), "step {step} began early");
                tasks[task].fetch_add(1, Ordering::Relaxed);
            });
            match done {
                Some(now) => way = now,
                None => return,
            }
        }
    }

    #[test]
    fn every_task_is_done_once_whoever_comes() {
        for present in [vec![0], vec![0, 1], vec![0, 2], vec![0, 1, 2]] {
            let team = Team::new(3);
            let counts: Vec<Vec<_>> =
                (0..60).map(|step| (0..step % 20).map(|_| AtomicUsize::new(0)).collect()).collect();
            std::thread::scope(|scope| {
                for me in &present {
                    let (team, counts) = (&team, &counts);
                    scope.spawn(move || go(team, *me, counts));
                }
            });
            let once = counts.iter().flatten().all(|count| count.load(Ordering::Relaxed) == 1);
            assert!(once, "with members {present:?}");
        }
    }

    #[test]
    fn a_helper_without_work_leaves_and_is_missing() {
        let team = Team::new(2);
        assert_eq!((team.missing(), team.missing()), (0b10, 0));
        let ((begun, has_begun), (left, has_left)) = (mpsc::channel(), mpsc::channel());
        std::thread::scope(|scope| {
            let team = &team;
            scope.spawn(move || {
                let _ = has_begun.recv();
                // The only task falls to the first member, who waits for this.
                let way = team.work(1, Way::default(), 1, |_| ());
                let _ = left.send((way.is_none(), team.missing()));
            });
            let way = team.work(0, Way::default(), 1, |_| {
                let _ = begun.send(());
                assert_eq!(has_left.recv(), Ok((true, 0b10)));
            });
            assert!(way.is_some(), "the first never leaves");
        });
    }
}
