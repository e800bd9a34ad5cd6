//! Convolutions of enlarged values, multiplied before they are enlarged.
//!
//! Pixels of an enlarged value are alike in squares, and taps of a filter that
//! fall on the same square multiply the same number, so their weights may be
//! added up beforehand. Which taps those are depends on where the output pixel
//! stands in its square (its phase) alone, and phases for which they are the
//! same share a filter. A 3×3 filter over a value that is enlarged eight times
//! becomes nine filters of one to four taps over the value as it is: 25
//! products instead of 576.
//!
//! The sums of each filter go to scratch memory; the convolution of the inputs
//! of full size adds them to its own, each pixel those of its phase.

use crate::backend::Backend;
use crate::filter::Quantisation;
use crate::layout::{Shape, View, blocks_of};
use crate::network::Padding;
use crate::op::Source;
use crate::packing::ConvWeights;
use crate::simd::LANES;

/// A dense convolution taken apart by the size of its inputs.
pub(crate) struct Split {
    /// The inputs of full size, and their part of the weights with the biases.
    pub(crate) fine: Vec<Source>,
    pub(crate) weights: ConvWeights,
    /// First of the input channels that each of `fine` has in the whole.
    places: Vec<Channels>,
    pub(crate) parts: Vec<Part>,
}

/// An enlarged input with the filters of its phases.
pub(crate) struct Part {
    pub(crate) source: Source,
    pub(crate) rows: Axis,
    pub(crate) columns: Axis,
    /// `[classes of rows][classes of columns]`, without biases.
    pub(crate) filters: Vec<ConvWeights>,
    place: Channels,
}

/// Channels of the whole input that belong to one of its values.
#[derive(Clone, Copy)]
struct Channels {
    first: usize,
    count: usize,
}

/// How the taps of a filter fall on squares, in one direction.
pub(crate) struct Axis {
    /// The class of each phase.
    pub(crate) class: Vec<u8>,
    pub(crate) classes: Vec<Class>,
}

/// Phases whose taps fall alike.
#[derive(PartialEq)]
pub(crate) struct Class {
    /// The first pixel that is read, seen from the output pixel's own one.
    pub(crate) first: isize,
    /// For every tap of the whole filter, which pixel behind the first it falls on.
    taps: Vec<usize>,
}

impl Class {
    /// Pixels that are read.
    pub(crate) fn len(&self) -> usize {
        self.taps.last().map_or(0, |last| last + 1)
    }
}

impl Axis {
    fn new(kernel: usize, padding: usize, shift: u32) -> Self {
        let mut axis = Self { class: Vec::new(), classes: Vec::new() };
        for phase in 0..1_isize << shift {
            let pixels: Vec<isize> =
                (0..kernel as isize).map(|tap| (phase + tap - padding as isize) >> shift).collect();
            let first = pixels[0];
            let class = Class { first, taps: pixels.iter().map(|p| (p - first) as usize).collect() };
            let known = axis.classes.iter().position(|c| *c == class);
            axis.class.push(known.unwrap_or(axis.classes.len()) as u8);
            if known.is_none() {
                axis.classes.push(class);
            }
        }
        axis
    }
}

impl Part {
    /// Sums of all filters for an output of `height`×`width` pixels and `out` channels: one block
    /// of channels for every filter and block of the output.
    pub(crate) fn shape(&self, out: usize, (height, width): (usize, usize)) -> Shape {
        let shift = self.source.shift;
        let channels = self.filters.len() * blocks_of(out) * LANES;
        Shape { channels, height: height >> shift, width: width >> shift, halo: 0, pitch: LANES }
    }

    /// The classes of rows and columns that filter `filter` is for.
    pub(crate) fn classes(&self, filter: usize) -> (&Class, &Class) {
        let columns = self.columns.classes.len();
        (&self.rows.classes[filter / columns], &self.columns.classes[filter % columns])
    }
}

impl Split {
    /// Takes the convolution of `inputs`, each with its channels, apart; `None` where none is enlarged.
    pub(crate) fn new(
        inputs: &[(Source, usize)],
        weights: &ConvWeights,
        kernel: (usize, usize),
        padding: Padding,
    ) -> Option<Self> {
        if inputs.iter().all(|(source, _)| source.shift == 0) {
            return None;
        }
        let (above, before) = match padding {
            Padding::Symmetric(h, w) => (h, w),
            Padding::SameUpper => (0, 0),
        };
        let whole = Whole::new(weights);
        let mut split =
            Self { fine: Vec::new(), weights: whole.part(&[], None), places: Vec::new(), parts: Vec::new() };
        let mut first = 0;
        for (source, count) in inputs {
            let place = Channels { first, count: *count };
            first += count;
            if source.shift == 0 {
                split.fine.push(*source);
                split.places.push(place);
                continue;
            }
            let rows = Axis::new(kernel.0, above, source.shift);
            let columns = Axis::new(kernel.1, before, source.shift);
            let classes = rows.classes.iter().flat_map(|row| columns.classes.iter().map(move |c| (row, c)));
            let filters = classes.map(|classes| whole.part(&[place], Some(classes))).collect();
            split.parts.push(Part { source: *source, rows, columns, filters, place });
        }
        split.weights = whole.part(&split.places, None);
        Some(split)
    }

    /// As [`ConvWeights::narrow_for`], for the rounding of the whole input.
    pub(crate) fn narrow_for(&mut self, backend: Backend, whole: Option<&Quantisation>) {
        let of = |places: &[Channels]| {
            whole.map(|q| q.of(places.iter().map(|place| place.first..place.first + place.count)))
        };
        self.weights.quantisation = of(&self.places);
        self.weights.narrow_for(backend);
        for part in &mut self.parts {
            for weights in &mut part.filters {
                weights.quantisation = of(&[part.place]);
                weights.narrow_for(backend);
            }
        }
    }

    /// Scratch values that the sums of all parts need.
    pub(crate) fn scratch_floats(&self, output: &Shape) -> usize {
        self.parts.iter().map(|part| part.shape(output.channels, (output.height, output.width)).floats()).sum()
    }

    /// Where the sums of each part are in `scratch`.
    ///
    /// # Safety
    /// `scratch` must be valid for [`Split::scratch_floats`] values.
    pub(crate) unsafe fn views(&self, output: &Shape, scratch: *mut f32) -> impl Iterator<Item = (&Part, View)> {
        let (out, size) = (output.channels, (output.height, output.width));
        self.parts.iter().scan(scratch, move |next, part| {
            let shape = part.shape(out, size);
            // SAFETY: the caller reserved memory for all parts.
            let view = unsafe { View::new(shape, *next) };
            // SAFETY: as above.
            *next = unsafe { next.add(shape.floats()) };
            Some((part, view))
        })
    }
}

/// The weights of a convolution as they were given.
struct Whole {
    /// `[out][in][kh][kw]`.
    values: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
    taps: usize,
}

impl Whole {
    fn new(weights: &ConvWeights) -> Self {
        let (inputs, taps) = (weights.inputs(), weights.taps());
        let out = weights.columns() / taps;
        let mut values = vec![0.0; out * inputs * taps];
        weights.each(|channel, tap, output, weight| values[(output * inputs + channel) * taps + tap] = weight);
        Self { values, bias: weights.bias.as_slice()[..out].to_vec(), inputs, taps }
    }

    /// The weights of some channels: as they are and with the biases, or without those and added up by the
    /// pixels of two `classes`.
    fn part(&self, places: &[Channels], classes: Option<(&Class, &Class)>) -> ConvWeights {
        let taps = classes.map_or(self.taps, |(rows, columns)| rows.len() * columns.len());
        let place = |tap: usize| {
            classes.map_or(tap, |(rows, columns)| {
                let across = columns.taps.len();
                rows.taps[tap / across] * columns.len() + columns.taps[tap % across]
            })
        };
        let inputs: usize = places.iter().map(|p| p.count).sum();
        let channels: Vec<usize> = places.iter().flat_map(|p| p.first..p.first + p.count).collect();
        let out = self.bias.len();
        let mut values = vec![0.0; out * inputs * taps];
        for output in 0..out {
            for (i, channel) in channels.iter().enumerate() {
                for tap in 0..self.taps {
                    values[(output * inputs + i) * taps + place(tap)] +=
                        self.values[(output * self.inputs + channel) * self.taps + tap];
                }
            }
        }
        let blocks: Vec<usize> =
            places.iter().flat_map(|p| (0..blocks_of(p.count)).map(|b| (p.count - b * LANES).min(LANES))).collect();
        let bias = if classes.is_none() { self.bias.clone() } else { vec![0.0; out] };
        ConvWeights::new(&values, &bias, (out, inputs, taps), &blocks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_on_the_same_square_share_a_weight() {
        let axis = |kernel, padding, shift| {
            let axis = Axis::new(kernel, padding, shift);
            let classes: Vec<_> = axis.classes.iter().map(|c| (c.first, c.taps.clone())).collect();
            (axis.class, classes)
        };
        assert_eq!(axis(3, 1, 1), (vec![0, 1], vec![(-1, vec![0, 1, 1]), (0, vec![0, 0, 1])]));
        let three = vec![(-1, vec![0, 1, 1]), (0, vec![0, 0, 0]), (0, vec![0, 0, 1])];
        assert_eq!(axis(3, 1, 2), (vec![0, 1, 1, 2], three));
        assert_eq!(axis(1, 0, 3), (vec![0; 8], vec![(0, vec![0])]));
        // A filter that is wider than a square.
        assert_eq!(axis(5, 2, 1), (vec![0, 1], vec![(-1, vec![0, 0, 1, 1, 2]), (-1, vec![0, 1, 1, 2, 2])]));
    }
}
