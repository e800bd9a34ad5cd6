//! What the paper lies on.

use crate::dice::Dice;
use crate::grain::Tile;

/// A surface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ground {
    /// One colour with some unevenness; the lid of a scanner, a plain table.
    #[default]
    Plain,
    /// Long grain.
    Wood,
    /// Fine weave.
    Cloth,
    /// Speckles of stone.
    Stone,
    /// Another sheet of paper whose edge crosses the picture.
    Paper,
}

impl Ground {
    /// A random surface.
    pub(super) fn draw(dice: &mut Dice) -> Self {
        dice.pick(&[Ground::Plain, Ground::Wood, Ground::Wood, Ground::Cloth, Ground::Stone, Ground::Paper])
    }
}

/// A surface with its colours and places.
pub(super) struct Texture {
    kind: Ground,
    tile: Tile,
    colour: [f32; 3],
    other: [f32; 3],
    contrast: f32,
    scale: f32,
    cos: f32,
    sin: f32,
    edge: f32,
}

impl Texture {
    pub(super) fn draw(dice: &mut Dice, kind: Ground, colour: [u8; 3]) -> Self {
        let tile = Tile::new(dice.int(0..=i64::MAX) as u64);
        let (sin, cos) = dice.real(-0.5, 0.5).sin_cos();
        // Wood and cloth run along either side of the picture.
        let (sin, cos) = if dice.chance(0.5) { (cos, -sin) } else { (sin, cos) };
        let white = dice.real(150.0, 235.0) as f32;
        Self {
            kind,
            tile,
            colour: colour.map(f32::from),
            other: [white, white * 0.99, white * dice.real(0.9, 1.0) as f32],
            contrast: dice.real(0.1, 0.5) as f32,
            scale: dice.real(0.6, 1.8) as f32,
            cos: cos as f32,
            sin: sin as f32,
            edge: dice.real(-300.0, 600.0) as f32,
        }
    }

    /// The colour at a pixel of the photograph.
    pub(super) fn at(&self, x: f32, y: f32) -> [f32; 3] {
        let (x, y) = ((x * self.cos + y * self.sin) / self.scale, (y * self.cos - x * self.sin) / self.scale);
        let value = match self.kind {
            Ground::Plain => 0.3 * (self.tile.cloud(x * 0.01, y * 0.01) - 0.5),
            Ground::Wood => {
                let bent = y + 40.0 * self.tile.at(x * 0.003, y * 0.006);
                0.6 * (self.tile.cloud(x * 0.004, bent * 0.06) - 0.5) + 0.4 * (self.tile.at(x * 0.02, bent * 0.4) - 0.5)
            }
            Ground::Cloth => {
                let weave = (x * 0.9).sin() * (y * 0.9).sin();
                0.25 * weave + 0.5 * (self.tile.cloud(x * 0.02, y * 0.02) - 0.5)
            }
            Ground::Stone => {
                let speckle = self.tile.at(x * 0.35, y * 0.35);
                (if speckle > 0.72 { 0.5 } else { 0.0 }) + 0.5 * (self.tile.cloud(x * 0.03, y * 0.03) - 0.5)
            }
            Ground::Paper if x > self.edge => {
                let shade = 1.0 - 0.06 * self.tile.cloud(x * 0.01, y * 0.01);
                return self.other.map(|c| c * shade);
            }
            // Its shadow on the table.
            Ground::Paper => -0.5 * (-(self.edge - x) / 14.0).exp() + 0.2 * (self.tile.cloud(x * 0.01, y * 0.01) - 0.5),
        };
        self.colour.map(|c| c * (1.0 + 2.0 * self.contrast * value).max(0.1))
    }
}
