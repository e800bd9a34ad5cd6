//! Lens, hand and resolution: blur, sharpening and enlarging.

use image::RgbImage;

/// Numbers in rows, as coverage by ink.
pub(super) struct Plane {
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
}

impl Plane {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self { width, values: vec![0.0; width * height] }
    }

    /// Blurs as a lens out of focus does, with a standard deviation in pixels.
    pub(super) fn defocus(&mut self, sigma: f32) {
        if sigma < 0.2 {
            return;
        }
        let reach = (sigma * 2.5).ceil() as i32;
        let weight = |i: i32| (-(i as f32).powi(2) / (2.0 * sigma * sigma)).exp();
        let sum: f32 = (-reach..=reach).map(weight).sum();
        let taps: Vec<(i32, f32)> = (-reach..=reach).map(|i| (i, weight(i) / sum)).collect();
        self.spread(&taps.iter().map(|(i, w)| (*i, 0, *w)).collect::<Vec<_>>());
        self.spread(&taps.iter().map(|(i, w)| (0, *i, *w)).collect::<Vec<_>>());
    }

    /// Blurs along a straight movement of `length` pixels at `angle` radians.
    pub(super) fn motion(&mut self, length: f32, angle: f32) {
        if length < 0.5 {
            return;
        }
        let steps = (length.ceil() as i32 * 2).max(2);
        let mut taps: Vec<(i32, i32, f32)> = Vec::new();
        for step in 0..=steps {
            let at = (step as f32 / steps as f32 - 0.5) * length;
            let (x, y) = (at * angle.cos(), at * angle.sin());
            // Each point is shared among the four pixels around it.
            for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                let (px, py) = (x.floor() as i32 + dx, y.floor() as i32 + dy);
                let w = (1.0 - (x - px as f32).abs()) * (1.0 - (y - py as f32).abs()) / (steps + 1) as f32;
                match taps.iter_mut().find(|t| (t.0, t.1) == (px, py)) {
                    Some(tap) => tap.2 += w,
                    None => taps.push((px, py, w)),
                }
            }
        }
        taps.retain(|t| t.2 > 1e-3);
        self.spread(&taps);
    }

    /// Exaggerates edges as phones do: adds `strength` times the difference to
    /// a blurred copy.
    pub(super) fn sharpen(&mut self, strength: f32, sigma: f32) {
        if strength <= 0.0 {
            return;
        }
        let mut soft = Plane { width: self.width, values: self.values.clone() };
        soft.defocus(sigma);
        self.values.iter_mut().zip(&soft.values).for_each(|(v, s)| *v += strength * (*v - s));
    }

    /// Replaces every value by a weighted sum of those at `(dx, dy)`; edges repeat.
    fn spread(&mut self, taps: &[(i32, i32, f32)]) {
        let width = self.width;
        let rows = self.values.len() / width.max(1);
        let mut out = vec![0.0_f32; self.values.len()];
        for (y, target) in out.chunks_mut(width.max(1)).enumerate() {
            for &(dx, dy, weight) in taps {
                let from = (y as i32 + dy).clamp(0, rows as i32 - 1) as usize * width;
                let Some(source) = self.values.get(from..from + width) else { continue };
                // Columns that have a neighbour at `dx`; the few others take the edge.
                let skip = dx.unsigned_abs() as usize;
                let (inner, shifted) = if skip >= width {
                    (0..0, source)
                } else if dx >= 0 {
                    (0..width - skip, &source[skip..])
                } else {
                    (skip..width, source)
                };
                let edge = source.get(if dx >= 0 { width - 1 } else { 0 }).copied().unwrap_or(0.0);
                for (i, t) in target.iter_mut().enumerate() {
                    if i == inner.start {
                        break;
                    }
                    *t += edge * weight;
                }
                for t in target.iter_mut().skip(inner.end.max(inner.start)) {
                    *t += edge * weight;
                }
                if let Some(target) = target.get_mut(inner) {
                    target.iter_mut().zip(shifted).for_each(|(t, s)| *t += s * weight);
                }
            }
        }
        self.values = out;
    }
}

/// The picture enlarged by `factor`, linear between pixels.
pub(super) fn enlarge(image: &RgbImage, factor: f32) -> RgbImage {
    let (width, height) = ((image.width() as f32 * factor) as u32, (image.height() as f32 * factor) as u32);
    let place = |i: u32, most: u32| {
        let at = ((i as f32 + 0.5) / factor - 0.5).clamp(0.0, (most - 1) as f32);
        let low = (at as u32).min(most.saturating_sub(2));
        (low as usize, at - low as f32)
    };
    let columns: Vec<(usize, f32)> = (0..width).map(|x| place(x, image.width())).collect();
    let stride = image.width() as usize * 3;
    let pixels = image.as_raw();
    let mut out = Vec::with_capacity(width as usize * height as usize * 3);
    let mut row = vec![0.0_f32; stride];
    for y in 0..height {
        let (low, part) = place(y, image.height());
        let (Some(a), b) = (pixels.get(low * stride..(low + 1) * stride), (low + 1) * stride) else { break };
        let b = pixels.get(b..b + stride).unwrap_or(a);
        row.iter_mut()
            .zip(a.iter().zip(b))
            .for_each(|(r, (a, b))| *r = f32::from(*a) + (f32::from(*b) - f32::from(*a)) * part);
        for &(x, part) in &columns {
            let Some(pair) = row.get(x * 3..(x * 3 + 6).min(stride)) else { continue };
            for c in 0..3 {
                let (a, b) = (pair[c], pair.get(c + 3).copied().unwrap_or(pair[c]));
                out.push((a + (b - a) * part + 0.5) as u8);
            }
        }
    }
    RgbImage::from_raw(width, height, out).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot() -> Plane {
        let mut plane = Plane::new(21, 21);
        plane.values[10 * 21 + 10] = 1.0;
        plane
    }

    #[test]
    fn blur_spreads_and_keeps_the_sum() {
        for (what, blur) in [
            ("defocus", Box::new(|p: &mut Plane| p.defocus(1.5)) as Box<dyn Fn(&mut Plane)>),
            ("motion", Box::new(|p: &mut Plane| p.motion(5.0, 0.7))),
        ] {
            let mut plane = spot();
            blur(&mut plane);
            let sum: f32 = plane.values.iter().sum();
            assert!((sum - 1.0).abs() < 0.02, "{what}: {sum}");
            assert!(plane.values[10 * 21 + 10] < 0.5 && plane.values[9 * 21 + 10] > 0.0, "{what}");
        }
    }

    #[test]
    fn edges_repeat() {
        let mut plane = Plane { width: 3, values: vec![1.0; 9] };
        plane.defocus(2.0);
        plane.motion(9.0, 0.3);
        assert!(plane.values.iter().all(|v| (v - 1.0).abs() < 0.05), "{:?}", plane.values);
    }

    #[test]
    fn enlarging_keeps_places() {
        let mut image = RgbImage::from_pixel(20, 10, image::Rgb([200; 3]));
        image.put_pixel(5, 4, image::Rgb([0; 3]));
        let large = enlarge(&image, 2.0);
        assert_eq!((large.width(), large.height()), (40, 20));
        let darkest = large.enumerate_pixels().min_by_key(|(_, _, p)| p[0]).map(|(x, y, _)| (x / 2, y / 2));
        assert_eq!(darkest, Some((5, 4)));
    }
}
