//! The machine that tests run on: the emulation, or a device that is named in the environment.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]
#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used, reason = "a test may fail, and says what it skips")]

use std::sync::Arc;

use slipstream_kernels::Accelerator;
pub use slipstream_kernels::device::Order;
use slipstream_kernels::device::{EmulationError, Emulator, Machine};

/// Names a device, such as `cuda`, that tests run on in the place of the emulation.
const DEVICE_VARIABLE: &str = "SLIPSTREAM_TEST_DEVICE";

/// A machine; `None`, with a line that says so, where there is no C++ compiler.
pub fn machine(order: Order) -> Option<Arc<dyn Machine>> {
    if let Ok(device) = std::env::var(DEVICE_VARIABLE) {
        return Some(Arc::clone(Accelerator::open(device.parse().unwrap()).unwrap().machine().unwrap()));
    }
    machine_with_memory(order, usize::MAX)
}

/// An emulation with `limit` bytes of memory.
pub fn machine_with_memory(order: Order, limit: usize) -> Option<Arc<dyn Machine>> {
    match Emulator::new(order, limit) {
        Ok(emulator) => Some(Arc::new(emulator)),
        Err(missing @ EmulationError::NoCompiler { .. }) => {
            println!("SKIPPED: {missing}");
            None
        }
        Err(broken) => panic!("{broken}"),
    }
}
