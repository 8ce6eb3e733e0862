//! Images a second against how faithful the vectors are.

use eframe::egui::Ui;
use egui_plot::{AxisHints, GridMark, HoverPosition, Points};

use super::{HEIGHT, marks, named, numbers, plot, statement};
use crate::app::theme;
use crate::bench::plots::{Nothing, speed_quality};
use crate::bench::schema::Run;

pub(super) fn show(ui: &mut Ui, run: &Run) -> Result<(), Nothing> {
    let data = speed_quality(run)?;
    let words = data.statement();
    statement(ui, &words);
    let mut items = Vec::new();
    for each in &data.candidates {
        let marker = |figure: f64| {
            Points::new(&each.name, vec![[each.rate, figure]])
                .color(theme::series(ui, each.number))
                .shape(marks::shape(each.number))
                .radius(marks::RADIUS)
        };
        items.push(marker(each.worst_cosine));
        if let Some(recall) = each.recall {
            let rim = marker(recall).id((&each.name, "recall"));
            items.push(rim.filled(false).radius(marks::RADIUS + 1.5));
        }
    }
    let hover = |place: &HoverPosition<'_>| match place {
        HoverPosition::NearDataPoint { plot_name, .. } => {
            let mut all = data.candidates.iter();
            Some(all.find(|each| each.name == *plot_name)?.words())
        }
        HoverPosition::Elsewhere { .. } => None,
    };
    // Four digits, or 0.9999 would be 1.
    let cosine = |mark: GridMark, _: &std::ops::RangeInclusive<f64>| {
        let text = format!("{:.4}", mark.value);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let lowest = data.lowest();
    let drawn = plot(ui, "speed-quality", HEIGHT)
        .include_x(0.0)
        .include_y(1.0)
        .include_y(lowest - (1.0 - lowest).max(0.001) * 0.1)
        .custom_x_axes(numbers(AxisHints::new_x(), "best images a second"))
        .custom_y_axes(vec![
            AxisHints::new_y()
                .label("agreement with the reference")
                .formatter(cosine),
        ])
        .label_formatter(hover)
        .show(ui, |plot| {
            for points in items {
                plot.points(points);
            }
        });
    named(&drawn.response, &words);
    let all = data.candidates.iter();
    let names = all.map(|each| (each.number, each.name.as_str()));
    marks::legend(ui, marks::Sign::Marker, names);
    marks::text(
        ui,
        "Filled: the worst cosine of a photo. Rim: recall of the ten nearest neighbours.",
    );
    Ok(())
}
