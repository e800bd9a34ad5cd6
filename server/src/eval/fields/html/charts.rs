//! Charts: whether confidences mean what they say, and how many receipts may be paid by them.

use std::fmt::Write;

use crate::eval::fields::calibration::Bin;
use crate::eval::fields::coverage::{BEARABLE, Coverage};
use crate::eval::fields::outcome::Outcome;
use crate::eval::fields::payable::{GOES_BY, curve};
use crate::eval::fields::report::FieldsReport;

/// Width and height of a chart's area, in its own units.
const SIDE: (f64, f64) = (420.0, 300.0);

/// Room for the labels left of and below the area.
const EDGE: (f64, f64) = (46.0, 40.0);

/// The highest share of errors that is drawn.
const MOST_ERRORS: f64 = 0.1;

/// Colours of the curves, in the order of [`GOES_BY`].
const COLOURS: [&str; 4] = ["--blue", "--orange", "--violet", "--ink"];

/// Writes both charts.
pub(super) fn write(out: &mut String, report: &FieldsReport, receipts: &[&Outcome]) {
    let calibration = &report.all.calibration;
    out.push_str("<div class=\"columns\"><section><h2>Reliability</h2>");
    let _ = write!(
        out,
        "<p>Values by confidence, in bins of equal mass: on the dashed line confidences mean what they say. Calibration error \
         {:.3} over {} values, strictly {:.3}.</p><div class=\"sheet\">",
        calibration.all.error, calibration.all.n, calibration.strict.error
    );
    open(out);
    axes(out, "confidence", "right", |share| format!("{share:.1}"), |share| format!("{share:.1}"));
    let (from, to) = (place(0.0, 0.0), place(1.0, 1.0));
    let _ = write!(
        out,
        "<line class=\"ideal\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
    bins(out, &calibration.strict.bins, "--faint");
    bins(out, &calibration.all.bins, "--blue");
    out.push_str("</svg>");
    legend(
        out,
        &[("--blue", "right on letters and digits".to_owned()), ("--faint", "right to the last blank".to_owned())],
    );
    out.push_str("</div></section><section><h2>Payable without a human</h2>");
    let _ = write!(
        out,
        "<p>Errors among the receipts that are accepted when only the surest are. The dashed line is {:.1} %; a dot is the most \
         that may be accepted below it.</p><div class=\"sheet\">",
        BEARABLE * 100.0
    );
    open(out);
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    axes(out, "receipts accepted", "errors", percent, |share| format!("{:.0} %", share * MOST_ERRORS * 100.0));
    let line = place(0.0, BEARABLE / MOST_ERRORS);
    let _ = write!(
        out,
        "<line class=\"ideal\" x1=\"{:.1}\" y1=\"{1:.1}\" x2=\"{2:.1}\" y2=\"{1:.1}\"/>",
        line.0,
        line.1,
        place(1.0, 0.0).0
    );
    let mut names = Vec::new();
    let best = report.all.coverage.letters_and_digits.list();
    for (((name, fields), colour), best) in GOES_BY.iter().zip(COLOURS).zip(best) {
        let Some(best) = best else { continue };
        errors(out, &curve(receipts, fields, |verdict| verdict.same_letters), best, colour);
        names.push((colour, format!("{} {:.1} %", name.replace('_', " "), best.share * 100.0)));
    }
    out.push_str("</svg>");
    legend(out, &names);
    out.push_str("</div></section></div>");
}

fn open(out: &mut String) {
    let _ = write!(
        out,
        "<svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\">",
        EDGE.0 + SIDE.0 + 24.0,
        SIDE.1 + EDGE.1 + 12.0
    );
}

/// Where a point of the area is drawn; both shares are 0 to 1.
fn place(x: f64, y: f64) -> (f64, f64) {
    (EDGE.0 + x.clamp(0.0, 1.0) * SIDE.0, 12.0 + (1.0 - y.clamp(0.0, 1.0)) * SIDE.1)
}

fn axes(out: &mut String, x: &str, y: &str, x_label: impl Fn(f64) -> String, y_label: impl Fn(f64) -> String) {
    for step in 0..=5 {
        let share = f64::from(step) / 5.0;
        let ((left, level), (right, _), (at, bottom), (_, top)) =
            (place(0.0, share), place(1.0, share), place(share, 0.0), place(share, 1.0));
        let _ = write!(
            out,
            "<path class=\"axis\" d=\"M{left:.1} {level:.1}H{right:.1}M{at:.1} {bottom:.1}V{top:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            left - 6.0,
            level + 4.0,
            y_label(share),
            bottom + 16.0,
            x_label(share)
        );
    }
    let (right, bottom) = place(1.0, 0.0);
    let (left, top) = place(0.0, 1.0);
    let _ = write!(
        out,
        "<text x=\"{right:.1}\" y=\"{:.1}\" text-anchor=\"end\">{x}</text><text x=\"{:.1}\" y=\"{:.1}\">{y}</text>",
        bottom + 34.0,
        left + 6.0,
        top + 14.0
    );
}

/// A dot for each bin, larger where it holds more values.
fn bins(out: &mut String, bins: &[Bin], colour: &str) {
    let all = bins.iter().map(|bin| bin.n).sum::<usize>().max(1) as f64;
    let points: Vec<(f64, f64)> = bins.iter().map(|bin| place(bin.confidence, bin.right)).collect();
    polyline(out, &points, colour, 1.5);
    for (bin, (x, y)) in bins.iter().zip(points) {
        let radius = 2.5 + 10.0 * (bin.n as f64 / all).sqrt() / 2.0;
        let _ = write!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\" style=\"fill:var({colour})\"><title>{} values, confidence {:.3}, right \
             {:.3}</title></circle>",
            bin.n, bin.confidence, bin.right
        );
    }
}

/// The errors at each threshold, with a dot at the one that is taken.
fn errors(out: &mut String, curve: &[Coverage], best: Coverage, colour: &str) {
    let rate = |c: &Coverage| c.wrong as f64 / c.accepted.max(1) as f64;
    let points: Vec<(f64, f64)> = curve.iter().map(|c| place(c.share, rate(c) / MOST_ERRORS)).collect();
    polyline(out, &points, colour, 2.0);
    if best.accepted > 0 {
        let (x, y) = place(best.share, rate(&best) / MOST_ERRORS);
        let _ = write!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" style=\"fill:var({colour})\"><title>{} receipts, {} wrong</title></circle>",
            best.accepted, best.wrong
        );
    }
}

fn polyline(out: &mut String, points: &[(f64, f64)], colour: &str, width: f64) {
    let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let _ = write!(
        out,
        "<polyline points=\"{}\" style=\"fill:none;stroke:var({colour});stroke-width:{width}\"/>",
        points.join(" ")
    );
}

fn legend(out: &mut String, names: &[(&str, String)]) {
    out.push_str("<div class=\"legend\">");
    for (colour, name) in names {
        let _ = write!(out, "<span><i style=\"background:var({colour})\"></i>{name}</span>");
    }
    out.push_str("</div>");
}
