//! What earlier JPEG compression left in every block.
//!
//! Pixels that were compressed once hardly change when they are compressed again
//! at the same quality; pixels that were changed in between do (Farid, Exposing
//! digital forgeries from JPEG ghosts, 2009). So the two qualities are sought at
//! which most of a page hardly changes, and every block says how much it changes
//! there. The trainer's `ghosts.py` computes the same but for [`earlier_quality`].

use std::f32::consts::PI;
use std::sync::LazyLock;

use rayon::prelude::*;

use super::planes::{CELL, Planes, luminance};
use crate::raster::Raster;

/// Numbers of a cell, see [`block_features`].
pub(super) const BLOCK_FEATURES: usize = 6;

const QUALITIES: std::ops::Range<u32> = 40..99;
/// Blocks that the qualities are sought with.
const SAMPLED: usize = 256;
/// A sampled block has at most this share of pixels that were cut off ...
const MOST_CUT: f32 = 0.25;
/// ... unless that leaves less than one in so many of the blocks wanted.
const LEAST_SHARE: usize = 4;
/// The same where only an earlier compression of the whole page is sought.
const FEWER_SAMPLED: usize = 96;
/// Blocks that these are chosen from.
const LOOKED_AT: usize = 4096;
/// Qualities to each side that one is compared with.
const NEAR: usize = 3;
/// The earlier quality is at least so far below the later: of a finer one nothing would be left.
const APART: usize = 3;
/// Grey levels.
const LEAST_CHANGE: f32 = 0.05;
/// Times what the page changes beside a dip; more tells no more.
const MOST_CHANGE: f32 = 4.0;

type Matrix = [[f32; CELL]; CELL];

/// Steps for luminance of the JPEG standard (ITU-T T.81), table K.1.
const STANDARD: [[u32; CELL]; CELL] = [
    [16, 11, 10, 16, 24, 40, 51, 61],
    [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77],
    [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101],
    [72, 92, 95, 98, 112, 100, 103, 99],
];

/// Orthonormal discrete cosine transform: `BASIS · block · BASISᵀ`.
static BASIS: LazyLock<Matrix> = LazyLock::new(|| {
    std::array::from_fn(|k| {
        let scale = if k == 0 { 0.5 * 0.5_f32.sqrt() } else { 0.5 };
        std::array::from_fn(|n| scale * ((2 * n + 1) as f32 * k as f32 * PI / 16.0).cos())
    })
});

static TRANSPOSED: LazyLock<Matrix> = LazyLock::new(|| transposed(&BASIS));

/// Brightness (128 is zero) of one cell, its transform, and what is known without any quality.
struct Block {
    pixels: Matrix,
    coefficients: Matrix,
    /// Sum of the coefficients' absolute values but for the mean, in whole numbers, so that ties fall alike everywhere.
    energy: f32,
    /// Share of pixels of which a channel is at an end of its range.
    cut: f32,
}

/// A quality at which a page changes less than at those beside it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Dip {
    quality: u32,
    /// How much less, 0 to 1.
    depth: f32,
    /// Grey levels that the page changes at the qualities beside.
    beside: f32,
}

/// [`BLOCK_FEATURES`] numbers of every cell: how much it changes at each of the two qualities, relative to what the page
/// changes at those beside, how deep both dips are (equal all over the page), log energy, and the share of pixels that
/// a channel's range cut off.
pub(super) fn block_features(page: &Raster, planes: &Planes) -> Vec<[f32; BLOCK_FEATURES]> {
    let (rows, columns) = planes.cells;
    let cells = (0..rows * columns).into_par_iter().with_min_len(256);
    let blocks: Vec<Block> = cells.map(|i| block(page, i / columns.max(1), i % columns.max(1))).collect();
    let dips = dips(&curve(&sampled(&blocks, SAMPLED)));
    let tables = dips.map(|dip| table(dip.quality));
    let features = |block: &Block| {
        let [later, earlier] = [0, 1].map(|i| (change(block, &tables[i]) / dips[i].beside).min(MOST_CHANGE));
        [later, earlier, dips[0].depth, dips[1].depth, block.energy.ln_1p() / 4.0 - 1.0, block.cut]
    };
    blocks.par_iter().with_min_len(256).map(features).collect()
}

/// How much a page changes at each of [`QUALITIES`], by these blocks of it.
fn curve(chosen: &[&Block]) -> Vec<f32> {
    let mean = |quality| {
        let steps = table(quality);
        chosen.iter().map(|block| change(block, &steps)).sum::<f32>() / chosen.len().max(1) as f32
    };
    QUALITIES.into_par_iter().map(mean).collect()
}

/// An earlier, coarser compression of a JPEG.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EarlierQuality {
    /// Its quality, as libjpeg counts it.
    pub quality: u8,
    /// How much less the page changes at it than at those beside it, 0 to 1.
    pub depth: f32,
}

/// The most likely quality below `saved` at which a page was compressed before it was compressed at `saved`; none where there
/// is no room for one. Looks at a part of the blocks, so that a large page takes no longer than a small one.
pub fn earlier_quality(page: &Raster, saved: u8) -> Option<EarlierQuality> {
    let (rows, columns) = (page.height() / CELL, page.width() / CELL);
    let step = (rows * columns).div_ceil(LOOKED_AT).max(1);
    let cells = (0..rows * columns).step_by(step);
    let blocks: Vec<Block> = cells.map(|i| block(page, i / columns.max(1), i % columns.max(1))).collect();
    let below = usize::from(saved).checked_sub(QUALITIES.start as usize + APART)?;
    let mut dips = all_dips(&curve(&sampled(&blocks, FEWER_SAMPLED)));
    dips.truncate(below);
    // Where hardly anything changes at all, nothing can change less.
    dips.retain(|dip| dip.beside > LEAST_CHANGE);
    let (_, dip) = deepest(&dips);
    Some(EarlierQuality { quality: u8::try_from(dip.quality).ok()?, depth: dip.depth.max(0.0) })
}

fn block(page: &Raster, row: usize, column: usize) -> Block {
    let mut pixels = Matrix::default();
    let mut cut = 0;
    for (y, line) in pixels.iter_mut().enumerate() {
        let start = ((row * CELL + y) * page.width() + column * CELL) * 3;
        let rgb = page.rgb()[start..start + CELL * 3].chunks_exact(3);
        for (to, rgb) in line.iter_mut().zip(rgb) {
            *to = luminance(rgb) - 128.0;
            cut += usize::from(rgb.iter().any(|v| *v == 0 || *v == 255));
        }
    }
    let coefficients = product(&product(&BASIS, &pixels), &TRANSPOSED);
    let sum: f32 = coefficients.iter().flatten().map(|c| c.abs()).sum();
    let energy = (sum - coefficients[0][0].abs()).floor();
    Block { pixels, coefficients, energy, cut: cut as f32 / (CELL * CELL) as f32 }
}

/// Quantisation steps at a quality from 1 to 100, as libjpeg scales them.
fn table(quality: u32) -> Matrix {
    let scale = if quality < 50 { 5000 / quality.max(1) } else { 200 - 2 * quality.min(100) };
    STANDARD.map(|line| line.map(|step| ((step * scale + 50) / 100).clamp(1, 255) as f32))
}

/// Mean difference that compressing a block with `steps` makes, in grey levels.
fn change(block: &Block, steps: &Matrix) -> f32 {
    let mut quantised = block.coefficients;
    for (value, step) in quantised.iter_mut().flatten().zip(steps.iter().flatten()) {
        *value = (*value / step).round_ties_even() * step;
    }
    let again = product(&product(&TRANSPOSED, &quantised), &BASIS);
    let pairs = again.iter().flatten().zip(block.pixels.iter().flatten());
    pairs.map(|(a, b)| (a.clamp(-128.0, 127.0) - b).abs()).sum::<f32>() / (CELL * CELL) as f32
}

fn transposed(a: &Matrix) -> Matrix {
    std::array::from_fn(|i| std::array::from_fn(|j| a[j][i]))
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let mut c = Matrix::default();
    for (to, factors) in c.iter_mut().zip(a) {
        for (factor, line) in factors.iter().zip(b) {
            for (to, value) in to.iter_mut().zip(line) {
                *to += factor * value;
            }
        }
    }
    c
}

/// `count` blocks to seek the qualities with: of those with most print in them, the least cut off, evenly over the page.
fn sampled(blocks: &[Block], count: usize) -> Vec<&Block> {
    let printed = |b: &&Block| b.energy > 0.0;
    let mut chosen: Vec<&Block> = blocks.iter().filter(printed).filter(|b| b.cut <= MOST_CUT).collect();
    if chosen.len() < count / LEAST_SHARE {
        chosen = blocks.iter().filter(printed).collect();
    }
    if chosen.len() > 4 * count {
        let mut energies: Vec<f32> = chosen.iter().map(|b| b.energy).collect();
        let (_, middle, _) = energies.select_nth_unstable_by(chosen.len() / 2, f32::total_cmp);
        let middle = *middle;
        chosen.retain(|b| b.energy >= middle);
    }
    let step = (chosen.len() / count).max(1);
    chosen.into_iter().step_by(step).take(count).collect()
}

/// The deepest dip of `curve` (a change for each of [`QUALITIES`]), and the deepest of those well below it.
fn dips(curve: &[f32]) -> [Dip; 2] {
    let all = all_dips(curve);
    let (place, later) = deepest(&all);
    let below = (place + 1).saturating_sub(APART).max(1).min(all.len());
    let (_, earlier) = deepest(&all[..below]);
    [later, earlier].map(|dip| Dip { depth: dip.depth.max(0.0), ..dip })
}

/// Each of [`QUALITIES`] against those beside it.
fn all_dips(curve: &[f32]) -> Vec<Dip> {
    let last = curve.len().saturating_sub(1);
    let dip = |(i, (quality, value)): (usize, (u32, &f32))| {
        let beside = (curve[i.saturating_sub(NEAR)] + curve[(i + NEAR).min(last)]) / 2.0;
        let beside = beside.max(LEAST_CHANGE);
        Dip { quality, depth: 1.0 - value / beside, beside }
    };
    QUALITIES.zip(curve).enumerate().map(dip).collect()
}

/// The deepest with its place: the first of equals, as the trainer takes it.
fn deepest(dips: &[Dip]) -> (usize, Dip) {
    let found = dips.iter().enumerate().rev().max_by(|a, b| a.1.depth.total_cmp(&b.1.depth));
    found.map_or((0, Dip { quality: QUALITIES.start, depth: 0.0, beside: LEAST_CHANGE }), |(i, dip)| (i, *dip))
}

#[cfg(test)]
mod tests {
    use super::super::planes::planes;
    use super::*;

    const SIDE: usize = 24;

    /// A page of noise, every block quantised at `quality` but the one in row 2, column 3.
    fn compressed(quality: u32) -> Raster {
        let mut state = 1_u32;
        let mut random = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0 - 0.5
        };
        let steps = table(quality);
        let mut rgb = vec![0_u8; SIDE * CELL * SIDE * CELL * 3];
        for index in 0..SIDE * SIDE {
            let (row, column) = (index / SIDE, index % SIDE);
            let noise: Matrix = std::array::from_fn(|_| std::array::from_fn(|_| 90.0 * random()));
            let mut coefficients = product(&product(&BASIS, &noise), &TRANSPOSED);
            if (row, column) != (2, 3) {
                for (value, step) in coefficients.iter_mut().flatten().zip(steps.iter().flatten()) {
                    *value = (*value / step).round() * step;
                }
            }
            let pixels = product(&product(&TRANSPOSED, &coefficients), &BASIS);
            for (y, line) in pixels.iter().enumerate() {
                for (x, value) in line.iter().enumerate() {
                    let start = ((row * CELL + y) * SIDE * CELL + column * CELL + x) * 3;
                    rgb[start..start + 3].fill((value + 128.0).round().clamp(0.0, 255.0) as u8);
                }
            }
        }
        Raster::new(SIDE * CELL, SIDE * CELL, rgb).unwrap_or_else(|e| unreachable!("{e}"))
    }

    #[test]
    fn a_block_that_was_changed_after_compression_changes_again() {
        for quality in [50, 75, 86, 92] {
            let page = compressed(quality);
            let features = block_features(&page, &planes(&page));
            let changed = 2 * SIDE + 3;
            assert!(features[0][2] > 0.4, "depth at {quality}: {}", features[0][2]);
            let others = features.iter().enumerate().filter(|(i, _)| *i != changed);
            let worst = others.map(|(_, f)| f[0]).fold(0.0, f32::max);
            assert!(features[changed][0] > 1.5 * worst, "{quality}: {} against {worst}", features[changed][0]);
        }
    }

    #[test]
    fn a_finer_compression_leaves_the_marks_of_a_coarser_one() {
        let once = compressed(92);
        let depth = |page: &Raster, saved| earlier_quality(page, saved).map_or(0.0, |earlier| earlier.depth);
        assert!(depth(&once, 92) < 0.3, "{}", depth(&once, 92));
        let before = compressed(60);
        let earlier = earlier_quality(&before, 95);
        assert!(earlier.is_some_and(|e| e.quality.abs_diff(60) <= 1 && e.depth > 0.5), "{earlier:?}");
        assert_eq!(earlier_quality(&before, 30), None);
        let blank = Raster::new(3, 900, vec![255; 3 * 900 * 3]).unwrap_or_else(|e| unreachable!("{e}"));
        assert_eq!(depth(&blank, 90), 0.0);
    }

    #[test]
    fn pages_without_anything_on_them_have_no_dips() {
        for value in [0, 90, 255] {
            let page = Raster::new(64, 64, vec![value; 64 * 64 * 3]).unwrap_or_else(|e| unreachable!("{e}"));
            let features = block_features(&page, &planes(&page));
            assert!(features.iter().all(|f| f[..2].iter().all(|v| *v <= MOST_CHANGE)), "{value}");
            assert!(features.iter().flatten().all(|v| v.is_finite()), "{value}");
        }
    }

    #[test]
    fn steps_are_those_of_the_standard_at_half_quality_and_finer_above() {
        assert_eq!(table(50), STANDARD.map(|line| line.map(|step| step as f32)));
        assert_eq!(table(86)[0][..6], [4.0, 3.0, 3.0, 4.0, 7.0, 11.0]);
        assert_eq!(table(100), [[1.0; CELL]; CELL]);
    }
}
