//! A machine that runs the CUDA kernels on the processor, as `cuda/host` imitates a card.
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use libloading::Library;
use slipstream_kernels::Accelerator;
use slipstream_kernels::device::{Launch, Machine, MachineError, Memory, Recording};

/// Bytes around every piece of memory that nothing may write; read as numbers, they are not numbers.
const GUARD: usize = 1 << 14;
const GUARD_BYTE: u8 = 0xff;

type LaunchFn = unsafe extern "C" fn(*const c_char, *const u32, u32, *const c_void, usize, c_int) -> *const c_char;

/// In which order a block's threads, and blocks, take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Forwards,
    Backwards,
}

/// The kernels on the processor.
pub struct Emulator {
    library: &'static Library,
    order: Order,
    /// Bytes that may be in use at once.
    limit: usize,
    used: Arc<AtomicUsize>,
}

/// The compiled kernels; `None`, with a line that says so, where there is no C++ compiler.
fn library() -> Option<&'static Library> {
    static LIBRARY: OnceLock<Option<Library>> = OnceLock::new();
    let load = || {
        let path = compile()?;
        // SAFETY: the library is this repository's, and its initialisers fill a list of kernels.
        Some(unsafe { Library::new(path) }.unwrap())
    };
    LIBRARY.get_or_init(load).as_ref()
}

fn compile() -> Option<PathBuf> {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../kernels/cuda");
    // By process: test programs that compile at once must not load each other's halves.
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kernels-{}.so", std::process::id()));
    let compiler = std::env::var("CXX").unwrap_or_else(|_| "g++".to_owned());
    let mut command = Command::new(&compiler);
    command.args(["-O2", "-march=native", "-std=c++17", "-shared", "-fPIC", "-fno-strict-aliasing"]);
    command.args(["-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-x", "c++"]);
    command.arg(sources.join("all.cu")).arg(sources.join("host/fibers.cpp")).arg("-o").arg(&library);
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(library)
        }
        Err(error) => {
            println!("SKIPPED: the CUDA kernels cannot be compiled for the processor: {compiler}: {error}");
            None
        }
    }
}

/// Names a device, such as `cuda`, that tests run on in the place of the emulation.
const DEVICE_VARIABLE: &str = "SLIPSTREAM_TEST_DEVICE";

impl Emulator {
    /// One with memory without a bound; `None` where there is no C++ compiler.
    pub fn new(order: Order) -> Option<Arc<dyn Machine>> {
        if let Ok(device) = std::env::var(DEVICE_VARIABLE) {
            return Some(Arc::clone(Accelerator::open(device.parse().unwrap()).unwrap().machine().unwrap()));
        }
        Self::with_memory(order, usize::MAX)
    }

    /// One with `limit` bytes.
    pub fn with_memory(order: Order, limit: usize) -> Option<Arc<dyn Machine>> {
        Some(Arc::new(Self { library: library()?, order, limit, used: Arc::default() }))
    }
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
        // Aligned as cards align; what nobody has written is not a number.
        let layout = std::alloc::Layout::from_size_align(bytes + 2 * GUARD, 256).unwrap();
        // SAFETY: the size is not zero; all of it is written at once.
        let start = unsafe {
            let start = std::alloc::alloc(layout);
            std::ptr::write_bytes(start, GUARD_BYTE, layout.size());
            start
        };
        Ok(Box::new(Guarded { start: start as usize, layout, bytes, used: Arc::clone(&self.used) }))
    }

    fn write(&self, memory: &mut dyn Memory, to: usize, bytes: &[u8]) -> Result<(), MachineError> {
        assert!(to + bytes.len() <= memory.len());
        // SAFETY: the range lies in the memory, which is borrowed exclusively.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), (memory.address() as *mut u8).add(to), bytes.len());
        }
        Ok(())
    }

    fn read(&self, memory: &dyn Memory, from: usize, bytes: &mut [u8]) -> Result<(), MachineError> {
        assert!(from + bytes.len() <= memory.len());
        // SAFETY: the range lies in the memory, and kernels run only while somebody waits for them.
        unsafe {
            std::ptr::copy_nonoverlapping((memory.address() as *const u8).add(from), bytes.as_mut_ptr(), bytes.len());
        }
        Ok(())
    }

    unsafe fn record(&self, launches: Vec<Launch>) -> Result<Box<dyn Recording>, MachineError> {
        Ok(Box::new(Emulated { library: self.library, order: self.order, launches }))
    }
}

struct Guarded {
    start: usize,
    layout: std::alloc::Layout,
    bytes: usize,
    used: Arc<AtomicUsize>,
}

impl Memory for Guarded {
    fn address(&self) -> u64 {
        (self.start + GUARD) as u64
    }

    fn len(&self) -> usize {
        self.bytes
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::SeqCst);
        let start = self.start as *mut u8;
        // SAFETY: the memory is this value's, and is freed once.
        unsafe {
            let guards = [start, start.add(GUARD + self.bytes)].map(|at| std::slice::from_raw_parts(at, GUARD));
            let untouched = guards.iter().all(|guard| guard.iter().all(|byte| *byte == GUARD_BYTE));
            std::alloc::dealloc(start, self.layout);
            assert!(untouched || std::thread::panicking(), "a kernel wrote outside of its memory");
        }
    }
}

struct Emulated {
    library: &'static Library,
    order: Order,
    launches: Vec<Launch>,
}

impl Recording for Emulated {
    fn run(&mut self) -> Result<(), MachineError> {
        // SAFETY: the function has this type in cuda/host/fibers.cpp.
        let run = unsafe { self.library.get::<LaunchFn>(b"emulate_launch") }.unwrap();
        for launch in &self.launches {
            let name = CString::new(launch.kernel).unwrap();
            let (arguments, bytes) = (launch.arguments.as_ptr().cast(), size_of_val(&*launch.arguments));
            let backwards = c_int::from(self.order == Order::Backwards);
            // SAFETY: whoever recorded the launch vouches for its addresses; sizes are checked on the other side.
            let error = unsafe {
                let error = run(name.as_ptr(), launch.grid.as_ptr(), launch.threads, arguments, bytes, backwards);
                (!error.is_null()).then(|| CStr::from_ptr(error).to_string_lossy().into_owned())
            };
            if let Some(reason) = error {
                let reason = format!("{}: {reason}", launch.kernel);
                return Err(MachineError::Failed { operation: "run a kernel", reason });
            }
        }
        Ok(())
    }
}
