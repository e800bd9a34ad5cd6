//! Where the characters of a text are: the most probable of all paths that read as it (Viterbi).

use super::beam::BLANK;

/// The class of every step along the most probable path over `probabilities` (`[steps][classes]`) that reads as `text`,
/// a list of classes. Before the first and behind the last one `space` is as good as a blank. None where there are
/// fewer steps than the text needs.
pub(super) fn align(probabilities: &[f32], classes: usize, text: &[usize], space: Option<usize>) -> Option<Vec<usize>> {
    let rows: Vec<&[f32]> = probabilities.chunks_exact(classes.max(1)).collect();
    // A state for each character, and one for the blanks before, between and behind them.
    let states = 2 * text.len() + 1;
    let class_of = |state: usize| if state.is_multiple_of(2) { BLANK } else { text[state / 2] };
    let logarithm = |step: usize, state: usize| {
        let p = rows[step][class_of(state)];
        let margin = if state == 0 || state + 1 == states { space.map_or(0.0, |space| rows[step][space]) } else { 0.0 };
        (p + margin).max(1e-9).ln()
    };
    // How many states the best way into each state of each step came on.
    let mut came = vec![0u8; rows.len() * states];
    let mut scores = vec![f32::NEG_INFINITY; states];
    let mut last = scores.clone();
    // Before the first step: the blank in front of everything.
    scores[0] = 0.0;
    for step in 0..rows.len() {
        std::mem::swap(&mut scores, &mut last);
        for state in 0..states {
            // A blank may be passed over where it does not part equal characters.
            let over = state % 2 == 1 && (state < 2 || class_of(state) != class_of(state - 2));
            let (mut best, mut by) = (last[state], 0);
            for on in 1..=if over { 2 } else { 1 } {
                if let Some(score) = state.checked_sub(on).and_then(|from| last.get(from))
                    && *score > best
                {
                    (best, by) = (*score, on as u8);
                }
            }
            scores[state] = if best == f32::NEG_INFINITY { best } else { best + logarithm(step, state) };
            came[step * states + state] = by;
        }
    }
    let end = |state: Option<usize>| state.and_then(|state| scores.get(state)).copied().unwrap_or(f32::NEG_INFINITY);
    let mut state = if end(states.checked_sub(2)) > end(Some(states - 1)) { states - 2 } else { states - 1 };
    if end(Some(state)) == f32::NEG_INFINITY {
        return None;
    }
    let mut path = vec![BLANK; rows.len()];
    for step in (0..rows.len()).rev() {
        path[step] = class_of(state);
        state -= usize::from(came[step * states + state]);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows over blank, `a`, `b` and a space, the first class of each step at 0.6.
    fn rows(best: &[usize]) -> Vec<f32> {
        best.iter().flat_map(|best| (0..4).map(move |class| if class == *best { 0.6 } else { 0.13 })).collect()
    }

    #[test]
    fn a_path_reads_as_its_text_whatever_was_likelier() {
        assert_eq!(align(&rows(&[0, 1, 0, 2, 0]), 4, &[1, 2], Some(3)), Some(vec![0, 1, 0, 2, 0]));
        assert_eq!(align(&rows(&[0, 1, 0, 2, 0]), 4, &[1, 1], Some(3)), Some(vec![0, 1, 0, 1, 0]));
    }

    #[test]
    fn equal_characters_are_parted_by_a_blank() {
        assert_eq!(align(&rows(&[1, 1, 1]), 4, &[1, 1], Some(3)), Some(vec![1, 0, 1]));
        assert_eq!(align(&rows(&[1, 1]), 4, &[1, 1], Some(3)), None, "two steps have no room for it");
    }

    #[test]
    fn spaces_at_the_ends_are_margin() {
        assert_eq!(align(&rows(&[3, 3, 1, 3]), 4, &[1], Some(3)), Some(vec![0, 0, 1, 0]));
    }

    #[test]
    fn an_empty_text_is_all_blanks() {
        assert_eq!(align(&rows(&[1, 2]), 4, &[], None), Some(vec![0, 0]));
        assert_eq!(align(&[], 4, &[1], None), None, "no steps");
    }
}
