//! A run's result, out of the blocked layout.

use std::ops::Range;

use super::Run;
use crate::layout::View;
use crate::network::OutputOrder;
use crate::simd::LANES;

impl Run<'_> {
    /// Copies the result to where it goes, unless the last chain has done so.
    pub(super) fn write_result(&self) {
        if self.plan.chains.last().is_some_and(|chain| chain.gives_result) {
            return;
        }
        let view = self.view(self.network.output);
        let bands = self.bands(view.shape.height, view.shape.row() * size_of::<f32>(), 1);
        self.each(bands.count, |band| {
            // SAFETY: the value is there; tasks split its rows.
            unsafe { self.copy_rows(&view, bands.of(band)) }
        });
    }

    /// Copies `rows` of the network's output, as `view` has them.
    ///
    /// # Safety
    /// The view must hold these rows, and nobody else may write what they give.
    pub(super) unsafe fn copy_rows(&self, view: &View, rows: Range<usize>) {
        let [_, width, channels] = self.plan.output;
        for y in rows {
            match self.network.order {
                OutputOrder::ChannelsLast => {
                    for x in 0..width {
                        for b in 0..view.shape.blocks() {
                            // SAFETY: the pixel lies inside the view; the result has room for all of its channels.
                            unsafe {
                                let to = self.result.0.add((y * width + x) * channels + b * LANES);
                                let from = view.at(b, y as isize, x as isize);
                                std::ptr::copy_nonoverlapping(from, to, view.shape.channels_of(b));
                            }
                        }
                    }
                }
                OutputOrder::PixelShuffle => {
                    for dy in 0..2 {
                        // SAFETY: as above; channels (dy, 0) and (dy, 1) of each pixel are two pixels of row 2·y + dy.
                        unsafe {
                            let from = view.at(0, y as isize, 0).add(dy * 2);
                            let to = self.result.0.add((2 * y + dy) * width);
                            for x in 0..width / 2 {
                                std::ptr::copy_nonoverlapping(from.add(x * LANES), to.add(2 * x), 2);
                            }
                        }
                    }
                }
            }
        }
    }
}
