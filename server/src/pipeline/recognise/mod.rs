//! The recognise stage: `LineCrops` → `TextLines`, through the queues that the lines of all requests share.
//!
//! A set of models may have a second, more careful reader. Words that the
//! first one doubts go to it as well, and the reading that is surer on average stays,
//! the second one also where they are about equally sure:
//! most of the second reader's accuracy for a fraction of its time. It is asked
//! when the page is known to be upright, since every line is doubtful before.

mod passages;

use std::cmp::Reverse;
use std::sync::Arc;

use slipstream_models::text::mean_confidence;
use slipstream_models::{LineCrop, LineCrops, TextLine, TextLines};

use super::{Job, ReadError};
use crate::registry::serving::LineQueue;
use crate::telemetry::metrics;
use passages::{Passage, doubtful};

/// By how much less sure the second reader, which reads better, may be and still have its way; chosen on photos among
/// 0, 0.02 and 0.05.
const MARGIN: f32 = 0.02;

/// Lines as the first recogniser reads them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FirstReading {
    crops: Vec<Arc<LineCrop>>,
    /// One for each crop, in their order; without characters where there is no text.
    pub lines: Vec<TextLine>,
}

/// Lines as they stand after the second reader was asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SettledReading {
    /// One for each crop, in their order.
    pub lines: Vec<TextLine>,
    /// How many of them were read again, as a whole or in part.
    pub reread: usize,
}

/// Reads every crop once.
///
/// # Errors
/// When the queue is full, the deadline passes or the model fails.
pub async fn recognise(job: &Job, crops: LineCrops) -> Result<FirstReading, ReadError> {
    let crops: Vec<Arc<LineCrop>> = crops.crops.into_iter().map(Arc::new).collect();
    let lines = submit(job, &job.serving.recognise, &crops).await?;
    metrics::lines_read("first", lines.len());
    Ok(FirstReading { crops, lines })
}

/// Has the second reader, if there is one, read again what the first one doubts.
///
/// # Errors
/// As [`recognise`].
pub async fn settle(job: &Job, first: FirstReading) -> Result<SettledReading, ReadError> {
    let FirstReading { crops, mut lines } = first;
    let Some(second) = &job.serving.reread else { return Ok(SettledReading { lines, reread: 0 }) };
    // What the first reader takes for no text (logos, barcodes, creases) has no characters to doubt.
    let asked: Vec<(usize, Passage)> = (0..lines.len())
        .flat_map(|i| doubtful(&lines[i], &crops[i], second.below).into_iter().map(move |passage| (i, passage)))
        .collect();
    let part = |(i, passage): &(usize, Passage)| Arc::new(crops[*i].part(passage.place.clone()));
    let readings = submit(job, &second.model, &asked.iter().map(part).collect::<Vec<_>>()).await?;
    let reread = asked.chunk_by(|(a, _), (b, _)| a == b).count();
    metrics::lines_read("second", reread);
    // The last ones first: their characters' numbers stay what they are.
    for ((i, passage), reading) in asked.into_iter().zip(readings).rev() {
        let line = &mut lines[i];
        if reading.confidence + MARGIN > mean_confidence(&line.chars[passage.chars.clone()]) {
            line.replace(passage.chars, reading, passage.place);
        }
    }
    Ok(SettledReading { lines, reread })
}

/// Has the second reader, if there is one, read every crop, whatever the first
/// one made of it: for warming it up and for probes.
///
/// # Errors
/// As [`recognise`].
pub async fn exercise_second(job: &Job, first: &FirstReading) -> Result<(), ReadError> {
    if let Some(second) = &job.serving.reread {
        submit(job, &second.model, &first.crops).await?;
    }
    Ok(())
}

/// The text of a page of `width`×`height` pixels: patterns that are no text
/// (logos, barcodes, creases) came back empty and are left out.
pub fn text(mut lines: Vec<TextLine>, (width, height): (usize, usize)) -> TextLines {
    lines.retain(|line| line.chars.iter().any(|c| !c.ch.is_whitespace()));
    TextLines { lines, page_width: width, page_height: height }
}

/// Reads `crops` with `model`; answers in their order.
async fn submit(job: &Job, model: &LineQueue, crops: &[Arc<LineCrop>]) -> Result<Vec<TextLine>, ReadError> {
    if crops.is_empty() {
        return Ok(Vec::new());
    }
    // Longest first: short ones at the end even out when the lanes finish.
    let mut places: Vec<usize> = (0..crops.len()).collect();
    places.sort_by_key(|place| Reverse(crops[*place].width()));
    let item = |place: &usize| model.item(Arc::clone(&crops[*place]), crops[*place].width() as u64);
    let read = job.ask(model, places.iter().map(item).collect()).await?;
    let mut lines: Vec<(usize, TextLine)> = places.into_iter().zip(read).collect();
    lines.sort_by_key(|(place, _)| *place);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// Pixels of width of all crops: what reading them takes time for.
pub(super) fn width(crops: &LineCrops) -> u64 {
    crops.crops.iter().map(|crop| crop.width() as u64).sum()
}
