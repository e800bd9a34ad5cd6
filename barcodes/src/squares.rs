//! Which eyes belong to one QR code: three of one size at the corners of a right-angled isosceles triangle.

use crate::finder::Eye;
use crate::geometry::Point;

/// Three eyes of a code, by the corner they are at, and roughly how large a module is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Corners {
    pub(crate) top_left: Point,
    pub(crate) top_right: Point,
    pub(crate) bottom_left: Point,
    /// Pixels.
    pub(crate) module: f32,
    /// Eyes that it is made of, by number.
    pub(crate) eyes: [usize; 3],
    /// How far from the ideal it is; 0 is ideal.
    doubt: f32,
}

impl Corners {
    /// The corners on another plane.
    pub(crate) fn map(&self, point: impl Fn(Point) -> Point, scale: f32) -> Self {
        Self {
            top_left: point(self.top_left),
            top_right: point(self.top_right),
            bottom_left: point(self.bottom_left),
            module: self.module * scale,
            ..*self
        }
    }

    /// Modules along a side, as the distances between the eyes have it.
    pub(crate) fn modules(&self) -> f32 {
        let side = (self.top_left.distance(self.top_right) + self.top_left.distance(self.bottom_left)) / 2.0;
        side / self.module + 7.0
    }
}

/// At most `most` groups of three, the likeliest first; eyes may be part of several.
pub(crate) fn group(eyes: &[Eye], most: usize) -> Vec<Corners> {
    let mut groups = Vec::new();
    for a in 0..eyes.len() {
        for b in 0..a {
            let ratio = eyes[a].module / eyes[b].module;
            if !(0.5..2.0).contains(&ratio) {
                continue;
            }
            for c in 0..b {
                groups.extend(corners(eyes, [a, b, c]));
            }
        }
    }
    groups.sort_by(|a, b| a.doubt.total_cmp(&b.doubt));
    groups.truncate(most);
    groups
}

fn corners(eyes: &[Eye], numbers: [usize; 3]) -> Option<Corners> {
    let [a, b, c] = numbers.map(|i| eyes[i].centre);
    let sides = [(a.distance(b), 2), (b.distance(c), 0), (c.distance(a), 1)];
    // The corner opposite of the longest side is the top left.
    let &(longest, corner) = sides.iter().max_by(|x, y| x.0.total_cmp(&y.0))?;
    let (top_left, first, second) = match corner {
        0 => (a, b, c),
        1 => (b, c, a),
        _ => (c, a, b),
    };
    let (to_first, to_second) = (first.minus(top_left), second.minus(top_left));
    let (short, long) = (to_first.length().min(to_second.length()), to_first.length().max(to_second.length()));
    if short <= 0.0 || long / short > 1.8 {
        return None;
    }
    let cosine = to_first.dot(to_second) / (short * long);
    // Clockwise from the top left comes the top right.
    let (top_right, bottom_left) = if to_first.cross(to_second) > 0.0 { (first, second) } else { (second, first) };
    // Eyes of a tilted code are crossed at an angle, which makes them seem larger.
    let direction = top_right.minus(top_left).times(1.0 / top_right.distance(top_left));
    let tilt = direction.x.abs().max(direction.y.abs());
    let modules = numbers.map(|i| eyes[i].module);
    let mean = modules.iter().sum::<f32>() / 3.0;
    let uneven = modules.iter().map(|m| (m / mean - 1.0).abs()).fold(0.0, f32::max);
    let module = mean * tilt;
    let size = short / module;
    // From version 1 (14 modules between the middles of eyes) to version 40 (170), with room for perspective.
    if cosine.abs() > 0.45 || uneven > 0.4 || !(11.0..200.0).contains(&size) || longest <= 0.0 {
        return None;
    }
    let doubt = cosine.abs() + (long / short - 1.0) + uneven;
    Some(Corners { top_left, top_right, bottom_left, module, eyes: numbers, doubt })
}
