//! What tells series apart beside their colours: the shapes of markers and the dashes of lines,
//! the same in a plot and in its legend.

use eframe::egui::{
    Color32, Label, Painter, Pos2, Response, Sense, Shape, Stroke, Ui, Vec2, pos2, vec2,
};
use egui_plot::{LineStyle, MarkerShape};

use crate::app::theme::{self, space};
use crate::app::widgets;

/// Radius of a marker, in points.
pub(super) const RADIUS: f32 = 5.0;

const SHAPES: [MarkerShape; 8] = [
    MarkerShape::Circle,
    MarkerShape::Square,
    MarkerShape::Diamond,
    MarkerShape::Up,
    MarkerShape::Down,
    MarkerShape::Left,
    MarkerShape::Right,
    MarkerShape::Cross,
];

/// The marker of a series.
pub(super) fn shape(series: usize) -> MarkerShape {
    SHAPES
        .get(series % SHAPES.len())
        .copied()
        .unwrap_or(MarkerShape::Circle)
}

/// The line of a series.
pub(super) fn line(series: usize) -> LineStyle {
    match series % 4 {
        0 => LineStyle::Solid,
        1 => LineStyle::Dashed { length: 10.0 },
        2 => LineStyle::Dotted { spacing: 6.0 },
        _ => LineStyle::Dashed { length: 4.0 },
    }
}

/// How a series stands in the legend.
#[derive(Clone, Copy, Debug)]
pub(super) enum Sign {
    /// A marker of its shape.
    Marker,
    /// A line with its dashes.
    Line,
    /// A square.
    Square,
}

/// Names the series below a plot.
pub(super) fn legend<'a>(
    ui: &mut Ui,
    sign: Sign,
    series: impl IntoIterator<Item = (usize, &'a str)>,
) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::TINY;
        for (number, name) in series {
            let width = if matches!(sign, Sign::Line) {
                28.0
            } else {
                14.0
            };
            let (rect, _) = ui.allocate_exact_size(vec2(width, 16.0), Sense::hover());
            let color = theme::series(ui, number);
            let middle = rect.center();
            match sign {
                Sign::Marker => paint(ui.painter(), middle, shape(number), color),
                Sign::Line => {
                    let ends = [pos2(rect.left(), middle.y), pos2(rect.right(), middle.y)];
                    dashed(ui.painter(), ends, line(number), color);
                }
                Sign::Square => {
                    let square = eframe::egui::Rect::from_center_size(middle, Vec2::splat(11.0));
                    ui.painter().rect_filled(square, 2, color);
                }
            }
            text(ui, name);
            ui.add_space(space::SMALL);
        }
    });
}

/// A remark among the signs.
pub(super) fn text(ui: &mut Ui, words: &str) -> Response {
    let caption = widgets::caption(ui, words);
    ui.add(Label::new(caption))
}

fn dashed(painter: &Painter, ends: [Pos2; 2], style: LineStyle, color: Color32) {
    let stroke = Stroke::new(2.0, color);
    match style {
        LineStyle::Solid => {
            painter.line_segment(ends, stroke);
        }
        LineStyle::Dashed { length } => {
            painter.extend(Shape::dashed_line(&ends, stroke, length, length * 0.6));
        }
        LineStyle::Dotted { spacing } => {
            painter.extend(Shape::dotted_line(&ends, color, spacing, 1.5));
        }
    }
}

/// The marker as the plot draws it.
fn paint(painter: &Painter, middle: Pos2, shape: MarkerShape, color: Color32) {
    let corners = |corners: &[(f32, f32)]| {
        let points = corners.iter();
        let points = points.map(|(x, y)| middle + RADIUS * vec2(*x, *y));
        Shape::convex_polygon(points.collect(), color, Stroke::NONE)
    };
    painter.add(match shape {
        MarkerShape::Circle => Shape::circle_filled(middle, RADIUS, color),
        MarkerShape::Square => corners(&[(0.8, 0.8), (0.8, -0.8), (-0.8, -0.8), (-0.8, 0.8)]),
        MarkerShape::Up => corners(&[(0.0, -1.0), (0.87, 0.5), (-0.87, 0.5)]),
        MarkerShape::Down => corners(&[(0.0, 1.0), (-0.87, -0.5), (0.87, -0.5)]),
        MarkerShape::Left => corners(&[(-1.0, 0.0), (0.5, -0.87), (0.5, 0.87)]),
        MarkerShape::Right => corners(&[(1.0, 0.0), (-0.5, 0.87), (-0.5, -0.87)]),
        MarkerShape::Cross => {
            let arm = RADIUS * vec2(0.7, 0.7);
            let other = vec2(arm.x, -arm.y);
            let stroke = Stroke::new(2.0, color);
            Shape::Vec(vec![
                Shape::line_segment([middle - arm, middle + arm], stroke),
                Shape::line_segment([middle - other, middle + other], stroke),
            ])
        }
        _ => corners(&[(0.0, 1.0), (1.0, 0.0), (0.0, -1.0), (-1.0, 0.0)]),
    });
}
