//! Characters pasted over others: of the same page, or of another one.

use image::RgbImage;
use image::imageops::{self, FilterType};

use crate::canvas::{cut, lay, paper};
use crate::dice::Dice;
use crate::{Area, Page};

/// How much larger or smaller characters may be that replace others.
const TOLERANCE: f32 = 0.25;
/// Other receipts are scaled by so much at most.
const SCALES: std::ops::RangeInclusive<f32> = 0.5..=2.0;

/// Characters of the same page, as large as those that they cover.
pub(crate) fn copy_move(image: &mut RgbImage, page: &Page, place: Area, dice: &mut Dice) -> Option<Area> {
    let close = |a: u32, b: u32| (a as f32 - b as f32).abs() <= (TOLERANCE * b as f32).max(3.0);
    let paper_around = dice.between(1, 3) as u32;
    let fitting: Vec<Area> = page
        .runs(page.characters_in(&place))
        .into_iter()
        .map(|run| run.grown(paper_around).within(page.image()))
        .filter(|run| close(run.width(), place.width()) && close(run.height(), place.height()))
        .filter(|run| !run.meets(&place))
        .collect();
    let source = *dice.pick(&fitting)?;
    // From the page as it was: people copy what is there, not what they just made.
    paste(image, &cut(page.image(), source), place, dice)
}

/// Characters of another receipt, brought to the height of those that they cover.
pub(crate) fn splice(image: &mut RgbImage, other: &Page, place: Area, dice: &mut Dice) -> Option<Area> {
    let runs = other.runs(dice.between(1, 4));
    let source = dice.pick(&runs)?.grown(dice.between(1, 3) as u32).within(other.image());
    let scale = place.height() as f32 / source.height().max(1) as f32;
    if !SCALES.contains(&scale) {
        return None;
    }
    let patch = cut(other.image(), source);
    let width = ((patch.width() as f32 * scale).round() as u32).max(1);
    let patch = imageops::resize(&patch, width, place.height(), FilterType::CatmullRom);
    paste(image, &patch, place, dice)
}

/// How a patch is laid over what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blend {
    /// As it is.
    Plain,
    /// In the brightness of the paper around.
    Levelled,
    /// The same, with soft edges.
    Feathered,
    /// Only where it is darker than what is there, after what is there was painted over.
    Multiplied,
}

/// Lays `patch` over the middle of `place`.
fn paste(image: &mut RgbImage, patch: &RgbImage, place: Area, dice: &mut Dice) -> Option<Area> {
    let (width, height) = patch.dimensions();
    if width + 2 > image.width() || height + 2 > image.height() || width == 0 || height == 0 {
        return None;
    }
    let centre = |from: u32, to: u32, size: u32, side: u32| ((from + to) / 2).saturating_sub(size / 2).min(side - size);
    let left = centre(place.left, place.right, width, image.width());
    let top = centre(place.top, place.bottom, height, image.height());
    let area = Area { left, top, right: left + width, bottom: top + height };
    let blends = [Blend::Plain, Blend::Plain, Blend::Levelled, Blend::Feathered, Blend::Multiplied];
    let blend = *dice.pick(&blends)?;
    let under = paper(image, area);
    let own = paper(patch, Area { left: 0, top: 0, right: width, bottom: height });
    let shift = |channel: usize| match blend {
        Blend::Plain => 0.0,
        _ => under.get(channel).zip(own.get(channel)).map_or(0.0, |(under, own)| under - own),
    };
    for (x, y) in area.pixels() {
        let from = patch.get_pixel(x - left, y - top).0;
        let mut colour = [0, 1, 2].map(|channel| f32::from(from[channel]) + shift(channel));
        let edge = (x - left).min(area.right - 1 - x).min(y - top).min(area.bottom - 1 - y) as f32;
        let mut cover = 1.0;
        match blend {
            Blend::Feathered => cover = ((edge + 1.0) / 3.0).min(1.0),
            Blend::Multiplied => {
                colour = [0, 1, 2].map(|channel| colour[channel].min(under[channel]));
            }
            Blend::Plain | Blend::Levelled => {}
        }
        lay(image, x, y, colour, cover);
    }
    Some(area)
}
