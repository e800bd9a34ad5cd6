//! Which way is up, told by what the detector and the recogniser see anyway.
//!
//! A page on its side has regions that are higher than wide; a page upside down
//! reads as nonsense with low confidence, and better once its lines are turned.
//! An upright page, which nearly every page is, costs nothing extra.

use crate::crop::{LineCrop, LineCrops};
use crate::detect::TextRegions;
use crate::text::TextLine;

/// A region this many times higher than wide holds a line that runs up or down.
const TALL: f32 = 1.5;

/// Lines that are read both ways round before a page is turned.
const SAMPLE: usize = 8;

/// Pages whose lines are read with at least this mean confidence are upright:
/// on scanned receipts upright pages reach 0.9 and more, turned ones stay below 0.7.
const CERTAIN: f32 = 0.85;

/// Whether most of the text, by length, runs up or down the page.
pub fn runs_vertically(regions: &TextRegions) -> bool {
    let (mut tall, mut wide) = (0.0, 0.0);
    for region in &regions.regions {
        let (w, h) = (region.quad.width(), region.quad.height());
        if h > w * TALL {
            tall += h;
        } else {
            wide += w;
        }
    }
    tall > wide
}

/// The longest crops of a page, each turned upside down.
pub fn upside_down_sample(crops: &LineCrops) -> LineCrops {
    let mut longest: Vec<&LineCrop> = crops.crops.iter().collect();
    longest.sort_by_key(|crop| std::cmp::Reverse(crop.width()));
    LineCrops { crops: longest.into_iter().take(SAMPLE).map(LineCrop::upside_down).collect() }
}

/// Whether `lines` read so badly that the page may be upside down.
pub fn doubtful(lines: &[TextLine]) -> bool {
    lines.iter().any(|line| !line.chars.is_empty()) && mean_confidence(lines) < CERTAIN
}

/// Whether the page is upside down: `turned` reads better than the same lines as they are.
pub fn reads_better(turned: &[TextLine], as_is: &[TextLine]) -> bool {
    mean_confidence(turned) > mean_confidence(as_is)
}

/// Mean over all characters, so that long lines count for more; 0 without any.
fn mean_confidence(lines: &[TextLine]) -> f32 {
    let (sum, count) = lines.iter().flat_map(|line| &line.chars).fold((0.0, 0), |(s, n), c| (s + c.confidence, n + 1));
    if count == 0 { 0.0 } else { sum / count as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::TextRegion;
    use crate::geometry::Quad;

    fn regions(sizes: &[(f32, f32)]) -> TextRegions {
        let region = |(w, h): &(f32, f32)| TextRegion { quad: Quad::from_bounds(0.0, 0.0, *w, *h), score: 1.0 };
        TextRegions { regions: sizes.iter().map(region).collect() }
    }

    fn line(confidence: f32) -> Vec<TextLine> {
        vec![TextLine::evenly_spaced("TOTAL 9.00", confidence, Quad::from_bounds(0.0, 0.0, 100.0, 10.0))]
    }

    #[test]
    fn length_decides_and_single_characters_do_not() {
        assert!(runs_vertically(&regions(&[(20.0, 300.0), (20.0, 200.0), (40.0, 20.0)])));
        assert!(!runs_vertically(&regions(&[(10.0, 20.0), (12.0, 20.0), (300.0, 20.0)])));
        assert!(!runs_vertically(&regions(&[])));
    }

    #[test]
    fn only_doubtful_pages_are_turned_and_only_to_read_better() {
        assert!(!doubtful(&line(0.97)) && doubtful(&line(0.6)) && !doubtful(&[]));
        assert!(reads_better(&line(0.9), &line(0.6)) && !reads_better(&line(0.5), &line(0.6)));
    }
}
