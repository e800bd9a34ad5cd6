//! Texts in a CBOR document (RFC 8949), with the keys that they stand under; enough for C2PA's claims and actions.

use crate::limits;

/// Calls `found` with the keys on the way, outermost first, and each text. Damage and excess end the reading.
pub(crate) fn texts<'a>(bytes: &'a [u8], found: &mut dyn FnMut(&[&'a str], &'a str)) {
    let mut reader = Reader { rest: bytes, values: 0, found };
    let _ = reader.value(&mut Vec::new(), 0);
}

struct Reader<'a, 'f> {
    rest: &'a [u8],
    /// Values so far.
    values: usize,
    found: &'f mut dyn FnMut(&[&'a str], &'a str),
}

/// A value that can be a key.
enum Value<'a> {
    Text(&'a str),
    /// The mark that ends a list of unknown length.
    Break,
    Other,
}

impl<'a> Reader<'a, '_> {
    /// Reads one value that stands under `path`; nothing on damage or excess.
    fn value(&mut self, path: &mut Vec<&'a str>, depth: usize) -> Option<Value<'a>> {
        self.values += 1;
        if depth > limits::DEPTH || self.values > limits::VALUES {
            return None;
        }
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        let (kind, detail) = (first >> 5, first & 31);
        let argument = match detail {
            0..=23 => Some(u64::from(detail)),
            24..=27 => {
                let (number, rest) = crate::big_endian(self.rest, 1 << (detail - 24))?;
                self.rest = rest;
                Some(number)
            }
            31 if kind == 7 => return Some(Value::Break),
            // A length that is not known beforehand.
            31 => None,
            _ => return None,
        };
        match (kind, argument) {
            (0 | 1, Some(_)) | (7, _) => Some(Value::Other),
            (2 | 3, Some(length)) => {
                let (content, rest) = crate::split(self.rest, usize::try_from(length).ok()?)?;
                self.rest = rest;
                let text = (kind == 3).then(|| std::str::from_utf8(content).ok()).flatten();
                if let Some(text) = text {
                    (self.found)(path, text);
                }
                Some(text.map_or(Value::Other, Value::Text))
            }
            (4 | 5, count) => {
                self.entries(path, depth, kind == 5, count)?;
                Some(Value::Other)
            }
            // A tag in front of the value that it is about.
            (6, Some(_)) => self.value(path, depth + 1),
            _ => None,
        }
    }

    /// The values of a list, or keys and values of a map.
    fn entries(&mut self, path: &mut Vec<&'a str>, depth: usize, keyed: bool, count: Option<u64>) -> Option<()> {
        let mut left = count;
        while left != Some(0) {
            let key = if keyed { self.value(&mut vec!["(key)"], depth + 1)? } else { Value::Other };
            if matches!(key, Value::Break) {
                return count.is_none().then_some(());
            }
            let length = path.len();
            if let Value::Text(key) = key {
                path.push(key);
            }
            let value = self.value(path, depth + 1)?;
            path.truncate(length);
            if matches!(value, Value::Break) {
                return count.is_none().then_some(());
            }
            left = left.map(|left| left - 1);
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        texts(bytes, &mut |path, text| {
            if path != ["(key)"] {
                found.push(format!("{}={text}", path.join("/")));
            }
        });
        found
    }

    #[test]
    fn texts_come_with_the_keys_above_them() {
        // {"a": "x", "b": [{"c": 1, "d": "y"}, h'00', 24("z")]}
        let bytes = b"\xa2\x61a\x61x\x61b\x83\xa2\x61c\x01\x61d\x61y\x41\x00\xd8\x18\x61z";
        assert_eq!(all(bytes), ["a=x", "b/d=y", "b=z"]);
        // The same with lengths that are not known beforehand.
        assert_eq!(all(b"\xbf\x61a\x61x\x61b\x9f\x61y\xff\xff"), ["a=x", "b=y"]);
    }

    #[test]
    fn nesting_and_counts_beyond_the_limits_end_the_reading() {
        assert!(all(&[0x81; 100_000]).is_empty());
        assert!(all(&[0xd8, 0x18].repeat(50_000)).is_empty());
        let many =
            [&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff][..], &[0x61, b'x'].repeat(100_000)].concat();
        assert!(all(&many).len() < limits::VALUES);
        assert!(all(b"\x7a\xff\xff\xff\xff").is_empty());
    }
}
