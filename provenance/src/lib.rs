//! What the bytes of a picture say about its making, without decoding a pixel.
//!
//! | file | what it reads |
//! |---|---|
//! | `jpeg.rs`, `png.rs`, `webp.rs` | containers → the [`Blocks`] of metadata in them, and how pixels are compressed |
//! | `tables.rs` | quantisation tables of JPEG |
//! | `exif.rs` | camera, programs, times, the embedded thumbnail |
//! | `xmp.rs` | programs, and whether a picture says that it was generated |
//! | `jumbf.rs`, `cbor.rs` | C2PA manifests |
//! | `traces.rs` | what programs that generate pictures and take screenshots leave |
//!
//! All of it can be forged, and most of it is missing after a messenger has passed a picture on. A stranger sends
//! these bytes: every reader is bounded in time and memory (`limits.rs`), and what is damaged or beyond a bound counts as
//! absent, since metadata is no reason to refuse a picture.

mod cbor;
mod exif;
mod jpeg;
mod jumbf;
mod limits;
mod png;
mod tables;
mod traces;
mod webp;
mod xmp;

use jiff::civil::DateTime;

pub use jumbf::Manifest;
pub use tables::Tables;

/// A format that is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// JPEG (ITU-T T.81).
    Jpeg,
    /// PNG (ISO/IEC 15948).
    Png,
    /// WebP (RFC 9649).
    WebP,
}

/// How the pixels are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Compression {
    /// Not known: damaged, or no picture.
    #[default]
    Unknown,
    /// Every pixel as it was.
    Lossless,
    /// JPEG, with the tables of its brightness.
    Jpeg(Tables),
    /// Another way that changes pixels.
    Lossy,
}

/// What a file says about its own making.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Provenance {
    /// How the pixels are kept.
    pub compression: Compression,
    /// Whether the file is whole; false for a JPEG whose end is missing. Other formats are left to their decoders.
    pub complete: bool,
    /// Names of programs that wrote the file, each once, from EXIF, XMP, PNG text and Photoshop's own block.
    pub software: Vec<String>,
    /// Maker of the camera.
    pub make: Option<String>,
    /// Model of the camera.
    pub model: Option<String>,
    /// When the picture was taken, by the camera's clock.
    pub taken_at: Option<DateTime>,
    /// When the file was last changed, by the same clock.
    pub modified_at: Option<DateTime>,
    /// The embedded thumbnail, a JPEG as stored (not rotated); not more than [`Provenance::MAX_THUMBNAIL`] bytes.
    pub thumbnail: Option<Vec<u8>>,
    /// What says that a program generated the picture, in words, each once.
    pub generated: Vec<String>,
    /// What says that the picture shows a screen, in words.
    pub screenshot: Option<String>,
    /// The C2PA manifest, if there is one. It is not verified: whoever forges a picture can write one.
    pub manifest: Option<Manifest>,
}

/// Metadata of a container, not yet understood.
#[derive(Debug, Default)]
struct Blocks<'a> {
    /// TIFF structure.
    exif: Option<&'a [u8]>,
    /// XMP packets.
    xmp: Vec<std::borrow::Cow<'a, [u8]>>,
    /// Keyword and text of PNG.
    texts: Vec<(String, String)>,
    /// JUMBF boxes, put together from their pieces.
    jumbf: Vec<u8>,
    /// Whether there is a block that Photoshop writes.
    photoshop: bool,
}

impl Provenance {
    /// Bytes of a thumbnail that is kept: what fits into the segment of a JPEG.
    pub const MAX_THUMBNAIL: usize = limits::THUMBNAIL;

    /// What `bytes` say, which begin like a `container`.
    pub fn of(bytes: &[u8], container: Container) -> Self {
        let mut found = Self { complete: true, ..Self::default() };
        let blocks = match container {
            Container::Jpeg => {
                let jpeg = jpeg::read(bytes);
                found.complete = jpeg.complete;
                found.compression = jpeg.tables.map_or(Compression::Unknown, Compression::Jpeg);
                jpeg.blocks
            }
            Container::Png => {
                found.compression = Compression::Lossless;
                png::read(bytes)
            }
            Container::WebP => {
                let webp = webp::read(bytes);
                found.compression = webp.compression;
                webp.blocks
            }
        };
        if let Some(block) = blocks.exif {
            exif::read(block, &mut found);
        }
        blocks.xmp.iter().for_each(|packet| xmp::read(packet, &mut found));
        traces::of_texts(&blocks.texts, &mut found);
        if blocks.photoshop {
            found.add_software("Adobe Photoshop");
        }
        let generators: Vec<_> = found.software.iter().filter_map(|name| traces::generator(name)).collect();
        generators.iter().for_each(|name| found.add_generated(format!("the name of the program {name}")));
        found.manifest = jumbf::read(&blocks.jumbf);
        if let Some(reason) = found.manifest.as_ref().and_then(Manifest::generated) {
            found.add_generated(reason);
        }
        found
    }

    /// Adds a program's name once, shortened.
    pub fn add_software(&mut self, name: &str) {
        let name = short(name);
        if !name.is_empty() && !self.software.contains(&name) && self.software.len() < limits::NAMES {
            self.software.push(name);
        }
    }

    fn add_generated(&mut self, reason: String) {
        if !self.generated.contains(&reason) && self.generated.len() < limits::NAMES {
            self.generated.push(reason);
        }
    }
}

/// `text` without blanks around it and control characters in it, cut to what is kept of a name.
fn short(text: &str) -> String {
    let tidy = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    tidy.chars().filter(|c| !c.is_control()).take(limits::NAME_CHARACTERS).collect()
}

/// The first `n` bytes of `bytes`, and the rest; nothing when there are fewer.
fn split(bytes: &[u8], n: usize) -> Option<(&[u8], &[u8])> {
    bytes.split_at_checked(n)
}

/// A big-endian number of up to eight bytes at the start of `bytes`, and the rest.
fn big_endian(bytes: &[u8], width: usize) -> Option<(u64, &[u8])> {
    let (number, rest) = split(bytes, width.min(8))?;
    Some((number.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)), rest))
}
