//! What the executor needs of a device: memory, copies, and lists of kernels to run.

use super::arguments::Arguments;

/// A device with memory of its own, or something that behaves like one.
pub trait Machine: Send + Sync {
    /// What measurements and messages call it.
    fn name(&self) -> &str;

    /// Bytes of memory that nobody uses.
    ///
    /// # Errors
    /// When the device fails.
    fn free_memory(&self) -> Result<usize, MachineError>;

    /// `bytes` of memory, with any contents.
    ///
    /// # Errors
    /// [`MachineError::OutOfMemory`] when there are not as many.
    fn allocate(&self, bytes: usize) -> Result<Box<dyn Memory>, MachineError>;

    /// Copies `bytes` to place `to` of `memory`, after everything that was asked for before.
    ///
    /// # Errors
    /// When the device fails, or `memory` is too small.
    fn write(&self, memory: &mut dyn Memory, to: usize, bytes: &[u8]) -> Result<(), MachineError>;

    /// Copies from place `from` of `memory` to `bytes`, and waits until that and everything before it is done.
    ///
    /// # Errors
    /// When the device fails, or `memory` is too small.
    fn read(&self, memory: &dyn Memory, from: usize, bytes: &mut [u8]) -> Result<(), MachineError>;

    /// Makes ready to run `launches`, one after the other, any number of times.
    ///
    /// # Safety
    /// Addresses in the arguments must be of memory that lives as long as what is returned, and large enough for
    /// what the kernels document.
    ///
    /// # Errors
    /// When the device has no such kernel.
    unsafe fn record(&self, launches: Vec<Launch>) -> Result<Box<dyn Recording>, MachineError>;
}

/// Memory of a device, freed when dropped.
pub trait Memory: Send + Sync {
    /// Where it starts, as kernels see it.
    fn address(&self) -> u64;

    /// How large it is, in bytes.
    fn len(&self) -> usize;

    /// Whether it holds nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Launches that are ready to run.
pub trait Recording: Send {
    /// Starts them all, in order, behind whatever the device was told before.
    ///
    /// # Errors
    /// When the device fails.
    fn run(&mut self) -> Result<(), MachineError>;
}

/// One kernel with its arguments.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The kernel's name.
    pub kernel: &'static str,
    /// Blocks: across, down, deep.
    pub grid: [u32; 3],
    /// Threads of a block.
    pub threads: u32,
    /// Its one parameter, aligned as the kernel expects it.
    pub arguments: Box<[u64]>,
}

impl Launch {
    /// `kernel` over `grid` blocks.
    pub(crate) fn new<A: Arguments>(kernel: &'static str, grid: [usize; 3], threads: usize, arguments: &A) -> Self {
        // Grids come from shapes that fit into memory; what does not fit here would not fit there.
        let grid = grid.map(|n| u32::try_from(n).unwrap_or(u32::MAX).max(1));
        Self { kernel, grid, threads: threads as u32, arguments: arguments.words() }
    }
}

/// What a device could not do.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum MachineError {
    /// Its memory does not suffice.
    #[error("the device has no {bytes} bytes left; send smaller images or fewer at once, or end what else uses it")]
    OutOfMemory {
        /// What was asked for.
        bytes: usize,
    },
    /// It has no such kernel: the program and its kernels are of different builds.
    #[error("the device has no kernel called {0}; build the program anew")]
    NoKernel(String),
    /// It failed, which may be because of what ran before.
    #[error("the device failed to {operation}: {reason}")]
    Failed {
        /// What it was told.
        operation: &'static str,
        /// What it says.
        reason: String,
    },
}
