//! What the measures of a photo mean: how likely it is that it cannot be read, and why.
//!
//! Three logistic regressions, one for each kind of fault, say how likely that fault makes the photo unreadable: that
//! fewer than half of its words would come out right. The photo is stopped by what they say together; the fault that
//! says most names the issue.
//!
//! The coefficients were learnt by `models/train/photo_quality.py` from 1,400 pictures of 175 SROIE receipts (CC BY
//! 4.0) that `slipstream eval quality` had made worse and read, none of them of a company that validates.

use slipstream_models::Quad;

use super::{Issue, IssueKind, Measures, QualityReport};

/// When a photo is stopped, and what its issues are called.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QualitySettings {
    /// Probability of being unreadable from which a photo is stopped, 0 to 1.
    pub stop: f32,
    /// Probability of being unreadable from which an issue is reported, 0 to 1.
    pub report: f32,
    /// Shorter side below which missing detail is for want of pixels, in pixels.
    pub small_side: usize,
    /// Shorter side below which nothing is read, in pixels.
    pub unusable_side: usize,
    /// Standard deviation of the tiles with most contrast below which the page is blank, in grey levels.
    pub blank_contrast: f32,
    /// Level of the brightest tiles below which it is the light that is missing, 0 to 255.
    pub dark_level: f32,
    /// [`Measures::structure`] below which nothing on the picture has the size of print.
    pub smooth: f32,
}

impl Default for QualitySettings {
    fn default() -> Self {
        Self {
            stop: 0.68,
            report: 0.1,
            small_side: 400,
            unusable_side: 120,
            blank_contrast: 4.0,
            dark_level: 70.0,
            smooth: 0.33,
        }
    }
}

/// Share of a picture that has to hold print for it to be judged by that.
const LEAST_PRINT: f32 = 0.02;

/// Contrast from which the structure of a picture can be told from its noise, in grey levels.
const CLEAR_CONTRAST: f32 = 12.0;

/// A measure in a judge.
struct Term {
    value: fn(&Measures) -> f32,
    weight: f32,
    /// Lowest value that was seen while learning; below it, it counts like this one.
    low: f32,
    /// The same for the highest.
    high: f32,
}

const fn term(value: fn(&Measures) -> f32, weight: f32, low: f32, high: f32) -> Term {
    Term { value, weight, low, high }
}

/// A logistic regression.
struct Judge<const N: usize> {
    bias: f32,
    terms: [Term; N],
}

impl<const N: usize> Judge<N> {
    /// The probability that its kind of fault makes the photo unreadable.
    fn probability(&self, measures: &Measures) -> f32 {
        let part = |t: &Term| t.weight * (t.value)(measures).clamp(t.low, t.high);
        let logit = self.bias + self.terms.iter().map(part).sum::<f32>();
        1.0 / (1.0 + (-logit).exp())
    }
}

fn ln(value: f32) -> f32 {
    value.max(0.01).ln()
}

/// How much of what seems to have been print is blown out.
fn lost_share(m: &Measures) -> f32 {
    m.blown_out_share / (m.print_share + m.blown_out_share + 1e-6)
}

/// Detail that blur, shake or few pixels left out.
const DETAIL: Judge<6> = Judge {
    bias: -11.700,
    terms: [
        term(|m| ln(m.fine), -10.73, -1.851, -0.2823),
        term(|m| ln(m.fine_over_all), -5.148, -2.017, -0.3197),
        term(|m| ln(m.sharpest), 4.287, -2.257, 0.01811),
        term(|m| m.reduced_side as f32, -0.007364, 45.01, 1066.0),
        term(|m| ln(m.print_share), -2.304, -2.665, 0.0),
        term(|m| m.bright_level, 0.01443, 22.11, 255.0),
    ],
};

/// Print that hardly rises above the noise.
const CONTRAST: Judge<2> = Judge {
    bias: 5.818,
    terms: [term(|m| ln(m.coarse_levels), -3.92, -0.7321, 3.982), term(|m| ln(m.fine_levels), -3.137, -0.3244, 4.267)],
};

/// Light that leaves too little of the print.
const LIGHT: Judge<4> = Judge {
    bias: -12.353,
    terms: [
        term(|m| ln(m.print_share), -1.211, -2.741, -0.4006),
        term(|m| m.blown_out_share, 11.93, 0.0, 0.8847),
        term(|m| m.reduced_side as f32, 0.001503, 176.4, 1069.0),
        term(lost_share, 5.53, 0.0, 0.9196),
    ],
};

/// Says what the measures mean.
pub fn judge(measures: &Measures, settings: &QualitySettings) -> QualityReport {
    let whole = |kind, probability| (Issue { kind, severity: 0.0, place: None }, probability);
    let is_small = measures.side < settings.small_side;
    let mut found = vec![whole(IssueKind::TooSmall, f32::from(measures.side < settings.unusable_side))];
    if measures.contrast < settings.blank_contrast {
        // A dark picture of nothing may be a receipt; a light one is none.
        let is_dark = measures.bright_level < settings.dark_level;
        found.push(whole(if is_dark { IssueKind::TooDark } else { IssueKind::Blank }, 1.0));
    } else {
        // A meadow or a wall out of focus is no bad photo of a receipt.
        let is_smooth = measures.structure < settings.smooth && measures.contrast >= CLEAR_CONTRAST;
        if !is_smooth && measures.print_share >= LEAST_PRINT {
            let detail = if is_small { IssueKind::TooSmall } else { IssueKind::Blur };
            let contrast =
                if measures.bright_level < settings.dark_level { IssueKind::TooDark } else { IssueKind::LowContrast };
            found.push(whole(detail, DETAIL.probability(measures)));
            found.push(whole(contrast, CONTRAST.probability(measures)));
        }
        if measures.blown_out_share > 0.0 {
            let [left, top, right, bottom] = measures.blown_out_bounds.map(|at| at as f32);
            let place = Some(Quad::from_bounds(left, top, right, bottom));
            found.push((Issue { kind: IssueKind::Glare, severity: 0.0, place }, LIGHT.probability(measures)));
        }
    }
    report(found, settings)
}

/// Probabilities to severities: the worst has that of all of them together.
fn report(mut found: Vec<(Issue, f32)>, settings: &QualitySettings) -> QualityReport {
    found.sort_by(|(a, p), (b, q)| q.total_cmp(p).then(a.kind.cmp(&b.kind)));
    let together = 1.0 - found.iter().map(|(_, p)| 1.0 - p).product::<f32>();
    if let Some((_, worst)) = found.first_mut() {
        *worst = together;
    }
    let span = (settings.stop - settings.report).max(f32::EPSILON);
    let mut issues: Vec<Issue> = Vec::new();
    for (issue, probability) in found {
        let severity = ((probability - settings.report) / span).clamp(0.0, 1.0);
        if severity > 0.0 && issues.iter().all(|known| known.kind != issue.kind) {
            issues.push(Issue { severity, ..issue });
        }
    }
    QualityReport { usable: together < settings.stop, issues }
}
