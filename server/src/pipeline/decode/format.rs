//! Which format an upload is in, by its first bytes.
//!
//! The bytes decide, not the declared media type: phones and `curl` mislabel
//! pictures all the time, and a mislabelled script must not reach a decoder.

use std::fmt;

/// A format that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// JPEG (ITU-T T.81).
    Jpeg,
    /// PNG (ISO/IEC 15948).
    Png,
    /// WebP (RFC 9649).
    WebP,
    /// PDF (ISO 32000).
    Pdf,
    /// XML, which may be an e-invoice.
    Xml,
}

impl Format {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Pdf => "application/pdf",
            Self::Xml => "application/xml",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Pdf => "PDF",
            Self::Xml => "XML",
        })
    }
}

/// What the first bytes look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sniffed {
    /// A format that is read here.
    Supported(Format),
    /// A known format that is not read here.
    Unsupported(&'static str),
    /// No known format.
    Unknown,
}

/// Offset, magic bytes and name of formats that people send by mistake.
const UNSUPPORTED: [(usize, &[u8], &str); 12] = [
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (4, b"ftypheic", "HEIC"),
    (4, b"ftypheix", "HEIC"),
    (4, b"ftypmif1", "HEIF"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftyp", "video"),
    (0, b"PK\x03\x04", "ZIP archive"),
    (0, b"\0\0\x01\0", "icon"),
    (0, b"\x1f\x8b", "gzip archive"),
];

/// Bytes that are looked at to tell text from binary data.
const TEXT_PREFIX: usize = 512;

/// PDF readers accept the header within the first kilobyte (ISO 32000-1, annex H.3.4.1).
const PDF_PREFIX: usize = 1024;

/// Roots of e-invoices.
const INVOICE_ROOTS: [&[u8]; 4] = [b"CrossIndustryInvoice", b"CrossIndustryDocument", b"Invoice", b"CreditNote"];

/// Looks at the first bytes.
pub(super) fn sniff(bytes: &[u8]) -> Sniffed {
    let pdf_prefix = &bytes[..bytes.len().min(PDF_PREFIX)];
    if bytes.starts_with(b"\xff\xd8") {
        Sniffed::Supported(Format::Jpeg)
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Sniffed::Supported(Format::Png)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Sniffed::Supported(Format::WebP)
    } else if pdf_prefix.windows(5).any(|w| w == b"%PDF-") {
        Sniffed::Supported(Format::Pdf)
    } else if is_xml(bytes) {
        Sniffed::Supported(Format::Xml)
    } else if let Some((.., name)) =
        UNSUPPORTED.iter().find(|(at, magic, _)| bytes.get(*at..).is_some_and(|b| b.starts_with(magic)))
    {
        Sniffed::Unsupported(name)
    } else if is_text(&bytes[..bytes.len().min(TEXT_PREFIX)]) {
        Sniffed::Unsupported("text")
    } else {
        Sniffed::Unknown
    }
}

/// Whether the bytes begin like XML: with its declaration, or with the root of an invoice.
fn is_xml(bytes: &[u8]) -> bool {
    // The declaration in UTF-16, with its mark.
    let wide: [&[u8]; 2] = [b"\xff\xfe<\0?\0x\0", b"\xfe\xff\0<\0?\0x"];
    if wide.iter().any(|mark| bytes.starts_with(mark)) {
        return true;
    }
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let Some(root) = body.strip_prefix(b"<") else { return false };
    let name: Vec<u8> = root.iter().copied().take_while(|b| b.is_ascii_alphanumeric() || *b == b':').take(60).collect();
    let local = name.rsplit(|b| *b == b':').next().unwrap_or_default();
    root.starts_with(b"?xml") || INVOICE_ROOTS.contains(&local)
}

/// UTF-8 without control characters; a character cut by the prefix's end is fine.
fn is_text(prefix: &[u8]) -> bool {
    let valid = match std::str::from_utf8(prefix) {
        Ok(text) => text,
        Err(e) if e.error_len().is_none() => std::str::from_utf8(&prefix[..e.valid_up_to()]).unwrap_or_default(),
        Err(_) => return false,
    };
    !valid.is_empty() && valid.chars().all(|c| !c.is_control() || c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_the_format() {
        let cases: &[(&[u8], Sniffed)] = &[
            (b"\xff\xd8\xff\xe0", Sniffed::Supported(Format::Jpeg)),
            (b"\x89PNG\r\n\x1a\n", Sniffed::Supported(Format::Png)),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Sniffed::Supported(Format::WebP)),
            (b"%PDF-1.7", Sniffed::Supported(Format::Pdf)),
            (b"\xef\xbb\xbf\n%PDF-1.4", Sniffed::Supported(Format::Pdf)),
            (b"\xef\xbb\xbf <?xml version", Sniffed::Supported(Format::Xml)),
            (b"<rsm:CrossIndustryInvoice xmlns", Sniffed::Supported(Format::Xml)),
            (b"<ubl:Invoice", Sniffed::Supported(Format::Xml)),
            (b"\xff\xfe<\0?\0x\0m\0l\0", Sniffed::Supported(Format::Xml)),
            (b"<svg", Sniffed::Unsupported("text")),
            (b"GIF89a", Sniffed::Unsupported("GIF")),
            (b"\0\0\0\x18ftypheic", Sniffed::Unsupported("HEIC")),
            (b"<!doctype html><html>", Sniffed::Unsupported("text")),
            ("Grüße".as_bytes(), Sniffed::Unsupported("text")),
            (b"RIFF\x10\0\0\0WAVE", Sniffed::Unknown),
            (b"\x01\x02\x03", Sniffed::Unknown),
            (b"", Sniffed::Unknown),
        ];
        let wrong: Vec<_> = cases.iter().filter(|(b, s)| sniff(b) != *s).map(|(b, _)| (b, sniff(b))).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
