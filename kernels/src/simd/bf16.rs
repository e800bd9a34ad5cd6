//! bfloat16: the upper half of an f32, two to a lane.
//!
//! Eight bits of precision are enough for the networks here (they were trained
//! with far stronger noise), and processors with AVX512_BF16 multiply pairs at
//! twice the rate of f32. Sums stay in f32.

use std::arch::x86_64::*;

use super::avx512::F32x16;
use super::{LANES, Part, Products};
use crate::ops::activation::Precision;

/// Two channels in the place of one f32.
pub(crate) struct Pairs;

impl Products<F32x16> for Pairs {
    const PRECISION: Precision = Precision::Half;

    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512bf16")]
    unsafe fn apart<F: Part>(part: F) {
        // SAFETY: forwarded.
        unsafe { part.run() }
    }

    #[inline(always)]
    unsafe fn mul_add(value: F32x16, weight: F32x16, sum: F32x16) -> F32x16 {
        // SAFETY: the caller's backend has AVX512_BF16; the types have the same 512 bits.
        unsafe {
            let pairs = |v: F32x16| std::mem::transmute::<__m512, __m512bh>(v.0);
            F32x16(_mm512_dpbf16_ps(sum.0, pairs(value), pairs(weight)))
        }
    }
}

/// Rounds `pixels` pixels of sixteen channels to bfloat16, to nearest even.
///
/// # Safety
/// Needs AVX512_BF16; `from` must be readable for `pixels · 16` values and `to`
/// writable for as many halves.
#[target_feature(enable = "avx512f,avx512bf16")]
pub(crate) unsafe fn round(from: *const f32, to: *mut u16, pixels: usize) {
    for i in 0..pixels {
        // SAFETY: the caller vouches for both ranges.
        unsafe {
            let halves = _mm512_cvtneps_pbh(_mm512_loadu_ps(from.add(i * LANES)));
            _mm256_storeu_si256(to.add(i * LANES).cast(), std::mem::transmute::<__m256bh, __m256i>(halves));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packing::nearest_bf16 as nearest;

    #[test]
    fn rounding_agrees_with_the_processor() {
        if !std::arch::is_x86_feature_detected!("avx512bf16") {
            return;
        }
        let values: Vec<f32> = (0..64).map(|i| (i as f32 - 31.7) * 1.000_37_f32.powi(i * 9)).collect();
        let mut rounded = vec![0_u16; 64];
        // SAFETY: the feature is there; both buffers hold four pixels.
        unsafe { round(values.as_ptr(), rounded.as_mut_ptr(), 4) };
        let expected: Vec<u16> = values.iter().map(|v| nearest(*v)).collect();
        assert_eq!(rounded, expected);
        assert_eq!(nearest(1.0), 0x3f80);
        assert_eq!(nearest(f32::from_bits(0x3f80_8000)), 0x3f80, "a tie goes to the even one");
    }
}
