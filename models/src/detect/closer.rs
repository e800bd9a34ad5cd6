//! A closer look at boxes that seem to hold several lines.
//!
//! Where lines of a receipt nearly touch, a column of short prices looks to the
//! network like text that runs from top to bottom, and becomes one high box.
//! Such a box stands beside several other lines. Its rows, on the page's whole
//! width, are shown to the network again, enlarged, and stretched so that the
//! gaps between lines grow more than those between letters; the boxes found
//! there take its place. A page without such boxes pays nothing.

use super::TextRegion;
use crate::geometry::Quad;

/// Boxes this many times as high as usual are looked at again: two lines are at least 1.8 times as high as one.
const SUSPICIOUS: f32 = 1.55;
/// Higher ones are a picture or a logo.
const HOPELESS: f32 = 14.0;
/// Wider ones, in heights, are large print.
const WIDEST: f32 = 2.2;
/// Lines beside a box without which it is no column.
const LINES_BESIDE: usize = 2;
/// Fewer boxes than this say nothing of what is usual.
const FEWEST: usize = 5;
/// Places that are looked at again at most, largest first.
const MOST_WINDOWS: usize = 4;
/// Pixels that a line's height has in the second look, before it is stretched.
const HEIGHT: f32 = 36.0;
/// How much the second look is stretched downwards.
pub(super) const STRETCH: f32 = 1.8;
/// Pixels of a second look at most.
const MOST_PIXELS: f32 = 500_000.0;

/// A part of the page to look at again.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    /// Left, top, right and bottom edge in pixels of the page.
    pub(super) bounds: [usize; 4],
    /// How many times it is enlarged, before it is stretched.
    pub(super) scale: f32,
    /// The boxes that it was cut for, as numbers of regions.
    pub(super) suspects: Vec<usize>,
}

/// What to look at again on a page of `size` (width, height).
pub(super) fn windows(regions: &[TextRegion], size: (usize, usize)) -> Vec<Window> {
    let Some(usual) = usual_height(regions) else { return Vec::new() };
    let high = |quad: &Quad| (SUSPICIOUS..HOPELESS).contains(&(rise(quad) / usual));
    let beside = |(x0, y0, x1, y1): (f32, f32, f32, f32)| {
        let lines = regions.iter().filter(|r| !high(&r.quad) && (y0..y1).contains(&r.quad.centre().y));
        lines.filter(|r| r.quad.bounds().2 <= x0 + usual || r.quad.bounds().0 >= x1 - usual).count()
    };
    let mut windows: Vec<Window> = Vec::new();
    for (i, region) in regions.iter().enumerate().filter(|(_, r)| high(&r.quad)) {
        let (x0, y0, x1, y1) = region.quad.bounds();
        if x1 - x0 > WIDEST * (y1 - y0) || beside((x0, y0, x1, y1)) < LINES_BESIDE {
            continue;
        }
        let bounds = [0, (y0 - usual).max(0.0) as usize, size.0, ((y1 + usual) as usize).min(size.1)];
        // Windows that overlap are one; the new one may connect several.
        let (mut joined, apart): (Vec<Window>, Vec<Window>) =
            windows.into_iter().partition(|w| overlap(&w.bounds, &bounds));
        let mut window = Window { bounds, scale: 1.0, suspects: vec![i] };
        for other in joined.drain(..) {
            window.suspects.extend(other.suspects);
            window.bounds = around(&window.bounds, &other.bounds);
        }
        windows = apart;
        windows.push(window);
    }
    let area = |w: &Window| (w.bounds[2] - w.bounds[0]) as f32 * (w.bounds[3] - w.bounds[1]) as f32;
    windows.retain(|w| w.bounds[0] < w.bounds[2] && w.bounds[1] < w.bounds[3]);
    windows.sort_by(|a, b| area(b).total_cmp(&area(a)));
    windows.truncate(MOST_WINDOWS);
    for window in &mut windows {
        window.scale = (HEIGHT / usual).min((MOST_PIXELS / (area(window) * STRETCH)).sqrt());
    }
    windows
}

/// Puts the boxes that a second look `found` in the place of the suspects, and of whatever else they cover.
pub(super) fn replace(regions: &mut Vec<TextRegion>, looks: Vec<(Window, Vec<TextRegion>)>) {
    let mut gone = vec![false; regions.len()];
    let mut new = Vec::new();
    for (window, found) in looks {
        let suspects: Vec<&Quad> = window.suspects.iter().filter_map(|i| Some(&regions.get(*i)?.quad)).collect();
        let highest = suspects.iter().map(|quad| rise(quad)).fold(0.0, f32::max);
        let within = |quad: &Quad| suspects.iter().map(|suspect| share_inside(quad, suspect)).sum::<f32>() > 0.4;
        let parts: Vec<TextRegion> = found.into_iter().filter(|r| within(&r.quad)).collect();
        // As many boxes as before say nothing new.
        if parts.len() <= suspects.len() || !parts.iter().all(|part| rise(&part.quad) < highest / 1.3) {
            continue;
        }
        for (i, region) in regions.iter().enumerate() {
            let covered = parts.iter().any(|part| share_inside(&region.quad, &part.quad) > 0.5);
            if covered || window.suspects.contains(&i) {
                gone[i] = true;
            }
        }
        new.extend(parts);
    }
    let mut keep = gone.iter().map(|gone| !gone);
    regions.retain(|_| keep.next().unwrap_or(true));
    regions.append(&mut new);
}

/// Share of the area of `quad`'s upright box that lies in the one of `other`.
fn share_inside(quad: &Quad, other: &Quad) -> f32 {
    let ((ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1)) = (quad.bounds(), other.bounds());
    let common = (ax1.min(bx1) - ax0.max(bx0)).max(0.0) * (ay1.min(by1) - ay0.max(by0)).max(0.0);
    common / ((ax1 - ax0) * (ay1 - ay0)).max(1.0)
}

/// Median height of boxes that are clearly wider than high; none where these are few, as on a page that lies on its side.
pub(super) fn usual_height(regions: &[TextRegion]) -> Option<f32> {
    let lies = |quad: &Quad| {
        let (x0, _, x1, _) = quad.bounds();
        x1 - x0 > 1.5 * rise(quad)
    };
    let mut heights: Vec<f32> = regions.iter().filter(|r| lies(&r.quad)).map(|r| r.quad.height()).collect();
    heights.sort_by(f32::total_cmp);
    let enough = heights.len() >= FEWEST.max(regions.len() / 3);
    heights.get(heights.len() / 2).copied().filter(|h| enough && *h >= 1.0)
}

/// How high a quad's upright box is. Not the quad's own height: of several short lines the box is taken for one that stands.
fn rise(quad: &Quad) -> f32 {
    let (_, y0, _, y1) = quad.bounds();
    y1 - y0
}

fn overlap(a: &[usize; 4], b: &[usize; 4]) -> bool {
    a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3]
}

fn around(a: &[usize; 4], b: &[usize; 4]) -> [usize; 4] {
    [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(left: f32, top: f32, right: f32, bottom: f32) -> TextRegion {
        TextRegion { quad: Quad::from_bounds(left, top, right, bottom), score: 0.9 }
    }

    /// Six lines, and at the right a box over three of them.
    fn page() -> Vec<TextRegion> {
        let mut regions: Vec<_> =
            (0..6).map(|i| region(10.0, 10.0 + 22.0 * i as f32, 200.0, 30.0 + 22.0 * i as f32)).collect();
        regions.push(region(300.0, 10.0, 350.0, 74.0));
        regions
    }

    #[test]
    fn a_box_over_three_lines_is_looked_at_again_and_replaced_by_its_parts() {
        let mut regions = page();
        let windows = windows(&regions, (400, 300));
        assert_eq!(windows.len(), 1);
        assert_eq!((windows[0].bounds, &windows[0].suspects[..]), ([0, 0, 400, 94], &[6][..]));
        assert_eq!(windows[0].scale, 1.8);
        let parts: Vec<_> =
            (0..3).map(|i| region(300.0, 10.0 + 22.0 * i as f32, 350.0, 30.0 + 22.0 * i as f32)).collect();
        replace(
            &mut regions,
            vec![(windows[0].clone(), [parts.clone(), vec![region(10.0, 10.0, 200.0, 30.0)]].concat())],
        );
        assert_eq!(regions.len(), 9);
        assert!(parts.iter().all(|part| regions.contains(part)));
        assert!(regions.iter().all(|r| r.quad.height() < 30.0));
    }

    #[test]
    fn a_box_that_a_second_look_sees_as_one_stays() {
        let mut regions = page();
        let again = region(302.0, 12.0, 348.0, 72.0);
        let window = windows(&regions, (400, 300)).remove(0);
        replace(&mut regions, vec![(window, vec![again])]);
        assert_eq!(regions, page());
    }

    #[test]
    fn windows_that_touch_are_one_and_stay_within_the_page() {
        let mut regions = page();
        regions.push(region(360.0, 40.0, 400.0, 110.0));
        let windows = windows(&regions, (400, 120));
        assert_eq!(windows.len(), 1);
        assert_eq!(windows[0].bounds, [0, 0, 400, 120]);
        assert_eq!(windows[0].suspects.len(), 2);
    }

    #[test]
    fn large_print_and_logos_are_not_looked_at_again() {
        let mut regions = page();
        regions[6] = region(100.0, 200.0, 150.0, 264.0);
        regions.push(region(210.0, 10.0, 390.0, 74.0));
        assert!(windows(&regions, (400, 300)).is_empty());
    }

    #[test]
    fn pages_of_like_boxes_or_of_few_are_not_looked_at_again() {
        assert!(windows(&page()[..6], (400, 300)).is_empty());
        assert!(windows(&page()[4..], (400, 300)).is_empty());
        assert!(windows(&[], (0, 0)).is_empty());
    }
}
