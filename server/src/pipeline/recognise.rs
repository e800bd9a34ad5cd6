//! The recognise stage: `LineCrops` → `TextLines`, through the queue that the lines of all requests share.

use slipstream_batcher::{Group, Item};
use slipstream_models::{LineCrops, TextLine, TextLines};

use super::{Job, ReadError};

/// Reads the lines of a page of `width`×`height` pixels.
///
/// # Errors
/// When the queue is full, the deadline passes or the model fails.
pub async fn recognise(job: &Job, crops: LineCrops, (width, height): (usize, usize)) -> Result<TextLines, ReadError> {
    let items = crops.crops.into_iter().map(|crop| Item { units: crop.width() as u64, payload: crop }).collect();
    let group = Group { items, priority: job.priority, deadline: job.deadline };
    let lines = job.serving.recognise.submit(group).await?;
    let lines: Vec<TextLine> = lines.into_iter().collect::<Result<_, _>>()?;
    // Patterns that are no text (logos, barcodes, creases) come back empty.
    let lines = lines.into_iter().filter(|line| line.chars.iter().any(|c| !c.ch.is_whitespace())).collect();
    Ok(TextLines { lines, page_width: width, page_height: height })
}
