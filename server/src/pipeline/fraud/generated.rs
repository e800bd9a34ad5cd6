//! Pictures that say of themselves that a program generated them, and what a C2PA manifest states.

use super::{FraudSignal, Place};
use crate::pipeline::decode::Metadata;

/// Hardly an honest receipt says so of itself.
const GENERATED: f32 = 0.9;

/// Traces of a generator of pictures.
pub(super) fn generated_picture(metadata: &Metadata) -> Option<FraudSignal> {
    let traces = &metadata.provenance.generated;
    let explanation = format!("the file holds {}", traces.join(", and "));
    (!traces.is_empty()).then_some(FraudSignal {
        code: "generated_picture",
        score: GENERATED,
        place: Place::Nowhere,
        explanation,
    })
}

/// A manifest without anything that speaks against it: for the reviewer, who can verify its signature, and without weight.
pub(super) fn manifest(metadata: &Metadata) -> Option<FraudSignal> {
    let manifest = metadata.provenance.manifest.as_ref()?;
    let by = manifest.claim_generator.as_ref().map(|name| format!(" that {name} made")).unwrap_or_default();
    let explanation = format!("the file holds a C2PA manifest{by}, which was not verified");
    Some(FraudSignal { code: "c2pa_manifest", score: 0.0, place: Place::Nowhere, explanation })
}

#[cfg(test)]
mod tests {
    use slipstream_provenance::Manifest;

    use super::*;
    use crate::pipeline::decode::Format;

    #[test]
    fn traces_are_strong_and_a_manifest_alone_says_nothing() {
        let mut metadata = Metadata::new(Format::Png, (100, 100));
        assert_eq!((generated_picture(&metadata), manifest(&metadata)), (None, None));
        metadata.provenance.generated = vec!["a trace".to_owned(), "another".to_owned()];
        metadata.provenance.manifest =
            Some(Manifest { claim_generator: Some("Example".to_owned()), ..Manifest::default() });
        let said = generated_picture(&metadata).map(|signal| (signal.score, signal.explanation));
        assert_eq!(said, Some((GENERATED, "the file holds a trace, and another".to_owned())));
        let said = manifest(&metadata).map(|signal| (signal.score, signal.explanation));
        assert!(said.is_some_and(|(score, text)| score == 0.0 && text.contains("Example")));
    }
}
