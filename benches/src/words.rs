//! Word F1 of a page of text, after SROIE's task 2 (ICDAR 2019): the words of a
//! receipt as a multiset, in capitals, letters and digits alone.

use std::collections::HashMap;

/// Counts over receipts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WordCounts {
    /// Words that were read and are there.
    pub found: usize,
    /// Words that are there.
    pub there: usize,
    /// Words that were read.
    pub read: usize,
}

impl WordCounts {
    /// Adds one receipt: its true lines and the lines that were read.
    pub fn add<'a>(&mut self, truth: impl IntoIterator<Item = &'a str>, read: impl IntoIterator<Item = &'a str>) {
        let mut left: HashMap<String, usize> = HashMap::new();
        for word in truth.into_iter().flat_map(words) {
            *left.entry(word).or_default() += 1;
            self.there += 1;
        }
        for word in read.into_iter().flat_map(words) {
            self.read += 1;
            if let Some(n) = left.get_mut(&word).filter(|n| **n > 0) {
                *n -= 1;
                self.found += 1;
            }
        }
    }

    /// Harmonic mean of precision and recall, 0 to 1; 0 without words.
    pub fn f1(&self) -> f64 {
        match self.there + self.read {
            0 => 0.0,
            both => 2.0 * self.found as f64 / both as f64,
        }
    }
}

/// Runs of A to Z and digits, in capitals.
fn words(line: &str) -> Vec<String> {
    let line = line.to_uppercase();
    line.split(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The transcripts of a file of SROIE's boxes: `x1,y1,…,x4,y4,text` a row.
pub fn transcripts(rows: &str) -> Vec<&str> {
    rows.lines().filter_map(|row| row.splitn(9, ',').nth(8)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_as_often_as_they_stand_there() {
        let mut counts = WordCounts::default();
        counts.add(["TOTAL 9.00", "cash 9.00"], ["Total: 9.00", "CASH 900"]);
        assert_eq!(counts, WordCounts { found: 4, there: 6, read: 5 });
        assert!((counts.f1() - 8.0 / 11.0).abs() < 1e-9);
        assert_eq!(WordCounts::default().f1(), 0.0);
    }

    #[test]
    fn commas_belong_to_the_text() {
        assert_eq!(transcripts("1,2,3,4,5,6,7,8,NO. 5, JALAN\nbroken\n"), ["NO. 5, JALAN"]);
    }
}
