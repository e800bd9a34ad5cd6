//! The last two operations of a detector as one step, see [`crate::mosaic`].

use std::cell::RefCell;
use std::ops::Range;

use super::Run;
use super::dense::{Conv, blocks_at};
use crate::layout::{Shape, View};
use crate::mosaic::Mosaic;
use crate::ops::conv::{self, ConvTask, InputBlock};
use crate::ops::mosaic::{self, MosaicTask};
use crate::simd::LANES;

/// Squares at a time: the values between stay in the first-level cache (16 KiB for six blocks), and
/// whole tiles of a convolution fit in.
const SQUARES: usize = 42;

thread_local! {
    /// Values between; it only grows, so that runs in steady state allocate nothing.
    static BETWEEN: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

impl Run<'_> {
    /// Writes what `rows` of `input`, the value that `mosaic` reads, give of the result.
    ///
    /// # Safety
    /// The view must hold these rows, and nobody else may write what they give.
    pub(super) unsafe fn mosaic(&self, mosaic: &Mosaic, input: View, rows: Range<usize>, inputs: &mut Vec<InputBlock>) {
        let [_, row, _] = self.plan.output;
        let width = input.shape.width;
        let parts = width.div_ceil(SQUARES);
        let widest = width.div_ceil(parts);
        BETWEEN.with_borrow_mut(|between| {
            let needed = mosaic.blocks() * widest * LANES;
            if between.len() < needed {
                between.resize(needed, 0.0);
            }
            for (y, part) in rows.flat_map(|y| (0..parts).map(move |part| (y, part))) {
                let (first, end) = (part * width / parts, (part + 1) * width / parts);
                let shape =
                    Shape { channels: mosaic.blocks() * LANES, height: 1, width: end - first, halo: 0, pitch: LANES };
                inputs.clear();
                // SAFETY: the pixel lies inside the view; a filter of one tap needs no halo.
                inputs.extend(unsafe { blocks_at(input, (y as isize, first as isize)) });
                // SAFETY: the memory has room for as many values.
                let output = unsafe { View::new(shape, between.as_mut_ptr()) };
                let conv = Conv { activation: mosaic.between, ..Conv::sums((1, 1)) };
                let task: ConvTask<'_> = conv.task(&mosaic.weights, (inputs, LANES), output, 0..1);
                let squares = MosaicTask {
                    values: between.as_ptr(),
                    blocks: mosaic.blocks(),
                    width: shape.width,
                    taps: mosaic.taps.as_ptr(),
                    bias: mosaic.bias.as_ptr(),
                    activation: mosaic.activation,
                    // SAFETY: a pixel of the input is a square of the result, which has four times its rows and columns.
                    output: unsafe { self.result.0.add((y * row + first) * 4) },
                    row,
                };
                // SAFETY: the input has these pixels, the memory is this thread's, and rows of squares are split as
                // the caller says.
                unsafe {
                    conv::run(self.network.backend, &task);
                    mosaic::run(self.network.backend, &squares);
                }
            }
        });
    }
}
