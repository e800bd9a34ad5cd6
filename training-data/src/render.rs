//! From a sheet to pixels, with truth that fits them.

pub(crate) mod faults;
pub(crate) mod ink;

use image::RgbImage;

use crate::dice::Dice;
use crate::grain::Grain;
use crate::receipt::Receipt;
use crate::truth::{PageSize, Truth};
use ink::Ink;

/// How a receipt is rendered. Strengths are 0 (none) to 1 (strong).
#[derive(Debug, Clone, PartialEq)]
pub struct RenderOptions {
    /// Seed of faults and noise; equal options give equal pixels.
    pub seed: u64,
    /// Background around the paper, in pixels.
    pub border: u32,
    /// Grey of the paper, 0 (black) to 255.
    pub paper: u8,
    /// Grey of full ink, 0 (black) to 255.
    pub ink: u8,
    /// Grey of what the paper lies on.
    pub background: u8,
    /// Angle by which the paper is turned, in degrees clockwise.
    pub angle: f32,
    /// Pale bands across the paper, as worn print heads and old paper have them.
    pub fading: f32,
    /// Dead dots of the print head, which leave thin pale columns.
    pub dead_dots: f32,
    /// Print that is missing in single spots.
    pub speckle: f32,
    /// Standard deviation of the sensor's noise, in grey levels.
    pub noise: f32,
}

impl RenderOptions {
    /// A fresh print, scanned straight: no fault and no noise.
    pub fn clean() -> Self {
        Self {
            seed: 0,
            border: 0,
            paper: 250,
            ink: 30,
            background: 90,
            angle: 0.0,
            fading: 0.0,
            dead_dots: 0.0,
            speckle: 0.0,
            noise: 0.0,
        }
    }

    /// A random condition: most prints are good, some are worn.
    pub fn draw(seed: u64, index: u64) -> Self {
        let dice = &mut Dice::new(seed.rotate_left(32), index);
        let mut sometimes = |share: f64, most: f64| if dice.chance(share) { dice.real(0.0, most) as f32 } else { 0.0 };
        let (fading, dead_dots, speckle, noise) =
            (sometimes(0.4, 0.8), sometimes(0.25, 1.0), sometimes(0.25, 0.8), sometimes(0.8, 6.0));
        let paper = dice.int(205..=252) as u8;
        Self {
            seed: seed ^ index.rotate_left(17),
            border: dice.int(0..=40) as u32,
            paper,
            ink: dice.int(15..=90) as u8,
            background: dice.int(20..=170) as u8,
            angle: if dice.chance(0.6) { dice.real(-2.5, 2.5) as f32 } else { 0.0 },
            fading,
            dead_dots,
            speckle,
            noise,
        }
    }
}

/// An image and what it says.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The pixels.
    pub image: RgbImage,
    /// The truth; its boxes are in this image's pixels.
    pub truth: Truth,
}

/// Draws a receipt.
pub fn render(receipt: &Receipt, options: &RenderOptions) -> Rendered {
    let page = receipt.truth.page;
    let mut dice = Dice::new(options.seed, 0);
    let mut ink = Ink::blank(page);
    ink.draw(&receipt.sheet);
    faults::fade(&mut ink, &mut dice, options.fading);
    faults::drop_columns(&mut ink, &mut dice, options.dead_dots);
    faults::speckle(&mut ink, &mut dice, options.speckle);
    let turn = Turn::new(page, options);
    let mut truth = receipt.truth.clone();
    turn.apply(&mut truth);
    let image = expose(&ink, &turn, options, &mut dice);
    Rendered { image, truth }
}

/// Length of the noise that is drawn for an image; every row begins somewhere else in it.
const NOISE: usize = 1 << 14;
/// Bits behind the point of a grey level, and of a place on the paper.
const FINE: u32 = 8;
const PLACE: u32 = 32;

/// The light that a camera straight above the paper would see.
fn expose(ink: &Ink, turn: &Turn, options: &RenderOptions, dice: &mut Dice) -> RgbImage {
    let fixed = |level: f32| (level * (1 << FINE) as f32) as i32;
    let place = |at: f32| (f64::from(at) * (1_u64 << PLACE) as f64) as i64;
    let (paper, full) = (f32::from(options.paper), f32::from(options.ink));
    let (blank, ground) = (fixed(paper), fixed(f32::from(options.background)));
    let tint = [0.0, dice.real(-2.0, 1.0) as f32, dice.real(-9.0, 1.0) as f32].map(fixed);
    let mut grain = Grain::new(options.seed);
    let PageSize { width, height } = turn.size;
    let noise: Vec<i32> = (0..NOISE + width as usize).map(|_| fixed(grain.triple()[0] * options.noise)).collect();
    let inked = ink.inked();
    let (right, down) = (place(turn.cos), place(-turn.sin));
    let mut image = RgbImage::new(width, height);
    for (y, row) in image.chunks_exact_mut(3 * width.max(1) as usize).enumerate() {
        let [mut px, mut py] = turn.back([0.5, y as f32 + 0.5]).map(place);
        let noise = noise.get(grain.below(NOISE)..).unwrap_or_default();
        for (pixel, noise) in row.chunks_exact_mut(3).zip(noise) {
            // Places before the paper's edge become large numbers.
            let (column, line) = ((px >> PLACE) as usize, (py >> PLACE) as usize);
            let inside = column < ink.width && line < ink.height;
            let grey = match inside {
                false => ground,
                // Most of a page is blank.
                true if inked.near(column, line) => {
                    let [x, y] = [px, py].map(|p| (p as f64 / (1_u64 << PLACE) as f64) as f32);
                    fixed(paper + (full - paper) * ink.sample(x, y))
                }
                true => blank,
            };
            let tint = if inside { tint } else { [0; 3] };
            for (value, tint) in pixel.iter_mut().zip(tint) {
                *value = ((grey + noise + tint) >> FINE).clamp(0, 255) as u8;
            }
            (px, py) = (px + right, py + down);
        }
    }
    image
}

/// The way from the paper to the image: a turn about the centre.
struct Turn {
    sin: f32,
    cos: f32,
    from: [f32; 2],
    to: [f32; 2],
    size: PageSize,
    straight: bool,
}

impl Turn {
    fn new(page: PageSize, options: &RenderOptions) -> Self {
        let (sin, cos) = options.angle.to_radians().sin_cos();
        let (w, h) = (page.width as f32, page.height as f32);
        let border = 2 * options.border;
        let width = (w * cos.abs() + h * sin.abs() - 0.01).ceil() as u32 + border;
        let height = (w * sin.abs() + h * cos.abs() - 0.01).ceil() as u32 + border;
        Self {
            sin,
            cos,
            from: [w / 2.0, h / 2.0],
            to: [width as f32 / 2.0, height as f32 / 2.0],
            size: PageSize { width, height },
            straight: options.angle == 0.0,
        }
    }

    /// A point of the paper, in the image.
    fn forth(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (x, y) = (x - self.from[0], y - self.from[1]);
        [self.to[0] + x * self.cos - y * self.sin, self.to[1] + x * self.sin + y * self.cos]
    }

    /// A point of the image, on the paper.
    fn back(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (x, y) = (x - self.to[0], y - self.to[1]);
        [self.from[0] + x * self.cos + y * self.sin, self.from[1] - x * self.sin + y * self.cos]
    }

    /// Moves the truth from the paper to the image.
    fn apply(&self, truth: &mut Truth) {
        truth.page = self.size;
        let lines = truth.lines.iter_mut().map(|l| (&mut l.bounds, &mut l.quad));
        let codes = truth.barcodes.iter_mut().map(|c| (&mut c.bounds, &mut c.quad));
        for (bounds, corners) in lines.chain(codes) {
            let [left, top, right, bottom] = *bounds;
            let quad = [[left, top], [right, top], [right, bottom], [left, bottom]].map(|p| self.forth(p));
            let of =
                |axis: usize, pick: fn(f32, f32) -> f32| quad.iter().map(|p| p[axis]).reduce(pick).unwrap_or_default();
            *bounds = [of(0, f32::min), of(1, f32::min), of(0, f32::max), of(1, f32::max)];
            *corners = (!self.straight).then_some(quad);
        }
    }
}
