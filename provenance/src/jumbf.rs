//! C2PA manifests: that there is one, who says to have made it, and whether it says that the picture was generated.
//!
//! A manifest store is a tree of JUMBF boxes (ISO/IEC 19566-5): `jumb` boxes, each with a description that labels it and
//! with content, here CBOR. Signatures are not verified; a manifest is a statement of whoever wrote the file.

use crate::{cbor, limits, short, traces};

/// A manifest store, as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// The program that made the claim, in its own words.
    pub claim_generator: Option<String>,
    /// Terms of IPTC for what the picture was made from; each once.
    pub source_types: Vec<String>,
}

impl Manifest {
    /// What in it says that the picture was generated, in words.
    pub(crate) fn generated(&self) -> Option<String> {
        let term = self.source_types.iter().find_map(|term| traces::generated_source(term));
        let program = self.claim_generator.as_deref().and_then(traces::generator);
        match (term, program) {
            (Some(term), _) => Some(format!("a C2PA manifest with the source type {term}")),
            (None, Some(program)) => Some(format!("a C2PA manifest of {program}")),
            (None, None) => None,
        }
    }
}

/// The manifest store in `boxes`; none where there is none.
pub(crate) fn read(boxes: &[u8]) -> Option<Manifest> {
    let mut walk = Walk { manifest: Manifest::default(), boxes: 0, is_store: false };
    walk.all(boxes, 0);
    walk.is_store.then_some(walk.manifest)
}

struct Walk {
    manifest: Manifest,
    /// Boxes so far.
    boxes: usize,
    /// Whether one of them is labelled as C2PA labels its stores.
    is_store: bool,
}

impl Walk {
    /// Looks at the boxes that stand one behind the other in `bytes`.
    fn all(&mut self, mut bytes: &[u8], depth: usize) {
        while let Some((kind, content, rest)) = next(bytes) {
            self.boxes += 1;
            if depth > limits::DEPTH || self.boxes > limits::BOXES {
                return;
            }
            match kind {
                b"jumb" => self.all(content, depth + 1),
                // Sixteen bytes of a type, a byte that says whether there is a label, the label.
                b"jumd" => self.is_store |= content.get(17..).is_some_and(|label| label.starts_with(b"c2pa\0")),
                b"cbor" => self.claim(content),
                _ => {}
            }
            bytes = rest;
        }
    }

    fn claim(&mut self, document: &[u8]) {
        let manifest = &mut self.manifest;
        cbor::texts(document, &mut |path, text| match path {
            // A name in version 2 of the claim, alone or in a list; a whole user agent in version 1.
            ["claim_generator"] | ["claim_generator_info", "name"] if manifest.claim_generator.is_none() => {
                manifest.claim_generator = Some(short(text)).filter(|name| !name.is_empty());
            }
            [.., "digitalSourceType"] => {
                let term = short(text.rsplit('/').next().unwrap_or_default());
                if manifest.source_types.len() < limits::NAMES && !manifest.source_types.contains(&term) {
                    manifest.source_types.push(term);
                }
            }
            _ => {}
        });
    }
}

/// The kind and content of the first box, and what follows it.
fn next(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (length, after) = crate::big_endian(bytes, 4)?;
    let (kind, after) = crate::split(after, 4)?;
    let (length, head, after) = match length {
        // The last box may leave its length open; a long one has it behind its kind.
        0 => (bytes.len() as u64, 8, after),
        1 => {
            let (length, after) = crate::big_endian(after, 8)?;
            (length, 16, after)
        }
        length => (length, 8, after),
    };
    let (content, rest) = crate::split(after, usize::try_from(length.checked_sub(head)?).ok()?)?;
    Some((kind, content, rest))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        [&(content.len() as u32 + 8).to_be_bytes()[..], kind, content].concat()
    }

    fn labelled(label: &str, content: &[u8]) -> Vec<u8> {
        let description = [&[0; 16][..], &[3], label.as_bytes(), &[0]].concat();
        boxed(b"jumb", &[boxed(b"jumd", &description), content.to_vec()].concat())
    }

    /// A store with one claim and one list of actions.
    pub(crate) fn store() -> Vec<u8> {
        let claim = b"\xa1\x74claim_generator_info\x81\xa1\x64name\x67Example";
        let term = b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";
        let actions =
            [&b"\xa1\x67actions\x81\xa1\x71digitalSourceType\x78"[..], &[term.len() as u8], &term[..]].concat();
        let assertions = labelled("c2pa.assertions", &labelled("c2pa.actions", &boxed(b"cbor", &actions)));
        let claim = labelled("c2pa.claim.v2", &boxed(b"cbor", claim));
        labelled("c2pa", &labelled("urn:uuid:1", &[assertions, claim].concat()))
    }

    #[test]
    fn a_manifest_says_who_made_it_and_of_what() {
        let manifest = read(&store()).unwrap_or_default();
        assert_eq!(manifest.claim_generator.as_deref(), Some("Example"));
        assert_eq!(manifest.source_types, ["trainedAlgorithmicMedia"]);
        assert!(manifest.generated().is_some_and(|reason| reason.contains("trainedAlgorithmicMedia")));
    }

    #[test]
    fn other_boxes_and_cut_ones_are_no_manifest() {
        assert_eq!(read(&labelled("other", b"")), None);
        assert_eq!(read(b""), None);
        let store = store();
        for cut in 0..store.len() {
            assert!(read(&store[..cut]).is_none_or(|manifest| manifest == Manifest::default()), "cut at {cut}");
        }
    }

    #[test]
    fn boxes_in_boxes_end_at_the_limit() {
        let mut deep = boxed(b"free", b"");
        for _ in 0..2_000 {
            deep = boxed(b"jumb", &deep);
        }
        assert_eq!(read(&deep), None);
        assert_eq!(read(&boxed(b"free", b"").repeat(100_000)), None);
        assert_eq!(read(&[0, 0, 0, 1, b'j', b'u', b'm', b'b', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
