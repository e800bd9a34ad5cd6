//! NVIDIA cards: finding one, and saying why it cannot be used.
//!
//! The driver's library is looked for when a card is asked for, not when the
//! program starts: the same program runs on machines without one.

mod machine;

use std::sync::Arc;

use cudarc::driver::sys::{self, CUdevice_attribute};
use cudarc::driver::{CudaContext, DriverError, result};

use crate::accelerator::{Card, DeviceError, Version, check_card, check_number};
use crate::device::Machine;
use machine::CudaMachine;

/// What the kernels were compiled to by the build script.
const PTX: &str = include_str!(concat!(env!("OUT_DIR"), "/kernels.ptx"));

/// The least compute capability that they run on, ten times the major number and the minor one: `80`.
const COMPILED_FOR: &str = env!("SLIPSTREAM_COMPUTE_CAP");

/// The CUDA that compiled them; a driver reads PTX of its own version and older.
const COMPILED_BY: Version = Version(13, 0);

/// Takes card number `number` into use.
///
/// # Errors
/// [`DeviceError`] with what was looked for and what was found.
pub(crate) fn open(number: usize) -> Result<Arc<dyn Machine>, DeviceError> {
    let failed =
        |operation| move |error: DriverError| DeviceError::Failed { card: number, operation, reason: reason(error) };
    // SAFETY: loading the driver's library runs its initialisers, as every program that uses it does.
    if !unsafe { sys::is_culib_present() } {
        return Err(DeviceError::NoDriver { looked_for: "libcuda.so or libcuda.so.1".to_owned() });
    }
    let driver = driver_version().map_err(failed("tell the driver's version"))?;
    if driver < COMPILED_BY {
        return Err(DeviceError::OldDriver { found: driver, needed: COMPILED_BY });
    }
    result::init().map_err(|error| DeviceError::NoCard { driver, reason: reason(error) })?;
    let names = names().map_err(|error| DeviceError::NoCard { driver, reason: reason(error) })?;
    if names.is_empty() {
        return Err(DeviceError::NoCard { driver, reason: "it counts 0".to_owned() });
    }
    check_number(number, &names)?;
    let needed = compiled_for();
    let capability = capability(number).map_err(failed("tell its compute capability"))?;
    // A card that the kernels do not run on is not woken up to be asked for its memory.
    let card = Card { name: names[number].clone(), capability, free: usize::MAX, total: usize::MAX };
    check_card(number, &card, needed)?;
    let context = CudaContext::new(number).map_err(failed("make a context"))?;
    let (free, total) = context.mem_get_info().map_err(failed("tell its free memory"))?;
    check_card(number, &Card { free, total, ..card.clone() }, needed)?;
    let machine = CudaMachine::new(context, card.name, PTX).map_err(|error| DeviceError::Failed {
        card: number,
        operation: "load the kernels",
        reason: error.to_string(),
    })?;
    Ok(Arc::new(machine))
}

/// The newest CUDA that the driver speaks.
fn driver_version() -> Result<Version, DriverError> {
    let mut version = 0;
    // SAFETY: the address is one of an integer that lives.
    unsafe { sys::cuDriverGetVersion(&raw mut version) }.result()?;
    let version = version.unsigned_abs();
    Ok(Version(version / 1000, version % 1000 / 10))
}

/// The names of all cards.
fn names() -> Result<Vec<String>, DriverError> {
    (0..result::device::get_count()?).map(|i| result::device::get_name(result::device::get(i)?)).collect()
}

fn capability(number: usize) -> Result<Version, DriverError> {
    let device = result::device::get(i32::try_from(number).unwrap_or(i32::MAX))?;
    let attribute = |which| {
        // SAFETY: the device was just given by the driver.
        unsafe { result::device::get_attribute(device, which) }.map(i32::unsigned_abs)
    };
    Ok(Version(
        attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
        attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
    ))
}

/// What the build script checked to be two or three digits.
fn compiled_for() -> Version {
    let number = COMPILED_FOR.parse::<u32>().unwrap_or(0);
    Version(number / 10, number % 10)
}

/// What the driver says of an error, in its own words.
fn reason(error: DriverError) -> String {
    let text = |found: Result<&std::ffi::CStr, DriverError>| found.ok().map(|s| s.to_string_lossy().into_owned());
    let (name, words) = (text(error.error_name()), text(error.error_string()));
    format!("{}: {}", name.unwrap_or_else(|| format!("error {:?}", error.0)), words.unwrap_or_default())
}
