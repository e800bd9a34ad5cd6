//! The quality stage: [`Raster`] → [`QualityReport`].
//!
//! Says before any model runs whether a photo can be read, and what the person
//! with the camera can do about it. The page is looked at in small tiles of a
//! reduced grey picture: text makes tiles with contrast, and only those tell
//! whether the photo is sharp.

use serde::Serialize;
use slipstream_models::Raster;

/// When an issue is reported and when it makes a photo unusable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QualitySettings {
    /// Shorter side below which text is hardly resolved, in pixels.
    pub small_side: usize,
    /// Shorter side below which nothing is read, in pixels.
    pub unusable_side: usize,
    /// Standard deviation of the tiles with most contrast below which the page is blank, in grey levels.
    pub blank_contrast: f32,
    /// The same, below which contrast is low.
    pub low_contrast: f32,
    /// The same, below which print cannot be told from noise and nothing is read.
    pub unusable_contrast: f32,
    /// Sharpness (see [`Tiles::sharpness`]) from which a photo is sharp.
    pub sharp: f32,
    /// Sharpness below which nothing is read.
    pub unusable_sharpness: f32,
    /// Level of the brightest tiles below which the photo is dark, 0 to 255.
    pub dark_level: f32,
    /// The same, below which nothing is read.
    pub unusable_level: f32,
    /// Share of the picture that blown-out light may cover.
    pub glare_share: f32,
    /// The same, from which too little is left to read.
    pub unusable_glare_share: f32,
}

/// Chosen with `slipstream eval quality` so that of receipts that can be read, each rule stops about one in 200.
impl Default for QualitySettings {
    fn default() -> Self {
        Self {
            small_side: 320,
            unusable_side: 150,
            blank_contrast: 4.0,
            low_contrast: 12.0,
            unusable_contrast: 5.2,
            sharp: 0.30,
            unusable_sharpness: 0.07,
            dark_level: 70.0,
            unusable_level: 14.0,
            glare_share: 0.02,
            unusable_glare_share: 0.47,
        }
    }
}

/// Something wrong with a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IssueKind {
    /// Nothing on the page.
    Blank,
    /// Out of focus or shaken.
    Blur,
    /// Light reflected by the paper.
    Glare,
    /// Too little light.
    TooDark,
    /// Print that is hardly darker than the paper.
    LowContrast,
    /// Too few pixels.
    TooSmall,
}

impl IssueKind {
    /// The stable name on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Blank => "blank",
            Self::Blur => "blur",
            Self::Glare => "glare",
            Self::TooDark => "too_dark",
            Self::LowContrast => "low_contrast",
            Self::TooSmall => "too_small",
        }
    }

    /// What the person with the camera can do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Blank => "the picture shows nothing, place the receipt in front of the camera",
            Self::Blur => "hold the camera still and tap the receipt to focus",
            Self::Glare => "turn off the flash or tilt the receipt away from the light",
            Self::TooDark => "take the photo in more light",
            Self::LowContrast => "lay the receipt on a dark surface in even light",
            Self::TooSmall => "move closer so that the receipt fills the picture, and send the original size",
        }
    }
}

/// An issue and how bad it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Issue {
    /// What is wrong.
    pub kind: IssueKind,
    /// 0 (hardly noticeable) to 1 (unreadable).
    pub severity: f32,
}

/// What the quality stage says about a photo.
#[derive(Debug, Clone, PartialEq)]
pub struct QualityReport {
    /// False when an issue makes reading pointless.
    pub usable: bool,
    /// What is wrong, worst first.
    pub issues: Vec<Issue>,
}

impl QualityReport {
    /// Whether the picture shows nothing at all.
    pub fn is_blank(&self) -> bool {
        self.issues.iter().any(|i| i.kind == IssueKind::Blank)
    }
}

/// What can be measured of a photo before anything is read.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Measures {
    /// The shorter side, in pixels.
    pub side: usize,
    /// Standard deviation that only a few tiles exceed, in grey levels.
    pub contrast: f32,
    /// How sharp edges are: above 1 for crisp text, below 0.1 where they spread over many pixels.
    pub sharpness: f32,
    /// Level of the paper, 0 to 255.
    pub bright_level: f32,
    /// Share of the picture that light has blown out, 0 to 1.
    pub blown_out_share: f32,
}

/// Looks at a photo; a few milliseconds, hardly more for a large one.
pub fn quality(raster: &Raster, settings: &QualitySettings) -> QualityReport {
    judge(&measure(raster), settings)
}

/// Measures a photo.
pub fn measure(raster: &Raster) -> Measures {
    let tiles = Tiles::new(&Grey::reduced(raster));
    Measures {
        side: raster.width().min(raster.height()),
        contrast: tiles.contrast(),
        sharpness: tiles.sharpness(),
        bright_level: tiles.bright_level(),
        blown_out_share: tiles.blown_out_share(),
    }
}

/// Says what the measures mean.
pub fn judge(measures: &Measures, settings: &QualitySettings) -> QualityReport {
    let Measures { side, contrast, .. } = *measures;
    let found = |kind, severity: f32| (severity > 0.0).then(|| Issue { kind, severity: severity.min(1.0) });
    // 0 at `good`, 1 at `bad` and beyond.
    let below = |value: f32, good: f32, bad: f32| ((good - value) / (good - bad)).clamp(0.0, 1.0);

    let mut issues = if contrast < settings.blank_contrast {
        vec![Issue { kind: IssueKind::Blank, severity: 1.0 }]
    } else {
        let all = [
            found(IssueKind::Blur, below(measures.sharpness, settings.sharp, settings.unusable_sharpness)),
            found(IssueKind::LowContrast, below(contrast, settings.low_contrast, settings.unusable_contrast)),
            found(IssueKind::TooDark, below(measures.bright_level, settings.dark_level, settings.unusable_level)),
            found(IssueKind::Glare, glare_severity(measures.blown_out_share, settings)),
        ];
        all.into_iter().flatten().collect()
    };
    issues.extend(found(
        IssueKind::TooSmall,
        below(side as f32, settings.small_side as f32, settings.unusable_side as f32),
    ));
    issues.sort_by(|a, b| b.severity.total_cmp(&a.severity).then(a.kind.cmp(&b.kind)));
    QualityReport { usable: issues.iter().all(|i| i.severity < 1.0), issues }
}

/// Twice the allowed share is middling; what lies beside the light can be read until it covers half of the picture.
fn glare_severity(share: f32, settings: &QualitySettings) -> f32 {
    match share {
        s if s <= settings.glare_share => 0.0,
        s if s >= settings.unusable_glare_share => 1.0,
        s => (s / (4.0 * settings.glare_share)).min(0.9),
    }
}

/// Grey levels, 0 to 255.
struct Grey {
    width: usize,
    height: usize,
    levels: Vec<u8>,
}

/// Longer side of the reduced picture: text of a page-filling receipt is
/// resolved, and the cost stays small.
const REDUCED_SIDE: usize = 1_024;

impl Grey {
    /// Means over square blocks of pixels, so that the longer side is at most
    /// twice [`REDUCED_SIDE`] and mostly near it.
    fn reduced(raster: &Raster) -> Self {
        let factor = (raster.width().max(raster.height()) / REDUCED_SIDE).max(1);
        let (width, height) = (raster.width() / factor, raster.height() / factor);
        let mut levels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        // Weights of red, green and blue (ITU-R BT.601) in 1/256.
        let grey = |p: &[u8]| 77 * u32::from(p[0]) + 150 * u32::from(p[1]) + 29 * u32::from(p[2]);
        let area = (factor * factor) as u32;
        for rows in raster.rgb().chunks_exact(raster.width().max(1) * 3 * factor).take(height) {
            sums.fill(0);
            for row in rows.chunks_exact(raster.width() * 3) {
                for (sum, block) in sums.iter_mut().zip(row.chunks_exact(3 * factor)) {
                    *sum += block.chunks_exact(3).map(grey).sum::<u32>() >> 8;
                }
            }
            levels.extend(sums.iter().map(|s| (s / area).min(255) as u8));
        }
        Self { width, height, levels }
    }
}

/// What a square of the picture looks like.
#[derive(Debug, Clone, Copy)]
struct Tile {
    mean: f32,
    /// Standard deviation of the levels.
    deviation: f32,
    /// Root mean square of the Laplacian.
    laplacian: f32,
    /// The brightest level: the paper, on a tile with print.
    brightest: u8,
    /// Whether it touches the picture's edge.
    at_edge: bool,
}

/// Side of a tile in reduced pixels: about one line of text.
const TILE: usize = 24;

/// Root mean square Laplacian of nothing but rounding to whole levels: √(20 / 12), the squared weights times the variance.
const ROUNDING_LAPLACIAN: f32 = 1.3;

struct Tiles(Vec<Tile>);

impl Tiles {
    fn new(grey: &Grey) -> Self {
        let (across, down) = (grey.width.saturating_sub(2) / TILE, grey.height.saturating_sub(2) / TILE);
        let tile = |i: usize| {
            let (tx, ty) = (i % across, i / across);
            let (mut sum, mut squares, mut laplacian, mut brightest) = (0_u32, 0_u32, 0_u32, 0_u8);
            for y in 1 + ty * TILE..=(ty + 1) * TILE {
                let row = |y: usize| &grey.levels[y * grey.width + tx * TILE..][..TILE + 2];
                let (above, here, below) = (row(y - 1), row(y), row(y + 1));
                for x in 1..=TILE {
                    let level = u32::from(here[x]);
                    let around =
                        u32::from(above[x]) + u32::from(below[x]) + u32::from(here[x - 1]) + u32::from(here[x + 1]);
                    brightest = brightest.max(here[x]);
                    sum += level;
                    squares += level * level;
                    laplacian += (4 * level).abs_diff(around).pow(2);
                }
            }
            let n = (TILE * TILE) as f32;
            let mean = sum as f32 / n;
            Tile {
                mean,
                deviation: (squares as f32 / n - mean * mean).max(0.0).sqrt(),
                laplacian: (laplacian as f32 / n).sqrt(),
                brightest,
                at_edge: tx == 0 || ty == 0 || tx + 1 == across || ty + 1 == down,
            }
        };
        // Like the black squares of a chess board: half the work, and no part of the page is left out.
        let looked_at = |i: &usize| (i % across + i / across).is_multiple_of(2);
        Self((0..across * down).filter(looked_at).map(tile).collect())
    }

    /// The share `rank` (0 to 1) of the way through the sorted values.
    fn quantile(values: &mut [f32], rank: f32) -> f32 {
        let at = (values.len().saturating_sub(1) as f32 * rank) as usize;
        if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(at, f32::total_cmp).1 }
    }

    /// Standard deviation that only a few tiles exceed: print or edges, if there are any.
    fn contrast(&self) -> f32 {
        Self::quantile(&mut self.0.iter().map(|t| t.deviation).collect::<Vec<_>>(), 0.98)
    }

    /// Laplacian over standard deviation, in the sharper ones of the tiles with
    /// most contrast: above 1 for crisp text, below 0.1 when edges spread over many pixels.
    fn sharpness(&self) -> f32 {
        let mut deviations: Vec<_> = self.0.iter().map(|t| t.deviation).collect();
        let enough = Self::quantile(&mut deviations, 0.9);
        // Noise and rounding have a Laplacian of their own; the flattest tiles show how much.
        let noise =
            Self::quantile(&mut self.0.iter().map(|t| t.laplacian).collect::<Vec<_>>(), 0.05).max(ROUNDING_LAPLACIAN);
        let signal = |t: &Tile| (t.laplacian * t.laplacian - noise * noise).max(0.0).sqrt();
        let mut ratios: Vec<_> = self
            .0
            .iter()
            .filter(|t| t.deviation >= enough && t.deviation > 0.0)
            .map(|t| signal(t) / t.deviation)
            .collect();
        Self::quantile(&mut ratios, 0.75)
    }

    /// Level that a tenth of the tiles exceeds: the paper.
    fn bright_level(&self) -> f32 {
        Self::quantile(&mut self.0.iter().map(|t| t.mean).collect::<Vec<_>>(), 0.9)
    }

    /// Share of tiles inside the picture that are pure white without texture,
    /// where the paper under the print is not: light, not paper.
    fn blown_out_share(&self) -> f32 {
        let mut paper: Vec<_> =
            self.0.iter().filter(|t| t.deviation >= PRINT_DEVIATION).map(|t| f32::from(t.brightest)).collect();
        // Scans and screenshots are white everywhere.
        if Self::quantile(&mut paper, 0.5) >= BLOWN_OUT_LEVEL {
            return 0.0;
        }
        let blown = |t: &&Tile| t.mean >= BLOWN_OUT_LEVEL && t.deviation < 1.5 && !t.at_edge;
        self.0.iter().filter(blown).count() as f32 / self.0.len().max(1) as f32
    }
}

/// Standard deviation of a tile that holds print.
const PRINT_DEVIATION: f32 = 12.0;

/// Level from which a sensor has nothing left to tell.
const BLOWN_OUT_LEVEL: f32 = 252.0;

#[cfg(test)]
#[path = "quality_tests.rs"]
mod tests;
