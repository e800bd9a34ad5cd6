//! Sixteen lanes in one 512-bit register.

use std::arch::asm;
use std::arch::x86_64::*;

use super::gelu::gelu;
use super::{Lanes, Part};
use crate::ops::activation::Precision;

#[derive(Clone, Copy)]
pub(crate) struct F32x16(pub(super) __m512);

// SAFETY of all blocks: the trait's contract asks for AVX-512F and valid pointers.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Lanes for F32x16 {
    // 14 pixels × 2 blocks = 28 accumulators of 32 registers; the rest hold two weights and a pixel.
    const TILE: usize = 14;
    const PANEL_BLOCKS: usize = 2;
    type Upper = __mmask16;

    #[inline(never)]
    #[target_feature(enable = "avx512f")]
    unsafe fn apart<F: Part>(part: F) {
        unsafe { part.run() }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { Self(_mm512_loadu_ps(p)) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe { _mm512_storeu_ps(p, self.0) }
    }
    #[inline(always)]
    unsafe fn load_half(p: *const f32) -> Self {
        unsafe { Self(_mm512_castpd_ps(_mm512_broadcast_f64x4(_mm256_loadu_pd(p.cast())))) }
    }
    /// LLVM must not know the mask: of one that it knows it makes a shuffle of two registers (`vpermt2ps`), which
    /// takes a pipe that multiplies, where a blend takes one of the others.
    #[inline(always)]
    unsafe fn upper() -> __mmask16 {
        let mask: u32;
        unsafe { asm!("mov {:e}, 0xff00", out(reg) mask, options(pure, nomem, nostack, preserves_flags)) };
        mask as __mmask16
    }
    #[inline(always)]
    unsafe fn halves(low: Self, high: Self, upper: __mmask16) -> Self {
        unsafe { Self(_mm512_mask_blend_ps(upper, low.0, high.0)) }
    }
    #[inline(always)]
    unsafe fn split(self) -> [Self; 2] {
        unsafe {
            let zero = _mm512_setzero_ps();
            // Four lanes of 128 bits: the upper two of the sums, then two of zeros.
            [
                Self(_mm512_mask_blend_ps(0xff00, self.0, zero)),
                Self(_mm512_shuffle_f32x4::<0b01_00_11_10>(self.0, zero)),
            ]
        }
    }
    #[inline(always)]
    fn prefetch(p: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { Self(_mm512_set1_ps(x)) }
    }
    #[inline(always)]
    unsafe fn add(self, o: Self) -> Self {
        unsafe { Self(_mm512_add_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn sub(self, o: Self) -> Self {
        unsafe { Self(_mm512_sub_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn mul(self, o: Self) -> Self {
        unsafe { Self(_mm512_mul_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn div(self, o: Self) -> Self {
        unsafe { Self(_mm512_div_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn max(self, o: Self) -> Self {
        unsafe { Self(_mm512_max_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn min(self, o: Self) -> Self {
        unsafe { Self(_mm512_min_ps(self.0, o.0)) }
    }
    #[inline(always)]
    unsafe fn mul_add(self, b: Self, c: Self) -> Self {
        unsafe { Self(_mm512_fmadd_ps(self.0, b.0, c.0)) }
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        unsafe { Self(_mm512_roundscale_ps::<0>(self.0)) }
    }
    #[inline(always)]
    unsafe fn exp2_integral(self) -> Self {
        unsafe { Self(_mm512_scalef_ps(_mm512_set1_ps(1.0), self.0)) }
    }
    #[inline(always)]
    unsafe fn gelu(self, precision: Precision) -> Self {
        unsafe { gelu(self, precision) }
    }
    #[inline(always)]
    unsafe fn of_quarters<const I: usize>(self) -> Self {
        unsafe {
            Self(match I {
                0 => _mm512_permute_ps::<0x00>(self.0),
                1 => _mm512_permute_ps::<0x55>(self.0),
                2 => _mm512_permute_ps::<0xaa>(self.0),
                _ => _mm512_permute_ps::<0xff>(self.0),
            })
        }
    }
    #[inline(always)]
    unsafe fn as_square(self) -> Self {
        unsafe { Self(_mm512_castpd_ps(_mm512_permutex_pd::<0b11_01_10_00>(_mm512_castps_pd(self.0)))) }
    }
    #[inline(always)]
    unsafe fn load_quarters(p: *const f32, step: usize) -> Self {
        unsafe {
            let all = _mm512_castps128_ps512(_mm_loadu_ps(p));
            let all = _mm512_insertf32x4::<1>(all, _mm_loadu_ps(p.add(step)));
            let all = _mm512_insertf32x4::<2>(all, _mm_loadu_ps(p.add(2 * step)));
            Self(_mm512_insertf32x4::<3>(all, _mm_loadu_ps(p.add(3 * step))))
        }
    }
    #[inline(always)]
    unsafe fn store_quarters(self, p: *mut f32, step: usize) {
        unsafe {
            _mm_storeu_ps(p, _mm512_castps512_ps128(self.0));
            _mm_storeu_ps(p.add(step), _mm512_extractf32x4_ps::<1>(self.0));
            _mm_storeu_ps(p.add(2 * step), _mm512_extractf32x4_ps::<2>(self.0));
            _mm_storeu_ps(p.add(3 * step), _mm512_extractf32x4_ps::<3>(self.0));
        }
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        unsafe { _mm512_reduce_add_ps(self.0) }
    }
    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        unsafe { _mm512_reduce_max_ps(self.0) }
    }
}
