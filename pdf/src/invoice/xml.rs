//! Bounded XML: a tree without document types, with elements found by local name.

use roxmltree::{Document, Node, ParsingOptions};

/// Bytes of XML that are read at most; attachments in base64 are what makes e-invoices large.
pub(super) const MAX_BYTES: usize = 8 << 20;

/// Elements, texts and comments at most; an invoice line has about forty.
const MAX_NODES: u32 = 500_000;

/// Characters of one text that are kept. Nothing that is printed on an invoice is longer.
const MAX_TEXT: usize = 2_000;

/// Why XML is no e-invoice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvoiceError {
    /// Larger than what is read.
    #[error("the XML has {got} bytes, at most {MAX_BYTES} are read")]
    TooLarge {
        /// Bytes of it.
        got: usize,
    },
    /// More lines than what is read.
    #[error("the invoice has {got} lines, at most {} are read", super::MAX_LINES)]
    TooManyLines {
        /// Lines of it.
        got: usize,
    },
    /// Characters that are not what it declares.
    #[error("the characters of the XML are neither UTF-8 nor UTF-16")]
    Encoding,
    /// Not well formed, or with a document type, whose entities could unfold without end.
    #[error("the XML is damaged or beyond the bounds at {line}:{column}")]
    Damaged {
        /// Line from 1.
        line: u32,
        /// Column from 1.
        column: u32,
    },
    /// Well formed, and something else.
    #[error("the XML is no invoice in CII or UBL")]
    NoInvoice,
}

/// An element of the tree.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a, 'input>(Node<'a, 'input>);

/// Parses `text` and hands its root to `read`.
pub(super) fn with_root<T>(text: &str, read: impl FnOnce(Element<'_, '_>) -> T) -> Result<T, InvoiceError> {
    if text.len() > MAX_BYTES {
        return Err(InvoiceError::TooLarge { got: text.len() });
    }
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        // The message may quote the invoice; its place does not.
        let at = error.pos();
        InvoiceError::Damaged { line: at.row, column: at.col }
    })?;
    Ok(read(Element(document.root_element())))
}

impl<'a, 'input> Element<'a, 'input> {
    /// The name without its namespace.
    pub(super) fn name(self) -> &'a str {
        self.0.tag_name().name()
    }

    /// The children with one of these names.
    pub(super) fn children(self, names: &'static [&'static str]) -> impl Iterator<Item = Self> {
        self.0.children().filter(|n| n.is_element() && names.contains(&n.tag_name().name())).map(Self)
    }

    /// The first child with one of these names.
    pub(super) fn child(self, names: &'static [&'static str]) -> Option<Self> {
        self.children(names).next()
    }

    /// The element at the end of a path of names, each the first of its kind.
    pub(super) fn at(self, path: &[&'static str]) -> Option<Self> {
        let step = |element: Self, name: &&'static str| {
            element.0.children().find(|n| n.is_element() && n.tag_name().name() == *name).map(Self)
        };
        path.iter().try_fold(self, step)
    }

    /// The text of the element itself, with blanks tidied; `None` for none.
    pub(super) fn text(self) -> Option<String> {
        let own = self.0.children().filter(|n| n.is_text()).filter_map(|n| n.text());
        let mut words = String::new();
        for word in own.flat_map(str::split_whitespace) {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
            // No character takes more than four bytes.
            if words.len() > 4 * MAX_TEXT {
                break;
            }
        }
        (!words.is_empty()).then(|| words.chars().take(MAX_TEXT).collect())
    }

    /// The text at the end of a path.
    pub(super) fn text_at(self, path: &[&'static str]) -> Option<String> {
        self.at(path)?.text()
    }

    /// An attribute without a namespace.
    pub(super) fn attribute(self, name: &str) -> Option<&'a str> {
        self.0.attribute(name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_whatever_their_namespace() {
        let text = "<r:a xmlns:r='urn:1'><b xmlns='urn:2'> one \n two<c/> three</b><r:b id='7'/></r:a>";
        let found = with_root(text, |root| {
            let ids: Vec<_> = root.children(&["b"]).map(|b| b.attribute("id").map(str::to_owned)).collect();
            (root.name().to_owned(), root.text_at(&["b"]), root.text_at(&["b", "c"]), ids)
        });
        assert_eq!(found.unwrap(), ("a".into(), Some("one two three".into()), None, vec![None, Some("7".into())]));
    }

    #[test]
    fn bombs_and_damage_are_refused() {
        let laughs = "<!DOCTYPE a [<!ENTITY x 'ha'><!ENTITY y '&x;&x;'>]><a>&y;</a>";
        let many = format!("<a>{}</a>", "<b/>".repeat(MAX_NODES as usize));
        let deep = "<a>".repeat(100_000);
        for text in [laughs, "<a><b></a>", "", "<a>&undefined;</a>", "plain", &many, &deep] {
            let refused = matches!(with_root(text, |_| ()), Err(InvoiceError::Damaged { .. }));
            assert!(refused, "{}", text.get(..40).unwrap_or(text));
        }
        let large = format!("<a>{}</a>", " ".repeat(MAX_BYTES));
        assert!(matches!(with_root(&large, |_| ()), Err(InvoiceError::TooLarge { .. })));
    }

    #[test]
    fn long_texts_are_cut_and_deep_trees_are_read() {
        let long = format!("<a>{}</a>", "ö ".repeat(5_000));
        assert_eq!(with_root(&long, |root| root.text()).unwrap().unwrap().chars().count(), MAX_TEXT);
        let deep = format!("{}{}", "<a>".repeat(50_000), "</a>".repeat(50_000));
        assert!(with_root(&deep, |_| ()).is_ok());
    }
}
