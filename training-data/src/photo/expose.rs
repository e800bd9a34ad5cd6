//! From the print, the camera and the light to pixels.

use image::RgbImage;

use super::camera::{CELL, Camera};
use super::ground::Texture;
use super::light::{Lamp, Light};
use super::optics::Plane;
use super::options::PhotoOptions;
use crate::dice::Dice;
use crate::grain::{Grain, Tile};
use crate::render::ink::Ink;

/// What the camera sees of the paper, pixel by pixel.
struct Seen {
    /// Coverage by ink.
    ink: Plane,
    /// How much of the pixel is paper.
    paper: Plane,
    /// Brightness that the paper's shape gives.
    shade: Vec<f32>,
    /// Shadow of the paper on the ground beside it, 1 for none.
    rim: Vec<f32>,
}

/// The picture that the sensor takes.
pub(super) fn expose(
    ink: &Ink,
    camera: &Camera,
    [width, height]: [usize; 2],
    options: &PhotoOptions,
    dice: &mut Dice,
) -> RgbImage {
    let (nodes, columns) = camera.nodes(width, height);
    let mut seen = look(ink, camera, &nodes, columns, [width, height], dice);
    seen.ink.defocus(options.defocus);
    seen.ink.motion(options.motion[0], options.motion[1].to_radians());
    seen.paper.defocus(options.defocus.max(0.6));
    seen.ink.sharpen(options.sharpen, (0.12 * options.x_height).max(0.8));
    let lamp = Lamp { uneven: options.uneven, shadow: options.shadow, glare: options.glare, crumple: options.crumple };
    let light = Light::draw(dice, lamp, width, height, columns, nodes.len());
    develop(&seen, &light, columns, [width, height], options, dice)
}

/// Warps the print onto the photograph.
fn look(
    ink: &Ink,
    camera: &Camera,
    nodes: &[[f32; 2]],
    columns: usize,
    [width, height]: [usize; 2],
    dice: &mut Dice,
) -> Seen {
    let slant = dice.real(-0.7, 0.7) as f32;
    let crease = dice.real(0.02, 0.16) as f32;
    let down = camera.along.shading(slant, crease);
    let across = camera.across.shading(dice.real(-0.5, 0.5) as f32, crease);
    let shadow = dice.real(4.0, 16.0) as f32;
    let mut seen = Seen {
        ink: Plane::new(width, height),
        paper: Plane::new(width, height),
        shade: vec![1.0; width * height],
        rim: vec![1.0; width * height],
    };
    let (w, h) = (ink.width as f32, ink.height as f32);
    for y in 0..height {
        let (row, part) = (y / CELL, ((y % CELL) as f32 + 0.5) / CELL as f32);
        for cell in 0..width.div_ceil(CELL) {
            let corner =
                |dr: usize, dc: usize| nodes.get((row + dr) * columns + cell + dc).copied().unwrap_or_default();
            let mix = |a: [f32; 2], b: [f32; 2]| [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part];
            let (start, end) = (mix(corner(0, 0), corner(1, 0)), mix(corner(0, 1), corner(1, 1)));
            let step = [(end[0] - start[0]) / CELL as f32, (end[1] - start[1]) / CELL as f32];
            let first = y * width + cell * CELL;
            for (i, at) in (first..(first + CELL).min((y + 1) * width)).enumerate() {
                let (u, v) = (start[0] + step[0] * (i as f32 + 0.5), start[1] + step[1] * (i as f32 + 0.5));
                // Distance to the nearest edge of the paper, below 0 outside.
                let inside = u.min(w - u).min(v.min(h - v));
                if inside > -1.0 {
                    seen.paper.values[at] = (inside + 0.5).clamp(0.0, 1.0);
                    seen.ink.values[at] = ink.sample(u, v);
                    let lit = |table: &[f32], p: f32| {
                        table.get((p.max(0.0) as usize).min(table.len().saturating_sub(1))).copied().unwrap_or(1.0)
                    };
                    seen.shade[at] = lit(&down, v) * lit(&across, u);
                }
                if inside < 1.0 {
                    seen.rim[at] = 1.0 - 0.5 * (inside.min(0.0) / shadow).exp();
                }
            }
        }
    }
    seen
}

/// Colours, light, noise and the tone curve.
fn develop(
    seen: &Seen,
    light: &Light,
    columns: usize,
    [width, height]: [usize; 2],
    options: &PhotoOptions,
    dice: &mut Dice,
) -> RgbImage {
    let texture = Texture::draw(dice, options.ground, options.ground_colour);
    let fibres = Tile::new(dice.int(0..=i64::MAX) as u64);
    let mut grain = Grain::new(dice.int(0..=i64::MAX) as u64);
    let curve = tones(options.contrast);
    let (paper, ink) = (options.paper.map(f32::from), options.ink.map(f32::from));
    let [coarse, colour] = options.noise;
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        let (row, part) = (y / CELL, (y % CELL) as f32 / CELL as f32);
        let mut drift = [0.0_f32; 2];
        for x in 0..width {
            let at = y * width + x;
            let cell = row * columns + x / CELL;
            let across = (x % CELL) as f32 / CELL as f32;
            let node = |i: usize| light.nodes.get(i).copied().unwrap_or([1.0, 0.0]);
            let [a, b, c, d] = [node(cell), node(cell + 1), node(cell + columns), node(cell + columns + 1)];
            let mix = |i: usize| {
                let top = a[i] + (b[i] - a[i]) * across;
                let bottom = c[i] + (d[i] - c[i]) * across;
                top + (bottom - top) * part
            };
            let (bright, white) = (mix(0), mix(1));
            let share = seen.paper.values[at];
            let covered = seen.ink.values[at];
            let fibre = 1.0 + 0.02 * (fibres.at(x as f32 * 0.45, y as f32 * 0.45) - 0.5);
            let bright_paper = bright * seen.shade[at] * fibre;
            let mut rgb = [0.0_f32; 3];
            for i in 0..3 {
                rgb[i] = (paper[i] + (ink[i] - paper[i]) * covered) * bright_paper;
            }
            if share < 0.999 {
                let ground = texture.at(x as f32, y as f32);
                let rim = seen.rim[at] * bright;
                for i in 0..3 {
                    rgb[i] = rgb[i] * share + ground[i] * rim * (1.0 - share);
                }
            }
            let [grey, red, blue] = grain.triple();
            // Colour noise is coarser than brightness noise, since sensors interpolate it.
            drift = [0.7 * drift[0] + 0.7 * red, 0.7 * drift[1] + 0.7 * blue];
            let offsets = [drift[0] * colour, -0.4 * (drift[0] + drift[1]) * colour, drift[1] * colour];
            for i in 0..3 {
                let value = rgb[i] * options.lamp[i];
                let value = value + (255.0 - value) * white + grey * coarse + offsets[i];
                pixels.push(curve[value.clamp(0.0, 255.0) as usize]);
            }
        }
    }
    RgbImage::from_raw(width as u32, height as u32, pixels).unwrap_or_default()
}

/// The tone curve: an S of this strength around the middle.
fn tones(contrast: f32) -> [u8; 256] {
    std::array::from_fn(|i| {
        let t = i as f32 / 255.0;
        let s = t * t * (3.0 - 2.0 * t);
        ((t + (s - t) * contrast.clamp(0.0, 1.5)) * 255.0 + 0.5).clamp(0.0, 255.0) as u8
    })
}
