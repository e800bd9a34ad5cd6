//! A line across bars: its brightness, and where it changes between light and dark.

use crate::geometry::Point;
use crate::image::Plane;

/// Brightness along a straight line, evenly spaced.
#[derive(Debug, Clone, Default)]
pub(crate) struct Profile {
    /// Grey levels.
    pub(crate) levels: Vec<f32>,
    /// Samples a pixel of the plane.
    pub(crate) density: f32,
}

/// How edges are told from noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Edges {
    /// Between neighbouring extremes that differ by this share of the contrast around them, halfway between the two.
    /// Finds narrow bars that blur has made pale.
    Extremes(f32),
    /// Where the brightness crosses the middle of the lightest and the darkest around. Keeps widths where ink is uneven.
    Middle,
}

/// Grey levels that extremes have to differ by, whatever the contrast.
const LEAST_STEP: f32 = 3.0;

impl Profile {
    /// The mean of lines parallel to `across` through `middle`, from `-before` to `after` pixels; the lines lie within
    /// `band` pixels to both sides. Beyond the plane it is as light as near its edge: a picture that was cut along the
    /// outermost bars has lost its quiet zones and nothing else.
    pub(crate) fn sample(plane: &Plane, middle: Point, across: Point, before: f32, after: f32, band: f32) -> Self {
        let along = across.quarter();
        let lines = band.clamp(0.0, 8.0).round() as i32;
        let count = (before + after).clamp(0.0, MOST_SAMPLES) as usize + 1;
        let mut levels = Vec::with_capacity(count);
        for i in 0..count {
            let at = middle.moved(across, i as f32 - before);
            if !plane.holds(at) {
                levels.push(f32::NAN);
                continue;
            }
            let sum: f32 = (-lines..=lines)
                .map(|line| {
                    plane.sample(at.moved(along, if lines > 0 { line as f32 * band / lines as f32 } else { 0.0 }))
                })
                .sum();
            levels.push(sum / (2 * lines + 1) as f32);
        }
        light_beyond(&mut levels);
        Self { levels, density: 1.0 }
    }

    /// The level at a place between samples; beyond the ends the ends go on.
    pub(crate) fn at(&self, place: f32) -> f32 {
        let last = self.levels.len().saturating_sub(1);
        let place = place.max(0.0).min(last as f32);
        let left = place as usize;
        let level = |i: usize| self.levels.get(i.min(last)).copied().unwrap_or(0.0);
        level(left) + (level(left + 1) - level(left)) * (place - left as f32)
    }

    /// How much darker each sample is than what is light around it, upside down: 0 is light. What is dark over more than
    /// `reach` samples counts as light, so that neither shadows nor the edge of a label hide the bars beside it.
    pub(crate) fn flattened(&self, reach: usize) -> Self {
        let closed = slide(&slide(&self.levels, reach, f32::max), reach, f32::min);
        let levels = self.levels.iter().zip(closed).map(|(level, light)| (level - light).min(0.0)).collect();
        Self { levels, density: self.density }
    }

    /// The profile with light and dark exchanged.
    pub(crate) fn inverted(&self) -> Self {
        Self { levels: self.levels.iter().map(|level| 255.0 - level).collect(), density: self.density }
    }

    /// The profile from its other end.
    pub(crate) fn reversed(&self) -> Self {
        Self { levels: self.levels.iter().rev().copied().collect(), density: self.density }
    }

    /// The profile with `times` as many samples, by cubic interpolation: edges lie between samples of narrow bars.
    pub(crate) fn denser(&self, times: usize) -> Self {
        let (last, times) = (self.levels.len().saturating_sub(1), times.max(1));
        let level = |i: usize| self.levels.get(i.min(last)).copied().unwrap_or(0.0);
        let mut levels = Vec::with_capacity(last * times + 1);
        for i in 0..last {
            let (a, b, c, d) = (level(i.saturating_sub(1)), level(i), level(i + 1), level(i + 2));
            for part in 0..times {
                let t = part as f32 / times as f32;
                // Catmull and Rom's spline.
                let bend = (2.0 * a - 5.0 * b + 4.0 * c - d) + (3.0 * (b - c) + d - a) * t;
                levels.push(b + 0.5 * t * ((c - a) + t * bend));
            }
        }
        levels.push(level(last));
        Self { levels, density: self.density * times as f32 }
    }

    /// The profile with `amount` of its difference from its mean over `2 * reach + 1` samples added: undoes some blur.
    pub(crate) fn sharper(&self, reach: usize, amount: f32) -> Self {
        let count = self.levels.len();
        let mut sums = Vec::with_capacity(count + 1);
        sums.push(0.0_f64);
        let mut sum = 0.0;
        for &level in &self.levels {
            sum += f64::from(level);
            sums.push(sum);
        }
        let mean = |i: usize| {
            let (from, to) = (i.saturating_sub(reach), (i + reach + 1).min(count));
            ((sums[to] - sums[from]) / (to - from) as f64) as f32
        };
        let levels = self.levels.iter().enumerate().map(|(i, &level)| level + amount * (level - mean(i))).collect();
        Self { levels, density: self.density }
    }

    /// Positions of edges in samples, alternately from light to dark (the first) and back.
    pub(crate) fn edges(&self, how: Edges, window: usize) -> Vec<f32> {
        let (low, high) = self.bounds(window.max(1));
        match how {
            Edges::Extremes(share) => self.between_extremes(&low, &high, share),
            Edges::Middle => self.across_middle(&low, &high),
        }
    }

    fn between_extremes(&self, low: &[f32], high: &[f32], share: f32) -> Vec<f32> {
        let mut edges = Vec::new();
        let Some(&first) = self.levels.first() else { return edges };
        // The extreme that is growing, where it is, and whether it is a light one.
        let (mut extreme, mut place, mut light) = (first, 0, true);
        // The extreme before it.
        let mut before: Option<(f32, usize)> = None;
        for (i, &level) in self.levels.iter().enumerate() {
            let step = LEAST_STEP.max(share * (high[i] - low[i]));
            if light && level > extreme || !light && level < extreme {
                (extreme, place) = (level, i);
            } else if (level - extreme).abs() >= step {
                if let Some((level, at)) = before {
                    edges.push(self.crossing(at, place, (level + extreme) / 2.0));
                }
                before = Some((extreme, place));
                (extreme, place, light) = (level, i, !light);
            }
        }
        if let Some((level, at)) = before {
            edges.push(self.crossing(at, place, (level + extreme) / 2.0));
        }
        edges
    }

    /// Where the profile passes `level` between two samples on different sides of it.
    fn crossing(&self, from: usize, to: usize, level: f32) -> f32 {
        for i in from..to {
            let (a, b) = (self.levels[i] - level, self.levels[i + 1] - level);
            if (a <= 0.0) != (b <= 0.0) {
                return i as f32 + a / (a - b);
            }
        }
        (from + to) as f32 / 2.0
    }

    fn across_middle(&self, low: &[f32], high: &[f32]) -> Vec<f32> {
        let mut edges = Vec::new();
        let mut dark = false;
        let mut before = 0.0;
        for (i, &level) in self.levels.iter().enumerate() {
            let difference = level - (low[i] + high[i]) / 2.0;
            // A tenth of the contrast to the wrong side is noise.
            let enough = LEAST_STEP.max(0.1 * (high[i] - low[i])) / 2.0;
            if difference < -enough && !dark || difference > enough && dark {
                let back = if i == 0 { 0.0 } else { difference / (difference - before) };
                // The crossing itself may lie some samples back, where the difference was small.
                edges.push(i as f32 - back.clamp(0.0, 1.0));
                dark = !dark;
            }
            before = difference;
        }
        edges
    }

    /// The darkest and the lightest level within `window` samples to both sides, in steps of a half window.
    fn bounds(&self, window: usize) -> (Vec<f32>, Vec<f32>) {
        let part = (window / 2).max(1);
        let parts: Vec<(f32, f32)> = self
            .levels
            .chunks(part)
            .map(|c| c.iter().fold((f32::MAX, f32::MIN), |(low, high), &v| (low.min(v), high.max(v))))
            .collect();
        let around: Vec<(f32, f32)> = (0..parts.len())
            .map(|i| {
                let near = &parts[i.saturating_sub(2)..(i + 3).min(parts.len())];
                near.iter().fold((f32::MAX, f32::MIN), |(low, high), &(a, b)| (low.min(a), high.max(b)))
            })
            .collect();
        // Between the middles of two parts their bounds are mixed, so that thresholds do not jump.
        let mixed = |i: usize, of: fn(&(f32, f32)) -> f32| {
            let place = (i as f32 / part as f32 - 0.5).max(0.0);
            let left = (place as usize).min(around.len() - 1);
            let right = (left + 1).min(around.len() - 1);
            of(&around[left]) + (of(&around[right]) - of(&around[left])) * (place - left as f32).min(1.0)
        };
        let count = self.levels.len();
        ((0..count).map(|i| mixed(i, |b| b.0)).collect(), (0..count).map(|i| mixed(i, |b| b.1)).collect())
    }
}

/// Each level replaced by the largest (or smallest) of those within `reach / 2` samples.
fn slide(levels: &[f32], reach: usize, best: fn(f32, f32) -> f32) -> Vec<f32> {
    let half = reach / 2;
    let around = |i: usize| &levels[i.saturating_sub(half)..(i + half + 1).min(levels.len())];
    (0..levels.len()).map(|i| around(i).iter().copied().fold(levels[i], best)).collect()
}

/// Gives what is not a number, at both ends, the lightest of the levels next to it.
fn light_beyond(levels: &mut [f32]) {
    const NEAR: usize = 24;
    let Some(first) = levels.iter().position(|l| !l.is_nan()) else { return levels.fill(0.0) };
    let last = levels.iter().rposition(|l| !l.is_nan()).unwrap_or(first);
    // `max` leaves out what is not a number.
    let lightest = |levels: &[f32]| levels.iter().copied().fold(0.0, f32::max);
    let left = lightest(&levels[first..(first + NEAR).min(last + 1)]);
    let right = lightest(&levels[(last + 1).saturating_sub(NEAR).max(first)..=last]);
    levels[..first].fill(left);
    levels[last + 1..].fill(right);
}

/// Samples of a profile before it is made denser.
const MOST_SAMPLES: f32 = 4000.0;
