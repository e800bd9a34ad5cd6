//! What an XMP packet says: which programs wrote the file, and whether a generator made the picture.
//!
//! A packet is RDF in XML. A whole parser is not needed to find three names in it, and one that follows entities and
//! namespaces would be the larger risk.

use crate::{Provenance, limits, traces};

/// Adds what `packet` says.
pub(crate) fn read(packet: &[u8], found: &mut Provenance) {
    if packet.len() > limits::XMP {
        return;
    }
    let text = String::from_utf8_lossy(packet);
    for name in ["CreatorTool", "softwareAgent"] {
        values(&text, name).take(limits::NAMES).for_each(|value| found.add_software(value));
    }
    for name in ["DigitalSourceType", "digitalSourceType"] {
        values(&text, name).take(limits::NAMES).for_each(|value| traces::of_source_type(value, found));
    }
    for name in ["photoshop:Credit", "UserComment"] {
        values(&text, name).take(limits::NAMES).for_each(|value| traces::of_comment(value, found));
    }
}

/// The values of `name`: attributes (`xmp:CreatorTool="…"`), elements (`<xmp:CreatorTool>…<`), or elements that refer to a
/// resource (`<Iptc4xmpExt:DigitalSourceType rdf:resource="…"/>`). Looks no further than [`limits::XMP_VALUE`] for the end of
/// one, and at [`limits::XMP_MENTIONS`] places, so that a packet of nothing but names takes no longer.
fn values<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    text.match_indices(name).take(limits::XMP_MENTIONS).filter_map(move |(at, _)| {
        let rest = text.get(at + name.len()..)?;
        value(rest.get(..rest.floor_char_boundary(limits::XMP_VALUE))?)
    })
}

/// The value of a name that `rest` stands behind.
fn value(rest: &str) -> Option<&str> {
    if let Some(quoted) = rest.strip_prefix('=') {
        return quoted.get(1..)?.split(['"', '\'']).next();
    }
    if let Some(content) = rest.strip_prefix('>') {
        // Alternatives by language stand in a list of their own. What follows an element's end is blank.
        let content = content.trim_start();
        return match content.strip_prefix("<rdf:") {
            Some(list) => list.split("<rdf:li").nth(1)?.split_once('>')?.1.split('<').next(),
            None => content.split_once('<').map(|(value, _)| value),
        };
    }
    let tag = rest.split('>').next()?;
    tag.trim_start().strip_prefix("rdf:resource=")?.get(1..)?.split(['"', '\'']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(packet: &str) -> Provenance {
        let mut found = Provenance::default();
        read(packet.as_bytes(), &mut found);
        found
    }

    #[test]
    fn programs_are_attributes_and_elements() {
        let found =
            of(r#"<x xmp:CreatorTool="Paint Example 3"/> <stEvt:softwareAgent>Other &amp; Co</stEvt:softwareAgent>
            <y xmp:CreatorTool="Paint Example 3" CreatorTool/>"#);
        assert_eq!(found.software, ["Paint Example 3", "Other &amp; Co"]);
    }

    #[test]
    fn a_packet_of_nothing_but_names_is_left_soon() {
        let names = "DigitalSourceType ".repeat(limits::XMP / 20);
        assert_eq!(values(&names, "DigitalSourceType").count(), 0);
        let attributes = "CreatorTool='ä".repeat(limits::XMP / 20);
        assert_eq!(values(&attributes, "CreatorTool").count(), limits::XMP_MENTIONS);
    }

    #[test]
    fn a_picture_may_say_that_it_was_generated() {
        const TERM: &str = "http://cv.iptc.org/newscodes/digitalsourcetype/";
        let said = [
            format!(r#"<rdf:Description Iptc4xmpExt:DigitalSourceType="{TERM}trainedAlgorithmicMedia">"#),
            format!(r#"<Iptc4xmpExt:DigitalSourceType rdf:resource="{TERM}compositeWithTrainedAlgorithmicMedia"/>"#),
            format!("<Iptc4xmpExt:DigitalSourceType>{TERM}algorithmicMedia</Iptc4xmpExt:DigitalSourceType>"),
            "<photoshop:Credit>Made with Google AI</photoshop:Credit>".to_owned(),
        ];
        for packet in said {
            assert_eq!(of(&packet).generated.len(), 1, "{packet}");
        }
        let camera = of(&format!(r#"Iptc4xmpExt:DigitalSourceType="{TERM}digitalCapture""#));
        assert!(camera.generated.is_empty());
    }

    #[test]
    fn a_screenshot_says_so_in_a_list_of_languages() {
        let found = of(r#"<exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">Screenshot</rdf:li></rdf:Alt>"#);
        assert!(found.screenshot.is_some());
    }
}
