//! How much metadata is looked at. A file may hold as much as an upload may have bytes, and compressed text a thousand
//! times as much; no honest file comes near these bounds.

/// Bytes of an EXIF block: one segment of a JPEG holds 64 KiB, and other formats have no reason for more.
pub(crate) const EXIF: usize = 1 << 20;
/// Bytes of one XMP packet.
pub(crate) const XMP: usize = 1 << 20;
/// XMP packets of a file.
pub(crate) const XMP_PACKETS: usize = 4;
/// Bytes of a value in a packet.
pub(crate) const XMP_VALUE: usize = 1 << 11;
/// Places of a packet at which a name is looked at.
pub(crate) const XMP_MENTIONS: usize = 64;
/// Bytes of all JUMBF boxes: manifests with a thumbnail have some hundred thousand.
pub(crate) const JUMBF: usize = 4 << 20;
/// Boxes of JUMBF that are looked at.
pub(crate) const BOXES: usize = 1 << 10;
/// Boxes in boxes, and lists in lists of CBOR.
pub(crate) const DEPTH: usize = 16;
/// Values of one CBOR document.
pub(crate) const VALUES: usize = 1 << 14;
/// Text entries of a PNG.
pub(crate) const TEXTS: usize = 64;
/// Bytes of one text entry, unfolded; image generators write some ten thousand.
pub(crate) const TEXT: usize = 1 << 18;
/// Bytes of an embedded thumbnail.
pub(crate) const THUMBNAIL: usize = 1 << 16;
/// Names of programs that are kept.
pub(crate) const NAMES: usize = 8;
/// Characters of a name that is kept.
pub(crate) const NAME_CHARACTERS: usize = 80;
/// Segments or chunks of a file that are looked at.
pub(crate) const PARTS: usize = 1 << 14;
