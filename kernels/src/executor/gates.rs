//! Gates of squeeze-and-excitation: the step that gives a value adds its channels
//! up while its rows are in cache, each band for itself.

use std::ops::Range;

use super::Run;
use crate::layout::Shape;
use crate::network::Value;
use crate::op::Op;
use crate::ops::scale::{self, Gates, MeanTask};
use crate::simd::LANES;

/// Where the bands of a step leave the sums of their channels.
pub(super) struct Sums<'a> {
    run: &'a Run<'a>,
    shape: Shape,
}

/// The place of band `band` in `sums`, cleared for the `blocks` that a task adds up; null where there are none.
pub(super) fn sums_of(sums: Option<&Sums<'_>>, band: usize, blocks: Range<usize>) -> *mut f32 {
    sums.map_or(std::ptr::null_mut(), |sums| sums.cleared(band, blocks))
}

impl Sums<'_> {
    /// Says that `bands` bands follow, at most one for every row.
    pub(super) fn begin(&self, bands: usize) {
        self.run.summed_bands.set(bands);
    }

    /// Where band `band` leaves its sums, those of `blocks` set to zero.
    fn cleared(&self, band: usize, blocks: Range<usize>) -> *mut f32 {
        let place = self.place(band);
        // SAFETY: the sums of these blocks and this band belong to the task that asks for them.
        unsafe { std::ptr::write_bytes(place.add(blocks.start * LANES), 0, blocks.len() * LANES) };
        place
    }

    fn place(&self, band: usize) -> *mut f32 {
        // SAFETY: the plan reserved memory for as many bands as there are rows.
        unsafe { self.run.memory().add(self.run.plan.sums + band * self.shape.blocks() * LANES) }
    }
}

impl Run<'_> {
    /// Where the step that gives `value` leaves sums, if the next one makes gates of them.
    pub(super) fn sums(&self, value: Value) -> Option<Sums<'_>> {
        self.plan.summed[value.0].then(|| Sums { run: self, shape: self.plan.shapes[value.0] })
    }

    /// Computes the gates of squeeze-and-excitation `op`, in scratch memory.
    pub(super) fn gates(&self, op: &Op) {
        let Op::SqueezeExcite { input: value, squeeze, excite, slope, skip } = op else { return };
        let gates = Gates {
            squeeze: (&squeeze.weights, &squeeze.bias),
            excite: (&excite.weights, &excite.bias),
            slope: *slope,
            skip: *skip,
        };
        let input = self.view(*value);
        let channels = input.shape.blocks() * LANES;
        let sums = self.sums(*value);
        if sums.is_none() {
            self.each(input.shape.blocks(), |block| {
                let output = self.gates_of(block).cast_mut();
                // SAFETY: each task writes its own sixteen values.
                unsafe { scale::mean(self.network.backend, &MeanTask { input, block, output }) }
            });
        }
        self.each(1, |_| {
            // SAFETY: the plan reserved scratch memory for one value per channel and per hidden one, which this
            // thread alone uses now.
            let scratch = unsafe { std::slice::from_raw_parts_mut(self.scratch(), channels + gates.hidden()) };
            let (values, hidden) = scratch.split_at_mut(channels);
            if let Some(sums) = &sums {
                values.fill(0.0);
                for band in 0..self.summed_bands.get() {
                    // SAFETY: as above; the step that left the sums is done.
                    let band = unsafe { std::slice::from_raw_parts(sums.place(band), channels) };
                    values.iter_mut().zip(band).for_each(|(mean, sum)| *mean += sum);
                }
                let pixels = (input.shape.height * input.shape.width) as f32;
                values.iter_mut().for_each(|mean| *mean /= pixels);
            }
            gates.apply(values, hidden);
        });
    }

    /// The sixteen gates of a block, once they are computed.
    pub(super) fn gates_of(&self, block: usize) -> *const f32 {
        // SAFETY: as in `gates`.
        unsafe { self.scratch().add(block * LANES) }
    }
}
