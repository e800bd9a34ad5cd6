//! Connectionist temporal classification (Graves et al., 2006): from the probabilities of every step to characters.
//!
//! The path through the steps is the most probable one, or, where a character is doubtful and there is a language model,
//! that of the text which both together find likeliest.

use super::align::align;
use super::beam::{self, Labels};
use super::language::{History, LanguageModel, Symbol};
use crate::text::{CharAlternative, CharReading};

/// Stands for the class that reads as nothing.
pub(super) const BLANK: char = '\0';

/// A line whose least sure character is surer than this is what it seems to be, whatever a language model says.
const SURE: f32 = 0.97;

/// Classes less probable than this at a character's step do not count beside it.
const LEAST_RIVAL: f32 = 0.003;

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
    class: usize,
    confidence: f32,
    step: usize,
    /// The most probable character that the path passed over on the way here.
    lost: Option<(char, f32)>,
}

/// A language model, with what it takes the classes of a recogniser for.
pub(super) struct Language<'a> {
    pub(super) model: &'a LanguageModel,
    pub(super) labels: &'a Labels,
}

/// Decodes `probabilities` (`[steps][classes]`).
///
/// Several classes may read as the same character; repeats of a character
/// without a blank between them are one. Each character's confidence is its
/// highest probability; its place reaches half-way to its neighbours, as a
/// fraction of the crop's length, which is `1 / padded` of the steps.
///
/// Where `language` has a say, a confidence is the probability of the character
/// among all that may stand there, with what each makes of the line.
pub(super) fn decode(
    probabilities: &[f32],
    classes: &[char],
    padded: f32,
    language: Option<&Language<'_>>,
) -> Vec<CharReading> {
    let rows: Vec<&[f32]> = probabilities.chunks_exact(classes.len().max(1)).collect();
    let mut peaks = peaks(&best_path(&rows), classes, &rows);
    let mut rivals = Vec::new();
    let doubtful = peaks.iter().any(|peak| peak.confidence < SURE);
    if let Some(language) = language.filter(|_| doubtful)
        && let Some(path) = language.path(probabilities)
    {
        peaks = self::peaks(&path, classes, &rows);
        rivals = language.rivals(&mut peaks, &rows);
    }
    let found: Vec<Vec<CharAlternative>> = (0..peaks.len())
        .map(|i| {
            let previous = i.checked_sub(1).and_then(|i| peaks.get(i));
            match rivals.get(i) {
                Some(rivals) => alternatives(&peaks[i], previous, rivals.iter().copied(), classes),
                None => {
                    let row = rows[peaks[i].step].iter().copied().enumerate();
                    alternatives(&peaks[i], previous, row, classes)
                }
            }
        })
        .collect();
    let mut found: Vec<(Peak, Vec<CharAlternative>)> = peaks.into_iter().zip(found).collect();
    // Spaces at the ends belong to the crop's margin, not to the text.
    while found.last().is_some_and(|(peak, _)| peak.ch == ' ') {
        found.pop();
    }
    let leading = found.iter().take_while(|(peak, _)| peak.ch == ' ').count();
    found.drain(..leading);
    let centres: Vec<f32> =
        found.iter().map(|(peak, _)| (peak.step as f32 + 0.5) / rows.len() as f32 * padded).collect();
    let between = |a: usize, b: usize| ((centres[a] + centres[b]) / 2.0).clamp(0.0, 1.0);
    let last = found.len().saturating_sub(1);
    found
        .into_iter()
        .enumerate()
        .map(|(i, (peak, alternatives))| CharReading {
            ch: peak.ch,
            confidence: peak.confidence.clamp(0.0, 1.0),
            start: if i == 0 { 0.0 } else { between(i - 1, i) },
            end: if i == last { 1.0 } else { between(i, i + 1) },
            alternatives,
        })
        .collect()
}

/// The most probable class of every step.
fn best_path(rows: &[&[f32]]) -> Vec<usize> {
    let best = |row: &&[f32]| (0..row.len()).max_by(|a, b| row[*a].total_cmp(&row[*b])).unwrap_or(beam::BLANK);
    rows.iter().map(best).collect()
}

/// The characters along `path`, which has a class for every step.
fn peaks(path: &[usize], classes: &[char], rows: &[&[f32]]) -> Vec<Peak> {
    let mut peaks: Vec<Peak> = Vec::new();
    let (mut last, mut lost) = (BLANK, None::<(char, f32)>);
    for (step, (class, row)) in path.iter().zip(rows).enumerate() {
        let (ch, p) = (classes[*class], row[*class]);
        if ch != BLANK {
            match peaks.last_mut() {
                Some(peak) if ch == last => {
                    if p > peak.confidence {
                        (peak.confidence, peak.step) = (p, step);
                    }
                }
                _ => peaks.push(Peak { ch, class: *class, confidence: p, step, lost: lost.take() }),
            }
        } else if p < 1.0 - LEAST_LOST {
            let others = row.iter().zip(classes).filter(|(_, c)| **c != BLANK);
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

impl Language<'_> {
    /// The path of the text that network and language model together find likeliest.
    fn path(&self, probabilities: &[f32]) -> Option<Vec<usize>> {
        let mut text = beam::search(probabilities, self.labels, self.model);
        while text.last().is_some_and(|class| self.labels.space == Some(*class)) {
            text.pop();
        }
        align(probabilities, self.labels.symbols.len(), &text, self.labels.space)
    }

    /// Gives every one of `peaks` its probability among the classes that may stand at its step, each with what it
    /// makes of the line, and returns these classes' probabilities.
    fn rivals(&self, peaks: &mut [Peak], rows: &[&[f32]]) -> Vec<Vec<(usize, f32)>> {
        let symbols: Vec<Option<Symbol>> = peaks.iter().map(|peak| self.labels.symbols[peak.class]).collect();
        let mut histories = vec![History::START];
        histories.extend(symbols.iter().flatten().scan(History::START, |history, symbol| {
            *history = history.then(*symbol);
            Some(*history)
        }));
        let rivals_of = |(i, peak): (usize, &mut Peak)| {
            let possible = |(class, p): &(usize, f32)| *class == peak.class || *p >= LEAST_RIVAL;
            let mut rivals: Vec<_> = rows[peak.step].iter().copied().enumerate().filter(possible).collect();
            if rivals.len() > 1 {
                let window = &symbols[i + 1..symbols.len().min(i + 1 + History::REACH)];
                let whole = i + 1 + window.len() == symbols.len();
                for (class, p) in &mut rivals {
                    let symbol = self.labels.symbols[*class];
                    *p =
                        p.max(1e-9).ln() + self.gain(histories[i], symbol.iter().chain(window.iter().flatten()), whole);
                }
                let most = rivals.iter().map(|(_, p)| *p).fold(f32::NEG_INFINITY, f32::max);
                let sum: f32 = rivals.iter().map(|(_, p)| (p - most).exp()).sum();
                rivals.iter_mut().for_each(|(_, p)| *p = (*p - most).exp() / sum);
            }
            peak.confidence =
                rivals.iter().find(|(class, _)| *class == peak.class).map_or(peak.confidence, |(_, p)| *p);
            rivals
        };
        peaks.iter_mut().enumerate().map(rivals_of).collect()
    }

    /// What a line gains by `symbols` behind `history`, and by its end behind them where they are the `whole` rest.
    fn gain<'s>(&self, mut history: History, symbols: impl Iterator<Item = &'s Symbol>, whole: bool) -> f32 {
        let mut gain = 0.0;
        for symbol in symbols {
            gain += self.model.gain(history, *symbol);
            history = history.then(*symbol);
        }
        if whole { gain + self.model.gain(history, Symbol::END) } else { gain }
    }
}

/// What else may stand at `peak`, where classes have the probabilities `row`.
fn alternatives(
    peak: &Peak,
    previous: Option<&Peak>,
    row: impl Iterator<Item = (usize, f32)>,
    classes: &[char],
) -> Vec<CharAlternative> {
    if peak.confidence > 1.0 - LEAST_ALTERNATIVE && peak.lost.is_none() {
        return Vec::new();
    }
    let mut found: Vec<CharAlternative> = Vec::new();
    for (class, confidence) in row {
        let ch = classes[class];
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
    use super::super::language::tests::shipped;
    use super::*;

    const CLASSES: [char; 4] = [BLANK, 'a', 'b', ' '];

    /// One row per step, the named class at 0.7.
    fn path(classes: &[usize]) -> Vec<f32> {
        classes.iter().flat_map(|c| (0..4).map(move |i| if i == *c { 0.7 } else { 0.1 })).collect()
    }

    fn text(classes: &[usize]) -> String {
        decode(&path(classes), &CLASSES, 1.0, None).iter().map(|c| c.ch).collect()
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
        let chars = decode(&path(&[1, 0, 0, 2]), &CLASSES, 1.0, None);
        assert_eq!((chars[0].start, chars[1].end), (0.0, 1.0));
        assert_eq!((chars[0].end, chars[1].start), (0.5, 0.5));
    }

    #[test]
    fn padding_stretches_places() {
        // Half of the steps are padding, so the second step ends the line.
        let chars = decode(&path(&[1, 2, 0, 0]), &CLASSES, 2.0, None);
        assert_eq!(chars[0].end, 0.5);
    }

    #[test]
    fn two_classes_of_one_character_are_one_character() {
        let classes = [BLANK, ',', ',', ' '];
        assert_eq!(decode(&path(&[1, 2, 2]), &classes, 1.0, None).len(), 1);
    }

    #[test]
    fn uncertain_characters_say_what_else_they_may_be() {
        // Steps: a (or b), blank (perhaps b), a, blank.
        let rows = [[0.1, 0.6, 0.3, 0.0], [0.8, 0.05, 0.15, 0.0], [0.0, 0.99, 0.005, 0.005], [1.0, 0.0, 0.0, 0.0]];
        let chars = decode(rows.as_flattened(), &CLASSES, 1.0, None);
        let of = |i: usize| chars[i].alternatives.iter().map(|a| (a.text.as_str(), a.confidence)).collect::<Vec<_>>();
        assert_eq!(of(0), [("b", 0.3), ("", 0.1)]);
        assert_eq!(of(1), [("ba", 0.15)], "a character may have been lost");
    }

    #[test]
    fn certain_characters_have_no_alternatives() {
        let rows = [[0.005, 0.99, 0.005, 0.0], [0.99, 0.005, 0.005, 0.0], [0.0, 0.0, 1.0, 0.0]];
        assert!(decode(rows.as_flattened(), &CLASSES, 1.0, None).iter().all(|c| c.alternatives.is_empty()));
    }

    /// A line over the classes of `alphabet`: for every step the characters that may stand there; the rest is blank.
    fn doubtful(alphabet: &[char], steps: &[&[(char, f32)]]) -> Vec<f32> {
        let p_of = |step: &[(char, f32)], ch: &char| step.iter().find(|(c, _)| c == ch).map_or(0.0, |(_, p)| *p);
        let row = |step: &&[(char, f32)]| {
            let mut row: Vec<f32> = alphabet.iter().map(|ch| p_of(step, ch)).collect();
            row[0] = 1.0 - row.iter().sum::<f32>();
            row
        };
        steps.iter().flat_map(row).collect()
    }

    fn with_language(alphabet: &[char], probabilities: &[f32]) -> Vec<CharReading> {
        let model = shipped();
        let symbols = alphabet.iter().map(|ch| (*ch != BLANK).then(|| model.symbol(*ch))).collect();
        let labels = Labels { symbols, space: alphabet.iter().position(|ch| *ch == ' ') };
        decode(probabilities, alphabet, 1.0, Some(&Language { model: &model, labels: &labels }))
    }

    const ALPHABET: [char; 11] = [BLANK, 'T', 'O', 'A', 'L', '0', '6', '5', ',', 'V', ' '];

    #[test]
    fn language_tells_letters_from_digits_and_says_what_else_it_may_be() {
        let sure = |ch| [(ch, 0.99)];
        let (t, o, a, l) = (sure('T'), [('0', 0.6), ('O', 0.4)], sure('A'), sure('L'));
        let line = doubtful(&ALPHABET, &[&t, &o, &t, &a, &l]);
        let text = |chars: &[CharReading]| chars.iter().map(|c| c.ch).collect::<String>();
        assert_eq!(text(&decode(&line, &ALPHABET, 1.0, None)), "T0TAL");
        let chars = with_language(&ALPHABET, &line);
        assert_eq!(text(&chars), "TOTAL");
        assert!(chars[1].confidence > 0.6 && chars[1].confidence < 1.0, "{:?}", chars[1]);
        assert_eq!(chars[1].alternatives[0].text, "0");
        assert!((chars[1].confidence + chars[1].alternatives[0].confidence - 1.0).abs() < 0.01, "{:?}", chars[1]);
        assert_eq!((chars[1].start, chars[1].end), (0.2, 0.4), "it stands where it stood");
    }

    #[test]
    fn language_never_prefers_a_digit_to_another() {
        let line = doubtful(&ALPHABET, &[&[('5', 0.99)], &[(',', 0.99)], &[('6', 0.55), ('5', 0.45)], &[('0', 0.99)]]);
        let chars = with_language(&ALPHABET, &line);
        assert_eq!(chars.iter().map(|c| c.ch).collect::<String>(), "5,60");
        assert!((chars[2].confidence - 0.55).abs() < 0.001, "{:?}", chars[2]);
    }

    #[test]
    fn lines_that_are_sure_stay_as_they_are() {
        let line = doubtful(&ALPHABET, &[&[('T', 0.99)], &[('0', 0.98)], &[('V', 0.99)]]);
        assert_eq!(with_language(&ALPHABET, &line), decode(&line, &ALPHABET, 1.0, None));
    }

    #[test]
    fn a_lost_character_is_an_alternative_with_language_as_well() {
        let line = doubtful(&ALPHABET, &[&[('5', 0.9)], &[('6', 0.2)], &[('0', 0.9)]]);
        let chars = with_language(&ALPHABET, &line);
        assert_eq!(chars.iter().map(|c| c.ch).collect::<String>(), "50");
        assert!(chars[1].alternatives.iter().any(|a| a.text == "60"), "{:?}", chars[1]);
    }
}
