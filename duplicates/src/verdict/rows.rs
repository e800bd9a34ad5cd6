//! Rows of two pages against each other: which are the same, whether their places are those of one image, and what
//! stands where the other page has something else.

use crate::image::RowPrint;

/// Fewer rows in common say nothing of places.
const MIN_FIT: usize = 4;

/// Rows stand in the same place when their middles are closer, in heights of a row.
const SAME_PLACE: (f32, f32) = (6.0, 0.45);

/// Units of [`RowPrint::place`] in the height of a row.
const PLACE: f32 = 16.0;

/// A point, in heights of a row.
type Point = (f32, f32);

/// The places of a row on two pages.
type Pair = (Point, Point);

/// What two lists of rows have in common.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct RowsCompared {
    /// Rows with the same text, in the same order.
    pub(super) same: usize,
    /// Rows in the same place whose digits are the same, though not their letters.
    pub(super) same_digits: usize,
    /// Rows with digits that have a counterpart.
    pub(super) paired: usize,
    /// Pairs in the same place with other digits.
    pub(super) different: usize,
    /// Mean distance of the rows in common after the best affine map, in heights of a row.
    pub(super) misfit: Option<f32>,
    /// Mean share of bits in which the looks of rows in common differ.
    pub(super) look: Option<f32>,
}

/// Compares the rows of two pages.
pub(super) fn compare(a: &[RowPrint], b: &[RowPrint]) -> RowsCompared {
    let anchors = anchors(a, b);
    let mut compared = RowsCompared { same: anchors.len(), look: look(a, b, &anchors), ..RowsCompared::default() };
    let pairs: Vec<Pair> = anchors.iter().filter_map(|(i, j)| Some((place(a.get(*i)?), place(b.get(*j)?)))).collect();
    compared.paired = anchors.iter().filter(|(i, _)| a.get(*i).is_some_and(|row| row.digits != 0)).count();
    if let Some((map, misfit)) = Affine::trimmed(&pairs) {
        compared.misfit = Some(misfit);
        let free = |rows: &[RowPrint], taken: Vec<usize>| -> Vec<RowPrint> {
            let left = rows.iter().enumerate().filter(|(i, row)| row.digits != 0 && !taken.contains(i));
            left.map(|(_, row)| *row).collect()
        };
        let free_a = free(a, anchors.iter().map(|pair| pair.0).collect());
        let free_b = free(b, anchors.iter().map(|pair| pair.1).collect());
        opposite(&free_a, &free_b, &map, &pairs, &mut compared);
    }
    compared
}

fn place(row: &RowPrint) -> Point {
    (f32::from(row.place.0) / PLACE, f32::from(row.place.1) / PLACE)
}

/// Pairs of rows whose text is the same and is on each page once, in an order that both pages share.
fn anchors(a: &[RowPrint], b: &[RowPrint]) -> Vec<(usize, usize)> {
    let once = |rows: &[RowPrint], text: u32| {
        let mut places = rows.iter().enumerate().filter(|(_, row)| row.text == text).map(|(i, _)| i);
        places.next().filter(|_| places.next().is_none())
    };
    let pairs: Vec<(usize, usize)> =
        a.iter().filter_map(|row| Some((once(a, row.text)?, once(b, row.text)?))).collect();
    // The longest list that ascends on both sides; lists are short, so the quadratic way does.
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(pairs.len());
    for (i, pair) in pairs.iter().enumerate() {
        let before = (0..i).filter(|j| pairs.get(*j).is_some_and(|earlier| earlier.1 < pair.1));
        let link = before.max_by_key(|j| best.get(*j).map_or(0, |b| b.0));
        let length = link.and_then(|j| best.get(j)).map_or(0, |b| b.0) + 1;
        best.push((length, link));
    }
    let mut chain = Vec::new();
    let mut at = (0..best.len()).max_by_key(|i| best.get(*i).map_or(0, |b| b.0));
    while let Some(i) = at {
        chain.extend(pairs.get(i));
        at = best.get(i).and_then(|b| b.1);
    }
    chain.reverse();
    chain
}

fn look(a: &[RowPrint], b: &[RowPrint], anchors: &[(usize, usize)]) -> Option<f32> {
    let looks: Vec<u32> = anchors
        .iter()
        .filter_map(|(i, j)| Some((a.get(*i)?.look, b.get(*j)?.look)))
        .filter(|(a, b)| *a != 0 && *b != 0)
        .map(|(a, b)| (a ^ b).count_ones())
        .collect();
    (looks.len() >= MIN_FIT).then(|| looks.iter().sum::<u32>() as f32 / looks.len() as f32 / 32.0)
}

/// Pairs off rows that stand in the same place and read differently.
fn opposite(a: &[RowPrint], b: &[RowPrint], map: &Affine, pairs: &[Pair], out: &mut RowsCompared) {
    for row in a {
        let expected = map.near(place(row), pairs);
        let distance = |other: &&RowPrint| {
            let (x, y) = place(other);
            ((x - expected.0) / SAME_PLACE.0).abs().max(((y - expected.1) / SAME_PLACE.1).abs())
        };
        let nearest = b.iter().min_by(|p, q| distance(p).total_cmp(&distance(q))).filter(|b| distance(b) < 1.0);
        let Some(other) = nearest else { continue };
        out.paired += 1;
        if other.digits == row.digits {
            out.same_digits += 1;
        } else {
            out.different += 1;
        }
    }
}

/// A map of the plane that keeps lines straight and parallel.
struct Affine {
    x: [f32; 3],
    y: [f32; 3],
}

impl Affine {
    /// The best map from the first to the second of each pair, and how far off it is on average; pairs that fit badly
    /// are left out once.
    fn trimmed(pairs: &[Pair]) -> Option<(Self, f32)> {
        let first = Self::fit(pairs)?;
        let mut errors: Vec<f32> = pairs.iter().map(|pair| first.error(pair)).collect();
        errors.sort_by(f32::total_cmp);
        let limit = errors.get(errors.len() / 2)? * 3.0 + 0.05;
        let kept: Vec<_> = pairs.iter().filter(|pair| first.error(pair) <= limit).copied().collect();
        let map = Self::fit(&kept)?;
        let misfit = kept.iter().map(|pair| map.error(pair)).sum::<f32>() / kept.len() as f32;
        Some((map, misfit))
    }

    /// Least squares; nothing when there are too few pairs. Receipts are narrow, so rows may be above one another: a
    /// little weight on keeping x and y apart makes the solution unique.
    fn fit(pairs: &[Pair]) -> Option<Self> {
        if pairs.len() < MIN_FIT {
            return None;
        }
        let n = pairs.len() as f32;
        let mean = |value: fn(&Pair) -> f32| pairs.iter().map(value).sum::<f32>() / n;
        let (ax, ay, bx, by) = (mean(|p| p.0.0), mean(|p| p.0.1), mean(|p| p.1.0), mean(|p| p.1.1));
        let sum = |value: &dyn Fn(f32, f32, f32, f32) -> f32| {
            pairs.iter().map(|(a, b)| value(a.0 - ax, a.1 - ay, b.0 - bx, b.1 - by)).sum::<f32>()
        };
        const RIDGE: f32 = 1.0;
        let (xx, xy, yy) =
            (sum(&|x, _, _, _| x * x) + RIDGE, sum(&|x, y, _, _| x * y), sum(&|_, y, _, _| y * y) + RIDGE);
        let determinant = xx * yy - xy * xy;
        if !(determinant.is_finite() && determinant > 0.0) {
            return None;
        }
        let solve = |xu: f32, yu: f32| ((xu * yy - yu * xy) / determinant, (yu * xx - xu * xy) / determinant);
        let (a, b) = solve(sum(&|x, _, u, _| x * u) + RIDGE, sum(&|_, y, u, _| y * u));
        let (c, d) = solve(sum(&|x, _, _, v| x * v), sum(&|_, y, _, v| y * v) + RIDGE);
        Some(Self { x: [a, b, bx - a * ax - b * ay], y: [c, d, by - c * ax - d * ay] })
    }

    fn apply(&self, (x, y): Point) -> Point {
        (self.x[0] * x + self.x[1] * y + self.x[2], self.y[0] * x + self.y[1] * y + self.y[2])
    }

    fn error(&self, (from, to): &Pair) -> f32 {
        let (x, y) = self.apply(*from);
        (x - to.0).hypot(y - to.1)
    }

    /// Where a point is expected, corrected by how far off the nearest pair is: paper bends.
    fn near(&self, from: Point, pairs: &[Pair]) -> Point {
        let (x, y) = self.apply(from);
        let distance = |pair: &&Pair| (pair.0.1 - from.1).abs();
        let nearest = pairs.iter().min_by(|p, q| distance(p).total_cmp(&distance(q)));
        let off = nearest.map_or((0.0, 0.0), |(a, b)| {
            let at = self.apply(*a);
            (b.0 - at.0, b.1 - at.1)
        });
        (x + off.0, y + off.1)
    }
}
