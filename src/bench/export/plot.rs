//! Plots as SVG text: axes, points, steps, bars and a heat map, with a name for screen readers.
//!
//! Colours are those of Okabe and Ito (2008), which people with any colour vision tell apart;
//! text and axes take the colour of the page around them.

use std::fmt::Write as _;

const WIDTH: f64 = 640.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 52.0;
/// Height of the part within the axes.
const INNER: f64 = 260.0;
/// Height of a line of the legend.
const LINE: f64 = 18.0;

const COLOURS: [&str; 8] = [
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#8a6d00", "#7f7f7f",
];

/// The colour of a series.
pub(super) fn colour(series: usize) -> &'static str {
    COLOURS
        .get(series % COLOURS.len())
        .copied()
        .unwrap_or("#7f7f7f")
}

/// A way along which numbers lie.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    label: String,
    from: f64,
    to: f64,
    is_log: bool,
}

impl Axis {
    /// From 0, or from `from`, to a little beyond the largest of `numbers`.
    pub(super) fn linear(label: &str, from: f64, numbers: impl IntoIterator<Item = f64>) -> Self {
        let largest = numbers.into_iter().fold(from, f64::max);
        let length = if largest > from { largest - from } else { 1.0 };
        Self {
            label: label.to_owned(),
            from,
            to: from + length * 1.05,
            is_log: false,
        }
    }

    /// Over whole powers of ten around the numbers above 0.
    pub(super) fn logarithmic(label: &str, numbers: impl IntoIterator<Item = f64>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for number in numbers.into_iter().filter(|number| *number > 0.0) {
            low = low.min(number.log10().floor());
            high = high.max(number.log10().ceil());
        }
        if !low.is_finite() {
            (low, high) = (0.0, 1.0);
        }
        Self {
            label: label.to_owned(),
            from: 10f64.powf(low),
            to: 10f64.powf(if high > low { high } else { low + 1.0 }),
            is_log: true,
        }
    }

    /// 0 at the beginning, 1 at the end.
    fn place(&self, number: f64) -> f64 {
        let share = if self.is_log {
            (number.max(self.from) / self.from).log10() / (self.to / self.from).log10()
        } else {
            (number - self.from) / (self.to - self.from)
        };
        share.clamp(0.0, 1.0)
    }

    fn ticks(&self) -> Vec<f64> {
        if self.is_log {
            let mut tick = self.from;
            let mut ticks = Vec::new();
            while tick <= self.to * 1.001 {
                ticks.push(tick);
                tick *= 10.0;
            }
            return ticks;
        }
        // Steps of 1, 2 or 5 with about five of them.
        let rough = (self.to - self.from) / 5.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * power)
            .find(|step| *step >= rough)
            .unwrap_or(10.0 * power);
        let mut tick = (self.from / step).ceil() * step;
        let mut ticks = Vec::new();
        while tick <= self.to + step * 1e-9 {
            ticks.push(tick);
            tick += step;
        }
        ticks
    }
}

/// A number at a tick.
fn short(number: f64) -> String {
    if number.abs() < 1e-12 {
        return "0".to_owned();
    }
    let decimals = if number.abs() >= 10.0 {
        0
    } else if number.abs() >= 1.0 {
        1
    } else {
        3
    };
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// For text and attributes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

/// A plot that is being drawn.
pub(super) struct Plot {
    body: String,
    title: String,
    legend: Vec<String>,
    keys: Vec<String>,
}

impl Plot {
    pub(super) fn new(title: &str) -> Self {
        Self {
            body: String::new(),
            title: title.to_owned(),
            legend: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// Names the next series in the legend and gives its colour.
    pub(super) fn series(&mut self, name: &str) -> &'static str {
        self.legend.push(name.to_owned());
        colour(self.legend.len() - 1)
    }

    /// Says what the numbers in the drawing stand for, from 1.
    fn keys(&mut self, names: &[String]) {
        let keys = names.iter().zip(1..);
        self.keys = keys
            .map(|(name, number)| format!("{number}: {name}"))
            .collect();
    }

    /// Appends to the drawing. Writing to a string does not fail.
    fn put(&mut self, what: std::fmt::Arguments<'_>) {
        self.body.write_fmt(what).ok();
        self.body.push('\n');
    }

    /// Both axes with ticks and labels.
    pub(super) fn axes(&mut self, x: &Axis, y: &Axis) {
        for tick in x.ticks() {
            let at = x_at(x, tick);
            self.put(format_args!(
                r#"<line x1="{at:.1}" y1="{TOP}" x2="{at:.1}" y2="{:.1}" stroke="currentColor" opacity=".12"/><text x="{at:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                TOP + INNER, TOP + INNER + 16.0, short(tick)
            ));
        }
        self.y_axis(y);
        self.x_label(&x.label);
    }

    fn x_label(&mut self, label: &str) {
        self.put(format_args!(
            r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            f64::midpoint(LEFT, WIDTH - RIGHT),
            TOP + INNER + 36.0,
            escape(label)
        ));
    }

    fn y_axis(&mut self, y: &Axis) {
        for tick in y.ticks() {
            let at = y_at(y, tick);
            self.put(format_args!(
                r#"<line x1="{LEFT}" y1="{at:.1}" x2="{:.1}" y2="{at:.1}" stroke="currentColor" opacity=".12"/><text x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
                WIDTH - RIGHT, LEFT - 6.0, at + 4.0, short(tick)
            ));
        }
        let middle = TOP + INNER / 2.0;
        self.put(format_args!(
            r#"<text x="16" y="{middle:.1}" text-anchor="middle" transform="rotate(-90 16 {middle:.1})">{}</text>"#,
            escape(&y.label)
        ));
    }

    /// A point with what it stands for.
    pub(super) fn point(
        &mut self,
        (x, y): (&Axis, &Axis),
        at: (f64, f64),
        colour: &str,
        what: &str,
    ) {
        self.put(format_args!(
            r#"<circle cx="{:.1}" cy="{:.1}" r="5" fill="{colour}"><title>{}</title></circle>"#,
            x_at(x, at.0),
            y_at(y, at.1),
            escape(what)
        ));
    }

    /// A line through points; with `dashes` for what is no measurement.
    pub(super) fn line(
        &mut self,
        (x, y): (&Axis, &Axis),
        points: &[(f64, f64)],
        colour: &str,
        dashes: bool,
    ) {
        if points.len() < 2 {
            return;
        }
        let mut path = String::new();
        for (number, point) in points.iter().enumerate() {
            let command = if number == 0 { 'M' } else { 'L' };
            write!(
                path,
                "{command}{:.1} {:.1}",
                x_at(x, point.0),
                y_at(y, point.1)
            )
            .ok();
        }
        let dashes = if dashes {
            r#" stroke-dasharray="5 4""#
        } else {
            ""
        };
        self.put(format_args!(
            r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>"#
        ));
    }

    /// Bars of parts on top of each other, one for each name, with the parts' series.
    pub(super) fn stacks(
        &mut self,
        y: &Axis,
        names: &[String],
        parts: &[Vec<f64>],
        colours: &[&str],
    ) {
        self.y_axis(y);
        #[expect(clippy::cast_precision_loss, reason = "a handful of bars")]
        let (count, numbers) = (
            names.len().max(1) as f64,
            (0..names.len()).map(|n| n as f64),
        );
        let slot = (WIDTH - LEFT - RIGHT) / count;
        for (number, (name, parts)) in numbers.zip(names.iter().zip(parts)) {
            let left = LEFT + slot * number;
            let mut base = 0.0;
            for (part, colour) in parts.iter().zip(colours) {
                let (low, high) = (y_at(y, base), y_at(y, base + part));
                self.put(format_args!(
                    r#"<rect x="{:.1}" y="{high:.1}" width="{:.1}" height="{:.1}" fill="{colour}"><title>{}: {part:.2} ms</title></rect>"#,
                    left + slot * 0.15, slot * 0.7, low - high, escape(name)
                ));
                base += part;
            }
            self.put(format_args!(
                r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                left + slot / 2.0,
                TOP + INNER + 16.0,
                number + 1.0
            ));
        }
        self.keys(names);
    }

    /// A field of cells, darker where more, with their numbers; a row for each name.
    pub(super) fn cells(
        &mut self,
        columns: &[String],
        names: &[String],
        values: &[Vec<Option<f64>>],
    ) {
        let largest = values
            .iter()
            .flatten()
            .flatten()
            .copied()
            .fold(0.0, f64::max);
        #[expect(clippy::cast_precision_loss, reason = "a handful of cells")]
        let (across, down) = (columns.len().max(1) as f64, names.len().max(1) as f64);
        let (width, height) = ((WIDTH - LEFT - RIGHT) / across, INNER / down);
        let mut top = TOP;
        for (row, values) in (1..=names.len()).zip(values) {
            self.put(format_args!(
                r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
                LEFT - 6.0,
                top + height / 2.0 + 4.0,
                row
            ));
            let mut left = LEFT;
            for value in values {
                let share = value
                    .filter(|_| largest > 0.0)
                    .map_or(0.0, |value| value / largest);
                let text = value.map_or_else(|| "—".to_owned(), |value| format!("{value:.1}"));
                self.put(format_args!(
                    r#"<rect x="{left:.1}" y="{top:.1}" width="{width:.1}" height="{height:.1}" fill="{}" fill-opacity="{:.2}"/><text x="{:.1}" y="{:.1}" text-anchor="middle">{text}</text>"#,
                    colour(0), 0.75 * share, left + width / 2.0, top + height / 2.0 + 4.0
                ));
                left += width;
            }
            top += height;
        }
        let mut left = LEFT;
        for column in columns {
            self.put(format_args!(
                r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                left + width / 2.0,
                TOP + INNER + 16.0,
                escape(column)
            ));
            left += width;
        }
        self.keys(names);
    }

    /// The whole as an SVG element, which is also a file.
    pub(super) fn finish(self) -> String {
        let mut legend = String::new();
        let mut at = TOP + INNER + BOTTOM;
        for (number, name) in self.legend.iter().enumerate() {
            writeln!(
                legend,
                r#"<rect x="{LEFT}" y="{:.1}" width="12" height="12" fill="{}"/><text x="{:.1}" y="{:.1}">{}</text>"#,
                at - 2.0, colour(number), LEFT + 18.0, at + 8.5, escape(name)
            )
            .ok();
            at += LINE;
        }
        for key in &self.keys {
            writeln!(
                legend,
                r#"<text x="{LEFT}" y="{:.1}">{}</text>"#,
                at + 8.5,
                escape(key)
            )
            .ok();
            at += LINE;
        }
        let title = escape(&self.title);
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {:.0}" role="img" aria-label="{title}" color="#555" fill="currentColor" font-family="system-ui, sans-serif" font-size="12">
<title>{title}</title>
<text x="{LEFT}" y="20" font-size="14" font-weight="600">{title}</text>
{}{legend}</svg>
"##,
            at + 4.0,
            self.body
        )
    }
}

fn x_at(axis: &Axis, number: f64) -> f64 {
    LEFT + axis.place(number) * (WIDTH - LEFT - RIGHT)
}

fn y_at(axis: &Axis, number: f64) -> f64 {
    TOP + (1.0 - axis.place(number)) * INNER
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_axis() {
        let axis = Axis::linear("x", 0.0, [38.0]);
        assert_eq!(axis.ticks(), [0.0, 10.0, 20.0, 30.0]);
        let axis = Axis::logarithmic("x", [0.5, 40.0]);
        let ticks: Vec<String> = axis.ticks().into_iter().map(short).collect();
        assert_eq!(ticks, ["0.1", "1", "10", "100"]);
        assert!((axis.place(10f64.sqrt()) - 0.5).abs() < 1e-9);
        // Nothing to show is no reason to divide by 0.
        assert_eq!(Axis::linear("x", 0.0, []).ticks(), [0.0, 0.5, 1.0]);
        assert_eq!(Axis::logarithmic("x", [0.0]).ticks(), [1.0, 10.0]);
    }

    #[test]
    fn numbers_at_ticks_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (100.0, "100"),
            (2.5, "2.5"),
            (0.25, "0.25"),
            (5.0, "5"),
        ] {
            assert_eq!(short(number), text);
        }
    }
}
