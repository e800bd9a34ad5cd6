//! Which device runs the networks, and why one cannot be used.

use std::fmt;
use std::str::FromStr;
#[cfg(feature = "device")]
use std::sync::Arc;

#[cfg(feature = "device")]
use crate::device::Machine;

/// Free memory below which a card is refused: weights, buffers of a large page, and the driver's own.
#[cfg(any(feature = "cuda", test))]
const LEAST_FREE: usize = 2 << 30;

/// What the user can always do.
const OR_CPU: &str = "or use --device cpu";

/// Where networks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// This computer's processors.
    #[default]
    Cpu,
    /// The NVIDIA card with this number, counted as the driver counts them.
    Cuda(usize),
}

impl Device {
    /// Whether this program was built with support for the device.
    pub const fn is_built(self) -> bool {
        match self {
            Self::Cpu => true,
            Self::Cuda(_) => cfg!(feature = "cuda"),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(card) => write!(f, "cuda:{card}"),
        }
    }
}

/// Something that names no device.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no device is called {0:?}; use cpu, cuda, or cuda:N with the card's number")]
pub struct UnknownDevice(String);

impl FromStr for Device {
    type Err = UnknownDevice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "cpu" => Ok(Self::Cpu),
            None if text == "cuda" => Ok(Self::Cuda(0)),
            Some(("cuda", card)) if card.bytes().all(|b| b.is_ascii_digit()) => {
                card.parse().map(Self::Cuda).map_err(|_| UnknownDevice(text.to_owned()))
            }
            _ => Err(UnknownDevice(text.to_owned())),
        }
    }
}

/// A version or a compute capability: major, minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(
    /// Major.
    pub u32,
    /// Minor.
    pub u32,
);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// Why a device cannot be used. Every message says what was looked for, what was found and what to do.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum DeviceError {
    /// The program knows nothing of this kind of device.
    #[error(
        "this program was built without CUDA, so it cannot use {device}; build it with `cargo build --release \
         --features cuda`, {OR_CPU}"
    )]
    NotBuilt {
        /// The device asked for.
        device: Device,
    },
    /// The driver's library cannot be loaded.
    #[error(
        "no NVIDIA driver: looked for the library {looked_for}, and it cannot be loaded; install driver 580 or newer \
         (in a container, start it with access to the cards), {OR_CPU}"
    )]
    NoDriver {
        /// The library's names.
        looked_for: String,
    },
    /// The driver is older than what compiled the kernels.
    #[error("the NVIDIA driver speaks CUDA {found}, the kernels need {needed}; install driver 580 or newer, {OR_CPU}")]
    OldDriver {
        /// The newest CUDA that the driver speaks.
        found: Version,
        /// The CUDA that compiled the kernels.
        needed: Version,
    },
    /// The driver is there and works with no card.
    #[error(
        "the NVIDIA driver (CUDA {driver}) sees no card ({reason}); look at nvidia-smi and CUDA_VISIBLE_DEVICES, {OR_CPU}"
    )]
    NoCard {
        /// The CUDA that the driver speaks.
        driver: Version,
        /// What the driver says.
        reason: String,
    },
    /// There are cards, and none with this number.
    #[error("there is no card {wanted}: the driver sees {found}; use one of these with --device cuda:N, {OR_CPU}")]
    NoSuchCard {
        /// The number asked for.
        wanted: usize,
        /// Numbers and names of those that are there.
        found: String,
    },
    /// The card is older than what the kernels were compiled for.
    #[error(
        "card {card} ({name}) has compute capability {found}, the kernels were built for {needed} and newer; use \
         another card, build with CUDA_COMPUTE_CAP={rebuild} (75 is the least), {OR_CPU}"
    )]
    Capability {
        /// The card's number.
        card: usize,
        /// The card's name.
        name: String,
        /// What it has.
        found: Version,
        /// What the kernels need.
        needed: Version,
        /// `found` as the build takes it.
        rebuild: u32,
    },
    /// Somebody else fills the card.
    #[error(
        "card {card} ({name}) has {free_mib} MiB of {total_mib} MiB free, at least {needed_mib} MiB are needed; end what \
         else runs on it (nvidia-smi lists it), use another card with --device cuda:N, {OR_CPU}"
    )]
    Memory {
        /// The card's number.
        card: usize,
        /// The card's name.
        name: String,
        /// Free memory.
        free_mib: usize,
        /// All its memory.
        total_mib: usize,
        /// What is needed at least.
        needed_mib: usize,
    },
    /// The device is there and cannot run a network.
    #[error("cannot bring a network to {device}: {reason}; use another device, {OR_CPU}")]
    Network {
        /// The device.
        device: Device,
        /// What is missing.
        reason: String,
    },
    /// The card is there and does not do what it is told.
    #[error("card {card} failed to {operation}: {reason}; look for its fault in the system's log, {OR_CPU}")]
    Failed {
        /// The card's number.
        card: usize,
        /// What it was told.
        operation: &'static str,
        /// What the driver says.
        reason: String,
    },
}

/// A device in use: clones share it.
#[derive(Clone)]
pub struct Accelerator {
    device: Device,
    #[cfg(feature = "device")]
    machine: Option<Arc<dyn Machine>>,
}

impl Accelerator {
    /// This computer's processors, which need not be opened.
    pub const fn cpu() -> Self {
        Self {
            device: Device::Cpu,
            #[cfg(feature = "device")]
            machine: None,
        }
    }

    /// Takes `device` into use.
    ///
    /// # Errors
    /// [`DeviceError`] when this program or this computer does not have it.
    pub fn open(device: Device) -> Result<Self, DeviceError> {
        match device {
            Device::Cpu => Ok(Self::cpu()),
            #[cfg(feature = "cuda")]
            Device::Cuda(card) => Ok(Self { device, machine: Some(crate::cuda::open(card)?) }),
            #[cfg(not(feature = "cuda"))]
            Device::Cuda(_) => Err(DeviceError::NotBuilt { device }),
        }
    }

    /// One that runs on `machine`, which calls itself `device`; for tests.
    #[cfg(feature = "device")]
    pub fn of(machine: Arc<dyn Machine>, device: Device) -> Self {
        Self { device, machine: Some(machine) }
    }

    /// Which device it is.
    pub const fn device(&self) -> Device {
        self.device
    }

    /// What the device calls itself; `None` for processors, whose name is that of their [`crate::Backend`].
    pub fn name(&self) -> Option<&str> {
        #[cfg(feature = "device")]
        return self.machine.as_ref().map(|machine| machine.name());
        #[cfg(not(feature = "device"))]
        None
    }

    /// The machine behind it, if it is not the processors.
    #[cfg(feature = "device")]
    pub fn machine(&self) -> Option<&Arc<dyn Machine>> {
        self.machine.as_ref()
    }
}

/// One card, as the driver describes it.
#[cfg(any(feature = "cuda", test))]
#[derive(Debug, Clone)]
pub(crate) struct Card {
    pub(crate) name: String,
    pub(crate) capability: Version,
    pub(crate) free: usize,
    pub(crate) total: usize,
}

/// Whether the card `wanted` among `names` exists.
#[cfg(any(feature = "cuda", test))]
pub(crate) fn check_number(wanted: usize, names: &[String]) -> Result<(), DeviceError> {
    if wanted < names.len() {
        return Ok(());
    }
    let list = names.iter().enumerate().map(|(i, name)| format!("{i} ({name})"));
    Err(DeviceError::NoSuchCard { wanted, found: list.collect::<Vec<_>>().join(", ") })
}

/// Whether `card`, which has the number `number`, can run kernels that were built for `needed`.
#[cfg(any(feature = "cuda", test))]
pub(crate) fn check_card(number: usize, card: &Card, needed: Version) -> Result<(), DeviceError> {
    let Card { name, capability: found, free, total } = card.clone();
    if found < needed {
        return Err(DeviceError::Capability { card: number, name, found, needed, rebuild: found.0 * 10 + found.1 });
    }
    if free < LEAST_FREE {
        let mib = |bytes: usize| bytes >> 20;
        return Err(DeviceError::Memory {
            card: number,
            name,
            free_mib: mib(free),
            total_mib: mib(total),
            needed_mib: mib(LEAST_FREE),
        });
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn card() -> Card {
        Card { name: "NVIDIA H200".into(), capability: Version(9, 0), free: 140 << 30, total: 141 << 30 }
    }

    #[test]
    fn devices_are_named_as_they_are_printed() {
        for device in [Device::Cpu, Device::Cuda(0), Device::Cuda(7)] {
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        assert_eq!("cuda".parse(), Ok(Device::Cuda(0)));
        for text in ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:+1", "cpu:0", "cuda:99999999999999999999999"] {
            let error = text.parse::<Device>().unwrap_err().to_string();
            assert!(error.contains("cuda:N"), "{text}: {error}");
        }
    }

    #[test]
    fn a_card_that_fits_is_taken() {
        assert_eq!(check_card(0, &card(), Version(8, 0)), Ok(()));
        assert_eq!(check_number(1, &["a".into(), "b".into()]), Ok(()));
    }

    #[test]
    fn a_card_is_refused_with_what_it_has_and_what_is_needed() {
        let old = Card { capability: Version(7, 5), ..card() };
        let full = Card { free: 300 << 20, ..card() };
        let cases = [
            (check_card(1, &old, Version(8, 0)), ["card 1 (NVIDIA H200)", "7.5", "8.0", "CUDA_COMPUTE_CAP=75"]),
            (check_card(0, &full, Version(8, 0)), ["300 MiB of 144384 MiB", "2048 MiB", "nvidia-smi", "cuda:N"]),
            (check_number(4, &["A".into(), "B".into()]), ["no card 4", "0 (A), 1 (B)", "cuda:N", "--device"]),
        ];
        for (result, said) in cases {
            let message = result.unwrap_err().to_string();
            for part in said {
                assert!(message.contains(part), "{part:?} is not in: {message}");
            }
        }
    }

    #[test]
    fn every_refusal_offers_the_processors() {
        let old = Version(12, 4);
        let errors = [
            DeviceError::NotBuilt { device: Device::Cuda(0) },
            DeviceError::NoDriver { looked_for: "libcuda.so.1".into() },
            DeviceError::OldDriver { found: old, needed: Version(13, 0) },
            DeviceError::NoCard { driver: old, reason: "no device".into() },
            check_number(0, &[]).unwrap_err(),
            check_card(0, &Card { capability: Version(5, 0), ..card() }, Version(8, 0)).unwrap_err(),
            check_card(0, &Card { free: 0, ..card() }, Version(8, 0)).unwrap_err(),
            DeviceError::Failed { card: 0, operation: "load the kernels", reason: "x".into() },
            DeviceError::Network { device: Device::Cuda(0), reason: "x".into() },
        ];
        for error in errors {
            let message = error.to_string();
            assert!(message.ends_with("or use --device cpu"), "{message}");
        }
    }
}
