//! Line charts as SVG: nothing but what a report needs, coloured by the page's style sheet.

use std::fmt::Write;

/// Size of a chart in its own units; it is drawn as wide as there is room.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 280.0;
/// Room for labels: left, right, top, bottom.
const MARGIN: (f64, f64, f64, f64) = (52.0, 14.0, 22.0, 38.0);

/// Room for title and legend above a chart that stands alone.
const HEADER: f64 = 46.0;
/// What a chart that stands alone looks like; a page brings its own style sheet.
const DOCUMENT_STYLE: &str = "text{font:11px sans-serif;fill:#1b1f24}text.title{font-weight:600;font-size:13px}\
text.muted{fill:#59636e}.paper{fill:#fff}.band{fill:#f0f3f6}.grid{stroke:#d8dee4;fill:none}\
.line{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}\
.level{stroke:currentColor;stroke-dasharray:5 4;fill:none}text.level{stroke:none;fill:currentColor}.hint{fill:none}\
.grey{color:#6e7781}.blue{color:#0969da}.orange{color:#bc4c00}.green{color:#1a7f37}.purple{color:#8250df}.red{color:#cf222e}";

/// A line through points; where a value is missing, it has a gap.
#[derive(Debug, Clone)]
pub struct Line {
    /// What it shows.
    pub name: String,
    /// The class in the style sheet that gives it its colour.
    pub class: &'static str,
    /// Points from left to right.
    pub points: Vec<(f64, Option<f64>)>,
}

/// A level of y with a name.
#[derive(Debug, Clone)]
pub struct Level {
    /// Where it lies.
    pub value: f64,
    /// What it means.
    pub name: &'static str,
    /// The class in the style sheet that gives it its colour.
    pub class: &'static str,
}

/// How values become places.
#[derive(Debug, Clone)]
pub struct Axis {
    title: &'static str,
    log: bool,
    range: (f64, f64),
    ticks: Vec<(f64, String)>,
}

/// A chart.
#[derive(Debug, Clone)]
pub struct Chart {
    /// For those who cannot see it.
    pub label: String,
    /// To the right.
    pub x: Axis,
    /// Upwards.
    pub y: Axis,
    /// Stretches of x with a name, shaded where the flag is set.
    pub bands: Vec<(f64, f64, String, bool)>,
    /// Levels of y.
    pub levels: Vec<Level>,
    /// What it shows, the most important last.
    pub lines: Vec<Line>,
    /// Stretches of x with a text that is shown when the pointer is there.
    pub hints: Vec<(f64, f64, String)>,
}

impl Axis {
    /// From 0 to `end`, with round numbers.
    pub fn linear(title: &'static str, end: f64) -> Self {
        let end = end.max(1e-9);
        let magnitude = 10f64.powf((end / 6.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|step| step * magnitude).into_iter().find(|step| end / step <= 6.0);
        let step = step.unwrap_or(end);
        let ticks = (0..=6).map(|n| f64::from(n) * step).take_while(|tick| *tick <= end * 1.0001);
        Self { title, log: false, range: (0.0, end), ticks: ticks.map(|tick| (tick, number(tick))).collect() }
    }

    /// Logarithmic from below `low` to above `high`, with 1, 2 and 5 of each decade.
    pub fn logarithmic(title: &'static str, low: f64, high: f64) -> Self {
        let (low, high) = (low.max(1e-3), high.max(low.max(1e-3) * 2.0));
        let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
        let all: Vec<f64> = decades.flat_map(|d| [1.0, 2.0, 5.0].map(|step| step * 10f64.powi(d))).collect();
        let start = all.iter().copied().rfind(|tick| *tick <= low).unwrap_or(low);
        let end = all.iter().copied().find(|tick| *tick >= high).unwrap_or(high);
        let inside = all.into_iter().filter(|tick| (start..=end).contains(tick));
        Self { title, log: true, range: (start, end), ticks: inside.map(|tick| (tick, number(tick))).collect() }
    }

    /// Quantiles: every nine takes as much room as the one before. Values are [`nines`].
    pub fn quantiles(title: &'static str, end: f64) -> Self {
        let known =
            [(0.0, "min"), (0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %")];
        let ticks = known.map(|(quantile, name)| (nines(quantile), name.to_owned()));
        let end = end.max(1.0);
        let inside = ticks.into_iter().filter(|(at, _)| *at <= end);
        Self { title, log: false, range: (0.0, end), ticks: inside.collect() }
    }

    /// Where `value` lies, 0 at the beginning and 1 at the end.
    fn place(&self, value: f64) -> f64 {
        let scale = |value: f64| if self.log { value.max(1e-3).log10() } else { value };
        let (low, high) = (scale(self.range.0), scale(self.range.1));
        ((scale(value) - low) / (high - low).max(1e-12)).clamp(0.0, 1.0)
    }
}

/// How many nines a quantile has: 0.9 has one, 0.99 two.
pub fn nines(quantile: f64) -> f64 {
    -(1.0 - quantile).max(1e-9).log10()
}

/// A number as it stands at an axis.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Chart {
    fn x(&self, value: f64) -> f64 {
        MARGIN.0 + self.x.place(value) * (WIDTH - MARGIN.0 - MARGIN.1)
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT - MARGIN.3 - self.y.place(value) * (HEIGHT - MARGIN.2 - MARGIN.3)
    }

    /// The chart as a picture of its own: an SVG document with its title, legend and colours.
    pub fn document(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write_document(&mut out);
        out
    }

    fn write_document(&self, out: &mut String) -> std::fmt::Result {
        let height = HEIGHT + HEADER;
        writeln!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\">"
        )?;
        writeln!(
            out,
            "<style>{DOCUMENT_STYLE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>"
        )?;
        writeln!(out, "<text class=\"title\" x=\"{}\" y=\"18\">{}</text>", MARGIN.0, escape(&self.label))?;
        let mut x = MARGIN.0;
        for line in &self.lines {
            writeln!(out, "<path class=\"line {}\" d=\"M{x:.0} 34h14\"/>", line.class)?;
            writeln!(out, "<text x=\"{:.0}\" y=\"38\">{}</text>", x + 19.0, escape(&line.name))?;
            // As wide as its letters, more or less.
            x += 40.0 + 6.0 * line.name.chars().count() as f64;
        }
        writeln!(out, "<g transform=\"translate(0 {HEADER})\">")?;
        self.write_plot(out)?;
        writeln!(out, "</g>\n</svg>")
    }

    /// The chart with its legend, as HTML.
    pub fn html(&self) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        write!(out, "<div class=\"legend\">")?;
        for line in &self.lines {
            write!(out, "<span><i class=\"{}\"></i>{}</span>", line.class, escape(&line.name))?;
        }
        writeln!(out, "</div>")?;
        writeln!(out, "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">", escape(&self.label))?;
        self.write_plot(out)?;
        writeln!(out, "</svg>")
    }

    /// Everything within the margins, and the labels in them.
    fn write_plot(&self, out: &mut String) -> std::fmt::Result {
        let (left, right, top, bottom) = (MARGIN.0, WIDTH - MARGIN.1, MARGIN.2, HEIGHT - MARGIN.3);
        for (from, to, name, shaded) in &self.bands {
            let (from, to) = (self.x(*from), self.x(*to));
            if *shaded {
                let (width, height) = (to - from, bottom - top);
                writeln!(
                    out,
                    "<rect class=\"band\" x=\"{from:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{height}\"/>"
                )?;
            }
            let middle = f64::midpoint(from, to);
            writeln!(
                out,
                "<text class=\"muted\" text-anchor=\"middle\" x=\"{middle:.1}\" y=\"{}\">{}</text>",
                top - 7.0,
                escape(name)
            )?;
        }
        for (value, name) in &self.y.ticks {
            let y = self.y(*value);
            writeln!(out, "<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>")?;
            writeln!(out, "<text text-anchor=\"end\" x=\"{}\" y=\"{:.1}\">{name}</text>", left - 6.0, y + 4.0)?;
        }
        for (value, name) in &self.x.ticks {
            let x = self.x(*value);
            writeln!(out, "<path class=\"grid\" d=\"M{x:.1} {bottom}v4\"/>")?;
            writeln!(out, "<text text-anchor=\"middle\" x=\"{x:.1}\" y=\"{}\">{name}</text>", bottom + 16.0)?;
        }
        writeln!(
            out,
            "<text class=\"muted\" text-anchor=\"end\" x=\"{right}\" y=\"{}\">{}</text>",
            HEIGHT - 6.0,
            self.x.title
        )?;
        for Level { value, name, class } in &self.levels {
            let y = self.y(*value);
            writeln!(out, "<path class=\"level {class}\" d=\"M{left} {y:.1}H{right}\"/>")?;
            let (x, y) = (left + 5.0, y - 4.0);
            writeln!(out, "<text class=\"level {class}\" x=\"{x}\" y=\"{y:.1}\">{name}</text>")?;
        }
        for line in &self.lines {
            writeln!(out, "<path class=\"line {}\" d=\"{}\"/>", line.class, self.path(&line.points))?;
        }
        for (from, to, text) in &self.hints {
            let (from, to) = (self.x(*from), self.x(*to));
            let (width, height) = ((to - from).max(1.0), bottom - top);
            writeln!(
                out,
                "<rect class=\"hint\" x=\"{from:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{height}\"><title>{}</title></rect>",
                escape(text)
            )?;
        }
        Ok(())
    }

    fn path(&self, points: &[(f64, Option<f64>)]) -> String {
        let (mut path, mut drawing) = (String::new(), false);
        for (x, y) in points {
            if let Some(y) = y {
                let _ = write!(path, "{}{:.1} {:.1}", if drawing { "L" } else { "M" }, self.x(*x), self.y(*y));
                // A point that stands alone is seen as a dot, because lines have round ends.
                if !drawing {
                    path.push_str("h0");
                }
            }
            drawing = y.is_some();
        }
        path
    }
}

/// `text` as it may stand in HTML, also in an attribute.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_axis() {
        let names = |axis: &Axis| axis.ticks.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&Axis::linear("", 33.0)), ["0", "10", "20", "30"]);
        assert_eq!(names(&Axis::linear("", 0.6)), ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]);
        assert_eq!(names(&Axis::logarithmic("", 75.0, 900.0)), ["50", "100", "200", "500", "1000"]);
        assert_eq!(names(&Axis::quantiles("", 2.1)), ["min", "50 %", "90 %", "99 %"]);
    }

    #[test]
    fn a_missing_value_is_a_gap() {
        let axis = || Axis::linear("", 10.0);
        let chart = Chart {
            label: String::new(),
            x: axis(),
            y: axis(),
            bands: Vec::new(),
            levels: Vec::new(),
            lines: Vec::new(),
            hints: Vec::new(),
        };
        let path = chart.path(&[(0.0, Some(1.0)), (1.0, Some(2.0)), (2.0, None), (3.0, Some(1.0))]);
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1), "{path}");
    }

    proptest! {
        #[test]
        fn every_value_has_a_place_on_the_axis(low in 1e-6..1e6f64, factor in 1.0..1e5f64, value in 0.0..1e9f64) {
            for axis in [Axis::linear("", low), Axis::logarithmic("", low, low * factor), Axis::quantiles("", 3.0)] {
                prop_assert!((0.0..=1.0).contains(&axis.place(value)));
                prop_assert!(!axis.ticks.is_empty() && axis.ticks.len() < 60);
            }
        }
    }
}
