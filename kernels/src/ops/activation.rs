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

/// The same for bfloat16 networks: bound, and coefficients whose largest error of
/// gelu is 1.9e-4 up to the bound, and below 2e-5 of x beyond it: less than what
/// rounding a result of about 1 costs there.
const SHORT_ERF_BOUND: f32 = 4.0;
const SHORT_ERF_COEFFICIENTS: [f32; 7] =
    [0.351_940_4, -0.168_853_4, 0.110_821_47, -0.070_923_65, 0.048_178_162, -0.033_102_985, 0.011_947_467];

/// 2^x on [-0.5, 0.5], lowest power first (Taylor series of e^(x·ln 2), error below 2e-7).
const EXP2_COEFFICIENTS: [f32; 7] =
    [1.0, std::f32::consts::LN_2, 0.240_226_5, 0.055_504_11, 0.009_618_129, 0.001_333_355_8, 0.000_154_035_3];

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

/// How exact the costly activations are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precision {
    /// To f32 rounding.
    Single,
    /// To bfloat16 rounding.
    Half,
}

/// x·Φ(x) by one polynomial, for processors without tables in registers.
#[inline(always)]
pub(crate) unsafe fn gelu<L: Lanes>(x: L, precision: Precision) -> L {
    // SAFETY: lane arithmetic only.
    unsafe {
        match precision {
            Precision::Single => gelu_of(x, ERF_BOUND, &ERF_COEFFICIENTS),
            Precision::Half => gelu_of(x, SHORT_ERF_BOUND, &SHORT_ERF_COEFFICIENTS),
        }
    }
}

/// The same with erf(x/√2)/x given by `coefficients` up to `bound`.
#[inline(always)]
unsafe fn gelu_of<L: Lanes, const N: usize>(x: L, bound: f32, coefficients: &[f32; N]) -> L {
    // SAFETY: lane arithmetic only.
    unsafe {
        let bounded = x.max(L::splat(-bound)).min(L::splat(bound));
        let u = bounded.mul(bounded).mul_add(L::splat(2.0 / (bound * bound)), L::splat(-1.0));
        let mut p = L::splat(coefficients[N - 1]);
        for i in (0..N - 1).rev() {
            p = p.mul_add(u, L::splat(coefficients[i]));
        }
        let half = x.mul(L::splat(0.5));
        p.mul(bounded).mul_add(half, half)
    }
}

/// `activation` of one vector.
#[inline(always)]
pub(super) unsafe fn of<L: Lanes>(x: L, activation: Activation, precision: Precision) -> L {
    // SAFETY: lane arithmetic only.
    unsafe {
        match activation {
            Activation::None => x,
            Activation::Relu => x.max(L::splat(0.0)),
            Activation::Gelu => x.gelu(precision),
            Activation::Sigmoid => sigmoid(x),
            Activation::Silu => x.mul(sigmoid(x)),
            Activation::HardSwish => {
                let gate = x.mul_add(L::splat(1.0 / 6.0), L::splat(0.5));
                x.mul(gate.max(L::splat(0.0)).min(L::splat(1.0)))
            }
        }
    }
}

/// Applies `activation` to `count` pixels of sixteen channels, `step` values
/// apart, and adds `residual` where there is one (same step). Of the channels
/// `channels` are in use; what happens to the others is open.
///
/// A pass of its own over a row that is still in the first-level cache: fused
/// into the convolution's tiles it would be compiled once per tile size.
#[inline(always)]
pub(crate) unsafe fn finish<L: Lanes>(
    (activation, precision): (Activation, Precision),
    (row, channels): (*mut f32, usize),
    residual: Option<*const f32>,
    step: usize,
    count: usize,
) {
    // A macro rather than a closure: closures do not carry the backend's target
    // features, and whatever is not inlined runs without vector registers.
    macro_rules! each {
        ($x:ident => $value:expr) => {
            for i in 0..count {
                let pixel = row.add(i * step);
                let $x = L::load(pixel);
                let value = $value;
                match residual {
                    Some(residual) => value.add(L::load(residual.add(i * step))).store(pixel),
                    None => value.store(pixel),
                }
            }
        };
    }
    // SAFETY: the caller vouches for `count` pixels in both rows.
    unsafe {
        match activation {
            Activation::None if residual.is_none() => {}
            Activation::None => each!(x => x),
            Activation::Relu => each!(x => x.max(L::splat(0.0))),
            // The branch on the precision stands outside of the loops.
            Activation::Gelu if precision == Precision::Half => each!(x => x.gelu(Precision::Half)),
            Activation::Gelu => each!(x => x.gelu(Precision::Single)),
            Activation::Sigmoid if channels <= 4 && residual.is_none() => {
                let whole = count / 4 * 4;
                for i in (0..whole).step_by(4) {
                    let four = row.add(i * step);
                    sigmoid(L::load_quarters(four, step)).store_quarters(four, step);
                }
                for i in whole..count {
                    let pixel = row.add(i * step);
                    sigmoid(L::load(pixel)).store(pixel);
                }
            }
            Activation::Sigmoid => each!(x => sigmoid(x)),
            Activation::Silu => each!(x => of(x, Activation::Silu, precision)),
            Activation::HardSwish => each!(x => of(x, Activation::HardSwish, precision)),
        }
    }
}
