//! What operators see: metrics, structured logs and traces.
//!
//! Nothing of a receipt goes into any of them: no text, no amounts, no file names of uploads.

pub mod door;
pub mod logs;
pub mod metrics;
pub mod panics;
pub mod queues;
pub mod traces;
pub mod usage;
