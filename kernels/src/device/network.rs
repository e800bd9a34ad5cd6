//! A network on a device: weights once, buffers and a program for every size that it meets.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::arguments::{QuadPlace, bytes_of};
use super::input::{Input, InputKind};
use super::lower::{Addresses, int, quad_means, scratch_bytes, unsupported};
use super::machine::{Machine, MachineError, Memory, Recording};
use super::output::{
    GUESS_BYTES, GUESSES, Guess, MapQuad, ROOM, RUN_BYTES, Run, Wanted, floats, guesses, runs, runs_of,
};
use super::weights::{Bytes, Placed, VECTOR, padded, place};
use crate::executor::RunError;
use crate::filter::BuildError;
use crate::layout::Shape;
use crate::network::{Network, OutputOrder, Value};
use crate::plan::{last_uses, places, roots, shapes};

/// Programs kept; a graph of a hundred kernels takes some hundred KiB.
const MAX_PROGRAMS: usize = 256;

/// Runs that are copied together with their count.
const USUAL_RUNS: usize = 4095;

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
    /// Pages in bytes; programs find their pixels through the addresses in what they are given.
    pixels: Option<Box<dyn Memory>>,
    programs: HashMap<Key, Program>,
}

/// What a program is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Key {
    images: usize,
    size: (usize, usize),
    input: InputKind,
    wanted: Wanted,
}

struct Program {
    recording: Box<dyn Recording>,
    plan: Plan,
}

/// Places in the arena, in bytes.
#[derive(Clone)]
struct Plan {
    values: Vec<usize>,
    scratch: usize,
    /// What the first kernel reads.
    input: usize,
    /// Floats of the result.
    output: usize,
    /// What was made of them.
    digest: usize,
    /// `[height, width, channels]` of the result of one image.
    shape: [usize; 3],
    /// Pixels of the result before four channels become pixels, of all images.
    steps: usize,
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
    pub fn run(&self, images: Input<'_>, size: (usize, usize)) -> Result<(Vec<f32>, [usize; 3]), DeviceRunError> {
        let mut results = Vec::new();
        let mut shape = [0; 3];
        self.in_parts(images, size, Wanted::Floats, &mut |machine, arena, plan, count| {
            shape = plan.shape;
            let bytes = count * shape.iter().product::<usize>() * size_of::<f32>();
            results.extend(floats(&read(machine, arena, plan.output, bytes)?));
            Ok(())
        })?;
        Ok((results, shape))
    }

    /// The most probable classes of every step of `images`, best first, one image after the other.
    ///
    /// # Errors
    /// As [`DeviceNetwork::run`].
    pub fn classes(&self, images: Input<'_>, size: (usize, usize)) -> Result<Vec<[Guess; GUESSES]>, DeviceRunError> {
        let mut all = Vec::new();
        self.in_parts(images, size, Wanted::Classes, &mut |machine, arena, plan, _| {
            let bytes = plan.steps * GUESSES * GUESS_BYTES;
            all.extend(guesses(&read(machine, arena, plan.digest, bytes)?));
            Ok(())
        })?;
        Ok(all)
    }

    /// For networks whose result is one map an image: hands the runs above `threshold` of all maps to `quads`, and
    /// gives the quads that come back with the map's mean inside of each. The maps themselves do not travel.
    ///
    /// # Errors
    /// As [`DeviceNetwork::run`], but all images must fit into memory together.
    pub fn quads(
        &self,
        images: Input<'_>,
        size: (usize, usize),
        threshold: f32,
        quads: impl FnOnce(&[Run]) -> Vec<MapQuad>,
    ) -> Result<Vec<(MapQuad, f32)>, DeviceRunError> {
        let count = images.count(size)?;
        let wanted = Wanted::Runs(threshold.to_bits());
        let mut quads = Some(quads);
        let mut found = Vec::new();
        self.together(images, count, size, wanted, &mut |machine, arena, plan, count| {
            let map = (plan.shape[0], plan.shape[1]);
            let runs = runs_on(machine, arena, plan, (count, threshold))?;
            let Some(quads) = quads.take() else { return Ok(()) };
            let quads = quads(&runs);
            let means = means_on(machine, arena, plan, map, &quads)?;
            found = quads.into_iter().zip(means).collect();
            Ok(())
        })?;
        Ok(found)
    }

    /// Runs all images, or halves of them where memory does not suffice, and hands each part's results to `take`.
    fn in_parts(
        &self,
        images: Input<'_>,
        size: (usize, usize),
        wanted: Wanted,
        take: &mut Take<'_>,
    ) -> Result<(), DeviceRunError> {
        let count = images.count(size)?;
        match self.together(images, count, size, wanted, take) {
            Err(DeviceRunError::Machine(MachineError::OutOfMemory { .. })) if count > 1 => {
                let (first, second) = images.split(count / 2, count);
                self.in_parts(first, size, wanted, take)?;
                self.in_parts(second, size, wanted, take)
            }
            done => done,
        }
    }

    fn together(
        &self,
        images: Input<'_>,
        count: usize,
        size: (usize, usize),
        wanted: Wanted,
        take: &mut Take<'_>,
    ) -> Result<(), DeviceRunError> {
        let mut state = self.lock();
        let machine = &*self.machine;
        let key = Key { images: count, size, input: images.kind(), wanted };
        if !state.programs.contains_key(&key) {
            let program = self.prepare(&mut state, key)?;
            state.programs.insert(key, program);
        }
        let pixels = state.hold_pixels(machine, images)?;
        let State { arena: Some(arena), programs, .. } = &mut *state else { return Err(lost().into()) };
        let program = programs.get_mut(&key).ok_or_else(lost)?;
        machine.write(&mut **arena, program.plan.input, &images.head(size, pixels))?;
        if matches!(wanted, Wanted::Runs(_)) {
            machine.write(&mut **arena, program.plan.digest, &[0; RUN_BYTES])?;
        }
        program.recording.run()?;
        Ok(take(machine, &mut **arena, &program.plan, count)?)
    }

    /// Makes room for what `key` says, and records it.
    fn prepare(&self, state: &mut State, key: Key) -> Result<Program, DeviceRunError> {
        let (height, width) = key.size;
        let shapes = shapes(&self.network, height, width).map_err(|unfit| RunError::of(unfit, key.size))?;
        let plan = self.plan(&shapes, key.images, key.wanted);
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
            images: key.images,
            shapes: &shapes,
            values: plan.values.iter().map(|place| at(*place)).collect(),
            weights: self.weights.address(),
            scratch: at(plan.scratch),
        };
        let ops = self.network.ops.iter().zip(&self.placed).enumerate();
        let mut launches = vec![addresses.take(key.input, at(plan.input))];
        launches.extend(ops.flat_map(|(i, (op, placed))| addresses.lower(op, *placed, Value(i + 1))));
        match key.wanted {
            Wanted::Floats => launches.push(addresses.give(&self.network, at(plan.output))),
            Wanted::Classes => launches.push(addresses.guess(self.network.output, at(plan.digest))),
            Wanted::Runs(threshold) => {
                launches.push(addresses.give(&self.network, at(plan.output)));
                let map = (plan.shape[0], plan.shape[1]);
                let room = (at(plan.digest), key.images * ROOM);
                launches.push(addresses.find_runs(at(plan.output), map, f32::from_bits(threshold), room));
            }
        }
        // SAFETY: weights live as long as this network, the arena as long as its programs: both go together.
        let recording = unsafe { self.machine.record(launches) }?;
        Ok(Program { recording, plan })
    }

    fn plan(&self, shapes: &[Shape], images: usize, wanted: Wanted) -> Plan {
        let last_use = last_uses(&self.network);
        let roots = roots(&self.network, &last_use, shapes, &[]);
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
        let digest = output + floats(shape.iter().product());
        let steps = images * out.height * out.width;
        let bytes = digest + wanted.bytes(steps, images);
        Plan { values, scratch, input, output, digest, shape, steps, bytes }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the results of a part: machine, arena, places, number of images.
type Take<'a> = dyn FnMut(&dyn Machine, &mut dyn Memory, &Plan, usize) -> Result<(), MachineError> + 'a;

impl State {
    /// Brings the pages of `images` to the device; gives where they start there.
    fn hold_pixels(&mut self, machine: &dyn Machine, images: Input<'_>) -> Result<u64, MachineError> {
        let bytes = images.pixel_bytes();
        if bytes == 0 {
            return Ok(0);
        }
        if self.pixels.as_ref().is_none_or(|pixels| pixels.len() < bytes) {
            self.pixels = None;
            self.pixels = Some(machine.allocate(bytes)?);
        }
        let pixels = self.pixels.as_mut().ok_or_else(lost)?;
        images.each_page(|place, rgb| machine.write(&mut **pixels, place, rgb))?;
        Ok(pixels.address())
    }
}

fn read(machine: &dyn Machine, memory: &dyn Memory, from: usize, bytes: usize) -> Result<Vec<u8>, MachineError> {
    let mut read = vec![0; bytes];
    machine.read(memory, from, &mut read)?;
    Ok(read)
}

/// The runs that a program found.
fn runs_on(
    machine: &dyn Machine,
    arena: &dyn Memory,
    plan: &Plan,
    (images, threshold): (usize, f32),
) -> Result<Vec<Run>, MachineError> {
    // Most pages need no second copy.
    let first = read(machine, arena, plan.digest, (1 + USUAL_RUNS.min(images * ROOM)) * RUN_BYTES)?;
    let (count, first) = first.split_at(RUN_BYTES);
    let count = count.first_chunk().map_or(0, |bytes| usize::try_from(i32::from_ne_bytes(*bytes)).unwrap_or(0));
    if count > images * ROOM {
        let [rows, columns, _] = plan.shape;
        let maps = floats(&read(machine, arena, plan.output, images * rows * columns * size_of::<f32>())?);
        return Ok(runs_of(&maps, (rows, columns), threshold));
    }
    match first.get(..count * RUN_BYTES) {
        Some(all) => Ok(runs(all)),
        None => Ok(runs(&read(machine, arena, plan.digest + RUN_BYTES, count * RUN_BYTES)?)),
    }
}

/// Means of the maps that a program left inside of `quads`.
fn means_on(
    machine: &dyn Machine,
    arena: &mut dyn Memory,
    plan: &Plan,
    map: (usize, usize),
    quads: &[MapQuad],
) -> Result<Vec<f32>, MachineError> {
    let places: Vec<_> = quads
        .iter()
        .map(|MapQuad { image, corners: [[a, b], [c, d], [e, f], [g, h]] }| QuadPlace {
            corners: [*a, *b, *c, *d, *e, *f, *g, *h],
            image: int(*image),
            unused: 0,
        })
        .collect();
    // Where the runs were is free again, and larger: a quad has many.
    let room = (plan.bytes - plan.digest) / (size_of::<QuadPlace>() + size_of::<f32>());
    let mut means = Vec::with_capacity(quads.len());
    for part in places.chunks(room.max(1)) {
        let means_at = plan.digest + size_of_val(part);
        machine.write(arena, plan.digest, &bytes_of(part))?;
        let at = |place: usize| arena.address() + place as u64;
        let launch = quad_means(at(plan.output), map, (at(plan.digest), part.len()), at(means_at));
        // SAFETY: all addresses lie in the arena, which outlives the recording.
        unsafe { machine.record(vec![launch]) }?.run()?;
        means.extend(floats(&read(machine, arena, means_at, size_of::<f32>() * part.len())?));
    }
    Ok(means)
}

/// What cannot be: a program without its buffers.
fn lost() -> MachineError {
    MachineError::Failed { operation: "find its buffers", reason: "they were given up".to_owned() }
}
