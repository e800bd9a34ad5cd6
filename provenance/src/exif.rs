//! What an EXIF block (TIFF structure) says: camera, programs, times, thumbnail.

use exif::{Exif, In, Tag, Value};
use jiff::civil::DateTime;

use crate::{Provenance, limits, short, traces};

/// Adds what `block` says; a damaged block adds nothing.
pub(crate) fn read(block: &[u8], found: &mut Provenance) {
    // Some writers of WebP leave the mark in that JPEG needs.
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    if block.len() > limits::EXIF {
        return;
    }
    let Ok(exif) = exif::Reader::new().read_raw(block.to_vec()) else { return };
    let text = |tag| ascii(&exif, tag);
    text(Tag::Software).iter().for_each(|name| found.add_software(name));
    found.make = text(Tag::Make);
    found.model = text(Tag::Model);
    found.taken_at = text(Tag::DateTimeOriginal).and_then(|t| date_time(&t));
    found.modified_at = text(Tag::DateTime).and_then(|t| date_time(&t));
    found.thumbnail = thumbnail(&exif);
    traces::of_comment(&comment(&exif), found);
}

fn ascii(exif: &Exif, tag: Tag) -> Option<String> {
    let Value::Ascii(parts) = &exif.get_field(tag, In::PRIMARY)?.value else { return None };
    let bytes: Vec<u8> = parts.iter().flatten().copied().take(4 * limits::NAME_CHARACTERS).collect();
    Some(short(&String::from_utf8_lossy(&bytes))).filter(|text| !text.is_empty())
}

/// What a program or a person remarked (`UserComment`): eight bytes that name the characters, then those.
fn comment(exif: &Exif) -> String {
    let field = exif.get_field(Tag::UserComment, In::PRIMARY);
    let Some(Value::Undefined(bytes, _)) = field.map(|field| &field.value) else { return String::new() };
    let Some((code, text)) = crate::split(bytes, 8) else { return String::new() };
    let text = text.get(..limits::TEXT).unwrap_or(text);
    if !code.starts_with(b"UNICODE") {
        return String::from_utf8_lossy(text).into_owned();
    }
    // Nothing says which byte comes first; of Latin letters it is the one that is zero.
    let big = text.first() == Some(&0);
    let unit = |pair: &[u8; 2]| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) };
    String::from_utf16_lossy(&text.as_chunks().0.iter().map(unit).collect::<Vec<u16>>())
}

fn thumbnail(exif: &Exif) -> Option<Vec<u8>> {
    let number = |tag| exif.get_field(tag, In::THUMBNAIL)?.value.get_uint(0).map(|n| n as usize);
    let start = number(Tag::JPEGInterchangeFormat)?;
    let length = number(Tag::JPEGInterchangeFormatLength)?;
    let bytes = exif.buf().get(start..start.checked_add(length)?)?;
    (bytes.len() <= limits::THUMBNAIL && bytes.starts_with(b"\xff\xd8")).then(|| bytes.to_vec())
}

/// EXIF writes `2025:12:31 14:05:09`.
fn date_time(text: &str) -> Option<DateTime> {
    DateTime::strptime("%Y:%m:%d %H:%M:%S", text).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Cursor;

    use exif::Field;
    use exif::experimental::Writer;

    use super::*;

    fn block(fields: &[(Tag, Value)], thumbnail: Option<&[u8]>) -> Vec<u8> {
        let field = |(tag, value): &(Tag, Value)| Field { tag: *tag, ifd_num: In::PRIMARY, value: value.clone() };
        let fields: Vec<_> = fields.iter().map(field).collect();
        let mut writer = Writer::new();
        fields.iter().for_each(|field| writer.push_field(field));
        if let Some(jpeg) = thumbnail {
            writer.set_jpeg(jpeg, In::THUMBNAIL);
        }
        let mut bytes = Cursor::new(Vec::new());
        writer.write(&mut bytes, true).unwrap();
        bytes.into_inner()
    }

    fn text(text: &str) -> Value {
        Value::Ascii(vec![text.as_bytes().to_vec()])
    }

    fn of(block: &[u8]) -> Provenance {
        let mut found = Provenance::default();
        read(block, &mut found);
        found
    }

    #[test]
    fn a_block_tells_about_camera_programs_and_times() {
        let fields = [
            (Tag::Make, text("Example ")),
            (Tag::Model, text("Phone 7")),
            (Tag::Software, text("Paint\u{1b}Example")),
            (Tag::DateTime, text("2025:12:31 15:00:00")),
            (Tag::DateTimeOriginal, text("2025:12:31 14:05:09")),
        ];
        let found = of(&[&b"Exif\0\0"[..], &block(&fields, Some(b"\xff\xd8 and more"))].concat());
        assert_eq!((found.make.as_deref(), found.model.as_deref()), (Some("Example"), Some("Phone 7")));
        assert_eq!(found.software, ["PaintExample"]);
        let times = [found.taken_at, found.modified_at].map(|t| t.map(|t| t.to_string()).unwrap_or_default());
        assert_eq!(times, ["2025-12-31T14:05:09", "2025-12-31T15:00:00"]);
        assert_eq!(found.thumbnail.as_deref(), Some(&b"\xff\xd8 and more"[..]));
    }

    #[test]
    fn comments_are_read_in_their_characters() {
        let wide: Vec<u8> = "Steps: 20, Sampler: Euler".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (code, comment) in [(b"UNICODE\0", wide), (b"ASCII\0\0\0", b"Steps: 20, Sampler: Euler".to_vec())] {
            let value = Value::Undefined([&code[..], &comment].concat(), 0);
            let found = of(&block(&[(Tag::UserComment, value)], None));
            assert_eq!(found.generated.len(), 1, "{:?}", code);
        }
    }

    #[test]
    fn damage_and_excess_add_nothing() {
        let whole = block(&[(Tag::Make, text("Example"))], Some(b"\xff\xd8 and more"));
        for cut in 0..whole.len() {
            of(&whole[..cut]);
        }
        assert_eq!(of(&[0xff; 40]), Provenance::default());
        let padded = [whole.as_slice(), &vec![0; limits::EXIF]].concat();
        assert_eq!(of(&padded), Provenance::default());
        let large =
            block(&[(Tag::Make, text("Example"))], Some(&[&b"\xff\xd8"[..], &vec![0; limits::THUMBNAIL]].concat()));
        assert_eq!(of(&large).thumbnail, None);
    }
}
