//! Grey planes: the photo reduced, and halves of it.

use slipstream_models::Raster;

/// Longer side of the reduced picture: text of a page-filling receipt is
/// resolved, and the cost stays small.
const REDUCED_SIDE: usize = 1_024;

/// Shorter side that is kept whatever the longer one: a receipt of a large purchase is ten times as long as it is wide,
/// and print is sized by the width of the paper.
const KEPT_SIDE: usize = 512;

/// Rows of a block that are looked at: photos with larger blocks show print with more pixels than it needs.
const ROWS: usize = 2;

/// Grey levels, 0 to 255.
pub(super) struct Grey {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) levels: Vec<u8>,
    /// Pixels of the photo a pixel, in each direction.
    pub(super) factor: usize,
}

impl Grey {
    /// Means over square blocks of pixels, so that the longer side is at most
    /// twice [`REDUCED_SIDE`] and mostly near it, or the shorter one near [`KEPT_SIDE`], whichever leaves more.
    pub(super) fn reduced(raster: &Raster) -> Self {
        let (width, height) = (raster.width(), raster.height());
        let factor = (width.max(height) / REDUCED_SIDE).min(width.min(height) / KEPT_SIDE).max(1);
        let (width, height) = (raster.width() / factor, raster.height() / factor);
        let mut levels = Vec::with_capacity(width * height);
        let row_bytes = raster.width().max(1) * 3;
        // Rows first: plain sums of neighbours in memory are what processors are fastest at. No side has 257 times
        // [`REDUCED_SIDE`] pixels, so that they fit.
        let mut sums = vec![0_u16; row_bytes];
        for rows in raster.rgb().chunks_exact(row_bytes * factor).take(height) {
            sums.fill(0);
            for row in rows.chunks_exact(row_bytes).take(ROWS) {
                sums.iter_mut().zip(row).for_each(|(sum, level)| *sum = sum.wrapping_add(u16::from(*level)));
            }
            match factor {
                1 => levels.extend(blocks::<3>(&sums)),
                2 => levels.extend(blocks::<6>(&sums)),
                3 => levels.extend(blocks::<9>(&sums)),
                _ => levels.extend(sums.chunks_exact(3 * factor).map(|block| mean(block, factor.min(ROWS)))),
            }
        }
        Self { width, height, levels, factor }
    }

    /// Means of two by two pixels.
    pub(super) fn half(&self) -> Self {
        let (width, height) = (self.width / 2, self.height / 2);
        let mut levels = Vec::with_capacity(width * height);
        for rows in self.levels.chunks_exact(2 * self.width.max(1)).take(height) {
            let (above, below) = rows.split_at(self.width);
            let mean = |(a, b): (&[u8], &[u8])| {
                let sum = u16::from(a[0]) + u16::from(a[1]) + u16::from(b[0]) + u16::from(b[1]);
                ((sum + 2) / 4) as u8
            };
            levels.extend(above.chunks_exact(2).zip(below.chunks_exact(2)).map(mean));
        }
        Self { width, height, levels, factor: 2 * self.factor }
    }
}

/// Means of blocks of `N / 3` pixels in each direction; their size is known while compiling, which is faster.
fn blocks<const N: usize>(sums: &[u16]) -> impl Iterator<Item = u8> {
    sums.as_chunks::<N>().0.iter().map(|block| mean(block, (N / 3).min(ROWS)))
}

/// The grey level of a block from the sums of its columns over `rows` rows: weights of red, green and blue of ITU-R BT.601.
fn mean(block: &[u16], rows: usize) -> u8 {
    let sum = |channel: usize| block.iter().skip(channel).step_by(3).map(|sum| u32::from(*sum)).sum::<u32>();
    let weighted = 77 * sum(0) + 150 * sum(1) + 29 * sum(2);
    (weighted as f32 * (1.0 / (256 * (block.len() / 3) * rows) as f32)) as u8
}
