//! PDFs that tests write: plain ones, broken ones, hostile ones.

#![allow(dead_code, unreachable_pub, reason = "a module of several test binaries, each of which uses its part")]
#![allow(clippy::unwrap_used)]

use std::io::Write;

use flate2::write::ZlibEncoder;
use flate2::{Compress, Compression, FlushCompress};

/// A PDF under construction: objects are numbered from 1, in their order.
#[derive(Default)]
pub struct Builder {
    objects: Vec<Vec<u8>>,
    /// What the trailer has beside the root.
    pub trailer: String,
}

impl Builder {
    /// Adds an object; gives its number.
    pub fn object(&mut self, body: impl AsRef<[u8]>) -> usize {
        self.objects.push(body.as_ref().to_vec());
        self.objects.len()
    }

    /// Adds a stream with these entries in its dictionary.
    pub fn stream(&mut self, entries: &str, data: &[u8]) -> usize {
        let head = format!("<< {entries} /Length {} >>\nstream\n", data.len());
        self.object([head.as_bytes(), data, b"\nendstream"].concat())
    }

    /// The file, with the catalogue `root`.
    pub fn finish(self, root: usize) -> Vec<u8> {
        let mut out = b"%PDF-1.7\n".to_vec();
        let mut offsets = Vec::new();
        for (i, object) in self.objects.iter().enumerate() {
            offsets.push(out.len());
            out.extend(format!("{} 0 obj\n", i + 1).as_bytes());
            out.extend(object);
            out.extend(b"\nendobj\n");
        }
        let start = out.len();
        write!(out, "xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1).unwrap();
        for offset in offsets {
            write!(out, "{offset:010} 00000 n \n").unwrap();
        }
        let (size, extra) = (self.objects.len() + 1, self.trailer);
        write!(out, "trailer\n<< /Size {size} /Root {root} 0 R {extra} >>\nstartxref\n{start}\n%%EOF\n").unwrap();
        out
    }
}

/// A PDF with one page for each content stream, 300 by 400 points, and further entries in its catalogue.
pub fn document(builder: Builder, contents: &[(&str, &[u8])], catalogue: &str) -> Vec<u8> {
    with_pages(builder, contents, catalogue, "/MediaBox [0 0 300 400]")
}

/// The same with these entries in every page.
pub fn with_pages(mut builder: Builder, contents: &[(&str, &[u8])], catalogue: &str, page: &str) -> Vec<u8> {
    let font = builder.object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>");
    let streams: Vec<usize> = contents.iter().map(|(entries, data)| builder.stream(entries, data)).collect();
    let parent = builder.objects.len() + contents.len() + 1;
    let pages: Vec<String> = streams
        .iter()
        .map(|stream| {
            let body = format!(
                "<< /Type /Page /Parent {parent} 0 R {page} /Contents {stream} 0 R \
                 /Resources << /Font << /F1 {font} 0 R >> >> >>"
            );
            format!("{} 0 R", builder.object(body))
        })
        .collect();
    builder.object(format!("<< /Type /Pages /Kids [{}] /Count {} >>", pages.join(" "), pages.len()));
    let root = builder.object(format!("<< /Type /Catalog /Pages {parent} 0 R {catalogue} >>"));
    builder.finish(root)
}

/// A content stream that writes lines in twelve points, the first at the top.
pub fn text(lines: &[&str]) -> Vec<u8> {
    let shown: String = lines.iter().map(|line| format!("({line}) Tj 0 -30 Td ")).collect();
    format!("BT /F1 12 Tf 20 360 Td {shown} ET").into_bytes()
}

/// A page with these lines.
pub fn printed(lines: &[&str]) -> Vec<u8> {
    document(Builder::default(), &[("", &text(lines))], "")
}

/// `count` pages without anything on them.
pub fn empty_pages(count: usize) -> Vec<u8> {
    document(Builder::default(), &vec![("", &b""[..]); count], "")
}

/// Pages with an embedded file, named in the tree of names.
pub fn with_file(name: &str, data: &[u8], contents: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::default();
    let file = builder.stream("/Type /EmbeddedFile", data);
    let specification =
        builder.object(format!("<< /Type /Filespec /F (other.bin) /UF ({name}) /EF << /F {file} 0 R >> >>"));
    let catalogue = format!("/Names << /EmbeddedFiles << /Names [({name}) {specification} 0 R] >> >>");
    document(builder, contents, &catalogue)
}

/// A PDF that needs a password: its keys fit none.
pub fn encrypted() -> Vec<u8> {
    let mut builder = Builder::default();
    let key = "41".repeat(32);
    let number = builder.object(format!("<< /Filter /Standard /V 1 /R 2 /O <{key}> /U <{key}> /P -4 >>"));
    builder.trailer = format!("/Encrypt {number} 0 R /ID [<{key}> <{key}>]");
    document(builder, &[("", &text(&["secret"]))], "")
}

/// `mebibytes` of blanks, deflated a thousand to one.
pub fn deflated_blanks(mebibytes: usize) -> Vec<u8> {
    let blanks = vec![b' '; 1 << 20];
    let mut block = Vec::with_capacity(1 << 16);
    let mut compress = Compress::new(Compression::best(), false);
    compress.compress_vec(&blanks, &mut block, FlushCompress::Full).unwrap();
    // A full flush makes the block independent of what goes before, so it can stand any number of times.
    let mut out = b"\x78\x9c".to_vec();
    (0..mebibytes).for_each(|_| out.extend(&block));
    out.extend(b"\x03\0\0\0\0\0");
    out
}

/// A page whose content unfolds to that many mebibytes.
pub fn bomb(mebibytes: usize) -> Vec<u8> {
    document(Builder::default(), &[("/Filter /FlateDecode", &deflated_blanks(mebibytes))], "")
}

/// `data` as zlib packs it.
pub fn deflated(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A page tree that is its own child.
pub fn circular() -> Vec<u8> {
    let mut builder = Builder::default();
    builder.object("<< /Type /Pages /Kids [1 0 R 1 0 R] /Count 2 >>");
    let root = builder.object("<< /Type /Catalog /Pages 1 0 R >>");
    builder.finish(root)
}

/// A page that draws a form that draws itself.
pub fn recursive_form() -> Vec<u8> {
    let mut builder = Builder::default();
    let resources = "/Resources << /XObject << /X 1 0 R >> >>";
    builder.stream(&format!("/Type /XObject /Subtype /Form /BBox [0 0 9 9] {resources}"), b"/X Do /X Do");
    with_pages(builder, &[("", b"/X Do")], "", &format!("/MediaBox [0 0 300 400] {resources}"))
}

/// A page whose content is brackets within brackets.
pub fn nested(depth: usize) -> Vec<u8> {
    document(Builder::default(), &[("", &b"[".repeat(depth))], "")
}
