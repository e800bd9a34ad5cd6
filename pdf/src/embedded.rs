//! Files embedded in a PDF (ISO 32000-1, 7.11.4), and which of them is the e-invoice.

use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::object::{Array, Dict, Object, Stream, String as PdfString};

/// Names that the standards give the invoice, in lower case, the one to believe first.
const INVOICES: [&str; 3] = ["factur-x.xml", "xrechnung.xml", "zugferd-invoice.xml"];

/// Nodes of the tree of names that are looked at: real ones have a handful.
const MAX_NODES: usize = 500;

/// An embedded file.
pub(crate) struct EmbeddedFile {
    /// Its name.
    pub(crate) name: String,
    /// Its contents; `None` where they cannot be unpacked.
    pub(crate) bytes: Option<Vec<u8>>,
}

/// The file that holds the invoice: the first of [`INVOICES`] that is there.
pub(crate) fn invoice_file(pdf: &Pdf) -> Option<EmbeddedFile> {
    let files = specifications(pdf);
    let (_, name, file) = files
        .iter()
        .filter_map(|file| {
            let name = name(file)?;
            let rank = INVOICES.iter().position(|known| name.eq_ignore_ascii_case(known))?;
            Some((rank, name, file))
        })
        .min_by_key(|(rank, ..)| *rank)?;
    let bytes = contents(file).and_then(|stream| Some(stream.decoded_data().ok()?.into_owned()));
    Some(EmbeddedFile { name, bytes })
}

/// The file specifications that the catalogue names: associated files, and the tree of embedded files.
fn specifications(pdf: &Pdf) -> Vec<Dict<'_>> {
    let Some(catalogue) = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id()) else { return Vec::new() };
    let associated =
        catalogue.get::<Array<'_>>("AF").into_iter().flat_map(|files| files.iter::<Dict<'_>>().take(MAX_NODES));
    let mut found: Vec<Dict<'_>> = associated.collect();
    let root = catalogue.get::<Dict<'_>>("Names").and_then(|names| names.get::<Dict<'_>>("EmbeddedFiles"));
    // The number of nodes bounds the walk also where the tree has circles.
    let (mut waiting, mut nodes) = (Vec::from_iter(root), 0);
    while let Some(node) = waiting.pop() {
        nodes += 1;
        if nodes > MAX_NODES {
            break;
        }
        if let Some(names) = node.get::<Array<'_>>("Names") {
            // Keys and values by turns.
            let values = names.iter::<Object<'_>>().take(2 * MAX_NODES).filter_map(Object::into_dict);
            found.extend(values);
        }
        if let Some(kids) = node.get::<Array<'_>>("Kids") {
            waiting.extend(kids.iter::<Dict<'_>>().take(MAX_NODES));
        }
    }
    found
}

/// The file's name: the Unicode one where there are two.
fn name(file: &Dict<'_>) -> Option<String> {
    let raw = file.get::<PdfString<'_>>("UF").or_else(|| file.get::<PdfString<'_>>("F"))?;
    let name = match raw.as_bytes() {
        [0xfe, 0xff, wide @ ..] => {
            let units: Vec<u16> = wide.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        bytes => String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned(),
    };
    // Some writers give a path.
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    Some(last.chars().take(100).collect())
}

fn contents<'a>(file: &Dict<'a>) -> Option<Stream<'a>> {
    let streams = file.get::<Dict<'a>>("EF")?;
    streams.get::<Stream<'a>>("UF").or_else(|| streams.get::<Stream<'a>>("F"))
}
