//! The Slipstream server and command line: receipts in, checked JSON out.
//!
//! ```text
//! upload → decode → quality → detect → crop → recognise → extract → check → document
//!                      └────────────→ fraud ──────────────────────────┘
//! ```
//!
//! | module | what it knows |
//! |---|---|
//! | [`pipeline`] | the stages above and how they hand over |
//! | [`registry`] | models, and the queues that feed them |
//! | [`compute`] | the threads that compute, apart from those that serve |
//! | [`http`] | the HTTP contract |
//! | [`telemetry`] | metrics and logs |
//! | [`eval`] | measuring what is read against the truth |
//! | [`cli`] | commands, flags, settings |

pub mod cli;
pub mod compute;
pub mod eval;
mod hash;
pub mod http;
pub mod pipeline;
pub mod registry;
pub mod scheduling;
pub mod telemetry;
