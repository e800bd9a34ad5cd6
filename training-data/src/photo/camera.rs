//! The way from the paper to the photograph and back.

use super::surface::Profile;

/// Pixels of the photograph between two nodes of the grid of [`Camera::nodes`].
pub(super) const CELL: usize = 12;

/// A bent paper on a table, seen by a camera that looks at it from somewhere above.
#[derive(Debug, Clone)]
pub(super) struct Camera {
    /// The paper along its width and along its length.
    pub(super) across: Profile,
    pub(super) along: Profile,
    /// Rows of the rotation from the table to the camera.
    rotation: [[f32; 3]; 3],
    /// From the camera to the paper's middle, in pixels.
    distance: f32,
    /// Where the paper's middle appears.
    centre: [f32; 2],
}

impl Camera {
    /// A camera that is `pitch` and `yaw` radians off the vertical, on a paper
    /// turned by `roll` radians clockwise.
    pub(super) fn new(across: Profile, along: Profile, [pitch, yaw, roll]: [f32; 3], distance: f32) -> Self {
        let ((sp, cp), (sy, cy), (sr, cr)) = (pitch.sin_cos(), yaw.sin_cos(), roll.sin_cos());
        let tilt = |x: f32, y: f32, z: f32| {
            let (x, z) = (x * cy + z * sy, z * cy - x * sy);
            let (y, z) = (y * cp - z * sp, z * cp + y * sp);
            [x, y, z]
        };
        let columns = [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]].map(|[x, y]| {
            let (x, y) = (x * cr - y * sr, x * sr + y * cr);
            tilt(x, y, 0.0)
        });
        let up = tilt(0.0, 0.0, 1.0);
        let row = |i: usize| [columns[0][i], columns[1][i], up[i]];
        Self { across, along, rotation: [row(0), row(1), row(2)], distance, centre: [0.0, 0.0] }
    }

    /// Moves the picture by so many pixels.
    pub(super) fn shift(&mut self, [x, y]: [f32; 2]) {
        self.centre = [self.centre[0] + x, self.centre[1] + y];
    }

    /// A point of the paper, in the photograph.
    pub(super) fn forth(&self, [u, v]: [f32; 2]) -> [f32; 2] {
        let ([x, rise], [y, lift]) = (self.across.at(u), self.along.at(v));
        let z = rise + lift;
        let [px, py, pz] = self.rotation.map(|r| r[0] * x + r[1] * y + r[2] * z);
        let near = self.distance / (self.distance - pz).max(0.2 * self.distance);
        [self.centre[0] + px * near, self.centre[1] + py * near]
    }

    /// The point of the paper that appears at `target`, by Newton's method from `start`.
    pub(super) fn back(&self, target: [f32; 2], start: [f32; 2]) -> [f32; 2] {
        const STEP: f32 = 1.0;
        let mut at = start;
        for _ in 0..12 {
            let here = self.forth(at);
            let (ex, ey) = (target[0] - here[0], target[1] - here[1]);
            if ex.abs() + ey.abs() < 0.01 {
                break;
            }
            let (right, below) = (self.forth([at[0] + STEP, at[1]]), self.forth([at[0], at[1] + STEP]));
            let (a, c) = (right[0] - here[0], right[1] - here[1]);
            let (b, d) = (below[0] - here[0], below[1] - here[1]);
            let scale = STEP / (a * d - b * c).max(0.02);
            // Far steps would leave the region where the linear guess holds.
            let far = |v: f32| v.clamp(-400.0, 400.0);
            at = [at[0] + far((d * ex - b * ey) * scale), at[1] + far((a * ey - c * ex) * scale)];
        }
        at
    }

    /// For every node of a grid over the photograph the point of the paper
    /// that is seen there, row by row, and the number of nodes in a row.
    pub(super) fn nodes(&self, width: usize, height: usize) -> (Vec<[f32; 2]>, usize) {
        let (columns, rows) = (width / CELL + 2, height / CELL + 2);
        let mut nodes: Vec<[f32; 2]> = Vec::with_capacity(columns * rows);
        for row in 0..rows {
            for column in 0..columns {
                let target = [(column * CELL) as f32, (row * CELL) as f32];
                let known = |at: Option<usize>| at.and_then(|i| nodes.get(i)).copied();
                let i = nodes.len();
                let step = CELL as f32;
                let start = if column > 0 {
                    known(i.checked_sub(1)).map(|p| [p[0] + step, p[1]])
                } else {
                    known(i.checked_sub(columns)).map(|p| [p[0], p[1] + step])
                };
                nodes.push(self.back(target, start.unwrap_or([0.0, 0.0])));
            }
        }
        (nodes, columns)
    }

    /// The corners of a rectangle of the paper, clockwise from its top left.
    /// Where the paper bends so that an edge bulges, the edge moves outwards
    /// until nothing of it is cut off.
    pub(super) fn quad(&self, [left, top, right, bottom]: [f32; 4]) -> [[f32; 2]; 4] {
        let corners = [[left, top], [right, top], [right, bottom], [left, bottom]].map(|p| self.forth(p));
        let mut quad = corners;
        for (edge, y) in [(0, top), (2, bottom)] {
            let (Some(a), Some(b)) = (corners.get(edge).copied(), corners.get(edge + 1).copied()) else { continue };
            let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
            let length = dx.hypot(dy).max(1e-3);
            // Clockwise corners have the outside on the left of every edge.
            let normal = [dy / length, -dx / length];
            let outwards = |part: f32| {
                let p = self.forth([left + (right - left) * part, y]);
                (p[0] - a[0]) * normal[0] + (p[1] - a[1]) * normal[1]
            };
            let bulge = [0.2, 0.35, 0.5, 0.65, 0.8].map(outwards).into_iter().fold(0.0, f32::max);
            for corner in quad.iter_mut().skip(edge).take(2) {
                *corner = [corner[0] + normal[0] * bulge, corner[1] + normal[1] * bulge];
            }
        }
        quad
    }
}

#[cfg(test)]
mod tests {
    use super::super::surface::Bend;
    use super::*;
    use crate::dice::Dice;
    use proptest::prelude::*;

    fn camera(seed: u64, turn: [f32; 3], curl: f32) -> Camera {
        let dice = &mut Dice::new(seed, 0);
        let bend = Bend { curl, folds: 2, fold: 0.3, feed: 0.1 };
        let across = Profile::draw(dice, 400, Bend { curl: curl / 4.0, ..Bend::default() });
        let along = Profile::draw(dice, 900, bend);
        let mut camera = Camera::new(across, along, turn, 1500.0);
        camera.shift([300.0, 500.0]);
        camera
    }

    /// By how much a bilinear guess between these four nodes may miss at the cell's middle.
    ///
    /// With `m` the mean of the nodes `c`, the miss is the mean of all `forth(c) - forth(m) = J (c - m)`,
    /// each `J` being a mean of slopes of `forth` in the cell. The `c - m` add up to nothing, so what all `J`
    /// have in common cancels: half the slopes' spread times the longest `c - m` is left. Along one axis
    /// that is a quarter of the cell times the change of slope. Paper that is smooth there leaves hundredths
    /// of a pixel; a sharp fold, seen from its flat side, more than a whole one.
    fn most_missed(camera: &Camera, nodes: [[f32; 2]; 4]) -> f32 {
        let [left, top, right, bottom] = super::super::around(&nodes);
        let (mut low, mut high) = ([f32::MAX; 4], [f32::MIN; 4]);
        // The paper is straight from one pixel to the next, so these are all slopes that occur.
        for v in top.floor() as i32..=bottom.ceil() as i32 {
            for u in left.floor() as i32..=right.ceil() as i32 {
                let [here, right, below] =
                    [[0, 0], [1, 0], [0, 1]].map(|[x, y]| camera.forth([(u + x) as f32, (v + y) as f32]));
                let slopes = [right[0] - here[0], right[1] - here[1], below[0] - here[0], below[1] - here[1]];
                for (i, slope) in slopes.into_iter().enumerate() {
                    (low[i], high[i]) = (low[i].min(slope), high[i].max(slope));
                }
            }
        }
        let spread = low.iter().zip(high).map(|(low, high)| (high - low).powi(2)).sum::<f32>().sqrt();
        let mean = mean(nodes);
        let reach = nodes.iter().map(|c| (c[0] - mean[0]).hypot(c[1] - mean[1])).fold(0.0, f32::max);
        spread / 2.0 * reach
    }

    fn mean(nodes: [[f32; 2]; 4]) -> [f32; 2] {
        [0, 1].map(|axis| nodes.iter().map(|node| node[axis]).sum::<f32>() / 4.0)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_way_back_undoes_the_way_forth(
            seed in any::<u64>(), pitch in -0.35_f32..0.35, yaw in -0.35_f32..0.35, roll in -0.3_f32..0.3,
            curl in 0.0_f32..0.4, u in 0.0_f32..400.0, v in 0.0_f32..900.0,
        ) {
            let camera = camera(seed, [pitch, yaw, roll], curl);
            let seen = camera.forth([u, v]);
            let again = camera.forth(camera.back(seen, [u + 15.0, v - 15.0]));
            prop_assert!((again[0] - seen[0]).hypot(again[1] - seen[1]) < 0.1, "{again:?} is not {seen:?}");
        }

        #[test]
        fn between_nodes_the_grid_is_as_good_as_the_camera(seed in any::<u64>(), pitch in -0.3_f32..0.3, curl in 0.0_f32..0.3) {
            let camera = camera(seed, [pitch, 0.1, 0.1], curl);
            let (nodes, columns) = camera.nodes(600, 1000);
            for (row, column) in [(10, 10), (30, 20), (50, 35), (70, 25)] {
                let node = |[dr, dc]: [usize; 2]| nodes[(row + dr) * columns + column + dc];
                let corners = [[0, 0], [0, 1], [1, 0], [1, 1]].map(node);
                let seen = camera.forth(mean(corners));
                let half = CELL as f32 / 2.0;
                let wanted = [(column * CELL) as f32 + half, (row * CELL) as f32 + half];
                // Nodes are found to a hundredth of a pixel, and what follows is rounded.
                let most = most_missed(&camera, corners) + 0.02;
                let missed = (seen[0] - wanted[0]).hypot(seen[1] - wanted[1]);
                prop_assert!(missed < most, "{seen:?} is not {wanted:?}: {missed} is more than {most}");
            }
        }
    }

    #[test]
    fn a_quad_is_clockwise_and_holds_its_bulging_edges() {
        for seed in 0..20 {
            let camera = camera(seed, [0.3, -0.2, 0.1], 0.5);
            let bounds = [40.0, 300.0, 360.0, 330.0];
            let quad = camera.quad(bounds);
            assert!(quad[0][0] < quad[1][0] && quad[3][1] > quad[0][1]);
            for i in 0..40 {
                let p = camera.forth([40.0 + 8.0 * i as f32, 300.0]);
                let (a, b) = (quad[0], quad[1]);
                let inside = (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);
                assert!(inside / (b[0] - a[0]).hypot(b[1] - a[1]) > -1.0, "seed {seed}: {p:?} is above {a:?}, {b:?}");
            }
        }
    }
}
