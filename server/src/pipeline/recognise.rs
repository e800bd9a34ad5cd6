//! The recognise stage: `LineCrops` → `TextLines`, through the queues that the lines of all requests share.
//!
//! A set of models may have a second, more careful reader. Lines that the
//! first one doubts go to it as well, and the surer of the two readings stays:
//! most of the second reader's accuracy for a fraction of its time.

use std::cmp::Reverse;
use std::sync::Arc;

use slipstream_batcher::{Group, Item};
use slipstream_models::{LineCrop, LineCrops, TextLine, TextLines};

use super::{Job, ReadError};
use crate::registry::serving::LineQueue;
use crate::telemetry::metrics;

/// The readings of some crops, in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LineReadings {
    /// One for each crop; without characters where there is no text.
    pub lines: Vec<TextLine>,
    /// How many of them the second reader was asked about.
    pub reread: usize,
}

/// Reads the lines of a page of `width`×`height` pixels.
///
/// # Errors
/// When the queue is full, the deadline passes or the model fails.
pub async fn recognise(job: &Job, crops: LineCrops, (width, height): (usize, usize)) -> Result<TextLines, ReadError> {
    let LineReadings { mut lines, .. } = read_each(job, crops).await?;
    // Patterns that are no text (logos, barcodes, creases) come back empty.
    lines.retain(|line| line.chars.iter().any(|c| !c.ch.is_whitespace()));
    Ok(TextLines { lines, page_width: width, page_height: height })
}

/// Reads every crop, text or not.
///
/// # Errors
/// When a queue is full, the deadline passes or a model fails.
pub async fn read_each(job: &Job, crops: LineCrops) -> Result<LineReadings, ReadError> {
    let crops: Vec<Arc<LineCrop>> = crops.crops.into_iter().map(Arc::new).collect();
    let mut lines = submit(job, &job.serving.recognise, &crops).await?;
    let doubtful: Vec<usize> = match &job.serving.reread {
        Some(second) => (0..lines.len()).filter(|i| lines[*i].certainty() < second.below).collect(),
        None => Vec::new(),
    };
    metrics::lines_read(lines.len(), doubtful.len());
    if let Some(second) = &job.serving.reread
        && !doubtful.is_empty()
    {
        let again: Vec<_> = doubtful.iter().map(|i| Arc::clone(&crops[*i])).collect();
        let readings = submit(job, &second.queue, &again).await?;
        for (i, reading) in doubtful.iter().zip(readings) {
            if reading.confidence > lines[*i].confidence {
                lines[*i] = reading;
            }
        }
    }
    Ok(LineReadings { lines, reread: doubtful.len() })
}

/// Reads `crops` with the model behind `queue`; answers in their order.
async fn submit(job: &Job, queue: &LineQueue, crops: &[Arc<LineCrop>]) -> Result<Vec<TextLine>, ReadError> {
    // Longest first: short ones at the end even out when the lanes finish.
    let mut places: Vec<usize> = (0..crops.len()).collect();
    places.sort_by_key(|place| Reverse(crops[*place].width()));
    let item = |place: &usize| Item { units: crops[*place].width() as u64, payload: Arc::clone(&crops[*place]) };
    let group = Group { items: places.iter().map(item).collect(), priority: job.priority, deadline: job.deadline };
    let read: Vec<TextLine> = queue.submit(group).await?.into_iter().collect::<Result<_, _>>()?;
    let mut lines: Vec<(usize, TextLine)> = places.into_iter().zip(read).collect();
    lines.sort_by_key(|(place, _)| *place);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}
