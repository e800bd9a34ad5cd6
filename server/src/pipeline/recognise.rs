//! The recognise stage: `LineCrops` → `TextLines`, through the queue that the lines of all requests share.

use std::cmp::Reverse;

use slipstream_batcher::{Group, Item};
use slipstream_models::{LineCrop, LineCrops, TextLine, TextLines};

use super::{Job, ReadError};

/// Reads the lines of a page of `width`×`height` pixels.
///
/// # Errors
/// When the queue is full, the deadline passes or the model fails.
pub async fn recognise(job: &Job, crops: LineCrops, (width, height): (usize, usize)) -> Result<TextLines, ReadError> {
    // Longest first: short ones at the end even out when the lanes finish.
    let mut crops: Vec<(usize, LineCrop)> = crops.crops.into_iter().enumerate().collect();
    crops.sort_by_key(|(_, crop)| Reverse(crop.width()));
    let (places, items): (Vec<usize>, Vec<_>) =
        crops.into_iter().map(|(place, crop)| (place, Item { units: crop.width() as u64, payload: crop })).unzip();
    let group = Group { items, priority: job.priority, deadline: job.deadline };
    let read = job.serving.recognise.submit(group).await?;

    let read: Vec<TextLine> = read.into_iter().collect::<Result<_, _>>()?;
    let mut lines: Vec<(usize, TextLine)> = places.into_iter().zip(read).collect();
    lines.sort_by_key(|(place, _)| *place);
    // Patterns that are no text (logos, barcodes, creases) come back empty.
    let has_text = |line: &TextLine| line.chars.iter().any(|c| !c.ch.is_whitespace());
    let lines = lines.into_iter().map(|(_, line)| line).filter(has_text).collect();
    Ok(TextLines { lines, page_width: width, page_height: height })
}
