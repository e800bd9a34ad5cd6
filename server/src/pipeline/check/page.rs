//! The page's lines in a form that evidence is easy to look up in.

use slipstream_models::{TextLines, entities::Span};

/// A word with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// The characters, in upper case.
    pub upper: String,
    /// Where it stands.
    pub span: Span,
}

/// A line with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct PageLine {
    /// The line as printed.
    pub text: String,
    /// Its words, cut at blanks and colons.
    pub words: Vec<Word>,
}

/// All lines of the page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// In reading order; indices equal those of [`TextLines::lines`].
    pub lines: Vec<PageLine>,
}

impl Page {
    /// Cuts `lines` into words.
    pub fn new(lines: &TextLines) -> Self {
        let lines = lines.lines.iter().enumerate().map(|(line, l)| {
            let chars: Vec<char> = l.chars.iter().map(|c| c.ch).collect();
            PageLine { text: chars.iter().collect(), words: words(line, &chars) }
        });
        Self { lines: lines.collect() }
    }

    /// Every word of the page.
    pub fn words(&self) -> impl Iterator<Item = &Word> {
        self.lines.iter().flat_map(|l| &l.words)
    }
}

fn words(line: usize, chars: &[char]) -> Vec<Word> {
    let is_gap = |c: char| c.is_whitespace() || c == ':';
    let (mut out, mut start) = (Vec::new(), 0);
    while start < chars.len() {
        let len = chars[start..].iter().take_while(|c| !is_gap(**c)).count();
        if len > 0 {
            let upper = chars[start..start + len].iter().flat_map(|c| c.to_uppercase()).collect();
            out.push(Word { upper, span: Span { line, start, end: start + len } });
        }
        start += len + 1;
    }
    out
}

/// Something on the page that speaks for a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence<T> {
    /// What it speaks for.
    pub value: T,
    /// The characters as printed.
    pub text: String,
    /// Where they stand.
    pub span: Span,
}

impl Page {
    /// The evidence of the characters at `span`.
    pub fn evidence<T>(&self, value: T, span: Span) -> Evidence<T> {
        let text = self.lines.get(span.line).map_or_else(String::new, |l| {
            l.text.chars().skip(span.start).take(span.end.saturating_sub(span.start)).collect()
        });
        Evidence { value, text, span }
    }
}

/// A page of evenly spaced lines, one under the other, for tests of this stage.
#[cfg(test)]
pub(crate) fn lines_of(texts: &[&str]) -> TextLines {
    use slipstream_models::{Quad, TextLine};
    let line = |(i, t): (usize, &&str)| {
        let top = 20.0 * i as f32;
        TextLine::evenly_spaced(t, 0.95, Quad::from_bounds(0.0, top, 10.0 * t.chars().count() as f32, top + 16.0))
    };
    TextLines { lines: texts.iter().enumerate().map(line).collect(), page_width: 400, page_height: 20 * texts.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_where_they_stand() {
        let page = Page::new(&lines_of(&["", "Summe:  9,00 €"]));
        let words: Vec<_> = page.words().map(|w| (w.upper.as_str(), w.span.line, w.span.start, w.span.end)).collect();
        assert_eq!(words, [("SUMME", 1, 0, 5), ("9,00", 1, 8, 12), ("€", 1, 13, 14)]);
        assert_eq!(page.evidence((), page.lines[1].words[1].span).text, "9,00");
    }
}
