//! What operators see: metrics and structured logs.
//!
//! Nothing of a receipt goes into either: no text, no amounts, no file names of uploads.

pub mod door;
pub mod logs;
pub mod metrics;
pub mod panics;
pub mod queues;
pub mod usage;
