//! Where the time of a photo goes: a bar a candidate, of the stages one after the other.

use eframe::egui::{RichText, Stroke, Ui};
use egui_plot::{AxisHints, Bar, BarChart, GridMark, PlotPoint, Text};

use super::{at, marks, named, nearest, numbers, plot, statement, whole};
use crate::app::theme::{self, Palette, size};
use crate::bench::plots::{self, Nothing, digits, stages};
use crate::bench::schema::Run;

/// Height of a bar with the room around it, and of the axis, in points.
const BAR: f32 = 44.0;
const AXIS: f32 = 60.0;

/// From this share of the longest bar on, a part has room for its name.
const ROOM: f64 = 0.12;

pub(super) fn show(ui: &mut Ui, run: &Run) -> Result<(), Nothing> {
    let data = stages(run)?;
    let words = data.statement();
    statement(ui, &words);
    let palette = Palette::of(ui);
    let longest = data.bars.iter().map(plots::Bar::whole).fold(0.0, f64::max);
    // The first is at the top.
    let last = data.bars.len().saturating_sub(1);
    let row = |number: usize| at(last - number.min(last));
    let mut charts = Vec::new();
    let mut texts = Vec::new();
    let mut bases = vec![0.0; data.bars.len()];
    for (part, (stage, name)) in data.stages.iter().enumerate() {
        let color = theme::series(ui, *stage);
        let mut bars = Vec::new();
        for (number, (bar, base)) in data.bars.iter().zip(&mut bases).enumerate() {
            let Some(time) = bar.parts.get(part).copied().flatten() else {
                continue;
            };
            let told = format!("{}: {name} {} ms", bar.name, digits(time));
            bars.push(
                Bar::new(row(number), time)
                    .base_offset(*base)
                    .name(told)
                    .fill(color)
                    .stroke(Stroke::new(1.0, palette.panel)),
            );
            if time >= longest * ROOM {
                let place = PlotPoint::new(*base + time / 2.0, row(number));
                let text = RichText::new(*name).size(size::SMALL);
                texts.push(
                    Text::new("", place, text)
                        .color(on(color))
                        .allow_hover(false),
                );
            }
            *base += time;
        }
        charts.push(
            BarChart::new(*name, bars)
                .color(color)
                .horizontal()
                .width(0.7)
                .element_formatter(Box::new(|bar, _| bar.name.clone())),
        );
    }
    let name = |mark: GridMark, _: &std::ops::RangeInclusive<f64>| {
        let number = nearest(mark.value).and_then(|row| last.checked_sub(row));
        let bar = number.and_then(|number| data.bars.get(number));
        bar.map_or_else(String::new, |bar| bar.name.clone())
    };
    #[expect(clippy::cast_precision_loss, reason = "a handful of bars")]
    let height = AXIS + BAR * data.bars.len() as f32;
    let drawn = plot(ui, "stages", height)
        .include_x(0.0)
        .include_y(-0.5)
        .include_y(at(last) + 0.5)
        .y_grid_spacer(whole(data.bars.len()))
        .show_grid([true, false])
        .custom_x_axes(numbers(AxisHints::new_x(), "ms a photo"))
        .custom_y_axes(vec![AxisHints::new_y().formatter(name)])
        .show(ui, |plot| {
            for chart in charts {
                plot.bar_chart(chart);
            }
            for text in texts {
                plot.text(text);
            }
        });
    named(&drawn.response, &words);
    let names = data.stages.iter().copied();
    marks::legend(ui, marks::Sign::Square, names);
    Ok(())
}

/// Text on a ground of a series' colour: black or white, whichever is read better.
fn on(ground: eframe::egui::Color32) -> eframe::egui::Color32 {
    let light = |channel: u8| (f32::from(channel) / 255.0).powf(2.2);
    let [red, green, blue] = [ground.r(), ground.g(), ground.b()].map(light);
    // Where the contrasts of WCAG to both are equal.
    if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 {
        eframe::egui::Color32::BLACK
    } else {
        eframe::egui::Color32::WHITE
    }
}
