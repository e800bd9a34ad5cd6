//! Networks on devices with memory of their own.
//!
//! The same description as on the CPU ([`crate::NetworkBuilder`]), with weights
//! in f16 and activations as `[image][row][column][channel]` in f16, sums in
//! f32. A network becomes a list of kernels for every size and number of images
//! that it meets ([`DeviceNetwork`]); whatever runs such lists is a
//! [`Machine`]: a card, or an imitation of one in tests.
//!
//! | module | holds |
//! |---|---|
//! | `machine` | what is needed of a device |
//! | `emulation` | the kernels on this processor, for tests (a feature) |
//! | `arguments` | the kernels' parameters, as `cuda/arguments.cuh` has them |
//! | `weights` | filters in the order in which kernels read them |
//! | `input`, `output` | what networks are given, and what comes back |
//! | `lower` | an operation → launches |
//! | `network` | buffers, programs by size, running |

mod arguments;
#[cfg(feature = "emulation")]
mod emulation;
mod input;
mod lower;
mod machine;
mod network;
mod output;
mod weights;

#[cfg(feature = "emulation")]
pub use emulation::{EmulationError, Emulator, Order};
pub use input::{Input, LinePlace, PagePixels};
pub use machine::{Launch, Machine, MachineError, Memory, Recording};
pub use network::{DeviceBuildError, DeviceNetwork, DeviceRunError};
pub use output::{GUESSES, Guess, MapQuad, Run};
