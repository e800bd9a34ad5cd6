//! Connectionist temporal classification (Graves et al., 2006): best path decoding.

use crate::text::CharReading;

/// Stands for the class that reads as nothing.
pub(super) const BLANK: char = '\0';

/// Decodes `probabilities` (`[steps][classes]`) along the most probable path.
///
/// Several classes may read as the same character; repeats of a character
/// without a blank between them are one. Each character's confidence is its
/// highest probability; its place reaches half-way to its neighbours, as a
/// fraction of the crop's length, which is `1 / padded` of the steps.
pub(super) fn decode(probabilities: &[f32], classes: &[char], padded: f32) -> Vec<CharReading> {
    let steps = probabilities.len() / classes.len().max(1);
    let mut peaks: Vec<(char, f32, f32)> = Vec::new();
    let mut last = BLANK;
    for (step, row) in probabilities.chunks_exact(classes.len().max(1)).enumerate() {
        let Some((class, p)) = row.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)) else {
            continue;
        };
        let ch = classes[class];
        let centre = (step as f32 + 0.5) / steps as f32 * padded;
        if ch != BLANK {
            match peaks.last_mut() {
                Some(peak) if ch == last => {
                    if p > peak.1 {
                        *peak = (ch, p, centre);
                    }
                }
                _ => peaks.push((ch, p, centre)),
            }
        }
        last = ch;
    }
    // Spaces at the ends belong to the crop's margin, not to the text.
    while peaks.last().is_some_and(|p| p.0 == ' ') {
        peaks.pop();
    }
    let leading = peaks.iter().take_while(|p| p.0 == ' ').count();
    peaks.drain(..leading);
    let between = |a: f32, b: f32| ((a + b) / 2.0).clamp(0.0, 1.0);
    (0..peaks.len())
        .map(|i| {
            let (ch, confidence, centre) = peaks[i];
            let start = if i == 0 { 0.0 } else { between(peaks[i - 1].2, centre) };
            let end = peaks.get(i + 1).map_or(1.0, |next| between(centre, next.2));
            CharReading { ch, confidence: confidence.clamp(0.0, 1.0), start, end }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [char; 4] = [BLANK, 'a', 'b', ' '];

    /// One row per step, the named class at 0.7.
    fn path(classes: &[usize]) -> Vec<f32> {
        classes.iter().flat_map(|c| (0..4).map(move |i| if i == *c { 0.7 } else { 0.1 })).collect()
    }

    fn text(classes: &[usize]) -> String {
        decode(&path(classes), &CLASSES, 1.0).iter().map(|c| c.ch).collect()
    }

    #[test]
    fn repeats_collapse_unless_a_blank_stands_between() {
        assert_eq!(text(&[1, 1, 0, 1, 2, 2]), "aab");
        assert_eq!(text(&[0, 0, 0]), "");
    }

    #[test]
    fn outer_spaces_go_and_inner_ones_stay() {
        assert_eq!(text(&[3, 1, 3, 2, 3]), "a b");
    }

    #[test]
    fn places_meet_half_way_and_cover_the_line() {
        let chars = decode(&path(&[1, 0, 0, 2]), &CLASSES, 1.0);
        assert_eq!((chars[0].start, chars[1].end), (0.0, 1.0));
        assert_eq!((chars[0].end, chars[1].start), (0.5, 0.5));
    }

    #[test]
    fn padding_stretches_places() {
        // Half of the steps are padding, so the second step ends the line.
        let chars = decode(&path(&[1, 2, 0, 0]), &CLASSES, 2.0);
        assert_eq!(chars[0].end, 0.5);
    }

    #[test]
    fn two_classes_of_one_character_are_one_character() {
        let classes = [BLANK, ',', ',', ' '];
        assert_eq!(decode(&path(&[1, 2, 2]), &classes, 1.0).len(), 1);
    }
}
