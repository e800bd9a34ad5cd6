//! What comes back from a device: floats, or the little of them that matters.

/// Bytes of a run on the device; its count takes as many.
pub(super) const RUN_BYTES: usize = 16;

/// Runs of an image that there is room for; a page of text has some two thousand.
pub(super) const ROOM: usize = 1 << 14;

/// Classes that are kept of every step.
pub const GUESSES: usize = 8;

/// Bytes of a guess on the device.
pub(super) const GUESS_BYTES: usize = 8;

/// A class and its probability.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Guess {
    /// From 0 to 1.
    pub probability: f32,
    /// The class; none where the network has fewer than [`GUESSES`].
    pub class: Option<usize>,
}

/// Text pixels of one row of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Run {
    /// The map's number.
    pub image: usize,
    /// Its row.
    pub row: usize,
    /// The first column,
    pub start: usize,
    /// and the one behind the last.
    pub end: usize,
}

/// A convex quad on a map.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MapQuad {
    /// The map's number.
    pub image: usize,
    /// (x, y) of its corners in pixels of the map.
    pub corners: [[f32; 2]; 4],
}

/// What is wanted of a network's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    /// All of it.
    Floats,
    /// The best classes of every pixel.
    Classes,
    /// Runs above the threshold with these bits; and all of it stays on the device.
    Runs(u32),
}

impl Wanted {
    /// Bytes behind the floats of the result: of `steps` pixels in `images` images.
    pub(super) fn bytes(self, steps: usize, images: usize) -> usize {
        match self {
            Self::Floats => 0,
            Self::Classes => steps * GUESSES * GUESS_BYTES,
            Self::Runs(_) => (images * ROOM + 1) * RUN_BYTES,
        }
    }
}

/// Numbers of four bytes, as the device has them.
fn words(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    bytes.chunks_exact(4).map(|b| [b[0], b[1], b[2], b[3]])
}

pub(super) fn floats(bytes: &[u8]) -> Vec<f32> {
    words(bytes).map(f32::from_ne_bytes).collect()
}

pub(super) fn guesses(bytes: &[u8]) -> Vec<[Guess; GUESSES]> {
    let one = |bytes: &[u8]| {
        let mut words = words(bytes);
        let probability = words.next().map_or(0.0, f32::from_ne_bytes);
        let class = words.next().and_then(|word| usize::try_from(i32::from_ne_bytes(word)).ok());
        Guess { probability, class }
    };
    let step = |bytes: &[u8]| std::array::from_fn(|i| one(&bytes[i * GUESS_BYTES..(i + 1) * GUESS_BYTES]));
    bytes.chunks_exact(GUESSES * GUESS_BYTES).map(step).collect()
}

/// Runs in the order of their images, rows and columns.
pub(super) fn runs(bytes: &[u8]) -> Vec<Run> {
    let numbers: Vec<usize> = words(bytes).map(|w| usize::try_from(i32::from_ne_bytes(w)).unwrap_or(0)).collect();
    let mut runs: Vec<Run> =
        numbers.chunks_exact(4).map(|n| Run { image: n[0], row: n[1], start: n[2], end: n[3] }).collect();
    runs.sort_unstable();
    runs
}

/// The same from maps of `rows`×`columns`, for when there are more than the device has room for.
pub(super) fn runs_of(maps: &[f32], (rows, columns): (usize, usize), threshold: f32) -> Vec<Run> {
    let mut runs = Vec::new();
    for (i, row) in maps.chunks_exact(columns.max(1)).enumerate() {
        let mut start = None;
        for (column, text) in row.iter().map(|p| *p > threshold).chain([false]).enumerate() {
            match start {
                None if text => start = Some(column),
                Some(start_column) if !text => {
                    runs.push(Run { image: i / rows, row: i % rows, start: start_column, end: column });
                    start = None;
                }
                _ => {}
            }
        }
    }
    runs
}
