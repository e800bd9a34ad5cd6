//! The digits of a line as they are printed: measured on the pixels, at the characters that were read.

use slipstream_models::{Raster, TextLine};

/// Pixels of a line's height between which characters can be measured.
const HEIGHTS: std::ops::RangeInclusive<usize> = 10..=240;
/// Pixels of a line's length at most.
const MOST_LENGTH: usize = 8_000;
/// Grey levels between ink and paper, below which there is nothing to measure.
const CONTRAST: f32 = 50.0;
/// A digit is at most so wide, and at least so tall, as parts of the line's height.
const WIDEST: f32 = 0.9;
const SMALLEST: f32 = 0.3;
/// Of the pixels of a digit the darkest part that tells its ink.
const DARKEST: usize = 4;

/// A digit as it is printed; pixels along and across the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    /// Which character of the line it is.
    pub(super) place: usize,
    /// Middle, from the line's left end.
    pub(super) centre: f32,
    /// First row with ink, from the upper edge of the line's quad.
    pub(super) top: f32,
    /// Behind the last row with ink.
    pub(super) bottom: f32,
    /// Grey level of its ink.
    pub(super) ink: f32,
    /// Grey level of the paper around it.
    pub(super) paper: f32,
}

/// A line cut out of its page, in grey.
struct Strip {
    width: usize,
    height: usize,
    grey: Vec<u8>,
}

/// The digits of `line` that stand free of their neighbours.
pub(super) fn glyphs(line: &TextLine, page: &Raster) -> Vec<Glyph> {
    let digits = line.chars.iter().enumerate().filter(|(place, c)| c.ch.is_ascii_digit() && among_digits(line, *place));
    let Some(strip) = Strip::of(line, page) else { return Vec::new() };
    let Some(limit) = strip.threshold() else { return Vec::new() };
    let runs = strip.runs(limit);
    let run_of = |from: f32, to: f32| {
        let centre = (from + to) / 2.0 * strip.width as f32;
        runs.iter().position(|(left, right)| *left as f32 <= centre && centre < *right as f32)
    };
    let mut found: Vec<(usize, usize)> =
        digits.filter_map(|(place, c)| Some((place, run_of(c.start, c.end)?))).collect();
    // Characters that touch share a run, and cannot be measured apart.
    let touching: Vec<usize> = found.windows(2).filter(|pair| pair[0].1 == pair[1].1).map(|pair| pair[0].1).collect();
    found.retain(|(_, run)| !touching.contains(run));
    found.into_iter().filter_map(|(place, run)| strip.glyph(place, *runs.get(run)?, limit)).collect()
}

/// Whether the neighbours of a digit are digits or small marks. Where a character stands is known to half its width, so
/// that a bar or a bracket beside a digit could be measured in its place.
fn among_digits(line: &TextLine, place: usize) -> bool {
    let fits = |at: Option<usize>| {
        let neighbour = at.and_then(|at| line.chars.get(at));
        neighbour.is_none_or(|c| c.ch.is_ascii_digit() || matches!(c.ch, '.' | ',' | ' '))
    };
    fits(place.checked_sub(1)) && fits(place.checked_add(1))
}

impl Strip {
    fn of(line: &TextLine, page: &Raster) -> Option<Self> {
        let (width, height) = (line.quad.width().round() as usize, line.quad.height().round() as usize);
        if !HEIGHTS.contains(&height) || !(1..=MOST_LENGTH).contains(&width) {
            return None;
        }
        let [top_left, top_right, bottom_right, bottom_left] = line.quad.0;
        let mut grey = Vec::with_capacity(width * height);
        for y in 0..height {
            let down = (y as f32 + 0.5) / height as f32;
            let (from, to) = (top_left.lerp(bottom_left, down), top_right.lerp(bottom_right, down));
            for x in 0..width {
                let at = from.lerp(to, (x as f32 + 0.5) / width as f32);
                let on = |value: f32, side: usize| (value.max(0.0) as usize).min(side.saturating_sub(1));
                let start = (on(at.y, page.height()) * page.width() + on(at.x, page.width())) * 3;
                let [r, g, b] = page.rgb().get(start..start + 3)?.first_chunk().copied()?.map(u32::from);
                grey.push(((2 * r + 5 * g + b) / 8) as u8);
            }
        }
        Some(Self { width, height, grey })
    }

    /// The level below which a pixel is ink (Otsu 1979); none without contrast.
    fn threshold(&self) -> Option<u8> {
        let mut counts = [0_u32; 256];
        self.grey.iter().for_each(|level| counts[usize::from(*level)] += 1);
        let all: f64 = self.grey.iter().map(|level| f64::from(*level)).sum();
        let (mut below, mut sum) = (0_u32, 0.0_f64);
        let mut best = (0.0, 0_u8, 0.0);
        for (level, count) in (0_u8..255).zip(counts) {
            below += count;
            sum += f64::from(count) * f64::from(level);
            let above = self.grey.len() as u32 - below;
            if below > 0 && above > 0 {
                let apart = (all - sum) / f64::from(above) - sum / f64::from(below);
                let variance = f64::from(below) * f64::from(above) * apart * apart;
                if variance > best.0 {
                    best = (variance, level + 1, apart as f32);
                }
            }
        }
        (best.2 >= CONTRAST).then_some(best.1)
    }

    fn column(&self, x: usize) -> impl Iterator<Item = u8> + '_ {
        self.grey.iter().skip(x).step_by(self.width).copied()
    }

    /// Ranges of columns with ink in them.
    fn runs(&self, limit: u8) -> Vec<(usize, usize)> {
        let mut runs = Vec::new();
        let mut start = None;
        for x in 0..=self.width {
            let inked = x < self.width && self.column(x).any(|level| level < limit);
            match (inked, start) {
                (true, None) => start = Some(x),
                (false, Some(from)) => {
                    runs.push((from, x));
                    start = None;
                }
                _ => {}
            }
        }
        runs
    }

    fn glyph(&self, place: usize, (left, right): (usize, usize), limit: u8) -> Option<Glyph> {
        let row = |y: usize, from: usize, to: usize| self.grey.get(y * self.width + from..y * self.width + to);
        let inked = |y: &usize| row(*y, left, right).is_some_and(|row| row.iter().any(|level| *level < limit));
        let top = (0..self.height).find(inked)?;
        let bottom = (0..self.height).rev().find(inked)? + 1;
        let tall = self.height as f32;
        if (right - left) as f32 > WIDEST * tall || ((bottom - top) as f32) < SMALLEST * tall {
            return None;
        }
        let mut inside: Vec<u8> = (top..bottom).filter_map(|y| row(y, left, right)).flatten().copied().collect();
        let darkest = inside.len() / DARKEST;
        let (_, ink, _) = inside.select_nth_unstable(darkest / 2);
        let ink = f32::from(*ink);
        // The paper between it and its neighbours belongs to it as well.
        let (from, to) = (left.saturating_sub(2), (right + 2).min(self.width));
        let mut around: Vec<u8> =
            (top..bottom).filter_map(|y| row(y, from, to)).flatten().copied().filter(|level| *level >= limit).collect();
        let middle = around.len() / 2;
        let paper = if around.is_empty() { return None } else { f32::from(*around.select_nth_unstable(middle).1) };
        let centre = (left + right) as f32 / 2.0;
        Some(Glyph { place, centre, top: top as f32, bottom: bottom as f32, ink, paper })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use slipstream_models::{Point, Quad};

    use super::*;

    #[test]
    fn blank_and_tiny_lines_have_no_digits() {
        let page = Raster::new(100, 40, vec![240; 100 * 40 * 3]).unwrap_or_else(|e| unreachable!("{e}"));
        for (right, bottom) in [(100.0, 40.0), (100.0, 4.0), (0.2, 30.0)] {
            let line = TextLine::evenly_spaced("12.50", 0.9, Quad::from_bounds(0.0, 0.0, right, bottom));
            assert!(glyphs(&line, &page).is_empty(), "{right} {bottom}");
        }
    }

    proptest! {
        #[test]
        fn quads_anywhere_are_measured_or_left(
            corners in proptest::array::uniform4((-50.0_f32..150.0, -50.0_f32..100.0)),
            size in (0_usize..60, 0_usize..60),
            noise in any::<u64>(),
        ) {
            let bytes = (0..size.0 * size.1 * 3).map(|i| (noise.rotate_left(i as u32 % 64) >> 7) as u8).collect();
            let page = Raster::new(size.0, size.1, bytes).unwrap_or_else(|e| unreachable!("{e}"));
            let quad = Quad(corners.map(|(x, y)| Point::new(x, y)));
            for glyph in glyphs(&TextLine::evenly_spaced("1234567890", 0.9, quad), &page) {
                prop_assert!(glyph.top < glyph.bottom && glyph.place < 10);
            }
        }
    }
}
