//! Gelu from tables: a polynomial for each of sixteen pieces, whose coefficients
//! are looked up in a register.
//!
//! Looking up occupies other units of the processor than multiplying does, so
//! that this costs half of one long polynomial (`ops::activation`).

use std::arch::x86_64::*;

use super::avx512::F32x16;
use super::{LANES, Lanes};
use crate::ops::activation::Precision;

/// Width of a piece; piece k is centred at k times this. A short binary fraction, so that the way to the centre is exact.
const WIDTH: f32 = 0.343_75;

/// Within the last piece, so that no seventeenth is looked up; erf(x/√2) is 1 to f32 precision there.
const BOUND: f32 = 15.4375 * WIDTH;

/// A number whose units are the last binary digits: adding it rounds to the nearest
/// whole number and leaves that in the lowest bits.
const ROUNDING: f32 = 12_582_912.0;

/// erf(x/√2)/2 by the way from the piece's centre, lowest power first: the
/// largest error of gelu is 1.4e-7 of max(|x|, 1), with what f32 rounds.
const SINGLE: [[f32; LANES]; 5] = [
    [
        0.0,
        0.134_482_85,
        0.254_116_15,
        0.348_788_2,
        0.415_434_27,
        0.457_170_04,
        0.480_419_93,
        0.491_941_4,
        0.497_020_24,
        0.499_011_78,
        0.499_706_45,
        0.499_921_98,
        0.499_981_46,
        0.499_996_07,
        0.499_999_25,
        0.499_999_88,
    ],
    [
        0.398_939_58,
        0.376_052_77,
        0.314_973_26,
        0.234_412_77,
        0.155_013_93,
        0.091_083_765,
        0.047_554_37,
        0.022_060_601,
        0.009_093_258_5,
        0.003_330_384_8,
        0.001_083_775_1,
        0.000_313_365_02,
        8.050535e-5,
        1.8376291e-5,
        3.7268796e-6,
        6.7155617e-7,
    ],
    [
        0.0,
        -0.064_633_2,
        -0.108_270_61,
        -0.120_867_565,
        -0.106_570_98,
        -0.078_274_66,
        -0.049_040_58,
        -0.026_542_105,
        -0.012_503_708,
        -0.005_152_048,
        -0.001_862_950_2,
        -0.000_592_558_4,
        -0.000_166_084_14,
        -4.107405e-5,
        -8.9721325e-6,
        -1.7324697e-6,
    ],
    [
        -0.066_123_45,
        -0.055_003_878,
        -0.027_645_452,
        0.002_318_557_8,
        0.022_782_953,
        0.029_496_241,
        0.025_724_333,
        0.017_623_723,
        0.009_987_337_5,
        0.004_796_062_6,
        0.001_978_020_4,
        0.000_706_473_8,
        0.000_219_728_46,
        5.9743998e-5,
        1.4241658e-5,
        2.982801e-6,
    ],
    [
        0.0,
        0.015_412_554,
        0.022_664_012,
        0.019_423_762,
        0.009_856_41,
        0.000_355_124_12,
        -0.005_067_433,
        -0.006_140_402_5,
        -0.004_748_631_7,
        -0.002_828_194,
        -0.001_377_119_2,
        -0.000_563_522_3,
        -0.000_196_770_9,
        -5.9189308e-5,
        -1.5435626e-5,
        -3.5056191e-6,
    ],
];

/// The same to 4e-5.
const HALF: [[f32; LANES]; 3] = [
    [
        0.0,
        0.134_481_16,
        0.254_113_67,
        0.348_786_1,
        0.415_433_2,
        0.457_17,
        0.480_420_47,
        0.491_942_05,
        0.497_020_75,
        0.499_012_08,
        0.499_706_6,
        0.499_922_04,
        0.499_981_5,
        0.499_996_07,
        0.499_999_25,
        0.499_999_88,
    ],
    [
        0.397_474_56,
        0.374_834_12,
        0.314_360_74,
        0.234_464_14,
        0.155_518_71,
        0.091_737_28,
        0.048_124_313,
        0.022_451_07,
        0.009_314_535,
        0.003_436_645_3,
        0.001_127_599_7,
        0.000_329_017_46,
        8.5373606e-5,
        1.9699964e-5,
        4.0424143e-6,
        7.3764244e-7,
    ],
    [
        0.0,
        -0.064_177_89,
        -0.107_601_09,
        -0.120_293_77,
        -0.106_279_81,
        -0.078_264_17,
        -0.049_190_275,
        -0.026_723_498,
        -0.012_643_987,
        -0.005_235_595_6,
        -0.001_903_631_7,
        -0.000_609_205_4,
        -0.000_171_896_96,
        -4.282256e-5,
        -9.428117e-6,
        -1.8360292e-6,
    ],
];

/// x·Φ(x) = x/2 + |x|·erf(|x|/√2)/2.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
pub(super) unsafe fn gelu(x: F32x16, precision: Precision) -> F32x16 {
    // SAFETY: forwarded; the tables have sixteen values.
    unsafe {
        match precision {
            Precision::Single => by_table(x, &SINGLE),
            Precision::Half => by_table(x, &HALF),
        }
    }
}

#[inline(always)]
unsafe fn by_table<const N: usize>(x: F32x16, table: &[[f32; LANES]; N]) -> F32x16 {
    // SAFETY: forwarded.
    unsafe {
        let size = F32x16(_mm512_abs_ps(x.0));
        let bounded = size.min(F32x16::splat(BOUND));
        let shifted = bounded.mul_add(F32x16::splat(1.0 / WIDTH), F32x16::splat(ROUNDING));
        let piece = _mm512_castps_si512(shifted.0);
        let way = shifted.sub(F32x16::splat(ROUNDING)).mul_add(F32x16::splat(-WIDTH), bounded);
        // A macro, because a closure might be compiled without the backend's features.
        macro_rules! coefficient {
            ($i:expr) => {
                F32x16(_mm512_permutexvar_ps(piece, F32x16::load(table[$i].as_ptr()).0))
            };
        }
        let mut sum = coefficient!(N - 1);
        for i in (0..N - 1).rev() {
            sum = sum.mul_add(way, coefficient!(i));
        }
        size.mul_add(sum, x.mul(F32x16::splat(0.5)))
    }
}
