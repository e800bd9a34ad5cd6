//! What digits of EAN and UPC codes look like on a blurred photo.
//!
//! Source of the patterns: GS1 General Specifications, "Symbol character encodation": a digit is seven modules, in number
//! set A (here `LEFT`), mirrored and inverted in set B, inverted in set C.

/// Set A: modules from the left, the highest bit first, dark is one.
const LEFT: [u8; 10] =
    [0b0001101, 0b0011001, 0b0010011, 0b0111101, 0b0100011, 0b0110001, 0b0101111, 0b0111011, 0b0110111, 0b0001011];

/// Samples a module.
pub(crate) const SAMPLES: usize = 3;

/// Samples that are multiplied at once.
pub(crate) const LANES: usize = 8;

/// A piece of a code in all the forms it can have. All forms begin alike and end alike, so that the module before and the
/// one behind the piece are known too.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    /// Modules.
    pub(crate) modules: usize,
    /// The forms, as they are printed: modules from the left.
    pub(crate) forms: Vec<Vec<bool>>,
    /// The forms as a camera sees them with one module on each side, of mean zero and length one, filled up with zeros.
    pub(crate) seen: Vec<Vec<[f32; LANES]>>,
}

impl Piece {
    fn new(forms: Vec<Vec<bool>>, before: bool, after: bool, blur: f32) -> Self {
        let modules = forms.first().map_or(0, Vec::len);
        let seen = forms.iter().map(|form| seen(form, before, after, blur)).collect();
        Self { modules, forms, seen }
    }

    /// Samples that show the piece with a module on each side.
    pub(crate) fn samples(&self) -> usize {
        (self.modules + 2) * SAMPLES
    }
}

/// The pieces of a kind of code, from the left.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pub(crate) pieces: Vec<Piece>,
}

impl Template {
    /// EAN-13 and UPC-A.
    pub(crate) fn ean_13(blur: f32) -> Self {
        let (left, right) = (Piece::new(both(), true, false, blur), Piece::new(set_c(), false, true, blur));
        Self::two_halves(vec![left; 6], vec![right; 6], blur)
    }

    /// UPC-E.
    pub(crate) fn upc_e(blur: f32) -> Self {
        let digit = Piece::new(both(), true, false, blur);
        let mut pieces = vec![Piece::new(vec![bits(0b101, 3)], false, false, blur)];
        pieces.extend(vec![digit; 6]);
        pieces.push(Piece::new(vec![bits(0b010101, 6)], true, false, blur));
        Self { pieces }
    }

    fn two_halves(left: Vec<Piece>, right: Vec<Piece>, blur: f32) -> Self {
        let side = Piece::new(vec![bits(0b101, 3)], false, false, blur);
        let mut pieces = vec![side.clone()];
        pieces.extend(left);
        pieces.push(Piece::new(vec![bits(0b01010, 5)], true, true, blur));
        pieces.extend(right);
        pieces.push(side);
        Self { pieces }
    }

    /// Modules in all.
    pub(crate) fn modules(&self) -> usize {
        self.pieces.iter().map(|p| p.modules).sum()
    }

    /// Widths of bars and spaces in modules, of a code whose pieces have the given forms.
    pub(crate) fn widths(&self, forms: &[usize]) -> Vec<f32> {
        let modules = self.pieces.iter().zip(forms).filter_map(|(piece, &form)| piece.forms.get(form)).flatten();
        let mut widths = Vec::new();
        let mut last = None;
        for &dark in modules {
            match widths.last_mut() {
                Some(width) if last == Some(dark) => *width += 1.0,
                _ => widths.push(1.0),
            }
            last = Some(dark);
        }
        widths
    }
}

/// The lowest `count` bits, the highest of them first.
fn bits(pattern: u8, count: usize) -> Vec<bool> {
    (0..count).rev().map(|i| pattern >> i & 1 == 1).collect()
}

fn set_a() -> Vec<Vec<bool>> {
    LEFT.iter().map(|&pattern| bits(pattern, 7)).collect()
}

fn set_b() -> Vec<Vec<bool>> {
    set_c().into_iter().map(|form| form.into_iter().rev().collect()).collect()
}

fn set_c() -> Vec<Vec<bool>> {
    set_a().into_iter().map(|form| form.into_iter().map(|dark| !dark).collect()).collect()
}

fn both() -> Vec<Vec<bool>> {
    set_a().into_iter().chain(set_b()).collect()
}

/// Brightness of a form with a module on each side, blurred by a Gaussian of `blur` modules.
fn seen(form: &[bool], before: bool, after: bool, blur: f32) -> Vec<[f32; LANES]> {
    // What lies further out is not known.
    let light = |module: isize| match module {
        -1 => f32::from(u8::from(!before)),
        m if m == form.len() as isize => f32::from(u8::from(!after)),
        m => usize::try_from(m).ok().and_then(|m| form.get(m)).map_or(0.5, |&dark| f32::from(u8::from(!dark))),
    };
    const FINE: usize = 12;
    let samples = (form.len() + 2) * SAMPLES;
    let mut levels: Vec<f32> = (0..samples)
        .map(|i| {
            let at = (i as f32 + 0.5) / SAMPLES as f32 - 1.0;
            let (mut sum, mut weights) = (0.0, 0.0);
            for step in 0..6 * FINE {
                let off = (step as f32 + 0.5) / FINE as f32 - 3.0;
                let weight = (-0.5 * (off / blur.max(0.05)).powi(2)).exp();
                sum += weight * light((at + off).floor() as isize);
                weights += weight;
            }
            sum / weights
        })
        .collect();
    normalise(&mut levels);
    levels.resize(levels.len().next_multiple_of(LANES), 0.0);
    levels.as_chunks().0.to_vec()
}

/// The sum of products of a form with levels that are filled up with zeros as it is.
pub(crate) fn product(seen: &[[f32; LANES]], levels: &[f32]) -> f32 {
    let mut sums = [0.0; LANES];
    for (a, b) in seen.iter().zip(levels.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

/// Gives levels mean zero and length one; returns the length that they had.
pub(crate) fn normalise(levels: &mut [f32]) -> f32 {
    let mean = levels.iter().sum::<f32>() / levels.len().max(1) as f32;
    levels.iter_mut().for_each(|l| *l -= mean);
    let length = levels.iter().map(|l| l * l).sum::<f32>().sqrt();
    let factor = if length > 1e-6 { 1.0 / length } else { 0.0 };
    levels.iter_mut().for_each(|l| *l *= factor);
    length
}
