//! Grey bands: rows of tiles of the reduced photo, one after the other.

use slipstream_models::Raster;

use super::tiles::TILE;

/// Longer side of the reduced picture: text of a page-filling receipt is
/// resolved, and the cost stays small.
const REDUCED_SIDE: usize = 1_024;

/// Shorter side that is kept whatever the longer one: a receipt of a large purchase is ten times as long as it is wide,
/// and print is sized by the width of the paper.
const KEPT_SIDE: usize = 512;

/// Tiles that are enough to know a picture by; of one that has more, every other band is looked at, or every third, ….
const ENOUGH_TILES: usize = 700;

/// Red, green and blue in a grey level: those of ITU-R BT.601, in steps that keep sums within 16 bits.
const WEIGHTS: [u16; 3] = [10, 19, 3];

/// How a photo is reduced to whole tiles.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    /// Pixels of the reduced picture across.
    pub(super) width: usize,
    /// Pixels of the reduced picture down.
    pub(super) height: usize,
    /// Pixels of the photo a pixel of the reduced picture, in each direction.
    pub(super) factor: usize,
    /// Tiles across.
    pub(super) across: usize,
    /// Bands of tiles that one which is looked at stands for.
    pub(super) stride: usize,
}

impl Grid {
    /// The longer side of the reduced picture is at most twice [`REDUCED_SIDE`] and mostly near it, or the shorter one
    /// near [`KEPT_SIDE`], whichever leaves more.
    pub(super) fn new(raster: &Raster) -> Self {
        let (width, height) = (raster.width(), raster.height());
        let factor = (width.max(height) / REDUCED_SIDE).min(width.min(height) / KEPT_SIDE).max(1);
        let (width, height) = (width / factor, height / factor);
        let (across, down) = (width / TILE, height / TILE);
        Self { width, height, factor, across, stride: (across * down).div_ceil(ENOUGH_TILES).max(1) }
    }

    /// The bands that are looked at: [`TILE`] rows of [`Self::width`] grey levels, means over square blocks of the photo.
    pub(super) fn bands<'a>(&self, raster: &'a Raster) -> impl Iterator<Item = Vec<u8>> + use<'a> {
        let grid = *self;
        let row_bytes = raster.width().max(1) * 3;
        let mut sums = vec![0_u16; row_bytes];
        let bands = raster.rgb().chunks_exact(row_bytes * grid.factor * TILE).step_by(grid.stride);
        bands.map(move |band| {
            let mut levels = Vec::with_capacity(grid.width * TILE);
            for block in band.chunks_exact(row_bytes * grid.factor) {
                grid.reduce(block, &mut sums, &mut levels);
            }
            levels
        })
    }

    /// A row of blocks to a row of levels. Of each block two rows are looked at: photos with larger blocks show print with
    /// more pixels than it needs. Whole rows first: plain sums of neighbours in memory are what processors are fastest at.
    fn reduce(&self, rows: &[u8], sums: &mut [u16], levels: &mut Vec<u8>) {
        let mut rows = rows.chunks_exact(sums.len());
        let (Some(first), second) = (rows.next(), rows.next()) else { return };
        // Two rows, or one counted twice.
        let second = second.unwrap_or(first);
        let (wide, rest) = sums.as_chunks_mut::<24>();
        let (first, first_rest) = first.as_chunks::<24>();
        let (second, second_rest) = second.as_chunks::<24>();
        for ((sums, first), second) in wide.iter_mut().zip(first).zip(second) {
            for i in 0..24 {
                sums[i] = WEIGHTS[i % 3] * (u16::from(first[i]) + u16::from(second[i]));
            }
        }
        for (i, ((sum, first), second)) in rest.iter_mut().zip(first_rest).zip(second_rest).enumerate() {
            *sum = WEIGHTS[i % 3] * (u16::from(*first) + u16::from(*second));
        }
        match self.factor {
            1 => levels.extend(sums.as_chunks::<3>().0.iter().map(|b| (b.iter().sum::<u16>() / 64) as u8)),
            2 => levels.extend(sums.as_chunks::<6>().0.iter().map(|b| (b.iter().sum::<u16>() / 128) as u8)),
            3 => levels.extend(sums.as_chunks::<9>().0.iter().map(|b| (b.iter().sum::<u16>() / 192) as u8)),
            factor => {
                let n = 64 * factor as u32;
                levels.extend(
                    sums.chunks_exact(3 * factor).map(|b| (b.iter().map(|s| u32::from(*s)).sum::<u32>() / n) as u8),
                );
            }
        }
    }
}
