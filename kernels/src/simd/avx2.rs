//! Sixteen lanes in two 256-bit registers.

use std::arch::x86_64::*;

use super::{Lanes, Part};

#[derive(Clone, Copy)]
pub(crate) struct F32x8x2(__m256, __m256);

macro_rules! both {
    ($f:ident, $($v:expr),+) => { unsafe { F32x8x2($f($($v.0),+), $f($($v.1),+)) } };
}

// SAFETY of all blocks: the trait's contract asks for AVX2, FMA and valid pointers.
#[allow(clippy::undocumented_unsafe_blocks)]
impl Lanes for F32x8x2 {
    // 6 pixels × 1 block × 2 registers = 12 accumulators of 16 registers.
    const TILE: usize = 6;
    const PANEL_BLOCKS: usize = 1;
    type Upper = ();

    #[inline(never)]
    #[target_feature(enable = "avx2,fma")]
    unsafe fn apart<F: Part>(part: F) {
        unsafe { part.run() }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        unsafe { Self(_mm256_loadu_ps(p), _mm256_loadu_ps(p.add(8))) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        unsafe {
            _mm256_storeu_ps(p, self.0);
            _mm256_storeu_ps(p.add(8), self.1);
        }
    }
    #[inline(always)]
    unsafe fn load_half(p: *const f32) -> Self {
        unsafe {
            let half = _mm256_loadu_ps(p);
            Self(half, half)
        }
    }
    #[inline(always)]
    unsafe fn upper() {}
    #[inline(always)]
    unsafe fn halves(low: Self, high: Self, (): ()) -> Self {
        Self(low.0, high.1)
    }
    #[inline(always)]
    unsafe fn split(self) -> [Self; 2] {
        unsafe {
            let zero = _mm256_setzero_ps();
            [Self(self.0, zero), Self(self.1, zero)]
        }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { Self(_mm256_set1_ps(x), _mm256_set1_ps(x)) }
    }
    #[inline(always)]
    unsafe fn add(self, o: Self) -> Self {
        both!(_mm256_add_ps, self, o)
    }
    #[inline(always)]
    unsafe fn sub(self, o: Self) -> Self {
        both!(_mm256_sub_ps, self, o)
    }
    #[inline(always)]
    unsafe fn mul(self, o: Self) -> Self {
        both!(_mm256_mul_ps, self, o)
    }
    #[inline(always)]
    unsafe fn div(self, o: Self) -> Self {
        both!(_mm256_div_ps, self, o)
    }
    #[inline(always)]
    unsafe fn max(self, o: Self) -> Self {
        both!(_mm256_max_ps, self, o)
    }
    #[inline(always)]
    unsafe fn min(self, o: Self) -> Self {
        both!(_mm256_min_ps, self, o)
    }
    #[inline(always)]
    unsafe fn mul_add(self, b: Self, c: Self) -> Self {
        both!(_mm256_fmadd_ps, self, b, c)
    }
    #[inline(always)]
    unsafe fn round(self) -> Self {
        unsafe { Self(_mm256_round_ps::<8>(self.0), _mm256_round_ps::<8>(self.1)) }
    }
    #[inline(always)]
    unsafe fn exp2_integral(self) -> Self {
        #[inline(always)]
        unsafe fn half(v: __m256) -> __m256 {
            unsafe {
                let biased = _mm256_add_epi32(_mm256_cvtps_epi32(v), _mm256_set1_epi32(127));
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
            }
        }
        unsafe { Self(half(self.0), half(self.1)) }
    }
    #[inline(always)]
    unsafe fn of_quarters<const I: usize>(self) -> Self {
        #[inline(always)]
        unsafe fn half<const I: usize>(v: __m256) -> __m256 {
            unsafe {
                match I {
                    0 => _mm256_permute_ps::<0x00>(v),
                    1 => _mm256_permute_ps::<0x55>(v),
                    2 => _mm256_permute_ps::<0xaa>(v),
                    _ => _mm256_permute_ps::<0xff>(v),
                }
            }
        }
        unsafe { Self(half::<I>(self.0), half::<I>(self.1)) }
    }
    #[inline(always)]
    unsafe fn as_square(self) -> Self {
        #[inline(always)]
        unsafe fn half(v: __m256) -> __m256 {
            unsafe { _mm256_castpd_ps(_mm256_permute4x64_pd::<0b11_01_10_00>(_mm256_castps_pd(v))) }
        }
        both!(half, self)
    }
    #[inline(always)]
    unsafe fn load_quarters(p: *const f32, step: usize) -> Self {
        unsafe { Self(_mm256_loadu2_m128(p.add(step), p), _mm256_loadu2_m128(p.add(3 * step), p.add(2 * step))) }
    }
    #[inline(always)]
    unsafe fn store_quarters(self, p: *mut f32, step: usize) {
        unsafe {
            _mm256_storeu2_m128(p.add(step), p, self.0);
            _mm256_storeu2_m128(p.add(3 * step), p.add(2 * step), self.1);
        }
    }
    #[inline(always)]
    unsafe fn sum(self) -> f32 {
        let mut lanes = [0.0f32; 16];
        unsafe { self.store(lanes.as_mut_ptr()) };
        lanes.iter().sum()
    }
    #[inline(always)]
    unsafe fn largest(self) -> f32 {
        let mut lanes = [0.0f32; 16];
        unsafe { self.store(lanes.as_mut_ptr()) };
        lanes.iter().copied().fold(f32::NEG_INFINITY, f32::max)
    }
}
