//! What a parent believes of its worker.
#![allow(clippy::unwrap_used, reason = "a failing test should stop at the spot")]

use proptest::prelude::*;

use super::*;

const REQUEST: Request = Request {
    kind: Kind::Pdf,
    limits: Limits { max_pages: 2, max_page_pixels: 10_000, max_pixels: 20_000, dpi: 200.0, min_dpi: 110.0 },
    confinement: Confinement { memory_bytes: 1, cpu_s: 1 },
    invoice: true,
};

fn page_size(width: u16, height: u16) -> PageSize {
    PageSize { width, height, scale: 1.0 }
}

fn opened_bytes(pages: &[PageSize]) -> Vec<u8> {
    serde_json::to_vec(&Opened { pages: pages.to_vec(), invoice: None, software: vec![] }).unwrap()
}

#[test]
fn pages_beyond_the_request_are_not_believed() {
    let good = page_size(100, 100);
    assert_eq!(opened(&opened_bytes(&[good; 2]), &REQUEST).unwrap().pages, [good; 2]);
    for pages in [&[][..], &[good; 3], &[page_size(0, 5)], &[page_size(60_000, 60_000)]] {
        assert!(opened(&opened_bytes(pages), &REQUEST).is_err(), "{pages:?}");
    }
    let xml = Request { kind: Kind::Xml, ..REQUEST };
    assert!(opened(&opened_bytes(&[]), &xml).is_ok() && opened(&opened_bytes(&[good]), &xml).is_err());
}

#[test]
fn a_page_has_the_announced_size_and_whole_lines() {
    let line = |text: &str, spans: usize, x: f32| Line {
        text: text.into(),
        quad: [[x, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]],
        spans: vec![[0.0, 1.0]; spans],
    };
    let bytes = |lines: Vec<Line>| serde_json::to_vec(&PageHead { width: 7, height: 9, lines }).unwrap();
    let size = page_size(7, 9);
    assert!(page(&bytes(vec![line("ab", 2, 0.0)]), size).is_ok());
    assert!(page(&bytes(vec![]), page_size(9, 7)).is_err());
    assert!(page(&bytes(vec![line("ab", 1, 0.0)]), size).is_err());
    let mut outside = line("a", 1, 0.0);
    outside.spans = vec![[0.0, 1.5]];
    assert!(page(&bytes(vec![outside]), size).is_err());
}

#[test]
fn heads_are_bounded() {
    let head = |kind: u8, length: u32| {
        let [a, b, c, d] = length.to_le_bytes();
        FrameHead::parse([kind, a, b, c, d], 100)
    };
    assert_eq!(head(b'R', 300), Ok(FrameHead { kind: FrameKind::Pixels, length: 300 }));
    for (kind, length) in [(b'R', 301), (b'O', MAX_JSON as u32 + 1), (b'x', 0), (0, 0)] {
        assert!(head(kind, length).is_err(), "{kind} {length}");
    }
}

#[test]
fn a_request_reads_back_and_short_input_ends() {
    let mut bytes = request_head(&REQUEST, 3).unwrap();
    bytes.extend(b"abc");
    bytes.extend(page_request(1));
    let mut input = bytes.as_slice();
    assert_eq!(read_request(&mut input).unwrap(), REQUEST);
    assert_eq!(read_document(&mut input).unwrap(), b"abc");
    assert_eq!((read_page_request(&mut input).unwrap(), read_page_request(&mut input).unwrap()), (Some(1), None));
    for length in 0..bytes.len() - 4 {
        let mut short = &bytes[..length];
        assert!(read_request(&mut short).and_then(|_| read_document(&mut short)).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn any_payload_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = opened(&bytes, &REQUEST);
        let _ = page(&bytes, page_size(1, 1));
        let _ = failed(&bytes);
        let _ = read_request(&mut bytes.as_slice());
    }
}
