//! The extract stage: `TextLines` → `Entities`, through the queue that all requests share.

use std::sync::Arc;

use slipstream_models::{Entities, TextLines};

use super::error::only;
use super::{Job, ReadError};

/// Finds the fields of a page; a page without text has none, and asks no model.
///
/// # Errors
/// When the queue is full, the deadline cannot be kept or the model fails.
pub async fn extract(job: &Job, lines: Arc<TextLines>) -> Result<Entities, ReadError> {
    let characters = characters(&lines);
    if characters == 0 {
        return Ok(Entities::default());
    }
    let model = &job.serving.extract;
    only(job.ask(model, vec![model.item(lines, characters)]).await?)
}

/// Characters of a page: what extraction takes time for.
pub(super) fn characters(lines: &TextLines) -> u64 {
    lines.lines.iter().map(|line| line.chars.len() as u64).sum()
}
