//! Faults of thermal prints.

use super::ink::Ink;
use crate::dice::Dice;

/// Ink never gets paler than this, so that the truth stays readable.
const LEAST_INK: f32 = 0.3;

/// Bands in which the print is pale, with soft edges.
pub(crate) fn fade(ink: &mut Ink, dice: &mut Dice, strength: f32) {
    if strength <= 0.0 {
        return;
    }
    // Waves of random length and phase, added up, give uneven bands.
    let waves: Vec<[f32; 3]> = (0..4)
        .map(|i| {
            [dice.real(60.0, 700.0) as f32 / (i + 1) as f32, dice.real(0.0, 6.3) as f32, dice.real(0.3, 1.0) as f32]
        })
        .collect();
    let sum: f32 = waves.iter().map(|w| w[2]).sum();
    for (y, row) in ink.coverage.chunks_mut(ink.width.max(1)).enumerate() {
        let wave: f32 = waves.iter().map(|[length, phase, height]| (y as f32 / length + phase).sin() * height).sum();
        let kept = (1.0 - strength * (0.5 + 0.5 * wave / sum)).max(LEAST_INK);
        row.iter_mut().for_each(|c| *c *= kept);
    }
}

/// Thin columns without print.
pub(crate) fn drop_columns(ink: &mut Ink, dice: &mut Dice, strength: f32) {
    if strength <= 0.0 || ink.width == 0 {
        return;
    }
    let dots = dice.int(1..=1 + (strength * 4.0) as i64);
    for _ in 0..dots {
        let x = dice.index(ink.width);
        let kept = dice.real(0.0, 0.5) as f32;
        for row in ink.coverage.chunks_mut(ink.width) {
            if let Some(c) = row.get_mut(x) {
                *c *= kept;
            }
        }
    }
}

/// Small spots without print.
pub(crate) fn speckle(ink: &mut Ink, dice: &mut Dice, strength: f32) {
    let spots = (ink.coverage.len() as f32 * strength * 0.012) as usize;
    for _ in 0..spots {
        let at = dice.index(ink.coverage.len());
        let kept = dice.real(0.0, 0.7) as f32;
        for place in [at, at + 1, at + ink.width] {
            if let Some(c) = ink.coverage.get_mut(place) {
                *c *= kept;
            }
        }
    }
}
