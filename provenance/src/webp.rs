//! The chunks of a WebP (RFC 9649): whether pixels are kept as they were, and metadata.

use std::borrow::Cow;

use crate::{Blocks, Compression, limits};

/// What the chunks say.
#[derive(Debug, Default)]
pub(crate) struct WebP<'a> {
    /// How the first frame is kept.
    pub(crate) compression: Compression,
    /// The metadata.
    pub(crate) blocks: Blocks<'a>,
}

/// Walks the chunks; damage ends the walk.
pub(crate) fn read(bytes: &[u8]) -> WebP<'_> {
    let mut found = WebP::default();
    let mut rest = bytes.get(12..).unwrap_or_default();
    for _ in 0..limits::PARTS {
        // Chunk: type, length, data, a byte to make it even.
        let Some((kind, after)) = crate::split(rest, 4) else { break };
        let Some((length, after)) = after.split_first_chunk().map(|(n, after)| (u32::from_le_bytes(*n), after)) else {
            break;
        };
        let Some((data, after)) = usize::try_from(length).ok().and_then(|n| crate::split(after, n)) else { break };
        let unknown = found.compression == Compression::Unknown;
        match kind {
            b"VP8L" if unknown => found.compression = Compression::Lossless,
            b"VP8 " if unknown => found.compression = Compression::Lossy,
            // A frame of an animation begins with its place and time, then its own chunks.
            b"ANMF" if unknown => found.compression = frame(data),
            b"EXIF" => found.blocks.exif = found.blocks.exif.or(Some(data)),
            b"XMP " if found.blocks.xmp.len() < limits::XMP_PACKETS => found.blocks.xmp.push(Cow::Borrowed(data)),
            b"C2PA" if found.blocks.jumbf.len() + data.len() <= limits::JUMBF => {
                found.blocks.jumbf.extend_from_slice(data);
            }
            _ => {}
        }
        rest = after.get(usize::from(length % 2 == 1)..).unwrap_or_default();
    }
    found
}

fn frame(data: &[u8]) -> Compression {
    let lossless = data.get(16..).is_some_and(|chunks| chunks.starts_with(b"VP8L"));
    if lossless { Compression::Lossless } else { Compression::Lossy }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Chunk<'a> = (&'a [u8; 4], &'a [u8]);

    fn webp(chunks: &[Chunk<'_>]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WEBP".to_vec();
        for (kind, data) in chunks {
            bytes.extend_from_slice(*kind);
            bytes.extend((data.len() as u32).to_le_bytes());
            bytes.extend_from_slice(data);
            bytes.extend_from_slice(if data.len() % 2 == 1 { b"\0" } else { b"" });
        }
        bytes
    }

    #[test]
    fn the_kind_of_the_first_frame_says_whether_pixels_were_kept() {
        let cases: [(&[Chunk<'_>], Compression); 5] = [
            (&[(b"VP8L", b"abc")], Compression::Lossless),
            (&[(b"VP8X", &[0; 10]), (b"ALPH", b"a"), (b"VP8 ", b"abcd")], Compression::Lossy),
            (&[(b"ANMF", b"0123456789abcdefVP8L")], Compression::Lossless),
            (&[(b"ANMF", b"01")], Compression::Lossy),
            (&[], Compression::Unknown),
        ];
        for (chunks, expected) in cases {
            assert_eq!(read(&webp(chunks)).compression, expected, "{chunks:?}");
        }
    }

    #[test]
    fn metadata_stands_behind_the_picture() {
        let bytes = webp(&[(b"VP8L", b"abc"), (b"EXIF", b"MM"), (b"XMP ", b"<x/>"), (b"C2PA", b"box")]);
        let blocks = read(&bytes).blocks;
        assert_eq!((blocks.exif, blocks.xmp.len(), blocks.jumbf), (Some(&b"MM"[..]), 1, b"box".to_vec()));
    }
}
