//! Parts of a row of edges that have the shape of a code, and what they say.
//!
//! The number of bars, the guards and the quiet zones of a code are fixed, so most of a row is ruled out before
//! anything is decoded.

use crate::rx;
use crate::symbology::Symbology;

/// A part of a row that was read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Window {
    pub(crate) symbology: Symbology,
    /// The first edge of the first bar, in samples.
    pub(crate) from: f32,
    /// The last edge of the last bar.
    pub(crate) to: f32,
    /// Read from the right to the left.
    pub(crate) backwards: bool,
}

/// Bars and spaces, width in modules, and the runs that are one module wide.
struct Shape {
    symbology: Symbology,
    runs: usize,
    modules: f32,
    /// Runs that are one module wide.
    guards: &'static [std::ops::Range<usize>],
    /// First runs of digits; a digit is four runs and seven modules.
    digits: &'static [std::ops::Range<usize>],
}

#[allow(clippy::single_range_in_vec_init, reason = "a list of ranges, of which UPC-E has one")]
const SHAPES: [Shape; 3] = [
    Shape {
        symbology: Symbology::Ean13,
        runs: 59,
        modules: 95.0,
        guards: &[0..3, 27..32, 56..59],
        digits: &[3..27, 32..56],
    },
    Shape {
        symbology: Symbology::Ean8,
        runs: 43,
        modules: 67.0,
        guards: &[0..3, 19..24, 40..43],
        digits: &[3..19, 24..40],
    },
    Shape { symbology: Symbology::UpcE, runs: 33, modules: 51.0, guards: &[0..3, 27..33], digits: &[3..27] },
];

/// Light space that has to be beside a code, in modules. Specified are 7 and more; glare and neighbours take some.
const QUIET: f32 = 3.0;

/// What a row shows.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// What reads as a code.
    pub(crate) read: Vec<(Window, String)>,
    /// Parts that have the shape of one.
    pub(crate) shapes: usize,
}

/// Everything on a row; `edges` begin with one from light to dark.
pub(crate) fn read(edges: &[f32]) -> Row {
    let mut row = Row::default();
    let widths: Vec<f32> = edges.windows(2).map(|e| e[1] - e[0]).collect();
    // Bars are the runs with even numbers.
    for first in (0..widths.len()).step_by(2) {
        // What is before the first edge is light, as far as the row shows.
        let before = if first == 0 { f32::MAX } else { widths[first - 1] };
        for shape in &SHAPES {
            let Some(part) = widths.get(first..first + shape.runs) else { continue };
            let after = widths.get(first + shape.runs).copied().unwrap_or(f32::MAX);
            let module = part.iter().sum::<f32>() / shape.modules;
            if before.min(after) < QUIET * module {
                continue;
            }
            for backwards in [false, true] {
                let window =
                    Window { symbology: shape.symbology, from: edges[first], to: edges[first + shape.runs], backwards };
                let mut part: Vec<f32> = part.iter().map(|w| w / module).collect();
                if backwards {
                    part.reverse();
                }
                if !shape.fits(&part) {
                    continue;
                }
                row.shapes += 1;
                if let Some((symbology, value)) = shape.read(&mut part) {
                    row.read.push((Window { symbology, ..window }, value));
                }
            }
        }
    }
    code_128(edges, &widths, &mut row);
    row
}

/// An EAN-13 that begins with a zero is the UPC-A without it.
pub(crate) fn upc_a(symbology: Symbology, value: String) -> (Symbology, String) {
    match (symbology, value.strip_prefix('0')) {
        (Symbology::Ean13, Some(upc)) => (Symbology::UpcA, upc.to_owned()),
        _ => (symbology, value),
    }
}

impl Shape {
    /// Whether widths in modules have guards and digits where they belong.
    fn fits(&self, widths: &[f32]) -> bool {
        let one = |w: &f32| (0.3..2.2).contains(w);
        // Cylinders and perspective change the width of a module along the row, but not much of a sudden.
        let digit = |d: &[f32]| (4.5..10.0).contains(&d.iter().sum::<f32>());
        self.guards.iter().all(|g| widths[g.clone()].iter().all(one))
            && self.digits.iter().all(|d| widths[d.clone()].chunks_exact(4).all(digit))
    }

    /// Reads widths in modules.
    fn read(&self, widths: &mut [f32]) -> Option<(Symbology, String)> {
        self.balance(widths);
        const BITS_A_MODULE: f32 = 12.0;
        let value = rx::linear(self.symbology, widths, BITS_A_MODULE, 12.0)?;
        Some(upc_a(self.symbology, value))
    }

    /// Takes from bars what they are too wide by, and gives it to spaces: guards say how much ink or blur has spread.
    fn balance(&self, widths: &mut [f32]) {
        let (mut bars, mut spaces) = ((0.0, 0.0_f32), (0.0, 0.0_f32));
        for i in self.guards.iter().cloned().flatten() {
            let side = if i % 2 == 0 { &mut bars } else { &mut spaces };
            side.0 += widths[i];
            side.1 += 1.0;
        }
        let spread = ((bars.0 / bars.1 - spaces.0 / spaces.1) / 2.0).clamp(-0.7, 0.7);
        for (i, width) in widths.iter_mut().enumerate() {
            *width = if i % 2 == 0 { *width - spread } else { *width + spread }.max(0.2);
        }
    }
}

/// Code 128 has no fixed length: it goes from a start symbol to a stop symbol, both with quiet zones.
fn code_128(edges: &[f32], widths: &[f32], row: &mut Row) {
    let reversed: Vec<f32> = widths.iter().rev().copied().collect();
    for backwards in [false, true] {
        let widths = if backwards { &reversed } else { widths };
        // Turned around, bars keep their even numbers: a row has an odd number of runs when it ends with a bar.
        let parity = if backwards && widths.len() % 2 == 0 { 1 } else { 0 };
        for first in (parity..widths.len()).step_by(2) {
            let Some((runs, part)) = code_128_at(widths, first) else { continue };
            row.shapes += 1;
            let Some(value) = rx::linear(Symbology::Code128, &part, 12.0, 20.0) else { continue };
            let (from, to) = if backwards {
                (edges[widths.len() - first - runs], edges[widths.len() - first])
            } else {
                (edges[first], edges[first + runs])
            };
            row.read.push((Window { symbology: Symbology::Code128, from, to, backwards }, value));
        }
    }
}

/// The code whose start symbol begins with run `first`: how many runs it has, and their widths in modules.
fn code_128_at(widths: &[f32], first: usize) -> Option<(usize, Vec<f32>)> {
    const STARTS: [[f32; 6]; 3] =
        [[2.0, 1.0, 1.0, 4.0, 1.0, 2.0], [2.0, 1.0, 1.0, 2.0, 1.0, 4.0], [2.0, 1.0, 1.0, 2.0, 3.0, 2.0]];
    const STOP: [f32; 7] = [2.0, 3.0, 3.0, 1.0, 1.0, 1.0, 2.0];
    const MOST_SYMBOLS: usize = 84;
    const QUIET: f32 = 5.0;
    let start = widths.get(first..first + 6)?;
    let module = start.iter().sum::<f32>() / 11.0;
    let before = if first == 0 { f32::MAX } else { widths[first - 1] };
    if before < QUIET * module || !STARTS.iter().any(|s| like(start, s)) {
        return None;
    }
    // The shortest has a start, one symbol of data, a check symbol and a stop.
    for symbols in 3..MOST_SYMBOLS {
        let runs = symbols * 6 + 7;
        let part = widths.get(first..first + runs)?;
        let after = widths.get(first + runs).copied().unwrap_or(f32::MAX);
        let (symbol, stop) = part.split_at(runs - 7);
        // Every symbol is eleven modules wide; what is not is no symbol, and no code goes on behind it.
        let last = symbol.get(runs - 13..).map_or(0.0, |s| s.iter().sum::<f32>()) / module;
        if !(6.0..18.0).contains(&last) {
            return None;
        }
        if like(stop, &STOP) && after >= QUIET * module {
            let all = part.iter().sum::<f32>() / (symbols * 11 + 13) as f32;
            let mut part: Vec<f32> = part.iter().map(|w| w / all).collect();
            balance_128(&mut part);
            return Some((runs, part));
        }
    }
    None
}

/// Whether runs have the widths of a symbol, in any size: no run is off by more than 0.8 of a module.
fn like(runs: &[f32], symbol: &[f32]) -> bool {
    let scale = symbol.iter().sum::<f32>() / runs.iter().sum::<f32>();
    runs.iter().zip(symbol).all(|(run, modules)| (run * scale - modules).abs() < 0.8)
}

/// As [`Shape::balance`]: the bars of each symbol of Code 128 are an even number of modules wide in all, on average as
/// wide as its spaces less one module; start and stop symbols have known widths.
fn balance_128(widths: &mut [f32]) {
    let bars = |runs: &[f32]| runs.iter().step_by(2).sum::<f32>();
    let stop = widths.len() - 7;
    // Start symbols have 4 (A and B) or 6 (C) modules of bars, the stop symbol 8.
    let start = bars(&widths[..6]);
    let specified = if (start - 4.0).abs() < (start - 6.0).abs() { 4.0 } else { 6.0 };
    let spread = ((start - specified + bars(&widths[stop..]) - 8.0) / 7.0).clamp(-0.5, 0.5);
    for (i, width) in widths.iter_mut().enumerate() {
        *width = if i % 2 == 0 { *width - spread } else { *width + spread }.max(0.2);
    }
}
