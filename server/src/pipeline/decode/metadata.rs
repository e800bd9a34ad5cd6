//! What a file says about its own making: camera, software, times.

use exif::{Exif, In, Tag, Value};
use jiff::civil::DateTime;

use super::format::Format;

/// What the file says about itself; all of it can be forged, and most of it is
/// missing after a messenger has passed the picture on.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    /// The format.
    pub format: Format,
    /// Pixels across and down as stored, before the EXIF rotation.
    pub stored_size: (u32, u32),
    /// EXIF orientation, 1 (upright) to 8.
    pub orientation: u8,
    /// Names of programs that wrote the file, from EXIF, XMP and PNG text.
    pub software: Vec<String>,
    /// Maker of the camera.
    pub make: Option<String>,
    /// Model of the camera.
    pub model: Option<String>,
    /// When the picture was taken, by the camera's clock.
    pub taken_at: Option<DateTime>,
    /// When the file was last changed, by the same clock.
    pub modified_at: Option<DateTime>,
    /// Whether there is an embedded thumbnail.
    pub has_thumbnail: bool,
    /// Hash of the JPEG quantisation tables; stable within one build of the server.
    pub quantisation: Option<u64>,
}

/// Longest name of a program that is kept, in characters.
const MAX_NAME: usize = 80;

impl Metadata {
    /// Nothing known but the format and size.
    pub fn new(format: Format, stored_size: (u32, u32)) -> Self {
        Self {
            format,
            stored_size,
            orientation: 1,
            software: Vec::new(),
            make: None,
            model: None,
            taken_at: None,
            modified_at: None,
            has_thumbnail: false,
            quantisation: None,
        }
    }

    /// Adds what an EXIF block (TIFF structure) says; a damaged block adds nothing.
    pub(super) fn add_exif(&mut self, block: Vec<u8>) {
        let Ok(exif) = exif::Reader::new().read_raw(block) else { return };
        self.software.extend(ascii(&exif, Tag::Software));
        self.make = ascii(&exif, Tag::Make);
        self.model = ascii(&exif, Tag::Model);
        self.taken_at = ascii(&exif, Tag::DateTimeOriginal).and_then(|t| date_time(&t));
        self.modified_at = ascii(&exif, Tag::DateTime).and_then(|t| date_time(&t));
        self.has_thumbnail = exif.get_field(Tag::JPEGInterchangeFormat, In::THUMBNAIL).is_some();
    }

    /// Adds the programs that an XMP packet names.
    pub(super) fn add_xmp(&mut self, packet: &[u8]) {
        let text = String::from_utf8_lossy(packet);
        for name in ["CreatorTool", "softwareAgent"] {
            // Either an attribute (`xmp:CreatorTool="…"`) or an element (`<xmp:CreatorTool>…<`).
            for (at, _) in text.match_indices(name) {
                let rest = &text[at + name.len()..];
                let value = match rest.get(..1) {
                    Some("=") => rest.get(2..).and_then(|r| r.split(['"', '\'']).next()),
                    Some(">") => rest[1..].split('<').next(),
                    _ => None,
                };
                self.add_software(value.unwrap_or_default());
            }
        }
    }

    /// Adds a program's name once.
    pub(in crate::pipeline) fn add_software(&mut self, name: &str) {
        let name: String = name.trim().chars().take(MAX_NAME).collect();
        if !name.is_empty() && !self.software.contains(&name) {
            self.software.push(name);
        }
    }
}

fn ascii(exif: &Exif, tag: Tag) -> Option<String> {
    let Value::Ascii(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let text: String = parts.iter().flat_map(|p| String::from_utf8_lossy(p).chars().collect::<Vec<_>>()).collect();
    let tidy: String = text.trim_matches(|c: char| c.is_whitespace() || c == '\0').chars().take(MAX_NAME).collect();
    (!tidy.is_empty()).then_some(tidy)
}

/// EXIF writes `2025:12:31 14:05:09`.
fn date_time(text: &str) -> Option<DateTime> {
    DateTime::strptime("%Y:%m:%d %H:%M:%S", text).ok()
}

/// The `Software` entries among the text chunks of a PNG (ISO/IEC 15948, 11.3.4.3).
pub(super) fn png_software(bytes: &[u8]) -> Vec<String> {
    let (mut found, mut at) = (Vec::new(), 8);
    // Chunk: length, type, data, checksum.
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(data) = bytes.get(at + 8..).and_then(|b| b.get(..length)) else { break };
        if &head[4..] == b"tEXt"
            && let Some(value) = data.strip_prefix(b"Software\0")
        {
            found.push(String::from_utf8_lossy(value).into_owned());
        }
        at = at.saturating_add(12).saturating_add(length);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xmp_names_programs_as_attributes_and_elements() {
        let mut metadata = Metadata::new(Format::Jpeg, (1, 1));
        metadata.add_xmp(
            br#"<x xmp:CreatorTool="Paint Example 3"/> <stEvt:softwareAgent>Other &amp; Co</stEvt:softwareAgent>"#,
        );
        metadata.add_xmp(br#"xmp:CreatorTool="Paint Example 3" CreatorTool"#);
        assert_eq!(metadata.software, ["Paint Example 3", "Other &amp; Co"]);
    }

    #[test]
    fn png_text_names_programs() {
        let chunk = |kind: &[u8], data: &[u8]| {
            let mut c = u32::try_from(data.len()).unwrap_or_default().to_be_bytes().to_vec();
            c.extend_from_slice(kind);
            c.extend_from_slice(data);
            c.extend_from_slice(&[0; 4]);
            c
        };
        let png =
            [b"\x89PNG\r\n\x1a\n".to_vec(), chunk(b"tEXt", b"Title\0x"), chunk(b"tEXt", b"Software\0Paint")].concat();
        assert_eq!(png_software(&png), ["Paint"]);
        assert!(png_software(&png[..png.len() - 6]).is_empty(), "a cut chunk is not read");
        assert!(png_software(b"").is_empty());
    }
}
