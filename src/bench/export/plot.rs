//! Plots as SVG text: axes, points, steps, bars and a heat map, with a name for screen readers.
//! Text and axes take the colour of the page around them.

use std::fmt::Write as _;

use super::marks::{colour, dashes, shape};

const WIDTH: f64 = 640.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 34.0;
const BOTTOM: f64 = 52.0;
/// Height of the part within the axes.
const INNER: f64 = 260.0;
/// Height of a line of the legend.
const LINE: f64 = 18.0;

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

/// How a series stands in the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A marker of its shape.
    Marker,
    /// The rim of one.
    Rim,
    /// A line with its dashes.
    Line,
    /// A square.
    Square,
}

/// A plot that is being drawn.
pub(super) struct Plot {
    body: String,
    title: String,
    statement: String,
    legend: Vec<(Sign, usize, String)>,
    keys: Vec<String>,
    /// Height of the part within the axes.
    inner: f64,
}

impl Plot {
    /// With its title, and its main statement in words.
    pub(super) fn new(title: &str, statement: String) -> Self {
        Self {
            body: String::new(),
            title: title.to_owned(),
            statement,
            legend: Vec::new(),
            keys: Vec::new(),
            inner: INNER,
        }
    }

    /// Names a series in the legend.
    pub(super) fn series(&mut self, sign: Sign, number: usize, name: &str) {
        self.legend.push((sign, number, name.to_owned()));
    }

    /// A line of text below the legend.
    pub(super) fn key(&mut self, text: String) {
        self.keys.push(text);
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

    /// A point of a series with what it stands for.
    pub(super) fn point(
        &mut self,
        (x, y): (&Axis, &Axis),
        at: (f64, f64),
        (sign, series): (Sign, usize),
        what: &str,
    ) {
        let marker = marker(sign, series, (x_at(x, at.0), y_at(y, at.1)));
        self.put(format_args!(
            "<g>{marker}<title>{}</title></g>",
            escape(what)
        ));
    }

    /// A line of a series through points.
    pub(super) fn line(&mut self, axes: (&Axis, &Axis), points: &[(f64, f64)], series: usize) {
        self.path(axes, points, colour(series), dashes(series));
    }

    /// A line for what is no measurement.
    pub(super) fn guide(&mut self, axes: (&Axis, &Axis), points: &[(f64, f64)]) {
        self.path(axes, points, "currentColor", "5 4");
    }

    fn path(&mut self, (x, y): (&Axis, &Axis), points: &[(f64, f64)], colour: &str, dashes: &str) {
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
        self.put(format_args!(
            r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{}/>"#,
            dash_attribute(dashes)
        ));
    }

    /// Bars of parts on top of each other, one for each name; a part has its series and its height.
    pub(super) fn stacks(&mut self, y: &Axis, bars: &[(String, Vec<(usize, f64)>)]) {
        self.y_axis(y);
        #[expect(clippy::cast_precision_loss, reason = "a handful of bars")]
        let count = bars.len().max(1) as f64;
        let slot = (WIDTH - LEFT - RIGHT) / count;
        let mut left = LEFT;
        for (number, (what, parts)) in (1..).zip(bars) {
            let mut base = 0.0;
            self.put(format_args!("<g>"));
            for (series, part) in parts {
                let (low, high) = (y_at(y, base), y_at(y, base + part));
                self.put(format_args!(
                    r#"<rect x="{:.1}" y="{high:.1}" width="{:.1}" height="{:.1}" fill="{}"/>"#,
                    left + slot * 0.15,
                    slot * 0.7,
                    low - high,
                    colour(*series)
                ));
                base += part;
            }
            self.put(format_args!(
                r#"<title>{}</title></g><text x="{:.1}" y="{:.1}" text-anchor="middle">{number}</text>"#,
                escape(what),
                left + slot / 2.0,
                TOP + INNER + 16.0
            ));
            left += slot;
        }
    }

    /// A field of cells below those before, darker where there is more of `largest`, with their
    /// numbers and a name above.
    pub(super) fn cells(
        &mut self,
        name: &str,
        (columns, rows): (&[usize], &[usize]),
        values: &[Vec<Option<f64>>],
        largest: f64,
    ) {
        const CELL: f64 = 22.0;

        let mut top = TOP + self.inner;
        self.put(format_args!(
            r#"<text x="{LEFT}" y="{:.1}" font-weight="600">{}</text>"#,
            top + 14.0,
            escape(name)
        ));
        top += 22.0;
        #[expect(clippy::cast_precision_loss, reason = "a handful of columns")]
        let width = (WIDTH - LEFT - RIGHT) / columns.len().max(1) as f64;
        let places: Vec<f64> = std::iter::successors(Some(LEFT), |left| Some(left + width))
            .take(columns.len())
            .collect();
        for (row, values) in rows.iter().zip(values) {
            self.put(format_args!(
                r#"<text x="{:.1}" y="{:.1}" text-anchor="end">{row}</text>"#,
                LEFT - 6.0,
                top + CELL / 2.0 + 4.0
            ));
            // What was not measured is a hole.
            for (left, value) in places.iter().zip(values) {
                let Some(value) = value else {
                    continue;
                };
                self.put(format_args!(
                    r#"<rect x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" fill="{}" fill-opacity="{:.2}"/><text x="{:.1}" y="{:.1}" text-anchor="middle">{value:.1}</text>"#,
                    left + 1.0, top + 1.0, width - 2.0, CELL - 2.0, colour(0),
                    0.1 + 0.5 * value / largest, left + width / 2.0, top + CELL / 2.0 + 4.0
                ));
            }
            top += CELL;
        }
        for (left, column) in places.iter().zip(columns) {
            self.put(format_args!(
                r#"<text x="{:.1}" y="{:.1}" text-anchor="middle">{column}</text>"#,
                left + width / 2.0,
                top + 14.0
            ));
        }
        self.inner = top + 30.0 - TOP;
    }

    /// Begins a plot of cells, which take as much height as they need.
    pub(super) fn begin_cells(&mut self) {
        self.inner = 0.0;
    }

    /// The whole as an SVG element, which is also a file.
    pub(super) fn finish(self) -> String {
        let mut legend = String::new();
        let mut at = TOP + self.inner + BOTTOM;
        for (sign, number, name) in &self.legend {
            let sign = match sign {
                Sign::Marker | Sign::Rim => marker(*sign, *number, (LEFT + 6.0, at + 4.0)),
                Sign::Line => format!(
                    r#"<path d="M{LEFT} {y:.1}h26" fill="none" stroke="{}" stroke-width="2"{}/>"#,
                    colour(*number),
                    dash_attribute(dashes(*number)),
                    y = at + 4.0
                ),
                Sign::Square => format!(
                    r#"<rect x="{LEFT}" y="{:.1}" width="12" height="12" fill="{}"/>"#,
                    at - 2.0,
                    colour(*number)
                ),
            };
            writeln!(
                legend,
                r#"{sign}<text x="{:.1}" y="{:.1}">{}</text>"#,
                LEFT + 32.0,
                at + 8.5,
                escape(name)
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
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {:.0}" role="img" aria-label="{title}. {}" color="#555" fill="currentColor" font-family="system-ui, sans-serif" font-size="12">
<title>{title}</title>
<text x="{LEFT}" y="20" font-size="14" font-weight="600">{title}</text>
{}{legend}</svg>
"##,
            at + 4.0,
            escape(&self.statement),
            self.body
        )
    }
}

/// A marker of a series around a place.
fn marker(sign: Sign, series: usize, (x, y): (f64, f64)) -> String {
    let (colour, shape) = (colour(series), shape(series));
    let paint = if sign == Sign::Rim {
        format!(r#"fill="none" stroke="{colour}" stroke-width=".4""#)
    } else {
        format!(r#"fill="{colour}""#)
    };
    format!(r#"<path transform="translate({x:.1} {y:.1}) scale(5)" d="{shape}" {paint}/>"#)
}

fn dash_attribute(dashes: &str) -> String {
    if dashes.is_empty() {
        String::new()
    } else {
        format!(r#" stroke-dasharray="{dashes}""#)
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
