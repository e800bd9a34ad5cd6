//! The scheduler that forms batches of work; no HTTP, no models, no ambient clock
