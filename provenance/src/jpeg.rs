//! The segments of a JPEG: whether the file is whole, its tables, and its metadata.
//!
//! Decoders paint the missing part of a cut-off picture grey and report success; half a receipt must not pass for a whole
//! one, so the end is looked for here.

use std::borrow::Cow;

use crate::{Blocks, Tables, limits};

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const DQT: u8 = 0xdb;
const APP1: u8 = 0xe1;
const APP11: u8 = 0xeb;
const APP13: u8 = 0xed;

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// What the segments say.
#[derive(Debug, Default)]
pub(crate) struct Jpeg<'a> {
    /// Whether the end-of-image marker follows a scan.
    pub(crate) complete: bool,
    /// Tables of brightness.
    pub(crate) tables: Option<Tables>,
    /// The metadata.
    pub(crate) blocks: Blocks<'a>,
}

/// Walks the segments of `bytes` (ITU-T T.81, annex B); damage ends the walk.
pub(crate) fn read(bytes: &[u8]) -> Jpeg<'_> {
    let mut found = Jpeg::default();
    let mut at = 0;
    let mut seen_scan = false;
    let mut looked_at = 0;
    while let Some((marker, after)) = next_marker(bytes, at) {
        at = after;
        match marker {
            // Markers without a length: start of image, restarts, TEM.
            SOI | 0xd0..=0xd7 | 0x01 => continue,
            EOI => {
                found.complete = seen_scan;
                break;
            }
            _ => {}
        }
        let Some([high, low]) = bytes.get(at..at + 2) else { break };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(body) = bytes.get(at + 2..at + length.max(2)) else { break };
        looked_at += 1;
        if marker == SOS {
            seen_scan = true;
        } else if looked_at <= limits::PARTS {
            found.take(marker, body);
        }
        at += length;
    }
    found
}

impl<'a> Jpeg<'a> {
    fn take(&mut self, marker: u8, body: &'a [u8]) {
        let blocks = &mut self.blocks;
        match marker {
            DQT if self.tables.is_none() => self.tables = Tables::of_segment(body),
            APP1 if body.starts_with(EXIF) => blocks.exif = blocks.exif.or(body.strip_prefix(EXIF)),
            APP1 if body.starts_with(XMP) && blocks.xmp.len() < limits::XMP_PACKETS => {
                blocks.xmp.extend(body.strip_prefix(XMP).map(Cow::Borrowed));
            }
            APP11 => add_jumbf(body, &mut blocks.jumbf),
            APP13 => blocks.photoshop |= body.starts_with(b"Photoshop 3.0"),
            _ => {}
        }
    }
}

/// Adds a piece of a JUMBF box (ISO/IEC 19566-5, annex D): `JP`, a number of the box, a number of the piece, then the box's
/// head, which every piece repeats.
fn add_jumbf(body: &[u8], jumbf: &mut Vec<u8>) {
    let Some(piece) = body.strip_prefix(b"JP") else { return };
    let Some((number, content)) = piece.get(2..).and_then(|rest| crate::big_endian(rest, 4)) else { return };
    let long = content.starts_with(&[0, 0, 0, 1]);
    let head = if long { 16 } else { 8 };
    let content = if number <= 1 { Some(content) } else { content.get(head..) };
    let Some(content) = content.filter(|content| jumbf.len() + content.len() <= limits::JUMBF) else { return };
    jumbf.extend_from_slice(content);
}

/// The next marker and the position after it. Stuffed bytes (`ff 00`) belong to
/// a scan's data, fill bytes (`ff ff`) precede a marker; both are skipped.
fn next_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let mut at = from;
    loop {
        at += bytes.get(at..)?.iter().position(|b| *b == 0xff)? + 1;
        match bytes.get(at)? {
            0xff => {}
            0x00 => at += 1,
            marker => return Some((*marker, at + 1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::tests::segment as table;

    fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
        let length = (body.len() as u16 + 2).to_be_bytes();
        [&[0xff, marker], &length[..], body].concat()
    }

    #[test]
    fn only_a_whole_file_is_complete() {
        // Start, table, scan header, data with a stuffed byte and a restart, end.
        let whole = [
            &[0xff, SOI][..],
            &segment(DQT, &table(90)),
            &segment(APP13, b"Photoshop 3.0\0"),
            &[0xff, SOS, 0, 2, 1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, 0xff, EOI],
        ]
        .concat();
        let found = read(&whole);
        assert!(found.complete && found.blocks.photoshop);
        assert_eq!(found.tables.and_then(|t| t.standard_quality()), Some(90));
        let complete: Vec<_> = (0..whole.len()).filter(|n| read(&whole[..*n]).complete).collect();
        assert!(complete.is_empty(), "cut at {complete:?}");
    }

    #[test]
    fn an_end_inside_a_thumbnail_is_not_the_end() {
        // The application segment carries a complete picture; the file ends after it.
        let thumbnail = [0xff, SOI, 0xff, SOS, 0, 2, 1, 0xff, EOI];
        let file = [&[0xff, SOI][..], &segment(APP1, &thumbnail)].concat();
        assert!(!read(&file).complete);
    }

    #[test]
    fn pieces_of_a_manifest_are_put_together() {
        let head = [0, 0, 0, 12, b'j', b'u', b'm', b'b'];
        let piece =
            |number: u8, content: &[u8]| segment(APP11, &[&b"JP\0\x01\0\0\0"[..], &[number], &head, content].concat());
        let file = [&[0xff, SOI][..], &piece(1, b"ab"), &piece(2, b"cd")].concat();
        assert_eq!(read(&file).blocks.jumbf, [&head[..], b"abcd"].concat());
    }
}
