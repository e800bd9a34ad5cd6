//! In which condition a page is photographed or scanned.

use super::ground::Ground;
use crate::dice::Dice;

/// How a page is printed, held, lit and taken. Strengths are 0 (none) to 1
/// (strong), angles are in degrees, lengths in pixels of the capture.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoOptions {
    /// Seed of all places, textures and noise; equal options give equal pixels.
    pub seed: u64,
    /// Height of a small letter at the camera, before enlarging.
    pub x_height: f32,
    /// Height of rows relative to their width, 1 for none.
    pub stretch: f32,
    /// Pale bands, as worn print heads leave them.
    pub fading: f32,
    /// Dead dots of the print head, which leave thin pale columns.
    pub dead_dots: f32,
    /// Print that is missing in single spots.
    pub speckle: f32,
    /// A worn, grainy ribbon.
    pub ribbon: f32,
    /// Thinner strokes (below 0) or a second strike beside the first (above 0), in hundredths of an em.
    pub strike: f32,
    /// Share of missing dots of a needle printer, where its dots are to be seen.
    pub dots: Option<f32>,
    /// Uneven feeding, which stretches some rows.
    pub feed: f32,
    /// Colour of the paper.
    pub paper: [u8; 3],
    /// Colour of full ink.
    pub ink: [u8; 3],
    /// What the paper lies on.
    pub ground: Ground,
    /// The ground's colour.
    pub ground_colour: [u8; 3],
    /// Ground around the paper relative to its width; below 0 the paper's edges are cut off.
    pub margins: [f32; 4],
    /// Camera off the vertical, along the paper and across it, and the paper's turn clockwise.
    pub angles: [f32; 3],
    /// Distance of the camera relative to the paper's longer side.
    pub distance: f32,
    /// Bend of the paper along its length, and across.
    pub curl: [f32; 2],
    /// Folds across the paper's length, and along it.
    pub folds: [usize; 2],
    /// Difference of light between two sides.
    pub uneven: f32,
    /// Cast shadows.
    pub shadow: f32,
    /// A reflection.
    pub glare: f32,
    /// Crumples.
    pub crumple: f32,
    /// Brightness of red, green and blue in the lamp's light, 1 for white.
    pub lamp: [f32; 3],
    /// Standard deviation of the blur by a lens out of focus.
    pub defocus: f32,
    /// Length of the movement during exposure, and its angle.
    pub motion: [f32; 2],
    /// Exaggerated edges.
    pub sharpen: f32,
    /// Contrast of the tone curve, 0 for none.
    pub contrast: f32,
    /// Standard deviation of the sensor's noise in grey levels, and in colour.
    pub noise: [f32; 2],
    /// Quality of a compression before enlarging, as messengers do it.
    pub first_quality: Option<u8>,
    /// How much the capture is enlarged, 1 for not at all.
    pub enlarge: f32,
    /// JPEG quality of the file, 1 to 100.
    pub quality: u8,
}

impl PhotoOptions {
    /// Flat, sharp and evenly lit.
    pub fn clean() -> Self {
        Self {
            seed: 0,
            x_height: 14.0,
            stretch: 1.0,
            fading: 0.0,
            dead_dots: 0.0,
            speckle: 0.0,
            ribbon: 0.0,
            strike: 0.0,
            dots: None,
            feed: 0.0,
            paper: [246, 246, 244],
            ink: [35, 35, 38],
            ground: Ground::Plain,
            ground_colour: [90, 84, 78],
            margins: [0.03; 4],
            angles: [0.0; 3],
            distance: 3.0,
            curl: [0.0; 2],
            folds: [0; 2],
            uneven: 0.0,
            shadow: 0.0,
            glare: 0.0,
            crumple: 0.0,
            lamp: [1.0; 3],
            defocus: 0.0,
            motion: [0.0; 2],
            sharpen: 0.0,
            contrast: 0.0,
            noise: [0.0; 2],
            first_quality: None,
            enlarge: 1.0,
            quality: 92,
        }
    }

    /// A page on a flatbed: straight, sharp, with the faults of its print and little else.
    pub fn scan(seed: u64, index: u64) -> Self {
        let dice = &mut Dice::new(seed.rotate_left(24), index);
        let mut options = Self::print(dice, seed ^ index.rotate_left(23), 0.6);
        let mut real = |low: f64, high: f64| dice.real(low, high) as f32;
        options.x_height = real(8.5_f64.ln(), 20.0_f64.ln()).exp();
        options.angles = [0.0, 0.0, real(-1.0, 1.0).powi(3) * 3.0];
        options.margins = [real(-0.03, 0.08), real(-0.03, 0.08), real(-0.03, 0.08), real(-0.03, 0.08)];
        options.distance = 20.0;
        options.uneven = real(0.0, 0.08);
        options.defocus = real(0.0, 0.055) * options.x_height;
        options.contrast = real(-0.4, 1.0 - f64::from(options.fading.max(options.ribbon))).max(0.0);
        options.noise = [real(0.0, 3.0), real(0.0, 1.0)];
        let lid = dice.pick(&[255, 250, 235, 90, 40, 15]);
        options.ground_colour = [lid, lid, lid];
        options.folds = [usize::from(dice.chance(0.2)), 0];
        options.quality = dice.int(45..=92) as u8;
        options
    }

    /// A page in somebody's hand or on a table: from good to just readable.
    pub fn photo(seed: u64, index: u64) -> Self {
        let dice = &mut Dice::new(seed.rotate_left(40), index);
        // Few pictures are bad in all respects, so the worst that each can be is drawn first.
        let bad = dice.unit().powf(1.2);
        let mut options = Self::print(dice, seed ^ index.rotate_left(29), 0.35 + 0.5 * bad);
        options.angles = [12.0, 9.0, 5.0].map(|most| dice.real(-1.0, 1.0) as f32 * most * (0.25 + bad as f32));
        let some = |dice: &mut Dice, share: f64, most: f64| {
            if dice.chance(share * (0.4 + 0.8 * bad)) {
                (dice.real(0.1, 1.0) * most * (0.3 + 0.7 * bad)) as f32
            } else {
                0.0
            }
        };
        options.x_height = dice.real(8.0_f64.ln(), (23.0 - 8.0 * bad).ln()).exp() as f32;
        let small = options.x_height;
        options.distance = dice.real(1.3, 3.5) as f32;
        options.curl = [some(dice, 0.8, 0.6), some(dice, 0.5, 0.2)];
        options.folds = [dice.pick(&[0, 0, 0, 1, 1, 2, 3]), dice.pick(&[0, 0, 0, 0, 1])];
        options.margins = [(); 4].map(|()| dice.real(-0.08, 0.3) as f32);
        options.uneven = dice.real(0.05, 0.35 + 0.4 * bad) as f32;
        options.shadow = some(dice, 0.6, 1.0);
        options.glare = some(dice, 0.25, 1.0);
        options.crumple = some(dice, 0.6, 1.0);
        options.ground = Ground::draw(dice);
        options.ground_colour = draw_ground_colour(dice);
        // Daylight is bluish, bulbs are yellow.
        let (warm, green) = (dice.real(-0.5, 1.0) as f32, dice.real(-0.03, 0.03) as f32);
        // Cameras expose until paper is bright, unless the background is brighter.
        let bright = dice.real(0.72 - 0.17 * bad, 1.0) as f32;
        let cast = if dice.chance(0.75) { 0.16 } else { 0.03 };
        options.lamp = [1.0 + 0.3 * cast * warm, 1.0 + green, 1.0 - cast * warm].map(|c| c * bright);
        // One kind of blur at a time, and less of it where letters are small.
        if dice.chance(0.2 * (0.4 + bad)) {
            options.motion = [dice.real(0.08, 0.3) as f32 * small, dice.real(0.0, 180.0) as f32];
        }
        options.defocus = dice.real(0.015, 0.05 + 0.075 * bad) as f32 * small;
        options.sharpen = some(dice, 0.4, 1.2);
        options.contrast = dice.real(-0.5, 0.5).max(0.0) as f32;
        options.noise = [dice.real(0.5, 2.5 + 6.0 * bad) as f32, dice.real(0.2, 1.5 + 5.0 * bad) as f32];
        if dice.chance(0.3) {
            options.enlarge = dice.real(1.1, 2.0) as f32;
            options.first_quality = dice.chance(0.5).then(|| dice.int(40..=85) as u8);
        }
        options.quality = dice.int((60.0 - 35.0 * bad) as i64..=90) as u8;
        options
    }

    /// What the till and time did to the print, faults with about the given share.
    fn print(dice: &mut Dice, seed: u64, share: f64) -> Self {
        let mut options = Self { seed, ..Self::clean() };
        let mut sometimes =
            |part: f64, most: f64| if dice.chance(share * part) { dice.real(0.0, most) as f32 } else { 0.0 };
        options.fading = sometimes(0.7, 0.65);
        options.dead_dots = sometimes(0.4, 1.0);
        options.speckle = sometimes(0.5, 0.8);
        options.ribbon = sometimes(0.35, 1.0);
        // Two ways of growing pale at once would leave nothing to read.
        if options.fading > 0.0 {
            options.ribbon = 0.0;
        }
        options.feed = sometimes(0.5, 0.22);
        options.strike =
            if dice.chance(0.3) { dice.real(if options.fading > 0.2 { 0.0 } else { -5.0 }, 8.0) as f32 } else { 0.0 };
        options.dots = dice.chance(0.06).then(|| dice.real(0.0, 0.12) as f32);
        options.stretch = if dice.chance(0.35) { dice.real(0.82, 1.3) as f32 } else { 1.0 };
        let white = dice.int(222..=253) as u8;
        let [yellow, blue] = [dice.int(0..=18) as u8, dice.int(0..=8) as u8];
        options.paper = match dice.weighted(&[0.55, 0.3, 0.1, 0.05]) {
            0 => [white, white, white - blue / 2],
            1 => [white, white - yellow / 4, white - yellow],
            2 => [white - blue, white - blue / 2, white],
            _ => [white, white - yellow - 4, white - yellow],
        };
        let dark = dice.int(12..=85) as u8;
        options.ink = match dice.weighted(&[0.7, 0.14, 0.1, 0.06]) {
            0 => [dark, dark, dark + 3],
            1 => [dark / 2 + 20, dark / 2 + 26, dark + 60],
            2 => [dark / 2 + 50, dark / 2 + 25, dark + 50],
            _ => [dark + 30, dark + 16, dark],
        };
        options
    }
}

/// Tables are brown, grey or dark more often than colourful.
fn draw_ground_colour(dice: &mut Dice) -> [u8; 3] {
    let light = dice.int(25..=205) as f32;
    let [red, green, blue] = match dice.weighted(&[0.4, 0.4, 0.2]) {
        0 => [1.0, dice.real(0.68, 0.9) as f32, dice.real(0.4, 0.75) as f32],
        1 => [1.0, 1.0, 1.0],
        _ => [dice.real(0.4, 1.0) as f32, dice.real(0.4, 1.0) as f32, dice.real(0.4, 1.0) as f32],
    };
    [red, green, blue].map(|c| (c * light) as u8)
}
