//! The passages of a line that the first reader doubts: whole words, so that the second reader sees text as it knows it,
//! and no more of the line than it has to, since its time grows with the width.

use std::ops::Range;

use slipstream_models::{LineCrop, TextLine, crop::CROP_HEIGHT};

/// A blank parts words where it is at least this sure.
const SURE_BLANK: f32 = 0.97;

/// A passage is at least this many times as long as the line is high, where the line is: single letters out of their
/// context are read worse, and crops of less are padded anyway.
const LEAST_LENGTH: f32 = 2.0;

/// A line of which at least this share is doubtful is read again as a whole.
const WHOLE: f32 = 0.8;

/// A part of a line that is to be read again.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Passage {
    /// Its characters in the first reading.
    pub(super) chars: Range<usize>,
    /// Where it starts and ends, as fractions (0 to 1) of the line's length.
    pub(super) place: Range<f32>,
}

/// The passages of `line`, which was read from `crop`, that hold a character less sure than `below`, from left to right.
///
/// Blanks are not asked about: the second reader knows them no better, and a fifth of the doubts on scans are theirs.
pub(super) fn doubtful(line: &TextLine, crop: &LineCrop, below: f32) -> Vec<Passage> {
    let words = words(line);
    let least = LEAST_LENGTH * CROP_HEIGHT as f32 / crop.width() as f32;
    let doubts = |word: &Range<usize>| line.chars[word.clone()].iter().any(|c| c.ch != ' ' && c.confidence < below);
    let mut found: Vec<Range<usize>> = Vec::new();
    for i in (0..words.len()).filter(|i| doubts(&words[*i])) {
        let mut passage = i..i + 1;
        while length(&place(line, &words, &passage)) < least && passage != (0..words.len()) {
            passage = passage.start.saturating_sub(1)..(passage.end + 1).min(words.len());
        }
        match found.last_mut() {
            Some(last) if last.end >= passage.start => last.end = last.end.max(passage.end),
            _ => found.push(passage),
        }
    }
    let passages: Vec<Passage> = found
        .iter()
        .map(|passage| Passage {
            chars: words[passage.start].start..words[passage.end - 1].end,
            place: place(line, &words, passage),
        })
        .collect();
    if passages.iter().map(|passage| length(&passage.place)).sum::<f32>() >= WHOLE {
        return vec![Passage { chars: 0..line.chars.len(), place: 0.0..1.0 }];
    }
    passages
}

/// The characters of the words of `line`, without the sure blanks between them.
fn words(line: &TextLine) -> Vec<Range<usize>> {
    let blank = |i: usize| line.chars[i].ch == ' ' && line.chars[i].confidence >= SURE_BLANK;
    let mut words: Vec<Range<usize>> = Vec::new();
    for i in (0..line.chars.len()).filter(|i| !blank(*i)) {
        match words.last_mut() {
            Some(word) if word.end == i => word.end += 1,
            _ => words.push(i..i + 1),
        }
    }
    words
}

/// Where the words `passage` stand on `line`, up to the middle of the blanks around them.
fn place(line: &TextLine, words: &[Range<usize>], passage: &Range<usize>) -> Range<f32> {
    let middle = |left: &Range<usize>, right: &Range<usize>| {
        (line.chars[left.end - 1].end + line.chars[right.start].start) / 2.0
    };
    let from = passage.start.checked_sub(1).map_or(0.0, |left| middle(&words[left], &words[passage.start]));
    let to = words.get(passage.end).map_or(1.0, |right| middle(&words[passage.end - 1], right));
    from..to
}

fn length(place: &Range<f32>) -> f32 {
    place.end - place.start
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use slipstream_models::Quad;

    use super::*;

    /// A line with the characters of `doubted` at 0.5, and a crop of it in which every character is 20 pixels wide.
    fn line(text: &str, doubted: &[usize]) -> (TextLine, LineCrop) {
        let width = text.chars().count() * 20;
        let quad = Quad::from_bounds(0.0, 0.0, width as f32, 48.0);
        let mut line = TextLine::evenly_spaced(text, 0.99, quad);
        doubted.iter().for_each(|i| line.chars[*i].confidence = 0.5);
        (line, LineCrop::new(width, vec![255; width * CROP_HEIGHT * 3], quad).unwrap())
    }

    /// What is read again, and from which pixels.
    fn again(text: &str, doubted: &[usize]) -> Vec<(String, [usize; 2])> {
        let (line, crop) = line(text, doubted);
        let pixel = |share: f32| (share * crop.width() as f32).round() as usize;
        let passages = doubtful(&line, &crop, 0.9);
        let text = |passage: &Passage| line.chars[passage.chars.clone()].iter().map(|c| c.ch).collect();
        passages.iter().map(|p| (text(p), [pixel(p.place.start), pixel(p.place.end)])).collect()
    }

    #[test]
    fn a_doubtful_word_is_read_again_up_to_the_middle_of_its_blanks() {
        assert_eq!(again("MILK 1L FULLCREAM 2.45", &[9]), [("FULLCREAM".to_owned(), [150, 350])]);
        assert_eq!(again("FULLCREAM MILK 1L 2.45", &[0]), [("FULLCREAM".to_owned(), [0, 190])]);
        assert!(again("FULLCREAM MILK 1L 2.45", &[]).is_empty());
    }

    #[test]
    fn short_words_take_their_neighbours_with_them() {
        assert_eq!(again("FULLCREAM MILK 1L 2.45 A", &[15]), [("MILK 1L 2.45".to_owned(), [190, 450])]);
        assert_eq!(again("AB", &[0]), [("AB".to_owned(), [0, 40])], "there is no more of the line");
    }

    #[test]
    fn neighbouring_passages_are_one() {
        assert_eq!(
            again("FULLCREAM FULLCREAM MILK SUGAR FREE", &[2, 12]),
            [("FULLCREAM FULLCREAM".to_owned(), [0, 390])]
        );
    }

    #[test]
    fn a_line_that_is_doubtful_nearly_everywhere_is_read_as_a_whole() {
        assert_eq!(again("FULLCREAM MILK 1L", &[2, 11]), [("FULLCREAM MILK 1L".to_owned(), [0, 340])]);
    }

    #[test]
    fn doubtful_blanks_part_no_words_and_are_not_asked_about() {
        assert!(again("FULLCREAM MILK SUGAR FREE", &[9]).is_empty());
        assert_eq!(again("FULLCREAM MILK SUGAR FREE", &[9, 10]), [("FULLCREAM MILK".to_owned(), [0, 290])]);
    }
}
