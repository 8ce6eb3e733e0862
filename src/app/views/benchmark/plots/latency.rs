//! The share of single photos that were answered within a time.

use eframe::egui::Ui;
use egui_plot::{AxisHints, HoverPosition, Line, PlotPoints};

use super::{HEIGHT, decades, marks, named, numbers, plot, powers, statement};
use crate::app::theme;
use crate::bench::plots::{Nothing, digits, latency_cdf};
use crate::bench::schema::Run;

pub(super) fn show(ui: &mut Ui, run: &Run) -> Result<(), Nothing> {
    let data = latency_cdf(run)?;
    let words = data.statement();
    statement(ui, &words);
    let is_log = data.is_log;
    let place = |time: f64| if is_log { time.log10() } else { time };
    let items: Vec<_> = (data.curves.iter())
        .map(|curve| {
            let points = (curve.points.iter()).map(|(time, share)| [place(*time), *share]);
            Line::new(&curve.name, points.collect::<PlotPoints<'_>>())
                .color(theme::series(ui, curve.number))
                .style(marks::line(curve.number))
                .width(2.0)
        })
        .collect();
    let hover = |place: &HoverPosition<'_>| match place {
        HoverPosition::NearDataPoint {
            plot_name, index, ..
        } => {
            let curve = data.curves.iter().find(|curve| curve.name == *plot_name)?;
            let (time, share) = curve.points.get(*index)?;
            Some(format!(
                "{}, single-stream: {share:.0} % of {} photos within {} ms",
                curve.name,
                curve.count,
                digits(*time)
            ))
        }
        HoverPosition::Elsewhere { .. } => None,
    };
    let plot = plot(ui, "latency-cdf", HEIGHT)
        .include_y(0.0)
        .include_y(100.0)
        .custom_y_axes(numbers(AxisHints::new_y(), "share of the photos (%)"))
        .label_formatter(hover);
    let plot = if is_log {
        let label = "latency (ms, logarithmic)";
        plot.x_grid_spacer(decades)
            .custom_x_axes(powers(AxisHints::new_x(), label))
    } else {
        plot.include_x(0.0)
            .custom_x_axes(numbers(AxisHints::new_x(), "latency (ms)"))
    };
    let drawn = plot.show(ui, |plot| {
        for line in items {
            plot.line(line);
        }
    });
    named(&drawn.response, &words);
    let curves = data.curves.iter();
    let names = curves.map(|curve| (curve.number, curve.name.as_str()));
    marks::legend(ui, marks::Sign::Line, names);
    Ok(())
}
