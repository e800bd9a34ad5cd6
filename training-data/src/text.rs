//! Text under construction: pieces that know which field they print.

use crate::truth::{Field, Label};

/// A field and, for tables, the row.
pub(crate) type Tag = (Field, Option<usize>);

/// A run of text whose pieces may belong to fields.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Text {
    pieces: Vec<(String, Option<Tag>)>,
}

impl Text {
    /// Text that belongs to no field.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::default().then(text)
    }

    /// Text that belongs to `field`, outside of any table.
    pub(crate) fn field(field: Field, text: impl Into<String>) -> Self {
        Self::default().tagged((field, None), text)
    }

    /// Appends text that belongs to no field.
    pub(crate) fn then(mut self, text: impl Into<String>) -> Self {
        self.pieces.push((text.into(), None));
        self
    }

    /// Appends text that belongs to a field.
    pub(crate) fn tagged(mut self, tag: Tag, text: impl Into<String>) -> Self {
        self.pieces.push((text.into(), Some(tag)));
        self
    }

    /// Appends another text.
    pub(crate) fn join(mut self, other: Text) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// Characters in all pieces.
    pub(crate) fn len(&self) -> usize {
        self.pieces.iter().map(|(text, _)| text.chars().count()).sum()
    }

    /// The pieces that belong to fields.
    pub(crate) fn tagged_mut(&mut self) -> impl Iterator<Item = (Tag, &mut String)> {
        self.pieces.iter_mut().filter_map(|(text, tag)| Some((tag.as_ref().copied()?, text)))
    }

    /// The same text with every piece's letters changed by `change`.
    pub(crate) fn map(self, change: impl Fn(&str) -> String) -> Self {
        Self { pieces: self.pieces.into_iter().map(|(text, tag)| (change(&text), tag)).collect() }
    }

    /// Cut at spaces, and inside words that are too long alone, so that every
    /// part's `width` is at most `limit`. The space at a cut disappears.
    pub(crate) fn wrap(self, limit: f32, width: impl Fn(&str) -> f32) -> Vec<Text> {
        let mut parts = vec![Text::default()];
        let mut used = 0.0;
        for (text, tag) in self.pieces {
            for word in text.split_inclusive(' ').flat_map(|word| cut(word, limit, &width)) {
                let extent = width(word.trim_end());
                if used > 0.0 && used + extent > limit {
                    parts.push(Text::default());
                    used = 0.0;
                }
                if let Some(part) = parts.last_mut() {
                    match part.pieces.last_mut() {
                        Some((last, t)) if *t == tag => last.push_str(&word),
                        _ => part.pieces.push((word.clone(), tag)),
                    }
                }
                used += width(&word);
            }
        }
        parts
    }

    /// The characters and the labels, trimmed of spaces at the ends of the
    /// text and of each label; empty labels are left out. Runs of spaces count
    /// as one, because recognisers read them so.
    pub(crate) fn flatten(&self) -> (String, Vec<Label>) {
        let mut chars: Vec<char> = Vec::new();
        let mut labels: Vec<Label> = Vec::new();
        for (text, tag) in &self.pieces {
            let start = chars.len();
            for c in text.chars() {
                if c != ' ' || chars.last() != Some(&' ') {
                    chars.push(c);
                }
            }
            let Some((field, group)) = *tag else { continue };
            match labels.last_mut() {
                Some(l) if l.field == field && l.group == group && l.end == start => l.end = chars.len(),
                _ => labels.push(Label { field, start, end: chars.len(), group }),
            }
        }
        let lead = chars.iter().take_while(|c| **c == ' ').count();
        let tail = chars.iter().rev().take_while(|c| **c == ' ').count();
        let kept = lead..chars.len().saturating_sub(tail).max(lead);
        for label in &mut labels {
            while label.start < label.end && chars.get(label.start) == Some(&' ') {
                label.start += 1;
            }
            while label.end > label.start && chars.get(label.end - 1) == Some(&' ') {
                label.end -= 1;
            }
            label.start = label.start.saturating_sub(lead);
            label.end = label.end.saturating_sub(lead);
        }
        labels.retain(|l| l.start < l.end);
        (chars.get(kept).map(|c| c.iter().collect()).unwrap_or_default(), labels)
    }
}

/// A word in pieces that fit.
fn cut(word: &str, limit: f32, width: &impl Fn(&str) -> f32) -> Vec<String> {
    let mut pieces = vec![word.to_string()];
    while let Some(last) = pieces.pop() {
        let n = last.chars().count();
        if n < 2 || width(last.trim_end()) <= limit {
            pieces.push(last);
            break;
        }
        let fits = (1..n).rev().find(|k| width(&last.chars().take(*k).collect::<String>()) <= limit).unwrap_or(1);
        pieces.push(last.chars().take(fits).collect());
        pieces.push(last.chars().skip(fits).collect());
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_count_characters_and_are_trimmed() {
        let text = Text::plain("  Größe ").tagged((Field::Total, None), " 9,00 ").then("€ ");
        let (flat, labels) = text.flatten();
        assert_eq!(flat, "Größe 9,00 €");
        assert_eq!(labels, [Label { field: Field::Total, start: 6, end: 10, group: None }]);
    }

    #[test]
    fn wrapping_keeps_tags_and_words() {
        let text = Text::field(Field::MerchantAddress, "12 Long Road Name Village");
        let parts: Vec<_> = text.wrap(10.0, |s| s.chars().count() as f32).iter().map(Text::flatten).collect();
        let words: Vec<_> = parts.iter().map(|p| p.0.as_str()).collect();
        assert_eq!(words, ["12 Long", "Road Name", "Village"]);
        assert!(parts.iter().all(|(t, l)| l.len() == 1 && l[0].end == t.chars().count()));
        let long = Text::plain("a Grundstücksverwaltung").wrap(10.0, |s| s.chars().count() as f32);
        assert_eq!(long.iter().map(|t| t.flatten().0).collect::<Vec<_>>(), ["a", "Grundstück", "sverwaltun", "g"]);
    }
}
