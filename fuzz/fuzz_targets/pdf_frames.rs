//! Any bytes, as what a PDF worker says and as what it is asked: read within the bounds, or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use slipstream_pdf::confine::Confinement;
use slipstream_pdf::frames::{self, FrameHead, FrameKind, HEAD, Kind, Request};
use slipstream_pdf::{Limits, PageSize};

fuzz_target!(|bytes: &[u8]| {
    let (limits, confinement) = (Limits::default(), Confinement::default());
    let request = Request { kind: Kind::Pdf, limits, confinement, invoice: true };
    let mut rest = bytes;
    while let Some((head, after)) = rest.split_first_chunk::<HEAD>() {
        let Ok(head) = FrameHead::parse(*head, frames::most_pixels(&limits)) else { break };
        let Some((payload, after)) = after.split_at_checked(head.length) else { break };
        match head.kind {
            FrameKind::Opened => {
                if let Ok(opened) = frames::opened(payload, &request) {
                    assert!(!opened.pages.is_empty() && opened.pages.len() <= limits.max_pages);
                }
            }
            FrameKind::Failed => drop(frames::failed(payload)),
            FrameKind::Page => {
                let size = PageSize { width: 7, height: 9, scale: 1.0 };
                if let Ok(page) = frames::page(payload, size) {
                    assert!(page.lines.iter().all(|line| line.text.chars().count() == line.spans.len()));
                }
            }
            FrameKind::Pixels => {}
        }
        rest = after;
    }
    let mut input = bytes;
    if frames::read_request(&mut input).is_ok() && frames::read_document(&mut input).is_ok() {
        let _ = frames::read_page_request(&mut input);
    }
});
