//! Sixteen lanes in an array; the compiler vectorises with what the target has.
//!
//! Products are rounded before they are added (no fused multiply-add without
//! hardware for it), so results differ from the other backends in the last bits.

use super::{LANES, Lanes, Part};

#[derive(Clone, Copy)]
pub(crate) struct F32Array([f32; LANES]);

impl F32Array {
    #[inline(always)]
    fn zip(self, o: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], o.0[i])))
    }
}

impl Lanes for F32Array {
    const TILE: usize = 4;
    const PANEL_BLOCKS: usize = 1;
    type Upper = ();

    #[inline(never)]
    unsafe fn apart<F: Part>(part: F) {
        // SAFETY: forwarded.
        unsafe { part.run() }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller gives a pointer to sixteen values; f32 arrays need only f32's alignment.
        Self(unsafe { p.cast::<[f32; LANES]>().read() })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: as in `load`.
        unsafe { p.cast::<[f32; LANES]>().write(self.0) }
    }
    #[inline(always)]
    unsafe fn load_half(p: *const f32) -> Self {
        // SAFETY: the caller gives a pointer to eight values.
        let half = unsafe { p.cast::<[f32; LANES / 2]>().read() };
        Self(std::array::from_fn(|i| half[i % (LANES / 2)]))
    }
    #[inline(always)]
    unsafe fn upper() {}
    #[inline(always)]
    unsafe fn halves(low: Self, high: Self, (): ()) -> Self {
        Self(std::array::from_fn(|i| if i < LANES / 2 { low.0[i] } else { high.0[i] }))
    }
    #[inline(always)]
    unsafe fn split(self) -> [Self; 2] {
        let half = |first: usize| std::array::from_fn(|i| if i < LANES / 2 { self.0[first + i] } else { 0.0 });
        [Self(half(0)), Self(half(LANES / 2))]
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; LANES])
    }
    #[inline(always)]
    unsafe fn add(self, o: Self) -> Self {
        self.zip(o, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, o: Self) -> Self {
        self.zip(o, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, o: Self) -> Self {
        self.zip(o, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(self, o: Self) -> Self {
        self.zip(o, |a, b| a / b)
    }
    #[inline(always)]
    unsafe fn max(self, o: Self) -> Self {
        self.zip(o, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn min(self, o: Self) -> Self {
        self.zip(o, |a, b| if a < b { a } else { b })
    }
    #[inline(always)]
    unsafe fn mul_add(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * b.0[i] + c.0[i]))
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        Self(self.0.map(f32::round_ties_even))
    }
    #[inline(always)]
    unsafe fn exp2_integral(self) -> Self {
        Self(self.0.map(|v| f32::from_bits(((v as i32 + 127) as u32) << 23)))
    }
    #[inline(always)]
    unsafe fn of_quarters<const I: usize>(self) -> Self {
        Self(std::array::from_fn(|i| self.0[i / 4 * 4 + I]))
    }
    #[inline(always)]
    unsafe fn as_square(self) -> Self {
        // Of a lane's number in bits, those in the middle change places.
        Self(std::array::from_fn(|i| self.0[i & 0b1001 | (i & 0b0100) >> 1 | (i & 0b0010) << 1]))
    }
    #[inline(always)]
    unsafe fn load_quarters(p: *const f32, step: usize) -> Self {
        // SAFETY: the caller gives four places of four values.
        Self(std::array::from_fn(|i| unsafe { *p.add(i / 4 * step + i % 4) }))
    }
    #[inline(always)]
    unsafe fn store_quarters(self, p: *mut f32, step: usize) {
        for (i, value) in self.0.iter().enumerate() {
            // SAFETY: as in `load_quarters`.
            unsafe { *p.add(i / 4 * step + i % 4) = *value }
        }
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        self.0.iter().sum()
    }
    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        self.0.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }
}
