//! The segments of a JPEG: whether the file is whole, and its quantisation tables.
//!
//! Decoders paint the missing part of a cut-off picture grey and report
//! success; half a receipt must not pass for a whole one.

use std::hash::{DefaultHasher, Hasher};

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const DQT: u8 = 0xdb;

/// What the segments say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Structure {
    /// Whether the end-of-image marker follows a scan.
    pub(super) complete: bool,
    /// Hash of the quantisation tables, which each camera and editor has its
    /// own of; stable within one build of the server.
    pub(super) quantisation: Option<u64>,
    /// Whether there is an application segment that Photoshop writes.
    pub(super) photoshop: bool,
}

/// Walks the segments of `bytes` (ITU-T T.81, annex B); damage ends the walk.
pub(super) fn structure(bytes: &[u8]) -> Structure {
    let mut found = Structure::default();
    let mut tables = DefaultHasher::new();
    let mut at = 0;
    let mut seen_scan = false;
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
        let Some(length) = bytes.get(at..at + 2).map(|b| usize::from(u16::from_be_bytes([b[0], b[1]]))) else { break };
        let Some(body) = bytes.get(at + 2..at + length.max(2)) else { break };
        match marker {
            DQT => {
                tables.write(body);
                found.quantisation = Some(tables.finish());
            }
            // APP13 with Photoshop's resource blocks.
            0xed => found.photoshop |= body.starts_with(b"Photoshop 3.0"),
            SOS => seen_scan = true,
            _ => {}
        }
        at += length;
    }
    found
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

    #[test]
    fn only_a_whole_file_is_complete() {
        // Start, table, scan header, data with a stuffed byte and a restart, end.
        let whole = [
            &[0xff, SOI, 0xff, DQT, 0, 3, 7, 0xff, SOS, 0, 2][..],
            &[1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, 0xff, EOI],
        ]
        .concat();
        let found = structure(&whole);
        assert!(found.complete && found.quantisation.is_some() && !found.photoshop);
        let complete: Vec<_> = (0..whole.len()).filter(|n| structure(&whole[..*n]).complete).collect();
        assert!(complete.is_empty(), "cut at {complete:?}");
    }

    #[test]
    fn an_end_inside_a_thumbnail_is_not_the_end() {
        // The application segment carries a complete picture; the file ends after it.
        let thumbnail = [0xff, SOI, 0xff, SOS, 0, 2, 1, 0xff, EOI];
        let file = [&[0xff, SOI, 0xff, 0xe1, 0, 11][..], &thumbnail].concat();
        assert!(!structure(&file).complete);
    }
}
