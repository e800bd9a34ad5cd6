//! CPU kernels and the executor that runs convolutional networks on them.
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
//! | `network`, `fold`, `plan`, `executor` | description → fewer operations → buffers → run |
//! | `profile` | the time of each operation |
//! | `filter`, `packing` | weights as they are given, and as the kernels read them |
//! | `calibrate` | fitting integers to what a network meets |
//! | [`candle_op`] | a network as one candle operation |
//!
//! The only crate of the workspace with `unsafe` code.

mod arena;
pub mod backend;
mod calibrate;
pub mod candle_op;
mod executor;
mod filter;
mod fold;
mod layout;
mod network;
mod ops;
mod packing;
mod plan;
mod profile;
mod simd;

pub use backend::Backend;
pub use calibrate::Calibrated;
pub use candle_op::NetworkOp;
pub use executor::{Parallelism, RunError};
pub use filter::{BuildError, Filter, Quantisation};
pub use network::{Activation, Network, NetworkBuilder, OutputOrder, Padding, Value};
pub use profile::Layer;
