//! Grey planes: the photo reduced, and halves of it.

use slipstream_models::Raster;

/// Longer side of the reduced picture: text of a page-filling receipt is
/// resolved, and the cost stays small.
const REDUCED_SIDE: usize = 1_024;

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
    /// twice [`REDUCED_SIDE`] and mostly near it.
    pub(super) fn reduced(raster: &Raster) -> Self {
        let factor = (raster.width().max(raster.height()) / REDUCED_SIDE).max(1);
        let (width, height) = (raster.width() / factor, raster.height() / factor);
        let mut levels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        // Weights of red, green and blue (ITU-R BT.601) in 1/256.
        let grey = |p: &[u8]| 77 * u32::from(p[0]) + 150 * u32::from(p[1]) + 29 * u32::from(p[2]);
        let area = (factor * factor) as u32;
        for rows in raster.rgb().chunks_exact(raster.width().max(1) * 3 * factor).take(height) {
            sums.fill(0);
            for row in rows.chunks_exact(raster.width() * 3) {
                for (sum, block) in sums.iter_mut().zip(row.chunks_exact(3 * factor)) {
                    *sum += block.chunks_exact(3).map(grey).sum::<u32>() >> 8;
                }
            }
            levels.extend(sums.iter().map(|s| (s / area).min(255) as u8));
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
