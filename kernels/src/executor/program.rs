//! What every thread of a run goes through.

use std::time::{Duration, Instant};

use super::Run;
use crate::network::Value;
use crate::plan::IMAGE_PITCH;

/// Stages beside operations: filling the image's buffer, which comes first, and copying the result.
const FRAME: usize = 2;

/// What is given to a run.
pub(crate) struct Program<'a, W> {
    /// Leaves rows of the image.
    pub(crate) write: &'a W,
    /// Told of every operation how long it took.
    pub(crate) see: Option<&'a (dyn Fn(usize, Duration) + Sync)>,
}

impl<W: Fn(usize, &mut [[f32; IMAGE_PITCH]]) + Sync> Program<'_, W> {
    /// Goes through all stages, and calls helpers.
    pub(crate) fn run(&self, run: Run<'_>) {
        self.stages(run, 0);
    }

    fn stages(&self, run: Run<'_>, first: usize) {
        let mut begun = Instant::now();
        for stage in first..run.network.ops.len() + FRAME {
            let missing = if run.member == 0 { run.team.missing() } else { 0 };
            if missing > 0 {
                let helper = run.clone();
                rayon::join(|| self.stages(run, stage), || self.help(helper, stage, missing));
                return;
            }
            self.stage(&run, stage);
            if run.way.get().is_none() {
                return;
            }
            if let (Some(see), Some(op), 0) = (self.see, stage.checked_sub(1), run.member) {
                see(op, begun.elapsed());
            }
            begun = Instant::now();
        }
    }

    /// Goes through the stages from `first` on with each of `members` (bits).
    fn help(&self, run: Run<'_>, first: usize, members: u32) {
        let member = members & members.wrapping_neg();
        let run = Run { member: member.trailing_zeros() as usize, ..run };
        let others = members ^ member;
        if others > 0 {
            let other = run.clone();
            rayon::join(|| self.help(run, first, member), || self.help(other, first, others));
        } else {
            run.team.come(run.member);
            self.stages(run, first);
        }
    }

    fn stage(&self, run: &Run<'_>, stage: usize) {
        let (plan, ops) = (run.plan, &run.network.ops);
        let Some(op) = stage.checked_sub(1) else {
            // Else the first chain asks for its rows.
            if !plan.chains.first().is_some_and(|chain| chain.takes_image) {
                run.load_image(self.write);
            }
            return;
        };
        if op == ops.len() {
            return run.write_result();
        }
        match plan.chains.iter().find(|chain| chain.ops.contains(&op)) {
            Some(chain) if chain.ops.start == op => run.chain(chain, self.write),
            Some(_) => {}
            None => run.step(&ops[op], Value(op + 1)),
        }
    }
}
