//! Images a second over latency, with the front of what nothing beats in both.

use eframe::egui::{Stroke, Ui};
use egui_plot::{AxisHints, HoverPosition, Line, LineStyle, PlotPoints, Points};

use super::{HEIGHT, decades, marks, named, numbers, plot, powers, statement};
use crate::app::theme::{self, Palette};
use crate::bench::plots::{Nothing, throughput_latency};
use crate::bench::schema::Run;

pub(super) fn show(ui: &mut Ui, run: &Run) -> Result<(), Nothing> {
    let data = throughput_latency(run)?;
    let words = data.statement();
    statement(ui, &words);
    let front: Vec<[f64; 2]> = (data.front.iter())
        .map(|point| [point.x.log10(), point.y])
        .collect();
    let weak = Palette::of(ui).weak;
    let items: Vec<_> = (data.series.iter())
        .map(|series| {
            let points = series.points.iter().map(|point| [point.x.log10(), point.y]);
            Points::new(&series.name, points.collect::<PlotPoints<'_>>())
                .color(theme::series(ui, series.number))
                .shape(marks::shape(series.number))
                .radius(marks::RADIUS)
        })
        .collect();
    let hover = |place: &HoverPosition<'_>| match place {
        HoverPosition::NearDataPoint {
            plot_name, index, ..
        } => {
            let series = data
                .series
                .iter()
                .find(|series| series.name == *plot_name)?;
            Some(series.points.get(*index)?.what.clone())
        }
        HoverPosition::Elsewhere { .. } => None,
    };
    let drawn = plot(ui, "throughput-latency", HEIGHT)
        .include_y(0.0)
        .x_grid_spacer(decades)
        .custom_x_axes(powers(
            AxisHints::new_x(),
            "median latency of a request (ms, logarithmic)",
        ))
        .custom_y_axes(numbers(AxisHints::new_y(), "images a second"))
        .label_formatter(hover)
        .show(ui, |plot| {
            plot.line(
                Line::new("Pareto front", front)
                    .stroke(Stroke::new(1.5, weak))
                    .style(LineStyle::dashed_dense())
                    .allow_hover(false),
            );
            for points in items {
                plot.points(points);
            }
        });
    named(&drawn.response, &words);
    let series = data.series.iter();
    let names = series.map(|series| (series.number, series.name.as_str()));
    marks::legend(ui, marks::Sign::Marker, names);
    marks::text(
        ui,
        "Dashed: the Pareto front, the measurements that no other beats in both.",
    );
    Ok(())
}
