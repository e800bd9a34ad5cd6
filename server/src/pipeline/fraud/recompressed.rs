//! A JPEG whose pixels were JPEG before, more strongly compressed: somebody opened it and saved it again.
//!
//! Pixels that were rounded to coarse steps stay near them when they are rounded to finer ones, so that compressing them
//! coarsely once more changes little (Farid, Exposing digital forgeries from JPEG ghosts, 2009). Messengers compress
//! a photo again too, but more strongly than before, which leaves nothing to see.

use slipstream_models::Raster;
use slipstream_models::forgery::earlier_quality;
use slipstream_provenance::Compression;

use super::{FraudSignal, Place};
use crate::pipeline::decode::Metadata;

/// Strength: whoever turns or cuts a photo saves it again as well.
const RECOMPRESSED: f32 = 0.15;
/// How much less the page changes at the earlier quality than at those beside it, 0 to 1.
const DEEP: f32 = 0.4;

/// What says that there was an earlier compression. Only files with tables of the standard are looked at: those of other
/// makers leave marks that look like an earlier compression.
pub(super) fn recompressed(metadata: &Metadata, upload: &Raster) -> Option<FraudSignal> {
    let Compression::Jpeg(tables) = &metadata.provenance.compression else { return None };
    let saved = tables.standard_quality()?;
    let earlier = earlier_quality(upload, saved)?;
    (earlier.depth >= DEEP).then(|| FraudSignal {
        code: "recompressed",
        score: RECOMPRESSED,
        place: Place::Nowhere,
        explanation: format!(
            "the picture had been saved at a quality of about {} before it was saved at {saved}",
            earlier.quality
        ),
    })
}
