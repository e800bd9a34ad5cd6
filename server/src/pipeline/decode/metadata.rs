//! What an upload says about its own making, as far as it is known beside its pixels.

use slipstream_provenance::{Compression, Provenance};

use super::format::Format;

/// What the file says about itself; all of it can be forged, and most of it is
/// missing after a messenger has passed the picture on.
#[derive(Debug, Clone, PartialEq)]
pub struct Metadata {
    /// The format.
    pub format: Format,
    /// Pixels across and down as stored, before the EXIF rotation.
    pub stored_size: (u32, u32),
    /// EXIF orientation, 1 (upright) to 8.
    pub orientation: u8,
    /// Programs, camera, times, thumbnail, manifests, and how pixels are kept.
    pub provenance: Provenance,
}

impl Metadata {
    /// Nothing known but the format and size.
    pub fn new(format: Format, stored_size: (u32, u32)) -> Self {
        Self { format, stored_size, orientation: 1, provenance: Provenance::default() }
    }

    /// Whether the pixels are those that a camera, a scanner or an editor gave: kept as they were.
    pub fn is_lossless(&self) -> bool {
        self.provenance.compression == Compression::Lossless
    }
}
