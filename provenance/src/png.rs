//! The chunks of a PNG (ISO/IEC 15948, clause 11): text, EXIF, XMP and manifests.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;

use crate::{Blocks, limits};

/// The keyword under which XMP is kept.
const XMP: &str = "XML:com.adobe.xmp";

/// The metadata of a PNG; damage ends the walk.
pub(crate) fn read(bytes: &[u8]) -> Blocks<'_> {
    let mut blocks = Blocks::default();
    let mut rest = bytes.get(8..).unwrap_or_default();
    for _ in 0..limits::PARTS {
        // Chunk: length, type, data, checksum.
        let Some((length, after)) = crate::big_endian(rest, 4) else { break };
        let Some((kind, after)) = crate::split(after, 4) else { break };
        let Some((data, after)) = usize::try_from(length).ok().and_then(|n| crate::split(after, n)) else { break };
        match kind {
            b"tEXt" | b"zTXt" | b"iTXt" => add_text(kind, data, &mut blocks),
            b"eXIf" => blocks.exif = blocks.exif.or(Some(data)),
            b"caBX" if blocks.jumbf.len() + data.len() <= limits::JUMBF => blocks.jumbf.extend_from_slice(data),
            b"IEND" => break,
            _ => {}
        }
        rest = after.get(4..).unwrap_or_default();
    }
    blocks
}

fn add_text<'a>(kind: &[u8], data: &'a [u8], blocks: &mut Blocks<'a>) {
    let Some((keyword, rest)) = split_at_zero(data) else { return };
    let text = match kind {
        b"tEXt" => Some(Cow::Borrowed(rest)),
        // A byte that says how it is compressed: 0 is the only way there is.
        b"zTXt" => rest.strip_prefix(&[0]).map(|packed| Cow::Owned(unfolded(packed))),
        _ => international(rest),
    };
    let Some(text) = text else { return };
    let keyword = crate::short(&String::from_utf8_lossy(keyword));
    if keyword == XMP {
        if blocks.xmp.len() < limits::XMP_PACKETS {
            blocks.xmp.push(text);
        }
    } else if blocks.texts.len() < limits::TEXTS {
        let kept = text.get(..limits::TEXT).unwrap_or(&text);
        blocks.texts.push((keyword, String::from_utf8_lossy(kept).into_owned()));
    }
}

/// The text of an `iTXt` chunk behind its keyword: whether it is compressed, how, language, translated keyword, text.
fn international(rest: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (flags, rest) = crate::split(rest, 2)?;
    let (_language, rest) = split_at_zero(rest)?;
    let (_translated, text) = split_at_zero(rest)?;
    Some(if flags.first() == Some(&1) { Cow::Owned(unfolded(text)) } else { Cow::Borrowed(text) })
}

/// The beginning of what `packed` unfolds to, as far as it can be unfolded.
fn unfolded(packed: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    // What came before the damage counts.
    let _ = ZlibDecoder::new(packed).take(limits::TEXT as u64).read_to_end(&mut text);
    text
}

fn split_at_zero(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|byte| *byte == 0)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::ZlibEncoder;

    use super::*;

    /// A PNG of these chunks, without the picture.
    pub(crate) fn png(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        for (kind, data) in chunks {
            bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(*kind);
            bytes.extend_from_slice(data);
            bytes.extend([0; 4]);
        }
        bytes
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn every_kind_of_text_is_read() {
        let bytes = png(&[
            (b"tEXt", b"Software\0Paint".to_vec()),
            (b"zTXt", [b"Comment\0\0", &packed(b"folded")[..]].concat()),
            (b"iTXt", [b"Title\0\x01\0en\0\0", &packed("größer".as_bytes())[..]].concat()),
            (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>".to_vec()),
            (b"tEXt", b"no zero".to_vec()),
        ]);
        let blocks = read(&bytes);
        let texts: Vec<(&str, &str)> = blocks.texts.iter().map(|(k, t)| (k.as_str(), t.as_str())).collect();
        assert_eq!(texts, [("Software", "Paint"), ("Comment", "folded"), ("Title", "größer")]);
        assert_eq!(blocks.xmp, [Cow::Borrowed(&b"<x/>"[..])]);
        let cut = png(&[(b"tEXt", b"Software\0Paint".to_vec())]);
        assert!(read(&cut[..cut.len() - 6]).texts.is_empty(), "a cut chunk is not read");
        assert!(read(b"").texts.is_empty());
    }

    #[test]
    fn a_bomb_unfolds_to_no_more_than_the_limit() {
        let bomb = [b"Comment\0\0", &packed(&vec![b'x'; 64 << 20])[..]].concat();
        let many: Vec<_> = (0..200).map(|_| (b"zTXt", bomb.clone())).collect();
        let blocks = read(&png(&many[..3])).texts;
        assert!(blocks.iter().all(|(_, text)| text.len() == limits::TEXT), "unfolded beyond the limit");
        let small: Vec<_> = (0..200).map(|_| (b"tEXt", b"a\0b".to_vec())).collect();
        assert_eq!(read(&png(&small)).texts.len(), limits::TEXTS);
    }
}
