//! The shape of the paper: a sheet that is bent along its length and across, without being stretched.

use crate::dice::Dice;

/// A bent line: where its points lie, as a function of the distance along the paper.
#[derive(Debug, Clone)]
pub(super) struct Profile {
    /// Place along the table and height above it, for every pixel of the paper.
    points: Vec<[f32; 2]>,
    /// Angle between paper and table at every pixel, in radians.
    angles: Vec<f32>,
    /// Brightness of creases at every pixel, 0 for none.
    creases: Vec<f32>,
}

/// What bends a line.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bend {
    /// Largest angle of the waves, in radians.
    pub(super) curl: f32,
    /// Number of folds.
    pub(super) folds: usize,
    /// Largest angle of a fold, in radians.
    pub(super) fold: f32,
    /// How unevenly the paper was fed: 0.1 stretches some rows by a tenth.
    pub(super) feed: f32,
}

impl Profile {
    /// A random line of `length` pixels.
    pub(super) fn draw(dice: &mut Dice, length: usize, bend: Bend) -> Self {
        let mut real = |low: f64, high: f64| dice.real(low, high) as f32;
        let n = length.max(2);
        // Paper that was rolled has one long wave; handling adds shorter ones.
        let waves: Vec<[f32; 3]> = [(0.35, 0.75, 1.0), (0.8, 1.6, 0.45), (2.0, 4.0, 0.12)]
            .map(|(low, high, part)| [real(low, high) * std::f32::consts::TAU, real(0.0, 6.3), part * real(0.4, 1.0)])
            .to_vec();
        let folds: Vec<[f32; 2]> = (0..bend.folds)
            .map(|_| [real(0.08, 0.92) * n as f32, real(0.35, 1.0) * bend.fold * real(-1.0, 1.0).signum()])
            .collect();
        let slip = [real(25.0, 140.0), real(0.0, 6.3)];
        let (mut points, mut angles, mut creases) = (Vec::with_capacity(n), Vec::with_capacity(n), vec![0.0; n]);
        let mean: f32 = folds.iter().map(|f| f[1] * (1.0 - f[0] / n as f32)).sum();
        let [mut along, mut height] = [0.0_f32; 2];
        for i in 0..n {
            let at = i as f32 / n as f32;
            let wave: f32 = waves.iter().map(|[pace, phase, part]| (at * pace + phase).sin() * part).sum();
            // A fold turns everything behind it; paper that lies on a table turns back on average.
            let turn: f32 = folds.iter().map(|f| f[1] / (1.0 + (-(i as f32 - f[0]) / 2.5).exp())).sum();
            let angle = bend.curl * wave + turn - mean;
            points.push([along, height]);
            angles.push(angle);
            let fed = 1.0 + bend.feed * (i as f32 / slip[0] + slip[1]).sin().powi(3);
            along += angle.cos() * fed;
            height += angle.sin();
        }
        for [at, turn] in folds {
            for (i, crease) in creases.iter_mut().enumerate() {
                let near = (i as f32 - at).abs() / 1.6;
                if near < 4.0 {
                    *crease += turn.signum() * (-near * near).exp();
                }
            }
        }
        // The middle of the paper lies in the middle of the table, at its height.
        let [middle, level] = [along / 2.0, points.iter().map(|p| p[1]).sum::<f32>() / n as f32];
        points.iter_mut().for_each(|p| *p = [p[0] - middle, p[1] - level]);
        Self { points, angles, creases }
    }

    /// The point at a distance along the paper; straight on beyond its ends.
    pub(super) fn at(&self, distance: f32) -> [f32; 2] {
        let last = self.points.len().saturating_sub(2);
        let i = (distance.max(0.0) as usize).min(last);
        let part = distance - i as f32;
        match self.points.get(i..i + 2) {
            Some([a, b]) => [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part],
            _ => [distance, 0.0],
        }
    }

    /// Relative brightness of every pixel under light that falls in at `slant`
    /// radians from above, and creases of strength `crease`.
    pub(super) fn shading(&self, slant: f32, crease: f32) -> Vec<f32> {
        let flat = slant.cos().max(0.2);
        let lit = |(angle, line): (&f32, &f32)| {
            let lambert = (slant + angle).cos().max(0.0) / flat;
            (0.35 + 0.65 * lambert) * (1.0 + crease * line)
        };
        self.angles.iter().zip(&self.creases).map(lit).collect()
    }
}
