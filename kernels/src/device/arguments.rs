//! Parameters of the kernels; `cuda/arguments.cuh` declares the same and says what they mean.

use crate::network::Activation;

/// A kernel's parameter.
///
/// # Safety
/// The type must be `repr(C)`, without padding, and a multiple of eight bytes long.
pub(crate) unsafe trait Arguments: Copy {
    /// The bytes of it, aligned to eight.
    fn words(&self) -> Box<[u64]> {
        const { assert!(size_of::<Self>().is_multiple_of(8)) }
        let mut words = vec![0_u64; size_of::<Self>() / 8].into_boxed_slice();
        // SAFETY: both are as long; a type without padding is nothing but initialised bytes.
        unsafe {
            std::ptr::copy_nonoverlapping(
                std::ptr::from_ref(self).cast::<u8>(),
                words.as_mut_ptr().cast(),
                size_of::<Self>(),
            );
        }
        words
    }
}

/// Declares parameters, which are `repr(C)` and as long as their fields together.
macro_rules! arguments {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[repr(C)]
        #[derive(Debug, Clone, Copy, Default)]
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)+
        }

        const _: () = assert!(size_of::<$name>() == 0 $(+ size_of::<$type>())+, "no padding");

        // SAFETY: `repr(C)`, and without padding as was just asserted.
        unsafe impl Arguments for $name {}
    )+};
}

/// An address on the device; 0 is none.
pub(crate) type Address = u64;

/// Sources of one convolution.
pub(crate) const MOST_SOURCES: usize = 4;

arguments! {
    /// An input of a dense convolution.
    Source { data: Address, height: i32, width: i32, channels: i32, shift: i32 }

    /// `conv_32` and `conv_64`.
    ConvArguments {
        sources: [Source; MOST_SOURCES],
        taps: Address,
        weights: Address,
        bias: Address,
        residual: Address,
        output: Address,
        pixels: i32,
        rows: i32,
        columns: i32,
        stride_y: i32,
        stride_x: i32,
        depth: i32,
        filters: i32,
        channels: i32,
        scatter: i32,
        activation: i32,
    }

    /// `depthwise_{columns}_{stride}`.
    DepthwiseArguments {
        input: Address,
        weights: Address,
        bias: Address,
        residual: Address,
        output: Address,
        images: i32,
        height: i32,
        width: i32,
        rows: i32,
        columns: i32,
        channels: i32,
        down: i32,
        stride_y: i32,
        pad_y: i32,
        pad_x: i32,
        activation: i32,
        unused: i32,
    }

    /// `pool_largest`, `pool_mean`, `enlarge`, `add_enlarged`.
    PoolArguments {
        input: Address,
        other: Address,
        output: Address,
        images: i32,
        height: i32,
        width: i32,
        other_height: i32,
        other_width: i32,
        rows: i32,
        columns: i32,
        channels: i32,
        down: i32,
        across: i32,
    }

    /// `channel_means`.
    MeanArguments { input: Address, means: Address, pixels: i32, channels: i32 }

    /// `gates`.
    GateArguments {
        means: Address,
        squeeze: Address,
        squeeze_bias: Address,
        excite: Address,
        excite_bias: Address,
        gates: Address,
        inputs: i32,
        channels: i32,
        hidden: i32,
        skip: i32,
        slope: f32,
        unused: i32,
    }

    /// `scale_channels`.
    ScaleArguments {
        input: Address,
        gates: Address,
        output: Address,
        vectors: i32,
        vectors_of_image: i32,
        channels: i32,
        unused: i32,
    }

    /// `layer_norm` and `softmax`.
    NormArguments {
        input: Address,
        scale: Address,
        shift: Address,
        output: Address,
        pixels: i32,
        inputs: i32,
        channels: i32,
        epsilon: f32,
    }

    /// `attention`.
    AttentionArguments { input: Address, output: Address, columns: i32, heads: i32, scale: f32, unused: i32 }

    /// `from_floats`.
    FloatsArguments { input: Address, output: Address, pixels: i32, unused: i32 }

    /// A page, among those of [`PageArguments`].
    Page {
        rgb: Address,
        height: i32,
        width: i32,
        factor: i32,
        unused: i32,
        scale: [f32; 3],
        shift: [f32; 3],
    }

    /// `from_pages`.
    PageArguments { pages: Address, output: Address, rows: i32, columns: i32 }

    /// A line, among those of [`LineArguments`].
    Line { rgb: Address, height: i32, width: i32, corners: [f32; 8], columns: i32, samples: i32 }

    /// `from_lines`.
    LineArguments { lines: Address, output: Address, rows: i32, columns: i32 }

    /// `best_classes`.
    GuessArguments { input: Address, guesses: Address, steps: i32, inputs: i32, channels: i32, unused: i32 }

    /// `find_runs`.
    RunArguments {
        map: Address,
        runs: Address,
        count: Address,
        images: i32,
        rows: i32,
        columns: i32,
        room: i32,
        threshold: f32,
        unused: i32,
    }

    /// A quad, among those of [`QuadArguments`].
    QuadPlace { corners: [f32; 8], image: i32, unused: i32 }

    /// `quad_means`.
    QuadArguments { map: Address, quads: Address, means: Address, rows: i32, columns: i32 }

    /// `to_floats`.
    ResultArguments {
        input: Address,
        output: Address,
        pixels: i32,
        columns: i32,
        inputs: i32,
        channels: i32,
        shuffle: i32,
        unused: i32,
    }
}

/// The bytes of what kernels read as an array.
pub(crate) fn bytes_of<A: Arguments>(all: &[A]) -> Vec<u8> {
    all.iter().flat_map(|one| one.words().into_vec()).flat_map(u64::to_ne_bytes).collect()
}

/// The kernels' number of an activation.
pub(crate) fn number_of(activation: Activation) -> i32 {
    match activation {
        Activation::None => 0,
        Activation::Relu => 1,
        Activation::Gelu => 2,
        Activation::Sigmoid => 3,
        Activation::Silu => 4,
        Activation::HardSwish => 5,
    }
}
