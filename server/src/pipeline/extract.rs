//! The extract stage: `TextLines` → `Entities`, through the queue that all requests share.

use std::sync::Arc;

use slipstream_batcher::{Group, Item};
use slipstream_models::{Entities, TextLines};

use super::error::only;
use super::{Job, ReadError};

/// Finds the fields of a page; a page without text has none, and asks no model.
///
/// # Errors
/// When the queue is full, the deadline passes or the model fails.
pub async fn extract(job: &Job, lines: Arc<TextLines>) -> Result<Entities, ReadError> {
    let characters: usize = lines.lines.iter().map(|line| line.chars.len()).sum();
    if characters == 0 {
        return Ok(Entities::default());
    }
    let items = vec![Item { units: characters as u64, payload: lines }];
    let group = Group { items, priority: job.priority, deadline: job.deadline };
    only(job.serving.extract.submit(group).await?)
}
