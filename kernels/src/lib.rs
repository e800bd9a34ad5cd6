//! Kernels, and the executors that run convolutional networks on them.
//!
//! A network is described once with a [`NetworkBuilder`] (weights are packed
//! then), planned once per input size (shapes → buffers in one arena) and run
//! many times. Activations live in a blocked layout, sixteen channels beside
//! each other for every pixel, with a zero halo as wide as their widest
//! consumer needs, so that no kernel tests for borders.
//!
//! | module | holds |
//! |---|---|
//! | [`backend`] | which instruction set runs, chosen once at start |
//! | `simd` | sixteen f32 lanes on AVX-512, AVX2 or plain Rust |
//! | `ops` | the kernels, each written once over those lanes |
//! | `network`, `op`, `fold`, `split`, `mosaic`, `chain`, `plan`, `executor` | description → fewer operations and products → buffers → run |
//! | `profile` | the time of each operation |
//! | `filter`, `packing` | weights as they are given, and as the kernels read them |
//! | `calibrate` | fitting integers to what a network meets |
//! | [`candle_op`] | a network as one candle operation |
//! | [`accelerator`] | which device runs networks, and why one cannot be used |
//! | `device`, `cuda` | networks on devices with memory of their own (features of the same names) |
//!
//! The only crate of the workspace with `unsafe` code.

pub mod accelerator;
mod arena;
pub mod backend;
mod calibrate;
pub mod candle_op;
mod chain;
#[cfg(feature = "cuda")]
mod cuda;
#[cfg(feature = "device")]
pub mod device;
mod executor;
mod filter;
mod fold;
mod layout;
mod mosaic;
mod network;
mod op;
mod ops;
mod packing;
mod plan;
mod profile;
mod simd;
mod split;

pub use accelerator::{Accelerator, Device, DeviceError};
pub use backend::Backend;
pub use calibrate::Calibrated;
pub use candle_op::NetworkOp;
pub use executor::{Parallelism, RunError};
pub use filter::{BuildError, Filter, Quantisation};
pub use network::{Activation, Network, NetworkBuilder, OutputOrder, Padding, Value};
pub use profile::Layer;
