//! The characters of an XML file, by its byte order mark or its declaration.

use std::borrow::Cow;

use super::InvoiceError;

/// Bytes in which a declaration is looked for.
const PROLOGUE: usize = 128;

/// Decodes UTF-8, UTF-16 with a mark, and ISO 8859-1 where the XML declares it.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, InvoiceError> {
    let wide = |read: fn([u8; 2]) -> u16| {
        let units = bytes.get(2..).unwrap_or_default().chunks_exact(2).map(|pair| read([pair[0], pair[1]]));
        char::decode_utf16(units).collect::<Result<String, _>>().map(Cow::Owned).map_err(|_| InvoiceError::Encoding)
    };
    match bytes {
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        _ => {
            let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            match std::str::from_utf8(body) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                // Each byte is the character of that number.
                Err(_) if declares_latin_1(body) => Ok(Cow::Owned(body.iter().map(|b| char::from(*b)).collect())),
                Err(_) => Err(InvoiceError::Encoding),
            }
        }
    }
}

fn declares_latin_1(bytes: &[u8]) -> bool {
    let prologue = String::from_utf8_lossy(bytes.get(..PROLOGUE).unwrap_or(bytes)).to_ascii_lowercase();
    let declaration = prologue.split("?>").next().unwrap_or_default();
    ["iso-8859-1", "iso-8859-15", "windows-1252", "latin1"].iter().any(|name| declaration.contains(name))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]
mod tests {
    use super::*;

    #[test]
    fn marks_and_declarations_say_what_bytes_mean() {
        let utf16 = |text: &str, mark: [u8; 2], write: fn(u16) -> [u8; 2]| -> Vec<u8> {
            mark.into_iter().chain(text.encode_utf16().flat_map(write)).collect()
        };
        let cases: [(Vec<u8>, Option<&str>); 7] = [
            ("<a>ü</a>".into(), Some("<a>ü</a>")),
            ("\u{feff}<a>ü</a>".into(), Some("<a>ü</a>")),
            (utf16("<a>ü</a>", [0xfe, 0xff], u16::to_be_bytes), Some("<a>ü</a>")),
            (utf16("<a>ü</a>", [0xff, 0xfe], u16::to_le_bytes), Some("<a>ü</a>")),
            (
                b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xfc</a>".to_vec(),
                Some("<?xml version='1.0' encoding='ISO-8859-1'?><a>ü</a>"),
            ),
            (b"<a>\xfc</a>".to_vec(), None),
            (b"\xff\xfe\x00\xd8".to_vec(), None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(decode(&bytes).ok().as_deref(), expected, "{bytes:?}");
        }
    }
}
