//! An open-loop HTTP load generator for Slipstream.
//!
//! Requests are sent when a schedule says so, whether or not earlier ones have
//! been answered: slow answers do not slow arrivals, as they would not slow the
//! customers of a shop. Latencies count from the moment at which a request was
//! meant to be sent, so that a generator that falls behind does not hide it
//! (coordinated omission; see Gil Tene, "How NOT to measure latency").
//!
//! | module | what it is for |
//! |---|---|
//! | [`cli`], [`error`] | flags and their bounds; what stops a run |
//! | [`target`], [`images`], [`tenants`] | whom to call, what to send, as whom |
//! | [`plan`], [`profile`], [`arrivals`], [`trace`], [`schedule`] | when to send what; pure and seeded |
//! | [`client`], [`outcome`], [`timing`], [`scrape`] | one request and what its answer says |
//! | [`capacity`], [`run`], [`session`], [`view`] | running it all, and showing how it goes |
//! | [`record`], [`windows`], [`recovery`] | figures from what was recorded; pure |
//! | [`report`], [`chart`] | the figures as JSON, as a page and as a table; pictures of them |

pub mod arrivals;
pub mod capacity;
pub mod chart;
pub mod cli;
pub mod client;
pub mod error;
pub mod images;
pub mod outcome;
pub mod plan;
pub mod profile;
pub mod record;
pub mod recovery;
pub mod report;
pub mod run;
pub mod schedule;
pub mod scrape;
pub mod session;
pub mod target;
pub mod tenants;
pub mod timing;
pub mod trace;
pub mod view;
pub mod windows;
