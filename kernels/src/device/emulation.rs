//! A machine for tests: the CUDA kernels on this processor, as `cuda/host` imitates a card.
//!
//! It compiles the kernels of this source tree when it is first asked for.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use libloading::Library;

use super::{Launch, Machine, MachineError, Memory, Recording};

/// Bytes around every piece of memory that nothing may write; read as numbers, they are not numbers.
const GUARD: usize = 1 << 14;
const GUARD_BYTE: u8 = 0xff;

/// Memory starts where that of cards does: at multiples of this.
const ALIGNMENT: usize = 256;

/// `emulate_launch` of `cuda/host/fibers.cpp`.
type LaunchFn = unsafe extern "C" fn(*const c_char, *const u32, u32, *const c_void, usize, c_int) -> *const c_char;

/// In which order a block's threads, and blocks, take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The first one first; asynchronous copies arrive as late as they may.
    Forwards,
    /// The last one first; asynchronous copies arrive at once.
    Backwards,
}

/// Why there is no emulation.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EmulationError {
    /// There is no C++ compiler.
    #[error("cannot run {compiler}: {reason}; install a C++ compiler, or name one with CXX")]
    NoCompiler {
        /// The compiler.
        compiler: String,
        /// What the system says.
        reason: String,
    },
    /// The kernels do not compile, or cannot be loaded.
    #[error("the kernels cannot be compiled for this processor: {0}")]
    Broken(String),
}

/// The kernels on this processor.
pub struct Emulator {
    launch: LaunchFn,
    order: Order,
    limit: usize,
    used: Arc<AtomicUsize>,
}

impl Emulator {
    /// One whose threads take turns in `order`, with `limit` bytes of memory.
    ///
    /// # Errors
    /// [`EmulationError`] without a C++ compiler that knows half precision.
    pub fn new(order: Order, limit: usize) -> Result<Self, EmulationError> {
        static LIBRARY: OnceLock<Result<Library, EmulationError>> = OnceLock::new();
        let library = LIBRARY.get_or_init(load).as_ref().map_err(Clone::clone)?;
        // SAFETY: the function has this type, and the library stays loaded.
        let launch = unsafe { library.get::<LaunchFn>(b"emulate_launch") };
        let launch = *launch.map_err(|error| EmulationError::Broken(error.to_string()))?;
        Ok(Self { launch, order, limit, used: Arc::default() })
    }
}

fn load() -> Result<Library, EmulationError> {
    let path = compile()?;
    // SAFETY: the library is made of this source tree; its initialisers fill a list of kernels.
    let library = unsafe { Library::new(&path) };
    // What is loaded needs its file no more.
    let _ = std::fs::remove_file(path);
    library.map_err(|error| EmulationError::Broken(error.to_string()))
}

fn compile() -> Result<PathBuf, EmulationError> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("cuda");
    // By process: programs that compile at once must not load each other's halves.
    let library = std::env::temp_dir().join(format!("slipstream-kernels-{}.so", std::process::id()));
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "g++".to_owned());
    let mut command = Command::new(&compiler);
    command.args(["-O2", "-march=native", "-std=c++17", "-shared", "-fPIC", "-fno-strict-aliasing"]);
    command.args(["-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-x", "c++"]);
    command.arg(sources.join("all.cu")).arg(sources.join("host/fibers.cpp")).arg("-o").arg(&library);
    match command.output() {
        Ok(output) if output.status.success() => Ok(library),
        Ok(output) => Err(EmulationError::Broken(String::from_utf8_lossy(&output.stderr).into_owned())),
        Err(error) => Err(EmulationError::NoCompiler { compiler, reason: error.to_string() }),
    }
}

/// An error of whoever wrote a test, or a kernel.
fn wrong(operation: &'static str, reason: impl Into<String>) -> MachineError {
    MachineError::Failed { operation, reason: reason.into() }
}

/// The part of `memory` that `len` bytes from place `at` are.
fn part(memory: &dyn Memory, at: usize, len: usize) -> Result<*mut u8, MachineError> {
    if at.checked_add(len).is_none_or(|end| end > memory.len()) {
        return Err(wrong("copy", format!("{len} bytes from {at} are outside of {} bytes", memory.len())));
    }
    Ok((memory.address() as *mut u8).wrapping_add(at))
}

impl Machine for Emulator {
    fn name(&self) -> &str {
        "emulation"
    }

    fn free_memory(&self) -> Result<usize, MachineError> {
        Ok(self.limit - self.used.load(Ordering::SeqCst))
    }

    fn allocate(&self, bytes: usize) -> Result<Box<dyn Memory>, MachineError> {
        if self.used.fetch_add(bytes, Ordering::SeqCst) + bytes > self.limit {
            self.used.fetch_sub(bytes, Ordering::SeqCst);
            return Err(MachineError::OutOfMemory { bytes });
        }
        // What nobody has written is not a number.
        let all = vec![GUARD_BYTE; bytes + 2 * GUARD + ALIGNMENT];
        let start = (all.as_ptr() as usize + GUARD).next_multiple_of(ALIGNMENT) - all.as_ptr() as usize;
        Ok(Box::new(Guarded { all, start, bytes, used: Arc::clone(&self.used) }))
    }

    fn write(&self, memory: &mut dyn Memory, to: usize, bytes: &[u8]) -> Result<(), MachineError> {
        let part = part(memory, to, bytes.len())?;
        // SAFETY: the part lies in the memory, which is borrowed exclusively.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), part, bytes.len()) };
        Ok(())
    }

    fn read(&self, memory: &dyn Memory, from: usize, bytes: &mut [u8]) -> Result<(), MachineError> {
        let part = part(memory, from, bytes.len())?;
        // SAFETY: the part lies in the memory, and kernels run only while their caller waits for them.
        unsafe { std::ptr::copy_nonoverlapping(part, bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    unsafe fn record(&self, launches: Vec<Launch>) -> Result<Box<dyn Recording>, MachineError> {
        Ok(Box::new(Emulated { launch: self.launch, order: self.order, launches }))
    }
}

/// Memory between two guards.
struct Guarded {
    all: Vec<u8>,
    start: usize,
    bytes: usize,
    used: Arc<AtomicUsize>,
}

impl Memory for Guarded {
    fn address(&self) -> u64 {
        (self.all.as_ptr() as usize + self.start) as u64
    }

    fn len(&self) -> usize {
        self.bytes
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::SeqCst);
        let (before, rest) = self.all.split_at(self.start);
        let untouched = before.iter().chain(&rest[self.bytes..]).all(|byte| *byte == GUARD_BYTE);
        assert!(untouched || std::thread::panicking(), "a kernel wrote outside of its memory");
    }
}

struct Emulated {
    launch: LaunchFn,
    order: Order,
    launches: Vec<Launch>,
}

impl Recording for Emulated {
    fn run(&mut self) -> Result<(), MachineError> {
        for launch in &self.launches {
            let name = CString::new(launch.kernel).map_err(|error| wrong("name a kernel", error.to_string()))?;
            let (arguments, bytes) = (launch.arguments.as_ptr().cast(), size_of_val(&*launch.arguments));
            let backwards = c_int::from(self.order == Order::Backwards);
            // SAFETY: whoever recorded the launch vouches for its addresses; sizes are checked on the other side, and
            // the text of an error lives until the next launch of this thread.
            let error = unsafe {
                let run = self.launch;
                let error = run(name.as_ptr(), launch.grid.as_ptr(), launch.threads, arguments, bytes, backwards);
                (!error.is_null()).then(|| CStr::from_ptr(error).to_string_lossy().into_owned())
            };
            if let Some(reason) = error {
                return Err(wrong("run a kernel", format!("{}: {reason}", launch.kernel)));
            }
        }
        Ok(())
    }
}
