//! Faults of ribbons, needles and thermal heads, beside those of `render`.

use crate::dice::Dice;
use crate::render::ink::Ink;

/// Leaves the dots that a needle printer would strike, `pitch` pixels apart,
/// some of them missing.
pub(super) fn dots(ink: &mut Ink, dice: &mut Dice, pitch: f32, missing: f32) {
    let width = ink.width;
    let wave = |i: usize| {
        let near = (i as f32 / pitch).fract() - 0.5;
        // Dots overlap a little, so that strokes stay joined.
        (1.35 - 4.2 * near * near).clamp(0.0, 1.0)
    };
    let across: Vec<f32> = (0..width).map(wave).collect();
    // A needle that is stuck misses the same row of dots in every line of text; others miss at random.
    let columns = (width as f32 / pitch) as usize + 1;
    let mut kept = vec![1.0_f32; columns];
    let mut last = usize::MAX;
    for (y, row) in ink.coverage.chunks_mut(width.max(1)).enumerate() {
        let dot = (y as f32 / pitch) as usize;
        if dot != last {
            last = dot;
            kept.iter_mut().for_each(|k| *k = if dice.chance(f64::from(missing)) { 0.25 } else { 1.0 });
        }
        let down = wave(y);
        let mut at = 0.0_f32;
        for (c, a) in row.iter_mut().zip(&across) {
            if *c > 0.0 {
                *c = (*c * a * down * 1.25).min(1.0) * kept.get(at as usize).copied().unwrap_or(1.0);
            }
            at += 1.0 / pitch;
        }
    }
}

/// Strikes everything a second time, `shift` pixels to the right (and down).
pub(super) fn double(ink: &mut Ink, shift: f32, down: bool) {
    let (whole, part) = (shift.floor() as usize, shift.fract());
    let width = ink.width.max(1);
    for row in ink.coverage.chunks_mut(width) {
        for x in (whole + 1..row.len()).rev() {
            let again = row[x - whole] * (1.0 - part) + row[x - whole - 1] * part;
            row[x] = row[x].max(again);
        }
    }
    if down {
        let rows = ink.coverage.len() / width;
        for y in (1..rows).rev() {
            let (above, below) = ink.coverage.split_at_mut(y * width);
            let above = &above[(y - 1) * width..];
            below.iter_mut().zip(above).for_each(|(b, a)| *b = b.max(a * part));
        }
    }
}

/// Thins strokes from the right by up to a pixel, but leaves thin ones pale rather than none.
pub(super) fn thin(ink: &mut Ink, by: f32) {
    for row in ink.coverage.chunks_mut(ink.width.max(1)) {
        for x in 0..row.len().saturating_sub(1) {
            let beside = row[x].min(row[x + 1]);
            row[x] = (row[x] * (1.0 - by) + beside * by).max(0.45 * row[x]);
        }
    }
}

/// A worn ribbon: pale in slanting bands, grainy everywhere.
pub(super) fn ribbon(ink: &mut Ink, dice: &mut Dice, strength: f32) {
    let mut real = |low: f64, high: f64| dice.real(low, high) as f32;
    let (length, slant, phase) = (real(150.0, 900.0), real(-0.6, 0.6), real(0.0, 6.3));
    let mut grain = crate::grain::Grain::new(dice.int(0..=i64::MAX) as u64);
    for (y, row) in ink.coverage.chunks_mut(ink.width.max(1)).enumerate() {
        let start = y as f32 * slant / length + phase;
        for (x, c) in row.iter_mut().enumerate().filter(|(_, c)| **c > 0.0) {
            // A triangle wave is cheaper than a sine and looks the same here.
            let wave = ((x as f32 / length + start).fract() - 0.5).abs() * 2.0;
            let kept = 1.0 - strength * (0.45 * wave.abs() + 0.35 * grain.byte());
            *c *= kept.max(0.3);
        }
    }
}
