//! Integers of eight bits, four to a lane, with sums in 32 bits (AVX512_VNNI).

use std::arch::x86_64::*;

use super::avx512::F32x16;
use super::{LANES, Lanes, Part, Products};
use crate::ops::activation::Precision;

/// Four channels in the place of one f32: unsigned inputs, signed weights. Sums
/// are integers in the bits of the vector until they are finished.
pub(crate) struct Quads;

impl Products<F32x16> for Quads {
    const PRECISION: Precision = Precision::Half;

    #[inline(never)]
    #[target_feature(enable = "avx512f,avx512vnni")]
    unsafe fn apart<F: Part>(part: F) {
        // SAFETY: forwarded.
        unsafe { part.run() }
    }

    #[inline(always)]
    unsafe fn start(_bias: *const f32) -> F32x16 {
        // SAFETY: the caller's backend has AVX-512.
        unsafe { F32x16(_mm512_setzero_ps()) }
    }

    #[inline(always)]
    unsafe fn mul_add(value: F32x16, weight: F32x16, sum: F32x16) -> F32x16 {
        // SAFETY: the caller's backend has AVX512_VNNI; casts keep the bits.
        unsafe {
            let integers = |v: F32x16| _mm512_castps_si512(v.0);
            let sum = _mm512_dpbusd_epi32(integers(sum), integers(value), integers(weight));
            F32x16(_mm512_castsi512_ps(sum))
        }
    }

    #[inline(always)]
    unsafe fn finish(sum: F32x16, scale: *const f32, bias: *const f32) -> F32x16 {
        // SAFETY: the caller vouches for sixteen scales and biases.
        unsafe {
            let sum = _mm512_cvtepi32_ps(_mm512_castps_si512(sum.0));
            F32x16(_mm512_fmadd_ps(sum, _mm512_loadu_ps(scale), _mm512_loadu_ps(bias)))
        }
    }

    #[inline(always)]
    unsafe fn start_halves(bias: *const f32) -> F32x16 {
        // SAFETY: forwarded.
        unsafe { Self::start(bias) }
    }

    #[inline(always)]
    unsafe fn finish_halves(sum: F32x16, scale: *const f32, bias: *const f32) -> F32x16 {
        // SAFETY: the caller vouches for eight scales and biases.
        unsafe {
            let sum = F32x16(_mm512_cvtepi32_ps(_mm512_castps_si512(sum.0)));
            sum.mul_add(F32x16::load_half(scale), F32x16::load_half(bias))
        }
    }
}

/// Rounds `pixels` pixels of sixteen channels: `x · inverse_steps[c] + zero` to the
/// nearest integer from 0 to 255; what is no number becomes 0.
///
/// # Safety
/// Needs AVX-512F; `from` must be readable for `pixels · 16` values, `inverse_steps`
/// for 16, and `to` writable for `pixels · 16` bytes.
#[target_feature(enable = "avx512f")]
pub(crate) unsafe fn round(from: *const f32, to: *mut u8, pixels: usize, inverse_steps: *const f32, zero: f32) {
    // SAFETY: the caller vouches for all ranges.
    unsafe {
        let inverse = _mm512_loadu_ps(inverse_steps);
        let (zero, least, most) = (_mm512_set1_ps(zero), _mm512_setzero_ps(), _mm512_set1_ps(255.0));
        for i in 0..pixels {
            let x = _mm512_fmadd_ps(_mm512_loadu_ps(from.add(i * LANES)), inverse, zero);
            // The second operand is the result when the first is not a number.
            let x = _mm512_min_ps(_mm512_max_ps(x, least), most);
            let bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x));
            _mm_storeu_si128(to.add(i * LANES).cast(), bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_goes_to_the_nearest_and_stays_in_range() {
        if !std::arch::is_x86_feature_detected!("avx512f") {
            return;
        }
        let mut values = [0.0_f32; LANES];
        values[..7].copy_from_slice(&[0.26, -0.24, 1e9, -1e9, f32::NAN, 0.75, 0.0]);
        let mut rounded = [7_u8; LANES];
        // SAFETY: the feature is there; every buffer holds one pixel.
        unsafe { round(values.as_ptr(), rounded.as_mut_ptr(), 1, [2.0; LANES].as_ptr(), 10.0) };
        assert_eq!(rounded[..7], [11, 10, 255, 0, 0, 12, 10]);
    }
}
