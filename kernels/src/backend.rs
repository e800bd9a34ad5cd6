//! Which instruction set the kernels use, decided once at start.

use std::sync::OnceLock;

/// The environment variable that overrides the choice, for tests and for
/// finding faults: a [`Backend::name`].
pub const BACKEND_VARIABLE: &str = "SLIPSTREAM_KERNELS";

/// An implementation of the kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// Products as [`Backend::Avx512Vnni`] where a network is calibrated, as
    /// [`Backend::Avx512Bf16`] elsewhere.
    Avx512VnniBf16,
    /// As [`Backend::Avx512`], with the products of dense convolutions in
    /// bfloat16 (8 bits of precision) and their sums in f32: twice the rate on AMD's processors, half of it on Intel's.
    Avx512Bf16,
    /// As [`Backend::Avx512`], with dense convolutions that are calibrated for
    /// it (see [`crate::Quantisation`]) in integers of eight bits: four times the rate.
    Avx512Vnni,
    /// 512-bit vectors with fused multiply-add.
    Avx512,
    /// 256-bit vectors with fused multiply-add.
    Avx2,
    /// Plain Rust, on every processor.
    Portable,
}

impl Backend {
    /// Every backend that this processor can run, fastest first.
    pub fn available() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                let vnni = std::arch::is_x86_feature_detected!("avx512vnni");
                let bf16 = std::arch::is_x86_feature_detected!("avx512bf16");
                let mut backends = [
                    (Self::Avx512VnniBf16, vnni && bf16),
                    (Self::Avx512Vnni, vnni),
                    (Self::Avx512Bf16, bf16),
                    (Self::Avx512, true),
                ];
                if made_by_intel() {
                    backends.swap(0, 1);
                    backends.swap(2, 3);
                }
                found.extend(backends.into_iter().filter(|(_, present)| *present).map(|(backend, _)| backend));
            }
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                found.push(Self::Avx2);
            }
        }
        found.push(Self::Portable);
        found
    }

    /// The backend in use: the fastest available one, unless
    /// [`BACKEND_VARIABLE`] names another that this processor can run.
    pub fn current() -> Self {
        static CURRENT: OnceLock<Backend> = OnceLock::new();
        *CURRENT.get_or_init(|| {
            let available = Self::available();
            let wanted = std::env::var(BACKEND_VARIABLE).ok();
            let named = wanted.and_then(|name| available.iter().copied().find(|b| b.name() == name));
            named.unwrap_or(available[0])
        })
    }

    /// Whether vectors have 512 bits.
    pub(crate) const fn has_avx512(self) -> bool {
        !matches!(self, Self::Avx2 | Self::Portable)
    }

    /// Whether calibrated convolutions multiply integers.
    pub const fn multiplies_integers(self) -> bool {
        matches!(self, Self::Avx512VnniBf16 | Self::Avx512Vnni)
    }

    /// Whether the other dense convolutions multiply bfloat16.
    pub const fn multiplies_bf16(self) -> bool {
        matches!(self, Self::Avx512VnniBf16 | Self::Avx512Bf16)
    }

    /// The name used in logs, metrics and [`BACKEND_VARIABLE`].
    pub const fn name(self) -> &'static str {
        match self {
            Self::Avx512VnniBf16 => "avx512vnnibf16",
            Self::Avx512Bf16 => "avx512bf16",
            Self::Avx512Vnni => "avx512vnni",
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }
}

/// Whether the processor is Intel's, which multiplies bfloat16 in vectors at half the rate of f32 (measured on Emerald
/// Rapids; they are fast in tiles, which no backend uses), where AMD's takes half the time.
#[cfg(target_arch = "x86_64")]
fn made_by_intel() -> bool {
    let vendor = std::arch::x86_64::__cpuid(0);
    [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).as_flattened() == b"GenuineIntel"
}
