//! PDFs that tests write, through everything but the confinement.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use common::*;
use slipstream_pdf::confine::Confinement;
use slipstream_pdf::frames::{self, FrameHead, FrameKind, HEAD, Kind, Request};
use slipstream_pdf::render::Renderer;
use slipstream_pdf::{Document, Limits, OpenError, PageSize, worker};

const INVOICE: &[u8] = b"<Invoice><ID>R-7</ID><LegalMonetaryTotal><TaxInclusiveAmount>9.00</TaxInclusiveAmount></LegalMonetaryTotal></Invoice>";

fn open(bytes: Vec<u8>) -> Result<Document, OpenError> {
    Document::open(bytes, &Limits::default())
}

fn request(kind: Kind) -> Request {
    Request { kind, limits: Limits::default(), confinement: Confinement::default(), invoice: true }
}

#[test]
fn print_is_rendered_where_the_text_layer_says_it_stands() {
    let document = open(printed(&["Invoice 471102", "Total     9,00"])).unwrap();
    let [PageSize { width, height, .. }] = *document.sizes() else { panic!("one page") };
    // 300 by 400 points at 200 dpi.
    assert_eq!((width, height), (834, 1112));
    let renderer = Renderer::new(&document);
    let pixels = renderer.pixels(0).unwrap();
    assert_eq!((pixels.width, pixels.height, pixels.rgb.len()), (834, 1112, 834 * 1112 * 3));
    let lines = renderer.lines(0);
    let texts: Vec<&str> = lines.iter().map(|l| l.text.as_str()).collect();
    assert_eq!(texts, ["Invoice 471102", "Total", "9,00"]);
    let dark = |x: f32, y: f32| pixels.rgb[(y as usize * pixels.width + x as usize) * 3] < 128;
    let ink = |[[l, t], _, [r, b], _]: [[f32; 2]; 4]| {
        let inside = (t as usize..b as usize).flat_map(|y| (l as usize..r as usize).map(move |x| (x as f32, y as f32)));
        inside.filter(|(x, y)| dark(*x, *y)).count()
    };
    let all = pixels.rgb.chunks(3).filter(|p| p[0] < 128).count();
    let found: usize = lines.iter().map(|line| ink(line.quad)).sum();
    assert!(all > 1_000 && found == all, "{found} of {all} dark pixels are within the lines");
    assert!(renderer.pixels(1).is_none() && renderer.lines(1).is_empty());
}

#[test]
fn a_turned_page_keeps_its_text_with_its_pixels() {
    let turned =
        with_pages(Builder::default(), &[("", &text(&["Invoice 471102"]))], "", "/MediaBox [0 0 300 400] /Rotate 90");
    let document = open(turned).unwrap();
    let size = document.sizes()[0];
    assert_eq!((size.width, size.height), (1112, 834));
    let line = Renderer::new(&document).lines(0).swap_remove(0);
    // Its text runs downwards at the right edge.
    let [[x0, y0], [x1, y1], ..] = line.quad;
    assert!(x0 > 900.0 && (x0 - x1).abs() < 1.0 && y1 > y0 + 100.0, "{:?}", line.quad);
}

#[test]
fn invisible_text_is_no_text() {
    let invisible = document(Builder::default(), &[("", b"BT /F1 12 Tf 3 Tr 20 300 Td (ghost) Tj ET")], "");
    assert!(Renderer::new(&open(invisible).unwrap()).lines(0).is_empty());
}

#[test]
fn the_e_invoice_is_found_by_its_name() {
    let content: [(&str, &[u8]); 1] = [("", b"")];
    for name in ["factur-x.xml", "ZUGFeRD-invoice.xml", "xrechnung.xml"] {
        let found = open(with_file(name, INVOICE, &content)).unwrap().invoice().unwrap();
        assert_eq!((found.name.as_str(), found.invoice.unwrap().number.as_deref()), (name, Some("R-7")));
    }
    let utf16 = "\\376\\377\\000f\\000a\\000c\\000t\\000u\\000r\\000-\\000x\\000.\\000x\\000m\\000l";
    assert!(open(with_file(utf16, INVOICE, &content)).unwrap().invoice().is_some());
    assert!(open(with_file("terms.xml", INVOICE, &content)).unwrap().invoice().is_none());
    let broken = open(with_file("factur-x.xml", b"<Invoice>", &content)).unwrap().invoice().unwrap();
    assert!(broken.invoice.is_err());
}

#[test]
fn what_cannot_be_read_is_told_apart() {
    let wide = Limits { max_pixels: 400_000, ..Limits::default() };
    let big = with_pages(Builder::default(), &[("", b"")], "", "/MediaBox [0 0 3000 4000]");
    let cases = [
        ("encrypted", open(encrypted()).err(), Some(OpenError::Encrypted)),
        ("no bytes", open(vec![]).err(), Some(OpenError::Damaged)),
        ("a header alone", open(b"%PDF-1.7\n".to_vec()).err(), Some(OpenError::Damaged)),
        ("no pages", open(empty_pages(0)).err(), Some(OpenError::NoPages)),
        ("a circle", open(circular()).err(), Some(OpenError::NoPages)),
        ("pages", open(empty_pages(10_000)).err(), Some(OpenError::TooManyPages { got: 10_000, max: 20 })),
        ("twenty pages", open(empty_pages(20)).err(), None),
    ];
    let wrong: Vec<_> = cases.iter().filter(|(_, got, expected)| got != expected).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let refused = Document::open(big, &wide).err();
    assert!(matches!(refused, Some(OpenError::TooManyPixels { max: 400_000, .. })), "{refused:?}");
}

#[test]
fn pages_that_do_not_all_fit_are_rendered_smaller() {
    let whole: u64 = 834 * 1112 * 4;
    let limits = Limits { max_pixels: whole * 3 / 4, ..Limits::default() };
    let document = Document::open(empty_pages(4), &limits).unwrap();
    let pixels: u64 = document.sizes().iter().map(|s| u64::from(s.width) * u64::from(s.height)).sum();
    assert!(pixels <= limits.max_pixels && pixels > limits.max_pixels * 9 / 10, "{pixels} of {}", limits.max_pixels);
}

#[test]
fn sizes_are_sane_whatever_the_page_says() {
    for page in ["[0 0 1 1]", "[0 0 0 0]", "[0 0 1e30 1]", "[5 5 -7 -9]", "[0 0 14400 14400]", "[0 0 14400 1]"] {
        let bytes = with_pages(Builder::default(), &[("", b"")], "", &format!("/MediaBox {page}"));
        let document = match open(bytes) {
            Ok(document) => document,
            // A page without an area is none.
            Err(error) => {
                assert_eq!(error, OpenError::NoPages, "{page}");
                continue;
            }
        };
        let size = document.sizes()[0];
        let pixels = Renderer::new(&document).pixels(0).unwrap();
        assert_eq!((pixels.width, pixels.height), (usize::from(size.width), usize::from(size.height)), "{page}");
        assert!(pixels.rgb.len() < 40_000_000, "{page}: {size:?}");
    }
}

#[test]
fn a_truncated_file_is_mended_or_refused() {
    let whole = printed(&["Invoice 471102"]);
    for length in (0..whole.len()).step_by(37) {
        if let Ok(document) = open(whole[..length].to_vec()) {
            Renderer::new(&document).pixels(0);
        }
    }
}

#[test]
fn a_form_that_draws_itself_ends() {
    assert!(Renderer::new(&open(recursive_form()).unwrap()).pixels(0).is_some());
}

#[test]
fn a_worker_answers_page_by_page_until_nobody_asks() {
    let request = request(Kind::Pdf);
    let document = with_file("factur-x.xml", INVOICE, &[("", &text(&["first page here"])), ("", b"")]);
    let mut input = frames::request_head(&request, document.len()).unwrap();
    input.extend(&document);
    for page in [1, 0] {
        input.extend(frames::page_request(page));
    }
    let (mut input, mut output) = (input.as_slice(), Vec::new());
    let read = frames::read_request(&mut input).unwrap();
    assert_eq!(read, request);
    worker::answer(&read, &mut input, &mut output).unwrap();

    let mut rest = output.as_slice();
    let mut next = |kind: FrameKind| {
        let (head, after) = rest.split_at(HEAD);
        let head = FrameHead::parse(head.try_into().unwrap(), frames::most_pixels(&request.limits)).unwrap();
        assert_eq!(head.kind, kind);
        let (payload, after) = after.split_at(head.length);
        rest = after;
        payload.to_vec()
    };
    let opened = frames::opened(&next(FrameKind::Opened), &request).unwrap();
    assert_eq!((opened.pages.len(), opened.invoice.unwrap().name.as_str()), (2, "factur-x.xml"));
    for (page, lines) in [(1, 0), (0, 1)] {
        let head = frames::page(&next(FrameKind::Page), opened.pages[page]).unwrap();
        assert_eq!(head.lines.len(), lines);
        assert_eq!(next(FrameKind::Pixels).len(), head.width * head.height * 3);
    }
    assert!(rest.is_empty());
}

#[test]
fn a_worker_says_why_there_is_nothing_to_read() {
    let answer = |kind, bytes: &[u8]| {
        let request = request(kind);
        let mut input = (bytes.len() as u32).to_le_bytes().to_vec();
        input.extend(bytes);
        let mut output = Vec::new();
        worker::answer(&request, &mut input.as_slice(), &mut output).unwrap();
        output
    };
    assert_eq!(frames::failed(&answer(Kind::Pdf, &encrypted())[HEAD..]), Ok(OpenError::Encrypted));
    let no_invoice = frames::failed(&answer(Kind::Xml, b"<html/>")[HEAD..]).unwrap();
    assert!(matches!(no_invoice, OpenError::NoInvoice(_)), "{no_invoice}");
    let opened = frames::opened(&answer(Kind::Xml, INVOICE)[HEAD..], &request(Kind::Xml)).unwrap();
    assert!(opened.pages.is_empty() && opened.invoice.unwrap().invoice.is_ok());
}
