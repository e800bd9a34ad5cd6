//! Any bytes behind any first bytes: readers end, keep within their bounds, and agree with themselves.

#![allow(missing_docs)]

use proptest::collection::vec;
use proptest::prelude::*;
use slipstream_provenance::{Compression, Container, Provenance};

/// What begins a file, and what pieces of it begin with: chance alone never finds these.
const PIECES: [&[u8]; 16] = [
    b"\xff\xe1\x00\x40Exif\0\0II*\0\x08\0\0\0",
    b"\xff\xe1\x00\x60http://ns.adobe.com/xap/1.0/\0",
    b"\xff\xeb\x00\x50JP\0\x01\0\0\0\x01",
    b"\xff\xdb\0\x43\0",
    b"\xff\xda\0\x02",
    b"\xff\xd9",
    b"\0\0\0\x20tEXtSoftware\0",
    b"\0\0\0\x20zTXtComment\0\0\x78\x9c",
    b"\0\0\0\x40iTXtXML:com.adobe.xmp\0\0\0\0\0",
    b"\0\0\0\x40caBX\0\0\0\x38jumb\0\0\0\x1ejumd",
    b"\0\0\0\x20eXIfMM\0*\0\0\0\x08",
    b"VP8L\x08\0\0\0",
    b"EXIF\x20\0\0\0",
    b"C2PA\x40\0\0\0",
    b"\xa1\x6fclaim_generator\x64",
    b"digitalSourceType=\"trainedAlgorithmicMedia\"",
];

fn file() -> impl Strategy<Value = (Container, Vec<u8>)> {
    let piece = prop_oneof![
        proptest::sample::select(&PIECES[..]).prop_map(<[u8]>::to_vec),
        vec(any::<u8>(), 0..80),
        vec(Just(0_u8), 0..40),
    ];
    let head = prop_oneof![
        Just((Container::Jpeg, &b"\xff\xd8"[..])),
        Just((Container::Png, &b"\x89PNG\r\n\x1a\n"[..])),
        Just((Container::WebP, &b"RIFF\0\0\0\0WEBP"[..])),
    ];
    (head, vec(piece, 0..12)).prop_map(|((container, head), pieces)| (container, [head, &pieces.concat()].concat()))
}

proptest! {
    #[test]
    fn any_bytes_are_read_within_the_bounds((container, bytes) in file()) {
        let found = Provenance::of(&bytes, container);
        prop_assert!(found.software.len() <= 8 && found.software.iter().all(|name| name.chars().count() <= 80));
        prop_assert!(found.generated.len() <= 8);
        prop_assert!(found.thumbnail.iter().all(|bytes| bytes.len() <= Provenance::MAX_THUMBNAIL));
        if let Compression::Jpeg(tables) = &found.compression {
            prop_assert!(tables.mean_step() >= 0.0);
        }
        prop_assert_eq!(&found, &Provenance::of(&bytes, container));
    }

    #[test]
    fn a_file_of_another_format_says_nothing_wrong(bytes in vec(any::<u8>(), 0..400)) {
        for container in [Container::Jpeg, Container::Png, Container::WebP] {
            let found = Provenance::of(&bytes, container);
            prop_assert!(found.manifest.is_none() || bytes.len() > 30);
        }
    }
}
