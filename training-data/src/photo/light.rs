//! Light on the table: gradients, shadows and glare, on the nodes of the camera's grid.

use super::camera::CELL;
use crate::dice::Dice;
use crate::grain::Tile;

/// Strengths, 0 (none) to 1 (strong).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lamp {
    /// Difference of brightness between two sides of the picture, and vignetting.
    pub(super) uneven: f32,
    /// Darkness of cast shadows.
    pub(super) shadow: f32,
    /// Whiteness of a reflection.
    pub(super) glare: f32,
    /// Brightness of crumples.
    pub(super) crumple: f32,
}

/// Brightness and whiteness at the nodes.
pub(super) struct Light {
    /// `[factor, added share of white]` per node.
    pub(super) nodes: Vec<[f32; 2]>,
}

/// Where a shadow falls.
enum Shadow {
    /// On one side of a line: an edge, a phone, the photographer.
    Side { x: f32, y: f32, cos: f32, sin: f32 },
    /// Around a point: a hand, a head.
    Spot { x: f32, y: f32, radius: f32 },
}

impl Light {
    /// Light for a photograph of `width` by `height` pixels with `columns`
    /// nodes in a row.
    pub(super) fn draw(dice: &mut Dice, lamp: Lamp, width: usize, height: usize, columns: usize, nodes: usize) -> Self {
        let tile = Tile::new(dice.int(0..=i64::MAX) as u64);
        let mut real = |low: f64, high: f64| dice.real(low, high) as f32;
        let (w, h) = (width.max(1) as f32, height.max(1) as f32);
        let turn = real(0.0, 6.3);
        let (gx, gy) = (turn.cos() * lamp.uneven, turn.sin() * lamp.uneven);
        let vignette = lamp.uneven * real(0.0, 0.5);
        let shadows: Vec<(Shadow, f32, f32)> = (0..2)
            .map(|i| {
                let depth = lamp.shadow * real(0.3, 0.6) / (1 + i) as f32;
                let soft = real(0.015, 0.2) * w.max(h);
                let (x, y) = (real(0.15, 0.85) * w, real(0.15, 0.85) * h);
                let (sin, cos) = real(0.0, 6.3).sin_cos();
                let spot = Shadow::Spot { x, y, radius: real(0.1, 0.35) * w };
                (if real(0.0, 1.0) < 0.65 { Shadow::Side { x, y, cos, sin } } else { spot }, depth, soft)
            })
            .collect();
        let glare = [real(0.1, 0.9) * w, real(0.1, 0.9) * h, real(0.08, 0.3) * w, real(0.6, 2.5)];
        let crumple = [real(0.004, 0.02), real(0.004, 0.02), real(0.0, 100.0)];
        let light = |i: usize| {
            let (x, y) = ((i % columns * CELL) as f32, (i / columns * CELL) as f32);
            let (cx, cy) = (x / w - 0.5, y / h - 0.5);
            let mut factor = 1.0 + 0.8 * (gx * cx + gy * cy) - vignette * 2.0 * (cx * cx + cy * cy);
            for (shadow, depth, soft) in &shadows {
                let inside = match shadow {
                    Shadow::Side { x: sx, y: sy, cos, sin } => (x - sx) * cos + (y - sy) * sin,
                    Shadow::Spot { x: sx, y: sy, radius } => radius - (x - sx).hypot((y - sy) * 0.7),
                };
                let part = (inside / soft + 0.5).clamp(0.0, 1.0);
                factor *= 1.0 - depth * part * part * (3.0 - 2.0 * part);
            }
            if lamp.crumple > 0.0 {
                let bumps = tile.cloud(x * crumple[0] + crumple[2], y * crumple[1]);
                factor *= 1.0 + lamp.crumple * 0.35 * (bumps - 0.5);
            }
            let (dx, dy) = ((x - glare[0]) / glare[2], (y - glare[1]) / (glare[2] * glare[3]));
            [factor, lamp.glare * 0.6 * (-(dx * dx + dy * dy)).exp()]
        };
        let mut nodes: Vec<[f32; 2]> = (0..nodes).map(light).collect();
        // Cameras set the exposure by the picture's mean.
        let mean = nodes.iter().map(|n| n[0]).sum::<f32>() / nodes.len().max(1) as f32;
        nodes.iter_mut().for_each(|n| n[0] = (n[0] / mean.max(0.1)).clamp(0.3, 1.12));
        Self { nodes }
    }
}
