//! Activation functions on sixteen lanes.

use crate::network::Activation;
use crate::simd::Lanes;

/// Beyond this |x|, erf(x/√2) is ±1 to f32 precision.
const ERF_BOUND: f32 = 5.2;

/// erf(x/√2)/x as a polynomial in u = 2x²/[`ERF_BOUND`]² − 1, lowest power first.
/// Fitted for the least largest error of gelu, 1.4e-7 before rounding; cheaper
/// fits showed in the recogniser's logits.
const ERF_COEFFICIENTS: [f32; 14] = [
    0.271_899_97,
    -0.135_487_24,
    0.100_051_23,
    -0.079_863_97,
    0.063_947_834,
    -0.049_397_68,
    0.036_077_54,
    -0.025_239_311,
    0.016_730_202,
    -0.009_084_651,
    0.004_010_347_6,
    -0.002_937_518_8,
    0.002_377_377_1,
    -0.000_776_481_8,
];

/// 2^x on [-0.5, 0.5], lowest power first (Taylor series of e^(x·ln 2), error below 2e-7).
const EXP2_COEFFICIENTS: [f32; 7] =
    [1.0, 0.693_147_2, 0.240_226_5, 0.055_504_11, 0.009_618_129, 0.001_333_355_8, 0.000_154_035_3];

/// e^x, relative error below 1e-6; inputs below -87 give (almost) zero.
#[inline(always)]
pub(crate) unsafe fn exp<L: Lanes>(x: L) -> L {
    // SAFETY: lane arithmetic only.
    unsafe {
        let x = x.max(L::splat(-87.0)).min(L::splat(87.0)).mul(L::splat(std::f32::consts::LOG2_E));
        let whole = x.round();
        let rest = x.sub(whole);
        let mut p = L::splat(EXP2_COEFFICIENTS[6]);
        for i in (0..6).rev() {
            p = p.mul_add(rest, L::splat(EXP2_COEFFICIENTS[i]));
        }
        p.mul(whole.exp2_integral())
    }
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) unsafe fn sigmoid<L: Lanes>(x: L) -> L {
    // SAFETY: lane arithmetic only.
    unsafe {
        let one = L::splat(1.0);
        one.div(one.add(exp(L::splat(0.0).sub(x))))
    }
}

/// x·Φ(x), the exact (erf) form of Hendrycks & Gimpel, arXiv 1606.08415.
#[inline(always)]
unsafe fn gelu<L: Lanes>(x: L) -> L {
    // SAFETY: lane arithmetic only.
    unsafe {
        let bounded = x.max(L::splat(-ERF_BOUND)).min(L::splat(ERF_BOUND));
        let u = bounded.mul(bounded).mul_add(L::splat(2.0 / (ERF_BOUND * ERF_BOUND)), L::splat(-1.0));
        let mut p = L::splat(ERF_COEFFICIENTS[13]);
        for i in (0..13).rev() {
            p = p.mul_add(u, L::splat(ERF_COEFFICIENTS[i]));
        }
        let half = x.mul(L::splat(0.5));
        p.mul(bounded).mul_add(half, half)
    }
}

/// Applies `activation` to `x`.
#[inline(always)]
pub(crate) unsafe fn apply<L: Lanes>(activation: Activation, x: L) -> L {
    // SAFETY: lane arithmetic only.
    unsafe {
        match activation {
            Activation::None => x,
            Activation::Relu => x.max(L::splat(0.0)),
            Activation::Gelu => gelu(x),
            Activation::Sigmoid => sigmoid(x),
            Activation::Silu => x.mul(sigmoid(x)),
            Activation::HardSwish => {
                let gate = x.mul_add(L::splat(1.0 / 6.0), L::splat(0.5));
                x.mul(gate.max(L::splat(0.0)).min(L::splat(1.0)))
            }
        }
    }
}
