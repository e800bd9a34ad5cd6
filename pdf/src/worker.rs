//! The worker: what runs in a process of its own.
//!
//! It confines itself, opens the document, says what it found, and renders the
//! pages that it is asked for, one at a time, until its input ends. It computes
//! only while somebody waits for the answer, so whoever asks can count its time.

use std::io::{self, Read, Write};

use crate::confine::confine;
use crate::document::{Document, EmbeddedInvoice, OpenError};
use crate::frames::{self, FrameKind, Kind, Opened, PageHead, Request};
use crate::invoice;
use crate::render::Renderer;

/// Name under which an XML file without a PDF is reported.
const XML: &str = "xml";

/// Longest name of a program that is passed on, in characters.
const MAX_NAME: usize = 80;

/// Answers one request; everything behind the request is read in confinement.
///
/// # Errors
/// When the parent goes away or breaks the protocol, or the system refuses the confinement.
pub fn run(input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let request = frames::read_request(input)?;
    confine(&request.confinement)?;
    answer(&request, input, output)
}

/// The same without confinement, for a request that was read: for tests, which have only one process.
///
/// # Errors
/// When the parent goes away or breaks the protocol.
pub fn answer(request: &Request, input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let bytes = frames::read_document(input)?;
    match request.kind {
        Kind::Pdf => match Document::open(bytes, &request.limits) {
            Ok(document) => serve(&document, request, input, output),
            Err(error) => frames::write_json(output, FrameKind::Failed, &error),
        },
        Kind::Xml => match invoice::parse(&bytes) {
            Ok(invoice) => {
                let invoice = Some(EmbeddedInvoice { name: XML.to_owned(), invoice: Ok(invoice) });
                frames::write_json(output, FrameKind::Opened, &Opened { pages: vec![], invoice, software: vec![] })
            }
            Err(error) => frames::write_json(output, FrameKind::Failed, &OpenError::NoInvoice(error.to_string())),
        },
    }
}

fn serve(document: &Document, request: &Request, input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let invoice = if request.invoice { document.invoice() } else { None };
    let opened = Opened { pages: document.sizes().to_vec(), invoice, software: software(document) };
    frames::write_json(output, FrameKind::Opened, &opened)?;
    let renderer = Renderer::new(document);
    while let Some(page) = frames::read_page_request(input)? {
        let pixels = renderer.pixels(page).ok_or_else(|| io::Error::other("no such page"))?;
        let lines = renderer.lines(page);
        let head = PageHead { width: pixels.width, height: pixels.height, lines };
        frames::write_json(output, FrameKind::Page, &head)?;
        frames::write_frame(output, FrameKind::Pixels, &pixels.rgb)?;
    }
    Ok(())
}

/// Programs that the document's information names.
fn software(document: &Document) -> Vec<String> {
    let metadata = document.pdf.metadata();
    let name = |bytes: &Option<Box<[u8]>>| {
        let text = String::from_utf8_lossy(bytes.as_deref()?).into_owned();
        let printable: String = text.chars().filter(|c| !c.is_control() && *c != '\u{fffd}').take(MAX_NAME).collect();
        (!printable.trim().is_empty()).then(|| printable.trim().to_owned())
    };
    [&metadata.creator, &metadata.producer].into_iter().filter_map(name).collect()
}
