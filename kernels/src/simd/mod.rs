//! Sixteen f32 lanes: one vector type per instruction set behind one trait.
//!
//! Kernels are written once as `#[inline(always)]` functions over [`Lanes`] and
//! instantiated inside functions that carry the `#[target_feature]` of their
//! backend (see [`multiversion!`]); inlining gives them the right instructions.

#[cfg(target_arch = "x86_64")]
pub(crate) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) mod avx512;
#[cfg(target_arch = "x86_64")]
pub(crate) mod bf16;
#[cfg(target_arch = "x86_64")]
mod gelu;
#[cfg(target_arch = "x86_64")]
pub(crate) mod int8;
pub(crate) mod portable;

use crate::ops::activation::{self, Precision};

/// Lanes in a vector, and channels in a block.
pub(crate) const LANES: usize = 16;

/// A vector of [`LANES`] f32 values.
///
/// # Safety
/// Methods may only run on a processor with the implementation's instruction
/// set; pointers must be valid for [`LANES`] values (no alignment is needed).
pub(crate) trait Lanes: Copy {
    /// Pixels that a convolution keeps in registers at once.
    const TILE: usize;
    /// Blocks of output channels that a convolution keeps in registers at once.
    const PANEL_BLOCKS: usize;
    /// Which lanes are the upper half, where an instruction has to be told.
    type Upper: Copy;

    /// Runs `part` as a function of its own, with the instruction set of the vectors.
    unsafe fn apart<F: Part>(part: F);
    unsafe fn load(p: *const f32) -> Self;
    unsafe fn store(self, p: *mut f32);
    /// The eight values at `p` in both halves.
    unsafe fn load_half(p: *const f32) -> Self;
    /// What [`Lanes::halves`] asks for, once for many calls.
    unsafe fn upper() -> Self::Upper;
    /// The lower half of `low` and the upper half of `high`.
    unsafe fn halves(low: Self, high: Self, upper: Self::Upper) -> Self;
    /// Either half as the lower one, above it zeros.
    unsafe fn split(self) -> [Self; 2];
    /// Asks for the cache line at `p`, which need not be valid.
    fn prefetch(_p: *const f32) {}
    unsafe fn splat(x: f32) -> Self;
    unsafe fn add(self, o: Self) -> Self;
    unsafe fn sub(self, o: Self) -> Self;
    unsafe fn mul(self, o: Self) -> Self;
    unsafe fn div(self, o: Self) -> Self;
    unsafe fn max(self, o: Self) -> Self;
    unsafe fn min(self, o: Self) -> Self;
    /// `self * b + c`.
    unsafe fn mul_add(self, b: Self, c: Self) -> Self;
    /// Nearest integer, ties to even.
    unsafe fn round(self) -> Self;
    /// `2^self` for integral lanes from -126 to 127.
    unsafe fn exp2_integral(self) -> Self;
    /// x·Φ(x), the exact (erf) form of Hendrycks & Gimpel, arXiv 1606.08415.
    #[inline(always)]
    unsafe fn gelu(self, precision: Precision) -> Self {
        // SAFETY: forwarded.
        unsafe { activation::gelu(self, precision) }
    }
    /// Of each four lanes lane `I`, four times.
    unsafe fn of_quarters<const I: usize>(self) -> Self;
    /// The rows of a square of 4×4, given its quarters of 2×2 one after another.
    unsafe fn as_square(self) -> Self;
    /// Four values each of four places, `step` apart.
    unsafe fn load_quarters(p: *const f32, step: usize) -> Self;
    unsafe fn store_quarters(self, p: *mut f32, step: usize);
    unsafe fn sum(self) -> f32;
    unsafe fn largest(self) -> f32;
}

/// A part of a kernel that is compiled as a function of its own.
///
/// One function of all tiles of all shapes takes the compiler many times as long
/// as the same tiles in a dozen.
pub(crate) trait Part {
    /// # Safety
    /// As the kernel says that it is a part of.
    unsafe fn run(self);
}

/// How a convolution multiplies a broadcast input with sixteen weights.
///
/// # Safety
/// As [`Lanes`].
pub(crate) trait Products<L: Lanes> {
    /// What the products are worth, and so what the activation behind them has to be.
    const PRECISION: Precision;

    /// Runs `part` as a function of its own, with the instruction set of the products.
    unsafe fn apart<F: Part>(part: F);

    /// What the sums of sixteen outputs start from, given their biases.
    #[inline(always)]
    unsafe fn start(bias: *const f32) -> L {
        // SAFETY: forwarded.
        unsafe { L::load(bias) }
    }

    /// `value * weight + sum`.
    unsafe fn mul_add(value: L, weight: L, sum: L) -> L;

    /// The outputs in f32, given their sums, scales (of integers alone) and biases.
    #[inline(always)]
    unsafe fn finish(sum: L, _scale: *const f32, _bias: *const f32) -> L {
        sum
    }

    /// As [`Products::start`], for eight outputs of two pixels.
    #[inline(always)]
    unsafe fn start_halves(bias: *const f32) -> L {
        // SAFETY: forwarded.
        unsafe { L::load_half(bias) }
    }

    /// As [`Products::finish`], for eight outputs of two pixels.
    #[inline(always)]
    unsafe fn finish_halves(sum: L, _scale: *const f32, _bias: *const f32) -> L {
        sum
    }
}

/// One f32 product a lane.
pub(crate) struct Single;

impl<L: Lanes> Products<L> for Single {
    const PRECISION: Precision = Precision::Single;

    #[inline(always)]
    unsafe fn apart<F: Part>(part: F) {
        // SAFETY: forwarded.
        unsafe { L::apart(part) }
    }

    #[inline(always)]
    unsafe fn mul_add(value: L, weight: L, sum: L) -> L {
        // SAFETY: forwarded.
        unsafe { value.mul_add(weight, sum) }
    }
}

/// Defines `$name(backend, task)`, which runs the generic kernel `$kernel` with
/// the instruction set of `backend`.
macro_rules! multiversion {
    ($(#[$doc:meta])* $name:ident => $kernel:ident($task:ty)) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// As the generic kernel says; `backend` must be available.
        pub(crate) unsafe fn $name(backend: $crate::Backend, task: &$task) {
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f")]
            unsafe fn avx512(task: &$task) {
                // SAFETY: the caller vouches for the task; the features are enabled here.
                unsafe { $kernel::<$crate::simd::avx512::F32x16>(task) }
            }
            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2(task: &$task) {
                // SAFETY: as above.
                unsafe { $kernel::<$crate::simd::avx2::F32x8x2>(task) }
            }
            match backend {
                // SAFETY: an available backend's features are present.
                #[cfg(target_arch = "x86_64")]
                wide if wide.has_avx512() => unsafe { avx512(task) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                $crate::Backend::Avx2 => unsafe { avx2(task) },
                // SAFETY: plain Rust; the caller vouches for the task.
                _ => unsafe { $kernel::<$crate::simd::portable::F32Array>(task) },
            }
        }
    };
}
pub(crate) use multiversion;

/// Repeats `$body` for `$t` from 0 up to `$count` (at most 14), as straight
/// code. A loop over an array of accumulators is unrolled too late by LLVM when
/// it is long: the array stays in memory and every step stores it (twice the time).
macro_rules! unroll {
    ($t:ident < $count:ident, $body:block) => {
        $crate::simd::unroll!(@ $t $count $body 0 1 2 3 4 5 6 7 8 9 10 11 12 13)
    };
    (@ $t:ident $count:ident $body:block $($n:literal)+) => {
        $(
            if const { $n < $count } {
                const $t: usize = $n;
                $body
            }
        )+
    };
}
pub(crate) use unroll;
