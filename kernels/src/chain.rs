//! Chains of steps that run strip by strip.
//!
//! A value that only the next steps read need not exist as a whole: each thread
//! computes a few rows of it at a time, in memory that stays in its second-level
//! cache, and the rows that the next strip still needs move to the top. At half
//! and a quarter of a page's size whole values would go to memory and back.

use std::ops::Range;

use crate::layout::{Shape, View};
use crate::network::{Network, Padding, Value};
use crate::op::Op;
use crate::ops::pool::PoolKind;

/// Steps in a chain at most: every one adds rows that neighbouring bands both compute.
const MOST_STEPS: usize = 8;
/// Bytes that the largest value inside of a chain has at least; smaller ones stay in cache by themselves.
pub(crate) const LEAST_BYTES: usize = 6 << 20;
/// Bytes that a strip's rows of all values may have, of a second-level cache of 1 MiB.
const STRIP_BYTES: usize = 720 << 10;

/// Consecutive operations whose results but the last nobody else reads.
pub(crate) struct Chain {
    pub(crate) ops: Range<usize>,
    /// Rows of the last result that are computed at a time.
    pub(crate) strip: usize,
    /// Whether no more than a strip of the image exists either, whose rows the first operation asks for.
    pub(crate) takes_image: bool,
    /// Whether the last result is the network's, of which then no more than a strip exists either.
    pub(crate) gives_result: bool,
    /// Whether the last two operations run as one, without what stands between them.
    pub(crate) is_mosaic: bool,
    /// Memory of each value that does not exist as a whole, once it is placed.
    buffers: Vec<Buffer>,
    /// Values that all buffers have.
    pub(crate) floats: usize,
}

struct Buffer {
    offset: usize,
    rows: usize,
}

/// Rows of a value; those before 0 and behind the last are border.
pub(crate) type Rows = Range<isize>;

impl Chain {
    /// The chains of `network` at the size of `shapes`, whose values are read for the last time at `last_use`; in each,
    /// the largest value that need not exist has `least` bytes.
    pub(crate) fn all(network: &Network, shapes: &[Shape], last_use: &[usize], least: usize) -> Vec<Self> {
        let mut chains = Vec::new();
        let mut first = 0;
        while first < network.ops.len() {
            let ends = (first + 2..=(first + MOST_STEPS).min(network.ops.len())).rev();
            let chain = ends
                .filter(|end| is_chain(network, first..*end, last_use))
                .find_map(|end| Self::new(network, first..end, (shapes, last_use), least));
            first = chain.as_ref().map_or(first + 1, |chain| chain.ops.end);
            chains.extend(chain);
        }
        chains
    }

    fn new(
        network: &Network,
        ops: Range<usize>,
        (shapes, last_use): (&[Shape], &[usize]),
        least: usize,
    ) -> Option<Self> {
        let gives_result = ops.end == network.ops.len() && network.output == Value(ops.end);
        let is_mosaic = gives_result && network.mosaic.is_some();
        let takes_image = ops.start == 0 && last_use[0] == 0;
        let first = first_value(&ops, takes_image);
        let inner = &shapes[first..ops.end];
        // Rows of the image do not count: each is read by the first operation alone, and few are kept.
        let bytes = |rows: &[usize]| {
            inner
                .iter()
                .zip(rows)
                .skip(usize::from(takes_image))
                .map(|(shape, rows)| shape.row() * shape.blocks() * rows)
                .sum::<usize>()
                * size_of::<f32>()
        };
        let largest = inner.iter().map(|shape| shape.floats() * size_of::<f32>()).max();
        if !is_mosaic && largest.is_none_or(|largest| largest < least) {
            return None;
        }
        // Strips of an even number of rows suit transposed convolutions.
        let most = |strip: usize| {
            let mut most = most_rows(network, ops.clone(), (shapes, first), strip);
            if is_mosaic && let Some(between) = most.last_mut() {
                *between = 0;
            }
            most
        };
        let strip = [16, 8, 6, 4, 2].into_iter().find(|strip| bytes(&most(*strip)) <= STRIP_BYTES)?;
        // A mosaic goes to its place at once.
        let last = gives_result.then_some(if is_mosaic { 0 } else { strip });
        let buffers = most(strip).into_iter().chain(last).map(|rows| Buffer { offset: 0, rows }).collect();
        Some(Self { ops, strip, takes_image, gives_result, is_mosaic, buffers, floats: 0 })
    }

    /// Places the buffers, for values of `shapes` with their halos.
    pub(crate) fn place(&mut self, shapes: &[Shape]) {
        let first = self.first_value();
        for (buffer, shape) in self.buffers.iter_mut().zip(&shapes[first..]) {
            buffer.rows = buffer.rows.max(2 * shape.halo + 1);
            buffer.offset = self.floats;
            // As in the plan, a cache line behind each buffer.
            self.floats += (shape.row() * shape.blocks() * buffer.rows).next_multiple_of(16) + 16;
        }
    }

    /// The value `value` of the chain, of which memory holds rows from `base` on.
    ///
    /// # Safety
    /// `memory` must be valid for the chain's values.
    pub(crate) unsafe fn view(&self, value: usize, shape: Shape, base: isize, memory: *mut f32) -> View {
        let buffer = &self.buffers[value - self.first_value()];
        // A shape of as many rows as the buffer has, whose row 0 may lie before it.
        let held = Shape { height: buffer.rows - 2 * shape.halo, ..shape };
        // SAFETY: forwarded.
        let start = unsafe { memory.add(buffer.offset) };
        View {
            shape: held,
            origin: start.wrapping_offset((shape.halo * shape.pitch) as isize - base * shape.row() as isize),
        }
    }

    /// Rows that memory holds of `value`.
    pub(crate) fn rows_held(&self, value: usize) -> usize {
        self.buffers[value - self.first_value()].rows
    }

    /// The first value of which strips are computed.
    pub(crate) fn first_value(&self) -> usize {
        first_value(&self.ops, self.takes_image)
    }

    /// The values that do not exist as a whole.
    pub(crate) fn held(&self) -> Range<usize> {
        let first = self.first_value();
        first..first + self.buffers.len()
    }

    /// Whether `value` is one of them.
    pub(crate) fn holds(&self, value: Value) -> bool {
        self.held().contains(&value.0)
    }
}

/// The first value of which a chain of `ops` computes strips: its first result, or the image.
fn first_value(ops: &Range<usize>, takes_image: bool) -> usize {
    if takes_image { 0 } else { ops.start + 1 }
}

/// A value of which no rows are held yet.
pub(crate) const NO_ROWS: Rows = isize::MIN..isize::MIN;

/// Which rows of every value of `ops` from `first` on are needed for the rows `last` of the last one, given those that
/// are `held`, from which nothing has to be computed any more. Written to `needed`; a range that ends before it begins
/// means none.
pub(crate) fn rows_needed(
    all: &[Op],
    (ops, first): (Range<usize>, usize),
    last: Rows,
    held: &[Rows],
    needed: &mut [Rows],
) {
    // None yet: a range from the last row to the first takes any other for its union.
    needed.fill(Range { start: isize::MAX, end: isize::MIN });
    needed[ops.end - first] = last;
    for i in ops.clone().rev() {
        let op = &all[i];
        let mut rows = needed[i + 1 - first].clone();
        if matches!(op, Op::ConvTranspose { .. }) {
            // Rows come in pairs.
            rows = rows.start.div_euclid(2) * 2..(rows.end + 1).div_euclid(2) * 2;
            needed[i + 1 - first] = rows.clone();
        }
        rows.start = rows.start.max(held[i + 1 - first].end);
        if rows.is_empty() {
            continue;
        }
        let read = rows_read(op, rows.clone());
        for Value(value) in op.inputs() {
            // The residual has the rows of the output.
            let rows = if op.residual() == Some(Value(value)) { union(&read, &rows) } else { read.clone() };
            if value >= first && value < ops.end {
                let place = &mut needed[value - first];
                *place = union(place, &rows);
            }
        }
    }
}

fn union(a: &Rows, b: &Rows) -> Rows {
    a.start.min(b.start)..a.end.max(b.end)
}

/// Rows of its inputs that `op` reads for `rows` of its result.
fn rows_read(op: &Op, rows: Rows) -> Rows {
    let (kernel, stride, padding) = match op {
        Op::Conv { kernel, stride, padding, .. } => match padding {
            Padding::Symmetric(above, _) => (kernel.0, stride.0, *above),
            Padding::SameUpper => (kernel.0, stride.0, 0),
        },
        Op::Depthwise { kernel, stride, padding, .. } => (kernel.0, stride.0, padding.0),
        Op::ConvTranspose { .. } => return rows.start / 2..rows.end / 2,
        Op::Pool { kind: PoolKind::Max2x2, .. } => (2, 1, 0),
        // Sums and gates.
        _ => return rows,
    };
    let first = rows.start * stride as isize - padding as isize;
    first..(rows.end - 1) * stride as isize - padding as isize + kernel as isize
}

/// The most rows of each value from `first` on, but for the last, that a strip needs.
fn most_rows(network: &Network, ops: Range<usize>, (shapes, first): (&[Shape], usize), strip: usize) -> Vec<usize> {
    let mut needed = vec![0..0; ops.end + 1 - first];
    let mut most = vec![0; ops.end - first];
    let height = shapes[ops.end].height;
    // As where a band begins; later strips find some rows.
    let held = vec![NO_ROWS; needed.len()];
    for top in (0..height).step_by(strip) {
        let rows = top as isize..(top + strip).min(height) as isize;
        rows_needed(&network.ops, (ops.clone(), first), rows, &held, &mut needed);
        for (most, rows) in most.iter_mut().zip(&needed) {
            *most = (*most).max((rows.end - rows.start) as usize);
        }
    }
    most
}

/// Whether `ops` can run strip by strip, and nobody else reads what they give but for the last.
fn is_chain(network: &Network, ops: Range<usize>, last_use: &[usize]) -> bool {
    let fits = |i: usize| match &network.ops[i] {
        // Sums of enlarged inputs are computed before the chain begins.
        Op::Conv { split, .. } => split.is_none() || i == ops.start,
        Op::ConvTranspose { .. } | Op::Depthwise { .. } => true,
        Op::Pool { kind: PoolKind::Max2x2 | PoolKind::Add, .. } => true,
        Op::Pool { kind: PoolKind::AddUpsampled { .. }, other, .. } => other.is_some_and(|other| other.0 <= ops.start),
        // Gates need all rows of their input.
        Op::SqueezeExcite { .. } => i == ops.start,
        _ => false,
    };
    ops.clone().all(fits) && (ops.start + 1..ops.end).all(|value| last_use[value] < ops.end)
}
