//! Connectionist temporal classification (Graves et al., 2006): best path decoding.

use crate::text::{CharAlternative, CharReading};

/// Stands for the class that reads as nothing.
pub(super) const BLANK: char = '\0';

/// Other characters less probable than this are not worth a second thought.
const LEAST_ALTERNATIVE: f32 = 0.02;

/// A character that was passed over for a blank counts from here on; below, it is
/// the foot of its neighbour's peak.
const LEAST_LOST: f32 = 0.08;

/// Alternatives kept for a character.
const MOST_ALTERNATIVES: usize = 3;

/// A character at the step where it is most probable.
struct Peak {
    ch: char,
    confidence: f32,
    step: usize,
    /// The most probable character that the path passed over on the way here.
    lost: Option<(char, f32)>,
}

/// Decodes `probabilities` (`[steps][classes]`) along the most probable path.
///
/// Several classes may read as the same character; repeats of a character
/// without a blank between them are one. Each character's confidence is its
/// highest probability; its place reaches half-way to its neighbours, as a
/// fraction of the crop's length, which is `1 / padded` of the steps.
pub(super) fn decode(probabilities: &[f32], classes: &[char], padded: f32) -> Vec<CharReading> {
    let row = |step: usize| &probabilities[step * classes.len()..(step + 1) * classes.len()];
    let steps = probabilities.len() / classes.len().max(1);
    let mut peaks = peaks(steps, classes, row);
    // Spaces at the ends belong to the crop's margin, not to the text.
    while peaks.last().is_some_and(|p| p.ch == ' ') {
        peaks.pop();
    }
    let leading = peaks.iter().take_while(|p| p.ch == ' ').count();
    peaks.drain(..leading);
    let centre = |peak: &Peak| (peak.step as f32 + 0.5) / steps as f32 * padded;
    let between = |a: &Peak, b: &Peak| ((centre(a) + centre(b)) / 2.0).clamp(0.0, 1.0);
    (0..peaks.len())
        .map(|i| {
            let peak = &peaks[i];
            let previous = i.checked_sub(1).and_then(|i| peaks.get(i));
            CharReading {
                ch: peak.ch,
                confidence: peak.confidence.clamp(0.0, 1.0),
                start: previous.map_or(0.0, |previous| between(previous, peak)),
                end: peaks.get(i + 1).map_or(1.0, |next| between(peak, next)),
                alternatives: alternatives(peak, previous, row(peak.step), classes),
            }
        })
        .collect()
}

/// The characters along the most probable path.
fn peaks<'a>(steps: usize, classes: &[char], row: impl Fn(usize) -> &'a [f32]) -> Vec<Peak> {
    let mut peaks: Vec<Peak> = Vec::new();
    let (mut last, mut lost) = (BLANK, None::<(char, f32)>);
    for step in 0..steps {
        let Some((class, p)) = row(step).iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1)) else {
            continue;
        };
        let ch = classes[class];
        if ch != BLANK {
            match peaks.last_mut() {
                Some(peak) if ch == last => {
                    if p > peak.confidence {
                        (peak.confidence, peak.step) = (p, step);
                    }
                }
                _ => peaks.push(Peak { ch, confidence: p, step, lost: lost.take() }),
            }
        } else if p < 1.0 - LEAST_LOST {
            let others = row(step).iter().zip(classes).filter(|(_, c)| **c != BLANK);
            if let Some((p, c)) = others.max_by(|a, b| a.0.total_cmp(b.0))
                && *p >= LEAST_LOST.max(lost.map_or(0.0, |l| l.1))
            {
                lost = Some((*c, *p));
            }
        }
        last = ch;
    }
    peaks
}

/// What else may stand at `peak`, whose step has the probabilities `row`.
fn alternatives(peak: &Peak, previous: Option<&Peak>, row: &[f32], classes: &[char]) -> Vec<CharAlternative> {
    if peak.confidence > 1.0 - LEAST_ALTERNATIVE && peak.lost.is_none() {
        return Vec::new();
    }
    let mut found: Vec<CharAlternative> = Vec::new();
    for (confidence, ch) in row.iter().copied().zip(classes.iter().copied()) {
        if confidence >= LEAST_ALTERNATIVE && ch != peak.ch {
            let text = if ch == BLANK { String::new() } else { ch.to_string() };
            match found.iter_mut().find(|f| f.text == text) {
                Some(same) => same.confidence += confidence,
                None => found.push(CharAlternative { text, confidence }),
            }
        }
    }
    // The foot of a neighbour's peak is no character of its own.
    let of_neighbour = |ch: char| ch == peak.ch || previous.is_some_and(|p| p.ch == ch);
    if let Some((ch, confidence)) = peak.lost.filter(|(ch, _)| !of_neighbour(*ch)) {
        found.push(CharAlternative { text: [ch, peak.ch].iter().collect(), confidence });
    }
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found.truncate(MOST_ALTERNATIVES);
    found
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

    #[test]
    fn uncertain_characters_say_what_else_they_may_be() {
        // Steps: a (or b), blank (perhaps b), a, blank.
        let rows = [[0.1, 0.6, 0.3, 0.0], [0.8, 0.05, 0.15, 0.0], [0.0, 0.99, 0.005, 0.005], [1.0, 0.0, 0.0, 0.0]];
        let chars = decode(rows.as_flattened(), &CLASSES, 1.0);
        let of = |i: usize| chars[i].alternatives.iter().map(|a| (a.text.as_str(), a.confidence)).collect::<Vec<_>>();
        assert_eq!(of(0), [("b", 0.3), ("", 0.1)]);
        assert_eq!(of(1), [("ba", 0.15)], "a character may have been lost");
    }

    #[test]
    fn certain_characters_have_no_alternatives() {
        let rows = [[0.005, 0.99, 0.005, 0.0], [0.99, 0.005, 0.005, 0.0], [0.0, 0.0, 1.0, 0.0]];
        assert!(decode(rows.as_flattened(), &CLASSES, 1.0).iter().all(|c| c.alternatives.is_empty()));
    }
}
