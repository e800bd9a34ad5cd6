//! Programs that change pictures, named by the file.

use super::{FraudSignal, Place};
use crate::pipeline::decode::{Format, Metadata};

/// What a program is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Changing what a picture shows. Nobody writes an invoice with it.
    Retouching,
    /// Drawing and laying out pages: receipts of many a small shop, as PDF.
    Layout,
}

/// Programs, what they are for, and how rarely an honest receipt went through them. Lower case; a scanner's or phone's own
/// software is not here, and generators of pictures are found by `slipstream-provenance`.
const EDITORS: [(&str, Use, f32); 18] = [
    ("photoshop", Use::Retouching, 0.6),
    ("gimp", Use::Retouching, 0.6),
    ("affinity photo", Use::Retouching, 0.6),
    ("pixelmator", Use::Retouching, 0.6),
    ("paint.net", Use::Retouching, 0.6),
    ("photopea", Use::Retouching, 0.6),
    ("photo-paint", Use::Retouching, 0.6),
    ("krita", Use::Retouching, 0.6),
    ("picsart", Use::Retouching, 0.5),
    ("facetune", Use::Retouching, 0.5),
    ("meitu", Use::Retouching, 0.5),
    ("photodirector", Use::Retouching, 0.4),
    ("snapseed", Use::Retouching, 0.3),
    ("lightroom", Use::Retouching, 0.15),
    ("corel", Use::Layout, 0.6),
    ("inkscape", Use::Layout, 0.6),
    ("illustrator", Use::Layout, 0.6),
    ("canva", Use::Layout, 0.5),
];

/// The program that speaks most against the file.
pub(super) fn editing_software(metadata: &Metadata) -> Option<FraudSignal> {
    let named = metadata.provenance.software.iter().filter_map(|name| Some((strength(name, metadata.format)?, name)));
    let (score, name) = named.max_by(|a, b| a.0.total_cmp(&b.0))?;
    let explanation = format!("the file says that it was written by {name}");
    Some(FraudSignal { code: "editing_software", score, place: Place::Nowhere, explanation })
}

fn strength(name: &str, format: Format) -> Option<f32> {
    let lower = name.to_lowercase();
    // A PDF that was laid out is how such invoices are made; a photo has no business in such a program.
    let honest = |of: Use| format == Format::Pdf && of == Use::Layout;
    let (.., score) = EDITORS.iter().find(|(editor, of, _)| lower.contains(editor) && !honest(*of))?;
    Some(*score)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(format: Format, names: &[&str]) -> f32 {
        let mut metadata = Metadata::new(format, (100, 100));
        names.iter().for_each(|name| metadata.provenance.add_software(name));
        editing_software(&metadata).map_or(0.0, |signal| signal.score)
    }

    #[test]
    fn editors_are_named_and_other_programs_are_not() {
        assert_eq!(score(Format::Jpeg, &["scanner", "Adobe Photoshop 25.0 (Windows)"]), 0.6);
        assert_eq!(score(Format::Jpeg, &["16.1.2", "HDR+ 1.0"]), 0.0);
        assert_eq!(score(Format::Png, &["Inkscape 1.3", "Snapseed 2.0"]), 0.6);
    }

    #[test]
    fn an_invoice_that_was_laid_out_is_honest_and_one_that_was_retouched_is_not() {
        let layout = ["Adobe Illustrator 28", "CorelDRAW 2023", "Inkscape 1.3", "Canva"];
        let flagged: Vec<_> = layout.into_iter().filter(|name| score(Format::Pdf, &[name]) > 0.0).collect();
        assert!(flagged.is_empty(), "{flagged:?}");
        assert_eq!(score(Format::Pdf, &["Adobe Photoshop 25.0"]), 0.6);
    }
}
