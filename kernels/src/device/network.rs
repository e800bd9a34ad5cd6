//! A network on a device: weights once, buffers and a program for every size that it meets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::lower::{Addresses, scratch_bytes, unsupported};
use super::machine::{Machine, MachineError, Memory, Recording};
use super::weights::{Bytes, Placed, VECTOR, padded, place};
use crate::executor::RunError;
use crate::filter::BuildError;
use crate::network::{Network, OutputOrder, Value};
use crate::plan::{last_uses, places, roots, shapes};

/// Programs kept; a graph of a hundred kernels takes some hundred KiB.
const MAX_PROGRAMS: usize = 256;

/// Where buffers start: multiples of a cache line of the device.
const ALIGNMENT: usize = 256;

/// Why a network did not run.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeviceRunError {
    /// The images do not fit the network.
    #[error(transparent)]
    Image(#[from] RunError),
    /// The device cannot, also not with one image alone.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

/// Why a network cannot be brought to a device.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DeviceBuildError {
    /// It has an operation that devices have no kernel for.
    #[error(transparent)]
    Network(#[from] BuildError),
    /// Its weights do not fit, or the device fails.
    #[error(transparent)]
    Machine(#[from] MachineError),
}

/// A network with its weights on a device.
///
/// Its buffers are one piece of memory, as large as the largest images so far
/// need; when it grows, everything that was recorded for the old piece goes.
/// One run takes place at a time.
pub struct DeviceNetwork {
    machine: Arc<dyn Machine>,
    network: Arc<Network>,
    weights: Box<dyn Memory>,
    placed: Vec<Placed>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    arena: Option<Box<dyn Memory>>,
    /// By images, height and width.
    programs: HashMap<(usize, usize, usize), Program>,
}

/// What to run for one size and number of images.
struct Program {
    recording: Box<dyn Recording>,
    plan: Plan,
}

/// Places in the arena, in bytes.
#[derive(Clone)]
struct Plan {
    values: Vec<usize>,
    scratch: usize,
    /// Floats of the images.
    input: usize,
    /// Floats of the result.
    output: usize,
    /// `[height, width, channels]` of the result of one image.
    shape: [usize; 3],
    bytes: usize,
}

impl DeviceNetwork {
    /// Brings the weights of `network` to `machine`.
    ///
    /// # Errors
    /// When devices lack a kernel for one of its operations, or the machine lacks the memory.
    pub fn new(machine: Arc<dyn Machine>, network: Arc<Network>) -> Result<Self, DeviceBuildError> {
        if let Some(operation) = network.ops.iter().find_map(unsupported) {
            return Err(BuildError::Unsupported(operation).into());
        }
        let mut bytes = Bytes::default();
        let placed = place(&network, &mut bytes);
        let mut weights = machine.allocate(bytes.0.len())?;
        machine.write(&mut *weights, 0, &bytes.0)?;
        Ok(Self { machine, network, weights, placed, state: Mutex::default() })
    }

    /// The network that it runs.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Bytes on the device: weights and buffers.
    pub fn bytes(&self) -> usize {
        self.weights.len() + self.lock().arena.as_ref().map_or(0, |arena| arena.len())
    }

    /// Runs `images`, `[count][height][width][3]`, and gives the results one after the other, with the
    /// `[height, width, channels]` of one. Without enough memory for all of them, runs halves.
    ///
    /// # Errors
    /// When the images do not fit the network, or the device fails or has no memory for one image.
    pub fn run(
        &self,
        images: &[f32],
        (count, height, width): (usize, usize, usize),
    ) -> Result<(Vec<f32>, [usize; 3]), DeviceRunError> {
        let each = images.len() / count.max(1);
        self.network.check_image(&images[..each], height, width)?;
        if count == 0 || each * count != images.len() {
            // Too few images, or something behind the last one.
            return Err(RunError::ImageSize { height, width, expected: each, got: images.len() }.into());
        }
        match self.run_together(images, (count, height, width)) {
            Err(DeviceRunError::Machine(MachineError::OutOfMemory { .. })) if count > 1 => {
                let half = count / 2;
                let (first, second) = images.split_at(images.len() / count * half);
                let (mut results, shape) = self.run(first, (half, height, width))?;
                results.extend(self.run(second, (count - half, height, width))?.0);
                Ok((results, shape))
            }
            done => done,
        }
    }

    fn run_together(
        &self,
        images: &[f32],
        size: (usize, usize, usize),
    ) -> Result<(Vec<f32>, [usize; 3]), DeviceRunError> {
        let mut state = self.lock();
        if !state.programs.contains_key(&size) {
            let program = self.prepare(&mut state, size)?;
            state.programs.insert(size, program);
        }
        let State { arena: Some(arena), programs } = &mut *state else { return Err(lost().into()) };
        let program = programs.get_mut(&size).ok_or_else(lost)?;
        let bytes: Vec<u8> = images.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.machine.write(&mut **arena, program.plan.input, &bytes)?;
        program.recording.run()?;
        let [h, w, c] = program.plan.shape;
        let mut bytes = vec![0; size.0 * h * w * c * size_of::<f32>()];
        self.machine.read(&**arena, program.plan.output, &mut bytes)?;
        let results = bytes.chunks_exact(size_of::<f32>()).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        Ok((results.collect(), [h, w, c]))
    }

    /// Makes room for images of `size`, and records what they need.
    fn prepare(&self, state: &mut State, size: (usize, usize, usize)) -> Result<Program, DeviceRunError> {
        let (count, height, width) = size;
        let shapes = shapes(&self.network, height, width).map_err(|unfit| RunError::of(unfit, (height, width)))?;
        let plan = self.plan(&shapes, count);
        if state.arena.as_ref().is_none_or(|arena| arena.len() < plan.bytes) {
            // The old buffers go first: both together might not fit.
            state.programs.clear();
            state.arena = None;
            state.arena = Some(self.machine.allocate(plan.bytes)?);
        } else if state.programs.len() >= MAX_PROGRAMS {
            state.programs.clear();
        }
        let base = state.arena.as_ref().map(|arena| arena.address()).ok_or_else(lost)?;
        let at = |place: usize| base + place as u64;
        let addresses = Addresses {
            images: count,
            shapes: &shapes,
            values: plan.values.iter().map(|place| at(*place)).collect(),
            weights: self.weights.address(),
            scratch: at(plan.scratch),
        };
        let ops = self.network.ops.iter().zip(&self.placed).enumerate();
        let mut launches = vec![addresses.take(at(plan.input))];
        launches.extend(ops.flat_map(|(i, (op, placed))| addresses.lower(op, *placed, Value(i + 1))));
        launches.push(addresses.give(&self.network, at(plan.output)));
        // SAFETY: weights live as long as this network, the arena as long as its programs: both go together.
        let recording = unsafe { self.machine.record(launches) }?;
        Ok(Program { recording, plan })
    }

    fn plan(&self, shapes: &[crate::layout::Shape], images: usize) -> Plan {
        let last_use = last_uses(&self.network);
        let roots = roots(&self.network, &last_use, shapes);
        let value_bytes = |v: usize| {
            let channels = if v == 0 { VECTOR } else { padded(shapes[v].channels) };
            (images * shapes[v].height * shapes[v].width * channels * 2).next_multiple_of(ALIGNMENT)
        };
        let sizes: Vec<_> = (0..shapes.len()).map(value_bytes).collect();
        let (values, end) = places(&sizes, &roots, &last_use);
        let scratch = end;
        let scratch_of = self.network.ops.iter().zip(&shapes[1..]).map(|(op, shape)| scratch_bytes(op, *shape, images));
        let input = scratch + scratch_of.max().unwrap_or(0).next_multiple_of(ALIGNMENT);
        let floats = |count: usize| (images * count * size_of::<f32>()).next_multiple_of(ALIGNMENT);
        let output = input + floats(shapes[0].height * shapes[0].width * 3);
        let out = shapes[self.network.output.0];
        let shape = match self.network.order {
            OutputOrder::ChannelsLast => [out.height, out.width, out.channels],
            OutputOrder::PixelShuffle => [out.height * 2, out.width * 2, 1],
        };
        let bytes = output + floats(shape.iter().product());
        Plan { values, scratch, input, output, shape, bytes }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What cannot be: a program without its buffers.
fn lost() -> MachineError {
    MachineError::Failed { operation: "find its buffers", reason: "they were given up".to_owned() }
}
