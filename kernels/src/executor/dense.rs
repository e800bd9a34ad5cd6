//! Steps of dense convolutions.

use std::cell::Cell;

use super::gates::sums_of;
use super::{Bands, Run, TASKS_PER_THREAD};
use crate::layout::{Shape, View};
use crate::network::{Activation, Padding, Value};
use crate::op::{Op, Source};
use crate::ops::conv::{self, ConvTask, InputBlock};
use crate::ops::enlarged::EnlargedSums;
use crate::packing::ConvWeights;
use crate::simd::LANES;
use crate::split::{Part, Split};

/// Input bytes that a task's rows may have, so that they stay in a core's
/// second-level cache (1 MiB on the smallest current servers) while all panels
/// of weights pass over them.
pub(super) const BAND_BYTES: usize = 256 << 10;

thread_local! {
    /// Taken by a convolution while it runs, so that it need not allocate.
    static BLOCKS: Cell<Vec<InputBlock>> = const { Cell::new(Vec::new()) };
}

/// What a convolution does, apart from its weights.
pub(super) struct Conv {
    pub(super) kernel: (usize, usize),
    pub(super) stride: (usize, usize),
    pub(super) padding: (usize, usize),
    pub(super) activation: Activation,
}

impl Conv {
    /// What a dense convolution does; a transposed one consists of filters of one tap.
    pub(super) fn of(op: &Op) -> Self {
        match op {
            Op::Conv { kernel, stride, padding, activation, .. } => {
                let padding = match padding {
                    Padding::Symmetric(h, w) => (*h, *w),
                    Padding::SameUpper => (0, 0),
                };
                Self { kernel: *kernel, stride: *stride, padding, activation: *activation }
            }
            Op::ConvTranspose { activation, .. } => Self { activation: *activation, ..Self::sums((1, 1)) },
            _ => Self::sums((1, 1)),
        }
    }

    /// Sums of a filter that has its border inside of its input.
    pub(super) fn sums(kernel: (usize, usize)) -> Self {
        Self { kernel, stride: (1, 1), padding: (0, 0), activation: Activation::None }
    }

    /// Where the window of output pixel (0, 0) begins, as (y, x).
    pub(super) fn origin(&self) -> (isize, isize) {
        (-(self.padding.0 as isize), -(self.padding.1 as isize))
    }

    /// The rows `rows` of `output` over `inputs`, for all panels of `weights`.
    pub(super) fn task<'a>(
        &self,
        weights: &'a ConvWeights,
        (inputs, pitch): (&'a [InputBlock], usize),
        output: View,
        rows: std::ops::Range<usize>,
    ) -> ConvTask<'a> {
        ConvTask {
            inputs,
            pitch,
            kernel: self.kernel,
            stride: self.stride,
            weights: weights.weights.as_ptr(),
            panel_floats: weights.panel_floats,
            // The image has four values a pixel, which do not come in blocks.
            narrow: weights.narrow.as_ref().filter(|_| pitch == LANES),
            scales: std::ptr::null(),
            bias: weights.bias.as_ptr(),
            enlarged: None,
            activation: self.activation,
            output,
            scatter: 1,
            scatter_offset: (0, 0),
            residual: None,
            sums: std::ptr::null_mut(),
            panels: 0..weights.panels,
            rows,
            width: output.shape.width,
        }
    }

    /// One of the four filters that a transposed convolution consists of, over `rows` of its input, which is `width` wide.
    pub(super) fn parity<'a>(
        &self,
        parity: usize,
        weights: &'a ConvWeights,
        (inputs, width): (&'a [InputBlock], usize),
        output: View,
        rows: std::ops::Range<usize>,
    ) -> ConvTask<'a> {
        let scatter_offset = (parity % 2, parity / 2);
        ConvTask { scatter: 2, scatter_offset, width, ..self.task(weights, (inputs, LANES), output, rows) }
    }

    fn is_pointwise(&self) -> bool {
        self.kernel == (1, 1) && self.stride == (1, 1)
    }
}

/// The blocks of `view` for a filter whose window begins `first` pixels from the output's pixel.
///
/// # Safety
/// The view's halo must be as wide as the window needs.
pub(super) unsafe fn blocks_at(view: View, (y, x): (isize, isize)) -> impl Iterator<Item = InputBlock> {
    (0..view.shape.blocks()).map(move |b| InputBlock {
        // SAFETY: forwarded.
        origin: unsafe { view.at(b, y, x) },
        row: view.shape.row(),
        channels: view.shape.channels_of(b),
    })
}

impl Run<'_> {
    /// The convolution of `inputs`, all of the same size, plus what `split` has of enlarged ones, as `value`.
    pub(super) fn conv(
        &self,
        (inputs, split): (&[Source], Option<&Split>),
        weights: &ConvWeights,
        conv: &Conv,
        value: Value,
        residual: Option<View>,
    ) {
        let (output, sums) = (self.view(value), self.sums(value));
        if let Some(split) = split {
            self.enlarged_sums(split, &output.shape);
        }
        let views = || inputs.iter().map(|source| self.view(source.value));
        // Without an input of full size there is no other than that of enlarged ones.
        let pitch = views().next().map_or(LANES, |view| view.shape.pitch);
        let bytes: usize = views().map(|v| v.shape.row() * v.shape.blocks() * size_of::<f32>()).sum();
        let (mut rows, mut width) = (output.shape.height, output.shape.width);
        // Without halos the rows of a small image form one long row, which splits into fuller tiles.
        let no_halo = output.shape.halo == 0
            && split.is_none()
            && views().all(|v| v.shape.halo == 0)
            && residual.is_none_or(|r| r.shape.halo == 0);
        let flat = conv.is_pointwise() && no_halo && rows * bytes <= BAND_BYTES;
        if flat {
            (rows, width) = (1, rows * width);
        }
        let mut blocks = BLOCKS.take();
        blocks.clear();
        for view in views() {
            // SAFETY: the plan gave the input a halo as wide as the padding.
            blocks.extend(unsafe { blocks_at(view, conv.origin()) });
        }
        let bands = self.bands(rows, bytes * conv.stride.0, 1);
        let threads = self.team.threads();
        let groups = if threads == 1 { 1 } else { (threads * 2).div_ceil(bands.count).min(weights.panels) };
        let panels_per_group = weights.panels.div_ceil(groups);
        if let Some(sums) = &sums {
            sums.begin(bands.count);
        }
        self.each_of(value, bands.count * groups, |i| {
            let (band, group) = (i / groups, i % groups);
            let panels = group * panels_per_group..((group + 1) * panels_per_group).min(weights.panels);
            let summed = panels.start * 2..(panels.end * 2).min(output.shape.blocks());
            let task = ConvTask {
                enlarged: split.map(|split| EnlargedSums { split, scratch: self.scratch(), output: output.shape }),
                residual,
                sums: sums_of(sums.as_ref(), band, summed),
                panels,
                width,
                ..conv.task(weights, (&blocks, pitch), output, bands.of(band))
            };
            // SAFETY: the plan sized inputs and output for each other; tasks split rows and panels.
            unsafe { conv::run(self.network.backend, &task) }
        });
        BLOCKS.set(blocks);
    }

    /// The transposed convolution of `input`, whose weights are `parities`, as `value`.
    pub(super) fn conv_transpose(&self, input: Value, parities: &[ConvWeights; 4], conv: &Conv, value: Value) {
        let (input, output) = (self.view(input), self.view(value));
        let mut blocks = BLOCKS.take();
        blocks.clear();
        // SAFETY: a filter of one tap needs no halo.
        blocks.extend(unsafe { blocks_at(input, (0, 0)) });
        let (rows, width) = (input.shape.height, input.shape.width);
        let bands = self.bands(rows, input.shape.row() * input.shape.blocks() * size_of::<f32>(), 1);
        self.each_of(value, bands.count, |i| {
            for (parity, weights) in parities.iter().enumerate() {
                let task = conv.parity(parity, weights, (&blocks, width), output, bands.of(i));
                // SAFETY: the output has twice the input's rows and columns; tasks split rows.
                unsafe { conv::run(self.network.backend, &task) };
            }
        });
        BLOCKS.set(blocks);
    }

    /// Computes what every filter of `split`'s enlarged inputs gives, in scratch memory.
    pub(super) fn enlarged_sums(&self, split: &Split, output: &Shape) {
        let mut blocks = BLOCKS.take();
        blocks.clear();
        for part in &split.parts {
            let view = self.view(part.source.value);
            for filter in 0..part.filters.len() {
                let (row, column) = part.classes(filter);
                // SAFETY: the plan gave the input a halo as wide as the padding of the whole filter.
                blocks.extend(unsafe { blocks_at(view, (row.first, column.first)) });
            }
        }
        let count = if self.team.threads() == 1 { 1 } else { self.team.threads() * TASKS_PER_THREAD };
        let filters: usize = split.parts.iter().map(|part| part.filters.len()).sum();
        self.each(filters * count, |task| {
            let (band, mut filter, mut first) = (task / filters, task % filters, 0);
            // SAFETY: the plan reserved scratch memory for the sums of all parts.
            for (part, sums) in unsafe { split.views(output, self.scratch()) } {
                let inputs = self.view(part.source.value).shape.blocks();
                if filter < part.filters.len() {
                    let inputs = &blocks[first + filter * inputs..][..inputs];
                    let rows = Bands { rows: sums.shape.height, count }.of(band);
                    self.enlarged_part(part, (filter, rows), inputs, (sums, output));
                    break;
                }
                filter -= part.filters.len();
                first += inputs * part.filters.len();
            }
        });
        BLOCKS.set(blocks);
    }

    /// The rows `rows` of filter `filter` of `part`, whose sums are at `sums`.
    fn enlarged_part(
        &self,
        part: &Part,
        (filter, rows): (usize, std::ops::Range<usize>),
        inputs: &[InputBlock],
        (sums, output): (View, &Shape),
    ) {
        let weights = &part.filters[filter];
        let (row, column) = part.classes(filter);
        // SAFETY: every filter has the blocks of the output's channels there.
        let origin = unsafe { sums.at(filter * output.blocks(), 0, 0) };
        let mut shape = sums.shape;
        shape.channels = output.channels;
        let output = View { shape, origin };
        let task = Conv::sums((row.len(), column.len())).task(weights, (inputs, LANES), output, rows);
        // SAFETY: the sums have the size of the part's input; tasks split filters and rows.
        unsafe { conv::run(self.network.backend, &task) }
    }
}
