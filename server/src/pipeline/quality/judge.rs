//! What the measures of a photo mean: how likely it is that it cannot be read, and why.
//!
//! Logistic regressions, one for each kind of fault, say how likely that fault makes the photo unreadable: that
//! fewer than half of its words would come out right. The photo is stopped by what they say together; the fault that
//! says most names the issue.
//!
//! The coefficients were learnt by `models/train/photo_quality.py` from 1,777 pictures of 224 SROIE receipts (CC BY
//! 4.0) that `slipstream eval quality` had made worse and read, none of them of a company that validates, and from 220
//! receipts that were drawn, 100 of them as if photographed.

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
    /// Detail on the quarter, relative to contrast, below which nothing on the picture has the size of print.
    pub smooth: f32,
}

impl Default for QualitySettings {
    fn default() -> Self {
        Self {
            stop: 0.75,
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
    value.max(0.003).ln()
}

/// The coarsest detail of the print against the noise.
fn above_noise(m: &Measures) -> f32 {
    ln(m.least[3] / (m.noise[3] + 1.0).sqrt())
}

/// How much more changes from one square of eight pixels to the next than inside of them.
fn blockiness(m: &Measures) -> f32 {
    ln((m.blocks.between + 0.05) / (m.blocks.inside + 0.05))
}

/// How much of what seems to have been print is blown out.
fn lost_share(m: &Measures) -> f32 {
    m.blown_out_share / (m.print_share + m.blown_out_share + 1e-6)
}

/// Detail that blur, shake or few pixels left out.
const DETAIL: Judge<15> = Judge {
    bias: 27.153,
    terms: [
        term(|m| ln(m.sharpest), -5.051, -1.641, -0.1934),
        term(|m| ln(m.sharp[0]), -1.269, -2.379, -0.06289),
        term(|m| ln(m.sharp[1]), -1.069, -1.846, -0.2811),
        term(|m| ln(m.sharp[2]), -1.984, -1.653, -0.3388),
        term(|m| ln(m.relative(m.least[1])), -5.328, -2.079, -0.2991),
        term(|m| ln(m.relative(m.least[2])), -4.316, -1.552, -0.3466),
        term(|m| ln(m.relative(m.least[3])), 5.062, -1.851, -0.296),
        term(|m| ln(m.relative(m.most[0])), 4.996, -2.249, 0.08411),
        term(|m| ln(m.relative(m.most[2])), -0.7729, -1.009, -0.1034),
        term(|m| ln(m.relative(m.most[3])), 5.639, -1.159, 0.1261),
        term(|m| m.reduced_side as f32, 0.004574, 47.0, 1181.0),
        term(|m| ln(m.reduced_side as f32), -6.206, 3.85, 7.074),
        term(|m| ln(m.print_share), -1.864, -2.714, 0.0),
        term(|m| m.bright_level, 0.02029, 23.01, 255.0),
        term(|m| ln(m.print_contrast), -1.432, 1.55, 4.471),
    ],
};

/// Print that hardly rises above the noise.
const CONTRAST: Judge<3> = Judge {
    bias: 4.412,
    terms: [
        term(|m| ln(m.least[2]), -2.419, -0.6746, 4.042),
        term(|m| ln(m.most[2]), -2.185, -0.63, 4.177),
        term(above_noise, -2.122, -0.9753, 3.84),
    ],
};

/// Squares of eight pixels with too little in them.
const COMPRESSION: Judge<3> = Judge {
    bias: -15.768,
    terms: [
        term(blockiness, 6.453, -0.1592, 0.8676),
        term(|m| m.blocks.flat, 12.32, 0.06257, 0.9773),
        term(|m| ln(m.blocks.inside), -0.4213, -0.6247, 2.681),
    ],
};

/// Light that leaves too little of the print.
const LIGHT: Judge<4> = Judge {
    bias: -1.004,
    terms: [
        term(|m| m.blown_out_share, 10.0, 0.0, 0.8516),
        term(lost_share, 9.326, 0.0, 0.9141),
        term(|m| ln(m.print_contrast), -2.489, 1.55, 4.496),
        term(|m| ln(m.relative(m.least[1])), 1.392, -1.558, -0.2988),
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
        let is_smooth = measures.relative(measures.most[2]) < settings.smooth && measures.contrast >= CLEAR_CONTRAST;
        if !is_smooth && measures.print_share >= LEAST_PRINT {
            let detail = if is_small { IssueKind::TooSmall } else { IssueKind::Blur };
            let contrast =
                if measures.bright_level < settings.dark_level { IssueKind::TooDark } else { IssueKind::LowContrast };
            found.push(whole(detail, DETAIL.probability(measures)));
            found.push(whole(contrast, CONTRAST.probability(measures)));
            found.push(whole(IssueKind::Compressed, COMPRESSION.probability(measures)));
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
