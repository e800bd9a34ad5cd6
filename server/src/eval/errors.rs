//! How far a line is from its truth: character error rates.
//!
//! The rate is the edit distance (Levenshtein) over all lines, divided by the
//! characters of their truth, as in the reading competitions of ICDAR.

use serde::Serialize;

/// Sums over lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LineErrors {
    lines: usize,
    exact: usize,
    exact_without_spaces: usize,
    characters: usize,
    edits: usize,
    characters_without_spaces: usize,
    edits_without_spaces: usize,
    accented: usize,
    accented_kept: usize,
}

/// What the sums say; rates and shares are 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LineScores {
    /// Lines.
    pub n: usize,
    /// Character error rate.
    pub cer: f64,
    /// The same when blanks do not count.
    pub cer_without_spaces: f64,
    /// Lines without any error.
    pub exact: f64,
    /// Lines without any error but in blanks.
    pub exact_without_spaces: f64,
    /// Letters beyond A to Z that are in the reading of their line; 1 where there are none.
    pub diacritics_kept: f64,
}

impl LineErrors {
    /// Counts one line; both texts in the form in which they are to be compared.
    pub fn add(&mut self, truth: &str, read: &str) {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (truth_words, read_words) = (words(truth), words(read));
        let (truth, read) = (characters(&truth_words.join(" ")), characters(&read_words.join(" ")));
        let (truth_closed, read_closed) = (characters(&truth_words.concat()), characters(&read_words.concat()));
        self.lines += 1;
        self.exact += usize::from(truth == read);
        self.exact_without_spaces += usize::from(truth_closed == read_closed);
        self.characters += truth.len();
        self.edits += strsim::generic_levenshtein(&truth, &read);
        self.characters_without_spaces += truth_closed.len();
        self.edits_without_spaces += strsim::generic_levenshtein(&truth_closed, &read_closed);
        let mut found = read_closed;
        for letter in truth_closed.into_iter().filter(|c| c.is_alphabetic() && !c.is_ascii()) {
            self.accented += 1;
            if let Some(place) = found.iter().position(|c| *c == letter) {
                found.swap_remove(place);
                self.accented_kept += 1;
            }
        }
    }

    /// Rates and shares.
    pub fn scores(&self) -> LineScores {
        let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        LineScores {
            n: self.lines,
            cer: share(self.edits, self.characters),
            cer_without_spaces: share(self.edits_without_spaces, self.characters_without_spaces),
            exact: share(self.exact, self.lines),
            exact_without_spaces: share(self.exact_without_spaces, self.lines),
            diacritics_kept: if self.accented == 0 { 1.0 } else { share(self.accented_kept, self.accented) },
        }
    }
}

fn characters(text: &str) -> Vec<char> {
    text.chars().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(pairs: &[(&str, &str)]) -> LineScores {
        let mut errors = LineErrors::default();
        pairs.iter().for_each(|(truth, read)| errors.add(truth, read));
        errors.scores()
    }

    #[test]
    fn edits_are_divided_by_the_characters_of_the_truth() {
        let s = scores(&[("TOTAL 9.00", "TOTAL 900"), ("CASH", "CASH")]);
        assert_eq!((s.n, s.exact), (2, 0.5));
        assert!((s.cer - 1.0 / 14.0).abs() < 1e-9 && (s.cer_without_spaces - 1.0 / 13.0).abs() < 1e-9, "{s:?}");
    }

    #[test]
    fn spaces_count_in_one_rate_only() {
        let s = scores(&[("NO. 53, JALAN", "NO.53,JALAN")]);
        assert!(s.cer > 0.0 && s.exact == 0.0, "{s:?}");
        assert_eq!((s.cer_without_spaces, s.exact_without_spaces), (0.0, 1.0));
        assert_eq!(scores(&[("A  B ", "A B")]).exact, 1.0, "runs of blanks are one");
    }

    #[test]
    fn accents_are_kept_or_lost() {
        let s = scores(&[("Käse für Öl", "Kase für Öl")]);
        assert!((s.diacritics_kept - 2.0 / 3.0).abs() < 1e-9, "{s:?}");
        assert_eq!(scores(&[("plain", "")]).diacritics_kept, 1.0);
        assert_eq!(scores(&[]).cer, 0.0);
    }
}
