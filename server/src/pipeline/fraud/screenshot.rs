//! Pictures of a screen instead of paper. Receipts in apps and mails are shown that way too, so it is a weak sign.

use super::{FraudSignal, Place};
use crate::pipeline::decode::Metadata;

/// The file names a program that takes screenshots.
const NAMED: f32 = 0.2;
/// The picture has the size of a screen.
const SIZED: f32 = 0.1;

/// Pixels across and down of the screens of phones, held upright.
const SCREENS: [(u32, u32); 22] = [
    (640, 1136),
    (720, 1280),
    (720, 1600),
    (750, 1334),
    (828, 1792),
    (1080, 1920),
    (1080, 2220),
    (1080, 2280),
    (1080, 2340),
    (1080, 2400),
    (1080, 2412),
    (1080, 2640),
    (1125, 2436),
    (1170, 2532),
    (1179, 2556),
    (1206, 2622),
    (1242, 2688),
    (1284, 2778),
    (1290, 2796),
    (1320, 2868),
    (1440, 3088),
    (1440, 3200),
];

/// What says that the picture shows a screen.
pub(super) fn screenshot(metadata: &Metadata) -> Option<FraudSignal> {
    let provenance = &metadata.provenance;
    let (score, explanation) = match &provenance.screenshot {
        Some(reason) => (NAMED, format!("the file is a screenshot by {reason}")),
        // Phones keep screenshots without loss, and no camera is named in them.
        None if metadata.is_lossless() && provenance.make.is_none() && SCREENS.contains(&metadata.stored_size) => {
            let (width, height) = metadata.stored_size;
            (SIZED, format!("the picture has the {width}×{height} pixels of a phone's screen and names no camera"))
        }
        None => return None,
    };
    Some(FraudSignal { code: "screenshot", score, place: Place::Nowhere, explanation })
}

#[cfg(test)]
mod tests {
    use slipstream_provenance::Compression;

    use super::*;
    use crate::pipeline::decode::Format;

    #[test]
    fn names_count_more_than_sizes_and_a_camera_less_than_either() {
        let mut metadata = Metadata::new(Format::Png, (1170, 2532));
        metadata.provenance.compression = Compression::Lossless;
        let score = |metadata: &Metadata| screenshot(metadata).map_or(0.0, |signal| signal.score);
        assert_eq!(score(&metadata), SIZED);
        assert_eq!(score(&Metadata { stored_size: (1171, 2532), ..metadata.clone() }), 0.0);
        metadata.provenance.make = Some("Example".to_owned());
        assert_eq!(score(&metadata), 0.0);
        metadata.provenance.screenshot = Some("a remark".to_owned());
        assert_eq!(score(&metadata), NAMED);
    }
}
