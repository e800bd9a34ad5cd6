//! From a map of text probability to quads, as DB's post-processing does:
//! threshold, connected components, smallest rectangle around each, enlarged
//! again because the network learnt shrunken regions.

use serde::Deserialize;

use crate::geometry::{Point, Quad};

/// Thresholds of the post-processing.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct BoxSettings {
    /// Pixels above this probability are text.
    pub pixel_threshold: f32,
    /// Boxes below this mean probability are dropped.
    pub box_threshold: f32,
    /// Boxes grow by area · ratio / perimeter on every side.
    pub unclip_ratio: f32,
}

/// Rectangles with a shorter side (in map pixels) are noise.
const MIN_SIDE: f32 = 3.0;

/// A run of text pixels in one row.
pub(super) struct Run {
    y: usize,
    start: usize,
    end: usize,
    component: usize,
}

impl Run {
    /// Columns `start` to before `end` of row `y`.
    pub(super) fn new(y: usize, start: usize, end: usize) -> Self {
        Self { y, start, end, component: 0 }
    }
}

/// The boxes of a `width`×`height` map with their mean probabilities, in map pixels.
pub fn find_boxes(map: &[f32], (width, height): (usize, usize), settings: &BoxSettings) -> Vec<(Quad, f32)> {
    if width == 0 || map.len() < width * height {
        return Vec::new();
    }
    let rectangles = rectangles(runs(map, width, settings.pixel_threshold)).into_iter();
    let scored = rectangles.map(|rectangle| (rectangle, mean_inside(map, (width, height), &rectangle)));
    scored.filter_map(|(rectangle, score)| text_box(&rectangle, score, settings)).collect()
}

/// The smallest rectangle around each component of `runs`, which are those of one map from top to bottom and from left
/// to right; without those that are noise.
pub(super) fn rectangles(mut runs: Vec<Run>) -> Vec<Quad> {
    connect(&mut runs);
    let mut components: Vec<Vec<Point>> = Vec::new();
    let mut slots = vec![usize::MAX; runs.len()];
    for run in &runs {
        let slot = &mut slots[run.component];
        if *slot == usize::MAX {
            *slot = components.len();
            components.push(Vec::new());
        }
        // The corners of the outermost pixels' areas are all the hull needs.
        let (left, right) = (run.start as f32, run.end as f32);
        let (top, bottom) = (run.y as f32, run.y as f32 + 1.0);
        components[*slot].extend([
            Point::new(left, top),
            Point::new(right, top),
            Point::new(right, bottom),
            Point::new(left, bottom),
        ]);
    }
    let rectangles = components.into_iter().filter_map(|points| smallest_rectangle(convex_hull(points)));
    rectangles.filter(|rectangle| rectangle.width().min(rectangle.height()) >= MIN_SIDE).collect()
}

/// The box of a line that shrank to `rectangle`, with the map's mean in it; nothing where that is too low.
pub(super) fn text_box(rectangle: &Quad, score: f32, settings: &BoxSettings) -> Option<(Quad, f32)> {
    let (w, h) = (rectangle.width(), rectangle.height());
    let margin = w * h * settings.unclip_ratio / (2.0 * (w + h));
    // A score that is not a number is no text either.
    (score >= settings.box_threshold).then(|| (upright(grown(rectangle, margin)), score))
}

/// Runs of pixels above `threshold`.
fn runs(map: &[f32], width: usize, threshold: f32) -> Vec<Run> {
    let mut runs = Vec::new();
    for (y, row) in map.chunks_exact(width).enumerate() {
        let mut x = 0;
        while let Some(start) = row[x..].iter().position(|p| *p > threshold).map(|i| i + x) {
            let end = row[start..].iter().position(|p| *p <= threshold).map_or(width, |i| i + start);
            runs.push(Run::new(y, start, end));
            x = end;
            if x == width {
                break;
            }
        }
    }
    runs
}

/// Labels runs by 8-connected component.
fn connect(runs: &mut [Run]) {
    let mut parents: Vec<usize> = (0..runs.len()).collect();
    let mut above = 0..0;
    let mut first = 0;
    for i in 0..runs.len() {
        let Run { y, start, end, .. } = runs[i];
        if y != runs[first].y {
            above = if runs[first].y + 1 == y { first..i } else { i..i };
            first = i;
        }
        // Runs touch when they share a column or a corner.
        while above.start < above.end && runs[above.start].end < start {
            above.start += 1;
        }
        for other in above.clone().take_while(|other| runs[*other].start <= end) {
            let (a, b) = (root(&mut parents, i), root(&mut parents, other));
            parents[a.max(b)] = a.min(b);
        }
    }
    for (i, run) in runs.iter_mut().enumerate() {
        run.component = root(&mut parents, i);
    }
}

/// The representative of `i`, with the path halved on the way.
fn root(parents: &mut [usize], mut i: usize) -> usize {
    while parents[i] != i {
        parents[i] = parents[parents[i]];
        i = parents[i];
    }
    i
}

fn cross(o: Point, a: Point, b: Point) -> f32 {
    (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x)
}

/// Andrew's monotone chain.
fn convex_hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    points.dedup();
    let mut hull: Vec<Point> = Vec::with_capacity(points.len().min(64));
    for pass in 0..2 {
        let floor = hull.len() + 1;
        let mut add = |p: Point| {
            while hull.len() > floor && cross(hull[hull.len() - 2], hull[hull.len() - 1], p) <= 0.0 {
                hull.pop();
            }
            hull.push(p);
        };
        if pass == 0 {
            points.iter().copied().for_each(&mut add);
        } else {
            points.iter().rev().copied().for_each(&mut add);
        }
        hull.pop();
    }
    hull
}

/// The rectangle of least area around a convex polygon; one side lies on one of its edges.
fn smallest_rectangle(hull: Vec<Point>) -> Option<Quad> {
    let mut best: Option<(f32, Quad)> = None;
    for (i, a) in hull.iter().enumerate() {
        let b = hull[(i + 1) % hull.len()];
        let length = a.distance(b);
        if length < 1e-6 {
            continue;
        }
        let (ux, uy) = ((b.x - a.x) / length, (b.y - a.y) / length);
        let (mut u0, mut u1, mut v0, mut v1) = (f32::MAX, f32::MIN, f32::MAX, f32::MIN);
        for p in &hull {
            let (u, v) = (p.x * ux + p.y * uy, p.y * ux - p.x * uy);
            (u0, u1, v0, v1) = (u0.min(u), u1.max(u), v0.min(v), v1.max(v));
        }
        let area = (u1 - u0) * (v1 - v0);
        if best.as_ref().is_none_or(|(least, _)| area < *least) {
            let at = |u: f32, v: f32| Point::new(u * ux - v * uy, u * uy + v * ux);
            best = Some((area, Quad([at(u0, v0), at(u1, v0), at(u1, v1), at(u0, v1)])));
        }
    }
    best.map(|(_, quad)| quad)
}

/// Mean of the map over the pixels whose centres lie inside `quad`.
fn mean_inside(map: &[f32], (width, height): (usize, usize), quad: &Quad) -> f32 {
    let (left, top, right, bottom) = quad.bounds();
    let (mut sum, mut count) = (0.0f64, 0u32);
    for y in (top.max(0.0) as usize)..(bottom.ceil().max(0.0) as usize).min(height) {
        let centre_y = y as f32 + 0.5;
        // The quad is convex, so a row crosses it in one interval.
        let (mut from, mut to) = (right, left);
        for (i, a) in quad.0.iter().enumerate() {
            let b = quad.0[(i + 1) % 4];
            if (a.y <= centre_y) != (b.y <= centre_y) {
                let x = a.x + (b.x - a.x) * (centre_y - a.y) / (b.y - a.y);
                (from, to) = (from.min(x), to.max(x));
            }
        }
        let first = (from - 0.5).ceil().max(0.0) as usize;
        let end = (((to - 0.5).floor() + 1.0).max(0.0) as usize).min(width);
        if first < end {
            let row = &map[y * width..(y + 1) * width];
            sum += row[first..end].iter().map(|p| f64::from(*p)).sum::<f64>();
            count += (end - first) as u32;
        }
    }
    if count == 0 { 0.0 } else { (sum / f64::from(count)) as f32 }
}

/// `rectangle` with every side moved outwards by `margin`.
fn grown(rectangle: &Quad, margin: f32) -> Quad {
    let [a, b, c, d] = rectangle.0;
    let direction = |p: Point, q: Point| {
        let length = p.distance(q).max(1e-6);
        ((q.x - p.x) / length * margin, (q.y - p.y) / length * margin)
    };
    let ((ux, uy), (vx, vy)) = (direction(a, b), direction(a, d));
    let moved = |p: Point, su: f32, sv: f32| Point::new(p.x + su * ux + sv * vx, p.y + su * uy + sv * vy);
    Quad([moved(a, -1.0, -1.0), moved(b, 1.0, -1.0), moved(c, 1.0, 1.0), moved(d, -1.0, 1.0)])
}

/// The same rectangle with its corners clockwise from the one that is the top
/// left when the page is seen upright.
fn upright(quad: Quad) -> Quad {
    let mut corners = quad.0;
    // The edge whose direction is closest to "to the right" becomes the top edge.
    let rightness = |i: usize| {
        let (a, b) = (corners[i], corners[(i + 1) % 4]);
        (b.x - a.x) / a.distance(b).max(1e-6)
    };
    let first = (0..4).max_by(|a, b| rightness(*a).total_cmp(&rightness(*b))).unwrap_or(0);
    corners.rotate_left(first);
    Quad(corners)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: BoxSettings = BoxSettings { pixel_threshold: 0.2, box_threshold: 0.4, unclip_ratio: 1.4 };

    /// A map in which the pixels of `inside` are text.
    fn map(width: usize, height: usize, inside: impl Fn(f32, f32) -> bool) -> Vec<f32> {
        let pixel = |i: usize| inside((i % width) as f32 + 0.5, (i / width) as f32 + 0.5);
        (0..width * height).map(|i| if pixel(i) { 0.9 } else { 0.05 }).collect()
    }

    #[test]
    fn two_lines_give_two_boxes_grown_by_the_ratio() {
        let lines =
            map(100, 60, |x, y| (10.0..90.0).contains(&x) && ((5.0..15.0).contains(&y) || (40.0..50.0).contains(&y)));
        let boxes = find_boxes(&lines, (100, 60), &SETTINGS);
        assert_eq!(boxes.len(), 2);
        // 80×10: 800 · 1.4 / 180 = 6.2 pixels on every side.
        let (left, top, right, bottom) = boxes[0].0.bounds();
        for (got, expected) in [(left, 3.8), (top, -1.2), (right, 96.2), (bottom, 21.2)] {
            assert!((got - expected).abs() < 0.1, "{got} instead of {expected}");
        }
        assert!((boxes[0].1 - 0.9).abs() < 1e-3);
    }

    #[test]
    fn a_slanted_line_gives_a_slanted_box() {
        let (sin, cos) = (10.0f32).to_radians().sin_cos();
        let slanted = map(200, 120, |x, y| {
            let (u, v) = ((x - 100.0) * cos + (y - 60.0) * sin, (y - 60.0) * cos - (x - 100.0) * sin);
            u.abs() < 80.0 && v.abs() < 6.0
        });
        let boxes = find_boxes(&slanted, (200, 120), &SETTINGS);
        assert_eq!(boxes.len(), 1);
        let [tl, tr, ..] = boxes[0].0.0;
        let angle = (tr.y - tl.y).atan2(tr.x - tl.x).to_degrees();
        assert!((angle - 10.0).abs() < 1.0, "{angle}°");
    }

    #[test]
    fn parts_that_join_below_are_one_component() {
        let u = map(40, 30, |x, y| {
            (5.0..35.0).contains(&x) && (5.0..25.0).contains(&y) && (y > 20.0 || !(10.0..30.0).contains(&x))
        });
        assert_eq!(find_boxes(&u, (40, 30), &BoxSettings { box_threshold: 0.1, ..SETTINGS }).len(), 1);
    }

    #[test]
    fn specks_and_faint_areas_are_dropped() {
        let speck = map(30, 30, |x, y| (10.0..12.0).contains(&x) && (10.0..12.0).contains(&y));
        assert!(find_boxes(&speck, (30, 30), &SETTINGS).is_empty());
        assert!(find_boxes(&vec![0.3; 900], (30, 30), &SETTINGS).is_empty());
        assert!(find_boxes(&[], (0, 0), &SETTINGS).is_empty());
    }
}
