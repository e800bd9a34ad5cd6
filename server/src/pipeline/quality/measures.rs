//! What can be measured of a photo before anything is read.

use serde::Serialize;
use slipstream_models::Raster;

use super::blocks::{Blocks, blocks};
use super::tiles::{BLOWN_OUT_LEVEL, PLANES, Tensor, Tile, Tiles};

/// A tile holds print when it has this share of the detail of the tiles with most of it.
const PRINT_SHARE: f32 = 0.25;

/// Mean square difference that noise makes at most; where the flattest tiles have more, all hold print.
const MOST_NOISE: f32 = 36.0;

/// What can be measured of a photo before anything is read.
///
/// Blur is no length but what it leaves of the characters: detail is the root mean square difference between
/// neighbouring pixels of a plane, in the direction that has least of it, so that shake counts in whatever direction the
/// camera moved. There are four planes: the reduced picture, its half, its quarter and its eighth. Sharp print has
/// detail on all of them, blurred print on the coarser ones alone.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Measures {
    /// The shorter side, in pixels.
    pub side: usize,
    /// The shorter side of the reduced picture, in pixels.
    pub reduced_side: usize,
    /// Standard deviation that only a few tiles exceed, in grey levels.
    pub contrast: f32,
    /// Standard deviation of the tiles with print, in grey levels.
    pub print_contrast: f32,
    /// Detail of all tiles with print together, in the direction with most of it, in grey levels, on each plane.
    pub most: [f32; PLANES],
    /// The same in the direction with least of it.
    pub least: [f32; PLANES],
    /// Detail in the direction with least of it, relative to the tile's contrast, that a fifth of the tiles with print
    /// exceeds, on each plane.
    pub sharp: [f32; PLANES],
    /// The same that a twentieth of them exceeds, on the half.
    pub sharpest: f32,
    /// Mean square difference that noise makes, on each plane.
    pub noise: [f32; PLANES],
    /// Level that a tenth of the tiles exceeds: the paper, 0 to 255.
    pub bright_level: f32,
    /// Share of the tiles that hold print, 0 to 1.
    pub print_share: f32,
    /// Share of the picture that light has blown out, 0 to 1.
    pub blown_out_share: f32,
    /// Left, top, right and bottom of what is blown out, in pixels of the photo; zeros where nothing is.
    pub blown_out_bounds: [usize; 4],
    /// Traces of strong compression.
    pub blocks: Blocks,
}

impl Measures {
    /// A detail in grey levels relative to the contrast of the print.
    pub(super) fn relative(&self, levels: f32) -> f32 {
        levels / self.print_contrast.max(1.0)
    }
}

/// Measures a photo.
pub fn measure(raster: &Raster) -> Measures {
    let tiles = Tiles::new(raster);
    let print = Print::new(&tiles.all);
    let of_print = || print.tiles.iter().filter_map(|i| tiles.all.get(*i));
    let mean_square = of_print().map(|t| t.deviation * t.deviation).sum::<f32>() / print.tiles.len().max(1) as f32;
    let detail: [(f32, f32); PLANES] = std::array::from_fn(|plane| {
        let tensors: Vec<Tensor> = of_print().map(|t| t.detail[plane]).collect();
        Tensor::mean(tensors.into_iter()).extremes(print.noise[plane])
    });
    let sharp = |plane: usize, rank| {
        let of_tile = |t: &Tile| t.detail[plane].extremes(print.noise[plane]).1 / t.deviation.max(1.0);
        quantile(&mut of_print().map(of_tile).collect::<Vec<_>>(), rank)
    };
    let share = |n: usize| n as f32 / tiles.all.len().max(1) as f32;
    let of_all = |value: fn(&Tile) -> f32, rank| quantile(&mut tiles.all.iter().map(value).collect::<Vec<_>>(), rank);
    // Light makes the paper around some print white; hardly around all of it.
    let paper = quantile(&mut of_print().map(|t| f32::from(t.brightest)).collect::<Vec<_>>(), 0.1);
    let blown_out = blown_out(&tiles, paper);
    Measures {
        side: raster.width().min(raster.height()),
        reduced_side: tiles.grid.width.min(tiles.grid.height),
        contrast: of_all(|t| t.deviation, 0.98),
        print_contrast: mean_square.sqrt(),
        most: detail.map(|(most, _)| most),
        least: detail.map(|(_, least)| least),
        sharp: std::array::from_fn(|plane| sharp(plane, 0.8)),
        sharpest: sharp(1, 0.95),
        noise: print.noise,
        bright_level: of_all(|t| t.mean, 0.9),
        print_share: share(print.tiles.len()),
        blown_out_share: share(blown_out.len()),
        blown_out_bounds: around(&tiles, &blown_out).map(|at| at * tiles.grid.factor),
        blocks: blocks(raster),
    }
}

/// The tiles that hold print.
struct Print {
    tiles: Vec<usize>,
    /// Mean square difference on each plane that noise and rounding make, as the flattest tiles show it.
    noise: [f32; PLANES],
}

impl Print {
    fn new(all: &[Tile]) -> Self {
        let powers = |plane: usize| all.iter().map(|t| t.detail[plane].power()).collect::<Vec<_>>();
        let noise = std::array::from_fn(|plane| quantile(&mut powers(plane), 0.05).min(MOST_NOISE));
        // Edges of paper have detail in one direction alone, print in both.
        let least = |tensor: &Tensor, noise: f32| tensor.extremes(noise).1.powi(2);
        let detail = |t: &Tile| t.detail.iter().zip(noise).map(|(tensor, noise)| least(tensor, noise)).sum::<f32>();
        let enough = PRINT_SHARE * quantile(&mut all.iter().map(detail).collect::<Vec<_>>(), 0.95);
        let holds = |(i, t): (usize, &Tile)| (detail(t) >= enough && detail(t) > 0.0).then_some(i);
        Self { tiles: all.iter().enumerate().filter_map(holds).collect(), noise }
    }
}

/// The tiles that are white without texture, where the `paper` around the print is not: light, not paper.
fn blown_out(tiles: &Tiles, paper: f32) -> Vec<usize> {
    // Scans and screenshots are white everywhere.
    if paper >= f32::from(BLOWN_OUT_LEVEL) {
        return Vec::new();
    }
    (0..tiles.all.len()).filter(|i| tiles.all[*i].blown_out).collect()
}

/// What surrounds these tiles.
fn around(tiles: &Tiles, some: &[usize]) -> [usize; 4] {
    let join = |a: [usize; 4], b: [usize; 4]| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])];
    some.iter().map(|i| tiles.bounds(*i)).reduce(join).unwrap_or_default()
}

/// The share `rank` (0 to 1) of the way through the sorted values.
fn quantile(values: &mut [f32], rank: f32) -> f32 {
    let at = (values.len().saturating_sub(1) as f32 * rank) as usize;
    if values.is_empty() { 0.0 } else { *values.select_nth_unstable_by(at, f32::total_cmp).1 }
}
