//! The networks that read receipts, with their pre- and post-processing.
//!
//! One module per stage that runs a model; each takes the previous stage's type:
//!
//! | module | takes → gives |
//! |---|---|
//! | [`detect`] | [`Raster`] → [`TextRegions`] |
//! | [`crop`] | [`Raster`] + [`TextRegions`] → [`LineCrops`] |
//! | [`recognise`] | [`LineCrops`] → [`TextLines`] |
//! | [`extract`] | [`TextLines`] → [`Entities`] |
//! | [`forgery`] | [`Raster`] → [`ForgeryVerdict`] |
//!
//! No tokio and no HTTP here: every call is synchronous and computes on the
//! rayon pool that it is called from.

mod backbone;
pub mod calibrate;
pub mod crop;
pub mod detect;
pub mod entities;
pub mod extract;
pub mod forgery;
pub mod geometry;
pub mod integers;
pub mod orientation;
pub mod raster;
pub mod recognise;
pub mod text;
pub mod weights;

/// The device that networks run on, and why one cannot be used.
pub use slipstream_kernels::accelerator::UnknownDevice;
pub use slipstream_kernels::{Accelerator, Device, DeviceError};

/// The instruction set that the networks run on where the device is the CPU, for logs and metrics.
pub use slipstream_kernels::Backend;

pub use crop::{LineCrop, LineCrops};
pub use detect::{TextRegion, TextRegions};
pub use entities::Entities;
pub use forgery::{EditedRegion, ForgeryVerdict};
pub use geometry::{Point, Quad};
pub use raster::Raster;
pub use text::{CharAlternative, CharReading, TextLine, TextLines};
pub use weights::ModelError;
