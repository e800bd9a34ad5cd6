//! The blocked layout: `[blocks][height + 2·halo][width + 2·halo][16 channels]`.

use crate::simd::LANES;

/// Size of an activation and of its zero border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Zero pixels on each side, as many as the widest consumer reads.
    pub(crate) halo: usize,
    /// Values per pixel in a block: [`LANES`], or 4 for the image itself.
    pub(crate) pitch: usize,
}

impl Shape {
    pub(crate) fn blocks(&self) -> usize {
        self.channels.div_ceil(self.pitch)
    }

    /// Values between one row and the next.
    pub(crate) fn row(&self) -> usize {
        (self.width + 2 * self.halo) * self.pitch
    }

    /// Values between one block of channels and the next.
    pub(crate) fn block(&self) -> usize {
        (self.height + 2 * self.halo) * self.row()
    }

    /// Values in all.
    pub(crate) fn floats(&self) -> usize {
        self.blocks() * self.block()
    }

    /// Channels of block `b` that carry data; the rest of its lanes is padding.
    pub(crate) fn channels_of(&self, b: usize) -> usize {
        (self.channels - b * self.pitch).min(self.pitch)
    }
}

/// A shape with the place of its pixel (0, 0) of block 0 in memory.
#[derive(Clone, Copy)]
pub(crate) struct View {
    pub(crate) shape: Shape,
    pub(crate) origin: *mut f32,
}

// SAFETY: a view is an address; whoever dereferences it answers for the access.
unsafe impl Send for View {}
// SAFETY: as above.
unsafe impl Sync for View {}

impl View {
    /// The activation `shape` that starts at `start`.
    ///
    /// # Safety
    /// `start` must be valid for `shape.floats()` values.
    pub(crate) unsafe fn new(shape: Shape, start: *mut f32) -> Self {
        // SAFETY: the origin lies inside the buffer, behind the halo of the first block.
        let origin = unsafe { start.add(shape.halo * shape.row() + shape.halo * shape.pitch) };
        Self { shape, origin }
    }

    /// The address of pixel (`x`, `y`) of block `b`; coordinates may reach into the halo.
    ///
    /// # Safety
    /// The pixel must lie inside the buffer.
    pub(crate) unsafe fn at(&self, b: usize, y: isize, x: isize) -> *mut f32 {
        let s = &self.shape;
        let offset = (b * s.block()) as isize + y * s.row() as isize + x * s.pitch as isize;
        // The origin itself may lie elsewhere: a strip of a value holds some of its rows.
        self.origin.wrapping_offset(offset)
    }

    /// Writes zeros into the border left and right of `rows`, and into that above the first and below the last row.
    ///
    /// # Safety
    /// Nobody else may access that part of the border meanwhile.
    pub(crate) unsafe fn clear_border(&self, rows: std::ops::Range<usize>) {
        let s = self.shape;
        let halo = s.halo as isize;
        let side = s.halo * s.pitch;
        for b in 0..s.blocks() {
            // SAFETY: all ranges are border rows and columns of block `b`.
            unsafe {
                if rows.start == 0 {
                    std::ptr::write_bytes(self.at(b, -halo, -halo), 0, s.halo * s.row());
                }
                for y in rows.clone() {
                    std::ptr::write_bytes(self.at(b, y as isize, -halo), 0, side);
                    std::ptr::write_bytes(self.at(b, y as isize, s.width as isize), 0, side);
                }
                if rows.end == s.height {
                    std::ptr::write_bytes(self.at(b, s.height as isize, -halo), 0, s.halo * s.row());
                }
            }
        }
    }
}

/// Blocks of sixteen that `channels` need.
pub(crate) const fn blocks_of(channels: usize) -> usize {
    channels.div_ceil(LANES)
}
