//! Steps of dense convolutions.

use super::Run;
use super::gates::{Sums, sums_of};
use crate::layout::{Shape, View};
use crate::network::{Activation, Padding};
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

/// Bands of each filter of an enlarged input, so that all threads have work.
const BANDS_OF_PARTS: usize = 4;

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
    fn sums(kernel: (usize, usize)) -> Self {
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
    /// The convolution of `inputs`, all of the same size, plus what `split` has of enlarged ones.
    pub(super) fn conv(
        &self,
        (inputs, split): (&[Source], Option<&Split>),
        weights: &ConvWeights,
        conv: &Conv,
        (output, sums): (View, Option<Sums<'_>>),
        residual: Option<View>,
        (scatter, scatter_offset): (usize, (usize, usize)),
    ) {
        if let Some(split) = split {
            self.enlarged_sums(split, &output.shape);
        }
        let views = || inputs.iter().map(|source| self.view(source.value));
        // Without an input of full size there is no other than that of enlarged ones.
        let pitch = views().next().map_or(LANES, |view| view.shape.pitch);
        let bytes: usize = views().map(|v| v.shape.row() * v.shape.blocks() * size_of::<f32>()).sum();
        let (mut rows, mut width) = (output.shape.height / scatter, output.shape.width / scatter);
        // Without halos the rows of a small image form one long row, which splits into fuller tiles.
        let no_halo = output.shape.halo == 0
            && split.is_none()
            && views().all(|v| v.shape.halo == 0)
            && residual.is_none_or(|r| r.shape.halo == 0);
        let flat = scatter == 1 && conv.is_pointwise() && no_halo && rows * bytes <= BAND_BYTES;
        if flat {
            (rows, width) = (1, rows * width);
        }
        let mut blocks = self.blocks.take();
        blocks.0.clear();
        for view in views() {
            // SAFETY: the plan gave the input a halo as wide as the padding.
            blocks.0.extend(unsafe { blocks_at(view, conv.origin()) });
        }
        let band = self.band(rows, bytes * conv.stride.0, 1);
        let bands = rows.div_ceil(band);
        let groups = if self.threads == 1 { 1 } else { (self.threads * 2).div_ceil(bands).min(weights.panels) };
        let panels_per_group = weights.panels.div_ceil(groups);
        if let Some(sums) = &sums {
            sums.begin(bands);
        }
        self.each(bands * groups, |i| {
            let (band_index, group) = (i / groups, i % groups);
            let rows = band_index * band..((band_index + 1) * band).min(rows);
            let task = ConvTask {
                enlarged: split.map(|split| EnlargedSums { split, scratch: self.scratch(), output: output.shape }),
                scatter,
                scatter_offset,
                residual,
                sums: sums_of(sums.as_ref(), band_index),
                panels: group * panels_per_group..((group + 1) * panels_per_group).min(weights.panels),
                width,
                ..conv.task(weights, (blocks.get(), pitch), output, rows)
            };
            // SAFETY: the plan sized inputs and output for each other; tasks split rows and panels.
            unsafe { conv::run(self.network.backend, &task) }
        });
        self.blocks.set(blocks);
    }

    /// Computes what every filter of `split`'s enlarged inputs gives, in scratch memory.
    pub(super) fn enlarged_sums(&self, split: &Split, output: &Shape) {
        let mut blocks = self.blocks.take();
        blocks.0.clear();
        for part in &split.parts {
            let view = self.view(part.source.value);
            for filter in 0..part.filters.len() {
                let (row, column) = part.classes(filter);
                // SAFETY: the plan gave the input a halo as wide as the padding of the whole filter.
                blocks.0.extend(unsafe { blocks_at(view, (row.first, column.first)) });
            }
        }
        let bands = if self.threads == 1 { 1 } else { BANDS_OF_PARTS };
        let tasks = |part: &Part| part.filters.len() * bands;
        self.each(split.parts.iter().map(tasks).sum(), |task| {
            let (mut task, mut first) = (task, 0);
            // SAFETY: the plan reserved scratch memory for the sums of all parts.
            for (part, sums) in unsafe { split.views(output, self.scratch()) } {
                let count = self.view(part.source.value).shape.blocks();
                if task >= tasks(part) {
                    task -= tasks(part);
                    first += count * part.filters.len();
                    continue;
                }
                let inputs = &blocks.get()[first + task / bands * count..][..count];
                self.enlarged_part(part, (task / bands, task % bands, bands), inputs, (sums, output));
                break;
            }
        });
        self.blocks.set(blocks);
    }

    /// Band `band` of `bands` of filter `filter` of `part`, whose sums are at `sums`.
    fn enlarged_part(
        &self,
        part: &Part,
        (filter, band, bands): (usize, usize, usize),
        inputs: &[InputBlock],
        (sums, output): (View, &Shape),
    ) {
        let weights = &part.filters[filter];
        let (row, column) = part.classes(filter);
        // SAFETY: every filter has the blocks of the output's channels there.
        let origin = unsafe { sums.at(filter * output.blocks(), 0, 0) };
        let mut shape = sums.shape;
        shape.channels = output.channels;
        let rows = shape.height.div_ceil(bands);
        let rows = (band * rows).min(shape.height)..((band + 1) * rows).min(shape.height);
        let output = View { shape, origin };
        let task = Conv::sums((row.len(), column.len())).task(weights, (inputs, LANES), output, rows);
        // SAFETY: the sums have the size of the part's input; tasks split filters and rows.
        unsafe { conv::run(self.network.backend, &task) }
    }
}
