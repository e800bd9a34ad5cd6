//! The page: figures as tables, and forged receipts with what the classifier saw on them; one file that needs nothing else.

use std::fmt::Write;
use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat, Rgba, RgbaImage};
use slipstream_models::Raster;
use slipstream_models::forgery::HeatMap;

use super::forged::{Example, Forgeries};
use super::{TrustReport, figures};
use crate::eval::fields::html::Escaped;

const STYLE: &str = include_str!("style.css");
/// Good enough to see what is printed.
const JPEG_QUALITY: u8 = 70;
/// The most that the heat map hides of the receipt.
const MOST_COVER: f32 = 160.0;

/// The page.
pub(super) fn page(report: &TrustReport, forgeries: &Forgeries) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Trust</title><style>{STYLE}</style></head><body><main>\n<h1>Trust</h1>\n<table><tbody>"
    );
    for (name, figure) in figures(report) {
        let _ = write!(out, "<tr><td>{}</td><td>{figure:.4}</td></tr>", Escaped(name));
    }
    let _ = write!(
        out,
        "</tbody></table>\n<h2>Forgery</h2><p>{} receipts, each forged in every way.</p><table><thead><tr><th>edit/treatment</th>\
         <th>AUC</th><th>recall at 2 % false alarms</th><th>localisation F1</th></tr></thead><tbody>",
        forgeries.receipts
    );
    for (name, row) in &report.forgery {
        let _ = write!(out, "<tr><td>{}</td>", Escaped(name));
        for figure in [row.auc, row.recall_at_2_percent, row.localisation_f1] {
            let _ = write!(out, "<td>{figure:.3}</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str(
        "</tbody></table>\n<h2>What the classifier sees</h2><p><i class=\"edit\"></i> what was edited \
         <i class=\"found\"></i> what was found <i class=\"heat\"></i> how suspicious the pixels are</p><div class=\"cards\">\n",
    );
    forgeries.examples.iter().for_each(|example| card(&mut out, example));
    out.push_str("</div></main></body></html>\n");
    out
}

/// A receipt with its heat map, its edits and what was found.
fn card(out: &mut String, example: &Example) {
    let Example { receipt, what, upload, verdict, areas } = example;
    let (Some(photo), Some(heat)) = (jpeg(upload), png(&verdict.heat)) else { return };
    let (width, height) = (upload.width(), upload.height());
    let (across, down) = (verdict.heat.columns * verdict.heat.cell, verdict.heat.rows * verdict.heat.cell);
    let _ = write!(
        out,
        "<figure><svg viewBox=\"0 0 {width} {height}\"><image width=\"{width}\" height=\"{height}\" \
         href=\"data:image/jpeg;base64,{photo}\"/><image class=\"heat\" width=\"{across}\" height=\"{down}\" \
         preserveAspectRatio=\"none\" href=\"data:image/png;base64,{heat}\"/>"
    );
    let mut rectangle = |class: &str, (left, top, right, bottom): (f32, f32, f32, f32)| {
        let (width, height) = (right - left, bottom - top);
        let _ = write!(
            out,
            "<rect class=\"{class}\" x=\"{left:.0}\" y=\"{top:.0}\" width=\"{width:.0}\" height=\"{height:.0}\"/>"
        );
    };
    for area in areas {
        rectangle("edit", (area.left as f32, area.top as f32, area.right as f32, area.bottom as f32));
    }
    for region in &verdict.regions {
        rectangle("found", region.quad.bounds());
    }
    let score = verdict.score;
    let _ = writeln!(
        out,
        "</svg><figcaption>{} · {} · score {score:.2}</figcaption></figure>",
        Escaped(receipt),
        Escaped(what)
    );
}

fn jpeg(photo: &Raster) -> Option<String> {
    let mut bytes = Vec::new();
    let (width, height) = (u32::try_from(photo.width()).ok()?, u32::try_from(photo.height()).ok()?);
    let mut encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
    encoder.encode(photo.rgb(), width, height, ExtendedColorType::Rgb8).ok()?;
    Some(STANDARD.encode(bytes))
}

/// A pixel a cell, the redder the more suspicious.
fn png(heat: &HeatMap) -> Option<String> {
    let (columns, rows) = (u32::try_from(heat.columns).ok()?, u32::try_from(heat.rows).ok()?);
    let pixel = |value: &f32| Rgba([232, 25, 60, (value.clamp(0.0, 1.0) * MOST_COVER) as u8]).0;
    let image = RgbaImage::from_raw(columns, rows, heat.values.iter().flat_map(pixel).collect())?;
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, ImageFormat::Png).ok()?;
    Some(STANDARD.encode(bytes.into_inner()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use slipstream_forger::Area;
    use slipstream_models::Quad;
    use slipstream_models::forgery::{EditedRegion, ForgeryVerdict};

    use super::*;
    use crate::eval::trust::{DuplicatesFigures, ForgeryFigures, QualityFigures};

    #[test]
    fn a_page_shows_figures_and_receipts_and_escapes_their_names() {
        let row = ForgeryFigures { auc: 0.875, recall_at_2_percent: 0.5, localisation_f1: 0.25 };
        let report = TrustReport {
            quality: QualityFigures { stopped_unreadable: 0.95, stopped_readable: 0.03 },
            forgery: BTreeMap::from([("copy_move/none".to_owned(), row)]),
            duplicates: DuplicatesFigures {
                recall_resubmitted: 0.9,
                recall_second_photo: 0.8,
                equal_purchase_accuracy: 0.7,
                false_match_rate: 0.0,
            },
        };
        let heat = HeatMap { rows: 1, columns: 2, cell: 8, values: vec![0.0, 1.0] };
        let regions = vec![EditedRegion { quad: Quad::from_bounds(8.0, 0.0, 16.0, 8.0), score: 1.0 }];
        let example = Example {
            receipt: "<b>\"&'".to_owned(),
            what: "copy_move/none".to_owned(),
            upload: Raster::new(16, 8, vec![200; 16 * 8 * 3]).unwrap_or_else(|e| unreachable!("{e}")),
            verdict: ForgeryVerdict { score: 0.75, heat, regions },
            areas: vec![Area { left: 8, top: 0, right: 15, bottom: 7 }],
        };
        let page = page(&report, &Forgeries { receipts: 1, examples: vec![example], ..Forgeries::default() });
        for part in ["0.9500", "<td>0.875</td>", "data:image/jpeg;base64,", "data:image/png;base64,", "score 0.75"] {
            assert!(page.contains(part), "{part}");
        }
        assert!(page.contains("&lt;b&gt;&quot;&amp;&#39;") && !page.contains("<b>"), "{page}");
        assert_eq!((page.matches("class=\"edit\" x").count(), page.matches("class=\"found\" x").count()), (1, 1));
        assert!(!page.contains("http") || !page.contains("src="), "nothing is fetched");
    }
}
