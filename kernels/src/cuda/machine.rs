//! A card as a [`Machine`]: one stream, on which everything happens in the order in which it is asked for.
//!
//! Not run yet: no card was at hand when this was written.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

use cudarc::driver::sys::{CUgraphInstantiate_flags_enum, CUresult, CUstreamCaptureMode};
use cudarc::driver::{CudaContext, CudaFunction, CudaGraph, CudaModule, CudaStream, DriverError, result};
use cudarc::nvrtc::Ptx;

use super::reason;
use crate::device::{Launch, Machine, MachineError, Memory, Recording};

/// What all memory and recordings of one card share.
struct Card {
    context: Arc<CudaContext>,
    stream: Arc<CudaStream>,
    /// Held while something is put on the stream: a capture takes whatever arrives meanwhile.
    order: Mutex<()>,
}

/// A card in use, with its kernels.
pub(super) struct CudaMachine {
    card: Arc<Card>,
    name: String,
    module: Arc<CudaModule>,
    functions: Mutex<HashMap<&'static str, CudaFunction>>,
}

impl CudaMachine {
    /// The card of `context`, called `name`, with the kernels of `ptx`.
    pub(super) fn new(context: Arc<CudaContext>, name: String, ptx: &str) -> Result<Self, MachineError> {
        let module = context.load_module(Ptx::from_src(ptx)).map_err(failed("load the kernels"))?;
        let stream = context.new_stream().map_err(failed("make a stream"))?;
        let card = Arc::new(Card { context, stream, order: Mutex::default() });
        Ok(Self { card, name, module, functions: Mutex::default() })
    }

    fn function(&self, kernel: &'static str) -> Result<CudaFunction, MachineError> {
        let mut functions = self.functions.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(function) = functions.get(kernel) {
            return Ok(function.clone());
        }
        let function = self.module.load_function(kernel).map_err(|_| MachineError::NoKernel(kernel.to_owned()))?;
        functions.insert(kernel, function.clone());
        Ok(function)
    }
}

impl Machine for CudaMachine {
    fn name(&self) -> &str {
        &self.name
    }

    fn free_memory(&self) -> Result<usize, MachineError> {
        let (free, _) = self.card.context.mem_get_info().map_err(failed("tell its free memory"))?;
        Ok(free)
    }

    fn allocate(&self, bytes: usize) -> Result<Box<dyn Memory>, MachineError> {
        self.card.context.bind_to_thread().map_err(failed("take the card"))?;
        // SAFETY: the memory is given to a value that frees it once, and nobody reads it before it is written.
        let address = unsafe { result::malloc_sync(bytes.max(1)) }.map_err(|error| match error.0 {
            CUresult::CUDA_ERROR_OUT_OF_MEMORY => MachineError::OutOfMemory { bytes },
            _ => failed("allocate memory")(error),
        })?;
        Ok(Box::new(CardMemory { card: Arc::clone(&self.card), address, bytes }))
    }

    fn write(&self, memory: &mut dyn Memory, to: usize, bytes: &[u8]) -> Result<(), MachineError> {
        check(memory.len(), to, bytes.len())?;
        self.card.put(|stream| {
            // SAFETY: the bytes fit; the driver has copied them when it returns, because they are not page-locked.
            unsafe { result::memcpy_htod_async(memory.address() + to as u64, bytes, stream.cu_stream()) }
                .map_err(failed("copy to the card"))
        })
    }

    fn read(&self, memory: &dyn Memory, from: usize, bytes: &mut [u8]) -> Result<(), MachineError> {
        check(memory.len(), from, bytes.len())?;
        self.card.put(|stream| {
            // SAFETY: the range lies in the memory; the bytes are not used before the stream is waited for.
            unsafe { result::memcpy_dtoh_async(bytes, memory.address() + from as u64, stream.cu_stream()) }
                .map_err(failed("copy from the card"))
        })?;
        self.card.stream.synchronize().map_err(failed("finish its work"))
    }

    unsafe fn record(&self, launches: Vec<Launch>) -> Result<Box<dyn Recording>, MachineError> {
        let launches = launches.into_iter().map(|launch| Ok((self.function(launch.kernel)?, launch)));
        let launches = launches.collect::<Result<_, MachineError>>()?;
        Ok(Box::new(CardRecording { card: Arc::clone(&self.card), launches, state: State::Fresh }))
    }
}

impl Card {
    /// Puts something on the stream, undisturbed.
    fn put<T>(&self, what: impl FnOnce(&Arc<CudaStream>) -> Result<T, MachineError>) -> Result<T, MachineError> {
        let _order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        self.context.bind_to_thread().map_err(failed("take the card"))?;
        what(&self.stream)
    }
}

/// Whether `len` bytes from place `from` lie in memory of `size` bytes.
fn check(size: usize, from: usize, len: usize) -> Result<(), MachineError> {
    if from.checked_add(len).is_some_and(|end| end <= size) {
        return Ok(());
    }
    let reason = format!("{len} bytes from {from} are outside of {size} bytes");
    Err(MachineError::Failed { operation: "copy", reason })
}

struct CardMemory {
    card: Arc<Card>,
    address: u64,
    bytes: usize,
}

impl Memory for CardMemory {
    fn address(&self) -> u64 {
        self.address
    }

    fn len(&self) -> usize {
        self.bytes
    }
}

impl Drop for CardMemory {
    fn drop(&mut self) {
        // A card that has failed cannot free anything, and there is nobody to tell.
        if self.card.context.bind_to_thread().is_ok() {
            // SAFETY: the address came from the driver and is freed here alone; the driver waits for kernels in flight.
            let _ = unsafe { result::free_sync(self.address) };
        }
    }
}

/// What a recording has come to.
enum State {
    /// Never run: the first run loads kernels, which a capture does not allow.
    Fresh,
    /// Run once.
    Warm,
    /// One graph, launched as a whole.
    Captured(Graph),
}

struct CardRecording {
    card: Arc<Card>,
    launches: Vec<(CudaFunction, Launch)>,
    state: State,
}

struct Graph(CudaGraph);

// SAFETY: a graph may be used by any thread, one at a time: its recording is borrowed exclusively to run.
unsafe impl Send for Graph {}

impl Recording for CardRecording {
    fn run(&mut self) -> Result<(), MachineError> {
        let card = Arc::clone(&self.card);
        card.put(|stream| match &self.state {
            State::Captured(graph) => graph.0.launch().map_err(failed("launch a graph")),
            State::Fresh => {
                launch_all(stream, &self.launches)?;
                self.state = State::Warm;
                Ok(())
            }
            State::Warm => {
                let mode = CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
                stream.begin_capture(mode).map_err(failed("begin a capture"))?;
                let launched = launch_all(stream, &self.launches);
                // Ended also after a failure, or the stream would stay in the capture.
                let graph = stream.end_capture(CUgraphInstantiate_flags_enum(0)).map_err(failed("end a capture"));
                launched?;
                match graph? {
                    Some(graph) => {
                        graph.launch().map_err(failed("launch a graph"))?;
                        self.state = State::Captured(Graph(graph));
                        Ok(())
                    }
                    None => launch_all(stream, &self.launches),
                }
            }
        })
    }
}

fn launch_all(stream: &CudaStream, launches: &[(CudaFunction, Launch)]) -> Result<(), MachineError> {
    for (function, launch) in launches {
        let [x, y, z] = launch.grid;
        let mut arguments = [launch.arguments.as_ptr().cast_mut().cast::<c_void>()];
        let block = (launch.threads, 1, 1);
        // SAFETY: whoever recorded the launch vouches for the addresses in it; the driver copies the one parameter.
        unsafe {
            result::launch_kernel(function.cu_function(), (x, y, z), block, 0, stream.cu_stream(), &mut arguments)
        }
        .map_err(|error| MachineError::Failed {
            operation: "start a kernel",
            reason: format!("{}: {}", launch.kernel, reason(error)),
        })?;
    }
    Ok(())
}

/// What the driver says of an operation.
fn failed(operation: &'static str) -> impl Fn(DriverError) -> MachineError {
    move |error| MachineError::Failed { operation, reason: reason(error) }
}
